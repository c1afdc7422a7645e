"""Ruling 4: punishments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ladder import NOWHERE, climb
from policies.model import Act, Ladder, Reason, ReasonCode, Rung, Standing, Step

from .samples import MEMBER
from .strategies import ladders, law, standings

LADDER = Ladder(
    rungs=(
        Rung(1, Act.WARN),
        Rung(2, Act.TIMEOUT, 10),
        Rung(3, Act.TIMEOUT, 60),
        Rung(5, Act.KICK),
        Rung(7, Act.BAN),
    )
)
AUTOMATIC = replace(LADDER, automatic_removal=True)


def having(strikes: int, upheld: int = 0) -> Standing:
    return replace(MEMBER, strikes=strikes, upheld=upheld)


@pytest.mark.parametrize(
    ("strikes", "steps", "proposed"),
    [
        (0, (Step(Act.WARN),), ()),
        (1, (Step(Act.TIMEOUT, 10),), ()),
        (2, (Step(Act.TIMEOUT, 60),), ()),
        (3, (Step(Act.TIMEOUT, 60),), ()),
        (4, (Step(Act.TIMEOUT, 60),), (Step(Act.KICK),)),
        (6, (Step(Act.TIMEOUT, 60),), (Step(Act.BAN),)),
        (90, (Step(Act.TIMEOUT, 60),), (Step(Act.BAN),)),
    ],
)
def test_automation_climbs_as_far_as_a_timeout_and_proposes_the_rest(
    strikes: int, steps: tuple[Step, ...], proposed: tuple[Step, ...]
) -> None:
    climbed = climb(LADDER, having(strikes, upheld=strikes), adds=1)
    assert (climbed.steps, climbed.proposed) == (steps, proposed)


@pytest.mark.parametrize(
    ("strikes", "upheld", "steps", "proposed"),
    [
        (8, 4, (Step(Act.TIMEOUT, 60),), (Step(Act.BAN),)),
        (8, 5, (Step(Act.KICK),), (Step(Act.BAN),)),
        (4, 4, (Step(Act.TIMEOUT, 60),), (Step(Act.KICK),)),
        (5, 5, (Step(Act.KICK),), ()),
        (8, 7, (Step(Act.BAN),), ()),
    ],
)
def test_switched_on_removal_counts_upheld_strikes_alone(
    strikes: int, upheld: int, steps: tuple[Step, ...], proposed: tuple[Step, ...]
) -> None:
    climbed = climb(AUTOMATIC, having(strikes, upheld), adds=1)
    assert (climbed.steps, climbed.proposed) == (steps, proposed)


def test_reasons_say_how_many_strikes_counted_and_where_the_rung_stands() -> None:
    assert climb(LADDER, having(5), adds=1).reasons == (
        Reason(ReasonCode.LADDER, score=6, threshold=3, detail="timeout"),
        Reason(ReasonCode.PROPOSED, score=6, threshold=5, detail="kick"),
    )
    assert climb(AUTOMATIC, having(5, upheld=5), adds=1).reasons == (
        Reason(ReasonCode.LADDER, score=5, threshold=5, detail="kick"),
    )


def test_several_strikes_at_once_reach_higher() -> None:
    assert climb(LADDER, having(0), adds=3).steps == (Step(Act.TIMEOUT, 60),)


def test_of_two_rungs_at_one_height_the_harsher_holds() -> None:
    ladder = Ladder(rungs=(Rung(1, Act.TIMEOUT, 5), Rung(1, Act.WARN), Rung(2, Act.BAN), Rung(2, Act.KICK)))
    climbed = climb(ladder, having(1), adds=1)
    assert (climbed.steps, climbed.proposed) == ((Step(Act.TIMEOUT, 5),), (Step(Act.BAN),))


def test_an_image_mute_is_milder_than_a_timeout_and_automatic() -> None:
    ladder = Ladder(rungs=(Rung(1, Act.MUTE_IMAGES, 60), Rung(2, Act.TIMEOUT, 5), Rung(2, Act.MUTE_IMAGES, 600)))
    assert climb(ladder, having(0), adds=1).steps == (Step(Act.MUTE_IMAGES, 60),)
    assert climb(ladder, having(1), adds=1).steps == (Step(Act.TIMEOUT, 5),)


@pytest.mark.parametrize("second", [Act.KICK, Act.BAN])
def test_only_what_is_harsher_than_the_step_taken_is_proposed(second: Act) -> None:
    ladder = Ladder(rungs=(Rung(1, Act.KICK), Rung(2, second)), automatic_removal=True)
    climbed = climb(ladder, having(1, upheld=1), adds=1)
    assert climbed.steps == (Step(Act.KICK),)
    assert climbed.proposed == (() if second is Act.KICK else (Step(Act.BAN),))


def test_a_lower_removal_is_not_proposed_beside_a_ban() -> None:
    ladder = Ladder(rungs=(Rung(1, Act.KICK), Rung(5, Act.BAN)), automatic_removal=True)
    climbed = climb(ladder, having(0, upheld=5), adds=1)
    assert (climbed.steps, climbed.proposed) == ((Step(Act.BAN),), ())


def test_an_empty_ladder_leads_nowhere() -> None:
    assert climb(Ladder(), having(99, 99), adds=1) == NOWHERE


@law
@given(ladders, standings, st.integers(0, 5))
def test_only_a_new_strike_of_a_member_climbs(ladder: Ladder, standing: Standing, adds: int) -> None:
    assert climb(ladder, replace(standing, member=False), adds=adds) == NOWHERE
    assert climb(ladder, standing, adds=0) == NOWHERE


@law
@given(ladders, standings, st.integers(1, 5))
def test_nobody_is_kicked_or_banned_without_enough_upheld_strikes(
    ladder: Ladder, standing: Standing, adds: int
) -> None:
    climbed = climb(ladder, standing, adds=adds)
    for step in climbed.steps:
        if step.act in {Act.KICK, Act.BAN}:
            assert ladder.automatic_removal
            assert any(r.act is step.act and r.strikes <= standing.upheld for r in ladder.rungs)
    assert all(step.act in {Act.KICK, Act.BAN} for step in climbed.proposed)


@law
@given(ladders, standings, st.integers(1, 5))
def test_every_step_and_proposal_has_its_reason(ladder: Ladder, standing: Standing, adds: int) -> None:
    climbed = climb(ladder, standing, adds=adds)
    told = {(r.code, r.detail) for r in climbed.reasons}
    taken = {(ReasonCode.LADDER, s.act.value) for s in climbed.steps}
    assert told == taken | {(ReasonCode.PROPOSED, s.act.value) for s in climbed.proposed}


@law
@given(ladders, standings, st.integers(1, 5))
def test_one_step_and_one_proposal_at_most(ladder: Ladder, standing: Standing, adds: int) -> None:
    climbed = climb(ladder, standing, adds=adds)
    assert len(climbed.steps) <= 1
    assert len(climbed.proposed) <= 1
    assert climbed.steps != climbed.proposed or climbed == NOWHERE
