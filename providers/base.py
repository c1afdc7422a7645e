"""The contract between whoever has an image and whoever can judge it.

Nothing here knows a guild or a platform: an `Ask` says what is wanted, an `Image` carries pixels
that are already safe to touch (decoded and re-encoded in the sandbox), a `Screening` comes back.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from policies.model import Category, Context, Frames, Screening, Verdict

VIEW_SIDE = 256
LINK = "link"
"""The option of an `Ask` that says where the platform keeps the image, for vendors that fetch it from there. It is
no part of what is asked: never cached by, never kept."""


@dataclass(frozen=True, slots=True)
class View:
    """One RGB picture for local models: 256 x 256 x 3 bytes, row by row, squashed to the square.

    `frame` is the index of the animation frame it shows, `what` says which look it is:
    `whole`, `dark` (composited on #313338), `tile:N` (a window of a tall or wide picture).
    """

    pixels: bytes = field(repr=False)
    frame: int = 0
    what: str = "whole"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Perceptual hashes of the still, 64 bits each. `flat`: too little variance to match on."""

    phash: int
    dhash: int
    flat: bool


@dataclass(frozen=True, slots=True)
class Image:
    """An image that has been through the sandbox.

    `sha256` is of the original bytes (hex). `still` is a re-encoded JPEG or PNG without metadata,
    20..6000 px a side and under 5 MB: the only pixels that may leave the machine. `width` and
    `height` are those of the original, upright. `codes` are texts of QR codes found in any frame.
    """

    sha256: str
    kind: str  # jpeg, png, gif, webp, ... as sniffed from the bytes
    width: int
    height: int
    frames: Frames
    still: bytes = field(repr=False)
    still_type: str = "image/jpeg"
    views: tuple[View, ...] = ()
    codes: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None
    damaged: bool = False  # the file is broken: decoded as far as it goes, the rest was not seen


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a provider. `account` names whose credentials and quota to use; `payer` whose budget pays.

    Who pays is no part of the question: an answer that was paid for is everybody's.
    """

    context: Context = Context.GROUP_MESSAGE
    categories: frozenset[Category] = frozenset(Category)
    language: str = "en"
    options: tuple[tuple[str, str], ...] = ()
    account: str = "host"
    payer: str = ""

    @property
    def key(self) -> str:
        """A stable text of all fields: part of the key under which a verdict is cached (ruling 10)."""
        options = ";".join(f"{k}={v}" for k, v in sorted(self.options) if k != LINK)
        return "|".join((self.context, ",".join(sorted(self.categories)), self.language, options, self.account))


@dataclass(frozen=True, slots=True)
class Ticket:
    """A job that a slow vendor still works on. `frames` are those of the image, for the late verdict."""

    provider: str
    job: str
    ask: Ask
    sha256: str
    frames: Frames = Frames()


class TicketState(StrEnum):
    """What became of a job that was paid for."""

    OPEN = "open"  # the vendor works on it
    ANSWERED = "answered"
    FAILED = "failed"  # the vendor could not make anything of the image
    LOST = "lost"  # broken off, forgotten, or ended without a readable answer: the vendor's trouble
    DOUBTFUL = "doubtful"  # a submit that nobody answered: whether it was charged cannot be told


@dataclass(frozen=True, slots=True)
class Receipt:
    """A ticket as it is kept: what was paid for it, and what came of it.

    `key` is the provider's `cache_key` of the ask, `cost` is in US dollars, `delivery` says how the image got
    to the vendor, `answer` is the vendor's own word once there is one.
    """

    ticket: Ticket
    key: str
    cost: float
    at: datetime
    delivery: str = ""
    state: TicketState = TicketState.OPEN
    answer: str = ""


@runtime_checkable
class Provider(Protocol):
    """Whoever can judge an image."""

    @property
    def name(self) -> str:
        """The name used in settings, cards and stored screenings."""
        ...

    @property
    def covers(self) -> frozenset[Category]:
        """The categories it can find at all."""
        ...

    @property
    def version(self) -> str:
        """Model, mapping and preprocessing versions joined: part of the cache key."""
        ...

    def cache_key(self, ask: Ask) -> str:
        """What of `ask` its answer depends on. The local model ignores the context, a vendor does not."""
        ...

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge `image`. Raises `ProviderError` only."""
        ...

    async def resume(self, ticket: Ticket) -> Screening:
        """Ask again about a job that was pending. Raises `ProviderError` only."""
        ...

    async def aclose(self) -> None:
        """Give back what it holds (sessions, threads). Idempotent."""
        ...


@runtime_checkable
class Limited(Protocol):
    """A provider that knows something of what may still be asked of its vendor. Not every one does."""

    def quota(self) -> str:
        """That, in a few words for the host; '' where nothing is known yet."""
        ...


@dataclass(frozen=True, slots=True)
class Out:
    """A provider is not asked at the moment: `why`, in one sentence without secrets."""

    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """How the calls to a provider have ended since the start, in UTC: when one was last `answered`, if only by refusing
    the image, and when the `first` and the `last` of those ended that failed since."""

    answered: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None

    @property
    def answers(self) -> bool | None:
        """Whether the last call was answered; None before any."""
        return False if self.last is not None else (None if self.answered is None else True)

    @property
    def failing(self) -> timedelta:
        """How far apart the first and the last of the calls are that failed; nothing for a lone one."""
        return timedelta() if self.first is None or self.last is None else self.last - self.first

    def after(self, now: datetime, *, answered: bool) -> Record:
        """With one more call, that ended `now`."""
        return Record(now) if answered else Record(self.answered, self.first or now, now)


@runtime_checkable
class Fallible(Protocol):
    """Whoever knows, without asking it, whether a provider can be asked (`providers.guard.Guard`)."""

    @property
    def name(self) -> str:
        """The provider's."""
        ...

    @property
    def paused(self) -> bool:
        """Whether too many calls failed: until one has succeeded, none but that one is made."""
        ...

    @property
    def record(self) -> Record:
        """How the calls that were made have ended."""
        ...

    @property
    def trouble(self) -> str:
        """The last failure, in one sentence without secrets; empty if the last call was answered."""
        ...

    def out(self, account: str = ...) -> Out | None:
        """That a call for `account` would not even be made now; None if it would."""
        ...


class Verdicts(Protocol):
    """Where verdicts are kept by the exact bytes they were given for (ruling 10)."""

    async def get(self, sha256: str, provider: str, version: str, ask: str) -> Verdict | None:
        """The verdict stored under exactly this key, or None."""
        ...

    async def put(self, sha256: str, version: str, ask: str, verdict: Verdict) -> None:
        """Keep `verdict`; a second one under the same key is ignored."""
        ...


class Meter(Protocol):
    """Who counts calls and what they cost. Must neither wait nor fail."""

    def called(self, provider: str, outcome: str) -> None:
        """A call ended: `answered`, or the kind of its `ProviderError` in small letters."""
        ...

    def remembered(self, provider: str) -> None:
        """A verdict was already known for exactly these bytes, and no call was made."""
        ...

    def spent(self, provider: str, amount: float) -> None:
        """A call has cost so much, in US dollars, or may have."""
        ...


class Unmetered:
    """`Meter` for when nobody counts."""

    def called(self, provider: str, outcome: str) -> None:
        """Not counted."""

    def remembered(self, provider: str) -> None:
        """Not counted."""

    def spent(self, provider: str, amount: float) -> None:
        """Not counted."""


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars: `sure` were charged, `doubtful` may have been (`TicketState.DOUBTFUL`)."""

    sure: float = 0.0
    doubtful: float = 0.0


class Tickets(Protocol):
    """Jobs of slow vendors on disk, so that no restart pays twice. Every method raises Unavailable where it fails."""

    async def opened(self, receipt: Receipt) -> None:
        """Keep it; on disk when this returns. A second one for the same job is ignored."""
        ...

    async def closed(self, ticket: Ticket, state: TicketState, answer: str = "") -> None:
        """The job ended so. One that is not kept, or ended before, is left as it is."""
        ...

    async def find(self, provider: str, job: str) -> Receipt | None:
        """What is kept of this job."""
        ...

    async def of(self, provider: str, sha256: str, key: str, since: datetime) -> tuple[Receipt, ...]:
        """What was paid for these exact bytes, asked the same, since then; open jobs of any age. Oldest first."""
        ...

    async def waiting(self, provider: str | None = None) -> tuple[Receipt, ...]:
        """All open jobs, oldest first."""
        ...

    async def spent(self, since: datetime, *, provider: str | None = None, account: str | None = None) -> Spent:
        """What was paid since then."""
        ...


class Purse(Protocol):
    """The budgets from which paid providers are paid (ruling 20). Amounts are US dollars.

    An amount is held before the call and settled after it, so that calls at once cannot spend the same money.
    """

    async def hold(self, payer: str, provider: str, amount: Decimal) -> bool:
        """Set `amount` aside; False where it is not left, or was never granted. Raises Unavailable where that cannot
        be told: nothing is spent in the dark."""
        ...

    async def settle(self, payer: str, provider: str, held: Decimal, paid: Decimal) -> None:
        """The call ended: `held` is held no more, `paid` is on record when this returns. Raises Unavailable where it
        could not be put on record; then nothing more is held until it can."""
        ...


class Publisher(Protocol):
    """A public address for an image, for as long as somebody has to fetch it."""

    def publish(self, image: Image, *, seconds: float) -> AbstractAsyncContextManager[str]:
        """An https URL that serves the still while the context is open, and for at most so long.

        Entering raises Crowded where too many are published already.
        """
        ...
