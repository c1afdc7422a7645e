"""Whatever happens to an answer on its way, it is never taken for a milder one.

The law. Let A be a valid response whose `result.suggestion` is the harshest of its details, as Huawei documents
it. A *mutation* takes away any key or list item, puts a value of another kind in its place, or cuts the bytes
off; it does not put one valid suggestion in another's place, which would be another valid answer. After any
number of mutations the response is `Garbled` (or no JSON, which is Garbled too), or it is read with a suggestion
no milder than A's; and nothing but Garbled is ever raised.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.codec import VERDICT
from policies.model import Suggestion, Verdict
from providers.errors import Garbled
from providers.http import Reply
from providers.huawei.wire import VERSIONS, answer
from tests.providers.huawei.samples import EVERYTHING, ORDER, answers

ALIEN: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.5, 2.5, 10**30, float("nan"), float("inf"), "", "x", "PASS", "pass ", "\ud800"),
    *("allow", [], {}, [None], ["pass"], {"suggestion": 1}, {"suggestion": "safe"}, [[]], {"details": []}),
)
EACH = 50  # mutations of one answer
SETTINGS = settings(max_examples=50, deadline=None)  # x 50 x 4 laws = 10,000
Place = tuple[Any, Any]  # a container and a key or an index of it
chances = st.integers(0, 2**32).map(random.Random)


def places(value: Any) -> Iterator[Place]:
    """Every place in a JSON value at which something can go wrong."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield value, key
        yield from places(below)


def harmed(valid: dict[str, Any], chance: random.Random) -> bytes:
    """`valid` after one to four mutations, as it comes off the wire."""
    value = copy.deepcopy(valid)
    for _ in range(chance.randint(1, 4)):
        if everywhere := list(places(value)):
            container, key = chance.choice(everywhere)
            if chance.random() < 0.5:
                del container[key]
            else:
                container[key] = copy.deepcopy(chance.choice(ALIEN))
    return json.dumps(value).encode()


def read(raw: bytes) -> Suggestion | None:
    """The suggestion that the bytes of a 200 are read with, or None where they are garbled. Nothing else is raised."""
    try:
        return answer(Reply("Huawei", 200, {}, raw).object()).suggestion
    except Garbled:
        return None


@SETTINGS
@given(answers(), chances)
def test_mutations_never_make_it_milder(valid: dict[str, Any], chance: random.Random) -> None:
    before = answer(valid).suggestion
    for _ in range(EACH):
        raw = harmed(valid, chance)
        after = read(raw)
        assert after is None or after >= before, raw


@SETTINGS
@given(answers(least=Suggestion.REVIEW), chances)
def test_no_mutation_makes_a_pass_of_a_finding(valid: dict[str, Any], chance: random.Random) -> None:
    for _ in range(EACH):
        raw = harmed(valid, chance)
        assert read(raw) in (None, Suggestion.REVIEW, Suggestion.BLOCK), raw


@SETTINGS
@given(answers(), chances)
def test_what_is_cut_off_is_no_answer(valid: dict[str, Any], chance: random.Random) -> None:
    raw = json.dumps(valid).encode()
    for _ in range(EACH):
        assert read(raw[: chance.randrange(len(raw))]) is None


@SETTINGS
@given(answers(least=Suggestion.REVIEW), chances)
def test_a_flipped_byte_makes_no_pass_of_a_finding(valid: dict[str, Any], chance: random.Random) -> None:
    """A single byte: no word for a suggestion is one byte from another."""
    raw = json.dumps(valid).encode()
    for _ in range(EACH):
        flipped = bytearray(raw)
        flipped[chance.randrange(len(raw))] = chance.randrange(256)
        assert read(bytes(flipped)) in (None, Suggestion.REVIEW, Suggestion.BLOCK), flipped


def test_each_kind_of_harm_is_done_and_some_answers_survive_it() -> None:
    """Else the laws would hold for want of trying."""
    chance = random.Random(1)
    after = [read(harmed(EVERYTHING, chance)) for _ in range(500)]
    assert 50 < after.count(None) < 450
    assert set(after) >= {None, Suggestion.BLOCK}


@settings(deadline=None)
@given(answers())
def test_a_valid_answer_is_as_harsh_as_it_says(valid: dict[str, Any]) -> None:
    got = answer(valid)
    assert got.suggestion.value == valid["result"]["suggestion"]
    assert bool(got.labels) == (got.suggestion is not Suggestion.PASS)
    assert ORDER.index(got.suggestion) == max(
        (ORDER.index(f.suggestion) for f in got.findings), default=ORDER.index(got.suggestion)
    )


@settings(deadline=None)
@given(answers())
def test_a_verdict_of_any_answer_can_be_stored(valid: dict[str, Any]) -> None:
    """Names from outside are fit for a database: no halves of characters, nothing endless."""
    got = answer(valid)
    verdict = Verdict("huawei", got.labels, frozenset(), VERSIONS, got.suggestion, request_id=got.request_id)
    assert VERDICT.load(VERDICT.dump(verdict)) == verdict


@pytest.mark.parametrize("nonsense", ALIEN, ids=repr)
def test_nonsense_never_crashes(nonsense: Any) -> None:
    assert read(json.dumps(nonsense).encode()) is None
    assert read(json.dumps({"result": nonsense}).encode()) is None
