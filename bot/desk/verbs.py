"""What can be pressed, where, and what it makes of a case (ruling 12)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.desk.post import Matter, Post, matter, post, removable
from bot.model import Case, CaseState, Origin


class Verb(StrEnum):
    """The buttons of a card; `details` stands under the public notice."""

    REMOVE = "remove"
    FINE = "fine"
    NOT_ALLOWED = "not_allowed"
    RIGHT = "right"
    WRONG = "wrong"
    GIVE_BACK = "give_back"
    WOULD_BE_RIGHT = "would_be_right"
    WOULD_BE_WRONG = "would_be_wrong"
    REMOVE_NOW = "remove_now"
    DETAILS = "details"


Offers = dict[Origin, tuple[Verb, ...]]

OFFERED: Final[Offers] = {
    Origin.REVIEW: (Verb.REMOVE, Verb.FINE),
    Origin.REMOVED: (Verb.RIGHT, Verb.GIVE_BACK),
    Origin.OBSERVED: (Verb.WOULD_BE_RIGHT, Verb.WOULD_BE_WRONG, Verb.REMOVE_NOW),
}
WITHOUT_A_WAY_BACK: Final[Offers] = {**OFFERED, Origin.REMOVED: (Verb.RIGHT, Verb.WRONG)}
"""Whoever reacted, or set the guild's picture, can do so again: there is nothing to give back."""
ON_WHAT_STAYS: Final[Offers] = {
    Origin.REVIEW: (Verb.NOT_ALLOWED, Verb.FINE),
    Origin.REMOVED: (Verb.NOT_ALLOWED, Verb.FINE),
    Origin.OBSERVED: (Verb.WOULD_BE_RIGHT, Verb.WOULD_BE_WRONG),
}
"""A profile, a cover that came in no channel and a direct message are nobody's to take down: what follows is done to
their author."""

CLOSES: Final = {
    Verb.REMOVE: CaseState.UPHELD,
    Verb.FINE: CaseState.OVERTURNED,
    Verb.NOT_ALLOWED: CaseState.UPHELD,
    Verb.RIGHT: CaseState.UPHELD,
    Verb.WRONG: CaseState.OVERTURNED,
    Verb.GIVE_BACK: CaseState.OVERTURNED,
    Verb.WOULD_BE_RIGHT: CaseState.UPHELD,
    Verb.WOULD_BE_WRONG: CaseState.OVERTURNED,
    Verb.REMOVE_NOW: CaseState.UPHELD,
}

REMOVING: Final = frozenset({Verb.REMOVE, Verb.REMOVE_NOW})
ASKS_AGAIN: Final = REMOVING
"""Deleting a post cannot be undone. `right` only confirms what has already happened."""


def _offers(case: Case) -> Offers:
    match matter(case):
        case Matter.POST:
            return OFFERED
        case Matter.REACTION | Matter.COVER if removable(case):
            return WITHOUT_A_WAY_BACK
    return ON_WHAT_STAYS


def verbs_of(case: Case) -> tuple[Verb, ...]:
    """The verbs that `case` can be decided with. A removal that did not come about is a post to be looked at."""
    stands = case.origin is Origin.REMOVED and post(case) is Post.STANDS
    return _offers(case)[Origin.REVIEW if stands else case.origin]


def understood(case: Case, verb: str) -> bool:
    """Whether `verb` has ever stood on the case's card: it may be older than what became of its post."""
    return verb in {*_offers(case)[case.origin], *verbs_of(case)}


def offered(case: Case) -> tuple[Verb, ...]:
    """The verbs that `case` can be decided with now, in the order of its buttons."""
    return verbs_of(case) if case.state is CaseState.OPEN else ()
