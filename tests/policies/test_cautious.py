"""Acting begins with what is all but certain, and finds its way back to the preset's own limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.cautious import SURE, cautious, differing, unbridled
from policies.model import Category, Newcomers, Policy, Threshold, frozen
from policies.presets import PRESETS, preset

presets = st.sampled_from(sorted(PRESETS)).map(preset)


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_is_removed_below_what_is_sure(name: str) -> None:
    before, after = preset(name), cautious(preset(name))
    for category, limits in after.thresholds.items():
        own = before.thresholds[category]
        assert limits.review == own.review
        assert limits.remove == (None if own.remove is None else max(own.remove, SURE))
    assert after.newcomers.margin == 0 or before.newcomers == Newcomers()


@pytest.mark.parametrize("name", PRESETS)
def test_only_limits_change(name: str) -> None:
    before, after = preset(name), cautious(preset(name))
    assert replace(after, thresholds=before.thresholds, newcomers=before.newcomers) == before


@given(presets)
def test_twice_is_once_and_the_way_back_leads_home(policy: Policy) -> None:
    assert cautious(cautious(policy)) == cautious(policy)
    assert unbridled(cautious(policy)) == policy
    assert unbridled(policy) == policy
    assert differing(cautious(policy), unbridled(cautious(policy))) == {
        c: t for c, t in policy.thresholds.items() if t.remove is not None and t.remove < SURE
    }


@given(presets, st.sampled_from(sorted(Category)), st.floats(0.01, 0.84))
def test_what_a_guild_set_by_hand_was_meant(policy: Policy, category: Category, remove: float) -> None:
    own = Threshold(0.0, remove)
    tuned = replace(policy, thresholds=frozen({**policy.thresholds, category: own}))
    assert cautious(tuned).thresholds[category] == own
    assert unbridled(cautious(tuned)).thresholds[category] == own


def test_rules_of_no_preset_are_left_alone() -> None:
    own = Policy(preset="ours", thresholds=frozen({Category.HATE: Threshold(0.1, 0.2)}))
    assert cautious(own) == own == unbridled(own)
