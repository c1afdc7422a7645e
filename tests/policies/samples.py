"""Small makers of values, so that a test shows only what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.engine import decide
from policies.model import (
    Category,
    Context,
    Decision,
    Label,
    Listed,
    Medium,
    Place,
    Policy,
    Reason,
    ReasonCode,
    Screening,
    Seen,
    Standing,
    Suggestion,
    Unscreened,
    UnscreenedReason,
    Verdict,
    Versions,
)

ALL = frozenset(Category)
V1 = Versions("model-1", "map-1", "pre-1")
V2 = Versions("model-2", "map-1", "pre-1")
CHANNEL = Place(Context.GROUP_MESSAGE, channel="10")
MEMBER = Standing(author="77", hours=1000.0)

EXPLICIT = Category.SEXUAL_EXPLICIT
SUGGESTIVE = Category.SEXUAL_SUGGESTIVE
HATE = Category.HATE
ADVERTISING = Category.ADVERTISING


def verdict(
    scores: dict[Category, float] | None = None,
    *,
    provider: str = "local",
    assessed: Iterable[Category] = ALL,
    **more: Any,
) -> Verdict:
    """A verdict with one label per category, named after its provider and category."""
    labels = tuple(Label(c, f"{provider}:{c}", x) for c, x in (scores or {}).items())
    return Verdict(provider, labels, frozenset(assessed), more.pop("versions", V1), **more)


def card(scores: dict[Category, float]) -> Verdict:
    """What the provider `testcard` says of a card."""
    return verdict(scores, provider="testcard", assessed=scores, medium=Medium.PHOTO)


def missing(reason: UnscreenedReason, provider: str = "local", ticket: str | None = None) -> Unscreened:
    return Unscreened(provider, reason, "in so many words", ticket)


def seen(*screenings: Screening, listed: Listed | None = None, struck: bool = False) -> Seen:
    return Seen(screenings, listed, struck)


def decided(policy: Policy, *screenings: Screening, **more: Any) -> Decision:
    """What `policy` concludes for one image, in an ordinary channel, of an ordinary member."""
    place, standing = more.pop("place", CHANNEL), more.pop("standing", MEMBER)
    return decide(policy, place, seen(*screenings, **more), standing)


def suggested(policy: Policy, *screenings: Screening, **more: Any) -> Suggestion:
    return decided(policy, *screenings, **more).suggestion


def codes(decision: Decision) -> set[ReasonCode]:
    return {r.code for r in decision.reasons}


def reason(decision: Decision, code: ReasonCode) -> Reason:
    """The one reason of this code."""
    (found,) = [r for r in decision.reasons if r.code is code]
    return found
