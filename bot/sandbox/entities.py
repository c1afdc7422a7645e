"""What the sandbox's Discord is made of: users, guilds, channels, messages. State only, no wire."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from itertools import chain, islice
from typing import Any

Json = dict[str, Any]

TEXT, DM, CATEGORY, ANNOUNCEMENT, FORUM, MEDIA = 0, 1, 4, 5, 15, 16
PUBLIC_THREAD, PRIVATE_THREAD = 11, 12
_THREADS = frozenset({10, PUBLIC_THREAD, PRIVATE_THREAD})


@dataclass(slots=True, eq=False)
class User:
    """A person, bot or webhook face. `avatar` and `banner` are asset hashes."""

    id: int
    name: str
    bot: bool = False
    avatar: str | None = None
    banner: str | None = None
    global_name: str | None = None
    dms_closed: bool = False


@dataclass(slots=True, eq=False)
class Role:
    """A role; the one with the guild's id is @everyone."""

    id: int
    name: str
    permissions: int
    position: int


@dataclass(slots=True)
class Overwrite:
    """Permissions of a role or member in one channel."""

    target: int
    of_member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild; `roles` are role ids without @everyone."""

    user: User
    joined_at: datetime
    roles: list[int] = field(default_factory=list)
    nick: str | None = None
    avatar: str | None = None
    timeout_until: datetime | None = None

    def in_timeout(self, now: datetime) -> bool:
        """Whether the member may only read."""
        return self.timeout_until is not None and self.timeout_until > now


@dataclass(slots=True, eq=False)
class Attachment:
    """A file in a message; its bytes lie on the CDN under `path` while `alive`."""

    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str | None
    path: str
    width: int | None = None
    height: int | None = None
    description: str | None = None
    flags: int = 0
    ephemeral: bool = False
    alive: bool = True

    @property
    def is_spoiler(self) -> bool:
        """Hidden until pressed."""
        return self.filename.startswith("SPOILER_") or bool(self.flags & 1 << 3)


@dataclass(slots=True, eq=False)
class Message:
    """A post. `sent_at` and `deleted_at` are perf_counter seconds of the sandbox's process."""

    id: int
    channel: Channel
    author: User
    at: datetime
    content: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    stickers: list[Json] = field(default_factory=list)
    snapshots: list[Message] = field(default_factory=list)
    mentions: list[User] = field(default_factory=list)
    type: int = 0
    flags: int = 0
    edited_at: datetime | None = None
    pinned: bool = False
    nonce: str | int | None = None
    application_id: int | None = None
    webhook_id: int | None = None
    reference: Json | None = None
    replied: Message | None = None
    interaction: Json | None = None
    former: list[Json] = field(default_factory=list)  # components that an edit took away
    reacted: dict[str, set[int]] = field(default_factory=dict)  # who reacted, by an emoji's id, or the character itself
    sent_at: float = 0.0
    deleted_at: float | None = None

    @property
    def ephemeral(self) -> bool:
        """Shown to one person only."""
        return bool(self.flags & 1 << 6)


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, forum, thread or direct message."""

    id: int
    name: str
    type: int = TEXT
    guild: Guild | None = None
    parent_id: int | None = None
    nsfw: bool = False
    topic: str | None = None
    position: int = 0
    owner_id: int | None = None
    recipient: User | None = None
    archived: bool = False
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        """Whether it hangs under a parent channel."""
        return self.type in _THREADS


@dataclass(slots=True)
class Ban:
    """Who is banned, and why."""

    user: User
    reason: str | None


@dataclass(slots=True)
class AuditEntry:
    """One line of the audit log; `action` is Discord's number (22 ban, 24 member update, 72 delete)."""

    id: int
    action: int
    actor: int
    target: int | None
    reason: str | None = None
    options: Json | None = None
    changes: list[Json] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Crowd:
    """`size` people who exist only while somebody looks at them: ids from `first` on, each with an own avatar."""

    first: int
    size: int
    since: datetime

    def member(self, number: int) -> Member:
        """The `number`-th of them. IndexError beyond the last."""
        if not 0 <= number < self.size:
            raise IndexError(f"there are {self.size} people, so there is no number {number}")
        ident = self.first + number
        face = md5(ident.to_bytes(8, "big"), usedforsecurity=False).hexdigest()
        return Member(User(ident, f"person{ident}", avatar=face, global_name=f"Person {number}"), self.since)


@dataclass(slots=True, eq=False)
class Guild:
    """A server. `crowd`: members beside those in `members`, as many as no test would make one by one."""

    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Channel] = field(default_factory=dict)
    bans: dict[int, Ban] = field(default_factory=dict)
    emojis: dict[int, Json] = field(default_factory=dict)
    stickers: dict[int, Json] = field(default_factory=dict)
    audit_log: list[AuditEntry] = field(default_factory=list)
    icon: str | None = None
    locale: str = "en-US"
    system_channel: int | None = None
    crowd: Crowd | None = None

    @property
    def member_count(self) -> int:
        """How many are members. Whoever of the crowd was met is in `members` too, and counts once."""
        if self.crowd is None:
            return len(self.members)
        crowd = range(self.crowd.first, self.crowd.first + self.crowd.size)
        return self.crowd.size + sum(ident not in crowd for ident in self.members)

    def people(self, most: int) -> Iterator[Member]:
        """Members of `members`, then of the crowd, up to `most`."""
        known = iter(self.members.values())
        crowd = self.crowd
        if crowd is None:
            return islice(known, most)
        unmet = (crowd.member(n) for n in range(crowd.size) if crowd.first + n not in self.members)
        return islice(chain(known, unmet), most)
