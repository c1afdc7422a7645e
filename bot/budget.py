"""How much may be spent at paid providers, and how much was (ruling 20): `providers.base.Purse`.

A guild has a ceiling a month for each provider that the host granted it; the instance has one over all of them,
if the host set one. What is spent is on disk; what calls that run at this moment may cost is held in memory. So a
process that is killed forgets at most what was in flight: calls that were charged and not yet settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple, Protocol

import structlog

from bot.model import HOST, Funds, Membership, Tenant
from bot.ports import Clock
from bot.store.errors import StoreError
from bot.store.spending import MICROS
from providers.errors import Unavailable

log = structlog.get_logger("beholder.budget")

LOW = Decimal("0.8")
"""The share of a guild's ceiling from which on the rest is for posts by new members, where the guild chose so, and
at which the host is told."""


class Register(Protocol):
    """The part of the host's register that knows grants."""

    async def one(self, tenant: Tenant) -> Membership:
        """See `bot.ports.register.Register.one`."""
        ...


class Spending(Protocol):
    """What was paid, on disk. Amounts are millionths of a US dollar. Both raise `StoreError`."""

    async def month(self, month: str) -> Mapping[tuple[Tenant, str], int]:
        """By tenant and provider; it grows while it is held. `month`: as 2026-11."""
        ...

    async def add(self, tenant: Tenant, provider: str, month: str, micros: int) -> int:
        """One call more, on disk when this returns. Returns the month's sum."""
        ...


class _Account(NamedTuple):
    tenant: Tenant
    provider: str


class Budget:
    """Nothing is awaited between looking at what is left and holding it, so calls at once cannot spend the same."""

    def __init__(self, register: Register, spending: Spending, clock: Clock, *, ceiling: Decimal | None = None) -> None:
        """`ceiling`: of the instance in a month, in US dollars; None: any amount."""
        self._register = register
        self._spending = spending
        self._clock = clock
        self._ceiling = None if ceiling is None else micros(ceiling)
        self._held: Counter[_Account] = Counter()
        self._owed: Counter[_Account] = Counter()  # paid, but the disk would not take it; a part of what is held
        self._told: set[tuple[str, _Account | None]] = set()

    async def hold(self, payer: str, provider: str, amount: Decimal) -> bool:
        """See `Purse.hold`. `payer` is a tenant as it is written; '' are the host's own pictures."""
        account, wanted = _account(payer, provider), micros(amount)
        with _as_outage():
            await self._make_good()
            granted = await self._granted(account)
            month = self._month()
            book = await self._spending.month(month)
        # From here on nothing is awaited.
        if granted is not None and self._of(book, account) + wanted > granted:
            return self._refused(month, account)
        if self._ceiling is not None and self._total(book) + wanted > self._ceiling:
            return self._refused(month, None)
        self._held[account] += wanted
        return True

    async def settle(self, payer: str, provider: str, held: Decimal, paid: Decimal) -> None:
        """See `Purse.settle`. What was paid stays held until it is on disk."""
        account, due = _account(payer, provider), micros(paid)
        self._held[account] += due - micros(held)
        if due:
            with _as_outage():
                await self._put(account, due)

    # --- what is left ------------------------------------------------------------------------------

    async def of(self, tenant: Tenant) -> Mapping[str, Funds]:
        """This month's budget of each provider that is granted to a guild. Raises `StoreError`."""
        grants = (await self._register.one(tenant)).grants
        book = await self._spending.month(self._month())
        return {p: _funds(self._of(book, _Account(tenant, p)), micros(Decimal(c))) for p, c in grants.items()}

    async def whole(self) -> Funds:
        """This month's budget of the instance. Raises `StoreError`."""
        return _funds(self._total(await self._spending.month(self._month())), self._ceiling)

    async def low(self, tenant: Tenant) -> frozenset[str]:
        """The providers of which a guild has a fifth or less left. Raises `StoreError`."""
        return frozenset(name for name, funds in (await self.of(tenant)).items() if funds.reaches(LOW))

    # --- within ------------------------------------------------------------------------------------

    async def _granted(self, account: _Account) -> int | None:
        """A guild's ceiling, 0 where nothing is granted; the host's own pictures have none."""
        if account.tenant == HOST:
            return None
        ceiling = (await self._register.one(account.tenant)).grants.get(account.provider)
        return 0 if ceiling is None else micros(Decimal(ceiling))

    def _of(self, book: Mapping[tuple[Tenant, str], int], account: _Account) -> int:
        return book.get(account, 0) + self._held[account]

    def _total(self, book: Mapping[tuple[Tenant, str], int]) -> int:
        return sum(book.values()) + self._held.total()

    def _month(self) -> str:
        return month_of(self._clock.now())

    async def _put(self, account: _Account, due: int) -> None:
        """Onto the disk; where that fails it is owed, and nothing more is held before it is made good."""
        try:
            total = await self._spending.add(account.tenant, account.provider, self._month(), due)
        except BaseException:
            self._owed[account] += due
            raise
        self._held[account] -= due
        await self._warn(account, total - due, total)

    async def _make_good(self) -> None:
        for account in [a for a, due in self._owed.items() if due]:
            due, self._owed[account] = self._owed[account], 0
            if due:  # nobody was faster
                await self._put(account, due)

    # --- what the host is told ------------------------------------------------------------------------

    def _refused(self, month: str, account: _Account | None) -> bool:
        """Once a month for each ceiling, and again after a restart."""
        if (month, account) not in self._told:
            self._told.add((month, account))
            whose = _whose(account) if account else {"guild": "all", "provider": "all"}
            log.warning("budget_spent", month=month, **whose)
        return False

    async def _warn(self, account: _Account, before: int, after: int) -> None:
        """At the moment when four fifths are spent: by what is on disk, so that no restart says it again."""
        try:
            granted = await self._granted(account)
        except StoreError:
            return  # it was paid and is on record; whoever holds next hears of the trouble
        if granted is not None and not _funds(before, granted).reaches(LOW) and _funds(after, granted).reaches(LOW):
            log.warning("budget_low", spent=str(_dollars(after)), ceiling=str(_dollars(granted)), **_whose(account))


def micros(amount: Decimal) -> int:
    """Millionths of a dollar, rounded up: what is spent is never counted as less."""
    return int((amount * MICROS).to_integral_value(ROUND_CEILING))


def month_of(now: datetime) -> str:
    """The month of UTC in which a charge counts, as 2026-11."""
    return f"{now.astimezone(UTC):%Y-%m}"


def _dollars(amount: int) -> Decimal:
    return Decimal(amount) / MICROS


def _funds(spent: int, ceiling: int | None) -> Funds:
    return Funds(_dollars(spent), None if ceiling is None else _dollars(ceiling))


def _account(payer: str, provider: str) -> _Account:
    return _Account(Tenant.parse(payer) if payer else HOST, provider)


def _whose(account: _Account) -> dict[str, str]:
    return {"guild": str(account.tenant), "provider": account.provider}


@contextmanager
def _as_outage() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise Unavailable(f"What was spent cannot be read or put on record: {error}") from error
