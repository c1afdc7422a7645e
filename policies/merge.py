"""Several answers about one image, made one (ruling 2).

*Frames* are parts of one answer: whatever one of them shows, the image shows. *Opinions* are answers
of several providers: each has the say on what it looked for, until a later one looks for it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from policies.model import (
    Category,
    Frames,
    Label,
    Medium,
    Screening,
    Suggestion,
    Unscreened,
    UnscreenedReason,
    Verdict,
    Versions,
)

TEST_CARD = "testcard"
"""The provider whose verdicts only ever raise (ruling 11)."""

NOBODY = Unscreened("", UnscreenedReason.OUTAGE, "no provider answered")
"""Stands for the answer of an image about which nobody said anything: never a pass."""

FLOORS = frozenset({Suggestion.REVIEW, Suggestion.BLOCK})
"""The suggestions by which a vendor says that something is wrong."""

# Any photographed frame makes it a photograph: what is allowed to drawings alone must not hide one.
_CAREFUL = (Medium.DRAWN, Medium.UNKNOWN, Medium.PHOTO)


def frames(parts: Iterable[Verdict], *, total: int | None = None) -> Verdict:
    """One provider's verdict on an animation, from its verdicts on disjoint parts of it.

    Maximum per label, harshest suggestion, `assessed` by intersection, frames, cost and details added up. `total` is
    how many frames the animation has, where the parts do not account for all of them. Raises
    ValueError if there are no parts, if they are not one provider's at one version, or if more was
    seen than `total`.
    """
    verdicts = tuple(parts)
    provider, versions = _maker(verdicts)
    return Verdict(
        provider=provider,
        labels=strongest(x for v in verdicts for x in v.labels),
        assessed=frozenset.intersection(*(v.assessed for v in verdicts)),
        versions=versions,
        suggestion=max((v.suggestion for v in verdicts if v.suggestion), default=None),
        medium=max((v.medium for v in verdicts), key=_CAREFUL.index),
        frames=_added((v.frames for v in verdicts), total),
        request_id=_common({v.request_id for v in verdicts}),
        cost=sum(v.cost for v in verdicts),
        details=tuple(x for v in verdicts for x in v.details),
    )


def _maker(verdicts: Sequence[Verdict]) -> tuple[str, Versions]:
    makers = {(v.provider, v.versions) for v in verdicts}
    if len(makers) != 1:
        raise ValueError(f"frames of one animation need one provider at one version, not {len(makers)}")
    return makers.pop()


def strongest(labels: Iterable[Label]) -> tuple[Label, ...]:
    """Each thing once, at its highest confidence, in one order."""
    best: dict[tuple[Category, str], Label] = {}
    for label in sorted(labels, key=lambda x: x.confidence):
        best[label.category, label.name] = label
    return tuple(best[key] for key in sorted(best))


def _added(parts: Iterable[Frames], total: int | None) -> Frames:
    parts = tuple(parts)
    seen = sum(f.seen for f in parts)
    total = sum(f.total for f in parts) if total is None else total
    if seen > total:
        raise ValueError(f"{seen} frames seen of an animation of {total}: count each frame once")
    return Frames(seen, total)


def _common(ids: set[str | None]) -> str | None:
    return ids.pop() if len(ids) == 1 else None


@dataclass(frozen=True, slots=True)
class Opinions:
    """What is left to decide on once several providers spoke about one image.

    `verdicts` are cut down to the labels and categories on which their provider has the last word;
    together they say each thing once, and every label still stands with its provider. `silent` are
    the missing answers that still count. `cards` are test cards: on top of all that, never instead.
    """

    verdicts: tuple[Verdict, ...]
    silent: tuple[Unscreened, ...]
    cards: tuple[Verdict, ...]

    @property
    def assessed(self) -> frozenset[Category]:
        """What somebody looked for."""
        return frozenset[Category]().union(*(v.assessed for v in self.verdicts))

    @property
    def medium(self) -> Medium:
        """The last word on photograph or drawing; `unknown` from one who cannot tell is none."""
        known = [v.medium for v in self.verdicts if v.medium is not Medium.UNKNOWN]
        return known[-1] if known else Medium.UNKNOWN


def opinions(screenings: Iterable[Screening]) -> Opinions:
    """Who has the say about one image. `screenings` are in the order in which they were given.

    A verdict that assessed nothing and found nothing is no answer. A failed provider does not count
    once another answered; one that still works on it (`pending`) does, until its own answer comes.
    If nobody answered and nobody said why, that is an outage.
    """
    screenings = tuple(screenings)
    cards = [s for s in screenings if isinstance(s, Verdict) and s.provider == TEST_CARD and s.labels]
    others = [s for s in screenings if s.provider != TEST_CARD]
    answers = [s for s in others if isinstance(s, Verdict) and _says_something(s)]
    silent = tuple(s for s in others if isinstance(s, Unscreened))
    return Opinions(
        verdicts=_authoritative(answers),
        silent=_unsettled(silent, answers) if answers else silent or (NOBODY,),
        cards=tuple(replace(c, assessed=frozenset(), suggestion=None) for c in cards),
    )


def _says_something(verdict: Verdict) -> bool:
    return bool(verdict.assessed or verdict.labels or verdict.suggestion in FLOORS)


def _unsettled(silent: Sequence[Unscreened], answers: Sequence[Verdict]) -> tuple[Unscreened, ...]:
    answered = {v.provider for v in answers}
    return tuple(s for s in silent if s.reason is UnscreenedReason.PENDING and s.provider not in answered)


def _authoritative(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Each verdict without what a later one assessed; those with nothing left to say fall away."""
    taken: frozenset[Category] = frozenset()
    kept = []
    for verdict in reversed(verdicts):
        rest = _without(verdict, taken)
        taken |= verdict.assessed
        if _says_something(rest):
            kept.append(rest)
    return tuple(reversed(kept))


def _without(verdict: Verdict, taken: frozenset[Category]) -> Verdict:
    """`verdict` without the categories `taken`. Its floor goes with the last label that carried it."""
    if taken.isdisjoint(verdict.assessed) and not any(x.category in taken for x in verdict.labels):
        return verdict
    labels = tuple(x for x in verdict.labels if x.category not in taken)
    assessed = verdict.assessed - taken
    carried = bool(labels) if verdict.labels else bool(assessed)
    return replace(verdict, labels=labels, assessed=assessed, suggestion=verdict.suggestion if carried else None)
