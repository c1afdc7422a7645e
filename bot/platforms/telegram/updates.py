"""What a raw update is: of which chat, of which kind, and whether anybody needs to hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.model import EventKind, Tenant
from bot.platforms.telegram.extract import DIRECT, tenant_of, whose
from bot.platforms.telegram.walker import Json

MESSAGES: Mapping[str, EventKind] = MappingProxyType(
    {
        "message": EventKind.MESSAGE,
        "channel_post": EventKind.MESSAGE,
        "business_message": EventKind.MESSAGE,
        "guest_message": EventKind.MESSAGE,
        "edited_message": EventKind.EDIT,
        "edited_channel_post": EventKind.EDIT,
        "edited_business_message": EventKind.EDIT,
    }
)
OTHERS = frozenset({"callback_query", "my_chat_member", "chat_member", "chat_join_request"})
SERVICE = frozenset(
    {
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
        "group_chat_created",
        "supergroup_chat_created",
        "channel_chat_created",
    }
)
"""Fields of a message that tells of the chat itself."""
_TEXTS = (("text", "entities"), ("caption", "caption_entities"))


POISON = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What parsing raises for an update that is not as Telegram says it is."""


class NoUpdate(ValueError):
    """What Telegram sent is no update."""


@dataclass(frozen=True, slots=True)
class Update:
    """One raw update. `kind` is '' where it is of none that we asked for; `body` is what it tells then, {}."""

    id: int
    kind: str
    body: Json
    whole: Json

    @classmethod
    def of(cls, raw: object) -> Update:
        """Raises `NoUpdate` for what has no number, by which it could be told from others and acknowledged."""
        if not isinstance(raw, dict):
            raise NoUpdate("it is no object")
        number = raw.get("update_id")
        if not isinstance(number, int):
            raise NoUpdate("it has no number")
        kind = next((k for k in raw if k in MESSAGES or k in OTHERS), "")
        return cls(number, kind, raw[kind] if kind else {}, raw)

    @property
    def key(self) -> str:
        """Under which it is in the journal, unless it is a post: those have the key of their event."""
        return f"update:{self.id}"

    @property
    def message(self) -> Json | None:
        """The message that was posted or edited, if it tells of one."""
        return self.body if self.kind in MESSAGES else None

    @property
    def migration(self) -> tuple[Tenant, Tenant] | None:
        """Which chat has become which one; both of them tell of it."""
        chat = {} if self.message is None else self.message
        if to := chat.get("migrate_to_chat_id"):
            return tenant_of(chat["chat"]), tenant_of({**chat["chat"], "id": to})
        if before := chat.get("migrate_from_chat_id"):
            return tenant_of({**chat["chat"], "id": before}), tenant_of(chat["chat"])
        return None

    @property
    def event_kind(self) -> EventKind:
        """Of a message. Raises KeyError for what is none."""
        return MESSAGES[self.kind]

    @property
    def chat(self) -> Json | None:
        """Where it happened; None for a press under a message of which Telegram does not say that."""
        about = self.body.get("message") or {} if self.kind == "callback_query" else self.body
        chat: Json | None = about.get("chat")
        return chat

    @property
    def tenant(self) -> Tenant:
        """Whose it is. Raises KeyError, TypeError or AttributeError for what is malformed."""
        if self.message is not None:
            return whose(self.message)
        return tenant_of(self.chat) if self.chat is not None else DIRECT


def tenant_or_host(update: Update) -> Tenant:
    """Whose it is; the host's own where that cannot be told."""
    try:
        return update.tenant
    except (AttributeError, KeyError, TypeError):
        return DIRECT


def is_addressed(message: Json) -> bool:
    """Whether a message is a command, tells of the chat itself, or was written to the bot alone."""
    if message["chat"]["type"] == "private" or not SERVICE.isdisjoint(message):
        return True
    return any(_begins_with_command(message.get(words), message.get(marks)) for words, marks in _TEXTS)


def _begins_with_command(words: Any, marks: Any) -> bool:
    return bool(words) and words[0] == "/" and any(m["type"] == "bot_command" and m["offset"] == 0 for m in marks or ())
