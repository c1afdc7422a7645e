"""Sentences that can be said in another language keep the English that they are."""

from __future__ import annotations

import copy
import json
import pickle
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import form
from policies.shapes import PolicyError
from policies.wording import Worded


def test_it_is_its_english_text() -> None:
    made = Worded("there is no {noun} {given}; {cure}", noun=Worded("mode"), given="'x'", cure="look")
    assert made == "there is no mode 'x'; look"
    assert (made.pattern, made.parts["given"]) == ("there is no {noun} {given}; {cure}", "'x'")


def test_without_parts_braces_are_what_they_are() -> None:
    assert Worded("write {preset: standard}") == "write {preset: standard}"


def test_several_parts_are_a_list() -> None:
    assert Worded("one of {names}", names=("a", Worded("b"))) == "one of a, b"


@given(st.text())
def test_what_was_typed_is_never_read_as_a_pattern(typed: str) -> None:
    assert Worded("there is no {given}", given=typed) == f"there is no {typed}"


@pytest.mark.parametrize(
    "kept", [copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w)), lambda w: json.loads(json.dumps(w))]
)
def test_kept_elsewhere_it_is_plain_text(kept: object) -> None:
    assert callable(kept)
    plain = kept(Worded("at {place}", place="home"))
    assert type(plain) is str
    assert plain == "at home"


WRONG: list[object] = [
    3,
    {"schema": 99},
    {"schema": "x"},
    {"preset": "strikt", "mode": "foo", "nonsense": 1},
    {"mode": None, "cap": True, "trust_vendor": 3, "thresholds": [], "providers": 1},
    {"thresholds": {"hat": 1, "hate": {"review": 0.9, "remove": 0.1}, "other": {"remove": 7}}},
    {"mod_channel": "general", "language": "!", "evidence": {"hate": "all"}},
    {"actions": {"block": [], "review": ["delete"]}},
    {"actions": {"block": ["warn", "ban"], "review": ["delete"]}},
    {"ladder": {"rungs": [{"act": "ban"}, {"strikes": 1, "act": "timeout"}], "days": 9999}},
    {"ladder": {"rungs": [{"strikes": 1, "act": "warn"}, {"strikes": 1, "act": "warn"}]}},
    {"ladder": {"rungs": [{"strikes": 1, "act": "delete"}]}},
]


@pytest.mark.parametrize("given_form", WRONG, ids=str)
def test_every_problem_of_a_policy_can_be_said_in_every_language(given_form: object) -> None:
    with pytest.raises(PolicyError) as told:
        form.load(given_form)
    for problem in told.value.problems:
        assert isinstance(problem, Worded), problem
        named = {name for _, name, _, _ in Formatter().parse(problem.pattern) if name}
        assert named == set(problem.parts)
