"""What Rekognition's errors mean: which error each is, and its cure.

By the exception's name (`__type`), which AWS puts on whatever status it likes: a wrong key is a 400 here and a 403
elsewhere. Its words are never repeated: they may hold a user's ARN or what was signed.
Sources: developer guide, error-handling; the API's model (errors of DetectModerationLabels); CommonErrors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import NamedTuple

from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    Timeout,
    TooLarge,
    UnsupportedFormat,
)
from providers.http import Reply

SKEW = 4 * 60.0  # seconds; a signature holds for five minutes
LONGEST_CODE = 64
THROTTLED = 1.0  # seconds; AWS sends no Retry-After


class Meaning(NamedTuple):
    """An error, and what to do about it."""

    kind: type[ProviderError]
    cure: str


_FAULT = Meaning(ServerFault, "it failed; it is asked again.")
_BUSY = Meaning(RateLimited, "too many calls; they are spread out, and AWS Service Quotas can allow more.")
_SECRET = Meaning(
    BadCredentials,
    "key and secret do not fit, or not this region: check BEHOLDER_REKOGNITION_SECRET_ACCESS_KEY and _REGION.",
)
_KEY = Meaning(
    BadCredentials,
    "it knows no such key, or not this session token: check BEHOLDER_REKOGNITION_ACCESS_KEY_ID and _SESSION_TOKEN, "
    "and that the region is switched on in the account.",
)
_EXPIRED = Meaning(
    BadCredentials,
    "the temporary key has expired: set id, secret and BEHOLDER_REKOGNITION_SESSION_TOKEN anew, or use a lasting key.",
)
_UNSIGNED = Meaning(
    BadCredentials, "the signature did not arrive whole: check BEHOLDER_REKOGNITION_URL and any proxy there."
)
_CLOCK = Meaning(BadCredentials, "this machine's clock is wrong: set it (NTP).")
_RIGHTS = Meaning(Denied, "this key may not do it: allow rekognition:DetectModerationLabels in its IAM policy.")
_ACCOUNT = Meaning(QuotaSpent, "the account is not signed up or owes money: see AWS' Billing console.")
_ADDRESS = Meaning(Denied, "there is no such service: check BEHOLDER_REKOGNITION_REGION and _URL.")
_LARGE = Meaning(TooLarge, "the picture is too large.")
_FORMAT = Meaning(UnsupportedFormat, "it cannot open the picture.")
_REQUEST = Meaning(BadRequest, "it finds something wrong with this picture.")
_OURS = Meaning(Denied, "it found our request wrong: please report it.")

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "ThrottlingException": _BUSY,
        "ProvisionedThroughputExceededException": _BUSY,
        "LimitExceededException": _BUSY,
        "InternalServerError": _FAULT,
        "InternalFailure": _FAULT,
        "ServiceUnavailable": _FAULT,
        "RequestTimeoutException": Meaning(Timeout, "the picture did not arrive in time; it is sent again."),
        "InvalidSignatureException": _SECRET,
        "IncompleteSignature": _UNSIGNED,
        "IncompleteSignatureException": _UNSIGNED,
        "MissingAuthenticationToken": _UNSIGNED,
        "MissingAuthenticationTokenException": _UNSIGNED,
        "UnrecognizedClientException": _KEY,
        "InvalidClientTokenId": _KEY,
        "ExpiredTokenException": _EXPIRED,
        "RequestExpired": _CLOCK,
        "RequestTimeTooSkewed": _CLOCK,
        "AccessDeniedException": _RIGHTS,
        "NotAuthorized": _RIGHTS,
        "OptInRequired": _ACCOUNT,
        "SubscriptionRequiredException": _ACCOUNT,
        "UnknownOperationException": _ADDRESS,
        "ImageTooLargeException": _LARGE,
        "RequestEntityTooLargeException": _LARGE,
        "InvalidImageFormatException": _FORMAT,
        "InvalidParameterException": _REQUEST,
        "ValidationException": _REQUEST,
        "ValidationError": _REQUEST,
        "SerializationException": _OURS,
        "MalformedHttpRequestException": _OURS,
        # Of what the bot never asks for: S3, human review, models of one's own.
        "InvalidS3ObjectException": _OURS,
        "HumanLoopQuotaExceededException": _OURS,
        "ResourceNotFoundException": _OURS,
        "ResourceNotReadyException": _OURS,
    }
)

UNKNOWN = Meaning(ServerFault, "nobody has told us this error: look it up in AWS' documentation.")


def error(reply: Reply, now: datetime) -> ProviderError:
    """What a reply that is no success says. A name that nobody knows may be a passing fault: an outage."""
    code = _code(reply)
    if not code:
        return _of_status(reply, now)
    # The same name on a 5xx says "Service Unavailable" (error-handling): nothing that fewer calls would cure.
    kind, cure = _FAULT if code == "ThrottlingException" and reply.status >= 500 else MEANINGS.get(code, UNKNOWN)
    sentence = f"Rekognition answered {code}: {cure}"
    if issubclass(kind, RateLimited):
        return kind(sentence, _wait(reply, now))
    skew = _skew(reply, now) if issubclass(kind, BadCredentials) else 0.0
    if abs(skew) > SKEW:
        apart = f"{round(abs(skew) / 60)} minutes {'ahead' if skew > 0 else 'behind'}"
        return BadCredentials(f"Rekognition answered {code}: this machine's clock is {apart}: set it (NTP).")
    return kind(sentence)


def _of_status(reply: Reply, now: datetime) -> ProviderError:
    said = f"Rekognition answered {reply.status} and no error's name"
    if reply.status == 429:
        return RateLimited(f"{said}: too many calls; it is asked again later.", _wait(reply, now))
    if reply.status == 413:
        return TooLarge(f"{said}: the picture is too large for something on the way.")
    if 400 <= reply.status < 500:
        return Denied(f"{said}: check BEHOLDER_REKOGNITION_URL, and any proxy on the way there.")
    return ServerFault(f"{said}: it or something before it has failed; it is asked again.")


def _code(reply: Reply) -> str:
    """The exception's bare name; "" where there is none.

    It may have a namespace before it (`com.amazon.coral.service#`) and an address behind it (AWS JSON 1.1 protocol).
    """
    try:
        told = reply.object().get("__type")
    except Garbled:
        told = None
    told = told if isinstance(told, str) else reply.headers.get("x-amzn-errortype", "")
    bare = told.rpartition("#")[2].partition(":")[0]
    return bare if bare.isascii() and bare.isalnum() and len(bare) <= LONGEST_CODE else ""


def _wait(reply: Reply, now: datetime) -> float:
    told = reply.retry_after(now)
    return THROTTLED if told is None else told


def _skew(reply: Reply, now: datetime) -> float:
    """How many seconds our clock is ahead of theirs, by the date of the reply; 0 where it has none."""
    try:
        return (now - parsedate_to_datetime(reply.headers.get("date", ""))).total_seconds()
    except (TypeError, ValueError):
        return 0.0
