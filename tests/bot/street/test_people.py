"""What follows for people, end to end: from a picture to the act, the strikes and the words on the card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import (
    CaseState,
    EffectKind,
    EventKind,
    Media,
    MediaKind,
    Origin,
    Outcome,
    OutcomeState,
    PostCard,
    Quarantine,
    RemoveMember,
    TimeoutMember,
    Unreact,
)
from policies.model import Act, Actions, Context, Ladder, Mode, Place, Rung, frozen
from tests.bot.street.world import HOME, Street, shows

NO_ROLE = Outcome(OutcomeState.REFUSED, "there is no quarantine role: choose one in /setup")
WORN = Place(Context.HEAD_IMAGE)
ON_PROFILES = {Context.HEAD_IMAGE: Actions((Act.ESCALATE, Act.QUARANTINE), (Act.ESCALATE,))}


def done(card: PostCard) -> str:
    return dict(card.card.lines)["What was done"]


@pytest.mark.asyncio
@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.OBSERVE])
async def test_a_rung_of_the_ladder_brings_into_quarantine(street: Street, mode: Mode) -> None:
    await street.policy(mode=mode, mod_channel="9", quarantine_role="800", ladder=Ladder((Rung(1, Act.QUARANTINE),)))
    await street.post(shows("bad", 1))
    [card] = street.chat.cards
    if mode is Mode.OBSERVE:
        assert street.chat.of(Quarantine) == []
        assert "The author would have been put into quarantine." in done(card)
        return
    assert street.chat.of(Quarantine) == [Quarantine(HOME, "42", "800", True, 1)]
    assert "The author was put into quarantine." in done(card)
    assert "• strike 1: put the author into quarantine" in dict(card.card.lines)["Why"]
    assert street.chat.done.index("Delete") < street.chat.done.index("Quarantine")


@pytest.mark.asyncio
async def test_quarantine_that_nobody_set_up_says_so_on_the_card(street: Street) -> None:
    await street.policy(ladder=Ladder((Rung(1, Act.QUARANTINE),)))
    street.chat.script[Quarantine] = [NO_ROLE]
    await street.post(shows("bad", 1))
    assert street.chat.of(Quarantine) == [Quarantine(HOME, "42", "", True, 1)]
    [card] = street.chat.cards
    assert "choose one in /setup" in done(card)


@pytest.mark.asyncio
async def test_the_reach_of_a_ban_is_the_guilds(street: Street) -> None:
    ladder = Ladder((Rung(1, Act.BAN),), automatic_removal=True)
    await street.policy(ladder=ladder, ban_delete_seconds=3600)
    await street.post(shows("bad", 1))
    await street.store.ledger.decide_case(HOME, 1, CaseState.UPHELD, "55")
    await street.post(shows("bad", 2))
    assert street.chat.of(RemoveMember) == [RemoveMember(HOME, "42", True, 2, 3600)]


# --- profiles and reactions -------------------------------------------------------------------------------------


async def wear(street: Street, picture: bytes, version: str = "1") -> None:
    await street.post(picture, kind=EventKind.AVATAR, place=WORN, message="", version=version)


@pytest.mark.asyncio
async def test_an_avatar_is_shown_and_neither_deleted_nor_a_strike(street: Street) -> None:
    await street.policy(ladder=Ladder((Rung(1, Act.TIMEOUT, 10),)))
    for number in range(3):
        await wear(street, shows("bad", number), str(number))
    assert street.chat.done == ["PostCard"] * 3
    history = await street.store.ledger.history(HOME, "42", street.clock.now().replace(year=2000))
    assert (history.strikes, history.cases) == (0, 3)
    case = await street.case(1)
    assert (case.kind, case.origin) == (EventKind.AVATAR, Origin.REVIEW)
    assert [b.label for b in street.chat.cards[0].card.buttons] == ["Not allowed", "It's fine"]
    offered = {o.value.partition(":")[0] for o in street.chat.cards[0].card.sanctions}
    assert offered == {"mute_images", "timeout", "kick", "ban"}


@pytest.mark.asyncio
async def test_an_avatar_can_bring_into_quarantine_where_the_guild_wants_it(street: Street) -> None:
    await street.policy(context_actions=frozen(ON_PROFILES), quarantine_role="800")
    await wear(street, shows("bad"))
    assert street.chat.of(Quarantine) == [Quarantine(HOME, "42", "800", True, 1)]
    assert street.chat.of(TimeoutMember) == []
    assert "The author was put into quarantine." in done(street.chat.cards[0])


@pytest.mark.asyncio
async def test_a_reaction_is_taken_off_and_counts_as_what_it_is(street: Street) -> None:
    await street.policy()
    street.chat.pictures["emoji:555"] = shows("bad")
    event = street.event(message="900", kind=EventKind.REACTION)
    event = replace(event, media=(Media(MediaKind.EMOJI, "emoji:555", immutable=True),))
    await street.see(event)
    assert street.chat.of(Unreact) == [Unreact(HOME, "7", "900", "555", 1)]
    assert street.chat.done == ["Unreact", "PostCard"]
    [card] = street.chat.cards
    assert done(card) == "The reaction was taken off."
    assert card.card.link == ("7", "900")
    assert (await street.case(1)).kind is EventKind.REACTION


@pytest.mark.asyncio
async def test_a_reaction_that_stands_punishes_nobody(street: Street) -> None:
    await street.policy(ladder=Ladder((Rung(1, Act.TIMEOUT, 10),)))
    street.chat.pictures["emoji:555"] = shows("bad")
    street.chat.script[Unreact] = [Outcome(OutcomeState.REFUSED, "I lack “Manage Messages”")]
    event = street.event(message="900", kind=EventKind.REACTION)
    await street.see(replace(event, media=(Media(MediaKind.EMOJI, "emoji:555", immutable=True),)))
    assert street.chat.of(TimeoutMember) == []
    [timeout] = [e for e in (await street.case(1)).effects if e.kind is EffectKind.TIMEOUT]
    assert timeout.outcome == Outcome(OutcomeState.REFUSED, "the post was not removed")
