"""What repeat offences lead to: warnings and timeouts by itself, kick and ban by a person (ruling 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.model import Act, Ladder, Reason, ReasonCode, Rung, Standing, Step

AUTOMATIC = frozenset({Act.WARN, Act.MUTE_IMAGES, Act.TIMEOUT, Act.QUARANTINE})
"""What automation may do to a person of itself."""

REMOVAL = frozenset({Act.KICK, Act.BAN})
"""What wants a moderator's press, unless the guild switched `automatic_removal` on."""

_MILD_TO_HARSH = tuple(Act)


@dataclass(frozen=True, slots=True)
class Climb:
    """Where new strikes lead: `steps` to take, `proposed` ones for a moderator to press, and why.

    A reason's `score` is how many strikes counted, its `threshold` at how many the rung stands, its
    `detail` the act.
    """

    steps: tuple[Step, ...] = ()
    proposed: tuple[Step, ...] = ()
    reasons: tuple[Reason, ...] = ()


NOWHERE = Climb()


def climb(ladder: Ladder, standing: Standing, *, adds: int) -> Climb:
    """Where `adds` new strikes bring an author who has `standing`.

    Only a new strike climbs, and only members can be punished. Kick and ban count upheld strikes
    alone where they are automatic; the new ones cannot have been upheld yet. Only what is harsher
    than the step taken is proposed beside it.
    """
    if adds <= 0 or not standing.member:
        return NOWHERE
    total = standing.strikes + adds
    removal = _highest(ladder.rungs, REMOVAL, total)
    upheld = _highest(ladder.rungs, REMOVAL, standing.upheld) if ladder.automatic_removal else None
    taken = upheld or _highest(ladder.rungs, AUTOMATIC, total)
    proposed = removal if _harshness(removal) > _harshness(taken) else None
    return Climb(
        steps=_steps(taken),
        proposed=_steps(proposed),
        reasons=(
            *_reasons(ReasonCode.LADDER, taken, standing.upheld if upheld else total),
            *_reasons(ReasonCode.PROPOSED, proposed, total),
        ),
    )


def _highest(rungs: Iterable[Rung], acts: frozenset[Act], strikes: int) -> Rung | None:
    """The highest rung of these acts that so many strikes reach; of two equally high, the harsher."""
    reached = [r for r in rungs if r.act in acts and r.strikes <= strikes]
    return max(reached, key=lambda r: (r.strikes, _harshness(r), r.minutes), default=None)


def _harshness(rung: Rung | None) -> int:
    return -1 if rung is None else _MILD_TO_HARSH.index(rung.act)


def _steps(rung: Rung | None) -> tuple[Step, ...]:
    return () if rung is None else (Step(rung.act, rung.minutes),)


def _reasons(code: ReasonCode, rung: Rung | None, strikes: int) -> tuple[Reason, ...]:
    if rung is None:
        return ()
    return (Reason(code, score=float(strikes), threshold=float(rung.strikes), detail=rung.act.value),)
