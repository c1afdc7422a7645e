"""What the pipeline and the desk need from the world, declared by them, not by whoever provides it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.model import (
    Action,
    Capabilities,
    CardRef,
    Case,
    CaseState,
    Concluded,
    Effect,
    EffectState,
    Entry,
    Event,
    History,
    Job,
    ListEntry,
    Look,
    Media,
    Outcome,
    Plan,
    Ruling,
    Tenant,
    Watched,
)
from policies.model import Listed, Near, Place, Policy, UnscreenedReason
from providers.base import Fingerprint

UNKNOWN = "?"
"""What `Faces` is told in place of a hash that the platform does not say."""


@dataclass(frozen=True, slots=True)
class News:
    """The slots that show something new, and when the latest of these slots was noted before, if ever."""

    slots: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One message of an album, and what it shows, which may be nothing."""

    tenant: Tenant
    channel: str
    album: str
    message: int
    media: tuple[Media, ...]


class Clock(Protocol):
    """Time, so that a thirty-minute outage can be simulated (ruling 23)."""

    def now(self) -> datetime:
        """UTC, timezone-aware: for records."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start: for intervals."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


Submit = Callable[[Sequence[Event]], Awaitable[None]]
"""Hands events to the journal; returns when they are on disk. `Event.media` URLs stay with the adapter."""


class Gone(Exception):
    """The media, or the message that carried it, no longer exists."""


class Unfetchable(Exception):
    """The bytes did not come. `reason` is `outage` (worth a retry) or `undecodable` (over the limits)."""

    def __init__(self, reason: UnscreenedReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Platform(Protocol):
    """The one small adapter contract."""

    @property
    def name(self) -> str:
        """`discord`, `telegram`: the first half of a tenant's name."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    async def run(self, submit: Submit) -> None:
        """Listen until cancelled."""
        ...

    def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """The bytes of `media`, in chunks. `reduced`: the platform's own smaller copy, if it has one.

        The adapter owns tokens and hosts. Raises `Gone` or `Unfetchable`.
        """
        ...

    async def perform(self, action: Action) -> Outcome:
        """Do it. Never raises for a platform's refusal."""
        ...

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """Look up whether our message with `nonce` was posted: done (with ref), failed (it was not)
        or unknown (cannot be told; with `retry`, not at the moment). Without a `channel`, whether we made one."""
        ...


class Links(Protocol):
    """A platform that keeps images under addresses which a vendor may be shown, where the host chose that.

    No method of `Platform`, so that one whose addresses hold its token (Telegram) has nothing to be asked for.
    """

    def link(self, event: Event, media: Media) -> str | None:
        """Where the original of `media` can be fetched at this moment without a secret of ours; None: nowhere.

        Good for handing on, never for keeping or logging.
        """
        ...


class Hands(Protocol):
    """Whoever performs actions: a platform, or the simulated hands of observe mode."""

    async def perform(self, action: Action) -> Outcome:
        """Do it, or say what would have been done."""
        ...


class Journal(Protocol):
    """Jobs on disk."""

    async def put(self, entries: Sequence[Entry], *, lease: bool) -> list[Job]:
        """Write all in one commit; returns those that were new. With `lease` they are taken by us
        at once, otherwise they wait for `take`."""
        ...

    async def take(self, limit: int) -> list[Job]:
        """Lease up to `limit` waiting jobs that are due, fair over tenants, oldest first in each."""
        ...

    async def finish(self, job: Job) -> None:
        """Done; kept for the record until retention takes it."""
        ...

    async def retry(self, job: Job, at: datetime, why: str, *, waits_for: str = "", counted: bool = True) -> None:
        """Not now: waits until `at`, or until `hasten(waits_for)`. With `counted` it was one more attempt."""
        ...

    async def hasten(self, waits_for: str, most: int | None = None) -> int:
        """What waits for this, in any guild, is due now; of many the `most` that were tried least, oldest first.
        Returns how many jobs do."""
        ...

    async def awaited(self, prefix: str) -> Mapping[str, Mapping[Tenant, int]]:
        """How many images wait for each thing whose name begins so, by guild."""
        ...

    async def bury(self, job: Job, why: str) -> None:
        """Never: set aside for a person to look at."""
        ...

    async def recover(self) -> int:
        """At start: all older leases are void. Returns how many jobs wait again."""
        ...

    async def backlog(self, tenant: Tenant | None = None) -> tuple[int, datetime | None]:
        """How many jobs wait or are leased, and since when the oldest does; of all tenants, or of one. Chores
        for later do not count yet."""
        ...


class Ledger(Protocol):
    """Decisions, cases, strikes and effects: what must be written together."""

    async def history(self, tenant: Tenant, author: str, since: datetime) -> History:
        """Strikes of `author` not older than `since`, and how many cases there are."""
        ...

    async def conclude(self, job: Job, ruling: Ruling, *, done: bool = True) -> Concluded:
        """One commit: decision, screenings, case, effects, strikes; the job is finished if `done`.

        Idempotent by job: a second call returns what the first made, `duplicate=True`. Idempotent
        effects (`model.IDEMPOTENT`) are born `sending`, the others `todo`; in observe likewise.
        If a newer version of the same subject waits in the journal, nothing but the decision is
        recorded and `superseded` is True.
        """
        ...

    async def removed_since(self, tenant: Tenant, since: datetime) -> list[tuple[str, datetime]]:
        """SHA-256 and time of images removed since then: what the action cap counts."""
        ...

    async def counts(self, tenant: Tenant, since: datetime) -> Mapping[str, int]:
        """What came of this tenant's images since then: `judged`, `removed` (also those whose deletion failed),
        `cases` opened, `unscreened:<UnscreenedReason>` for each reason that there was, and `limited` where the
        host's limit left any unseen."""
        ...

    async def watched(self, tenant: Tenant, since: datetime) -> Watched:
        """What would have been done since then while this guild only watched, and what moderators said of it."""
        ...

    async def follow(self, job: Job, plans: Sequence[Plan]) -> tuple[Effect, ...]:
        """Finish a chore and record what follows from it, in one commit: nothing if it was finished before."""
        ...

    async def plan(self, tenant: Tenant, case: int | None, plans: Sequence[Plan]) -> tuple[Effect, ...]:
        """Record further effects (of a moderator's press)."""
        ...

    async def sending(self, effects: Sequence[Effect]) -> None:
        """About to send: from here on, in doubt look it up."""
        ...

    async def settle(self, effect: Effect, outcome: Outcome, *, state: EffectState = EffectState.DONE) -> None:
        """It ended. With `outcome.retry` it goes back to `todo` with one more attempt."""
        ...

    async def unsettled(self) -> tuple[Effect, ...]:
        """At start: effects that are `todo` or `sending`, oldest first, of every tenant."""
        ...

    async def case(self, tenant: Tenant, number: int) -> Case | None:
        """One case of this tenant, whole."""
        ...

    async def cases(
        self,
        tenant: Tenant,
        state: CaseState | None = None,
        limit: int = 25,
        *,
        author: str | None = None,
        before: int | None = None,
        after: int | None = None,
    ) -> list[Case]:
        """Newest first. `before`: only older ones than that number; `after`: the `limit` next newer than it."""
        ...

    async def decide_case(
        self, tenant: Tenant, number: int, state: CaseState, by: str, note: str = "", *, plans: Sequence[Plan] = ()
    ) -> Case | None:
        """Close an open case in one commit: upheld confirms its strikes, overturned voids them and
        puts the SHA-256 of its images on the allow list; `plans` are recorded with it and are the
        last of the case's effects. None if it was not open: somebody was first.
        """
        ...

    async def card_posted(self, tenant: Tenant, case: int, card: CardRef) -> None:
        """Remember where a case's card stands."""
        ...


class Settings(Protocol):
    """Policies per guild, versioned."""

    async def policy(self, tenant: Tenant) -> tuple[Policy, int]:
        """The guild's policy and its version; version 0 is the default of a guild that set nothing."""
        ...

    async def save(self, tenant: Tenant, policy: Policy, by: str, why: str) -> int:
        """A new version; returns its number. Cached reads see it at once, in other processes within a second."""
        ...

    async def versions(self, tenant: Tenant, limit: int = 20) -> list[tuple[int, datetime, str, str]]:
        """(version, when, by, why), newest first."""
        ...


class Lists(Protocol):
    """What a guild says of exact images, and which bytes a platform's id stands for."""

    async def listed(self, tenant: Tenant, sha256: str) -> Listed | None:
        """Whether this exact image is allowed or blocked in this guild."""
        ...

    async def put(self, tenant: Tenant, sha256: str, listed: Listed | None, by: str, why: str) -> None:
        """Set or (None) remove an entry."""
        ...

    async def entries(self, tenant: Tenant, *, prefix: str = "", limit: int = 25, offset: int = 0) -> list[ListEntry]:
        """What is listed in this guild, newest first; only SHA-256 that begin with `prefix`, hexadecimal digits."""
        ...

    async def known(self, platform: str, key: str) -> str | None:
        """The SHA-256 first seen under an immutable platform id."""
        ...

    async def know(self, platform: str, key: str, sha256: str) -> None:
        """Remember it; the first one stays."""
        ...


class Fingerprints(Protocol):
    """How exact bytes look; the same for every tenant."""

    def keep(self, sha256: str, fingerprint: Fingerprint) -> None:
        """Known from now on, and on disk soon: nobody waits for it."""
        ...

    async def of(self, sha256: str) -> Fingerprint | None:
        """What these bytes look like, if they were ever decoded."""
        ...


class Likenesses(Protocol):
    """What an image of a guild nearly looks like (ruling 9)."""

    async def near(self, tenant: Tenant, fingerprint: Fingerprint, sha256: str) -> Near | None:
        """The nearest other image that this guild removed or has on its block list.

        None where there is none within a few bits, and for a flat image. Never one whose case was overturned, one
        on the allow list, a test card, or what was only held since nobody could judge it.
        """
        ...


class Faces(Protocol):
    """Which pictures members and guilds were last seen with, by the platform's own hashes: a seen-table.

    `shown` maps slots (`avatar`, `icon`, ...) to hashes: '' where the platform's own default is shown, UNKNOWN
    where something may be shown that the payload does not say.
    """

    async def news(self, tenant: Tenant, owner: str, shown: Mapping[str, str]) -> News:
        """What of `shown` differs from what was noted last. Of what is UNKNOWN: only if nothing ever was."""
        ...

    async def note(self, tenant: Tenant, owner: str, shown: Mapping[str, str]) -> None:
        """From now on these are known. Not before whatever is told of them is on disk."""


class Albums(Protocol):
    """Which messages are one post, where a platform tells of them one by one and never says that it was all."""

    async def join(self, parts: Sequence[Part]) -> None:
        """Note them, each in place of what was noted of the same message before. One commit."""
        ...

    async def parts(self, tenant: Tenant, channel: str, album: str) -> Mapping[int, tuple[Media, ...]]:
        """All parts of the last two days with what they show, the first one first."""
        ...


class Drafts(Protocol):
    """What somebody is in the middle of setting, so that neither a restart nor a lost message loses it."""

    async def kept(self, tenant: Tenant, owner: str, name: str) -> Mapping[str, Any] | None:
        """What `owner` has begun under `name`; None if nothing, or longer ago than a day."""
        ...

    async def keep(self, tenant: Tenant, owner: str, name: str, body: Mapping[str, Any]) -> None:
        """Keep it, in place of what was kept before."""
        ...

    async def drop(self, tenant: Tenant, owner: str, name: str) -> None:
        """It is done with."""
        ...


Link = Callable[[], str | None]
"""Where a vendor may fetch an image at this moment; None: nowhere."""


def no_link() -> None:
    """It is given the bytes."""


class Screener(Protocol):
    """Bytes in, screenings out: collect, sandbox, providers, cache."""

    async def look(
        self,
        chunks: AsyncIterator[bytes],
        policy: Policy,
        place: Place,
        *,
        tenant: Tenant | None = None,
        joined: datetime | None = None,
        claimed: bool = True,
        link: Link = no_link,
    ) -> Look:
        """Never raises for what the bytes are; `Gone` and `Unfetchable` of the stream pass through.

        `tenant`: whose picture it is, which says who may be asked about it and whose budget pays. `joined`: since
        when its author is a member, if ever. `link`: where a vendor may fetch it, asked for once the bytes are there.
        """
        ...

    async def identify(self, chunks: AsyncIterator[bytes]) -> str | None:
        """The SHA-256 of the bytes, None if they are no image. What they look like is known afterwards
        (`Fingerprints`), but nobody is asked about them. Raises as `look` does."""
        ...


class Performer(Protocol):
    """Carries out recorded effects, once."""

    async def run(self, effects: Sequence[Effect]) -> tuple[Outcome, ...]:
        """Perform in order, each settled on disk before the next; returns their outcomes."""
        ...
