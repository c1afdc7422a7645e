"""The rules one by one: understood or objected to with the cure, told beside what held before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.desk.exchange import PRESET_SETS, switched
from bot.desk.modes import RULES
from bot.model import Answer, Presser, Tenant
from bot.texts.catalogue import Texts
from bot.texts.decisions import not_a_moderator
from bot.texts.refusals import not_a_tuner
from policies.model import (
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Duty,
    Exemptions,
    Mode,
    Place,
    Surface,
    Threshold,
    WhenSpent,
    frozen,
)
from policies.presets import preset
from policies.resolve import actions
from tests.bot.cases import GUILD
from tests.bot.desk.world import AUTHOR, MANAGER, MODERATOR, World

TUNER = Presser("78", "Tuna", roles=frozenset({"901"}))
SEER = Presser("79", "Sia", roles=frozenset({"902"}))
EXPLICIT, HATE = Category.SEXUAL_EXPLICIT, Category.HATE
Ask = Callable[[World, Presser], Awaitable[Answer]]

CHANGES: dict[str, Ask] = {
    "actions": lambda w, p: w.desk.rules.actions(GUILD, p, "block", "delete escalate", None),
    "require": lambda w, p: w.desk.rules.require(GUILD, p, "hate", on=True),
    "near": lambda w, p: w.desk.rules.near(GUILD, p, on=False),
    "surfaces": lambda w, p: w.desk.rules.surfaces(GUILD, p, "emoji", on=True),
    "budget": lambda w, p: w.desk.rules.budget(GUILD, p, "review"),
    "exempt": lambda w, p: w.desk.rules.exempt(GUILD, p, "add", role="5"),
    "context": lambda w, p: w.desk.places.context(GUILD, p, "head_image", "hate", "0.5", None),
    "channel": lambda w, p: w.desk.places.channel(GUILD, p, "7", exempt=True),
    "preset": lambda w, p: w.desk.exchange.preset(GUILD, p, "strict"),
    "import": lambda w, p: w.desk.exchange.read_in(GUILD, p, b"preset: strict\nstaff: {tune: ['901'], see: ['902']}"),
    "threshold": lambda w, p: w.desk.set_threshold(GUILD, p, "hate", "0.5", None),
    "mode": lambda w, p: w.desk.set_mode(GUILD, p, "enforce"),
}
QUARANTINE: Ask = lambda w, p: w.desk.rules.quarantine(GUILD, p, "5")  # noqa: E731


async def entrust(world: World) -> None:
    await world.policy(staff=frozen({Duty.TUNE: frozenset({"901"}), Duty.SEE: frozenset({"902"})}))


async def versions(world: World, tenant: Tenant = GUILD) -> list[tuple[str, str]]:
    return [(by, why) for _, _, by, why in await world.store.settings.versions(tenant)]


# --- rights ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("change", [*CHANGES, "quarantine"])
@pytest.mark.parametrize("presser", [MODERATOR, AUTHOR, SEER], ids=["moderator", "member", "who may only see"])
async def test_nobody_without_the_duty_changes_a_rule(world: World, presser: Presser, change: str) -> None:
    await entrust(world)
    before = await versions(world)
    told = await (CHANGES | {"quarantine": QUARANTINE})[change](world, presser)
    assert told == Answer(not_a_tuner(Texts()))
    assert await versions(world) == before


@pytest.mark.asyncio
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("presser", [MANAGER, TUNER], ids=["manager", "tuner"])
async def test_who_has_the_duty_changes_the_rules(world: World, presser: Presser, change: str) -> None:
    await entrust(world)
    told = await CHANGES[change](world, presser)
    assert told.done or told.page is not None, told.text


@pytest.mark.asyncio
async def test_the_quarantine_role_is_chosen_by_who_manages_the_guild_alone(world: World) -> None:
    await entrust(world)
    told = await world.desk.rules.quarantine(GUILD, TUNER, "5")
    assert told.text == "Only someone who may manage this server can change the quarantine role."
    assert (await world.policy()).quarantine_role is None
    told = await world.desk.rules.quarantine(GUILD, MANAGER, "5")
    assert told.text == "Quarantine role: <@&5>. Before: none."
    told = await world.desk.rules.quarantine(GUILD, MANAGER, None)
    assert told.text == "Quarantine role: none. Before: <@&5>."


@pytest.mark.asyncio
async def test_who_tunes_or_sees_may_read_the_policy_and_members_may_not(world: World) -> None:
    await entrust(world)
    for presser in (MANAGER, MODERATOR, TUNER, SEER):
        assert "Preset: standard" in (await world.desk.show_policy(GUILD, presser)).text
        assert (await world.desk.exchange.export(GUILD, presser)).file is not None
    for told in (await world.desk.show_policy(GUILD, AUTHOR), await world.desk.exchange.export(GUILD, AUTHOR)):
        assert told == Answer(not_a_moderator(Texts()))


# --- what follows -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_follows_is_told_in_words_beside_the_old(world: World) -> None:
    told = await world.desk.rules.actions(GUILD, MANAGER, "block", "escalate, delete", None)
    assert told.text.splitlines()[0] == (
        "What follows from what breaks the rules: delete the post; show it to the moderators."
        " Before: delete the post; tell the author; show it to the moderators."
    )
    assert (await world.policy()).actions.block == (Act.DELETE, Act.ESCALATE)
    assert (await versions(world))[0] == (MANAGER.id, f"{RULES}what follows block")


@pytest.mark.asyncio
async def test_a_context_has_its_own_actions_until_it_has_the_usual_again(world: World) -> None:
    change = world.desk.rules.actions
    told = await change(GUILD, MANAGER, "review", "delete escalate", "comment")
    assert told.text.startswith("What follows from what needs a look (comment): delete the post;")
    assert told.text.endswith("Before: as everywhere.")
    policy = await world.policy()
    assert policy.context_actions[Context.COMMENT].review == (Act.DELETE, Act.ESCALATE)
    assert policy.context_actions[Context.COMMENT].block == policy.actions.block
    general = await change(GUILD, MANAGER, "block", "delete", None)
    assert "Set apart from this: comment." in general.text
    await change(GUILD, MANAGER, "review", "usual", "comment")
    assert (await world.policy()).context_actions == {}


@pytest.mark.asyncio
async def test_what_cannot_be_done_to_an_avatar_is_said_and_not_done(world: World) -> None:
    told = await world.desk.rules.actions(GUILD, MANAGER, "block", "delete quarantine escalate", "head_image")
    assert "⚠ Mind: with this (profile picture) I cannot delete the post; the rest holds." in told.text
    assert "quarantine is wanted, but there is no role for it" in told.text
    policy = await world.policy()
    assert actions(policy, Place(Context.HEAD_IMAGE)).block == (Act.ESCALATE, Act.QUARANTINE)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("when", "acts", "said"),
    [
        ("block", "warn escalate", "warn says in public that an image was removed: add delete"),
        ("review", "delete", "must be shown: add escalate"),
        ("block", "ban", "is not an action"),
        ("block", "", "There are: delete, warn, escalate, quarantine, nothing."),
        ("block", "usual", "is for one context: name it too"),
        ("sometimes", "delete", "There are: block, review."),
        ("block", "@everyone", "@\u200beveryone"),
    ],
)
async def test_what_does_not_go_together_is_objected_to(world: World, when: str, acts: str, said: str) -> None:
    told = await world.desk.rules.actions(GUILD, MANAGER, when, acts, None)
    assert said in told.text.replace("\\", "")
    assert not told.done
    assert await versions(world) == []


@pytest.mark.asyncio
async def test_a_block_must_delete_where_a_review_does(world: World) -> None:
    await world.policy(actions=Actions((Act.DELETE, Act.ESCALATE), (Act.DELETE, Act.ESCALATE)))
    told = await world.desk.rules.actions(GUILD, MANAGER, "block", "escalate", None)
    assert "review must not delete where block does not" in told.text
    assert not told.done


@pytest.mark.asyncio
async def test_nothing_at_all_is_possible_and_warned_of(world: World) -> None:
    told = await world.desk.rules.actions(GUILD, MANAGER, "block", "nothing", None)
    assert "⚠ Mind: nothing follows from what breaks the rules" in told.text
    assert (await world.policy()).actions.block == ()


# --- where ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_context_gets_limits_of_its_own_and_loses_them(world: World) -> None:
    change = world.desk.places.context
    told = await change(GUILD, MANAGER, "head image", "sexual_explicit", "0.3", None)
    assert told.text == (
        "profile picture, explicit sexual content: a look from 0.3, removal from 0.85."
        " Before: a look from 0.5, removal from 0.85 (as everywhere)."
    )
    assert (await world.policy()).contexts[Context.HEAD_IMAGE] == {EXPLICIT: Threshold(0.3, 0.85)}
    told = await change(GUILD, MANAGER, "head_image", "sexual_explicit", None, None, reset=True)
    assert "(as everywhere). Before: a look from 0.3" in told.text
    assert (await world.policy()).contexts == {}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("head_image", "hate", None, None), "Give review, remove or both"),
        (("head_imag", "hate", "0.5", None), "Did you mean head_image?"),
        (("head_image", "hat", "0.5", None), "Did you mean hate?"),
        (("head_image", "hate", "85", None), "for 85 percent write 0.85"),
        (("head_image", "hate", "0.95", None), "must not be above remove"),
    ],
)
async def test_a_context_that_cannot_be_is_objected_to(
    world: World, given: tuple[str, str, str | None, str | None], said: str
) -> None:
    told = await world.desk.places.context(GUILD, MANAGER, *given)
    assert said in told.text.replace("\\", "")
    assert await versions(world) == []


@pytest.mark.asyncio
async def test_limits_that_nothing_can_reach_are_told(world: World) -> None:
    told = await world.desk.places.context(GUILD, MANAGER, "head_image", "hate", "0.5", None)
    assert "No provider here looks for hate" in told.text


@pytest.mark.asyncio
async def test_a_channel_differs_in_all_that_is_given_and_is_forgotten_by_reset(world: World) -> None:
    change = world.desk.places.channel
    told = await change(
        GUILD, MANAGER, "7", context="album", category="sexual_explicit", review="never", remove="never"
    )
    assert told.text == (
        "<#7>: judged as: album; explicit sexual content: never shown, never removed. Before: as everywhere."
    )
    await change(GUILD, MANAGER, "7", exempt=True)
    rule = (await world.policy()).channels["7"]
    assert rule == ChannelRule(frozen({EXPLICIT: Threshold()}), Context.ALBUM, True)
    shown = await change(GUILD, MANAGER, "7")
    assert shown.text.startswith("<#7>: exempt: nothing here is acted on; judged as: album;")
    assert not shown.done
    await change(GUILD, MANAGER, "7", category="sexual_explicit", reset=True)
    await change(GUILD, MANAGER, "7", context="usual", exempt=False)
    assert (await world.policy()).channels == {}, "a rule that says nothing is no rule"
    await change(GUILD, MANAGER, "8", exempt=True)
    await change(GUILD, MANAGER, "8", reset=True)
    assert (await world.policy()).channels == {}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"review": "0.5"}, "Say which category review and remove are for."),
        ({"category": "hate"}, "Give review, remove or both"),
        ({"context": "nowhere"}, "is not a context"),
        ({"category": "hate", "review": "0.95"}, "must not be above remove"),
    ],
)
async def test_a_channel_rule_that_cannot_be_is_objected_to(world: World, given: dict[str, str], said: str) -> None:
    told = await world.desk.places.channel(GUILD, MANAGER, "7", **given)  # type: ignore[arg-type]
    assert said in told.text
    assert await versions(world) == []


@pytest.mark.asyncio
async def test_surfaces_are_switched_on_and_off(world: World) -> None:
    told = await world.desk.rules.surfaces(GUILD, MANAGER, "emoji", on=True)
    assert told.text.startswith("Looked at, beside attachments and previews: stickers; custom emoji in messages;")
    assert Surface.EMOJI in (await world.policy()).surfaces
    await world.desk.rules.surfaces(GUILD, MANAGER, "avatars", on=False)
    assert Surface.AVATARS not in (await world.policy()).surfaces
    told = await world.desk.rules.surfaces(GUILD, MANAGER, "avatars", on=False)
    assert told.text.startswith("Nothing to change.")
    assert not told.done


# --- for whom ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_exemptions_are_added_listed_and_taken_away(world: World) -> None:
    exempt = world.desk.rules.exempt
    assert "nobody" in (await exempt(GUILD, MANAGER, "list")).text
    told = await exempt(GUILD, MANAGER, "add", role="5", member="42")
    assert told.text == "Exempt, so never acted on: <@&5>, <@42>. Before: nobody."
    assert (await world.policy()).exempt == Exemptions(frozenset({"5"}), frozenset({"42"}))
    assert "<@&5>, <@42>" in (await exempt(GUILD, MANAGER, "list")).text
    await exempt(GUILD, MANAGER, "remove", role="5")
    assert (await world.policy()).exempt == Exemptions(authors=frozenset({"42"}))


@pytest.mark.asyncio
async def test_everyone_cannot_be_exempt_and_nobody_is_no_one(world: World) -> None:
    told = await world.desk.rules.exempt(GUILD, MANAGER, "add", role=GUILD.id)
    assert "nothing would be acted on at all" in told.text
    told = await world.desk.rules.exempt(GUILD, MANAGER, "add")
    assert told.text == "Name a role or a member."
    told = await world.desk.rules.exempt(GUILD, MANAGER, "forget", role="5")
    assert "There are: add, remove, list." in told.text
    assert await versions(world) == []


@pytest.mark.asyncio
async def test_to_require_what_nobody_looks_for_is_warned_of(world: World) -> None:
    told = await world.desk.rules.require(GUILD, MANAGER, "sexual_explicit", on=True)
    assert "⚠" not in told.text
    told = await world.desk.rules.require(GUILD, MANAGER, "hate", on=True)
    assert "no provider here looks for it, so every image is shown to moderators: hate" in told.text
    assert (await world.policy()).required == {EXPLICIT, HATE}
    await world.desk.rules.require(GUILD, MANAGER, "hate", on=False)
    assert (await world.policy()).required == {EXPLICIT}


@pytest.mark.asyncio
async def test_likenesses_are_switched_off_and_on_and_read_out(world: World) -> None:
    line = "What nearly looks like an image that was removed or blocked here: "
    assert f"{line}shown to moderators." in (await world.desk.show_policy(GUILD, MANAGER)).text
    told = await world.desk.rules.near(GUILD, MANAGER, on=False)
    assert told.done
    assert "nothing special" in told.text
    assert not (await world.policy()).suspect_near
    assert f"{line}nothing special." in (await world.desk.show_policy(GUILD, MANAGER)).text
    assert (await world.desk.rules.near(GUILD, MANAGER, on=True)).done
    assert (await world.policy()).suspect_near
    assert not (await world.desk.rules.near(GUILD, MANAGER, on=True)).done, "nothing changed"


@pytest.mark.asyncio
async def test_a_change_of_a_rule_does_not_hide_from_which_mode_the_guild_was_paused(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE)
    await world.desk.pause(GUILD, MANAGER, resume=False)
    for change in ("actions", "require", "surfaces", "budget", "exempt", "context", "channel"):
        assert (await CHANGES[change](world, MANAGER)).done
    assert (await world.desk.pause(GUILD, MANAGER, resume=True)).done
    assert (await world.policy()).mode is Mode.ENFORCE


@pytest.mark.asyncio
async def test_the_policy_read_out_tells_of_all_this(world: World) -> None:
    await entrust(world)
    for change in ("actions", "require", "surfaces", "budget", "exempt", "context", "channel"):
        await CHANGES[change](world, MANAGER)
    await world.desk.rules.quarantine(GUILD, MANAGER, "5")
    told = await world.desk.show_policy(GUILD, MANAGER)
    for line in (
        "What follows from what breaks the rules: delete the post; show it to the moderators.",
        "Looked at, beside attachments and previews: stickers; custom emoji in messages;",
        "When the money for paid providers is used up: moderators are shown what the free providers leave in doubt.",
        "Required: hate.",
        "Quarantine role: <@&5>.",
        "May change the rules: <@&901>.",
        "1 channel has its own rules.",
        "1 role or member is exempt.",
    ):
        assert line in told.text
    assert told.page is not None
    assert told.page.text == told.text


def test_a_preset_switch_is_replaced_by_nothing_of_the_guilds_own() -> None:
    """Kept here, where it is named, so that a new field of a policy is thought of."""
    own = replace(preset("standard"), mode=Mode.ENFORCE, mod_channel="9", exempt=Exemptions(frozenset({"5"})))
    after = switched(own, "strict")
    assert (after.mode, after.mod_channel, after.exempt) == (own.mode, own.mod_channel, own.exempt)
    assert all(getattr(after, f) == getattr(preset("strict"), f) for f in PRESET_SETS)


@pytest.mark.asyncio
async def test_what_follows_when_the_money_is_spent_is_chosen_and_a_mistake_changes_nothing(world: World) -> None:
    told = await world.desk.rules.budget(GUILD, MANAGER, "new_members")
    assert told.done
    assert "kept for posts by new members" in told.text
    assert (await world.policy()).when_spent is WhenSpent.NEW_MEMBERS
    assert not (await world.desk.rules.budget(GUILD, MANAGER, "borrow")).done
    assert (await world.policy()).when_spent is WhenSpent.NEW_MEMBERS
    await world.desk.exchange.preset(GUILD, MANAGER, "strict", seen=(await world.store.settings.policy(GUILD))[1])
    now = await world.policy()
    assert (now.preset, now.when_spent) == ("strict", WhenSpent.NEW_MEMBERS), "a preset is not about money"
