"""What was decided is done once: after doubts, refusals, outages, restarts and changes of mind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.desk import undertakings
from bot.desk.verbs import Verb
from bot.effects import GIVE_UP, QUICK_TRIES
from bot.model import (
    Action,
    CardRef,
    CaseState,
    Delete,
    Effect,
    EffectKind,
    MakeChannel,
    Outcome,
    OutcomeState,
    Plan,
    PostCard,
    Quarantine,
    Say,
    TimeoutMember,
    Warn,
)
from bot.texts import outcomes
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.model import Evidence, Mode, Policy
from policies.wording import Worded
from tests.bot.street.world import AWAY, DONE, HOME, LATER, MODS, REFUSED, Street, shows

UNKNOWN = Outcome(OutcomeState.UNKNOWN, "the answer was lost")


def only(effects: Sequence[Effect], kind: EffectKind) -> Effect:
    [found] = [e for e in effects if e.kind is kind]
    return found


async def outcome(street: Street, kind: EffectKind, case: int = 1) -> Outcome | None:
    return only((await street.case(case)).effects, kind).outcome


# --- doubts and later tries ------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_deletion_is_tried_again_at_once(street: Street) -> None:
    street.chat.script[Delete] = [LATER, LATER, DONE]
    await street.post(shows("bad"))
    assert street.chat.done == ["Delete", "Delete", "Delete", "Warn", "PostCard"]
    assert street.effects_of("delete") == [("done", 0)]


@pytest.mark.asyncio
async def test_a_pending_deletion_delays_the_notice_but_not_the_card(street: Street) -> None:
    street.chat.script[Delete] = [LATER] * QUICK_TRIES
    await street.post(shows("bad"))
    assert street.chat.done == ["Delete"] * QUICK_TRIES + ["PostCard"]
    assert (street.effects_of("delete"), street.effects_of("warn")) == ([("todo", 1)], [("todo", 1)])
    [card] = street.chat.cards
    assert "Deleting the post: failed, I will try again." in dict(card.card.lines)["What was done"]
    assert await street.sweep() == 2
    assert street.chat.done[-2:] == ["Delete", "Warn"]
    assert await street.store.ledger.unsettled() == ()
    assert await street.sweep() == 0


@pytest.mark.asyncio
async def test_a_platform_that_says_when_is_not_asked_before(street: Street) -> None:
    later = Outcome(OutcomeState.FAILED, "too many at once", retry=True, after=40.0)
    street.chat.script[PostCard] = [later]
    await street.post(shows("bad"))
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert street.clock.slept == []
    assert await street.sweep(39) == 0
    assert await street.sweep(2) == 1
    assert street.effects_of("card") == [("done", 1)]


@pytest.mark.asyncio
async def test_a_card_that_was_held_up_still_shows_its_picture(street: Street) -> None:
    street.chat.script[PostCard] = [Outcome(OutcomeState.FAILED, "too many at once", retry=True, after=40.0)]
    await street.post(shows("bad"))
    await street.sweep(60)
    first, second = street.chat.cards
    assert first.card.picture is not None
    assert second.card.picture == first.card.picture
    assert "restart" not in second.card.footer


@pytest.mark.asyncio
async def test_nobody_is_told_of_a_removal_that_was_refused(street: Street) -> None:
    street.chat.script[Delete] = [REFUSED]
    await street.post(shows("bad"))
    assert street.chat.done == ["Delete", "PostCard"]
    assert await outcome(street, EffectKind.WARN) == Outcome(OutcomeState.REFUSED, "the post was not removed")
    [card] = street.chat.cards
    assert REFUSED.detail in dict(card.card.lines)["What was done"]
    assert card.card.link is not None, "it can still be seen"
    assert await street.sweep() == 0


@pytest.mark.asyncio
async def test_why_not_is_on_record_in_the_guilds_own_language(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    class Loud(Texts):
        def gettext(self, message: str, **parts: object) -> str:
            return super().gettext(message, **parts).upper()

    monkeypatch.setattr("bot.effects.Texts", Loud)
    street.chat.script[Delete] = [Outcome(OutcomeState.REFUSED, Worded("I lack “{right}”", right="Manage Messages"))]
    await street.post(shows("bad"))
    kept = await outcome(street, EffectKind.DELETE)
    assert kept is not None
    assert kept.detail == "I LACK “MANAGE MESSAGES”"
    assert (await outcome(street, EffectKind.WARN)) == Outcome(OutcomeState.REFUSED, "THE POST WAS NOT REMOVED")


@pytest.mark.asyncio
async def test_tries_grow_apart_and_end(street: Street) -> None:
    street.chat.script[Delete] = [LATER] * 1000
    await street.post(shows("bad"))
    tried = [1]
    for _ in range(8 * 120):  # eight hours, a sweep each half minute
        await street.sweep(30)
        [(_, attempts)] = street.effects_of("delete")
        tried.append(attempts)
    assert tried[10] == 5, "often at first"
    assert tried[120] < 9, "and seldom after an hour"
    ended = await outcome(street, EffectKind.DELETE)
    assert ended is not None
    assert not ended.retry
    assert ended.detail.startswith(f"given up after {GIVE_UP} attempts")
    assert len(street.chat.of(Delete)) == GIVE_UP * QUICK_TRIES
    assert street.chat.of(Warn) == []
    assert await street.store.ledger.unsettled() == ()


@pytest.mark.asyncio
async def test_after_an_outage_of_an_hour_everything_is_done_once(street: Street) -> None:
    for kind in (Delete, PostCard):
        street.chat.script[kind] = [LATER] * 1000
    await street.post(shows("bad"))
    for _ in range(120):
        await street.sweep(30)
    street.chat.script.clear()
    for _ in range(60):
        await street.sweep(30)
    assert [kind for kind, _, _ in street.chat.posted] == [Warn, PostCard]
    assert await street.store.ledger.unsettled() == ()


@pytest.mark.asyncio
async def test_a_timeout_that_hierarchy_forbids_is_refused_and_shown(street: Street) -> None:
    street.chat.script[TimeoutMember] = [Outcome(OutcomeState.REFUSED, "they stand above me")]
    await street.post(shows("bad", 1))
    await street.post(shows("bad", 2))
    assert "they stand above me" in dict(street.chat.cards[-1].card.lines)["What was done"]
    assert await street.sweep() == 0


# --- after a restart -------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_was_not_begun_is_done_after_a_restart(street: Street) -> None:
    await street.abandoned(shows("bad"))
    assert street.chat.actions == []
    await street.restart()
    await street.sweep()
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert street.chat.sought == [], "what was never sent need not be looked for"


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [EffectKind.WARN, EffectKind.CARD])
async def test_a_message_of_ours_that_was_perhaps_sent_is_looked_up_and_found(street: Street, kind: EffectKind) -> None:
    effect = only(await street.abandoned(shows("bad")), kind)
    await street.store.ledger.sending([effect])
    street.chat.posted.append((Warn if kind is EffectKind.WARN else PostCard, effect.nonce, "5000"))
    await street.restart()
    await street.sweep()
    assert street.chat.sought == [effect.nonce]
    assert len(street.chat.posted) == 2, "the other one was sent, this one not again"
    assert await outcome(street, kind) == Outcome(OutcomeState.DONE, ref="5000")
    if kind is EffectKind.CARD:
        assert (await street.case()).cards == (CardRef(MODS, "5000", Evidence.MOSAIC),)
        assert street.jobs("forget_evidence") == ["todo"], "it may show the picture, so that has to go in time"
    else:
        assert street.jobs("retract") == ["todo"]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [EffectKind.WARN, EffectKind.CARD])
async def test_a_message_of_ours_that_was_not_sent_is_sent(street: Street, kind: EffectKind) -> None:
    effect = only(await street.abandoned(shows("bad")), kind)
    await street.store.ledger.sending([effect])
    await street.restart()
    await street.sweep()
    assert street.chat.sought == [effect.nonce]
    assert sorted(k.__name__ for k, _, _ in street.chat.posted) == ["PostCard", "Warn"]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", [EffectKind.WARN, EffectKind.CARD])
async def test_where_that_cannot_be_told_it_is_unknown_and_never_sent_twice(street: Street, kind: EffectKind) -> None:
    effect = only(await street.abandoned(shows("bad")), kind)
    await street.store.ledger.sending([effect])
    street.chat.found = UNKNOWN
    await street.restart()
    for _ in range(3):
        await street.sweep()
    assert street.effects_of(kind.value) == [("unknown", 0)]
    assert len(street.chat.posted) == 1
    if kind is EffectKind.WARN:
        assert "I cannot tell whether it worked" in dict(street.chat.cards[0].card.lines)["What was done"]


@pytest.mark.asyncio
async def test_what_cannot_be_told_now_is_looked_up_again(street: Street) -> None:
    effect = only(await street.abandoned(shows("bad")), EffectKind.WARN)
    await street.store.ledger.sending([effect])
    street.chat.found = Outcome(OutcomeState.UNKNOWN, "not connected", retry=True)
    await street.restart()
    await street.sweep()
    assert street.effects_of("warn") == [("sending", 0)]
    street.chat.found = None
    await street.sweep()
    assert street.effects_of("warn") == [("done", 0)]
    assert len(street.chat.of(Warn)) == 1


@pytest.mark.asyncio
async def test_a_card_after_a_restart_says_that_the_picture_was_lost(street: Street) -> None:
    await street.abandoned(shows("bad"))
    await street.restart()
    await street.sweep()
    [card] = street.chat.cards
    assert card.card.picture is None
    assert card.card.footer == "The picture was lost in a restart."
    assert [c.evidence for c in (await street.case()).cards] == [Evidence.NONE]
    assert street.jobs("forget_evidence") == []


@pytest.mark.asyncio
async def test_of_a_post_that_still_stands_no_picture_was_lost(street: Street) -> None:
    await street.abandoned(shows("doubtful"))
    await street.restart()
    await street.sweep()
    [card] = street.chat.cards
    assert card.card.footer == ""
    assert card.card.link is not None


@pytest.mark.asyncio
async def test_what_a_moderator_overturned_meanwhile_is_withdrawn(street: Street) -> None:
    await street.abandoned(shows("bad"))
    await street.restart()
    assert await street.store.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "55")
    await street.sweep()
    assert street.chat.done == ["PostCard"]
    for kind in (EffectKind.DELETE, EffectKind.WARN):
        ended = await outcome(street, kind)
        assert ended is not None
        assert ended.state is OutcomeState.REFUSED


# --- observe ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("restarted", [False, True])
async def test_observe_pretends_whatever_touches_a_post_or_a_person(street: Street, restarted: bool) -> None:
    await street.post(shows("bad", 1))
    street.chat.actions.clear()
    await street.policy(mode=Mode.OBSERVE)
    if restarted:
        await street.abandoned(shows("bad", 2))
        await street.restart()
        await street.sweep()
    else:
        await street.post(shows("bad", 2))
    assert street.chat.done == ["PostCard"]
    for kind in (EffectKind.DELETE, EffectKind.TIMEOUT, EffectKind.WARN):
        simulated = await outcome(street, kind, case=2)
        assert simulated is not None
        assert simulated.state is OutcomeState.SIMULATED
    assert "would have been deleted" in dict(street.chat.cards[0].card.lines)["What was done"]


@pytest.mark.asyncio
async def test_what_a_person_pressed_is_real_in_observe_too(street: Street) -> None:
    await street.policy(mode=Mode.OBSERVE)
    await street.post(shows("bad"))
    body = {"channel": "7", "message": "1", "real": True}
    await street.effects.run(await street.store.ledger.plan(HOME, 1, [Plan(EffectKind.DELETE, body)]))
    assert len(street.chat.of(Delete)) == 1


# --- one effect costs only itself --------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_adapter_that_throws_costs_one_effect_and_only_for_now(street: Street) -> None:
    street.chat.script[Delete] = [RuntimeError("a defect")]
    await street.post(shows("bad"))
    assert street.chat.done == ["Delete", "PostCard"]
    await street.sweep()
    assert street.chat.done == ["Delete", "PostCard", "Delete", "Warn"]


@pytest.mark.asyncio
async def test_a_notice_whose_sending_threw_is_looked_up_first(street: Street) -> None:
    street.chat.script[Warn] = [RuntimeError("a defect")]
    await street.post(shows("bad"))
    assert street.effects_of("warn") == [("sending", 0)]
    await street.sweep()
    assert len(street.chat.sought) == 1
    assert street.effects_of("warn") == [("done", 0)]


@pytest.mark.asyncio
async def test_what_can_never_be_done_ends_and_holds_up_nothing(street: Street) -> None:
    body = {"channel": MODS, "text": "hello"}
    await street.store.ledger.plan(HOME, None, [Plan(EffectKind.CARD, body), Plan(EffectKind.SAY, body)])
    await street.sweep()
    assert len(street.chat.of(Say)) == 1
    assert await street.store.ledger.unsettled() == ()
    ended = street.rows("SELECT json_extract(outcome, '$.state') FROM effects WHERE kind = 'card'")
    assert ended == [("failed",)]


# --- the sweep and those at work ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_sweep_leaves_alone_what_is_in_hand(street: Street) -> None:
    street.chat.gate = asyncio.Event()
    posting = asyncio.create_task(street.post(shows("bad")))
    while not street.chat.actions:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert await street.sweep() == 0
    street.chat.gate.set()
    await posting
    assert street.chat.done == ["Delete", "Warn", "PostCard"]


@pytest.mark.asyncio
async def test_the_sweep_leaves_alone_what_was_concluded_just_now(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep may see the rows before whoever concluded them has woken up."""
    fresh = await street.abandoned(shows("bad"))
    street.chat.gate = asyncio.Event()
    ledger = street.store.ledger
    running: list[asyncio.Task[object]] = []
    look = ledger.unsettled

    async def unsettled() -> tuple[Effect, ...]:
        seen = await look()
        if not running:
            running.append(asyncio.create_task(street.effects.run(fresh, observed=False)))
        return seen

    monkeypatch.setattr(ledger, "unsettled", unsettled)
    assert await street.sweep() == 0
    street.chat.gate.set()
    await running[0]
    assert street.chat.done == ["Delete", "Warn", "PostCard"]


@pytest.mark.asyncio
async def test_a_guild_that_is_answered_late_holds_up_no_other(street: Street) -> None:
    """Its own things go on in their order."""
    for tenant in (HOME, AWAY):
        await street.policy(tenant)
        street.chat.script[Delete] = [LATER] * QUICK_TRIES
        await street.post(shows("bad"), tenant=tenant)
        await street.post(shows("doubtful", 2), tenant=tenant)
    answers = asyncio.Event()
    perform = street.chat.perform

    async def late(action: Action) -> Outcome:
        if action.tenant == HOME:
            await answers.wait()
        return await perform(action)

    street.chat.perform = late  # type: ignore[method-assign]
    street.chat.actions.clear()
    sweeping = asyncio.create_task(street.sweep())
    waiting = (
        "SELECT count(*) FROM effects JOIN tenants ON tenants.id = effects.tenant WHERE state = 'todo' AND name = ?"
    )
    async with asyncio.timeout(10):
        while street.rows(waiting, str(AWAY)) != [(0,)]:  # noqa: ASYNC110 - a row of another connection
            await asyncio.sleep(0.01)
    assert street.rows(waiting, str(HOME)) == [(2,)]
    answers.set()
    assert await sweeping == 4
    assert [type(a).__name__ for a in street.chat.actions if a.tenant == HOME] == ["Delete", "Warn"]


# --- one person, one thing after the other -----------------------------------------------------------


async def closed(street: Street, state: CaseState, *plans: Plan) -> tuple[Effect, ...]:
    """Case 1 was decided, with what follows from it."""
    case = await street.store.ledger.decide_case(HOME, 1, state, "mod", plans=plans)
    assert case is not None
    return case.effects[len(case.effects) - len(plans) :]


async def begun(street: Street) -> None:
    """Until the platform is asked for something; it answers once the gate is open."""
    asked = asyncio.Event()
    street.chat.witness = lambda action: asked.set()
    await asked.wait()


@pytest.mark.asyncio
@pytest.mark.parametrize("first", ["ban", "lifting"])
async def test_a_ban_on_its_way_and_its_lifting_never_pass_each_other(street: Street, first: str) -> None:
    """Lifted before the ban arrived, nobody would ever lift it."""
    await street.policy(mode=Mode.ENFORCE)
    await street.post(shows("doubtful"))
    [ban] = await street.store.ledger.plan(HOME, 1, [Plan(EffectKind.BAN, {"author": "42", "delete_seconds": 0})])
    street.chat.actions.clear()
    street.chat.gate = asyncio.Event()
    banning = asyncio.create_task(street.effects.run([ban])) if first == "ban" else None
    if banning is not None:
        await begun(street)
    [unban] = await closed(street, CaseState.OVERTURNED, Plan(EffectKind.UNBAN, {"author": "42", "real": True}))
    lifting = asyncio.create_task(street.effects.run([unban]))
    if banning is None:
        await begun(street)
        banning = asyncio.create_task(street.effects.run([ban]))
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(street.chat.actions) == 1, "the other waits"
    street.chat.gate.set()
    [banned], [lifted] = await banning, await lifting
    assert lifted == DONE
    if first == "ban":
        assert street.chat.done == ["RemoveMember", "Unban"]
    else:
        assert street.chat.done == ["Unban"]
        assert (banned.state, banned.retry) == (OutcomeState.REFUSED, False)


@pytest.mark.asyncio
async def test_a_quarantine_that_is_tried_again_says_so(street: Street) -> None:
    await street.post(shows("doubtful"))
    body = {"author": "42", "role": "5", "on": True}
    [effect] = await street.store.ledger.plan(HOME, 1, [Plan(EffectKind.QUARANTINE, body)])
    street.chat.script[Quarantine] = [LATER] * QUICK_TRIES
    await street.effects.run([effect])
    await street.sweep()
    assert [a.again for a in street.chat.of(Quarantine)] == [False, True, True, True]


@pytest.mark.asyncio
async def test_a_quarantine_of_which_nobody_knows_is_lifted_and_said(street: Street) -> None:
    """It was wanted for this case, so it is most likely ours; whoever reads the card is told of the doubt."""
    await street.post(shows("doubtful"))
    body = {"author": "42", "role": "5", "on": True}
    [effect] = await street.store.ledger.plan(HOME, 1, [Plan(EffectKind.QUARANTINE, body)])
    street.chat.script[Quarantine] = [Outcome(OutcomeState.UNKNOWN, "look there")]
    await street.effects.run([effect])
    case = await street.case()
    [lifting, *_] = undertakings.first(case, Verb.FINE, Policy(preset="standard"), Texts("en"), street.clock.now())
    assert (lifting.kind, lifting.body["on"], lifting.body["role"]) == (EffectKind.QUARANTINE, False, "5")
    told = outcomes.of_effect(only(case.effects, EffectKind.QUARANTINE), Voice.to(HOME, Texts("en")))
    assert "I cannot tell whether it worked." in told
    assert "look there" in told


# --- what somebody waits for -------------------------------------------------------------------------


async def asked_for_a_channel(street: Street) -> Effect:
    body = {"name": "mods", "author": "42", "roles": [], "key": "k1"}
    [effect] = await street.store.ledger.plan(HOME, None, [Plan(EffectKind.MAKE_CHANNEL, body)])
    return effect


@pytest.mark.asyncio
async def test_a_channel_that_could_not_be_made_is_not_made_later(street: Street) -> None:
    """By then whoever asked has chosen another, and nobody would know of it."""
    effect = await asked_for_a_channel(street)
    street.chat.script[MakeChannel] = [LATER] * 100
    [ended] = await street.effects.run([effect])
    assert (ended.state, ended.retry) == (OutcomeState.FAILED, False)
    assert len(street.chat.of(MakeChannel)) == QUICK_TRIES
    assert await street.sweep() == 0
    assert len(street.chat.of(MakeChannel)) == QUICK_TRIES


@pytest.mark.asyncio
@pytest.mark.parametrize("sent", [False, True])
async def test_a_channel_that_was_asked_for_before_a_restart_is_not_made_after_it(street: Street, sent: bool) -> None:
    effect = await asked_for_a_channel(street)
    if sent:
        await street.store.ledger.sending([effect])
    await street.restart()
    assert await street.sweep() == 1
    assert street.chat.of(MakeChannel) == []
    assert await street.store.ledger.unsettled() == ()
