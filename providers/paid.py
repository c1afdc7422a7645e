"""A provider that costs money, paid from a budget (ruling 20).

It stands outside of the `Guard`: an empty purse says nothing of the provider's health.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Protocol, runtime_checkable

import structlog

from policies.model import Category, Screening, Unscreened, UnscreenedReason
from providers.base import Ask, Fallible, Image, Meter, Out, Provider, Purse, Record, Ticket, Unmetered
from providers.bills import Bill, billed
from providers.errors import Unavailable
from providers.guard import HOST

log = structlog.get_logger("beholder.providers")


@runtime_checkable
class Priced(Protocol):
    """A provider that costs money. It tells `providers.bills.charge` of whatever it spends."""

    async def price(self, image: Image, ask: Ask) -> Decimal:
        """What a call is expected to cost, in US dollars, rather too much than too little; 0 where nothing would be
        paid (any more). Raises ProviderError."""
        ...


class Unlimited:
    """`Purse` where nobody keeps a budget."""

    async def hold(self, payer: str, provider: str, amount: Decimal) -> bool:
        """As much as is wanted."""
        return True

    async def settle(self, payer: str, provider: str, held: Decimal, paid: Decimal) -> None:
        """Not on record."""


class Paid:
    """`provider` (behind its guard) with the price of `priced` held before each call and settled after it.

    Where it is not left, the answer is `Unscreened(spent)`, and nobody is asked. What is paid is metered here.
    """

    def __init__(self, provider: Provider, priced: Priced, purse: Purse, *, meter: Meter = Unmetered()) -> None:
        self._provider = provider
        self._priced = priced
        self._purse = purse
        self._meter = meter
        self._settling: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """The provider's."""
        return self._provider.name

    @property
    def covers(self) -> frozenset[Category]:
        """The provider's."""
        return self._provider.covers

    @property
    def version(self) -> str:
        """The provider's."""
        return self._provider.version

    def cache_key(self, ask: Ask) -> str:
        """The provider's."""
        return self._provider.cache_key(ask)

    @property
    def paused(self) -> bool:
        """The guard's."""
        return isinstance(self._provider, Fallible) and self._provider.paused

    @property
    def record(self) -> Record:
        """The guard's."""
        return self._provider.record if isinstance(self._provider, Fallible) else Record()

    @property
    def trouble(self) -> str:
        """The guard's."""
        return self._provider.trouble if isinstance(self._provider, Fallible) else ""

    def out(self, account: str = HOST) -> Out | None:
        """The guard's: what is out is out for everybody's money."""
        return self._provider.out(account) if isinstance(self._provider, Fallible) else None

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """What the provider says, or that there is no money to ask it. Raises ProviderError."""
        price = await self._priced.price(image, ask)
        if price and not await self._purse.hold(ask.payer, self.name, price):
            return Unscreened(self.name, UnscreenedReason.SPENT, f"The budget for {self.name} is spent.", tried=False)
        with billed() as bill:
            try:
                return await self._provider.screen(image, ask)
            finally:
                await self._pay(bill, ask.payer, price)

    async def resume(self, ticket: Ticket) -> Screening:
        """The provider's: a job was paid for when it was submitted."""
        return await self._provider.resume(ticket)

    async def aclose(self) -> None:
        """Closes the provider, then waits until everything paid is on record. Idempotent."""
        await self._provider.aclose()
        await asyncio.gather(*self._settling)

    async def _pay(self, bill: Bill, payer: str, held: Decimal) -> None:
        """Settled also for a waiter that is cancelled, and where a task of the call is still at it: later then."""
        if bill.closed and not held and not bill.paid:
            return
        settling = asyncio.create_task(self._settle(bill, payer, held), name="settle")
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)
        if bill.closed:
            await asyncio.shield(settling)

    async def _settle(self, bill: Bill, payer: str, held: Decimal) -> None:
        """An answer that was paid for is not thrown away because the disk would not take its price: whoever keeps
        the purse knows, and lets nothing more be spent."""
        await bill.close()
        if bill.paid:
            self._meter.spent(self.name, float(bill.paid))
        try:
            await self._purse.settle(payer, self.name, held, bill.paid)
        except Unavailable as error:
            log.error("charge_not_on_record", provider=self.name, dollars=str(bill.paid), why=str(error))
