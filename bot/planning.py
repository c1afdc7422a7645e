"""Whom to ask about a picture of a guild's: of those that the host offers, the ones the guild chose and may use.

A provider that costs money is asked for guilds alone to which the host granted it (ruling 20); about direct messages
nobody outside this machine is asked at all (ruling 13). A plan names a paid provider also when its money is spent: it
answers so by itself, and only where it would have been asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from bot.clock import SystemClock
from bot.model import Membership, Tenant
from bot.model.guilds import PAID
from bot.ports import Clock
from bot.vendors import LOCAL
from policies import resolve
from policies.model import Category, Context, Medium, Place, Policy, Standing, WhenSpent
from providers.plans import Band, Failover, Plan, SecondOpinion, Together, grey

PRIVATE = "dm"  # the tenant of direct messages, the host's own, on any platform

NEW_HOURS: Final = 72
"""For how long somebody is a new member where a guild has not set it."""

Granted = Callable[[Tenant | None], Awaitable[frozenset[str]]]
"""Which paid providers may be asked for a guild; None is nobody's picture."""

Low = Callable[[Tenant], Awaitable[frozenset[str]]]
"""Of which paid providers so little is left for a guild that it may be kept for posts by new members."""


class Planner(Protocol):
    """Who makes plans."""

    async def plan(
        self, policy: Policy, place: Place, tenant: Tenant | None, *, joined: datetime | None = None
    ) -> Plan:
        """Whom to ask about a picture seen in `place` of `tenant`, by an author who `joined` it then, or never."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """The same plan for every picture."""

    fixed: Plan

    async def plan(
        self, policy: Policy, place: Place, tenant: Tenant | None, *, joined: datetime | None = None
    ) -> Plan:
        """See `Planner.plan`."""
        return self.fixed


class HostsPlan:
    """A second opinion where the free and the paid are to be had, else one after another, in the host's order.

    Where none of those that a guild chose may be asked, or none of them can be paid, the local models are: a picture
    goes to nobody outside of this machine whom the guild did not choose.
    """

    def __init__(
        self,
        coverage: Mapping[str, frozenset[Category]],
        granted: Granted,
        *,
        low: Low | None = None,
        clock: Clock = SystemClock(),
    ) -> None:
        """`coverage`: what each provider that the host offers can find, in the order in which they are asked. `low`:
        None where nobody keeps a budget."""
        self._coverage = coverage
        self._granted = granted
        self._low = low
        self._clock = clock

    async def plan(
        self, policy: Policy, place: Place, tenant: Tenant | None, *, joined: datetime | None = None
    ) -> Plan:
        """See `Planner.plan`."""
        if place.context is Context.MESSAGE or (tenant is not None and tenant.id == PRIVATE):
            return Together((LOCAL,))
        free, paid = self._allowed(policy, await self._payable(policy, tenant, joined))
        if not paid:
            return Failover(free)
        if not free:
            return Failover(paid, unpaid=(LOCAL,))
        finds = {name: self._coverage[name] for name in paid}
        return SecondOpinion(free, paid, self._grey(policy, place, joined), policy.required, finds)

    def _grey(self, policy: Policy, place: Place, joined: datetime | None) -> Mapping[Category, Band]:
        """By the rules of that very place: what is off there is not worth its price. Whether it is a drawing is not
        known yet."""
        hours = None if joined is None else (self._clock.now() - joined).total_seconds() / 3600
        author = Standing(author="", hours=hours)
        return grey(*(resolve.thresholds(policy, place, author, medium) for medium in (Medium.UNKNOWN, Medium.DRAWN)))

    def _allowed(self, policy: Policy, granted: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The free and the paid ones, in the host's order."""
        chosen = [n for n in self._coverage if not policy.providers or n in policy.providers]
        free = tuple(n for n in chosen if n not in PAID)
        paid = tuple(n for n in chosen if n in PAID and n in granted)
        return (free, paid) if free or paid else ((LOCAL,), ())

    async def _payable(self, policy: Policy, tenant: Tenant | None, joined: datetime | None) -> frozenset[str]:
        """The paid ones that may be asked; for an old member's post not those whose rest is kept for the new."""
        if not any(name in PAID for name in self._coverage):
            return frozenset()
        granted = await self._granted(tenant)
        keeps = granted and policy.when_spent is WhenSpent.NEW_MEMBERS and not self._is_new(policy, joined)
        if not keeps or tenant is None or self._low is None:
            return granted
        return granted - await self._low(tenant)

    def _is_new(self, policy: Policy, joined: datetime | None) -> bool:
        hours = policy.newcomers.hours or NEW_HOURS
        return joined is not None and self._clock.now() - joined < timedelta(hours=hours)


class Register(Protocol):
    """The part of the host's register that knows grants."""

    async def one(self, tenant: Tenant) -> Membership:
        """See `bot.ports.register.Register.one`."""
        ...


def by_grant(register: Register) -> Granted:
    """What the host granted to each guild."""

    async def granted(tenant: Tenant | None) -> frozenset[str]:
        held = (await register.one(tenant)).grants if tenant is not None else {}
        return frozenset(held)

    return granted


async def by_host(tenant: Tenant | None) -> frozenset[str]:
    """The host's own pictures, at the command line: whatever is set up may be asked."""
    return frozenset(PAID)
