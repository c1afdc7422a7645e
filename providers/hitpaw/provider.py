"""The provider `hitpaw`.

screen ──▶ orders (found, or delivered · submitted · kept) ──▶ polling ──▶ Verdict
                                                                 └─ after the soft deadline: pending, with a ticket
resume(ticket) ──────────────────────────────────────────────────┘ asks once
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import structlog

from policies.model import Screening, Unscreened, UnscreenedReason
from providers.base import Ask, Image, Publisher, Receipt, Ticket, Tickets, TicketState
from providers.bills import dollars
from providers.errors import BadRequest, Unavailable, UnsupportedFormat, unscreened
from providers.guard import Clock
from providers.hitpaw import wire
from providers.hitpaw.client import Client
from providers.hitpaw.codes import NoSuchJob
from providers.hitpaw.delivery import Courier
from providers.hitpaw.orders import LeftAlone, Orders
from providers.hitpaw.polling import LAG, Budget, Cadence, Poller
from providers.hitpaw.settings import Delivery, HitPawSettings
from providers.hitpaw.wire import Progress, Stage
from providers.http import Http

log = structlog.get_logger("beholder.providers")

RETENTION = 8 * 24 * 3600.0  # seconds for which HitPaw knows a job
WARNED = 32  # unknown statuses that are logged, each once


class Ended(Unavailable):
    """The job is over without an answer; another may have one."""


class Undelivered(Ended):
    """The job failed, and a link that HitPaw could not use may be why: worth one upload."""


class HitPawProvider:
    """Pictures judged by HitPaw: sexual content in three steps, and nothing else.

    A job takes seconds to minutes. One that is not done by the soft deadline is `Unscreened(pending)`; ask again
    by `resume`, or screen the same bytes again: either finds the job that was paid for. `tally` counts what ended
    how, doubtful charges, fallen-back deliveries and statuses that no document knows.
    """

    name = wire.NAME
    covers = wire.COVERS
    version = "/".join((wire.VERSIONS.model, wire.VERSIONS.mapping, wire.VERSIONS.preprocessing))

    def __init__(
        self,
        settings: HitPawSettings,
        *,
        tickets: Tickets,
        clock: Clock,
        publisher: Publisher | None = None,
        http: Http | None = None,
        cadence: Cadence = Cadence(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`publisher` is needed for the delivery `relay` alone. Raises ValueError where it is missing."""
        if settings.delivery is Delivery.RELAY and publisher is None:
            raise ValueError("the delivery relay serves pictures itself: set BEHOLDER_PUBLIC_URL, or choose upload")
        self._settings = settings
        self._tickets = tickets
        self._clock = clock
        self._client = Client(settings, http or Http("HitPaw"), clock)
        self._orders = Orders(self._client, Courier(self._client, settings, clock, publisher), tickets, settings, clock)
        self._poller = Poller(
            self._client.progress,
            clock=clock,
            budget=Budget(settings.polls_per_second, clock),
            cadence=cadence,
            chance=chance,
            noticed=self._notice,
        )
        self._strange: set[str] = set()

    @property
    def tally(self) -> Counter[str]:
        """What was counted since the start."""
        return self._orders.tally

    def cache_key(self, ask: Ask) -> str:
        """Always the same: HitPaw is shown the picture and nothing else."""
        return ""

    async def price(self, image: Image, ask: Ask) -> Decimal:
        """See `providers.paid.Priced`: one task, or nothing where a job of the same bytes was paid for. A submit that
        nobody answered is made again, and so is a job that failed: either may cost once more."""
        paid = await self._orders.paid(image, self.cache_key(ask))
        return Decimal(0) if paid else dollars(self._settings.task_cost)

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """Judge `image`; paid once for the same bytes, however often it is asked. Raises ProviderError."""
        until = self._clock.monotonic() + self._settings.soft_deadline
        while True:
            try:
                receipt = await self._orders.job(image, ask, self.cache_key(ask))
                return await self._follow(receipt, until)
            except LeftAlone as error:
                return unscreened(self.name, error)  # raised, it would count towards the breaker, for one bad image
            except Undelivered:
                self.tally["fallen_back"] += 1  # the next job is by upload, and the last

    async def resume(self, ticket: Ticket) -> Screening:
        """How the job stands now. Raises ProviderError; Refused for a job that nobody knows."""
        kept = await self._tickets.find(ticket.provider, ticket.job)
        if kept is not None and kept.state in (TicketState.FAILED, TicketState.LOST, TicketState.DOUBTFUL):
            raise BadRequest("This job ended without an answer; screen the image again.")
        try:
            if kept is None:
                return await self._unkept(ticket)
            return await self._follow(kept, self._clock.monotonic())
        except Ended as error:  # of one job: raised, those whose links a restart ended would pause HitPaw for all
            return unscreened(self.name, error)

    async def aclose(self) -> None:
        """Lets a submit that is on its way end, takes back every link, closes the connections. Idempotent."""
        await self._orders.aclose()
        await self._client.aclose()

    async def _unkept(self, ticket: Ticket) -> Screening:
        """Of a ticket of which only its bearer knows: too old to be merely not known yet."""
        now = self._clock.monotonic()
        progress = await self._poller.follow(ticket.job, age=LAG + 1, until=now)
        receipt = Receipt(ticket, self.cache_key(ticket.ask), self._settings.task_cost, self._clock.now())
        return await self._concluded(receipt, progress)

    async def _follow(self, receipt: Receipt, until: float) -> Screening:
        if receipt.state is TicketState.ANSWERED:
            return self._verdict(replace(receipt, cost=0.0), receipt.answer)  # paid, and counted, before
        age = (self._clock.now() - receipt.at).total_seconds()
        if age > RETENTION:
            return await self._lost(receipt)
        try:
            progress = await self._poller.follow(receipt.ticket.job, age=max(0.0, age), until=until)
        except NoSuchJob:
            return await self._lost(receipt)
        return await self._concluded(receipt, progress)

    async def _concluded(self, receipt: Receipt, progress: Progress) -> Screening:
        if progress.stage is Stage.RUNNING:
            detail = "HitPaw still works on it; the answer is looked for in the background."
            return Unscreened(self.name, UnscreenedReason.PENDING, detail, receipt.ticket.job)
        if progress.stage is Stage.ANSWERED:
            await self._orders.close(receipt, TicketState.ANSWERED, progress.risk)
            return self._verdict(receipt, progress.risk)
        if progress.stage is Stage.FAILED:
            return await self._failed(receipt)
        return await self._lost(receipt)

    async def _failed(self, receipt: Receipt) -> Screening:
        await self._orders.close(receipt, TicketState.FAILED)
        if receipt.delivery != Delivery.UPLOAD and self._settings.fall_back:
            raise Undelivered("HitPaw could not fetch the picture or failed at it; it is uploaded once instead.")
        raise UnsupportedFormat("HitPaw could make nothing of this image; look at it yourself.")

    async def _lost(self, receipt: Receipt) -> Screening:
        """The vendor's trouble, not the image's: it may be tried once more, though not now."""
        await self._orders.close(receipt, TicketState.LOST)
        raise Ended("HitPaw broke off the job or no longer knows it; the image is screened again.")

    def _verdict(self, receipt: Receipt, risk: str) -> Screening:
        return wire.verdict(risk, receipt.ticket.frames, job=receipt.ticket.job, cost=receipt.cost)

    def _notice(self, progress: Progress) -> None:
        if progress.known:
            return
        self.tally["unknown_status"] += 1
        if progress.status not in self._strange and len(self._strange) < WARNED:
            self._strange.add(progress.status)
            log.warning("hitpaw_unknown_status", status=progress.status)
