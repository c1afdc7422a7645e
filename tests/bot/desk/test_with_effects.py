"""The desk with the real performer: what it plans is what the platform is asked to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.desk.desk import Desk
from bot.desk.verbs import Verb
from bot.effects import Effects
from bot.model import (
    Action,
    Capabilities,
    CaseState,
    Delete,
    EditCard,
    EffectKind,
    Event,
    Media,
    Origin,
    Outcome,
    OutcomeState,
    Plan,
    RemoveMember,
    Restore,
    Say,
    Tenant,
    TimeoutMember,
    Warn,
)
from bot.ports import Submit
from policies.model import Act, Evidence, Frames, Mode
from tests.bot.cases import GUILD, SEEN, START, image
from tests.bot.desk.world import COVERAGE, MODERATOR, World


@dataclass
class Recorder:
    """A platform that does whatever it is asked, and remembers it."""

    actions: list[Action] = field(default_factory=list)
    name: str = "discord"
    capabilities: Capabilities = Capabilities(frozenset(Act), private_notice=False, history=True, evidence=True)

    async def run(self, submit: Submit) -> None:
        raise NotImplementedError

    def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        raise NotImplementedError

    async def perform(self, action: Action) -> Outcome:
        self.actions.append(action)
        return Outcome(OutcomeState.DONE, ref="5000")

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        raise NotImplementedError


def effects_of(world: World, platform: Recorder) -> Effects:
    """The real performer over `platform`."""
    store = world.store
    return Effects(
        platforms={"discord": platform},
        ledger=store.ledger,
        settings=store.settings,
        journal=store.journal,
        clock=world.clock,
    )


async def press(world: World, number: int, verb: Verb) -> Sequence[Action]:
    platform, store = Recorder(), world.store
    effects = effects_of(world, platform)
    desk = Desk(
        ledger=store.ledger,
        settings=store.settings,
        lists=store.lists,
        likenesses=store.likenesses,
        screener=world.eyes,
        performer=effects,
        journal=store.journal,
        clock=world.clock,
        drafts=store.drafts,
        coverage=COVERAGE,
    )
    assert (await desk.press(GUILD, number, verb, MODERATOR, confirmed=True)).done
    assert await store.ledger.unsettled() == ()
    return platform.actions


@pytest.mark.asyncio
@pytest.mark.parametrize(("origin", "verb"), [(Origin.REVIEW, Verb.REMOVE), (Origin.OBSERVED, Verb.REMOVE_NOW)])
async def test_what_a_person_removes_is_really_removed(origin: Origin, verb: Verb, world: World) -> None:
    await world.policy(mode=Mode.OBSERVE)
    number = await world.open(origin)
    delete, warn, edit = await press(world, number, verb)
    assert isinstance(delete, Delete)
    assert (delete.channel, delete.message, delete.case) == ("7", "1001", number)
    assert isinstance(warn, Warn)
    assert warn.author == "42"
    assert isinstance(edit, EditCard)
    assert edit.drop_picture
    assert edit.card.title == f"Case {number} · removed by a moderator"
    assert edit.card.buttons == ()
    assert edit.card.link is None


@pytest.mark.asyncio
async def test_a_picture_given_back_comes_from_its_card(world: World) -> None:
    still = image(screenings=(replace(SEEN, frames=Frames()),))
    number = await world.open(Origin.REMOVED, evidence=Evidence.FULL, images=[still])
    restore, edit = await press(world, number, Verb.GIVE_BACK)
    [card] = (await world.case(number)).cards
    assert isinstance(restore, Restore)
    assert (restore.card_channel, restore.card_message) == (card.channel, card.message)
    assert (restore.channel, restore.author, restore.case) == ("7", "42", number)
    assert isinstance(edit, EditCard)
    assert "The picture was posted again." in dict(edit.card.lines)["What was done"]
    assert dict(edit.card.lines)["Decided"].startswith(f"by <@{MODERATOR.id}>, ")


@pytest.mark.asyncio
async def test_a_timeout_that_was_wrong_is_lifted(world: World) -> None:
    until = START + timedelta(minutes=10)
    delete = Plan(EffectKind.DELETE, {"channel": "7", "message": "1"})
    timeout = Plan(EffectKind.TIMEOUT, {"author": "42", "until": until.isoformat()})
    number = await world.open(Origin.REMOVED, plans=[delete, timeout])
    lift, say, edit = await press(world, number, Verb.GIVE_BACK)
    assert lift == TimeoutMember(GUILD, "42", None, number, given=until)
    assert isinstance(say, Say)
    assert isinstance(edit, EditCard)
    done = dict(edit.card.lines)["What was done"]
    assert "timed out until" in done
    assert "The author's timeout was lifted." in done


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "ban"), [(EffectKind.KICK, False), (EffectKind.BAN, True)])
async def test_a_row_of_a_kick_or_a_ban_becomes_the_act(kind: EffectKind, ban: bool, world: World) -> None:
    number = await world.open(Origin.REMOVED)
    platform = Recorder()
    [effect] = await world.store.ledger.plan(GUILD, number, [Plan(kind, {"author": "42"})])
    [outcome] = await effects_of(world, platform).run([effect])
    assert outcome.state is OutcomeState.DONE
    assert platform.actions == [RemoveMember(GUILD, "42", ban, number)]


@pytest.mark.asyncio
async def test_an_author_is_invited_where_they_posted(world: World) -> None:
    number = await world.open(Origin.REMOVED)
    say, edit = await press(world, number, Verb.GIVE_BACK)
    assert isinstance(say, Say)
    assert (say.channel, say.author) == ("7", "42")
    assert isinstance(edit, EditCard)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("origin", "verb", "state"),
    [
        (Origin.REMOVED, Verb.RIGHT, CaseState.UPHELD),
        (Origin.REVIEW, Verb.FINE, CaseState.OVERTURNED),
        (Origin.OBSERVED, Verb.WOULD_BE_RIGHT, CaseState.UPHELD),
        (Origin.OBSERVED, Verb.WOULD_BE_WRONG, CaseState.OVERTURNED),
    ],
)
async def test_an_opinion_only_closes_the_card(origin: Origin, verb: Verb, state: CaseState, world: World) -> None:
    number = await world.open(origin)
    [edit] = await press(world, number, verb)
    assert isinstance(edit, EditCard)
    assert edit.drop_picture
    assert (await world.case(number)).state is state
