"""What has become of the post that a case is about, as far as its effects tell."""

from __future__ import annotations

from enum import StrEnum

from bot.model import Case, EffectKind, OutcomeState

REMOVALS = frozenset({EffectKind.DELETE, EffectKind.UNREACT})


class Post(StrEnum):
    """`unsure`: a deletion is under way, or nobody can tell whether it happened."""

    STANDS = "stands"
    GONE = "gone"
    UNSURE = "unsure"


def post(case: Case) -> Post:
    """Gone once any deletion was done; refused, failed and simulated deletions leave it standing."""
    outcomes = [e.outcome for e in case.effects if e.kind in REMOVALS]
    if any(o is not None and o.state is OutcomeState.DONE for o in outcomes):
        return Post.GONE
    if any(o is None or o.retry or o.state is OutcomeState.UNKNOWN for o in outcomes):
        return Post.UNSURE
    return Post.STANDS


def link(case: Case) -> tuple[str, str] | None:
    """(channel, message) where the post can still be seen."""
    channel = case.place.channel
    return (channel, case.message) if channel is not None and post(case) is Post.STANDS else None
