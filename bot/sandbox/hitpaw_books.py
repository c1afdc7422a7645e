"""What the loopback HitPaw is told to do, and what it writes down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from bot.sandbox import marks
from bot.sandbox.entities import Json
from bot.sandbox.faults import Fault
from policies.model import SEXUAL


@dataclass(frozen=True, slots=True)
class Script:
    """How a job goes: `seconds` on the way through `on_the_way`, then `end`.

    `result` None: what the picture deserves. `empties`: so many answers COMPLETED come without a result first,
    `lag`: so many questions find the job not there yet. `late`: the picture is fetched when the job ends, not when
    it is submitted; if it is gone by then, the job ends in ERROR. `seconds` None: it never ends.
    """

    seconds: float | None = 1.0
    result: str | None = None
    end: str = "COMPLETED"
    on_the_way: tuple[str, ...] = ("WAITING", "CONVERTING")
    empties: int = 0
    lag: int = 0
    late: bool = False


@dataclass(slots=True)
class Job:
    """One that was taken on. `picture`: what was fetched for it. `told`: how it ended was asked."""

    id: str
    url: str
    script: Script
    began: float
    picture: bytes | None = None
    asked: int = 0
    empties: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """Credits taken for a job, and the SHA-256 of the picture if it was fetched by then."""

    job: str
    credits: int
    sha256: str | None


@dataclass(slots=True, eq=False)
class Trouble(Fault):
    """What goes wrong beyond `Fault`: `torn`: the connection breaks in the middle of the answer's body; `stalled`:
    the rest of the body comes only once this is set; `answer`: a body in place of the true one, though all else
    took effect."""

    torn: bool = False
    stalled: asyncio.Event | None = None
    answer: Json | str | None = None


@dataclass(slots=True)
class Stored:
    """A file in the vendor's storage."""

    content_type: str
    expires: float
    content: bytes | None = None
    at: float = 0.0


class Refusal(Exception):
    """An error as the API says it."""

    def __init__(self, status: int, code: int, message: str, *, word: str = "message") -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {"code": code, word: message}


def by_test_card(picture: bytes) -> str:
    """`high` from a sexual test card or mark of 0.85 on, `mid` from 0.5 on; any other picture is `low`."""
    most = max((sure for category, sure in marks.seen(picture).items() if category in SEXUAL), default=0.0)
    return "high" if most >= 0.85 else "mid" if most >= 0.5 else "low"


@dataclass(slots=True)
class Asked:
    """One request, for assertions; `body` as JSON or bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int = 0
