"""The nouns of the street that are not arithmetic: events, media, actions, outcomes, cases.

Plain values, free of platform SDK objects. Ids are the platform's own, as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from policies.model import Act, Decision, Evidence, Listed, Place, Screening, Standing, Step


@dataclass(frozen=True, slots=True)
class Tenant:
    """A Discord server or a Telegram chat. Written `discord:123`; `discord:dm` is the host's own."""

    platform: str
    id: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Tenant:
        """`discord:123` -> Tenant. Raises ValueError with the cure."""
        platform, _, ident = text.partition(":")
        if not platform or not ident:
            raise ValueError(f"{text!r} is not a guild; write platform:id, for example discord:123456789")
        return cls(platform, ident)


# --- what happened ------------------------------------------------------------------------------


class AuthorKind(StrEnum):
    """Who posted: only members can be punished; everybody's posts are looked at."""

    MEMBER = "member"
    BOT = "bot"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Author:
    """Who posted. `joined_at` is when they joined the guild, where known."""

    id: str
    kind: AuthorKind = AuthorKind.MEMBER
    roles: frozenset[str] = frozenset()
    joined_at: datetime | None = None


class MediaKind(StrEnum):
    """Which surface of a message or a profile carries the image."""

    ATTACHMENT = "attachment"
    EMBED = "embed"
    STICKER = "sticker"
    EMOJI = "emoji"
    AVATAR = "avatar"
    BANNER = "banner"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class Media:
    """A reference to something that may be an image; never a URL.

    `key` finds it again in its message (`attachment:123`, `embed:<digest>:image`). `immutable`: the
    platform never shows other bytes under this key, so it may stand for the SHA-256 first seen
    under it (ruling 9). `claimed`: the platform or the name says it is an image; what is not claimed
    is sniffed and dropped if its bytes are no image either. `unsupported` names a kind we do not
    decode (`video`, `lottie`), whose thumbnail, if there is one, is a Media of its own.
    """

    kind: MediaKind
    key: str
    claimed: bool = True
    immutable: bool = False
    size: int | None = None
    unsupported: str | None = None


class EventKind(StrEnum):
    """What a platform says happened."""

    MESSAGE = "message"
    EDIT = "edit"
    AVATAR = "avatar"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened that shows images. `version` changes whenever what is shown changes."""

    tenant: Tenant
    kind: EventKind
    place: Place
    message: str
    version: str
    author: Author
    media: tuple[Media, ...]
    at: datetime

    @property
    def subject(self) -> str:
        """What may be acted on: the same for all versions of a message."""
        return f"{self.place.channel}/{self.message}"

    @property
    def key(self) -> str:
        """The idempotency key within the tenant: one job a version."""
        return f"{self.subject}@{self.version}"


class JobKind(StrEnum):
    """What a journalled job is about."""

    EVENT = "event"  # payload: an Event (bot.store.codec)
    RAW = "raw"  # payload: a platform's own update, parsed by its adapter
    RETRACT = "retract"  # payload: channel, message: take back a notice of ours
    FORGET_EVIDENCE = "forget_evidence"  # payload: case: drop the picture from its cards


@dataclass(frozen=True, slots=True)
class Entry:
    """What is put into the journal. A second entry with the same tenant and key is ignored."""

    tenant: Tenant
    key: str
    kind: JobKind
    payload: Mapping[str, Any]
    subject: str = ""
    run_at: datetime | None = None  # None: now


@dataclass(frozen=True, slots=True)
class Job:
    """A journalled entry that this process has leased. `attempts` counts earlier tries."""

    id: int
    tenant: Tenant
    key: str
    kind: JobKind
    payload: Mapping[str, Any]
    subject: str
    attempts: int
    at: datetime


# --- what is done ---------------------------------------------------------------------------------


class OutcomeState(StrEnum):
    """How performing an action ended. `unknown`: it may or may not have happened."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    SIMULATED = "simulated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How performing one action ended. `detail` says the cure where it was refused.

    `ref` is what was made: the id of a posted message. `retry`: failed now, worth trying later.
    """

    state: OutcomeState
    detail: str = ""
    ref: str | None = None
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a message. Already gone is done."""

    tenant: Tenant
    channel: str
    message: str
    case: int


@dataclass(frozen=True, slots=True)
class Warn:
    """Tell the author in the channel, in public words that name no category (ruling 19)."""

    tenant: Tenant
    channel: str
    author: str
    case: int
    nonce: str


@dataclass(frozen=True, slots=True)
class TimeoutMember:
    """Time a member out until `until` (absolute, so that sending it twice changes nothing)."""

    tenant: Tenant
    author: str
    until: datetime
    case: int


@dataclass(frozen=True, slots=True)
class Button:
    """One thing a moderator can press. `confirm`: ask again, it cannot be undone."""

    verb: str  # a value of bot.desk.verbs.Verb
    label: str
    style: str = "grey"  # green, red, grey, blue
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A moderators' card, rendered into words: the adapter only lays it out.

    `picture` are the bytes of the evidence (always shown spoilered), or None; texts are plain, and
    user-made parts are already escaped and isolated.
    """

    case: int
    title: str
    lines: tuple[tuple[str, str], ...]  # (name, value), in order
    colour: str = "grey"  # red, amber, grey, green
    buttons: tuple[Button, ...] = ()
    picture: bytes | None = field(default=None, repr=False)
    picture_type: str = "image/jpeg"
    link: tuple[str, str] | None = None  # (channel, message) of a post that is still visible
    footer: str = ""


@dataclass(frozen=True, slots=True)
class PostCard:
    """Show a card in the moderators' channel."""

    tenant: Tenant
    channel: str
    card: Card
    nonce: str


@dataclass(frozen=True, slots=True)
class EditCard:
    """Replace a card's words and buttons; `drop_picture` removes the evidence from it."""

    tenant: Tenant
    channel: str
    message: str
    card: Card
    drop_picture: bool = True


@dataclass(frozen=True, slots=True)
class Say:
    """Post plain words in a channel, for `author` if given."""

    tenant: Tenant
    channel: str
    text: str
    nonce: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Retract:
    """Take back a message of our own."""

    tenant: Tenant
    channel: str
    message: str


@dataclass(frozen=True, slots=True)
class Restore:
    """Give a wrongly removed picture back: the attachment of card `card_message` is posted again."""

    tenant: Tenant
    channel: str
    author: str
    card_channel: str
    card_message: str
    case: int
    nonce: str


Action = Delete | Warn | TimeoutMember | PostCard | EditCard | Say | Retract | Restore


class EffectState(StrEnum):
    """`sending` after a restart means: look it up, never blindly resend (ruling 14)."""

    TODO = "todo"
    SENDING = "sending"
    DONE = "done"
    UNKNOWN = "unknown"


class EffectKind(StrEnum):
    """Which action a row stands for; its body and the case give the rest."""

    DELETE = "delete"
    WARN = "warn"
    CARD = "card"
    TIMEOUT = "timeout"
    KICK = "kick"
    BAN = "ban"
    EDIT_CARD = "edit_card"
    SAY = "say"
    RESTORE = "restore"


IDEMPOTENT = frozenset({EffectKind.DELETE, EffectKind.TIMEOUT, EffectKind.EDIT_CARD, EffectKind.KICK, EffectKind.BAN})


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to be done to the world, as a row. `nonce` is unique and stable over retries."""

    id: int
    tenant: Tenant
    case: int | None
    kind: EffectKind
    body: Mapping[str, Any]
    state: EffectState
    nonce: str
    attempts: int = 0
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """An effect that is about to be recorded."""

    kind: EffectKind
    body: Mapping[str, Any]


# --- what is remembered ---------------------------------------------------------------------------


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

    `listed` and `struck` are what `decide` was given beside the screenings (`policies.model.Seen`).
    """

    media: Media
    sha256: str
    screenings: tuple[Screening, ...]
    decision: Decision
    width: int = 0
    height: int = 0
    listed: Listed | None = None
    struck: bool = False


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
class Capabilities:
    """What a platform can do: drives wizard, presets, doctor and docs."""

    acts: frozenset[Act]
    private_notice: bool
    history: bool
    evidence: bool


def steps(decision: Decision, act: Act) -> tuple[Step, ...]:
    """The steps of `decision` that are `act`."""
    return tuple(s for s in decision.steps if s.act is act)


# --- people at the desk -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Presser:
    """Who pressed a button or gave a command, as the platform vouches for them at that moment.

    `rights` are platform-neutral: `moderate` (may delete others' messages), `punish` (may time out),
    `manage` (may change the guild's settings). The desk decides what they suffice for.
    """

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser is told, privately. `done`: something was changed. `confirm`: ask again with
    this button, since it cannot be undone. `picture`: an image to show along."""

    text: str
    done: bool = False
    confirm: Button | None = None
    picture: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a self-check: what was looked at, whether it is well, and if not the cure."""

    name: str
    ok: bool
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at one image's bytes gave. `sha256` is '' and `skipped` True if it was no image at
    all. For evidence it carries the `still`, or where the verdict came from the cache and nothing was
    decoded, the `original` bytes: in memory only, and only until the card is posted (ruling 7)."""

    sha256: str
    screenings: tuple[Screening, ...]
    width: int = 0
    height: int = 0
    still: bytes | None = field(default=None, repr=False)
    original: bytes | None = field(default=None, repr=False)
    skipped: bool = False
    ms: Mapping[str, float] = field(default_factory=dict)
