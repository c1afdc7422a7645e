"""What is done to the world: actions, their outcomes, and the rows that stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.events import Tenant
from bot.model.pages import Button, Option, Page


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

    `ref` is what was made: the id of a posted message. `retry`: failed now, worth trying later; `after`: but not for
    so many seconds, by what the platform says.
    """

    state: OutcomeState
    detail: str = ""
    ref: str | None = None
    retry: bool = False
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a message. Already gone is done."""

    tenant: Tenant
    channel: str
    message: str
    case: int


@dataclass(frozen=True, slots=True)
class RemoveCover:
    """Take down the picture of a guild itself, and the `message` in `channel` that showed it. Already gone is done."""

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
class Unreact:
    """Take an emoji off a message, whoever reacted with it. `emoji` is its platform id. Already gone is done."""

    tenant: Tenant
    channel: str
    message: str
    emoji: str
    case: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Give a member the quarantine role, or (`on` False) take it back; a `role` of '' is one that nobody has set.

    `actor` is the moderator who pressed. `entrusted`: the guild gave them that duty in place of the platform's
    own right, so that only where they stand is asked. `again`: an earlier try may have been carried out, its answer
    lost. The outcome's `ref` is the role, if it was not theirs before.
    """

    tenant: Tenant
    author: str
    role: str
    on: bool
    case: int
    actor: str | None = None
    entrusted: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class TimeoutMember:
    """Time a member out until `until` (absolute, so that sending it twice changes nothing).

    `until` None lifts the timeout that ends at `given`; one that somebody gave since then stays. Without
    `given` whichever there is is lifted. `actor`, `entrusted`: see `Quarantine`. `images_only`: they may still write,
    but post no images.
    """

    tenant: Tenant
    author: str
    until: datetime | None
    case: int
    given: datetime | None = None
    actor: str | None = None
    entrusted: bool = False
    images_only: bool = False


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """Kick a member, or `ban` them. Already gone or banned is done.

    A ban deletes their posts of the last `delete_seconds`: none unless said. `actor`, `entrusted`: see `Quarantine`.
    """

    tenant: Tenant
    author: str
    ban: bool
    case: int
    delete_seconds: int = 0
    actor: str | None = None
    entrusted: bool = False


@dataclass(frozen=True, slots=True)
class Unban:
    """Lift the ban that this case gave; one that somebody else gave stays. Not banned any more is done."""

    tenant: Tenant
    author: str
    case: int


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
    sanctions: tuple[Option, ...] = ()  # what a moderator may do to the author, as a select


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


@dataclass(frozen=True, slots=True)
class PostPage:
    """Show a page in a channel: the greeting, a reminder."""

    tenant: Tenant
    channel: str
    page: Page
    nonce: str


@dataclass(frozen=True, slots=True)
class MakeChannel:
    """Make a private channel that only `roles`, whoever asked for it (`author`) and the bot can see.

    The outcome's `ref` is its id.
    """

    tenant: Tenant
    name: str
    author: str
    roles: tuple[str, ...]
    nonce: str


Action = (
    Delete
    | RemoveCover
    | Unreact
    | Warn
    | Quarantine
    | TimeoutMember
    | RemoveMember
    | Unban
    | PostCard
    | EditCard
    | PostPage
    | MakeChannel
    | Say
    | Retract
    | Restore
)


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
    UNREACT = "unreact"
    REMOVE_COVER = "remove_cover"
    MUTE_IMAGES = "mute_images"
    UNBAN = "unban"
    QUARANTINE = "quarantine"
    PAGE = "page"
    MAKE_CHANNEL = "make_channel"


IDEMPOTENT = frozenset(
    {
        EffectKind.DELETE,
        EffectKind.UNREACT,
        EffectKind.REMOVE_COVER,
        EffectKind.MUTE_IMAGES,
        EffectKind.TIMEOUT,
        EffectKind.QUARANTINE,
        EffectKind.EDIT_CARD,
        EffectKind.KICK,
        EffectKind.BAN,
        EffectKind.UNBAN,
    }
)


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
