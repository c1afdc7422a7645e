"""Each documented error has its class and its cure, whatever status it comes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.sandbox.rekognition.words import BUSY, WORDS
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    Timeout,
    TooLarge,
    UnsupportedFormat,
)
from providers.http import Reply
from providers.rekognition import codes
from tests.providers.rekognition.samples import FAILURE, NONE, reply

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CANARY = "arn:aws:iam::123456789012:user/canary"


def told(code: str, status: int = 400, headers: Mapping[str, str] = NONE) -> ProviderError:
    return codes.error(reply({"__type": code, "Message": CANARY}, status, headers), NOW)


@pytest.mark.parametrize(
    ("code", "kind", "cure"),
    [
        ("ThrottlingException", RateLimited, "spread out"),
        ("ProvisionedThroughputExceededException", RateLimited, "Service Quotas"),
        ("LimitExceededException", RateLimited, "spread out"),
        ("InternalServerError", ServerFault, "asked again"),
        ("InternalFailure", ServerFault, "asked again"),
        ("ServiceUnavailable", ServerFault, "asked again"),
        ("RequestTimeoutException", Timeout, "sent again"),
        ("InvalidSignatureException", BadCredentials, "BEHOLDER_REKOGNITION_SECRET_ACCESS_KEY"),
        ("IncompleteSignature", BadCredentials, "any proxy"),
        ("IncompleteSignatureException", BadCredentials, "any proxy"),
        ("MissingAuthenticationToken", BadCredentials, "BEHOLDER_REKOGNITION_URL"),
        ("MissingAuthenticationTokenException", BadCredentials, "BEHOLDER_REKOGNITION_URL"),
        ("UnrecognizedClientException", BadCredentials, "BEHOLDER_REKOGNITION_ACCESS_KEY_ID"),
        ("InvalidClientTokenId", BadCredentials, "BEHOLDER_REKOGNITION_ACCESS_KEY_ID"),
        ("ExpiredTokenException", BadCredentials, "BEHOLDER_REKOGNITION_SESSION_TOKEN"),
        ("RequestExpired", BadCredentials, "NTP"),
        ("RequestTimeTooSkewed", BadCredentials, "NTP"),
        ("AccessDeniedException", Denied, "rekognition:DetectModerationLabels"),
        ("NotAuthorized", Denied, "rekognition:DetectModerationLabels"),
        ("OptInRequired", QuotaSpent, "Billing"),
        ("SubscriptionRequiredException", QuotaSpent, "Billing"),
        ("UnknownOperationException", Denied, "BEHOLDER_REKOGNITION_REGION"),
        ("ImageTooLargeException", TooLarge, "too large"),
        ("RequestEntityTooLargeException", TooLarge, "too large"),
        ("InvalidImageFormatException", UnsupportedFormat, "cannot open"),
        ("InvalidParameterException", BadRequest, "this picture"),
        ("ValidationException", BadRequest, "this picture"),
        ("ValidationError", BadRequest, "this picture"),
        ("SerializationException", Denied, "report"),
        ("MalformedHttpRequestException", Denied, "report"),
        ("InvalidS3ObjectException", Denied, "report"),
        ("HumanLoopQuotaExceededException", Denied, "report"),
        ("ResourceNotFoundException", Denied, "report"),
        ("ResourceNotReadyException", Denied, "report"),
        ("BrandNewException", ServerFault, "AWS' documentation"),
    ],
)
def test_each_refusal_has_its_class_and_its_cure(code: str, kind: type[ProviderError], cure: str) -> None:
    error = told(code)
    assert type(error) is kind
    assert cure in str(error)
    assert code in str(error)
    assert "canary" not in str(error)
    assert type(told(code, 403)) is kind, "the name decides, not the status"


def test_each_error_that_is_known_is_tested_and_our_rekognition_says_no_other() -> None:
    [mark] = test_each_refusal_has_its_class_and_its_cure.pytestmark  # type: ignore[attr-defined]
    assert {row[0] for row in mark.args[1]} - {"BrandNewException"} == set(codes.MEANINGS)
    assert set(WORDS) <= set(codes.MEANINGS)


def test_the_documented_failure_word_for_word() -> None:
    assert type(codes.error(reply(FAILURE, 400), NOW)) is Denied


def test_throttling_on_a_500_is_a_fault_of_theirs() -> None:
    assert type(told(BUSY.code, BUSY.status)) is ServerFault


@pytest.mark.parametrize(
    "written",
    [
        "com.amazonaws.rekognition#ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.service/",
        "com.amazon.coral.availability#ThrottlingException",
    ],
)
def test_a_name_is_known_with_its_namespace_and_its_address(written: str) -> None:
    error = told(written)
    assert type(error) is RateLimited
    assert str(error).startswith("Rekognition answered ThrottlingException:")


def test_the_name_may_stand_in_a_header() -> None:
    error = codes.error(Reply("Rekognition", 400, {"x-amzn-errortype": "AccessDeniedException"}, b"{}"), NOW)
    assert "AccessDeniedException" in str(error)


@pytest.mark.parametrize(("header", "wait"), [({"retry-after": "7"}, 7.0), ({}, 1.0)])
def test_how_long_it_is_waited(header: dict[str, str], wait: float) -> None:
    for error in (told("ThrottlingException", 400, header), codes.error(reply("<html>", 429, header), NOW)):
        assert isinstance(error, RateLimited)
        assert error.retry_after == wait


@pytest.mark.parametrize(("minutes", "words"), [(12, "12 minutes ahead"), (-7, "7 minutes behind"), (3, "do not fit")])
def test_a_clock_that_is_wrong_is_told_by_the_date_of_the_reply(minutes: int, words: str) -> None:
    date = format_datetime(NOW - timedelta(minutes=minutes), usegmt=True)
    error = told("InvalidSignatureException", 400, {"date": date})
    assert type(error) is BadCredentials
    assert words in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(302, ServerFault), (403, Denied), (404, Denied), (413, TooLarge), (429, RateLimited), (502, ServerFault)],
)
@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"__type": 7}', '{"__type": "no name, but words"}', ""])
def test_what_has_no_name_goes_by_its_status(status: int, kind: type[ProviderError], body: str) -> None:
    error = codes.error(reply(body, status), NOW)
    assert type(error) is kind
    assert "words" not in str(error)
