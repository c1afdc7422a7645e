"""Notices of ours go, and so does evidence: on time, also where a restart came between."""

from __future__ import annotations

import pytest

from bot.model import CaseState, EditCard, EffectKind, Plan, Retract
from policies.model import Evidence
from tests.bot.street.world import DONE, HOME, LATER, MODS, REFUSED, Street, shows

WEEK = 7 * 24 * 3600


@pytest.mark.asyncio
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_notice_is_taken_back_when_its_time_is_over(street: Street, restarted: bool) -> None:
    await street.policy(notice_seconds=90)
    await street.post(shows("bad"))
    [notice] = [ident for kind, _, ident in street.chat.posted if kind.__name__ == "Warn"]
    await street.later(80)
    assert street.chat.of(Retract) == []
    if restarted:
        await street.restart()
    await street.later(20)
    [retract] = street.chat.of(Retract)
    assert (retract.channel, retract.message) == ("7", notice)
    assert street.jobs("retract") == ["done"]


@pytest.mark.asyncio
async def test_a_notice_may_stand_for_ever(street: Street) -> None:
    await street.policy(notice_seconds=0)
    await street.post(shows("bad"))
    await street.later(WEEK - 10)
    assert street.chat.of(Retract) == []


@pytest.mark.asyncio
async def test_a_notice_that_cannot_be_taken_back_now_is_taken_back_later(street: Street) -> None:
    street.chat.script[Retract] = [LATER] * 8
    await street.post(shows("bad"))
    for _ in range(90):
        await street.later(20)
    assert len(street.chat.of(Retract)) == 9, "also after an outage of some minutes"
    assert street.jobs("retract") == ["done"]


@pytest.mark.asyncio
async def test_a_notice_that_may_not_be_taken_back_is_left(street: Street) -> None:
    street.chat.script[Retract] = [REFUSED]
    await street.post(shows("bad"))
    await street.later(100)
    assert street.jobs("retract") == ["done"]


@pytest.mark.asyncio
@pytest.mark.parametrize("restarted", [False, True])
async def test_evidence_of_an_open_case_goes_after_seven_days(street: Street, restarted: bool) -> None:
    await street.post(shows("bad"))
    [card] = (await street.case()).cards
    await street.later(WEEK - 100)
    assert street.chat.edits == []
    if restarted:
        await street.restart()
    await street.later(200)
    [edit] = street.chat.edits
    assert (edit.channel, edit.message, edit.drop_picture) == (MODS, card.message, True)
    assert edit.card.picture is None
    assert edit.card.buttons, "it can still be decided"
    assert street.jobs("forget_evidence") == ["done"]


@pytest.mark.asyncio
async def test_a_closed_case_has_shown_no_picture_since(street: Street) -> None:
    await street.post(shows("bad"))
    await street.store.ledger.decide_case(HOME, 1, CaseState.UPHELD, "55")
    await street.later(WEEK + 100)
    assert street.chat.edits == []
    assert street.jobs("forget_evidence") == ["done"]


@pytest.mark.asyncio
async def test_a_picture_that_was_kept_for_its_author_goes_all_the_same(street: Street) -> None:
    await street.post(shows("hateful"))
    [card] = (await street.case()).cards
    assert card.evidence is Evidence.FULL
    body = {"channel": card.channel, "message": card.message, "drop_picture": False}
    await street.store.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "55", plans=[Plan(EffectKind.EDIT_CARD, body)])
    await street.sweep()
    await street.later(WEEK + 100)
    assert [e.drop_picture for e in street.chat.edits] == [False, True]


@pytest.mark.asyncio
async def test_an_edit_that_fails_is_not_forgotten(street: Street) -> None:
    await street.post(shows("bad"))
    street.chat.script[EditCard] = [LATER, LATER, LATER, DONE]
    await street.later(WEEK + 100)
    assert street.effects_of("edit_card") == [("todo", 1)]
    await street.sweep()
    assert street.effects_of("edit_card") == [("done", 1)]


@pytest.mark.asyncio
async def test_a_case_that_is_gone_by_then_needs_nothing(street: Street) -> None:
    await street.post(shows("bad"))
    for table in ("cards", "effects", "subjects", "cases"):
        await street.empty(table)
    await street.later(WEEK + 100)
    assert street.chat.edits == []
    assert street.jobs("forget_evidence") == ["done"]
