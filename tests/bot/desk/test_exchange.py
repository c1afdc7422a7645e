"""Whole policies: another preset, a file; shown first, and taken over only on top of what was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings

from bot.desk.exchange import LARGEST, PRESET_SETS, switched
from bot.model import Answer, Button, Presser
from bot.texts.lines import length
from bot.yamls import Unreadable, parse, written
from policies import form
from policies.model import Category, Duty, Mode, Policy, Threshold, frozen
from policies.presets import PRESETS, preset
from tests.bot.cases import GUILD
from tests.bot.desk.world import ELSEWHERE, MANAGER, MODERATOR, World
from tests.policies.strategies import policies

TUNER = Presser("78", "Tuna", roles=frozenset({"901"}))
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


async def press(world: World, told: Answer, presser: Presser = MANAGER) -> Answer:
    assert told.page is not None, told.text
    (button,) = told.page.controls
    assert isinstance(button, Button)
    return await world.desk.exchange.turn(GUILD, presser, told.page.name, button.verb)


async def read_in(world: World, text: str | bytes, presser: Presser = MANAGER) -> Answer:
    return await world.desk.exchange.read_in(GUILD, presser, text if isinstance(text, bytes) else text.encode())


async def version(world: World) -> int:
    return (await world.store.settings.policy(GUILD))[1]


# --- presets --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_another_preset_says_what_is_kept_lost_and_changed_and_waits_for_a_second_press(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE, mod_channel="9")
    await world.desk.set_threshold(GUILD, MANAGER, "hate", "0.55", None)
    before = await version(world)
    told = await world.desk.exchange.preset(GUILD, MANAGER, "strict")
    assert told.page is not None
    assert told.page.title == "From standard to strict"
    for line in (
        "Kept: mode, moderators' channel",
        "Lost, for you had changed it: `thresholds`.",
        "• `thresholds.hate.review`: 0.55 → 0.5",
        "• `newcomers.hours`: 0 → 24",
    ):
        assert line in told.page.text
    assert await version(world) == before
    done = await press(world, told)
    assert done.done
    assert f"Saved as version {before + 1}. The mode is: enforce" in done.text
    policy = await world.policy()
    assert policy == replace(preset("strict"), mode=Mode.ENFORCE, mod_channel="9")


@pytest.mark.asyncio
async def test_a_preset_is_not_taken_over_what_changed_meanwhile(world: World) -> None:
    told = await world.desk.exchange.preset(GUILD, MANAGER, "strict")
    await world.desk.set_threshold(GUILD, MANAGER, "hate", "0.55", None)
    done = await press(world, told)
    assert not done.done
    assert "changed meanwhile" in done.text
    assert (await world.policy()).preset == "standard"


@pytest.mark.asyncio
async def test_a_preset_that_there_is_not_and_the_one_that_there_is(world: World) -> None:
    assert "Did you mean strict?" in (await world.desk.exchange.preset(GUILD, MANAGER, "strickt")).text
    told = await world.desk.exchange.preset(GUILD, MANAGER, "standard")
    assert told.text == "Nothing to change: that is how it is already."


@given(old=policies)
@settings(max_examples=25)
@pytest.mark.parametrize("name", PRESETS)
def test_a_switch_changes_what_presets_set_and_nothing_else(name: str, old: Policy) -> None:
    after = switched(old, name)
    kept = {f: getattr(after, f) for f in old.__slots__ if f not in (*PRESET_SETS, "preset")}
    assert kept == {f: getattr(old, f) for f in kept}
    assert all(getattr(after, f) == getattr(preset(name), f) for f in PRESET_SETS)


# --- export and import ----------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PRESETS)
async def test_what_is_exported_can_be_imported_and_is_the_same(world: World, name: str) -> None:
    await world.store.settings.save(GUILD, replace(preset(name), mod_channel="9", cap=5), "host", "")
    exported = await world.desk.exchange.export(GUILD, MODERATOR)
    assert exported.file is not None
    file, content = exported.file
    assert file == "policy.yaml"
    assert "The policy of discord:100" in content.decode()
    same = await read_in(world, content)
    assert same.text == "Nothing to change: that is how it is already."
    await world.store.settings.save(GUILD, preset("standard"), "host", "")
    assert (await press(world, await read_in(world, content))).done
    assert await world.policy() == replace(preset(name), mod_channel="9", cap=5)


@given(policy=policies)
@settings(max_examples=40)
def test_every_policy_survives_its_file(policy: Policy) -> None:
    assert form.load(parse(written(form.dump(policy), ("# a: *b", "two\nlines")).encode())) == policy


@pytest.mark.asyncio
async def test_a_file_is_shown_saved_at_the_second_press_and_only_once(world: World) -> None:
    told = await read_in(world, "preset: strict\nmode: enforce\nmod_channel: '9'\n")
    assert told.page is not None
    assert "Nothing is saved yet." in told.page.text
    assert "• `mode`: observe → enforce" in told.page.text
    assert await version(world) == 0
    done = await press(world, told)
    assert done.done
    assert "Saved as version 1" in done.text
    again = await press(world, told)
    assert again.text == "That file was saved already, or is too old. Import it again."
    assert await version(world) == 1
    [(_, _, by, why)] = await world.store.settings.versions(GUILD)
    assert (by, why) == (MANAGER.id, "import")


@pytest.mark.asyncio
async def test_a_file_is_not_saved_over_what_changed_meanwhile(world: World) -> None:
    told = await read_in(world, "preset: strict\n")
    await world.desk.set_mode(GUILD, MANAGER, "enforce")
    assert "changed meanwhile" in (await press(world, told)).text
    assert (await world.policy()).preset == "standard"


@pytest.mark.asyncio
async def test_what_one_imports_another_does_not_save(world: World) -> None:
    told = await read_in(world, "preset: strict\n")
    assert "Import it again" in (await press(world, told, Presser("67", "Eve", rights=frozenset({"manage"})))).text
    assert await version(world) == 0


@pytest.mark.asyncio
async def test_a_file_that_unprotects_says_so_before_it_is_saved(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE, mod_channel="9")
    told = await read_in(world, "preset: standard\nrequired: [hate]\n")
    for warned in ("the mode is observe", "there is no moderators' channel", "shown to moderators: hate"):
        assert warned in told.text


@pytest.mark.asyncio
async def test_all_problems_are_told_with_their_cures_and_change_nothing(world: World) -> None:
    told = await read_in(world, "preset: strikt\nthresholds: {hat: {review: 2}}\ncap: many\nsurprise: 1\n")
    plain = told.text.replace("\\", "")
    assert plain.startswith("Nothing was changed: 4 things in the file are wrong.")
    for cure in ("did you mean strict?", "did you mean hate?", "cap: must be a whole number", "there is no setting"):
        assert cure in plain
    assert told.file is None
    assert await version(world) == 0


@pytest.mark.asyncio
async def test_more_problems_than_fit_come_as_a_file(world: World) -> None:
    wrong = "\n".join(f"nonsense_{n}: {n}" for n in range(80))
    told = await read_in(world, wrong)
    assert length(told.text) <= 1900
    assert told.file is not None
    assert told.file[1].decode().count("\n") == 79


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB.encode(), "aliases (*name) are not taken"),
        (b"a: 1\na: 2\n", "I cannot read that file: line 2: 'a' stands here twice. Nothing"),
        (b"\xff\xfe\x00", "it is not UTF-8 text. Nothing was changed."),
        (b"- 1\n- 2\n", "it must hold lines such as preset: standard"),
        (b"", "it must hold lines such as preset: standard"),
        (b"a: {", "line 1"),
        (b"!!python/object/apply:os.system [true]", "line 1"),
        (b"[" * 60_000, "cannot read that file: it is not YAML"),
        (b"x" * (LARGEST + 1), "larger than 64 KB"),
        (b"preset: '@everyone <@1> **x**'", "there is no preset"),
    ],
)
async def test_what_is_no_policy_is_refused_with_the_cure(world: World, content: bytes, said: str) -> None:
    told = await read_in(world, content)
    plain = told.text.translate({ord(c): None for c in "\\\u2068\u2069"})
    assert said in plain
    assert "The filei" not in plain
    assert "@everyone" not in told.text
    assert not told.done
    assert await version(world) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("staff: {tune: ['901'], punish: ['901']}", "who is entrusted with what"),
        ("staff: {tune: ['901']}\nmod_channel: '5'", "the moderators' channel"),
        ("staff: {tune: ['901']}\nquarantine_role: '5'", "the quarantine role"),
    ],
)
async def test_who_was_entrusted_with_the_rules_cannot_take_more(world: World, text: str, what: str) -> None:
    await world.policy(staff=frozen({Duty.TUNE: frozenset({"901"})}))
    told = await read_in(world, text, TUNER)
    assert told.text == f"Only someone who may manage this server can change {what}."
    told = await read_in(world, "staff: {tune: ['901']}\npreset: strict", TUNER)
    assert (await press(world, told, TUNER)).done


@pytest.mark.asyncio
async def test_whoever_lost_the_right_since_saves_nothing(world: World) -> None:
    await world.policy(staff=frozen({Duty.TUNE: frozenset({"901"})}))
    told = await read_in(world, "staff: {tune: ['901']}\npreset: strict", TUNER)
    await world.policy(staff=frozen({}))
    assert not (await press(world, told, TUNER)).done
    assert (await world.policy()).preset == "standard"


@pytest.mark.asyncio
async def test_who_entrusts_roles_is_told_how_they_find_the_commands(world: World) -> None:
    told = await read_in(world, "staff: {decide: ['901']}")
    assert "Server Settings → Integrations" in told.text


@pytest.mark.asyncio
@pytest.mark.parametrize("control", ["", "save", "save.", "save.x", "strict.-1", "....", "save.99999999999999999999"])
@pytest.mark.parametrize("page", ["import", "preset", "cases", ""])
async def test_a_forged_button_changes_nothing(world: World, page: str, control: str) -> None:
    await read_in(world, "preset: strict\n")
    assert not (await world.desk.exchange.turn(GUILD, MANAGER, page, control)).done
    assert await version(world) == 0


@pytest.mark.asyncio
async def test_another_guilds_file_is_out_of_reach(world: World) -> None:
    told = await read_in(world, "preset: strict\n")
    assert told.page is not None
    (button,) = told.page.controls
    assert isinstance(button, Button)
    other = await world.desk.exchange.turn(ELSEWHERE, MANAGER, told.page.name, button.verb)
    assert not other.done
    assert (await world.store.settings.policy(ELSEWHERE))[1] == 0


def test_yaml_of_an_export_has_no_aliases() -> None:
    shared = [1, 2]
    assert "&" not in written({"a": shared, "b": shared}, ())
    assert yaml.safe_load(written({"a": shared}, ("x",))) == {"a": [1, 2]}
    with pytest.raises(Unreadable, match="line 2"):
        parse(BOMB.encode())


def test_thresholds_read_as_they_stand_in_the_file() -> None:
    policy = form.load(parse(b"thresholds:\n  hate: {review: 0.1, remove: never}\n"))
    assert policy.thresholds[Category.HATE] == Threshold(0.1, None)
