"""What happened: tenants, authors, media, events, and the jobs that stand for them on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from policies.model import Place


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


class AuthorKind(StrEnum):
    """Who posted: only members and channels can be punished; everybody's posts are looked at."""

    MEMBER = "member"
    BOT = "bot"
    WEBHOOK = "webhook"
    CHANNEL = "channel"  # a channel that posts under its own name elsewhere: it can be banned, and nothing else
    GUILD = "guild"  # the community itself: its icon and banner, its anonymous admins, its linked channel


PUNISHABLE = frozenset({AuthorKind.MEMBER, AuthorKind.CHANNEL})
"""Whose posts earn strikes."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who posted. `joined_at` is when they joined the guild, where known."""

    id: str
    kind: AuthorKind = AuthorKind.MEMBER
    roles: frozenset[str] = frozenset()
    joined_at: datetime | None = None


class MediaKind(StrEnum):
    """Which surface of a message or a profile carries the image."""

    ATTACHMENT = "attachment"  # uploaded with its post: the platform knew it under no id before
    FILE = "file"  # may have been posted before, and kept its id when it was sent on
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
    decode (`video`, `lottie`), whose thumbnail, if there is one, is a Media of its own. `ref` is what the
    platform wants to be told to fetch it again where the key does not say it: no secret, no URL, and no part of
    what the media is, since it may be another one at every look.
    """

    kind: MediaKind
    key: str
    claimed: bool = True
    immutable: bool = False
    size: int | None = None
    unsupported: str | None = None
    ref: str = field(default="", compare=False)

    @property
    def ident(self) -> str:
        """The platform's own id in `key`: of `emoji:123:animated` it is `123`."""
        return self.key.split(":")[1]


class EventKind(StrEnum):
    """What a platform says happened."""

    MESSAGE = "message"
    EDIT = "edit"
    REACTION = "reaction"
    AVATAR = "avatar"
    COVER = "cover"


POSTS = frozenset({EventKind.MESSAGE, EventKind.EDIT})


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened that shows images. `version` changes whenever what is shown changes.

    `message` is the post, for a reaction the one reacted to; '' for avatars and banners (of `author`) and covers,
    which have no channel either, and of which each picture is an event of its own.

    `album`: the platform's name for several messages that are one post; it comes to know them one by one, each time
    as a newer version with all of them, and `message` names them all. '' for a post that is one message.
    """

    tenant: Tenant
    kind: EventKind
    place: Place
    message: str
    version: str
    author: Author
    media: tuple[Media, ...]
    at: datetime
    album: str = ""

    @property
    def post(self) -> str:
        """Which post of its channel it is, the same for all versions of it."""
        return f"album/{self.album}" if self.album else self.message

    @property
    def subject(self) -> str:
        """What may be acted on: the same for all versions of a message, of one picture of a profile or a cover."""
        shown = self.media[0].key if self.media else ""
        match self.kind:
            case EventKind.AVATAR:
                return f"profile/{self.author.id}#{self._slot(shown)}"
            case EventKind.COVER:
                return f"cover#{self._slot(shown)}"
            case EventKind.REACTION:
                return f"{self.place.channel}/{self.message}#{shown}"
        return f"{self.place.channel}/{self.post}"

    def _slot(self, key: str) -> str:
        """Which picture of theirs it is: its key without the hash. A webhook may show many side by side."""
        return key if self.author.kind is AuthorKind.WEBHOOK else key.rpartition("/")[0]

    @property
    def key(self) -> str:
        """The idempotency key within the tenant: one job a version."""
        return f"{self.subject}@{self.version}"


class JobKind(StrEnum):
    """What a journalled job is about."""

    EVENT = "event"  # payload: an Event (bot.store.codec)
    FOLLOW_UP = "follow_up"  # payload: an Event, and the job that judged it without an answer that came late
    RAW = "raw"  # payload: a platform's own update, parsed by its adapter
    RETRACT = "retract"  # payload: channel, message: take back a notice of ours
    FORGET_EVIDENCE = "forget_evidence"  # payload: case: drop the picture from its cards
    GREET = "greet"  # payload: channel or null: say hello in a guild that was joined
    REMIND = "remind"  # payload: policy_version, channel or null: what watching has shown, if it still only watches
    LEAVE = "leave"  # the host wants the bot out of a guild


@dataclass(frozen=True, slots=True)
class Entry:
    """What is put into the journal. A second entry with the same tenant and key is ignored."""

    tenant: Tenant
    key: str
    kind: JobKind
    payload: Mapping[str, Any]
    subject: str = ""
    run_at: datetime | None = None  # None: now
    waits_for: str = ""  # whose return or answer makes it due before that


@dataclass(frozen=True, slots=True)
class Job:
    """A journalled entry that this process has leased. `attempts` counts earlier tries; `again`: it was in hand
    before and put back, which need not have been a try."""

    id: int
    tenant: Tenant
    key: str
    kind: JobKind
    payload: Mapping[str, Any]
    subject: str
    attempts: int
    at: datetime
    again: bool = False
