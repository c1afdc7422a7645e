"""Every error code: which error it is, what its cure says, and that the vendor's words stay unsaid."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.huawei import words
from bot.sandbox.huawei.words import WORDS, Said
from policies.model import UnscreenedReason
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Refused,
    ServerFault,
    Timeout,
    TooLarge,
    Unavailable,
    UnsupportedFormat,
    unscreened,
)
from providers.http import Reply
from providers.huawei.codes import (
    BY_WORDS,
    MEANINGS,
    AccountFrozen,
    BadKey,
    ClockSkew,
    NotFetched,
    NotSubscribed,
    StaleToken,
    Unexplained,
    WrongProject,
    meaning,
)
from providers.huawei.replies import read

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

# The whole table once more, by hand: class and a word of the cure.
EXPECTED: dict[str, tuple[type[ProviderError], str]] = {
    "AIS.0002": (StaleToken, "proof of identity"),
    "AIS.0003": (ServerFault, "asked again"),
    "AIS.0004": (NotSubscribed, "subscribe"),
    "AIS.0005": (NotSubscribed, "subscribe"),
    "AIS.0007": (NotSubscribed, "subscribe"),
    **dict.fromkeys((f"AIS.{n:04}" for n in range(10, 16)), (BadRequest, "report this code")),
    "AIS.0020": (TooLarge, "too large"),
    "AIS.0021": (UnsupportedFormat, "kind of picture"),
    "AIS.0022": (NotFetched, "send the bytes"),
    "AIS.0023": (TooLarge, "too large"),
    "AIS.0024": (NotFetched, "send the bytes"),
    "AIS.0025": (NotFetched, "send the bytes"),
    "AIS.0026": (WrongProject, "project"),
    "AIS.0027": (AccountFrozen, "pay what is open"),
    "AIS.0028": (BadRequest, "report this code"),
    "AIS.0029": (NotFetched, "send the bytes"),
    "AIS.0030": (BadRequest, "report this code"),
    "AIS.0031": (RateLimited, "later"),
    "AIS.0032": (QuotaSpent, "top up"),
    "AIS.0039": (BadRequest, "report this code"),
    "AIS.0401": (BadRequest, "report this code"),
    "AIS.0402": (UnsupportedFormat, "kind of picture"),
    "AIS.0404": (ServerFault, "asked again"),
    "AIS.0405": (ServerFault, "asked again"),
    "AIS.0501": (BadRequest, "report this code"),
    "AIS.0502": (UnsupportedFormat, "kind of picture"),
    "AIS.0503": (UnsupportedFormat, "broken"),
    "AIS.0504": (TooLarge, "20 to 6000 pixels"),
    "AIS.0505": (ServerFault, "asked again"),
    "AIS.0506": (ServerFault, "asked again"),
    "APIGW.0101": (WrongProject, "region, project ID and address"),
    **dict.fromkeys((f"APIGW.{n:04}" for n in (103, 104, 105, 106)), (ServerFault, "asked again")),
    "APIGW.0201": (BadRequest, "report this code"),
    "APIGW.0301": (BadKey, "check AK and SK"),
    "APIGW.0302": (NotSubscribed, "role"),
    "APIGW.0303": (ClockSkew, "clock"),
    "APIGW.0304": (NotSubscribed, "role"),
    "APIGW.0305": (BadKey, "check AK and SK"),
    "APIGW.0306": (NotSubscribed, "role"),
    "APIGW.0307": (StaleToken, "proof of identity"),
    "APIGW.0308": (RateLimited, "later"),
    "APIGW.0310": (WrongProject, "check the project ID"),
    "APIGW.0311": (BadKey, "check AK and SK"),
    "APIGW.0401": (Denied, "proxies"),
    "APIGW.0402": (Denied, "access rules"),
    "APIGW.0404": (ServerFault, "asked again"),
    "APIGW.0501": (QuotaSpent, "top up"),
    "APIGW.0502": (AccountFrozen, "pay what is open"),
    "APIGW.0601": (ServerFault, "asked again"),
    "APIGW.0602": (BadRequest, "report this code"),
    "APIGW.0607": (Denied, "https://"),
    **dict.fromkeys(
        (f"APIGW.{n:04}" for n in (605, 606, 608, 609, 610, 611, 612, 613, 705)), (ServerFault, "asked again")
    ),
    "APIGW.0801": (NotSubscribed, "another region"),
    "APIGW.0802": (NotSubscribed, "another region"),
}


def reply(status: int, body: Any, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply("Huawei", status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def error(status: int, body: Any, **headers: str) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        read(reply(status, body, **headers), NOW)
    return caught.value


def of(said: Said, **headers: str) -> ProviderError:
    return error(said.status, {"error_code": said.code, "error_msg": said.words}, **headers)


# --- codes ------------------------------------------------------------------------------------------


def test_every_documented_code_is_known() -> None:
    assert set(WORDS) == set(EXPECTED)
    assert set(WORDS) <= set(MEANINGS)


@pytest.mark.parametrize("code", EXPECTED)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_the_code_says_which_error_whatever_the_status(code: str, status: int) -> None:
    kind, cure = EXPECTED[code]
    got = error(status, {"error_code": code, "error_msg": WORDS[code].words})
    assert type(got) is kind
    assert code in str(got)
    assert cure in str(got)


@pytest.mark.parametrize(
    ("said", "kind", "cure"),
    [
        (words.TOO_LARGE, TooLarge, "too large"),
        (words.BACKEND_DOWN, ServerFault, "asked again"),
        (words.BACKEND_SLOW, Timeout, "in time"),
        (words.NO_PROOF, BadKey, "check AK and SK"),
        (words.BAD_TOKEN, StaleToken, "proof of identity"),
        (words.NO_KEY, BadKey, "check AK and SK"),
        (words.LOCKED, BadKey, "five minutes"),
        (words.EXPIRED, ClockSkew, "clock"),
        (words.MISMATCH, BadKey, "check AK and SK"),
        (Said(400, "AIS.0012", "unsupported: biz_type"), Denied, "name of biz_type"),
    ],
)
def test_where_one_code_means_several_things_its_words_tell(said: Said, kind: type[ProviderError], cure: str) -> None:
    got = of(said)
    assert type(got) is kind
    assert cure in str(got)


@pytest.mark.parametrize("family", ["APIG", "APIC"])
def test_the_gateways_newer_names_mean_the_same(family: str) -> None:
    assert meaning(f"{family}.0308") == meaning("APIGW.0308")
    assert meaning(f"{family}.0301", "decrypt token fail") == meaning("APIGW.0301", "decrypt token fail")


@pytest.mark.parametrize("code", ["AIS.9999", "APIGW.9999", "MODELARTS.0001"])
def test_a_code_that_nobody_knows_is_a_passing_fault(code: str) -> None:
    got = error(400, {"error_code": code, "error_msg": "?"})
    assert type(got) is ServerFault
    assert code in str(got)


def test_words_are_told_apart_only_for_codes_in_the_table() -> None:
    assert {code for code, _, _ in BY_WORDS} <= set(MEANINGS)
    assert all(telling == telling.lower() for _, telling, _ in BY_WORDS)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "AIS.0027", "message": "frozen"}},
        {"error": {"error_code": "AIS.0027", "error_msg": "frozen"}},
        {"error_code": "AIS.0027"},
        {"error_code": "AIS.0027", "error_msg": None, "result": {"suggestion": "pass"}},
    ],
)
def test_the_shapes_of_an_error(body: Any) -> None:
    assert isinstance(error(400, body), AccountFrozen)


def test_a_support_ticket_needs_the_request_id() -> None:
    said = error(500, {"error_code": "APIGW.0601", "error_msg": "x", "request_id": "d58d1fe6196832aebb76f1c43c169128"})
    assert "(request d58d1fe6196832aebb76f1c43c169128)" in str(said)
    assert "request" not in str(error(500, {"error_code": "APIGW.0601", "request_id": "a b\nc"}))


@given(st.sampled_from(sorted(WORDS)), st.text(min_size=12, max_size=60))
def test_the_vendors_words_are_never_repeated(code: str, said: str) -> None:
    """For a wrong signature they are the request itself: key, host and all."""
    assert said not in str(error(400, {"error_code": code, "error_msg": f"canary {said}"}))
    assert "canary" not in str(error(400, {"error_code": code, "error_msg": f"canary {said}"}))


@pytest.mark.parametrize("code", sorted(WORDS))
def test_each_is_one_unscreened_and_one_sentence_or_two(code: str) -> None:
    got = of(WORDS[code])
    said = unscreened("huawei", got)
    expected = UnscreenedReason.UNDECODABLE if isinstance(got, Refused) else UnscreenedReason.OUTAGE
    assert said.reason is expected
    assert said.detail[-1] in ".)"
    assert 30 < len(said.detail) < 180


# --- clock and waiting ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "said"), [(20, "20 minutes ahead"), (-20, "20 minutes behind"), (24 * 60, "1440 minutes ahead")]
)
@pytest.mark.parametrize("refused", [words.MISMATCH, words.EXPIRED, WORDS["APIGW.0303"], WORDS["AIS.0002"]])
def test_a_wrong_clock_is_named_and_measured_by_the_date_of_the_reply(refused: Said, ahead: int, said: str) -> None:
    got = of(refused, date=format_datetime(NOW - timedelta(minutes=ahead), usegmt=True))
    assert type(got) is ClockSkew
    assert said in str(got)
    assert "NTP" in str(got)


@pytest.mark.parametrize("date", [format_datetime(NOW - timedelta(minutes=13), usegmt=True), "yesterday", ""])
def test_a_clock_that_is_right_is_not_blamed_for_a_wrong_key(date: str) -> None:
    assert type(of(words.MISMATCH, date=date)) is BadKey


def test_a_clock_is_not_blamed_for_what_has_nothing_to_do_with_it() -> None:
    assert type(of(WORDS["AIS.0027"], date=format_datetime(NOW - timedelta(days=1), usegmt=True))) is AccountFrozen


@pytest.mark.parametrize(
    ("said", "header", "seconds"),
    [
        ("policy user over ratelimit,limit:10,time:1 second", None, 1.0),
        ("policy ip over ratelimit,limit:5,time:1 minute", None, 60.0),
        ("policy api over ratelimit,limit:2000,time:2 hour", None, 7200.0),
        ("limit reached", None, 1.0),
        ("policy ip over ratelimit,limit:5,time:1 minute", "7", 7.0),
        ("", "soon", 1.0),
    ],
)
def test_how_long_to_wait(said: str, header: str | None, seconds: float) -> None:
    got = of(Said(429, "APIGW.0308", said), **({} if header is None else {"retry_after": header}))
    assert isinstance(got, RateLimited)
    assert got.retry_after == seconds


# --- without a code ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, RateLimited),
        (408, Timeout),
        (504, Timeout),
        (500, ServerFault),
        (502, ServerFault),
        (503, ServerFault),
        (400, Unexplained),
        (401, Unexplained),
        (403, Unexplained),
        (404, Unexplained),
        (302, Unexplained),
    ],
)
@pytest.mark.parametrize("body", [b"<html>canary</html>", b"", {"error": {"code": 401, "message": "canary"}}, [1]])
def test_only_what_has_no_code_is_told_by_its_status(status: int, kind: type[ProviderError], body: Any) -> None:
    got = error(status, body)
    assert type(got) is kind
    assert str(status) in str(got)
    assert "canary" not in str(got)


def test_a_proxy_says_how_long_too() -> None:
    got = error(429, b"slow down", retry_after="30")
    assert isinstance(got, RateLimited)
    assert got.retry_after == 30.0


@pytest.mark.parametrize("body", [b"<html>", b"", [1], None, "pass"])
def test_a_success_that_is_no_object_is_garbled(body: Any) -> None:
    assert type(error(200, body)) is Garbled


def test_a_success_is_given_as_it_is() -> None:
    assert read(reply(200, {"result": None}), NOW) == {"result": None}


def test_the_tree_is_as_it_is_drawn() -> None:
    assert issubclass(NotFetched, Refused)
    assert all(issubclass(kind, BadCredentials) for kind in (BadKey, ClockSkew, StaleToken))
    assert all(issubclass(kind, Denied) for kind in (WrongProject, NotSubscribed, Unexplained, QuotaSpent))
    assert issubclass(AccountFrozen, QuotaSpent)
    assert not any(issubclass(kind, Unavailable) for kind in (StaleToken, NotSubscribed, NotFetched))
