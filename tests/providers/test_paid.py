"""Held before the call, settled after it with what the vendor really charged, whatever becomes of the call."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import pytest
from aiohttp import web

from bot.sandbox.faults import Break
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.sandbox.huawei import LoopbackHuawei
from bot.sandbox.huawei.troubles import Answering, body, page
from policies.model import Category, Screening, Unscreened, UnscreenedReason, Verdict
from providers.base import Ask, Image
from providers.bills import charge, dollars
from providers.errors import ProviderError, ServerFault, Unavailable
from providers.guard import Guard
from providers.http import Http
from providers.huawei import HuaweiProvider
from providers.paid import Paid
from providers.plans import Failover, Together
from providers.router import Router
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import KEY, picture, provider_of
from tests.providers.huawei.conftest import settings_of
from tests.providers.samples import VERDICT, Scripted, image, settle
from tests.providers.test_meter import Counting
from tests.providers.test_router import Shelf

ONE = Decimal(1)


class Pocket:
    """A purse with so much for each payer, and what became of it."""

    def __init__(self, **money: int) -> None:
        self.money = money
        self.held = Decimal(0)
        self.paid: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.settled = 0
        self.broken = False

    async def hold(self, payer: str, provider: str, amount: Decimal) -> bool:
        if self.broken:
            raise Unavailable("the purse cannot be read")
        if self.money and self.paid.get(payer, Decimal(0)) + self.held + amount > self.money.get(payer, 0):
            return False
        self.held += amount
        return True

    async def settle(self, payer: str, provider: str, held: Decimal, paid: Decimal) -> None:
        self.held -= held
        self.paid[payer] += paid
        self.settled += 1
        if self.broken:
            raise Unavailable("the disk is full")


class Dear(Scripted):
    """A dollar a call, charged when it is asked."""

    async def price(self, image: Image, ask: Ask) -> Decimal:
        return ONE

    async def screen(self, image: Image, ask: Ask) -> Screening:
        charge(ONE)
        return await super().screen(image, ask)


def paid(provider: Dear, purse: Pocket, meter: Counting | None = None) -> Paid:
    return Paid(Guard(provider, clock=FakeClock()), provider, purse, meter=meter or Counting())


# --- the decorator ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_call_is_held_settled_and_metered() -> None:
    purse, meter = Pocket(ann=2), Counting()
    provider = paid(Dear(VERDICT), purse, meter)
    assert await provider.screen(image(), Ask(payer="ann")) == VERDICT
    assert (dict(purse.paid), int(purse.held), meter.cost) == ({"ann": ONE}, 0, 1.0)
    assert (provider.name, provider.covers, provider.version) == ("scripted", VERDICT.assessed, "m/1/1")


@pytest.mark.asyncio
async def test_an_empty_purse_is_said_without_asking_and_says_nothing_of_the_providers_health() -> None:
    purse, scripted = Pocket(ann=1), Dear(VERDICT)
    guard = Guard(scripted, clock=FakeClock())
    provider = Paid(guard, scripted, purse)
    await provider.screen(image(), Ask(payer="ann"))
    for _ in range(30):
        said = await provider.screen(image(), Ask(payer="ann"))
        assert isinstance(said, Unscreened)
        assert (said.reason, said.tried) == (UnscreenedReason.SPENT, False)
    assert scripted.calls == 1
    assert not guard.paused


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [ServerFault("down"), RuntimeError("a surprise")])
async def test_a_failed_call_pays_what_was_charged_and_holds_nothing(error: Exception) -> None:
    purse = Pocket(ann=9)
    with pytest.raises(type(error)):
        await paid(Dear(error), purse).screen(image(), Ask(payer="ann"))
    assert (dict(purse.paid), int(purse.held)) == ({"ann": ONE}, 0)


@pytest.mark.asyncio
async def test_a_call_that_is_cancelled_pays_what_was_charged_and_holds_nothing() -> None:
    purse, dear = Pocket(ann=9), Dear(VERDICT)
    dear.hold()
    provider = paid(dear, purse)
    call = asyncio.create_task(provider.screen(image(), Ask(payer="ann")))
    await settle()
    assert purse.held == 1
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await provider.aclose()
    assert (dict(purse.paid), int(purse.held)) == ({"ann": ONE}, 0)


@pytest.mark.asyncio
async def test_a_purse_that_cannot_be_read_lets_nothing_be_spent() -> None:
    purse, dear = Pocket(), Dear(VERDICT)
    purse.broken = True
    with pytest.raises(Unavailable):
        await paid(dear, purse).screen(image(), Ask())
    assert dear.calls == 0


@pytest.mark.asyncio
async def test_an_answer_that_was_paid_for_is_not_thrown_away_because_the_disk_is_full() -> None:
    purse, dear = Pocket(ann=9), Dear(VERDICT)
    gate = dear.hold()
    call = asyncio.create_task(paid(dear, purse).screen(image(), Ask(payer="ann")))
    await settle()
    purse.broken = True
    gate.set()
    assert await call == VERDICT
    assert purse.paid == {"ann": ONE}


# --- copies asked about at once --------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_copies_at_once_are_one_call_paid_by_who_came_first() -> None:
    purse, dear = Pocket(ann=5, ben=5), Dear(VERDICT)
    gate = dear.hold()
    router = Router({"scripted": paid(dear, purse)}, Shelf())
    calls = [
        asyncio.create_task(router.screen(image(), Ask(payer=who), Together(("scripted",))))
        for who in ("ann", "ben", "ben")
    ]
    await settle()
    gate.set()
    assert await asyncio.gather(*calls) == [(VERDICT,)] * 3
    assert (dear.calls, dict(purse.paid)) == (1, {"ann": ONE})
    assert await router.screen(image(), Ask(payer="poor"), Together(("scripted",))) == (VERDICT,), "known: it is free"
    await router.aclose()


@pytest.mark.asyncio
async def test_who_comes_first_with_an_empty_purse_leaves_the_others_to_their_own() -> None:
    purse, dear = Pocket(rich=5), Dear(VERDICT)
    router = Router({"scripted": paid(dear, purse)}, Shelf())
    payers = ("poor", "rich", "poor", "poorer", "rich")
    said = await asyncio.gather(*(router.screen(image(), Ask(payer=who), Together(("scripted",))) for who in payers))
    for who, screenings in zip(payers, said, strict=True):
        answered = isinstance(screenings[0], Verdict)
        assert answered or who != "rich"
    assert (dear.calls, dict(purse.paid)) == (1, {"rich": ONE})
    await router.aclose()


@pytest.mark.asyncio
async def test_failover_to_the_free_where_the_money_is_spent_and_not_where_the_vendor_is_out() -> None:
    free = Scripted(replace(VERDICT, provider="free"), name="free")
    for purse, dear, asked in ((Pocket(rich=5), Dear(VERDICT), 1), (Pocket(), Dear(ServerFault("down")), 0)):
        free.calls = 0
        router = Router({"scripted": paid(dear, purse), "free": free}, Shelf())
        said = await router.screen(image(), Ask(payer="poor"), Failover(("scripted",), ("free",)))
        assert (free.calls, len(said)) == (asked, 1 + asked)
        await router.aclose()


# --- Huawei on loopback ----------------------------------------------------------------------------------


def bill_of(huawei: LoopbackHuawei) -> Decimal:
    return sum(huawei.charges.values()) * Decimal("0.002")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("trouble", "answered"),
    [
        (None, True),
        (page(502), True),
        (body({"result": {"suggestion": 7}}), False),  # an unreadable success: nothing says it is free
    ],
)
async def test_huawei_is_paid_by_category_and_not_for_its_errors(trouble: Answering | None, answered: bool) -> None:
    clock = FakeClock(auto=True)
    async with LoopbackHuawei(clock=clock, per_second=None) as huawei:
        made = HuaweiProvider(settings_of(huawei, price=0.002), clock=clock)
        purse, meter = Pocket(), Counting()
        provider = Paid(Guard(made, clock=FakeClock()), made, purse, meter=meter)
        if trouble is not None:
            huawei.fail(trouble)
        try:
            assert isinstance(await provider.screen(image(), Ask(payer="ann")), Verdict)
        except ProviderError:
            assert not answered
        owed = bill_of(huawei) if answered else Decimal("0.006")
        assert purse.paid["ann"] == owed == dollars(meter.cost)
        assert (owed, purse.held) == (Decimal("0.006"), Decimal(0))
        await provider.aclose()


@pytest.mark.asyncio
async def test_huawei_is_held_for_what_is_asked_and_nothing_costs_nothing() -> None:
    clock = FakeClock(auto=True)
    async with LoopbackHuawei(clock=clock, per_second=None) as huawei:
        made = HuaweiProvider(settings_of(huawei, price=0.002), clock=clock)
        porn = Ask(categories=frozenset({Category.SEXUAL_EXPLICIT}))
        assert await made.price(image(), Ask()) == Decimal("0.006")
        assert await made.price(image(), porn) == Decimal("0.002")
        purse = Pocket()
        provider = Paid(made, made, purse)
        await provider.screen(image(), Ask(categories=frozenset({Category.SELF_HARM})))
        assert (purse.settled, len(huawei.calls)) == (0, 0)
        await provider.aclose()


@pytest.mark.asyncio
async def test_a_request_to_huawei_that_is_never_answered_counts_as_paid() -> None:
    clock = FakeClock(auto=True)
    async with LoopbackHuawei(clock=clock, per_second=None) as huawei:
        gate = asyncio.Event()

        async def never(request: web.BaseRequest) -> web.StreamResponse:
            await gate.wait()
            return web.Response(status=503)

        huawei.fail(never, times=None)
        made = HuaweiProvider(settings_of(huawei, price=0.002), clock=clock, http=Http("Huawei", deadline=0.1))
        purse = Pocket()
        with pytest.raises(Unavailable):
            await Paid(made, made, purse).screen(image(), Ask(payer="ann"))
        gate.set()
        assert purse.paid["ann"] == 3 * Decimal("0.006"), "each of three tries may have been judged"
        await made.aclose()


# --- HitPaw on loopback ----------------------------------------------------------------------------------


SUBMIT = "/api/image-nsfw"


def hitpaw(vendor: HitPaw, clock: FakeClock, purse: Pocket) -> Paid:
    made = provider_of(vendor.url, clock)
    return Paid(made, made, purse)


def charged(vendor: HitPaw) -> Decimal:
    return len(vendor.charges) * Decimal("0.005")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble",
    [None, {"reset": Break.AFTER}, {"torn": True}, {"code": 100500000}, {"status": 429}],
    ids=str,
)
async def test_hitpaw_is_paid_what_it_charged_also_where_that_was_in_doubt(trouble: dict[str, object] | None) -> None:
    clock = FakeClock(auto=True)
    async with HitPaw(KEY, clock=clock) as vendor:
        purse = Pocket()
        provider = hitpaw(vendor, clock, purse)
        if trouble:
            vendor.fail(SUBMIT, **trouble)  # type: ignore[arg-type]
        assert isinstance(await provider.screen(picture(), Ask(payer="ann")), Verdict)
        assert purse.paid["ann"] == charged(vendor) > 0
        assert purse.held == 0
        again = await provider.screen(picture(), Ask(payer="ben"))
        assert isinstance(again, Verdict)
        assert purse.paid["ben"] == 0, "the same bytes were paid for"
        await provider.aclose()


@pytest.mark.asyncio
async def test_a_pending_job_is_paid_when_it_is_taken_on_and_its_late_answer_is_free_to_the_poor() -> None:
    clock = FakeClock(auto=True)
    async with HitPaw(KEY, clock=clock, usual=Script(seconds=60)) as vendor:
        purse = Pocket(ann=1)
        provider = hitpaw(vendor, clock, purse)
        first = await provider.screen(picture(), Ask(payer="ann"))
        assert isinstance(first, Unscreened)
        assert first.reason is UnscreenedReason.PENDING
        assert purse.paid["ann"] == charged(vendor) == Decimal("0.005")
        purse.money = {"ann": 0}
        await clock.sleep(60)
        assert isinstance(await provider.screen(picture(), Ask(payer="ann")), Verdict)
        assert purse.paid["ann"] == charged(vendor) == Decimal("0.005")
        spent = await provider.screen(picture(2), Ask(payer="ann"))
        assert isinstance(spent, Unscreened)
        assert spent.reason is UnscreenedReason.SPENT
        await provider.aclose()


async def heard(vendor: HitPaw) -> None:
    """Until a submit has reached the vendor, over a real socket."""
    for _ in range(2000):
        if vendor.asked(SUBMIT):
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nothing was submitted")


@pytest.mark.asyncio
async def test_an_order_that_goes_on_when_nobody_waits_for_it_is_paid_in_the_end() -> None:
    clock = FakeClock(auto=True)
    async with HitPaw(KEY, clock=clock) as vendor:
        purse, gate = Pocket(), asyncio.Event()
        vendor.fail(SUBMIT, stalled=gate)
        provider = hitpaw(vendor, clock, purse)
        call = asyncio.create_task(provider.screen(picture(), Ask(payer="ann")))
        await heard(vendor)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert purse.held == Decimal("0.005"), "the money for it is not given away meanwhile"
        gate.set()
        await provider.aclose()
        assert purse.paid["ann"] == charged(vendor) > 0
        assert purse.held == 0
