"""What a case is about, and what has become of it as far as its effects tell."""

from __future__ import annotations

from enum import StrEnum

from bot.model import POSTS, Case, Effect, EffectKind, EventKind, OutcomeState
from policies.model import Context

REMOVALS = frozenset({EffectKind.DELETE, EffectKind.UNREACT, EffectKind.REMOVE_COVER})


class Matter(StrEnum):
    """What a case is about. Of the first two something can be taken down, and of a cover where it came as a post
    (rulings 4 and 13)."""

    POST = "post"
    REACTION = "reaction"
    PROFILE = "profile"
    COVER = "cover"
    DIRECT = "direct"  # a message to the bot itself


def matter(case: Case) -> Matter:
    """What `case` is about."""
    if case.kind is EventKind.REACTION:
        return Matter.REACTION
    if case.place.context is Context.MESSAGE:
        return Matter.DIRECT
    if case.kind in POSTS and case.place.channel is not None:
        return Matter.POST
    return Matter.COVER if case.kind is EventKind.COVER or case.place.context is Context.ROOM_COVER else Matter.PROFILE


def removable(case: Case) -> bool:
    """Whether there is something that could be taken down. A cover that came in a channel is the adapter's to take
    down (`Capabilities.covers`); one that came in none is nobody's."""
    about = matter(case)
    return about in {Matter.POST, Matter.REACTION} or (about is Matter.COVER and case.place.channel is not None)


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


def holds(effect: Effect) -> bool:
    """Whether it was done, is under way, or may have been done: not if it was refused, simulated or failed for good."""
    outcome = effect.outcome
    return outcome is None or outcome.retry or outcome.state in (OutcomeState.DONE, OutcomeState.UNKNOWN)


def link(case: Case) -> tuple[str, str] | None:
    """(channel, message) where it can still be seen; of a reaction, the message that it was under."""
    channel = case.place.channel
    if channel is None or not removable(case):
        return None
    stays = matter(case) is Matter.REACTION or post(case) is Post.STANDS
    return (channel, case.message) if stays else None
