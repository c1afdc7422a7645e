"""Who is let in: the register of guilds kept up to date, newcomers greeted, unwanted guilds left.

What the platform holds at a moment is compared with the register, again and again. So it makes no difference
whether the bot watched a guild come or go, was away, or was killed in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import timedelta

import structlog

from bot.model import Membership, Presence, Tenant
from bot.ports import Clock, Journal, Settings
from bot.ports.register import Register
from bot.texts.catalogue import Texts
from bot.welcome import greeting

log = structlog.get_logger("beholder.door")

REFRESH = timedelta(hours=1).total_seconds()  # between two looks at how many members a guild has


def farewell(texts: Texts) -> str:
    """What is said in a guild that is about to be left."""
    return texts.gettext(
        "I am leaving, since whoever runs me has not let me look after this server; if that is a mistake, ask them."
    )


class Door:
    """`bot.ports.register.Door` of one platform. `allowed`: ids of the guilds that the host lets in; none: all."""

    def __init__(
        self,
        platform: str,
        *,
        register: Register,
        journal: Journal,
        settings: Settings,
        clock: Clock,
        allowed: frozenset[str] = frozenset(),
    ) -> None:
        self._platform = platform
        self._register = register
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._allowed = allowed
        self._refreshed: float | None = None

    async def looks_at(self, tenant: Tenant) -> bool:
        """See `Door.looks_at`. What is no guild (direct messages) is the host's own.

        Where the disk fails only the list of the configuration holds: no post is lost for want of the register.
        """
        if not tenant.id.removeprefix("-").isdecimal():
            return True
        try:
            membership = await self._register.one(tenant)
        except Exception as error:  # noqa: BLE001 - the disk's trouble is told by the health check
            log.error("register not read", guild=str(tenant), error=type(error).__name__)
            membership = Membership(tenant)
        return self._wanted(membership)

    async def follow(self, present: Sequence[Presence]) -> list[Presence]:
        """See `Door.follow`."""
        known = await self._register.every()
        here = [p for p in present if p.available]
        new = [p for p in here if _comes_in(p, known.get(p.tenant))]
        unwanted = [p for p in here if not self._wanted(known.get(p.tenant) or Membership(p.tenant))]
        if new:
            await self._let_in(new, unwanted)
        await self._refresh([p for p in here if p not in new], known)
        await self._see_off({p.tenant for p in present}, known)
        return unwanted

    def _wanted(self, membership: Membership) -> bool:
        return not membership.barred and (not self._allowed or membership.tenant.id in self._allowed)

    async def _let_in(self, new: Sequence[Presence], unwanted: Sequence[Presence]) -> None:
        """The greeting is on disk before the register knows the guild: none is forgotten, and a second one with
        the same key is none."""
        greeted = [p for p in new if p not in unwanted and await self._is_stranger(p.tenant)]
        await self._journal.put([greeting(p.tenant, p.speaks_in(), p.joined_at) for p in greeted], lease=False)
        await self._register.arrived(new, greeted=frozenset(p.tenant for p in greeted))
        for each in new:
            log.info("guild joined", guild=str(each.tenant), members=each.members, greeted=each in greeted)

    async def _is_stranger(self, tenant: Tenant) -> bool:
        """Whoever comes back is greeted again. An instance that is older than the register has guilds that it does
        not know yet and that need no greeting: they have been set up."""
        if (await self._register.one(tenant)).joined_at is not None:
            return True
        _, version = await self._settings.policy(tenant)
        return version == 0

    async def _refresh(self, staying: Sequence[Presence], known: Mapping[Tenant, Membership]) -> None:
        """A new name is noted at once, a new size (where a platform tells of every member) once an hour."""
        now = self._clock.monotonic()
        whole = self._refreshed is None or now - self._refreshed >= REFRESH
        if whole:
            self._refreshed = now
        changed = [p for p in staying if _is_renamed(p, known[p.tenant]) or (whole and _has_grown(p, known[p.tenant]))]
        if changed:
            await self._register.arrived(changed)

    async def _see_off(self, present: Set[Tenant], known: Mapping[Tenant, Membership]) -> None:
        gone = [t for t, m in known.items() if m.present and t.platform == self._platform and t not in present]
        if gone:
            await self._register.left(gone)
        for tenant in gone:
            log.info("guild left", guild=str(tenant))


def _comes_in(present: Presence, known: Membership | None) -> bool:
    """For the first time, or again: every joining has its own moment."""
    if known is None or not known.present:
        return True
    return present.joined_at is not None and present.joined_at != known.joined_at


def _is_renamed(present: Presence, known: Membership) -> bool:
    return present.name != known.name


def _has_grown(present: Presence, known: Membership) -> bool:
    return present.members != known.members
