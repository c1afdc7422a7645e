"""One notice an outage: who hears that a provider is out, when, and once.

The host at once: a line in the log, the metrics, `/healthz`. Moderators where images wait for it, when it has lasted a
minute; and again when it has been over for ten, since one that comes back within those is the same outage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.model import EffectKind, Plan, Tenant
from bot.ports import Clock, Performer, Settings
from bot.ports.outages import Outage, OutageBook
from bot.texts import outages as words
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from bot.waiting import Waiting
from providers.base import Fallible

log = structlog.get_logger("beholder.outages")

LASTED = timedelta(seconds=60)  # before moderators hear of it, or of a provider that fails without being paused
QUIET = timedelta(minutes=5)  # after the last call, where nothing waits: nobody knows what another would come to
SETTLED = timedelta(minutes=10)  # after which one that is well is over it


@dataclass(frozen=True, slots=True)
class Ongoing:
    """A provider that is out now: since when, and how many images of all guilds wait for it."""

    since: datetime
    waiting: int
    why: str


class Outages:
    """`look` is one round. What it knows it has from disk, but for how the calls of this process ended."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Fallible],
        waiting: Waiting,
        book: OutageBook,
        settings: Settings,
        performer: Performer,
        clock: Clock,
    ) -> None:
        self._providers = providers
        self._waiting = waiting
        self._book = book
        self._settings = settings
        self._performer = performer
        self._clock = clock
        self._start = clock.now()
        self._away: dict[str, datetime] = {}  # since when nobody is let through to a provider
        self._known: dict[int, Outage] | None = None  # those that go on, or are not settled
        self._images: Mapping[str, Mapping[Tenant, int]] = {}

    @property
    def ongoing(self) -> Mapping[str, Ongoing]:
        """The providers that are out, as of the last look."""
        return {
            o.provider: Ongoing(o.began, sum(self._images.get(o.provider, {}).values()), o.why)
            for o in (self._known or {}).values()
            if o.ended is None
        }

    async def look(self) -> None:
        """What began, what ended, and who has to hear of it."""
        now = self._clock.now()
        if self._known is None:
            self._known = {o.id: o for o in await self._book.current(now - SETTLED)}
        await self._note(self._known, now)
        going = [o for o in self._known.values() if o.ended is None]
        self._images = await self._waiting.images([o.provider for o in going]) if going else {}
        for outage in going:
            if now - outage.began >= LASTED:
                await self._tell(outage)
        for outage in [o for o in self._known.values() if o.ended is not None and now - o.ended >= SETTLED]:
            await self._settle(outage, outage.ended or now)
            del self._known[outage.id]

    # --- what is ----------------------------------------------------------------------------------

    async def _note(self, known: dict[int, Outage], now: datetime) -> None:
        open_ = {o.provider: o for o in known.values() if o.ended is None}
        doubtful = [n for n, guard in self._providers.items() if guard.record.answers is False or n in open_]
        awaited = await self._waiting.images(doubtful) if doubtful else {}
        for name, guard in self._providers.items():
            is_out = self._is_out(guard, now, awaited=bool(awaited.get(name)), begun=name in open_)
            since = self._since(name, guard, now)
            if not is_out:
                self._away.pop(name, None)
            if not is_out and name in open_:
                outage = await self._book.ended(open_[name])
                known[outage.id] = outage
                await self._waiting.back(name)
            elif is_out and name not in open_ and (guard.paused or now - since >= LASTED):
                outage, new = await self._book.began(name, guard.trouble, since, last=now - SETTLED)
                known[outage.id] = outage
                if new:
                    log.error("provider_out", provider=name, since=outage.began.isoformat(), why=outage.why)
        for name in open_.keys() - self._providers.keys():  # the host does not offer it any more
            known[open_[name].id] = await self._book.ended(open_[name])

    def _is_out(self, guard: Fallible, now: datetime, *, awaited: bool, begun: bool) -> bool:
        """A lone failure is no outage, unless something waits; nor does one go on for ever because nobody asks."""
        record = guard.record
        if guard.paused or guard.out() is not None:
            return True
        if record.answers or not (begun or record.last):
            return False
        if awaited:
            return True
        if now - (record.last or self._start) >= QUIET:
            return False
        return begun or record.failing >= LASTED

    def _since(self, name: str, guard: Fallible, now: datetime) -> datetime:
        """When the first of the calls failed, or else it was first seen to be out."""
        return guard.record.first or self._away.setdefault(name, now)

    # --- telling ----------------------------------------------------------------------------------

    async def _tell(self, outage: Outage) -> None:
        waiting = self._images.get(outage.provider, {})
        told = await self._book.told(outage)
        for tenant in (waiting.keys() | self._waiting.short(outage.provider, outage.began)) - told:
            policy, _ = await self._settings.policy(tenant)
            if policy.mod_channel is None:
                continue
            text = words.began(outage, waiting.get(tenant, 0), Voice.to(tenant, Texts(policy.language)))
            await self._performer.run(await self._book.tell(outage, tenant, _say(policy.mod_channel, text)))

    async def _settle(self, outage: Outage, ended: datetime) -> None:
        seconds = (ended - outage.began).total_seconds()
        log.warning("provider_back", provider=outage.provider, ended=ended.isoformat(), seconds=seconds)
        for tenant in sorted(await self._book.told(outage), key=str):
            policy, _ = await self._settings.policy(tenant)
            plan = None
            if policy.mod_channel is not None:
                late = await self._book.late(outage, tenant)
                guard = self._providers.get(outage.provider)
                answers = guard is not None and guard.record.answers is True
                voice = Voice.to(tenant, Texts(policy.language))
                plan = _say(policy.mod_channel, words.ended(outage, late, voice, answers=answers))
            await self._performer.run(await self._book.tell_end(outage, tenant, plan))


def _say(channel: str, text: str) -> Plan:
    return Plan(EffectKind.SAY, {"channel": channel, "text": text, "author": None, "real": True})
