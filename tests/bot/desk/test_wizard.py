"""The first hour, page by page: nothing holds before the end, nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk import steps
from bot.desk.draft import Draft
from bot.model import (
    Answer,
    Button,
    Choose,
    EffectKind,
    Finding,
    JobKind,
    Outcome,
    OutcomeState,
    Page,
    Pick,
    Presser,
    Watched,
)
from bot.texts.catalogue import Texts
from bot.texts.firstdays import REMINDER, WELCOME, reminder
from bot.texts.lines import length
from bot.texts.markup import Voice
from policies.cautious import cautious
from policies.model import Category, ChannelRule, Duty, Exemptions, Mode, Policy, frozen
from policies.presets import PRESETS, preset
from tests.bot.cases import GUILD
from tests.bot.desk.world import AUTHOR, COVERAGE, ELSEWHERE, MANAGER, MODERATOR, World

OTHER = Presser("67", "Bea", rights=frozenset({"manage"}))
TUNER = Presser("68", "Tom", roles=frozenset({"901"}))
LACKING = Finding("Manage Messages", ok=False, cure="Without it: posts stay up.")
DAY = 24 * 3600


class Sitting:
    """One person in front of the wizard; what they were last shown."""

    def __init__(self, world: World, presser: Presser = MANAGER, findings: Sequence[Finding] = ()) -> None:
        self.world = world
        self.presser = presser
        self.findings = findings
        self.surveyed: list[Policy] = []
        self.answer = Answer("")

    def survey(self, policy: Policy) -> Sequence[Finding]:
        self.surveyed.append(policy)
        return self.findings

    @property
    def page(self) -> Page:
        assert self.answer.page is not None, self.answer.text
        return self.answer.page

    @property
    def buttons(self) -> list[str]:
        return [c.verb for c in self.page.controls if isinstance(c, Button)]

    async def open(self, **given: str) -> Page:
        self.answer = await self.world.desk.wizard.open(GUILD, self.presser, survey=self.survey, **given)
        return self.page

    async def press(self, control: str, *values: str, page: str = "") -> Answer:
        wizard = self.world.desk.wizard
        name = page or self.page.name
        self.answer = await wizard.turn(GUILD, self.presser, name, control, values, survey=self.survey)
        return self.answer

    async def walk(self, to: str) -> Page:
        """Press *next* until there."""
        while self.page.name != to:
            at = self.page.name
            await self.press("next")
            assert self.page.name != at, f"stuck on {at}"
        return self.page


async def begun(world: World, presser: Presser = MANAGER, findings: Sequence[Finding] = ()) -> Sitting:
    sitting = Sitting(world, presser, findings)
    await sitting.open()
    return sitting


async def versions(world: World) -> int:
    return len(await world.store.settings.versions(GUILD))


async def reminders(world: World) -> list[object]:
    await world.clock.advance(72 * 3600)
    return [job.payload for job in await world.store.journal.take(10) if job.kind is JobKind.REMIND]


# --- the way ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(("press", "mode"), [("protect", Mode.ENFORCE), ("watch", Mode.OBSERVE)])
async def test_the_whole_way_to_both_ends(press: str, mode: Mode, world: World) -> None:
    sitting = await begun(world)
    await sitting.press("preset", "family")
    await sitting.walk(steps.STAFF)
    await sitting.press("decide", "900", "901")
    await sitting.press("tune", "902")
    await sitting.walk(steps.CHANNEL)
    await sitting.press("channel", "9")
    await sitting.walk(steps.EXEMPT)
    await sitting.press("suggested")
    await sitting.walk(steps.FINISH)
    assert await versions(world) == 0, "nothing is saved before the end"
    await sitting.press(press)
    assert sitting.answer.done
    assert sitting.page.name == steps.DONE
    chosen = replace(
        preset("family"),
        mode=mode,
        mod_channel="9",
        staff=frozen({Duty.DECIDE: frozenset({"900", "901"}), Duty.TUNE: frozenset({"902"})}),
        exempt=Exemptions(roles=frozenset({"900", "901"})),
    )
    assert await world.policy() == (cautious(chosen) if mode is Mode.ENFORCE else chosen)
    [(version, _, by, why)] = await world.store.settings.versions(GUILD)
    assert (version, by, why) == (1, MANAGER.id, "setup")
    told = [{"policy_version": 1, "channel": None}] if mode is Mode.OBSERVE else []
    assert await reminders(world) == told


@pytest.mark.asyncio
async def test_every_page_can_be_gone_back_from(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    assert "back" not in sitting.buttons
    seen = [sitting.page.name]
    while sitting.page.name != steps.FINISH:
        await sitting.press("next")
        seen.append(sitting.page.name)
    assert tuple(seen) == steps.ORDER
    assert "next" not in sitting.buttons
    back = [sitting.page.name]
    while sitting.page.name != steps.PRESET:
        await sitting.press("back")
        back.append(sitting.page.name)
    assert back == seen[::-1]


@pytest.mark.asyncio
async def test_nobody_gets_on_without_a_channel(world: World) -> None:
    sitting = await begun(world)
    await sitting.walk(steps.CHANNEL)
    await sitting.press("next")
    assert sitting.page.name == steps.CHANNEL
    assert sitting.page.text.startswith("**Choose a channel first**")
    for end in ("protect", "watch"):
        await sitting.press(end, page=steps.FINISH)
        assert sitting.page.name == steps.CHANNEL, "an old last page does not finish it either"
    assert await versions(world) == 0


@pytest.mark.asyncio
async def test_the_choice_of_a_preset_says_what_it_does_and_what_nobody_looks_for(world: World) -> None:
    sitting = await begun(world)
    [choose] = [c for c in sitting.page.controls if isinstance(c, Choose)]
    assert [o.value for o in choose.options] == list(PRESETS)
    assert [o.value for o in choose.options if o.chosen] == ["standard"]
    text = sitting.page.text
    assert "Removed when sure, shown to moderators when in doubt: explicit sexual content." in text
    assert "Only shown to moderators, never removed by me: suggestive sexual content; advertising or scam." in text
    assert "Nobody here looks for: graphic violence" in text
    await sitting.press("preset", "strict")
    assert "**strict**" in sitting.page.text
    assert "never removed by me" not in sitting.page.text


@pytest.mark.asyncio
async def test_what_no_page_offers_changes_nothing(world: World) -> None:
    sitting = await begun(world)
    before = sitting.page
    for control, values, page in (
        ("preset", ["nonsense"], steps.PRESET),
        ("preset", [], steps.PRESET),
        ("manage", ["900"], steps.STAFF),
        ("frobnicate", [], steps.PRESET),
        ("preset", ["family"], "nowhere"),
    ):
        await sitting.press(control, *values, page=page)
    await sitting.press("frobnicate", page=steps.PRESET)
    assert sitting.page == before


@pytest.mark.asyncio
async def test_with_one_provider_there_is_nothing_to_choose(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    page = await sitting.walk(steps.PROVIDERS)
    assert not [c for c in page.controls if isinstance(c, Choose)]
    assert "it costs nothing, and no picture leaves it" in page.text
    assert "There is nothing to choose here" in page.text


def test_with_several_providers_there_is_a_choice() -> None:
    voice, some = Voice.to(GUILD, Texts()), {**COVERAGE, "vendor": frozenset({Category.HATE})}
    policy = replace(preset("standard"), providers=("local",))
    page = steps.page(steps.PROVIDERS, policy, (), some, voice)
    [choose] = [c for c in page.controls if isinstance(c, Choose)]
    assert [(o.value, o.chosen) for o in choose.options] == [("local", True), ("vendor", False)]
    assert "• vendor: hate. A paid service: pictures are sent to it." in page.text
    everybody = steps.page(steps.PROVIDERS, preset("standard"), (), some, voice)
    [choose] = [c for c in everybody.controls if isinstance(c, Choose)]
    assert all(o.chosen for o in choose.options), "none named are all of them"


@pytest.mark.asyncio
async def test_all_providers_are_all_that_there_will_be(world: World) -> None:
    await world.policy(mod_channel="9", providers=("gone",))
    sitting = await begun(world)
    await sitting.press("providers", "local", page=steps.PROVIDERS)
    await sitting.press("watch", page=steps.FINISH)
    assert (await world.policy()).providers == ()


# --- the check -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_check_is_of_what_would_hold_and_can_be_repeated(world: World) -> None:
    sitting = await begun(world, findings=[LACKING, Finding("Send Messages", ok=True)])
    await sitting.walk(steps.CHANNEL)
    await sitting.press("channel", "9")
    page = await sitting.walk(steps.CHECK)
    assert "1 thing is missing." in page.text
    assert "✗ Manage Messages: Without it: posts stay up." in page.text
    assert sitting.surveyed[-1].mod_channel == "9"
    sitting.findings = [Finding("Manage Messages", ok=True)]
    await sitting.press("again")
    assert "I have every right that I need here." in sitting.page.text


@pytest.mark.asyncio
async def test_the_end_says_what_is_still_missing_and_how_carefully_it_begins(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world, findings=[LACKING])
    await sitting.press("preset", "strict")
    page = await sitting.walk(steps.FINISH)
    assert "1 thing is still missing" in page.text
    assert "To begin with I remove nothing below 0.85" in page.text
    await sitting.press("protect")
    assert "✗ Manage Messages" in sitting.page.text
    assert "I remove nothing below 0.85" in sitting.page.text
    assert sitting.buttons == ["own"]
    await sitting.press("own")
    policy = await world.policy()
    assert policy.thresholds == preset("strict").thresholds
    assert policy.newcomers == preset("strict").newcomers
    assert sitting.buttons == []
    assert not (await sitting.press("own")).done, "twice is once"


@pytest.mark.asyncio
async def test_a_preset_that_is_careful_already_says_nothing_of_it(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    page = await sitting.walk(steps.FINISH)
    assert "To begin with" not in page.text
    await sitting.press("protect")
    assert sitting.buttons == []


# --- who -------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("presser", [MODERATOR, TUNER, AUTHOR], ids=["moderator", "tuner", "member"])
async def test_only_who_manages_the_guild_may(presser: Presser, world: World) -> None:
    before = await world.policy(staff=frozen({Duty.TUNE: frozenset({"901"})}), mod_channel="9")
    sitting = Sitting(world, presser)
    for page, control in (
        *((page, "next") for page in steps.ORDER),
        (steps.FINISH, "protect"),
        (steps.CHANNEL, "make"),
        (steps.DONE, "own"),
        (WELCOME, "setup"),
        (REMINDER, "protect"),
        (REMINDER, "keep"),
    ):
        answer = await sitting.press(control, page=page)
        assert answer.text == "Only someone who may manage this server can change its settings."
        assert answer.page is None
    assert await world.policy() == before
    assert world.hands.performed == []


@pytest.mark.asyncio
async def test_two_admins_have_a_draft_each_and_neither_loses_the_others_save(world: World) -> None:
    await world.policy(mod_channel="9")
    ada, bea = await begun(world), await begun(world, OTHER)
    await ada.press("preset", "strict")
    assert "So far: preset standard" in (await bea.open()).text
    await bea.press("decide", "900", page=steps.STAFF)
    await bea.press("watch", page=steps.FINISH)
    await ada.press("watch", page=steps.FINISH)
    policy = await world.policy()
    assert policy.preset == "strict"
    assert policy.staff == {Duty.DECIDE: frozenset({"900"})}, "Ada never touched it"


@pytest.mark.asyncio
async def test_a_draft_in_one_guild_is_none_in_another(world: World) -> None:
    sitting = await begun(world)
    await sitting.press("preset", "family")
    other = await world.desk.wizard.open(ELSEWHERE, MANAGER, survey=sitting.survey)
    assert other.page is not None
    assert "So far: preset standard" in other.page.text


@pytest.mark.asyncio
async def test_what_is_the_guilds_own_is_kept(world: World) -> None:
    own = {
        "channels": frozen({"5": ChannelRule(exempt=True)}),
        "exempt": Exemptions(authors=frozenset({"4"})),
        "required": frozenset({Category.HATE}),
        "quarantine_role": "77",
        "language": "de",
        "mod_channel": "9",
    }
    await world.policy(**own)
    sitting = await begun(world)
    await sitting.press("preset", "art")
    await sitting.press("watch", page=steps.FINISH)
    policy = await world.policy()
    assert policy.preset == "art"
    assert {name: getattr(policy, name) for name in own} == own


# --- interrupted -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_lost_message_loses_nothing(world: World) -> None:
    sitting = await begun(world)
    await sitting.press("preset", "family")
    await sitting.walk(steps.STAFF)
    again = await begun(world)
    assert again.page.name == steps.STAFF
    assert again.page.text.startswith("You were in the middle of this")
    assert "preset family" in again.page.text


@pytest.mark.asyncio
async def test_a_draft_older_than_a_day_starts_afresh_and_says_so(world: World) -> None:
    await world.policy(mod_channel="9")
    sitting = await begun(world)
    await sitting.press("preset", "family")
    before = await versions(world)
    await world.clock.advance(DAY)
    await sitting.press("protect", page=steps.FINISH)
    assert sitting.page.name == steps.PRESET
    assert "begun more than a day ago" in sitting.page.text
    assert "So far: preset standard" in sitting.page.text
    assert await versions(world) == before


@pytest.mark.asyncio
async def test_the_end_pressed_twice_saves_once(world: World) -> None:
    await world.policy(mod_channel="9", preset="relaxed")
    sitting = await begun(world)
    await sitting.press("protect", page=steps.FINISH)
    saved = await versions(world)
    await sitting.press("watch", page=steps.FINISH)
    assert await versions(world) == saved
    assert (await world.policy()).mode is Mode.ENFORCE
    assert "That setup is over" in sitting.page.text


@pytest.mark.asyncio
async def test_what_is_given_with_the_command_counts_as_chosen(world: World) -> None:
    sitting = Sitting(world)
    page = await sitting.open(preset="strict", mod_channel="9")
    assert "So far: preset strict · cards: <#9>" in page.text


# --- a private channel -----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_private_channel_is_made_for_who_is_entrusted(world: World) -> None:
    world.hands.outcomes[EffectKind.MAKE_CHANNEL] = Outcome(OutcomeState.DONE, ref="4711")
    sitting = await begun(world)
    await sitting.press("decide", "900", page=steps.STAFF)
    await sitting.press("make", page=steps.CHANNEL)
    assert "I made <#4711>" in sitting.page.text
    [body] = world.hands.bodies(EffectKind.MAKE_CHANNEL)
    assert (body["author"], body["roles"], body["name"]) == (MANAGER.id, ["900"], "image-moderation")
    await sitting.press("make", page=steps.CHANNEL)
    first, second = world.hands.bodies(EffectKind.MAKE_CHANNEL)
    assert first["key"] == second["key"], "asked for twice, also after a restart, it is the same channel"
    await sitting.press("watch", page=steps.FINISH)
    assert (await world.policy()).mod_channel == "4711"


@pytest.mark.asyncio
async def test_a_channel_that_cannot_be_made_says_why(world: World) -> None:
    refused = Outcome(OutcomeState.REFUSED, "I lack “Manage Channels” {or so}")
    world.hands.outcomes[EffectKind.MAKE_CHANNEL] = refused
    sitting = await begun(world)
    await sitting.press("make", page=steps.CHANNEL)
    assert sitting.page.text.startswith(f"I could not make a channel. {refused.detail}")
    assert "no channel yet" in sitting.page.text


# --- the reminder ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_reminder_lets_one_act_and_a_second_press_is_harmless(world: World) -> None:
    await world.policy(**{**fields(preset("strict")), "mod_channel": "9"})
    sitting = Sitting(world)
    await sitting.press("protect", page=REMINDER)
    assert sitting.answer.done
    assert sitting.page.controls == ()
    assert "<@66> lets me act." in sitting.page.text
    assert "I remove nothing below 0.85 to begin with" in sitting.page.text
    policy, saved = await world.policy(), await versions(world)
    assert policy.mode is Mode.ENFORCE
    assert policy.thresholds == cautious(preset("strict")).thresholds
    for control in ("protect", "keep"):
        answer = await Sitting(world, OTHER).press(control, page=REMINDER)
        assert not answer.done
        assert "Nothing to change, the mode is: enforce" in answer.text
    assert await versions(world) == saved


@pytest.mark.asyncio
async def test_a_paused_guild_is_not_woken_by_an_old_reminder(world: World) -> None:
    await world.policy(mode=Mode.PAUSED)
    answer = await Sitting(world).press("protect", page=REMINDER)
    assert not answer.done
    assert (await world.policy()).mode is Mode.PAUSED


@pytest.mark.asyncio
async def test_watching_may_go_on(world: World) -> None:
    sitting = Sitting(world)
    before = await versions(world)
    await sitting.press("keep", page=REMINDER)
    assert "<@66> lets me go on watching." in sitting.page.text
    assert sitting.page.controls == ()
    assert await versions(world) == before


@pytest.mark.asyncio
async def test_the_greetings_button_opens_the_wizard(world: World) -> None:
    for page in (WELCOME, REMINDER):
        sitting = Sitting(world)
        await sitting.press("setup", page=page)
        assert sitting.page.name == steps.PRESET


# --- laws ------------------------------------------------------------------------------------------

ids = st.text("0123456789", min_size=17, max_size=19)
roles = st.frozensets(ids, max_size=25)
drafts = st.builds(
    Draft,
    page=st.sampled_from(["", *steps.ORDER]),
    preset=st.none() | st.sampled_from(sorted(PRESETS)),
    mod_channel=st.none() | ids,
    staff=st.dictionaries(st.sampled_from(sorted(Duty)), roles).map(frozen),
    exempt=st.none() | roles,
    providers=st.none() | st.just(("local",)),
)


@given(drafts)
def test_a_draft_survives_the_disk(draft: Draft) -> None:
    assert Draft.of(draft.body()) == draft


@given(drafts, st.sampled_from(sorted(PRESETS)).map(preset))
def test_a_draft_onto_what_it_made_changes_nothing(draft: Draft, policy: Policy) -> None:
    once = draft.onto(policy)
    assert draft.onto(once) == once
    assert Draft().onto(policy) == policy
    assert once.mode is policy.mode


@given(drafts, st.sampled_from(steps.ORDER), st.integers(0, 60))
def test_every_page_fits_and_its_controls_are_its_own(draft: Draft, which: str, missing: int) -> None:
    voice = Voice.to(GUILD, Texts())
    findings = [Finding(f"Right {n}", ok=False, cure="x" * 200) for n in range(missing)]
    page = steps.page(which, draft.onto(preset("standard")), findings, COVERAGE, voice, "note")
    assert length(page.title) <= 200
    assert length(page.text) <= steps.TEXT
    names = [c.verb if isinstance(c, Button) else c.name for c in page.controls]
    assert len(set(names)) == len(names)
    for control in page.controls:
        if isinstance(control, Pick):
            assert len(control.chosen) <= control.most <= 25
        if isinstance(control, Choose):
            assert len([o for o in control.options if o.chosen]) <= control.most


def fields(policy: Policy) -> dict[str, object]:
    """What a preset sets, as changes."""
    return {"preset": policy.preset, "thresholds": policy.thresholds, "newcomers": policy.newcomers}


def test_a_reminder_without_a_single_image_says_so() -> None:
    page = reminder(Watched(), preset("standard"), Texts())
    assert [c.verb for c in page.controls if isinstance(c, Button)] == ["setup", "protect", "keep"]
    assert "• 0 images looked at" in page.text
    assert "Moderators have not said yet" in page.text
    some = Watched(9, 3, 2, 1, {Category.HATE: 3}, {Category.OTHER: 2}, 2, 1, 4)
    text = reminder(some, preset("standard"), Texts()).text
    assert "• 3 would have been removed (hate: 3)" in text
    assert "• 2 would have been shown to moderators (other: 2)" in text
    assert "moderators called 2 right and 1 wrong; 4 they have not decided" in text
