"""The stored form: what is left out, what is refused, and that nothing is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given

from policies import form
from policies.form import SCHEMA, PolicyError, dump, load
from policies.model import (
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Duty,
    Exemptions,
    Ladder,
    Mode,
    Newcomers,
    Policy,
    Remedy,
    Rung,
    Surface,
    Threshold,
    UnscreenedReason,
    frozen,
)
from policies.presets import PRESETS, preset

from .samples import EXPLICIT, HATE
from .strategies import law, policies

STANDARD = preset("standard")


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(yaml.safe_load(text))
    return list(caught.value.problems)


# --- the example of the manual ----------------------------------------------------------------------

EXAMPLE = """
mode: enforce
preset: standard
mod_channel: "123"
thresholds: {sexual_explicit: {review: 0.4, remove: 0.8}}
"""


def test_the_example_of_the_manual() -> None:
    policy = load(yaml.safe_load(EXAMPLE))
    thresholds = {**STANDARD.thresholds, EXPLICIT: Threshold(0.4, 0.8)}
    assert policy == replace(STANDARD, mode=Mode.ENFORCE, mod_channel="123", thresholds=frozen(thresholds))


def test_it_is_written_as_short_as_it_was() -> None:
    assert dump(load(yaml.safe_load(EXAMPLE))) == {"schema": SCHEMA, **yaml.safe_load(EXAMPLE)}


def test_an_empty_form_is_the_default_preset() -> None:
    assert load({}) == STANDARD


@pytest.mark.parametrize("name", PRESETS)
def test_what_equals_the_preset_is_left_out(name: str) -> None:
    assert dump(preset(name)) == {"schema": SCHEMA, "preset": name}


def test_a_whole_form_leaves_nothing_out() -> None:
    whole = dump(STANDARD, whole=True)
    fields = set(Policy.__slots__)
    assert set(whole) == fields | {"schema"}
    assert set(whole["thresholds"]) == set(Category)
    assert whole["thresholds"]["violence"] == {"review": 0.8, "remove": "never"}
    assert whole["unscreened"]["undecodable"] == "review"


# --- the law ------------------------------------------------------------------------------------------


@law
@given(policies)
def test_what_is_written_is_read_back(policy: Policy) -> None:
    assert load(dump(policy)) == policy
    assert load(dump(policy, whole=True)) == policy


@law
@given(policies)
def test_through_json_and_yaml_too(policy: Policy) -> None:
    for written in (dump(policy), dump(policy, whole=True)):
        assert load(json.loads(json.dumps(written))) == policy
        assert load(yaml.safe_load(yaml.safe_dump(written))) == policy


@law
@given(policies)
def test_what_is_written_is_written_the_same_again(policy: Policy) -> None:
    assert dump(load(dump(policy))) == dump(policy)


# --- overrides ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_form", "expected"),
    [
        ({"review": 0.4}, Threshold(0.4, 0.85)),
        ({"remove": 0.9}, Threshold(0.5, 0.9)),
        ({"remove": "never"}, Threshold(0.5, None)),
        ({"review": None}, Threshold(None, 0.85)),
        ({"review": 0, "remove": 1}, Threshold(0.0, 1.0)),
        ({}, Threshold(0.5, 0.85)),
        ("never", NEVER),
    ],
)
def test_a_sub_key_not_given_stays_the_presets(given_form: object, expected: Threshold) -> None:
    policy = load({"thresholds": {"sexual_explicit": given_form}})
    assert policy.thresholds[EXPLICIT] == expected
    assert policy.thresholds[HATE] == STANDARD.thresholds[HATE]


@pytest.mark.parametrize("order", [("thresholds", "channels"), ("channels", "thresholds")])
def test_an_overrides_missing_half_is_the_guilds_own(order: tuple[str, str]) -> None:
    given_form = {
        "thresholds": {"hate": {"remove": 0.95}},
        "channels": {"1": {"thresholds": {"hate": {"review": 0.2}}}},
    }
    policy = load({name: given_form[name] for name in order})
    assert policy.channels["1"].thresholds[HATE] == Threshold(0.2, 0.95)


def test_a_contexts_missing_actions_are_the_guilds_own() -> None:
    given_form = {"actions": {"review": []}, "context_actions": {"album": {"block": ["delete"]}}}
    assert load(given_form).context_actions[Context.ALBUM] == Actions((Act.DELETE,), ())


def test_everything_can_be_said() -> None:
    policy = load(
        yaml.safe_load("""
        preset: art
        mode: paused
        mod_channel: 123456789012345678
        staff: {decide: [5, "6"], tune: ["7"]}
        surfaces: [emoji, avatars]
        providers: [local]
        quarantine_role: 88
        ban_delete_seconds: 3600
        language: pt-BR
        notice_seconds: 0
        cap: 0
        trust_vendor: off
        test_cards: no
        required: [hate, sexual_explicit]
        thresholds: {other: never}
        drawn: {hate: {review: 0.9}}
        age_restricted: {sexual_explicit: unset}
        contexts: {head_image: {hate: {review: 0.1, remove: 0.2}}}
        channels: {456: {exempt: true}, "789": {context: article}}
        actions: {block: [delete]}
        context_actions: {head_image: {block: [delete, warn, escalate], review: []}}
        exempt: {roles: [1], authors: ["2"]}
        newcomers: {hours: 48, margin: 0.2}
        unscreened: {undecodable: hold}
        ladder: {automatic_removal: true, rungs: [{strikes: 1, act: warn}, {strikes: 2, act: timeout, minutes: 5}]}
        evidence: {hate: none}
        """)
    )
    assert (policy.preset, policy.mode, policy.language) == ("art", Mode.PAUSED, "pt-BR")
    assert (policy.mod_channel, policy.staff) == (
        "123456789012345678",
        {Duty.DECIDE: frozenset({"5", "6"}), Duty.TUNE: frozenset({"7"})},
    )
    assert (policy.surfaces, policy.providers) == (frozenset({Surface.EMOJI, Surface.AVATARS}), ("local",))
    assert (policy.quarantine_role, policy.ban_delete_seconds) == ("88", 3600)
    assert (policy.notice_seconds, policy.cap, policy.trust_vendor, policy.test_cards) == (0, 0, False, False)
    assert policy.required == {Category.HATE, Category.SEXUAL_EXPLICIT}
    assert policy.thresholds[Category.OTHER] == NEVER
    assert policy.drawn[HATE] == Threshold(0.9)
    assert policy.age_restricted == {Category.SEXUAL_SUGGESTIVE: NEVER}
    assert policy.contexts == {Context.HEAD_IMAGE: {HATE: Threshold(0.1, 0.2)}}
    assert policy.channels == {"456": ChannelRule(exempt=True), "789": ChannelRule(context=Context.ARTICLE)}
    assert policy.actions == Actions(block=(Act.DELETE,))
    assert policy.context_actions[Context.HEAD_IMAGE] == Actions((Act.DELETE, Act.WARN, Act.ESCALATE), ())
    assert policy.exempt == Exemptions(frozenset({"1"}), frozenset({"2"}))
    assert policy.newcomers == Newcomers(48, 0.2)
    assert policy.unscreened[UnscreenedReason.UNDECODABLE] is Remedy.HOLD
    assert policy.unscreened[UnscreenedReason.TINY] is Remedy.LEAVE
    assert policy.ladder == Ladder((Rung(1, Act.WARN), Rung(2, Act.TIMEOUT, 5)), 30, automatic_removal=True)
    assert policy.evidence[HATE].value == "none"


# --- refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("preset: stict", "preset: there is no preset 'stict'; did you mean strict?"),
        ("preset: 5", "preset: there is no preset '5'; choose one of relaxed, standard, strict, family, art"),
        ("treshold: {}", "policy: there is no setting 'treshold'; did you mean thresholds?"),
        ("mod-channel: 5", "policy: there is no setting 'mod-channel'; did you mean mod_channel?"),
        (
            "thresholds: {sexual_explict: {review: 0.5}}",
            "thresholds: there is no category 'sexual_explict'; did you mean sexual_explicit?",
        ),
        ("thresholds: {hate: {reveiw: 0.5}}", "thresholds.hate: there is no setting 'reveiw'; did you mean review?"),
        (
            "thresholds: {hate: {review: 0.9, remove: 0.6}}",
            "thresholds.hate: review (0.9) must not be above remove (0.6): lower review or raise remove",
        ),
        (
            "thresholds: {hate: {review: 0.95}}",
            "thresholds.hate: review (0.95) must not be above remove (0.9): lower review or raise remove",
        ),
        (
            "thresholds: {hate: {review: 1.5}}",
            "thresholds.hate.review: must be a number from 0 to 1, or never, not 1.5",
        ),
        (
            "thresholds: {hate: {review: often}}",
            "thresholds.hate.review: must be a number from 0 to 1, or never, not 'often'",
        ),
        (
            "thresholds: {hate: {review: true}}",
            "thresholds.hate.review: must be a number from 0 to 1, or never, not true",
        ),
        (
            "thresholds: {hate: {review: .nan}}",
            "thresholds.hate.review: must be a number from 0 to 1, or never, not nan",
        ),
        ("thresholds: {hate: }", "thresholds.hate: must be a mapping of review, remove, not nothing"),
        ("thresholds: [hate]", "thresholds: must be a mapping, not a list"),
        ("mode: enforced", "mode: there is no mode 'enforced'; did you mean enforce?"),
        ("mode: off", "mode: must be one of enforce, observe, paused, not false"),
        ("trust_vendor: 'off'", "trust_vendor: must be true or false, not 'off'"),
        ("cap: -1", "cap: must be a whole number from 0 to 1000000, not -1"),
        ("cap: true", "cap: must be a whole number from 0 to 1000000, not true"),
        ("cap: 1.5", "cap: must be a whole number from 0 to 1000000, not 1.5"),
        ("mod_channel: [1]", "mod_channel: must be an id in digits, such as"),
        ("mod_channel: ' '", "mod_channel: must be an id in digits, such as"),
        ("staff: {decide: 5}", "staff.decide: must be a list, not 5"),
        ("staff: {judge: []}", "staff: there is no duty 'judge'; choose one of see, decide, punish, tune"),
        ("surfaces: [avatar]", "surfaces[0]: there is no surface 'avatar'; did you mean avatars?"),
        ("providers: [Local One]", "providers[0]: must be the name of a provider such as local, not 'Local One'"),
        ("required: [hat]", "required[0]: there is no category 'hat'; did you mean hate?"),
        ("contexts: {avatar: {}}", "contexts: there is no context 'avatar'; choose one of head_image, "),
        ("channels: {1: {exemt: true}}", "channels.1: there is no setting 'exemt'; did you mean exempt?"),
        ("actions: {block: [ban]}", "actions: ban does not follow from one image: put it on the ladder; "),
        ("actions: {block: [dellete]}", "actions.block[0]: there is no action 'dellete'; did you mean delete?"),
        (
            "actions: {block: [escalate], review: [delete]}",
            "actions: review must not delete where block does not: add delete to block or take it from review",
        ),
        ("unscreened: {tiny: drop}", "unscreened.tiny: there is no remedy 'drop'; choose one of leave, review, hold"),
        (
            "evidence: {hate: blur}",
            "evidence.hate: there is no evidence level 'blur'; choose one of none, mosaic, full",
        ),
        ("newcomers: {margin: 5}", "newcomers.margin: must be a number from 0 to 1, not 5"),
        ("ladder: {rungs: [{act: warn}]}", "ladder.rungs[0].strikes: must be given"),
        ("ladder: {rungs: [{strikes: 1}]}", "ladder.rungs[0].act: must be given"),
        (
            "ladder: {rungs: [{strikes: 1, act: timeout}]}",
            "ladder.rungs[0]: minutes: a timeout and mute_images need them, nothing else takes them",
        ),
        (
            "ladder: {rungs: [{strikes: 1, act: ban, minutes: 5}]}",
            "ladder.rungs[0]: minutes: a timeout and mute_images need them, nothing else takes them",
        ),
        (
            "ladder: {rungs: [{strikes: 1, act: delete}]}",
            "ladder.rungs[0]: act: delete is not for a ladder; "
            "choose warn, mute_images, timeout, quarantine, kick or ban",
        ),
        (
            "ladder: {rungs: [{strikes: 2, act: warn}, {strikes: 2, act: warn}]}",
            "ladder: rungs: warn stands twice at 2 strikes; keep one",
        ),
        ("language: English", "language: must be a language such as en or de, not 'English'"),
        ("- standard", "policy: must be a mapping such as {preset: standard, mode: observe}, not a list"),
        ("schema: one", "schema: must be a whole number from 1 to 2, not 'one'"),
    ],
)
def test_each_mistake_is_one_sentence_with_its_cure(text: str, problem: str) -> None:
    (found,) = problems(text)
    assert found.startswith(problem)


AN_ID = (
    'must be an id in digits, such as "123456789012345678" (Discord shows it as Copy ID in developer mode), or on '
    'Telegram "-1001234567890" and for a topic "-1001234567890/77", not '
)


@pytest.mark.parametrize(
    ("text", "place", "given_id"),
    [
        ("mod_channel: general", "mod_channel", "general"),
        ("mod_channel: '<#123>'", "mod_channel", "<#123>"),
        ("staff: {decide: [7, Moderators]}", "staff.decide[1]", "Moderators"),
        ("exempt: {roles: ['@everyone']}", "exempt.roles[0]", "@everyone"),
        ("exempt: {authors: [\u0661\u0662]}", "exempt.authors[0]", "\u0661\u0662"),
        ("channels: {general: {exempt: true}}", "channels", "general"),
    ],
)
def test_a_name_is_no_id_because_it_would_match_nothing(text: str, place: str, given_id: str) -> None:
    assert problems(text) == [f"{place}: {AN_ID}{given_id!r}"]


def test_telegrams_chats_have_a_minus() -> None:
    assert load(yaml.safe_load("mod_channel: -1001234567890")).mod_channel == "-1001234567890"


def test_a_topic_of_telegrams_is_a_place_of_its_own() -> None:
    text = "mod_channel: -1001234567890/77\nchannels: {-1001234567890/5: {exempt: true}}"
    policy = load(yaml.safe_load(text))
    assert policy.mod_channel == "-1001234567890/77"
    assert list(policy.channels) == ["-1001234567890/5"]
    for half in ("-1001234567890/", "/77", "1/2/3"):
        assert problems(f"mod_channel: {half}")


NOTICE = "warn says in public that an image was removed: add delete, or take warn out"


@pytest.mark.parametrize("field", ["actions", "context_actions.comment", "context_actions.head_image"])
@pytest.mark.parametrize(
    ("acts", "problem"),
    [
        ({"block": ["warn"]}, f"block: {NOTICE}"),
        ({"block": ["warn", "escalate"]}, f"block: {NOTICE}"),
        ({"block": ["delete"], "review": ["warn", "escalate"]}, f"review: {NOTICE}"),
        (
            {"block": ["delete"], "review": ["delete"]},
            "review: what is removed until a moderator has looked must be shown: add escalate, or take delete out",
        ),
    ],
)
def test_what_is_said_in_public_must_be_true(field: str, acts: dict[str, list[str]], problem: str) -> None:
    name, _, context = field.partition(".")
    with pytest.raises(PolicyError) as caught:
        load({name: {context: acts} if context else acts})
    assert caught.value.problems == (f"{field}: {problem}",)


def test_no_ladder_looks_further_back_than_strikes_live() -> None:
    assert load({"ladder": {"days": 180}}).ladder.days == 180
    assert problems("ladder: {days: 181}") == [
        "ladder.days: must be a whole number from 1 to 180 (strikes are not kept longer), not 181"
    ]


def test_an_empty_file_is_no_policy() -> None:
    assert problems("") == ["policy: must be a mapping such as {preset: standard, mode: observe}, not nothing"]


def test_all_mistakes_are_told_at_once() -> None:
    found = problems("""
    preset: stict
    cap: many
    thresholds: {hate: {review: 2}, hat: {}}
    channels: {"1": {thresholds: {violence: {remove: 0.1}}}}
    ladder: {days: 0, rungs: [{strikes: 0, act: warn}]}
    """)
    assert [p.split(":")[0] for p in found] == [
        "preset",
        "thresholds.hate.review",
        "thresholds",
        "cap",
        "channels.1.thresholds.violence",
        "ladder.days",
        "ladder.rungs[0].strikes",
    ]


def test_the_error_reads_as_one_line_a_problem() -> None:
    with pytest.raises(ValueError, match=r"^cap: .*\nmode: ") as caught:
        load({"cap": -1, "mode": 1})
    assert isinstance(caught.value, PolicyError)


def test_a_policy_of_no_preset_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no preset 'own'"):
        dump(replace(STANDARD, preset="own"))


# --- schema numbers --------------------------------------------------------------------------------------------


def test_a_form_of_a_later_version_is_refused() -> None:
    assert problems(f"schema: {SCHEMA + 1}") == [
        f"schema: this policy was written by a later version (schema {SCHEMA + 1}); upgrade the bot"
    ]


def test_an_older_form_is_upgraded_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def second(old: dict[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in old.items() if k != "per_hour"}, "limit": old["per_hour"]}

    def third(old: dict[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in old.items() if k != "limit"}, "cap": old["limit"] * 2}

    monkeypatch.setattr(form, "SCHEMA", 3)
    monkeypatch.setattr(form, "UPGRADES", {1: second, 2: third})
    assert load({"schema": 1, "per_hour": 10}).cap == 20
    assert load({"schema": 2, "limit": 10}).cap == 20
    assert load({"schema": 3, "cap": 10}).cap == 10
    assert load({"cap": 10}).cap == 10


def test_reading_leaves_the_given_form_alone() -> None:
    given_form = {"schema": 1, "preset": "strict", "thresholds": {"hate": "never"}}
    before = json.dumps(given_form)
    load(given_form)
    assert json.dumps(given_form) == before


def test_moderators_roles_of_the_first_form_are_who_decides() -> None:
    assert load({"schema": 1, "mod_roles": ["5"]}).staff == {Duty.DECIDE: frozenset({"5"})}
    assert load({"schema": 1, "mod_roles": []}).staff == {}
    assert dump(load({"schema": 1, "mod_roles": ["5"]}))["schema"] == SCHEMA
