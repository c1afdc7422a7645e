"""The whole bot acting on a loopback Telegram: a flood, its cards, and a group that becomes a supergroup."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.model import CaseState, OutcomeState, Tenant
from bot.sandbox.faults import Break
from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from policies.model import Mode
from tests.bot.platforms.telegram.conftest import House, tenant


@pytest.fixture
def staff(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup("Staff")
    t.add_bot(chat)
    return chat


@asynccontextmanager
async def passing(house: House) -> AsyncIterator[None]:
    """Time passes by itself meanwhile, as fast as it does."""

    async def pass_by() -> None:
        while True:
            await asyncio.sleep(0.01)
            await house.street.clock.advance(0.01)

    task = asyncio.create_task(pass_by())
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.asyncio
async def test_thirty_bad_images_are_gone_within_two_seconds(
    house: House, t: LoopbackTelegram, town: Chat, ann: User, staff: Chat
) -> None:
    """Notices and cards are more than a group takes in a minute; what removes waits for none of them."""
    await house.street.policy(tenant(town), mode=Mode.ENFORCE, mod_channel=str(staff.id))
    began = time.perf_counter()
    posts = [house.post(town, ann) for _ in range(30)]
    async with passing(house):
        await t.until(lambda: all(post.deleted_at for post in posts))
    took = max(gone.at for gone in t.world.deletions) - began
    assert took < 10  # the figure itself is the benchmark's; half a minute is what a paced deletion would take
    assert [call for call in t.calls if call.status == 429] == []
    assert len(t.posts(staff)) <= 20


@pytest.mark.asyncio
async def test_a_removal_with_its_notice_and_its_card(
    house: House, t: LoopbackTelegram, town: Chat, ann: User, staff: Chat
) -> None:
    await house.street.policy(tenant(town), mode=Mode.ENFORCE, mod_channel=str(staff.id))
    post = house.post(town, ann)
    await house.gone(post)
    notice = await t.posted(town, having="An image was removed.")
    card = await t.posted(staff, having="Case 1")
    assert card.protected
    await t.until(lambda: house.street.effects_of("card") == [("done", 0)])
    case = await house.street.store.ledger.case(tenant(town), 1)
    assert case is not None
    assert case.state is CaseState.OPEN
    assert {e.outcome.state for e in case.effects if e.outcome} == {OutcomeState.DONE}
    assert case.cards[0].message.partition("#")[0] == str(card.id)
    await house.street.clock.advance(3600)
    await t.until(lambda: notice.deleted_at is not None)


@pytest.mark.asyncio
async def test_a_notice_whose_answer_was_lost_is_shown_and_never_sent_again(
    house: House, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    t.fail("sendMessage", reset=Break.AFTER)
    await house.gone(house.post(town, ann))
    await t.until(lambda: house.street.effects_of("warn") == [("unknown", 0)])
    await house.street.sweep()
    assert len(t.posts(town, having="An image was removed.")) == 1


@pytest.mark.asyncio
async def test_a_group_becomes_a_supergroup_and_keeps_its_cases_and_settings(house: House, t: LoopbackTelegram) -> None:
    group = t.group()
    t.add_bot(group, "can_delete_messages", "can_restrict_members")
    ann = t.member(group, "ann")
    await house.street.policy(tenant(group), mode=Mode.ENFORCE, mod_channel=None)
    await house.gone(house.post(group, ann))
    new = t.migrate(group)
    await house.settled()
    await house.gone(house.post(new, ann))
    ledger = house.street.store.ledger
    await asyncio.sleep(0)
    assert [c.number for c in await ledger.cases(tenant(new))] == [2, 1]
    assert [c.number for c in await ledger.cases(tenant(group))] == [2, 1]
    assert Tenant("telegram", str(group.id)) not in await house.street.store.db.tenants.every()
