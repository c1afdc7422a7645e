"""Modes, thresholds, setup and the policy read out: what is typed is understood or objected to with the cure."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.modes import PAUSED_FROM, mode_before_pause
from bot.desk.objections import Objection, limit
from bot.model import Answer, Finding, Presser
from bot.texts import coverage, readout
from bot.texts.catalogue import Texts
from bot.texts.lines import length
from bot.texts.markup import Voice
from bot.texts.refusals import not_a_tuner
from policies.cautious import cautious
from policies.model import (
    NEVER,
    Category,
    ChannelRule,
    Context,
    Duty,
    Exemptions,
    Mode,
    Policy,
    Remedy,
    Threshold,
    UnscreenedReason,
    frozen,
)
from policies.presets import PRESETS, preset
from tests.bot.cases import GUILD, START
from tests.bot.desk.world import AUTHOR, COVERAGE, ELSEWHERE, MANAGER, MODERATOR, ROLE, World

EXPLICIT = Category.SEXUAL_EXPLICIT


async def threshold(
    world: World, review: str | None = None, remove: str | None = None, category: str = EXPLICIT
) -> str:
    return (await world.desk.set_threshold(GUILD, MANAGER, category, review, remove)).text


async def changes(world: World) -> int:
    return len(await world.store.settings.versions(GUILD))


# --- rights --------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("presser", [MODERATOR, ROLE, AUTHOR], ids=["moderator", "role", "member"])
async def test_only_who_manages_the_guild_changes_it(presser: Presser, world: World) -> None:
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    desk, before = world.desk, await changes(world)
    told = [
        await desk.set_mode(GUILD, presser, "enforce"),
        await desk.set_threshold(GUILD, presser, EXPLICIT, "0.1", None),
        await desk.pause(GUILD, presser, resume=False),
        await desk.pause(GUILD, presser, resume=True),
    ]
    assert {a.text for a in told} == {not_a_tuner(Texts())}
    told = [await desk.setup(GUILD, presser, preset="family", mod_channel="9", mode="enforce", findings=[])]
    assert {a.text for a in told} == {"Only someone who may manage this server can change its settings."}
    assert not any(a.done for a in told)
    assert await changes(world) == before


@pytest.mark.asyncio
async def test_moderators_may_read_and_members_may_not(world: World) -> None:
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    for presser in (MANAGER, MODERATOR, ROLE):
        assert "Preset: standard" in (await world.desk.show_policy(GUILD, presser)).text
    assert "Only moderators" in (await world.desk.show_policy(GUILD, AUTHOR)).text


# --- thresholds ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_threshold_is_saved_and_told_beside_the_old(world: World) -> None:
    text = await threshold(world, "0,4", "0.9")
    assert text == (
        "From now on explicit sexual content: a look from 0.4, removal from 0.9. "
        "Before: a look from 0.5, removal from 0.85.\n"
        "Other limits hold, unchanged by this, for:\n"
        "• age-restricted channels: never shown, never removed"
    )
    policy = await world.policy()
    assert policy.thresholds[EXPLICIT] == Threshold(0.4, 0.9)
    [(_, _, by, why)] = await world.store.settings.versions(GUILD)
    assert (by, why) == (MANAGER.id, "threshold sexual_explicit")


@pytest.mark.asyncio
async def test_what_is_not_given_stays(world: World) -> None:
    await threshold(world, remove="0.95")
    assert (await world.policy()).thresholds[EXPLICIT] == Threshold(0.5, 0.95)
    await threshold(world, review="never")
    assert (await world.policy()).thresholds[EXPLICIT] == Threshold(None, 0.95)
    await threshold(world, remove="Never")
    assert (await world.policy()).thresholds[EXPLICIT] == NEVER


@pytest.mark.asyncio
async def test_one_guilds_threshold_is_not_anothers(world: World) -> None:
    await threshold(world, "0.1")
    policy, version = await world.store.settings.policy(ELSEWHERE)
    assert policy.thresholds[EXPLICIT] == preset("standard").thresholds[EXPLICIT]
    assert version == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("review", "remove", "said"),
    [
        (None, None, "Give review, remove or both"),
        ("85", None, "for 85 percent write 0.85"),
        ("85%", None, "for 85 percent write 0.85"),
        ("1.5", None, "for 1.5 percent write 0.015"),
        ("-0.1", None, "must be a number from 0 to 1"),
        ("nan", None, "must be a number from 0 to 1"),
        ("inf", None, "must be a number from 0 to 1"),
        ("1e999", None, "must be a number from 0 to 1"),
        ("", None, "must be a number from 0 to 1"),
        ("high", None, "or the word never"),
        (None, "@everyone", "remove must be a number"),
        ("0.9", None, "review (0.9) must not be above remove (0.85). Lower review or raise remove."),
        ("0.7", "0.6", "review (0.7) must not be above remove (0.6)"),
    ],
)
async def test_what_cannot_be_a_threshold_is_objected_to(
    review: str | None, remove: str | None, said: str, world: World
) -> None:
    assert said in await threshold(world, review, remove)
    assert await changes(world) == 0


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_limit_or_an_objection(typed: str) -> None:
    value: float | None = None
    with suppress(Objection):
        value = limit(typed, Texts(), what="review")
    assert value is None or 0 <= value <= 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("typed", "near"), [("sexual_explict", "sexual_explicit"), ("violense", "violence"), ("Hat", "hate")]
)
async def test_a_mistyped_category_is_guessed(typed: str, near: str, world: World) -> None:
    text = await threshold(world, "0.5", category=typed)
    assert f"Did you mean {near}?" in text
    assert "There are: sexual_explicit, " in text


@pytest.mark.asyncio
async def test_a_category_is_understood_as_people_write_it(world: World) -> None:
    assert "From now on self-harm" in await threshold(world, "0.5", category=" Self-Harm ")


@pytest.mark.asyncio
async def test_a_threshold_that_nothing_can_reach_says_so(world: World) -> None:
    assert "No provider here looks for hate" in await threshold(world, "0.5", category="hate")
    assert "No provider" not in await threshold(world, "0.4")


@pytest.mark.asyncio
async def test_where_a_change_changes_nothing_is_said(world: World) -> None:
    own, general = Threshold(0.3, 0.7), preset("standard").thresholds[Category.ADVERTISING]
    await world.policy(
        drawn=frozen({Category.ADVERTISING: own}),
        contexts=frozen({Context.COMMENT: frozen({Category.ADVERTISING: own, Category.HATE: own})}),
        channels=frozen(
            {
                "5": ChannelRule(frozen({Category.ADVERTISING: NEVER})),
                "6": ChannelRule(frozen({Category.ADVERTISING: general})),
                "7": ChannelRule(exempt=True),
            }
        ),
    )
    text = await threshold(world, "0.7", "never", category="advertising")
    assert text.split("\n")[1:] == [
        "Other limits hold, unchanged by this, for:",
        "• drawings: a look from 0.3, removal from 0.7",
        "• comment: a look from 0.3, removal from 0.7",
        "• <#5>: never shown, never removed",
    ]
    assert "Other limits" not in await threshold(world, "0.7", category="other")


@pytest.mark.asyncio
async def test_the_same_again_makes_no_version(world: World) -> None:
    answer = await world.desk.set_threshold(GUILD, MANAGER, EXPLICIT, "0.5", "0.85")
    assert answer.text.startswith("Nothing to change.")
    assert not answer.done
    assert await changes(world) == 0


@pytest.mark.asyncio
async def test_of_two_admins_at_once_neither_loses_their_change(world: World) -> None:
    await asyncio.gather(*(threshold(world, "0.31", category=c) for c in Category))
    assert {t.review for t in (await world.policy()).thresholds.values()} == {0.31}


# --- modes -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_mode_is_set_and_told(world: World) -> None:
    answer = await world.desk.set_mode(GUILD, MANAGER, " Enforce")
    assert answer.text.startswith("From now on: enforce (I act on what I find).")
    assert "run /setup" in answer.text, "nobody would see a card"
    assert answer.done
    assert (await world.policy()).mode is Mode.ENFORCE
    assert not (await world.desk.set_mode(GUILD, MANAGER, "enforce")).done


@pytest.mark.asyncio
async def test_a_mistyped_mode_is_guessed(world: World) -> None:
    assert "Did you mean observe?" in (await world.desk.set_mode(GUILD, MANAGER, "obsrve")).text


@pytest.mark.asyncio
@pytest.mark.parametrize("before", [Mode.ENFORCE, Mode.OBSERVE])
@pytest.mark.parametrize("by_mode", [True, False], ids=["mode", "pause"])
async def test_a_pause_ends_where_it_began(before: Mode, by_mode: bool, world: World) -> None:
    await world.policy(mode=before, mod_channel="9")
    pausing = (
        world.desk.set_mode(GUILD, MANAGER, "paused") if by_mode else world.desk.pause(GUILD, MANAGER, resume=False)
    )
    assert "paused (I look at nothing)" in (await pausing).text
    assert (await world.policy()).mode is Mode.PAUSED
    await threshold(world, "0.3")
    answer = await world.desk.pause(GUILD, MANAGER, resume=True)
    policy = await world.policy()
    assert policy.mode is before
    assert policy.thresholds[EXPLICIT].review == 0.3, "what was tuned meanwhile is kept"
    assert answer.done
    assert "do not know" not in answer.text


@pytest.mark.asyncio
async def test_pausing_twice_still_remembers(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE)
    await world.desk.pause(GUILD, MANAGER, resume=False)
    again = await world.desk.pause(GUILD, MANAGER, resume=False)
    assert again.text.startswith("Nothing to change")
    await world.desk.pause(GUILD, MANAGER, resume=True)
    assert (await world.policy()).mode is Mode.ENFORCE


@pytest.mark.asyncio
async def test_a_pause_from_a_file_ends_in_watching(world: World) -> None:
    await world.policy(mode=Mode.PAUSED)
    answer = await world.desk.pause(GUILD, MANAGER, resume=True)
    assert (await world.policy()).mode is Mode.OBSERVE
    assert "/policy mode enforce" in answer.text


@pytest.mark.asyncio
async def test_what_runs_cannot_be_resumed(world: World) -> None:
    answer = await world.desk.pause(GUILD, MANAGER, resume=True)
    assert answer == Answer("I am not paused. The mode is: observe (I only show what I would do).")
    assert await changes(world) == 0


@pytest.mark.parametrize(
    ("whys", "mode"),
    [
        ([f"{PAUSED_FROM}enforce"], Mode.ENFORCE),
        (["threshold hate", f"{PAUSED_FROM}observe", "mode enforce"], Mode.OBSERVE),
        (["policy apply", f"{PAUSED_FROM}enforce"], None),
        (["resume", f"{PAUSED_FROM}enforce"], None),
        (["setup", f"{PAUSED_FROM}enforce"], None),
        ([f"{PAUSED_FROM}paused"], None),
        ([f"{PAUSED_FROM}nonsense"], None),
        ([], None),
    ],
)
def test_only_a_pause_that_is_still_the_last_word_counts(whys: list[str], mode: Mode | None) -> None:
    assert mode_before_pause(whys) is mode


# --- setup -----------------------------------------------------------------------------------------


async def set_up(world: World, chosen: str = "strict", mode: str = "enforce", channel: str = "9") -> Answer:
    findings = [Finding("read messages", ok=True), Finding("Manage Messages", ok=False, cure="give me the right")]
    return await world.desk.setup(GUILD, MANAGER, preset=chosen, mod_channel=channel, mode=mode, findings=findings)


@pytest.mark.asyncio
@pytest.mark.parametrize("chosen", PRESETS)
async def test_setup_saves_the_preset_and_says_what_is_missing(chosen: str, world: World) -> None:
    answer = await set_up(world, chosen)
    assert answer.done
    assert await world.policy() == replace(cautious(preset(chosen)), mode=Mode.ENFORCE, mod_channel="9")
    assert ("I remove nothing below 0.85" in answer.text) == (chosen in {"strict", "family"})
    assert "Cards go to <#9>." in answer.text
    assert "✗ Manage Messages: give me the right" in answer.text
    assert "read messages" not in answer.text


SIGHT = (
    "What I can find here: explicit sexual content; suggestive sexual content; advertising or scam.",
    "Nobody here looks for: graphic violence; violence; extremism; hate; self-harm; offensive text; other.",
)


@pytest.mark.asyncio
@pytest.mark.parametrize("findings", [[], [Finding("Manage Messages", ok=False, cure="give me the right")]])
async def test_setup_says_what_nobody_looks_for(findings: list[Finding], world: World) -> None:
    answer = await world.desk.setup(
        GUILD, MANAGER, preset="standard", mod_channel="9", mode="enforce", findings=findings
    )
    assert set(SIGHT) < set(answer.text.split("\n"))
    assert set(SIGHT) < set((await world.desk.show_policy(GUILD, MANAGER)).text.split("\n"))


@pytest.mark.parametrize("chosen", PRESETS)
def test_no_preset_promises_what_only_some_provider_may_see(chosen: str) -> None:
    words_of_categories = ("explicit", "gor", "extremis", "hate", "violen", "self-harm", "every category", "advert")
    assert not [word for word in words_of_categories if word in PRESETS[chosen].lower()]


def test_where_all_or_nothing_is_looked_for() -> None:
    [said] = coverage.lines({"all": frozenset(Category)}, Texts())
    assert said.startswith("What I can find here: explicit sexual content; ")
    assert coverage.lines({}, Texts()) == ["No provider is set up here, so nothing can be found."]


@pytest.mark.asyncio
async def test_another_preset_says_that_what_was_tuned_is_gone(world: World) -> None:
    await threshold(world, "0.2")
    assert "What you had changed in the preset standard no longer holds." in (await set_up(world)).text
    assert "no longer holds" not in (await set_up(world, "art")).text


@pytest.mark.asyncio
async def test_setup_with_nothing_missing_says_how_to_try_it(world: World) -> None:
    answer = await world.desk.setup(GUILD, MANAGER, preset="art", mod_channel="9", mode="observe", findings=[])
    assert "post a test card" in answer.text
    assert "observe (I only show what I would do)" in answer.text


@pytest.mark.asyncio
async def test_the_same_preset_again_keeps_what_was_tuned(world: World) -> None:
    await set_up(world)
    await threshold(world, "0.2")
    answer = await set_up(world, mode="observe", channel="10")
    policy = await world.policy()
    assert policy.thresholds[EXPLICIT].review == 0.2
    assert (policy.mode, policy.mod_channel) == (Mode.OBSERVE, "10")
    assert "is kept" in answer.text


@pytest.mark.asyncio
async def test_another_preset_keeps_what_is_the_guilds_own(world: World) -> None:
    own = {
        "channels": frozen({"5": ChannelRule(exempt=True)}),
        "exempt": Exemptions(roles=frozenset({"3"})),
        "staff": frozen({Duty.DECIDE: frozenset({"900"})}),
        "language": "de",
    }
    await world.policy(**own)
    await threshold(world, "0.2")
    await set_up(world)
    policy = await world.policy()
    assert policy.thresholds == cautious(preset("strict")).thresholds
    assert {name: getattr(policy, name) for name in own} == own


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("chosen", "mode", "channel", "said"),
    [
        ("standart", "enforce", "9", "Did you mean standard?"),
        ("strict", "paused", "9", "There are: enforce, observe."),
        ("strict", "enforce", " ", "Choose the channel"),
    ],
)
async def test_a_setup_that_cannot_be_is_objected_to(
    chosen: str, mode: str, channel: str, said: str, world: World
) -> None:
    answer = await set_up(world, chosen, mode, channel)
    assert said in answer.text
    assert not answer.done
    assert await changes(world) == 0


# --- the whole policy ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_policy_is_read_out_with_what_differs(world: World) -> None:
    fresh = (await world.desk.show_policy(GUILD, MANAGER)).text
    assert "Nothing was changed yet." in fresh
    assert "Cards go nowhere yet: run /setup." in fresh
    assert "(preset:" not in fresh
    await threshold(world, "0.4")
    text = (await world.desk.show_policy(GUILD, MANAGER)).text
    changed = (
        "• explicit sexual content: a look from 0.4, removal from 0.85 (preset: a look from 0.5, removal from 0.85)"
    )
    assert changed in text.split("\n")
    assert text.count("(preset:") == 1
    assert f"Version 1, by <@{MANAGER.id}>" in text
    assert "at 2, time the author out for 10 minutes" in text
    assert "at 6, ask the moderators whether to ban the author" in text, "it is no promise to ban"
    await world.policy(ladder=replace((await world.policy()).ladder, automatic_removal=True))
    assert "at 6, ban the author" in (await world.desk.show_policy(GUILD, MANAGER)).text
    assert "Not judged (it cannot be opened as an image): show it to the moderators." in text


@pytest.mark.asyncio
async def test_the_policy_is_read_out_in_sections_without_what_nobody_looks_for(world: World) -> None:
    fresh = (await world.desk.show_policy(GUILD, MANAGER)).text
    assert [line for line in fresh.split("\n") if line.startswith("**")] == [
        "**What I look for**",
        "**What I do**",
        "**Where it differs**",
    ], "a section with nothing to say is left out"
    assert "• explicit sexual content: a look from 0.5" in fresh
    assert "• hate" not in fresh, "a limit that nothing can reach only makes it longer"
    await world.desk.set_threshold(GUILD, MANAGER, "hate", "0.4", None)
    text = (await world.desk.show_policy(GUILD, MANAGER)).text
    assert "• hate: a look from 0.4" in text, "but what the guild has set itself is told"


@pytest.mark.parametrize("chosen", PRESETS)
def test_every_preset_fits_onto_one_page_whole(chosen: str) -> None:
    changed = (START, "123456789012345678")
    text = readout.read_out(_busy(preset(chosen)), 123, changed, COVERAGE, Voice.to(GUILD, Texts()))
    assert length(text) <= 3900
    assert "more line" not in text, "a preset with every override should still be told whole"


def _busy(policy: Policy) -> Policy:
    return replace(
        policy,
        mod_channel="123456789012345678",
        drawn=frozen(dict.fromkeys(Category, NEVER)),
        age_restricted=frozen(dict.fromkeys(Category, NEVER)),
        channels=frozen({str(n): ChannelRule() for n in range(200)}),
        exempt=Exemptions(roles=frozenset({"1", "2"})),
        unscreened=frozen(dict.fromkeys(UnscreenedReason, Remedy.HOLD)),
    )
