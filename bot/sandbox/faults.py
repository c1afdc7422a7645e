"""Trouble on demand: the nth matching request is refused, delayed, or its connection breaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.sandbox.entities import Json


class Break(StrEnum):
    """When the connection is reset: before the request took effect, or after (the answer is lost)."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(slots=True, eq=False)
class Fault:
    """What goes wrong with requests of `method` whose path template is `path` (None: any).

    It strikes from the `nth` matching request on, `times` times (None: until cleared). `path` is
    written as in Discord's documentation, `/channels/{channel_id}/messages`. `struck` counts.
    """

    method: str | None = None
    path: str | None = None
    nth: int = 1
    times: int | None = 1
    status: int | None = None
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    reset: Break | None = None
    delay: float = 0.0
    seen: int = 0
    struck: int = 0

    def strikes(self, method: str, template: str) -> bool:
        """Whether this request is hit; counts it."""
        if self.method not in (None, method) or self.path not in (None, template):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True


def rate_limited(retry_after: float, scope: str) -> tuple[Json, dict[str, str]]:
    """Body and headers of a 429; `scope` is `user`, `shared` or `global`."""
    everywhere = scope == "global"
    body: Json = {
        "message": "You are being rate limited.",
        "retry_after": retry_after,
        "global": everywhere,
        "code": 40062 if scope == "shared" else 0,
    }
    headers = {
        "Retry-After": str(max(1, round(retry_after))),
        "X-RateLimit-Scope": scope,
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset-After": str(retry_after),
    }
    return body, headers | ({"X-RateLimit-Global": "true"} if everywhere else {})


class Faults:
    """All faults that are laid."""

    def __init__(self) -> None:
        self._laid: list[Fault] = []

    def lay(self, fault: Fault) -> Fault:
        """From now on."""
        self._laid.append(fault)
        return fault

    def clear(self) -> None:
        """All is well again."""
        self._laid.clear()

    def find(self, method: str, template: str) -> Fault | None:
        """The first fault that strikes this request; every fault counts it."""
        struck = [fault for fault in tuple(self._laid) if fault.strikes(method, template)]
        return struck[0] if struck else None
