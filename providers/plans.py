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
from policies.model import Category, Screening, Thresholds, Unscreened, UnscreenedReason, Verdict, nothing

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
    """`free` side by side; then, one after another, those of `paid` who could settle what that leaves in doubt.

    `grey` is the band of doubt of each category that the guild acts on. `required` are categories that somebody
    must have looked for; `covers` says what each of the paid can find, all where it does not say, so that none is paid
    for nothing.
    """

    free: tuple[str, ...]
    paid: tuple[str, ...]
    grey: Mapping[Category, Band] = field(default_factory=nothing, hash=False)
    required: frozenset[Category] = frozenset()
    covers: Mapping[str, frozenset[Category]] = field(default_factory=nothing, hash=False)

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
        given = [s for s in said if s.provider not in self.paid]
        unheard = not (_answered(given) or _answered(bought))  # then whoever answers at all is welcome
        doubt = self.doubt(given) - frozenset[Category]().union(*map(self._settled, bought))
        return tuple(n for n in _left(self.paid, said) if unheard or doubt & self._finds(n))[:1]

    def doubt(self, said: Sequence[Screening]) -> frozenset[Category]:
        """Of which categories another opinion could change what follows: a score lies in its grey band, or it is
        required and nobody looked for it."""
        heard = opinions(said)
        missing = self.required - heard.assessed
        if not heard.verdicts:
            return missing
        scores = {c: max(v.confidence(c) for v in heard.verdicts) for c in self.grey}
        return missing | {c for c, band in self.grey.items() if scores[c] in band}

    def _settled(self, screening: Screening) -> frozenset[Category]:
        """What one who was paid has answered, or will: another would be paid for the same."""
        if isinstance(screening, Verdict):
            return screening.assessed
        pending = screening.reason is UnscreenedReason.PENDING
        return self._finds(screening.provider) if pending else frozenset()

    def _finds(self, name: str) -> frozenset[Category]:
        return self.covers.get(name, frozenset(Category))


def grey(*layers: Thresholds) -> Mapping[Category, Band]:
    """The bands of doubt where any of these thresholds may hold: from where a look could be due to where removal is
    sure, at least CLEAN..SURE.

    A category without thresholds has none: nothing follows from it.
    """
    bands: dict[Category, Band] = {}
    for category, limit in (pair for layer in layers for pair in layer.items()):
        if (lowest := limit.review if limit.review is not None else limit.remove) is not None:
            before = bands.get(category, Band(CLEAN, SURE))
            bands[category] = Band(min(before.low, lowest), max(before.high, limit.remove or 0.0))
    return bands
