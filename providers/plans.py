"""Whom to ask about an image, and whom next once something was said. Plain values, made from a guild's policy.

Together       everybody, side by side
Failover       one after another, until one answers
SecondOpinion  the free first; the paid only where the free are in doubt, did not look, or did not answer
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from policies.merge import opinions
from policies.model import Category, Policy, Screening, Unscreened, UnscreenedReason, Verdict, nothing

CLEAN, SURE = 0.3, 0.85
"""Outside of these no second opinion is worth its price, unless the guild's own thresholds lie there."""


class Plan(Protocol):
    """Who is asked. Equal plans ask the same."""

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody who may be asked, in the order in which their answers stand."""
        ...

    def next(self, said: Sequence[Screening]) -> tuple[str, ...]:
        """Whom to ask now, side by side, given the answers of those asked so far; nobody: it is over."""
        ...


def _named(providers: tuple[str, ...]) -> None:
    if not providers:
        raise ValueError("a plan names at least one provider, for example local")


def _left(providers: Iterable[str], said: Sequence[Screening]) -> tuple[str, ...]:
    asked = {s.provider for s in said}
    return tuple(dict.fromkeys(p for p in providers if p not in asked))


def _answered(said: Sequence[Screening]) -> bool:
    """A job that is still pending is an answer to come: another vendor would be paid for the same."""
    return any(isinstance(s, Verdict) or s.reason is UnscreenedReason.PENDING for s in said)


def is_spent(screening: Screening) -> bool:
    """Whether nobody was asked, for want of money."""
    return isinstance(screening, Unscreened) and screening.reason is UnscreenedReason.SPENT


@dataclass(frozen=True, slots=True)
class Together:
    """Everybody, side by side."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        _named(self.names)

    def next(self, said: Sequence[Screening]) -> tuple[str, ...]:
        """See `Plan`."""
        return _left(self.names, said)


@dataclass(frozen=True, slots=True)
class Failover:
    """The first that answers. Whoever will not take the image leaves it to the next, too.

    `unpaid`: those who take over, one after another, where all others were not asked for want of money.
    """

    first: tuple[str, ...]
    unpaid: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _named(self.first)

    @property
    def names(self) -> tuple[str, ...]:
        """See `Plan`."""
        return tuple(dict.fromkeys((*self.first, *self.unpaid)))

    def next(self, said: Sequence[Screening]) -> tuple[str, ...]:
        """See `Plan`."""
        if _answered(said):
            return ()
        if left := _left(self.first, said):
            return left[:1]
        spent = all(is_spent(s) for s in said if s.provider in self.first)
        return _left(self.unpaid, said)[:1] if spent else ()


class Band(NamedTuple):
    """Confidences about which the first opinion is in doubt: from `low` on, below `high`."""

    low: float
    high: float

    def __contains__(self, confidence: object) -> bool:
        return isinstance(confidence, float) and self.low <= confidence < self.high


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """`free` side by side; then, where that does not settle it, the first of `paid` that answers.

    `grey` is the band of doubt of each category that the guild acts on. `required` are categories that somebody
    must have looked for; `paid_covers` says what the paid could add, so that none is paid for nothing.
    """

    free: tuple[str, ...]
    paid: tuple[str, ...]
    grey: Mapping[Category, Band] = field(default_factory=nothing, hash=False)
    required: frozenset[Category] = frozenset()
    paid_covers: frozenset[Category] = frozenset(Category)

    def __post_init__(self) -> None:
        _named(self.free)

    @property
    def names(self) -> tuple[str, ...]:
        """See `Plan`."""
        return tuple(dict.fromkeys((*self.free, *self.paid)))

    def next(self, said: Sequence[Screening]) -> tuple[str, ...]:
        """See `Plan`."""
        if first := _left(self.free, said):
            return first
        bought = [s for s in said if s.provider in self.paid]
        if _answered(bought) or not self.in_doubt([s for s in said if s.provider not in self.paid]):
            return ()
        return _left(self.paid, said)[:1]

    def in_doubt(self, said: Sequence[Screening]) -> bool:
        """Whether another opinion could change what follows: nobody answered, a score lies in its grey band, or
        a required category was not looked for that the paid look for."""
        if all(isinstance(s, Unscreened) for s in said):
            return True
        heard = opinions(said)
        if (self.required - heard.assessed) & self.paid_covers:
            return True
        scores = {c: max(v.confidence(c) for v in heard.verdicts) for c in self.grey} if heard.verdicts else {}
        return any(scores[c] in band for c, band in self.grey.items() if c in scores and c in self.paid_covers)


def grey(policy: Policy) -> Mapping[Category, Band]:
    """The bands of doubt of a guild: from where a look could be due to where removal is sure, at least CLEAN..SURE.

    A category without thresholds has none: nothing follows from it.
    """
    bands = {}
    for category, limit in policy.thresholds.items():
        if (lowest := limit.review if limit.review is not None else limit.remove) is not None:
            bands[category] = Band(min(CLEAN, lowest), max(SURE, limit.remove or 0.0))
    return bands
