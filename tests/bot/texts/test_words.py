"""Whatever can be said has words, plain ones, and all of them can be translated."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import pytest

from bot.desk.verbs import OFFERED, Verb
from bot.model import AuthorKind, EffectKind, Outcome, OutcomeState
from bot.texts import buttons, names, notices, outcomes, reasons, scores
from bot.texts.catalogue import Texts
from bot.texts.markup import FSI, PDI, Voice
from policies import presets
from policies.model import (
    Act,
    Category,
    Context,
    Mode,
    Reason,
    ReasonCode,
    Remedy,
    Suggestion,
    Threshold,
    Unscreened,
    UnscreenedReason,
)
from tests.bot.cases import GUILD, START
from tools.catalogue import POT, template

TEXTS = Texts("en")
VOICE = Voice.to(GUILD, TEXTS)
LEFT_OPEN = re.compile(r"[{}]|None|\bnan\b")


def bare(text: str) -> str:
    return text.replace(FSI, "").replace(PDI, "")


def every_reason(code: ReasonCode) -> Reason:
    details = {
        ReasonCode.UNSCREENED: UnscreenedReason.OUTAGE.value,
        ReasonCode.LADDER: Act.TIMEOUT.value,
        ReasonCode.PROPOSED: Act.BAN.value,
        ReasonCode.EXEMPT_ROLE: "77",
        ReasonCode.EXEMPT_CHANNEL: "7",
    }
    return Reason(code, Category.HATE, "huawei", "flag", 0.93, 0.85, details.get(code, ""))


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_a_sentence(code: ReasonCode) -> None:
    said = reasons.sentence(every_reason(code), VOICE)
    assert len(said) > 8
    assert not LEFT_OPEN.search(said)
    assert "_" not in said, "a code is no word"


@pytest.mark.parametrize("code", ReasonCode)
def test_a_reason_without_parameters_still_reads(code: ReasonCode) -> None:
    assert not LEFT_OPEN.search(reasons.sentence(Reason(code), VOICE))


def test_a_threshold_reads_as_people_say_it() -> None:
    found = Reason(ReasonCode.THRESHOLD_REMOVE, Category.SEXUAL_EXPLICIT, "local", "porn", 0.93, 0.85)
    assert bare(reasons.sentence(found, VOICE)) == "explicit sexual content: 0.93 (local: porn), removed from 0.85"


def test_reasons_name_the_strikes_the_role_and_the_softened_advice() -> None:
    said = [
        bare(reasons.sentence(r, VOICE))
        for r in (
            Reason(ReasonCode.LADDER, score=3.0, threshold=3.0, detail=Act.TIMEOUT),
            Reason(ReasonCode.PROPOSED, score=6.0, threshold=6.0, detail=Act.BAN),
            Reason(ReasonCode.EXEMPT_ROLE, detail="77"),
            Reason(ReasonCode.CAP_REACHED, score=200.0, threshold=200.0),
            Reason(ReasonCode.VENDOR_REVIEW, Category.HATE, "huawei", detail=Suggestion.BLOCK),
        )
    ]
    assert said[0] == "strike 3: time the author out"
    assert said[1] == "strike 6 would be enough to ban the author"
    assert "<@&77>" in said[2]
    assert "200 removed images per hour" in said[3]
    assert "huawei itself advises removal, but" in said[4]


def test_unseen_frames_are_counted() -> None:
    said = reasons.sentence(Reason(ReasonCode.UNSCREENED, provider="local", detail="frames 8/151"), VOICE)
    assert bare(said) == "not judged: only 8 of 151 frames could be looked at"


def test_the_same_reason_is_said_once() -> None:
    found = Reason(ReasonCode.BLOCK_LISTED)
    assert len(reasons.sentences([found, found], VOICE)) == 1


@pytest.mark.parametrize("reason", UnscreenedReason)
def test_every_missing_answer_says_why(reason: UnscreenedReason) -> None:
    line = bare(scores.of_image([Unscreened("huawei", reason, "deadline of 5 s")], VOICE)[0])
    assert line == f"huawei: not judged, {names.UNSCREENED[reason]} (deadline of 5 s)"
    assert reason.value not in names.UNSCREENED[reason]


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_has_a_button(verb: Verb) -> None:
    shown = buttons.button(verb, TEXTS)
    assert shown.verb == verb
    assert shown.style in {"green", "red", "grey", "blue"}
    assert 0 < len(shown.label) <= 20


def test_the_buttons_speak_as_ruled() -> None:
    said = {origin: [buttons.button(v, TEXTS).label for v in verbs] for origin, verbs in OFFERED.items()}
    assert list(said.values()) == [
        ["Remove", "It's fine"],
        ["Right", "Wrong, give back"],
        ["Would be right", "Would be wrong", "Remove now"],
    ]


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (names.CATEGORIES, Category),
        (names.CONTEXTS, Context),
        (names.UNSCREENED, UnscreenedReason),
        (names.ACTS, Act),
        (names.MODES, Mode),
        (names.REMEDIES, Remedy),
        (names.AUTHORS, AuthorKind),
    ],
)
def test_every_term_has_its_own_words(table: dict[Enum, str], members: type[Enum]) -> None:
    assert set(table) == set(members)
    assert len(set(table.values())) == len(table)


def test_presets_are_told_as_the_policies_tell_them() -> None:
    assert dict(presets.PRESETS) == names.PRESETS


@pytest.mark.parametrize("kind", sorted(outcomes.SPOKEN_OF))
@pytest.mark.parametrize("state", [*OutcomeState, None])
def test_every_outcome_of_every_effect_has_a_sentence(kind: EffectKind, state: OutcomeState | None) -> None:
    outcome = None if state is None else Outcome(state, "give me Manage Messages")
    said = bare(outcomes.sentence(kind, {"until": START.isoformat()}, outcome, VOICE))
    assert not LEFT_OPEN.search(said)
    if state is OutcomeState.SIMULATED:
        assert "would have been" in said
    if state in (OutcomeState.REFUSED, OutcomeState.FAILED, OutcomeState.UNKNOWN):
        assert said.endswith("give me Manage Messages."), "a refusal without its cure helps nobody"


def test_effects_that_people_are_told_of_are_all_but_cards() -> None:
    assert set(EffectKind) - outcomes.SPOKEN_OF == {
        EffectKind.CARD,
        EffectKind.EDIT_CARD,
        EffectKind.PAGE,
        EffectKind.MAKE_CHANNEL,
    }


def test_a_failure_that_is_tried_again_says_so() -> None:
    said = outcomes.sentence(EffectKind.DELETE, {}, Outcome(OutcomeState.FAILED, "no network", retry=True), VOICE)
    assert "try again" in said


def test_the_public_notice_names_no_category() -> None:
    for said in (notices.removed(TEXTS), notices.invitation(TEXTS)):
        words = set(re.findall(r"[a-z]+", said.lower()))
        for category in Category:
            assert words.isdisjoint(category.value.split("_"))
            assert words.isdisjoint(set(re.findall(r"[a-z]+", names.CATEGORIES[category])) - {"or"})


@pytest.mark.parametrize(
    ("value", "said"), [(0.849, "0.84"), (0.85, "0.85"), (0.29, "0.29"), (1.0, "1.00"), (0.0, "0.00"), (1e-7, "0.00")]
)
def test_a_score_never_reads_as_having_reached_what_it_did_not(value: float, said: str) -> None:
    assert names.score(value) == said


def test_thresholds_read_as_they_were_typed() -> None:
    assert [names.threshold(x, TEXTS) for x in (0.5, 0.855, 1.0, None)] == ["0.5", "0.855", "1", "never"]


def test_the_template_for_translators_is_up_to_date() -> None:
    assert POT.read_text(encoding="utf-8") == template(), "words have changed: run `python tools/catalogue.py`"


def test_nothing_is_said_past_the_catalogue() -> None:
    """A capital and a blank make a sentence; outside of docstrings each must go through gettext."""
    sentence = re.compile(r'(?<![\w"])f?"[A-Z][a-z]+ [^"]*"')
    for file in sorted((Path(__file__).parents[3] / "bot" / "desk").glob("*.py")):
        code = re.sub(r'""".*?"""', "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        for found in sentence.finditer(code):
            before = code[: found.start()].rstrip()
            assert before.endswith(("gettext(", "_(", "mark(")), f"{file.name} says {found[0]} in English only"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(1, "1 minute"), (10, "10 minutes"), (60, "1 hour"), (90, "90 minutes"), (1440, "1 day"), (10_080, "7 days")],
)
def test_a_span_is_told_in_the_unit_that_people_use(minutes: int, said: str) -> None:
    assert names.span(minutes, VOICE.texts) == said


@pytest.mark.parametrize(
    ("review", "remove", "said"),
    [
        (0.5, 0.85, "a look from 0.5, removal from 0.85"),
        (0.7, None, "a look from 0.7, never removed"),
        (None, 0.9, "never shown, removal from 0.9"),
        (None, None, "never shown, never removed"),
    ],
)
def test_limits_that_are_never_reached_say_so(review: float | None, remove: float | None, said: str) -> None:
    assert names.limits(Threshold(review, remove), VOICE.texts) == said
