"""One paid job for one image: the only place that spends credits.

Submitting is not idempotent: 5 credits each time, and no key by which HitPaw would know a call again. So a job is
looked up before it is made, whoever wants the same one joins, what was begun goes on when its waiter is gone, and
the job's id is on disk before anybody asks about it.

A submit that ends without an answer may have been charged. It is made again once; each such end is kept as a receipt
in state `doubtful`, with what it may have cost, is logged as `hitpaw_doubtful_charge`, and counts in `tally`. On the
bill of whoever asked it stands as paid.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from providers.base import Ask, Image, Receipt, Ticket, Tickets, TicketState
from providers.bills import charge, dollars, outlives
from providers.errors import Garbled, RateLimited, Refused, Unavailable, UnsupportedFormat
from providers.guard import Clock
from providers.hitpaw.client import Client
from providers.hitpaw.codes import Unfetched, Unreceived
from providers.hitpaw.delivery import Courier
from providers.hitpaw.settings import Delivery, HitPawSettings
from providers.hitpaw.wire import NAME, Submitted
from providers.http import NotSent, retried

log = structlog.get_logger("beholder.providers")

HORIZON = timedelta(hours=24)  # how long a job's end, good or bad, stands for the image
JOBS = 2  # an image gets in that time
DOUBTS = 5  # submits without an answer after which it is left alone for that time
GRACE = 5.0  # seconds in which what was begun may end when all stops
CERTAIN = (NotSent, RateLimited, Unreceived)
"""Ends of a submit after which it has certainly not been taken on."""


class LeftAlone(Unavailable):
    """Enough was paid for this image today. Said without asking HitPaw, so no sign that it is ill."""


class Orders:
    """Jobs at HitPaw: found, or delivered, submitted and kept."""

    def __init__(
        self, client: Client, courier: Courier, tickets: Tickets, settings: HitPawSettings, clock: Clock
    ) -> None:
        self._client = client
        self._courier = courier
        self._tickets = tickets
        self._settings = settings
        self._clock = clock
        self._opening: dict[str, asyncio.Task[Receipt]] = {}
        self._links: dict[str, AsyncExitStack] = {}  # of open jobs, by job
        self._unkept: dict[str, Receipt] = {}  # paid for, but the disk would not take it, by image
        self.tally: Counter[str] = Counter()

    async def job(self, image: Image, ask: Ask, key: str) -> Receipt:
        """The job of these exact bytes: answered, open, or new. Raises ProviderError."""
        opening = self._opening.get(image.sha256)
        if opening is None:
            opening = asyncio.create_task(self._job(image, ask, key), name="hitpaw-order")
            self._opening[image.sha256] = opening
            opening.add_done_callback(partial(self._opened, image.sha256))
            outlives(opening)
        return await asyncio.shield(opening)

    async def paid(self, image: Image, key: str) -> bool:
        """Whether a job of these exact bytes is answered or open, so that nothing is to be paid. Raises Unavailable."""
        if image.sha256 in self._opening or image.sha256 in self._unkept:
            return True
        return _standing(await self._past(image, key)) is not None

    async def close(self, receipt: Receipt, state: TicketState, answer: str = "") -> None:
        """The job has ended: so it is kept, and its link ends too."""
        await self._tickets.closed(receipt.ticket, state, answer)
        self.tally[state] += 1
        link = self._links.pop(receipt.ticket.job, None)
        if link is not None:
            await link.aclose()

    async def aclose(self) -> None:
        """Let what was begun end, and take back every link. Idempotent."""
        opening = list(self._opening.values())
        if opening:
            _, late = await asyncio.wait(opening, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*opening, return_exceptions=True)
        while self._links:
            await self._links.popitem()[1].aclose()

    def _opened(self, sha256: str, task: asyncio.Task[Receipt]) -> None:
        del self._opening[sha256]
        if not task.cancelled():
            task.exception()  # its waiters may all be gone: then nobody else asks for it

    async def _job(self, image: Image, ask: Ask, key: str) -> Receipt:
        if unkept := self._unkept.get(image.sha256):
            return await self._keep(unkept)
        past = await self._past(image, key)
        if (receipt := _standing(past)) is not None:
            return receipt
        return await self._order(image, ask, key, next_delivery(past, self._settings))

    async def _past(self, image: Image, key: str) -> tuple[Receipt, ...]:
        return await self._tickets.of(NAME, image.sha256, key, self._clock.now() - HORIZON)

    async def _order(self, image: Image, ask: Ask, key: str, by: Delivery) -> Receipt:
        ticket = Ticket(NAME, "", replace(ask, options=()), image.sha256, image.frames)  # options may hold a link
        order = Receipt(ticket, key, self._settings.task_cost, self._clock.now(), str(by))
        try:
            return await self._deliver(image, ask, order, by)
        except Unfetched:
            if by is Delivery.UPLOAD or not self._settings.fall_back:
                raise
            self.tally["fallen_back"] += 1
            return await self._deliver(image, ask, replace(order, delivery=str(Delivery.UPLOAD)), Delivery.UPLOAD)

    async def _deliver(self, image: Image, ask: Ask, order: Receipt, by: Delivery) -> Receipt:
        async with AsyncExitStack() as stack:
            link = await stack.enter_async_context(self._courier.deliver(image, ask, by))
            submitted = await self._submit(link, order)
            charge(submitted.credits * dollars(self._settings.credit_price))
            receipt = replace(
                order,
                ticket=replace(order.ticket, job=submitted.job),
                cost=submitted.credits * self._settings.credit_price,
                at=self._clock.now(),
            )
            self._links[submitted.job] = stack.pop_all()
            return await self._keep(receipt)

    async def _keep(self, receipt: Receipt) -> Receipt:
        """Onto the disk, or not at all further: an unkept job is not paid for a second time by this process."""
        self._unkept[receipt.ticket.sha256] = receipt
        await self._tickets.opened(receipt)
        del self._unkept[receipt.ticket.sha256]
        return receipt

    async def _submit(self, link: str, order: Receipt) -> Submitted:
        try:
            return await self._submit_once(link)
        except CERTAIN:
            raise
        except (Unavailable, Garbled):
            await self._doubt(order)
        await self._clock.sleep(1.0)
        try:
            return await self._submit_once(link)
        except CERTAIN:
            raise
        except (Unavailable, Garbled):
            await self._doubt(order)
            raise

    async def _submit_once(self, link: str) -> Submitted:
        """One submit that may have been heard, after any number that were certainly not."""
        try:
            return await retried(partial(self._client.submit, link), clock=self._clock, again=CERTAIN)
        except asyncio.CancelledError:  # all stops: nobody will learn whether it was heard
            charge(dollars(self._settings.task_cost))
            raise

    async def _doubt(self, order: Receipt) -> None:
        charge(dollars(order.cost))
        log.warning("hitpaw_doubtful_charge", dollars=order.cost, sha256=order.ticket.sha256)
        self.tally[TicketState.DOUBTFUL] += 1
        name = f"doubtful-{secrets.token_hex(8)}"
        ticket = replace(order.ticket, job=name)
        await self._tickets.opened(replace(order, ticket=ticket, at=self._clock.now(), state=TicketState.DOUBTFUL))


def _standing(past: Sequence[Receipt]) -> Receipt | None:
    """The latest job that stands for the image."""
    good = [r for r in past if r.state in (TicketState.ANSWERED, TicketState.OPEN)]
    return good[-1] if good else None


def next_delivery(past: Sequence[Receipt], settings: HitPawSettings) -> Delivery:
    """How the image is to be delivered after what came of its last jobs. Raises ProviderError where it is not."""
    ended = [r for r in past if r.state in (TicketState.FAILED, TicketState.LOST)]
    if len([r for r in past if r.state is TicketState.DOUBTFUL]) >= DOUBTS:
        raise LeftAlone(f"HitPaw gave no answer to {DOUBTS} paid calls for this image; it is left for a day.")
    failed = [r for r in ended if r.state is TicketState.FAILED]
    if any(r.delivery == Delivery.UPLOAD for r in failed) or (failed and not settings.fall_back):
        raise UnsupportedFormat("HitPaw could make nothing of this image; look at it yourself.")
    if len(ended) >= JOBS:
        raise _spent(failed)
    return Delivery.UPLOAD if failed else settings.delivery


def _spent(failed: Sequence[Receipt]) -> Refused | Unavailable:
    if failed:
        return UnsupportedFormat("HitPaw could make nothing of this image; look at it yourself.")
    return LeftAlone(f"HitPaw broke off {JOBS} paid jobs for this image; it is left for a day.")
