"""What the sandbox's Telegram is made of: users, bots, chats, members, messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
ANONYMOUS = 1087968824  # @GroupAnonymousBot: an admin who writes as the group
FAKE_CHANNEL = 136817688  # @Channel_Bot: somebody who writes as a channel
SERVICE = 777000  # Telegram: forwards a channel's posts into its discussion group
FOREVER = 0

RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",  # since Bot API 10.3
)
RIGHTS_OF = {
    "group": ("can_pin_messages",),
    "supergroup": ("can_pin_messages", "can_manage_topics"),
    "channel": ("can_post_messages", "can_edit_messages"),
}
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


class Status(StrEnum):
    """`ChatMember.status`."""

    OWNER = "creator"
    ADMIN = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    BANNED = "kicked"


@dataclass(slots=True, eq=False)
class User:
    """Somebody on Telegram. `photos`: profile photos, newest first, each the list of its sizes.

    `hides_photos`: privacy lets bots see none. `started`, `blocked`: bots (by id) that this user has
    written to or shut out.
    """

    id: int
    name: str
    username: str | None = None
    is_bot: bool = False
    language: str | None = None
    photos: list[list[Json]] = field(default_factory=list)
    hides_photos: bool = False
    started: set[int] = field(default_factory=set)
    blocked: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Bot:
    """A bot that is served here. `privacy`: BotFather's privacy mode; `hears_bots`: its bot-to-bot mode."""

    user: User
    token: str = field(repr=False)
    privacy: bool = True
    hears_bots: bool = False
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)  # by (scope as JSON, language)
    suggested: dict[bool, frozenset[str]] = field(default_factory=dict)  # rights to ask for; True: in channels

    @property
    def id(self) -> int:
        """Of its user."""
        return self.user.id


@dataclass(slots=True, eq=False)
class Member:
    """Somebody in a chat. `rights`: of an admin; `permissions`: what a restricted one may still do.

    `until`: when a ban or restriction ends by itself; None: never. `inside`: whether a restricted one
    is still a member.
    """

    user: User
    status: Status = Status.MEMBER
    rights: frozenset[str] = frozenset()
    permissions: Mapping[str, bool] = field(default_factory=dict)
    anonymous: bool = False
    title: str | None = None
    until: datetime | None = None
    inside: bool = True

    @property
    def is_admin(self) -> bool:
        """Owner or admin."""
        return self.status in (Status.OWNER, Status.ADMIN)

    @property
    def present(self) -> bool:
        """Whether this one is in the chat now."""
        return self.status in (Status.OWNER, Status.ADMIN, Status.MEMBER) or (
            self.status is Status.RESTRICTED and self.inside
        )

    def may(self, right: str) -> bool:
        """An owner may all."""
        return self.status is Status.OWNER or (self.status is Status.ADMIN and right in self.rights)


@dataclass(slots=True, eq=False)
class Chat:
    """A private chat, group, supergroup or channel. `linked`: a channel's discussion group, and back.

    `migrated_to`: this group lives on there. `banned_senders`: ids of channels that may not write here.
    """

    id: int
    kind: str
    title: str | None = None
    username: str | None = None
    user: User | None = None
    forum: bool = False
    linked: Chat | None = None
    migrated_to: Chat | None = None
    photo: list[Json] | None = None
    members: dict[int, Member] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    join_requests: dict[int, User] = field(default_factory=dict)
    banned_senders: set[int] = field(default_factory=set)
    pinned: Message | None = None
    last_id: int = 0

    @property
    def is_group(self) -> bool:
        """A group or supergroup."""
        return self.kind in ("group", "supergroup")


@dataclass(slots=True, eq=False)
class Message:
    """A message. `content`: its fields as in the Bot API's `Message`, each file without its `file_id`.

    `sender` None: a channel's post. `service`: made by Telegram itself (somebody joined ...).
    """

    id: int
    chat: Chat
    sent_at: datetime
    sender: User | None
    content: Json
    sender_chat: Chat | None = None
    reply_to: Message | None = None
    thread_id: int | None = None
    album: str | None = None
    automatic_forward: bool = False
    service: bool = False
    protected: bool = False
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    keyboard: Json | None = None
    shown: float = 0.0  # perf_counter seconds
