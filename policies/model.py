"""The nouns of moderation, as frozen values.

Read in the order of the street: an image is *screened* (`Verdict` or `Unscreened`), a guild's
`Policy` turns screenings into a `Decision`, whose `Step`s the platform performs as actions.
Everything here is a value: equal by content, hashable, free of platform and vendor objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from policies.details import Detail as Detail
from policies.details import DetailKind as DetailKind
from policies.wording import Worded

K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A read-only copy of `mapping`, for fields of frozen dataclasses."""
    return MappingProxyType(dict(mapping))


def nothing() -> Mapping[K, V]:
    """An empty read-only mapping: the default of overrides."""
    return MappingProxyType({})


class Category(StrEnum):
    """What an image can be found to show. Severity lives here, certainty in the score."""

    SEXUAL_EXPLICIT = "sexual_explicit"
    SEXUAL_SUGGESTIVE = "sexual_suggestive"
    VIOLENCE_GRAPHIC = "violence_graphic"
    VIOLENCE = "violence"
    EXTREMISM = "extremism"
    HATE = "hate"
    SELF_HARM = "self_harm"
    ADVERTISING = "advertising"
    OFFENSIVE_TEXT = "offensive_text"
    OTHER = "other"


SEXUAL = frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE})


class Context(StrEnum):
    """Where an image was seen: the `event_type` values of Huawei Cloud Image Moderation V3."""

    HEAD_IMAGE = "head_image"
    ALBUM = "album"
    DYNAMIC = "dynamic"
    ARTICLE = "article"
    COMMENT = "comment"
    ROOM_COVER = "room_cover"
    GROUP_MESSAGE = "group_message"
    MESSAGE = "message"
    PRODUCT = "product"


class Suggestion(StrEnum):
    """What to do with an image, mild to harsh: Huawei's three words, and `unscreened` between.

    `unscreened` means: left alone although nobody could judge it. It is never written as `pass`.
    """

    PASS = "pass"
    UNSCREENED = "unscreened"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """0 (pass) to 3 (block)."""
        return _SEVERITY[self]

    # All four by hand: a str has them already, in the order of the alphabet.
    def __lt__(self, other: str) -> bool:
        return self.severity < Suggestion(other).severity

    def __le__(self, other: str) -> bool:
        return self.severity <= Suggestion(other).severity

    def __gt__(self, other: str) -> bool:
        return self.severity > Suggestion(other).severity

    def __ge__(self, other: str) -> bool:
        return self.severity >= Suggestion(other).severity


_SEVERITY = {s: n for n, s in enumerate(Suggestion)}


class Medium(StrEnum):
    """Photograph or drawing, where a provider can tell; thresholds may differ for drawings."""

    PHOTO = "photo"
    DRAWN = "drawn"
    UNKNOWN = "unknown"


# --- what a provider answers ---------------------------------------------------------------


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
    """Why an image has no verdict (ruling 1)."""

    PENDING = "pending"
    OUTAGE = "outage"
    UNSUPPORTED = "unsupported"
    UNDECODABLE = "undecodable"
    TINY = "tiny"


@dataclass(frozen=True, slots=True)
class Unscreened:
    """No answer, and why. `ticket` names a vendor's job that still runs (reason `pending`)."""

    provider: str
    reason: UnscreenedReason
    detail: str = ""
    ticket: str | None = None


Screening = Verdict | Unscreened


def kept(verdict: Verdict) -> Verdict:
    """What of `verdict` may be kept: no details (ruling 21), and no cost, since to recall it costs nothing."""
    return replace(verdict, cost=0.0, details=()) if verdict.details or verdict.cost else verdict


# --- what a guild has set ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Threshold:
    """Confidences at which a category becomes a review or a removal; None means never.

    Reached means >=. Where both are set, review <= remove.
    """

    review: float | None = None
    remove: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("review", self.review), ("remove", self.remove)):
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(Worded("{name} must be between 0 and 1, not {value}", name=name, value=value))
        if self.review is not None and self.remove is not None and self.review > self.remove:
            raise ValueError(
                Worded(
                    "review ({review}) must not be above remove ({remove}): lower review or raise remove",
                    review=self.review,
                    remove=self.remove,
                )
            )


NEVER = Threshold()
Thresholds = Mapping[Category, Threshold]


class Mode(StrEnum):
    """`enforce` acts; `observe` only shows what would be done; `paused` looks at nothing."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    PAUSED = "paused"


class Remedy(StrEnum):
    """What a guild does with an image that nobody could judge."""

    LEAVE = "leave"
    REVIEW = "review"
    HOLD = "hold"


class Evidence(StrEnum):
    """How a moderators' card shows the picture; always spoilered."""

    NONE = "none"
    MOSAIC = "mosaic"
    FULL = "full"


class Act(StrEnum):
    """What can be done about a post or its author, mild to harsh. Which of these a platform can do, it declares.

    `quarantine` gives the author the guild's quarantine role: what remains where a platform lets nobody take
    down an avatar.
    """

    DELETE = "delete"
    WARN = "warn"
    ESCALATE = "escalate"
    TIMEOUT = "timeout"
    QUARANTINE = "quarantine"
    KICK = "kick"
    BAN = "ban"


OF_LADDER = frozenset({Act.TIMEOUT, Act.KICK, Act.BAN})  # what never follows from one image alone


class Surface(StrEnum):
    """Where images show beside attachments and previews, which are always looked at. A guild chooses."""

    STICKERS = "stickers"
    EMOJI = "emoji"
    REACTIONS = "reactions"
    AVATARS = "avatars"
    BANNERS = "banners"
    COVERS = "covers"


USUAL_SURFACES = frozenset({Surface.STICKERS, Surface.AVATARS, Surface.BANNERS, Surface.COVERS})


class Duty(StrEnum):
    """What a guild can entrust to roles, beside those whom the platform gives the right."""

    SEE = "see"  # cases and what was found
    DECIDE = "decide"  # uphold, overturn, remove; check pictures
    PUNISH = "punish"  # warn, time out, quarantine, kick, ban from a card
    TUNE = "tune"  # change the policy


@dataclass(frozen=True, slots=True)
class Actions:
    """Which acts follow a block and which a review."""

    block: tuple[Act, ...] = (Act.DELETE, Act.WARN, Act.ESCALATE)
    review: tuple[Act, ...] = (Act.ESCALATE,)


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What differs in one channel (and in its threads, which inherit it)."""

    thresholds: Thresholds = field(default_factory=nothing)
    context: Context | None = None
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Exemptions:
    """Whose posts are never acted on: ids of roles and authors as the platform spells them."""

    roles: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Members younger than `hours` in the guild meet thresholds lowered by `margin`. 0 hours: off."""

    hours: int = 0
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Rung:
    """From the `strikes`-th strike on: `act`, for `minutes` where it is a timeout."""

    strikes: int
    act: Act
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """What repeat offences lead to. Strikes older than `days` no longer count.

    Automation climbs only as far as a timeout; kick and ban are *proposed* on the card, unless
    `automatic_removal` is on, and even then only strikes that a moderator upheld count (ruling 4).
    """

    rungs: tuple[Rung, ...] = ()
    days: int = 30
    automatic_removal: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything one guild has set. Another guild's policy never decides this guild's images."""

    preset: str
    mode: Mode = Mode.OBSERVE
    thresholds: Thresholds = field(default_factory=nothing)
    drawn: Thresholds = field(default_factory=nothing)  # overrides for drawings
    contexts: Mapping[Context, Thresholds] = field(default_factory=nothing)
    channels: Mapping[str, ChannelRule] = field(default_factory=nothing)
    age_restricted: Thresholds = field(default_factory=nothing)  # overrides in such channels
    actions: Actions = Actions()
    context_actions: Mapping[Context, Actions] = field(default_factory=nothing)
    exempt: Exemptions = Exemptions()
    newcomers: Newcomers = Newcomers()
    unscreened: Mapping[UnscreenedReason, Remedy] = field(default_factory=nothing)
    trust_vendor: bool = True
    required: frozenset[Category] = frozenset()
    ladder: Ladder = Ladder()
    cap: int = 200  # distinct images removed per hour
    test_cards: bool = True
    evidence: Mapping[Category, Evidence] = field(default_factory=nothing)
    mod_channel: str | None = None
    staff: Mapping[Duty, frozenset[str]] = field(default_factory=nothing)  # ids of roles
    surfaces: frozenset[Surface] = USUAL_SURFACES
    providers: tuple[str, ...] = ()  # of those that the host offers; none: all of them, as the host planned
    quarantine_role: str | None = None
    ban_delete_seconds: int = 0  # how far back a ban by the ladder deletes posts
    notice_seconds: int = 60  # how long the public notice stands; 0 = until a moderator removes it
    language: str = "en"


# --- what is known of a post when it is judged ------------------------------------------------


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
class Seen:
    """One image of a post, as `decide` is given it: its screenings and the guild's own list."""

    screenings: tuple[Screening, ...]
    listed: Listed | None = None
    struck: bool = False  # this exact image already earned its author a strike within the hour (ruling 4)


# --- what the policy concludes ----------------------------------------------------------------


class ReasonCode(StrEnum):
    """Which rule spoke. `bot.texts` renders each with the parameters of its `Reason`."""

    THRESHOLD_REMOVE = "threshold_remove"
    THRESHOLD_REVIEW = "threshold_review"
    VENDOR_BLOCK = "vendor_block"
    VENDOR_REVIEW = "vendor_review"
    NOT_ASSESSED = "not_assessed"
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
