"""What is known of a post when it is judged, and what the policy concludes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policies.model.screenings import Screening
from policies.model.settings import Act, Evidence
from policies.model.vocabulary import Category, Context, Suggestion


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image was seen. `parent` is the channel a thread belongs to."""

    context: Context
    channel: str | None = None
    parent: str | None = None
    age_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the author when judging. `hours` is None for someone who never joined
    (a webhook, a passer-by); `strikes` counts those still alive, `upheld` those a moderator confirmed."""

    author: str
    roles: frozenset[str] = frozenset()
    hours: float | None = None
    strikes: int = 0
    upheld: int = 0
    member: bool = True  # False: a webhook or another bot; it can be removed but not punished


class Listed(StrEnum):
    """Whether this exact image (SHA-256) stands on one of the guild's lists."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Near:
    """An image of this guild that was removed or is blocked, and that this one nearly looks like (ruling 9).

    `distance`: bits of 64 in which the perceptual hashes differ, of the one that differs more; `case` is the number of
    the case, where there is one; `categories` are what was found in the image then, none where nothing can be said of
    it: it was put on the block list, or a moderator removed it for reasons that no provider saw.
    """

    sha256: str
    distance: int
    case: int | None = None
    categories: frozenset[Category] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """One image of a post, as `decide` is given it: its screenings and the guild's own list."""

    screenings: tuple[Screening, ...]
    listed: Listed | None = None
    struck: bool = False  # this exact image already earned its author a strike within the hour (ruling 4)
    near: Near | None = None


class ReasonCode(StrEnum):
    """Which rule spoke. `bot.texts` renders each with the parameters of its `Reason`."""

    THRESHOLD_REMOVE = "threshold_remove"
    THRESHOLD_REVIEW = "threshold_review"
    VENDOR_BLOCK = "vendor_block"
    VENDOR_REVIEW = "vendor_review"
    NOT_ASSESSED = "not_assessed"
    NEAR_KNOWN = "near_known"
    SPENT = "spent"
    UNSCREENED = "unscreened"
    BLOCK_LISTED = "block_listed"
    ALLOW_LISTED = "allow_listed"
    EXEMPT_ROLE = "exempt_role"
    EXEMPT_AUTHOR = "exempt_author"
    EXEMPT_CHANNEL = "exempt_channel"
    TEST_CARD = "test_card"
    CAP_REACHED = "cap_reached"
    HOST_LIMIT = "host_limit"
    LADDER = "ladder"
    PROPOSED = "proposed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke, with the score and the threshold that made it."""

    code: ReasonCode
    category: Category | None = None
    provider: str | None = None
    label: str | None = None
    score: float | None = None
    threshold: float | None = None
    detail: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """A total order over reasons, so that sets of them have one canonical tuple."""
        return tuple(
            "" if x is None else f"{x:.9f}" if isinstance(x, float) else str(x)
            for x in (self.code, self.category, self.provider, self.label, self.score, self.threshold, self.detail)
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One act to perform; `minutes` where it is a timeout."""

    act: Act
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy concludes for one post. `reasons` are canonical: unique and sorted by `key`."""

    suggestion: Suggestion
    steps: tuple[Step, ...] = ()
    reasons: tuple[Reason, ...] = ()
    evidence: Evidence = Evidence.NONE

    @property
    def removes(self) -> bool:
        """Whether the post is to be deleted."""
        return any(s.act is Act.DELETE for s in self.steps)

    @property
    def is_test(self) -> bool:
        """Whether only a test card made this: it earns no strike and no statistics (ruling 11)."""
        return any(r.code is ReasonCode.TEST_CARD for r in self.reasons)
