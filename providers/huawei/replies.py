"""What a reply of Huawei's says: a body, or which error and its cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from providers.errors import BadCredentials, Garbled, ProviderError, RateLimited, ServerFault, Timeout
from providers.http import Reply
from providers.huawei.codes import ClockSkew, Unexplained, meaning

SKEW = 14 * 60.0  # seconds; signatures hold for 15 minutes

_CODE = re.compile(r"[A-Za-z]{2,16}\.\w{1,19}")
_ID = re.compile(r"[\w-]{2,64}")
_PERIOD = re.compile(r"time:(\d{1,5}) (second|minute|hour|day)")
_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}


def read(reply: Reply, now: datetime) -> Mapping[str, Any]:
    """The body of a reply that succeeded. Raises ProviderError.

    An error code decides, on whatever status it comes. Only what has none is told by its status: a page of a
    proxy's, a gateway that is down.
    """
    code, words, request = _error(reply)
    if code:
        raise _of_code(reply, code, words, request, now)
    if not 200 <= reply.status < 300:
        raise _of_status(reply, now)
    return reply.object()


def _error(reply: Reply) -> tuple[str, str, str]:
    """Code, words and request id of an error; '' where there is none."""
    try:
        body = reply.object()
    except Garbled:
        return "", "", ""
    nested = body.get("error")
    said = nested if isinstance(nested, Mapping) else body
    code = _first(said, _CODE, "error_code", "code")
    words = next((said[name] for name in ("error_msg", "message") if isinstance(said.get(name), str)), "")
    return code, words, _first(body, _ID, "request_id")


def _first(said: Mapping[str, Any], shape: re.Pattern[str], *names: str) -> str:
    told = (said.get(name) for name in names)
    return next((t for t in told if isinstance(t, str) and shape.fullmatch(t)), "")


def _of_code(reply: Reply, code: str, words: str, request: str, now: datetime) -> ProviderError:
    kind, cure = meaning(code, words)
    sentence = f"Huawei answered {code}: {cure}" + (f" (request {request})" if request else "")
    if issubclass(kind, RateLimited):
        return kind(sentence, _wait(reply, words, now))
    skew = _skew(reply, now) if issubclass(kind, BadCredentials) else 0.0
    if abs(skew) > SKEW:
        return ClockSkew(f"Huawei answered {code}: this machine's clock is {_apart(skew)}: set it (NTP).")
    return kind(sentence)


def _of_status(reply: Reply, now: datetime) -> ProviderError:
    said = f"Huawei answered {reply.status} and no code"
    if reply.status == 429:
        return RateLimited(f"{said}: too many calls; it is asked again later.", _wait(reply, "", now))
    if reply.status in (408, 504):
        return Timeout(f"{said}: no answer in time; it is asked again.")
    if reply.status >= 500:
        return ServerFault(f"{said}: it or something before it has failed; it is asked again.")
    return Unexplained(f"{said}: check Huawei's address, and any proxy on the way there.")


def _wait(reply: Reply, words: str, now: datetime) -> float:
    """How long to wait: as told, else the period of the limit that was reached, else a second."""
    told = reply.retry_after(now)
    if told is not None:
        return told
    period = _PERIOD.search(words)
    return int(period[1]) * _SECONDS[period[2]] if period else 1.0


def _skew(reply: Reply, now: datetime) -> float:
    """How many seconds our clock is ahead of Huawei's, by the date of its reply; 0 where it has none."""
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        return (now - theirs).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _apart(skew: float) -> str:
    return f"{round(abs(skew) / 60)} minutes {'ahead' if skew > 0 else 'behind'}"
