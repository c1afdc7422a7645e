"""What a provider answers about an image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from policies.details import Detail
from policies.model.vocabulary import Category, Medium, Suggestion


@dataclass(frozen=True, slots=True)
class Label:
    """One thing seen: our category, the provider's own name for it, its confidence 0..1.

    Confidence is on the one scale of all providers: 0.5 is worth a moderator's look,
    0.85 is sure enough to remove.
    """

    category: Category
    name: str
    confidence: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:  # also refuses NaN
            raise ValueError(f"confidence of {self.name!r} must be in 0..1, not {self.confidence!r}")


@dataclass(frozen=True, slots=True)
class Versions:
    """What made a screening: replay never mixes two of these silently."""

    model: str
    mapping: str
    preprocessing: str


@dataclass(frozen=True, slots=True)
class Frames:
    """How much of an animation was looked at: `seen` of `total` frames (1 of 1 for a still)."""

    seen: int = 1
    total: int = 1

    @property
    def partly(self) -> bool:
        """Whether some frames were not looked at."""
        return self.seen < self.total


@dataclass(frozen=True, slots=True)
class Verdict:
    """One provider's answer on one image.

    `suggestion` is the vendor's own (a floor for the decision), or None where the provider
    reports scores only. A category outside `assessed` was not looked for: not the same as clean.
    `cost` is what the call that gave it cost, in US dollars; `details` are for the card alone. Neither is
    part of a verdict that is kept: see `kept`.
    """

    provider: str
    labels: tuple[Label, ...]
    assessed: frozenset[Category]
    versions: Versions
    suggestion: Suggestion | None = None
    medium: Medium = Medium.UNKNOWN
    frames: Frames = Frames()
    request_id: str | None = None
    cost: float = 0.0
    details: tuple[Detail, ...] = ()

    def confidence(self, category: Category) -> float:
        """The highest confidence among labels of `category`; 0.0 if there is none."""
        return max((x.confidence for x in self.labels if x.category is category), default=0.0)


class UnscreenedReason(StrEnum):
    """Why an image has no verdict (ruling 1); `spent`: the money for asking is not left (ruling 20)."""

    PENDING = "pending"
    OUTAGE = "outage"
    UNSUPPORTED = "unsupported"
    UNDECODABLE = "undecodable"
    TINY = "tiny"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Unscreened:
    """No answer, and why. `ticket` names a vendor's job that still runs (reason `pending`).

    `tried` False: nobody looked at the image, since the provider is known to be out or turned us away at its door.
    """

    provider: str
    reason: UnscreenedReason
    detail: str = ""
    ticket: str | None = None
    tried: bool = True


Screening = Verdict | Unscreened


def kept(verdict: Verdict) -> Verdict:
    """What of `verdict` may be kept: no details (ruling 21), and no cost, since to recall it costs nothing."""
    return replace(verdict, cost=0.0, details=()) if verdict.details or verdict.cost else verdict
