"""What can be pressed, where, and what it makes of a case (ruling 12)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from bot.desk.post import Post, post
from bot.model import Case, CaseState, Origin


class Verb(StrEnum):
    """The buttons of a card; `details` stands under the public notice."""

    REMOVE = "remove"
    FINE = "fine"
    RIGHT = "right"
    GIVE_BACK = "give_back"
    WOULD_BE_RIGHT = "would_be_right"
    WOULD_BE_WRONG = "would_be_wrong"
    REMOVE_NOW = "remove_now"
    DETAILS = "details"


OFFERED: Final = {
    Origin.REVIEW: (Verb.REMOVE, Verb.FINE),
    Origin.REMOVED: (Verb.RIGHT, Verb.GIVE_BACK),
    Origin.OBSERVED: (Verb.WOULD_BE_RIGHT, Verb.WOULD_BE_WRONG, Verb.REMOVE_NOW),
}

CLOSES: Final = {
    Verb.REMOVE: CaseState.UPHELD,
    Verb.FINE: CaseState.OVERTURNED,
    Verb.RIGHT: CaseState.UPHELD,
    Verb.GIVE_BACK: CaseState.OVERTURNED,
    Verb.WOULD_BE_RIGHT: CaseState.UPHELD,
    Verb.WOULD_BE_WRONG: CaseState.OVERTURNED,
    Verb.REMOVE_NOW: CaseState.UPHELD,
}

ASKS_AGAIN: Final = frozenset({Verb.REMOVE, Verb.REMOVE_NOW})
"""Deleting a post cannot be undone. `right` only confirms what has already happened."""


def verbs_of(case: Case) -> tuple[Verb, ...]:
    """The verbs that `case` can be decided with. A removal that did not come about is a post to be looked at."""
    stands = case.origin is Origin.REMOVED and post(case) is Post.STANDS
    return OFFERED[Origin.REVIEW if stands else case.origin]


def offered(case: Case) -> tuple[Verb, ...]:
    """The verbs that `case` can be decided with now, in the order of its buttons."""
    return verbs_of(case) if case.state is CaseState.OPEN else ()
