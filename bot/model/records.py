"""What is remembered: judged images, rulings, cases, histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.actions import Effect, Plan
from bot.model.events import Author, Event, EventKind, Media, Tenant
from policies.model import Act, Category, Decision, Evidence, Listed, Near, Place, Screening, Standing


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    EXPIRED = "expired"


class Origin(StrEnum):
    """What the bot had done when the case was opened; buttons speak by it (ruling 12)."""

    REMOVED = "removed"
    REVIEW = "review"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Judged:
    """One image of a post with what was said of it. `sha256` is '' if its bytes never came.

    `listed`, `struck` and `near` are what `decide` was given beside the screenings (`policies.model.Seen`).
    """

    media: Media
    sha256: str
    screenings: tuple[Screening, ...]
    decision: Decision
    width: int = 0
    height: int = 0
    listed: Listed | None = None
    struck: bool = False
    near: Near | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """Everything that one commit records about one judged event (ruling 14)."""

    event: Event
    standing: Standing
    images: tuple[Judged, ...]
    decision: Decision
    policy_version: int
    observed: bool
    plans: tuple[Plan, ...]
    origin: Origin | None = None  # None: no case
    strikes: tuple[str, ...] = ()  # SHA-256 of the images that earn a strike
    removed: tuple[str, ...] = ()  # SHA-256 of distinct images that count towards the cap
    follows: int | None = None  # the job that judged this event before, without an answer that is in now
    ms: Mapping[str, float] = field(default_factory=dict)  # spans: fetch, decode, inference, decide


@dataclass(frozen=True, slots=True)
class Concluded:
    """What the commit made. `superseded`: a newer version of the message waits, so nothing was done."""

    case: int | None
    effects: tuple[Effect, ...]
    superseded: bool = False
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class CardRef:
    """A card that was posted for a case."""

    channel: str
    message: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ListEntry:
    """What a guild says of one exact image, and who said so, why and when."""

    sha256: str
    listed: Listed
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """The numbered record that moderators read."""

    tenant: Tenant
    number: int
    state: CaseState
    origin: Origin
    opened_at: datetime
    author: Author
    place: Place
    message: str
    images: tuple[Judged, ...]
    decision: Decision
    policy_version: int
    effects: tuple[Effect, ...]
    cards: tuple[CardRef, ...]
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""
    kind: EventKind = EventKind.MESSAGE  # what it is about: a post, a reaction, a profile, a cover


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an author in one guild: shown on cards, given to the ladder.

    `struck` are the SHA-256 that already earned a strike within this hour: a copy earns no other (ruling 4).
    """

    strikes: int = 0
    upheld: int = 0
    cases: int = 0
    struck: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of a guild's images while it only watched. `removed` and `shown` are images that would have been;
    `right`, `wrong` and `undecided` are cases, by what moderators said of them."""

    looked: int = 0
    removed: int = 0
    shown: int = 0
    unjudged: int = 0
    removed_by: Mapping[Category, int] = field(default_factory=dict)
    shown_by: Mapping[Category, int] = field(default_factory=dict)
    right: int = 0
    wrong: int = 0
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do: drives wizard, presets, doctor and docs.

    `roles`: members can be given roles, so that there are moderators' roles and a quarantine. `rooms`: we can make a
    private channel. `covers`: the guild's own picture can be taken down. `ban_deletes`: a ban can delete posts of
    the last days as well. `outlasting`: an image can be fetched after its post is deleted, for as long as it takes to
    show it on a card.
    """

    acts: frozenset[Act]
    private_notice: bool
    history: bool
    evidence: bool
    roles: bool = True
    rooms: bool = True
    covers: bool = False
    ban_deletes: bool = True
    outlasting: bool = False


ABLE = Capabilities(frozenset(Act), private_notice=True, history=True, evidence=True, covers=True)
"""Of a platform that can do everything."""
