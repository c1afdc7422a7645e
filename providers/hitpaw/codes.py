"""What HitPaw's codes mean. Read by `code`, not by HTTP status: a wrong key and a wrong picture are both 400.

The codes are those of the API page, of the vendor's pages on image enhancement and segmentation, and of its FAQ.
A code that none of them lists carries its HTTP status in its fourth to sixth digit, as all the listed ones do.

ProviderError
├── ServerFault
│   └── Unreceived       5xx with a code: HitPaw itself says that nothing came of the call
└── BadRequest
    ├── Unfetched        it could not fetch or read the file under the link it was given
    ├── NoSuchJob        it does not know the job
    └── JobFailed        it says that the job failed
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    TooLarge,
)
from providers.http import Reply

GOOD = frozenset({0, 200})  # the tasks answer 200, presigning answers 0
WAIT = 2.0  # seconds after "too often" without a word on how long


class Unreceived(ServerFault):
    """HitPaw failed and says so itself: the call had no effect, and may be made again."""


class Unfetched(BadRequest):
    """HitPaw could not fetch the picture under its link."""


class NoSuchJob(BadRequest):
    """HitPaw does not know this job (any more, or not yet)."""


class JobFailed(BadRequest):
    """HitPaw says that the job failed."""


class Code(NamedTuple):
    """What a code becomes: an error, and one sentence with the cure."""

    error: type[ProviderError]
    says: str


_KEY = "copy the key again from HitPaw's API platform into BEHOLDER_HITPAW_API_KEY"
_COINS = "buy credits at HitPaw; new ones take up to five minutes to appear"
_BUG = "it is asked again; if this goes on, report it to us"

CODES: Mapping[int, Code] = MappingProxyType(
    {
        100400000: Code(BadCredentials, f"HitPaw gives this key no access; check its rights, or {_KEY}."),
        100400001: Code(Unfetched, "HitPaw does not take the link to the picture; choose the delivery upload."),
        100400002: Code(BadRequest, "HitPaw found the request wrong; report it to us with the picture's kind."),
        100401000: Code(BadCredentials, f"HitPaw says the key has expired; {_KEY}."),
        100403000: Code(BadRequest, "HitPaw forbids this call; report it to us with the picture's kind."),
        100403001: Code(BadCredentials, f"HitPaw forbids this key the call; check its rights, or {_KEY}."),
        100403002: Code(BadCredentials, f"HitPaw forbids this key the call; check its rights, or {_KEY}."),
        100429000: Code(RateLimited, "HitPaw is asked too often; it is asked again later."),
        100500000: Code(Unreceived, "HitPaw failed on its side (internal error); it is asked again."),
        100500001: Code(Unreceived, "HitPaw failed on its side (database); it is asked again."),
        100500002: Code(Unreceived, "HitPaw failed on its side (cache); it is asked again."),
        100500003: Code(Unreceived, "HitPaw failed on its side (files); it is asked again."),
        100500004: Code(BadCredentials, f"HitPaw could not check the key's signature; {_KEY}."),
        100500005: Code(Unreceived, "HitPaw failed on its side (configuration); it is asked again."),
        100500006: Code(ServerFault, "HitPaw failed on its side (unknown); it is asked again."),
        100500007: Code(ServerFault, "HitPaw failed on its side (timeout); it is asked again."),
        110400000: Code(BadCredentials, f"HitPaw does not know the key; {_KEY}."),
        110400002: Code(NoSuchJob, "HitPaw knows no such job; screen the image again."),
        110400003: Code(JobFailed, "HitPaw says that the job failed; look at the image yourself."),
        110400007: Code(Unfetched, "HitPaw does not take the link's ending; choose the delivery upload."),
        110400009: Code(TooLarge, "HitPaw takes no picture of so many pixels; look at it yourself."),
        110400012: Code(Unfetched, "HitPaw could not fetch or open the picture; choose the delivery upload."),
        110402000: Code(QuotaSpent, f"HitPaw's credits are spent; {_COINS}."),
        110402001: Code(QuotaSpent, f"HitPaw's credits are spent; {_COINS}."),
        110402004: Code(QuotaSpent, f"HitPaw's trial calls are spent; {_COINS}."),
    }
)


def read(reply: Reply, now: datetime) -> Mapping[str, Any]:
    """The `data` of a good answer. Raises ProviderError; no error repeats what HitPaw wrote."""
    wait = reply.retry_after(now)
    fine = 200 <= reply.status < 300
    try:
        body = reply.object()
    except Garbled:
        if fine:
            raise
        raise _error(reply.status, None, wait) from None
    code = _code(body)
    if not fine or code not in GOOD:
        raise _error(reply.status, code, wait)
    data = body.get("data")
    if not isinstance(data, Mapping):
        raise Garbled("HitPaw answered without data; it is asked again.")
    return data


def _code(body: Mapping[str, Any]) -> int | None:
    """`code`, as a number or its digits; some answers call it `error_code`."""
    for name in ("code", "error_code"):
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 12:
            return int(value)
    return None


def _error(status: int, code: int | None, wait: float | None) -> ProviderError:
    known = CODES.get(code) if code is not None else None
    if known is None:
        return _unlisted(status, None if code in GOOD else code, wait)
    if known.error is RateLimited:
        return RateLimited(known.says, WAIT if wait is None else wait)
    return known.error(known.says)


def _unlisted(status: int, code: int | None, wait: float | None) -> ProviderError:
    """By the status that the code carries, or by HTTP's where there is none."""
    meant = _carried(code) or status
    said = f"HitPaw answered {status}" + ("" if code is None else f" with code {code}")
    if meant == 429:
        return RateLimited(f"{said}: asked too often; it is asked again later.", WAIT if wait is None else wait)
    if 500 <= meant < 600:
        return (ServerFault if code is None else Unreceived)(f"{said}: it failed on its side; it is asked again.")
    if meant in (401, 403):
        return BadCredentials(f"{said}: it refuses the key; {_KEY}.")
    if meant == 402:
        return QuotaSpent(f"{said}: nothing left to spend; {_COINS}.")
    if meant == 413:
        return TooLarge(f"{said}: the picture is too large; look at it yourself.")
    if meant in (404, 405) or 300 <= meant < 400:
        return Denied(f"{said}: that is not its API; check BEHOLDER_HITPAW_URL, which begins with https://.")
    if 400 <= meant < 500 and code is not None:
        return BadRequest(f"{said}, which we do not know; report it to us with the picture's kind.")
    return Garbled(f"{said}, which makes no sense to us; {_BUG}.")


def _carried(code: int | None) -> int | None:
    """110402004 -> 402; 429 -> 429."""
    digits = str(code)
    carried = digits[3:6] if len(digits) == 9 else digits
    return int(carried) if len(carried) == 3 and carried.isdecimal() and carried[0] in "12345" else None
