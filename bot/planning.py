"""Whom to ask about a picture of a guild's: of those that the host offers, the ones the guild chose and may use.

A provider that costs money is asked for guilds alone to which the host granted it (ruling 20); about direct messages
nobody outside this machine is asked at all (ruling 13).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.model import Membership, Tenant
from bot.model.guilds import PAID
from bot.vendors import LOCAL
from policies.model import Category, Context, Place, Policy
from providers.plans import Failover, Plan, SecondOpinion, Together, grey

PRIVATE = "dm"  # the tenant of direct messages, the host's own, on any platform

Granted = Callable[[Tenant | None], Awaitable[frozenset[str]]]
"""Which paid providers may be asked for a guild; None is nobody's picture."""


class Planner(Protocol):
    """Who makes plans."""

    async def plan(self, policy: Policy, place: Place, tenant: Tenant | None) -> Plan:
        """Whom to ask about a picture seen in `place` of `tenant`."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """The same plan for every picture."""

    fixed: Plan

    async def plan(self, policy: Policy, place: Place, tenant: Tenant | None) -> Plan:
        """See `Planner.plan`."""
        return self.fixed


class HostsPlan:
    """A second opinion where the free and the paid are to be had, else one after another, in the host's order.

    Where none of those that a guild chose may be asked, the free ones are; where there are none, the local models.
    """

    def __init__(self, coverage: Mapping[str, frozenset[Category]], granted: Granted) -> None:
        """`coverage`: what each provider that the host offers can find, in the order in which they are asked."""
        self._coverage = coverage
        self._granted = granted

    async def plan(self, policy: Policy, place: Place, tenant: Tenant | None) -> Plan:
        """See `Planner.plan`."""
        if place.context is Context.MESSAGE or (tenant is not None and tenant.id == PRIVATE):
            return Together((LOCAL,))
        granted = await self._granted(tenant) if any(name in PAID for name in self._coverage) else frozenset()
        free, paid = self._allowed(policy, granted)
        if not (free and paid):
            return Failover(free or paid or (LOCAL,))
        finds = frozenset[Category]().union(*(self._coverage[name] for name in paid))
        return SecondOpinion(free, paid, grey(policy), policy.required, finds)

    def _allowed(self, policy: Policy, granted: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The free and the paid ones, in the host's order."""
        chosen = [n for n in self._coverage if not policy.providers or n in policy.providers]
        free = tuple(n for n in chosen if n not in PAID)
        paid = tuple(n for n in chosen if n in PAID and n in granted)
        if not (free or paid):
            free = tuple(n for n in self._coverage if n not in PAID)
        return free, paid


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
