"""Posts that wait: for a provider that is out, for the answer of a slow one, for the platform's own hosts.

What waits costs nothing: it lies in the journal under the name of what it waits for, and is due at once when that
comes. Two things keep it from being forgotten. Whoever puts a job there looks again once it is on disk, since what it
waits for may have come meanwhile; and nothing waits longer than `GIVE_UP`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeGuard

import structlog
from cachetools import LRUCache

from bot.lines import where
from bot.looking import MEDIA
from bot.model import Entry, Event, Job, JobKind, Judged, Look, Media, Tenant
from bot.ports import Clock, Journal
from bot.store.codec import followed_payload
from policies.model import Decision, ReasonCode, Screening, Unscreened, UnscreenedReason
from providers.base import Fallible

log = structlog.get_logger("beholder.waiting")

TRIES = 5  # calls for one image that reach a provider and fail
FIRST, GROWTH = timedelta(seconds=10), 6  # the pauses between them: 10 s, 1 min, 6 min, 36 min
GIVE_UP = timedelta(hours=24)
BESIDE_KNOWN = timedelta(seconds=35)  # where another image of the post asks for a moderator
CDN_FIRST, CDN_LONGEST = timedelta(seconds=5), timedelta(minutes=30)
AWAITED_LONGEST = timedelta(hours=1)  # between two looks for a late answer that nobody announced
ARRIVED = 4096  # names of what came lately

PROVIDER, TICKET = "provider:", "ticket:"


def of_providers(names: Iterable[str]) -> str:
    """The name under which a job waits until any of these can be asked again."""
    return PROVIDER + ",".join(sorted(set(names)))


def of_ticket(provider: str, ticket: str) -> str:
    """The name under which a job waits for the end of a paid job."""
    return f"{TICKET}{provider}:{ticket}"


@dataclass(frozen=True, slots=True)
class Lack:
    """The answers that a judgement hangs on: of those who are `out`, and `pending` ones that have a ticket.
    `beside`: another image of the post asks for something to be done."""

    out: tuple[Unscreened, ...]
    pending: tuple[Unscreened, ...]
    beside: bool

    @classmethod
    def of(cls, images: Sequence[Judged]) -> Lack:
        """What these images lack."""
        outage = UnscreenedReason.OUTAGE
        return cls(
            tuple(_hanging(images, outage)),
            tuple(s for s in _hanging(images, UnscreenedReason.PENDING) if s.ticket),
            any(i.decision.steps for i in images if not _hangs_on(i, outage)),
        )

    @property
    def tried(self) -> bool:
        """Whether somebody looked at an image, in vain."""
        return any(s.tried for s in self.out)

    @property
    def fetched(self) -> bool:
        """Whether all bytes came, so that it is a provider that is out."""
        return all(s.provider != MEDIA for s in self.out)


class Waiting:
    """Puts posts aside, and fetches them back."""

    def __init__(self, journal: Journal, clock: Clock, providers: Mapping[str, Fallible]) -> None:
        """`providers`: behind their guards."""
        self._journal = journal
        self._clock = clock
        self._providers = providers
        self._shut: set[str] = set()  # those for whom something waits until they are back
        self._arrived: LRUCache[str, bool] = LRUCache(ARRIVED)
        self._short: dict[str, dict[Tenant, datetime]] = {}  # provider -> when a guild was last denied a required look

    async def begin(self) -> None:
        """At start. No breaker is open yet, and what came while nobody ran was told to nobody: all are due."""
        for prefix in (PROVIDER, TICKET):
            for name in await self._journal.awaited(prefix):
                await self._journal.hasten(name)

    # --- putting aside ------------------------------------------------------------------------

    async def postponed(
        self, job: Job, event: Event, images: Sequence[Judged], decision: Decision, *, goes: bool
    ) -> bool:
        """Whether the post waits instead of being concluded: never where it `goes`, whatever else is in it."""
        lack = Lack.of(images)
        if lack.out and not goes:
            return await self._until_back(job, event, lack)
        if job.kind is JobKind.FOLLOW_UP:  # those of the other answers have theirs
            pending = tuple(s for s in lack.pending if job.key == _late(_ticket(s), event))
        else:
            pending = () if decision.steps else lack.pending
        return bool(pending) and await self._until_answered(job, event, pending)

    async def follow(
        self, job: Job, event: Event, images: Sequence[Judged], decision: Decision, first: int, *, goes: bool
    ) -> None:
        """Before a post is concluded in which something is to be done though answers are still to come: have it judged
        again with each of them. `first`: the job that judged it first."""
        lack = Lack.of(images)
        self._note_denied(job.tenant, images)
        if not decision.steps:
            return
        names = [_ticket(s) for s in lack.pending]
        if lack.out and lack.beside and lack.fetched and not goes:
            names.append(of_providers(s.provider for s in lack.out))
        if job.kind is JobKind.FOLLOW_UP:
            is_over = self._clock.now() - event.at >= GIVE_UP
            names = [] if is_over else [n for n in names if not n.startswith(PROVIDER)]  # it waited for them itself
        if not names:
            return
        at, payload = self._clock.now() + GIVE_UP, followed_payload(event, first)
        await self._journal.put(
            [Entry(job.tenant, _late(n, event), JobKind.FOLLOW_UP, payload, run_at=at, waits_for=n) for n in names],
            lease=False,
        )
        await self._look_again(names)

    async def _until_back(self, job: Job, event: Event, lack: Lack) -> bool:
        age = self._clock.now() - job.at
        patience = BESIDE_KNOWN if lack.beside and job.kind is not JobKind.FOLLOW_UP else GIVE_UP
        if age >= patience:
            return False
        names = {s.provider for s in lack.out} & set(self._providers)
        counted = lack.fetched and lack.tried
        if counted and job.attempts + 1 >= TRIES:
            return False
        if counted:
            wait = FIRST * GROWTH**job.attempts
        elif lack.fetched and names:
            wait = GIVE_UP
        else:
            wait = min(max(age, CDN_FIRST), CDN_LONGEST)
        wait = min(wait, patience - age)
        key = of_providers(names) if lack.fetched and names else ""
        why = "outage: " + "; ".join(_why_each(lack.out))
        await self._journal.retry(job, self._clock.now() + wait, why, waits_for=key, counted=counted)
        log.info("postponed", tries=job.attempts + counted, seconds=wait.total_seconds(), **where(event))
        if key and not counted:
            self._shut |= names
            await self._look_again([key])
        return True

    async def _until_answered(self, job: Job, event: Event, pending: Sequence[Unscreened]) -> bool:
        age = self._clock.now() - job.at
        if age >= GIVE_UP:
            return False
        several = len(pending) > 1  # only the first is waited for; the others are looked for
        wait = min(max(age, CDN_FIRST), AWAITED_LONGEST) if several else AWAITED_LONGEST
        wait = min(wait, GIVE_UP - age)
        key = _ticket(pending[0])
        why = "pending: " + "; ".join(_why_each(pending))
        await self._journal.retry(job, self._clock.now() + wait, why, waits_for=key, counted=False)
        log.info("awaited", seconds=wait.total_seconds(), **where(event))
        await self._look_again([key])
        return True

    async def _look_again(self, names: Iterable[str]) -> None:
        """What came between the look and the commit must not be waited for any more."""
        for name in names:
            if name in self._arrived or (name.startswith(PROVIDER) and any(map(self._is_well, _named(name)))):
                await self._journal.hasten(name)

    def _note_denied(self, tenant: Tenant, images: Sequence[Judged]) -> None:
        """Where a guild requires a look and whoever would look is out, a card says so at once; what it means is told
        with the outage."""
        for image in images:
            if any(r.code is ReasonCode.NOT_ASSESSED for r in image.decision.reasons):
                for screening in image.screenings:
                    if _is(screening, UnscreenedReason.OUTAGE):
                        self._short.setdefault(screening.provider, {})[tenant] = self._clock.now()

    def short(self, provider: str, since: datetime) -> frozenset[Tenant]:
        """The guilds that since then had a look denied that they require, because `provider` is out."""
        return frozenset(tenant for tenant, at in self._short.get(provider, {}).items() if at >= since)

    # --- fetching back ------------------------------------------------------------------------

    async def arrived(self, name: str) -> int:
        """What was waited for under `name` has come. Returns how many posts are due now."""
        self._arrived[name] = True
        return await self._journal.hasten(name)

    async def back(self, provider: str) -> None:
        """`provider` answers again: whatever waited for it is due."""
        self._shut.discard(provider)
        names = [n for n in await self._journal.awaited(PROVIDER) if provider in _named(n)]
        due = sum([await self._journal.hasten(n) for n in names])
        if due:
            log.info("wait_over", provider=provider, posts=due)

    async def look(self) -> None:
        """One look at everybody for whom something waits: who is well has all of it back, who may be tried out gets
        one post, that was tried least."""
        for provider in sorted(self._shut):
            guard = self._providers[provider]
            if guard.out() is not None:
                continue
            if self._is_well(provider):
                await self.back(provider)
            else:
                await self._try_out(provider)

    async def images(self, providers: Iterable[str]) -> Mapping[str, Mapping[Tenant, int]]:
        """How many images wait for each of these, by guild."""
        found: dict[str, Counter[Tenant]] = {provider: Counter() for provider in providers}
        for name, waiting in (await self._journal.awaited(PROVIDER)).items():
            for provider in found.keys() & _named(name):
                found[provider].update(waiting)
        return found

    async def _try_out(self, provider: str) -> None:
        for name in await self._journal.awaited(PROVIDER):
            if provider in _named(name) and await self._journal.hasten(name, most=1):
                return

    def exhausted(self, job: Job, looks: Mapping[Media, Look]) -> dict[Media, Look]:
        """`looks`; at the last try of a post, a provider that failed at an image though it answers others is one that
        cannot read this image: somebody has to look, or a picture made for that would pass in silence."""
        if job.attempts + 1 < TRIES:
            return dict(looks)
        return {
            media: replace(look, screenings=tuple(self._blamed(s, job.at) for s in look.screenings))
            for media, look in looks.items()
        }

    def _blamed(self, screening: Screening, since: datetime) -> Screening:
        if not _is(screening, UnscreenedReason.OUTAGE) or not screening.tried:
            return screening
        guard = self._providers.get(screening.provider)
        answered = guard.record.answered if guard is not None and not guard.paused else None
        if answered is None or answered <= since:
            return screening
        why = f"{screening.provider} answers others, but failed at this image again and again: {screening.detail}"
        return replace(screening, reason=UnscreenedReason.UNDECODABLE, detail=why)

    def _is_well(self, provider: str) -> bool:
        guard = self._providers.get(provider)
        return guard is not None and guard.out() is None and not guard.paused and guard.record.answers is not False


def _ticket(pending: Unscreened) -> str:
    return of_ticket(pending.provider, pending.ticket or "")


def _late(name: str, event: Event) -> str:
    """The key of the job that judges `event` again once `name` has come: one for each of both."""
    return f"late/{name}/{event.key}"


def _named(name: str) -> list[str]:
    return name.removeprefix(PROVIDER).split(",")


def _hanging(images: Sequence[Judged], why: UnscreenedReason) -> list[Unscreened]:
    return [s for i in images if _hangs_on(i, why) for s in i.screenings if _is(s, why)]


def _hangs_on(image: Judged, why: UnscreenedReason) -> bool:
    """Whether a missing answer has a say: an outage not beside another's answer (ruling 2), and nothing does where a
    list knows the image."""
    return any(r.code is ReasonCode.UNSCREENED and r.detail == why for r in image.decision.reasons)


def _is(screening: Screening, why: UnscreenedReason) -> TypeGuard[Unscreened]:
    return isinstance(screening, Unscreened) and screening.reason is why


def _why_each(missing: Sequence[Unscreened]) -> list[str]:
    return [f"{s.provider}: {s.detail}" for s in missing]
