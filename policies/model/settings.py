"""What a guild has set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policies.model.frozen import nothing
from policies.model.screenings import UnscreenedReason
from policies.model.vocabulary import Category, Context
from policies.wording import Worded


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
    down an avatar. `mute_images` takes from the author the right to post images, and leaves them their words.
    """

    DELETE = "delete"
    WARN = "warn"
    ESCALATE = "escalate"
    MUTE_IMAGES = "mute_images"
    TIMEOUT = "timeout"
    QUARANTINE = "quarantine"
    KICK = "kick"
    BAN = "ban"


OF_LADDER = frozenset({Act.MUTE_IMAGES, Act.TIMEOUT, Act.KICK, Act.BAN})  # what never follows from one image alone
FOR_A_WHILE = frozenset({Act.MUTE_IMAGES, Act.TIMEOUT})  # what ends by itself, so many minutes later


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


class WhenSpent(StrEnum):
    """What becomes of images that a paid provider would be asked about, once its money is spent (ruling 20).

    `local`: the free providers decide alone. `new_members`: a fifth of the money is kept for posts by new members,
    then as `local`. `review`: what the free leave in doubt comes before the moderators.
    """

    LOCAL = "local"
    NEW_MEMBERS = "new_members"
    REVIEW = "review"


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
    when_spent: WhenSpent = WhenSpent.LOCAL
    suspect_near: bool = True  # what nearly looks like an image that was removed here is a review (ruling 9)
    quarantine_role: str | None = None
    ban_delete_seconds: int = 0  # how far back a ban by the ladder deletes posts
    notice_seconds: int = 60  # how long the public notice stands; 0 = until a moderator removes it
    language: str = "en"
