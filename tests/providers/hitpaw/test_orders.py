"""What an image gets after what came of its last jobs, and how ordering ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.faults import Break
from bot.sandbox.hitpaw import HitPaw
from providers.base import Receipt, Ticket, TicketState
from providers.errors import ProviderError, QuotaSpent, UnsupportedFormat
from providers.hitpaw import Delivery, HitPawSettings, orders
from providers.hitpaw.orders import DOUBTS, JOBS, LeftAlone, next_delivery
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import ASK, KEY, Make, picture

NOW = FakeClock().now()
SUBMIT = "/api/image-nsfw"
UPLOAD, RELAY, DIRECT = Delivery
FAILED, LOST, DOUBTFUL = TicketState.FAILED, TicketState.LOST, TicketState.DOUBTFUL


def past(*ends: tuple[TicketState, Delivery]) -> list[Receipt]:
    ticket = Ticket("hitpaw", "j", ASK, "ab" * 32)
    return [
        Receipt(ticket, "", 0.005, NOW + timedelta(minutes=n), str(by), state) for n, (state, by) in enumerate(ends)
    ]


@pytest.mark.parametrize("by", Delivery)
def test_a_new_image_goes_as_the_host_has_set(by: Delivery) -> None:
    assert next_delivery([], HitPawSettings(KEY, delivery=by)) is by
    assert next_delivery(past((DOUBTFUL, by)), HitPawSettings(KEY, delivery=by)) is by
    assert next_delivery(past((LOST, by)), HitPawSettings(KEY, delivery=by)) is by


@pytest.mark.parametrize("by", [RELAY, DIRECT])
def test_a_link_that_failed_is_followed_by_one_upload_where_that_is_allowed(by: Delivery) -> None:
    assert next_delivery(past((FAILED, by)), HitPawSettings(KEY, delivery=by)) is UPLOAD
    with pytest.raises(UnsupportedFormat):
        next_delivery(past((FAILED, by)), HitPawSettings(KEY, delivery=by, fall_back=False))
    with pytest.raises(UnsupportedFormat):
        next_delivery(past((FAILED, by), (FAILED, UPLOAD)), HitPawSettings(KEY, delivery=by))


@pytest.mark.parametrize(
    ("ends", "error"),
    [
        ([(FAILED, UPLOAD)], UnsupportedFormat),
        ([(FAILED, RELAY), (LOST, UPLOAD)], UnsupportedFormat),
        ([(LOST, UPLOAD), (LOST, UPLOAD)], LeftAlone),
        ([(DOUBTFUL, UPLOAD)] * DOUBTS, LeftAlone),
    ],
)
def test_enough_is_enough(ends: list[tuple[TicketState, Delivery]], error: type[ProviderError]) -> None:
    with pytest.raises(error):
        next_delivery(past(*ends), HitPawSettings(KEY))


@given(
    st.lists(st.tuples(st.sampled_from([FAILED, LOST, DOUBTFUL]), st.sampled_from(Delivery)), max_size=9),
    st.sampled_from(Delivery),
    st.booleans(),
)
def test_no_history_leads_to_a_third_job_or_to_an_upload_that_is_switched_off(
    ends: list[tuple[TicketState, Delivery]], by: Delivery, fall_back: bool
) -> None:
    try:
        chosen = next_delivery(past(*ends), HitPawSettings(KEY, delivery=by, fall_back=fall_back))
    except ProviderError:
        return
    assert len([state for state, _ in ends if state is not DOUBTFUL]) < JOBS
    assert chosen is by or (fall_back and chosen is UPLOAD)


@pytest.mark.asyncio
async def test_after_a_doubt_a_plain_no_is_a_no(vendor: HitPaw, make: Make) -> None:
    provider = make()
    vendor.fail(SUBMIT, reset=Break.BEFORE)
    vendor.fail(SUBMIT, nth=2, code=110402001)
    with pytest.raises(QuotaSpent):
        await provider.screen(picture(), ASK)
    assert (vendor.charges, provider.tally[DOUBTFUL]) == ([], 1)


@pytest.mark.asyncio
async def test_closing_does_not_wait_for_ever(vendor: HitPaw, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "GRACE", 0.05)
    provider, gate = make(), asyncio.Event()
    vendor.fail(SUBMIT, stalled=gate)
    waiting = asyncio.create_task(provider.screen(picture(), ASK))
    async with asyncio.timeout(10):
        while not vendor.asked(SUBMIT):  # noqa: ASYNC110
            await asyncio.sleep(0)
        await provider.aclose()
        await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.done()
    gate.set()
