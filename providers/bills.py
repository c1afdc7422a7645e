"""What one call costs, told by whoever spends it to whoever pays for it.

A call can be charged more than once (a submit that nobody answered is made again), without a verdict (a job that is
still pending), and after its waiter is gone. So nothing that is returned could carry the sum: a provider says
`charge` at the moment it happens, and whoever pays opens a bill around the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any, TypeVar

from providers.errors import Garbled
from providers.http import NotSent, Reply

T = TypeVar("T")


def dollars(amount: float) -> Decimal:
    """A price as it was set, exactly: 0.001 is a thousandth and not the nearest float."""
    return Decimal(repr(round(amount, 9)))


class Bill:
    """What a call has cost so far, in US dollars; tasks that it began may still add to it."""

    def __init__(self) -> None:
        self.paid = Decimal(0)
        self._tasks: list[asyncio.Task[Any]] = []

    def add(self, amount: Decimal) -> None:
        """So much more."""
        self.paid += amount

    def await_also(self, task: asyncio.Task[Any]) -> None:
        """`task` may charge, even when nobody waits for its answer."""
        self._tasks.append(task)

    @property
    def closed(self) -> bool:
        """Whether nothing can be added any more, once the call itself has ended."""
        return all(task.done() for task in self._tasks)

    async def close(self) -> None:
        """Wait until nothing can be added any more."""
        if not self.closed:
            await asyncio.wait(self._tasks)


_bill: ContextVar[Bill | None] = ContextVar("bill", default=None)


@contextmanager
def billed() -> Iterator[Bill]:
    """What is charged within, also by tasks that are begun within."""
    bill = Bill()
    before = _bill.set(bill)
    try:
        yield bill
    finally:
        _bill.reset(before)


def charge(amount: Decimal) -> None:
    """The vendor was paid, or may have been: what is in doubt counts as paid."""
    bill = _bill.get()
    if bill is not None:
        bill.add(amount)


def outlives(task: asyncio.Task[Any]) -> None:
    """`task` goes on when the call is given up, and may charge."""
    bill = _bill.get()
    if bill is not None:
        bill.await_also(task)


async def answered(call: Awaitable[Reply], read: Callable[[Reply], T], cost: Decimal) -> T:
    """What `read` makes of the reply, from a vendor that charges `cost` for an answer and nothing for its errors.

    Where a request got lost, or its answer cannot be read, that is in doubt and charged. Raises what `read` does.
    """
    try:
        reply = await call
    except NotSent:
        raise
    except BaseException:  # also one that is given up: the vendor may have it
        charge(cost)
        raise
    try:
        said = read(reply)
    except Garbled:
        charge(cost)
        raise
    charge(cost)
    return said
