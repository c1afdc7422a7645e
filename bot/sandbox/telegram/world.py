"""The state of the sandbox's Telegram: everything that exists, and which bot is told of it.

Lookups raise the `ApiError` that Telegram would answer with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex, token_urlsafe
from typing import Any

from bot.clock import SystemClock
from bot.ports import Clock
from bot.sandbox.telegram import sight, wire
from bot.sandbox.telegram.entities import (
    ANONYMOUS,
    FAKE_CHANNEL,
    SERVICE,
    Bot,
    Chat,
    Json,
    Member,
    Message,
    Status,
    User,
)
from bot.sandbox.telegram.errors import bad, forbidden, migrated
from bot.sandbox.telegram.files import Files
from bot.sandbox.telegram.inbox import Inbox
from bot.sandbox.telegram.limits import Flood
from bot.sandbox.telegram.media import Media

_SUPER = -1_001_000_000_000


@dataclass(frozen=True, slots=True)
class Deletion:
    """A message that is gone. `by`: the bot or user that deleted it; `at`: perf_counter seconds."""

    message: Message
    by: User
    at: float


@dataclass(slots=True, eq=False)
class Query:
    """A pressed button. `answer`: what the bot showed to the presser; None: it has not answered yet."""

    id: str
    bot: Bot
    presser: User
    message: Message
    data: str
    pressed_at: datetime
    answer: Json | None = None


@dataclass(slots=True)
class World:
    """Everything there is."""

    clock: Clock = field(default_factory=SystemClock)
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    private: dict[tuple[int, int], Chat] = field(default_factory=dict)  # by (bot, user)
    bots: dict[str, Bot] = field(default_factory=dict)  # by token
    inboxes: dict[int, Inbox] = field(default_factory=dict)  # by bot
    floods: dict[int, Flood] = field(default_factory=dict)  # by bot
    queries: dict[str, Query] = field(default_factory=dict)
    deletions: list[Deletion] = field(default_factory=list)
    listeners: list[Callable[[Json], None]] = field(default_factory=list)
    files: Files = field(init=False)
    media: Media = field(init=False)
    _last_id: int = 5_000_000_000

    def __post_init__(self) -> None:
        self.files = Files(self.clock)
        self.media = Media(self.files)
        for ident, name, username, is_bot in (
            (ANONYMOUS, "Group", "GroupAnonymousBot", True),
            (FAKE_CHANNEL, "Channel", "Channel_Bot", True),
            (SERVICE, "Telegram", None, False),
        ):
            self.users[ident] = User(ident, name, username, is_bot)

    # --- making -------------------------------------------------------------------------------------

    def next_id(self) -> int:
        """An id that nobody has."""
        self._last_id += 1
        return self._last_id

    def add_user(self, name: str, *, is_bot: bool = False, username: str | None = None) -> User:
        """A new account, in no chat yet."""
        user = User(self.next_id(), name, username, is_bot)
        self.users[user.id] = user
        return user

    def add_bot(self, name: str, token: str | None = None, *, privacy: bool = True) -> Bot:
        """A bot that is served here; its username is `name` followed by `_bot`."""
        user = self.add_user(name, is_bot=True, username=f"{name.lower()}_bot")
        bot = Bot(user, token or f"{user.id}:{token_urlsafe(26)}", privacy)
        self.bots[bot.token] = bot
        self.inboxes[bot.id] = Inbox(self.clock)
        self.floods[bot.id] = Flood(self.clock)
        return bot

    def add_chat(self, kind: str, title: str, *, username: str | None = None, forum: bool = False) -> Chat:
        """A new group, supergroup or channel without members."""
        number = self.next_id()
        ident = -(number % 1_000_000_000) if kind == "group" else _SUPER - number % 1_000_000_000
        chat = Chat(ident, kind, title, username, forum=forum)
        self.chats[ident] = chat
        return chat

    def private_chat(self, bot: Bot, user: User) -> Chat:
        """The conversation of the two, which is made if need be."""
        key = (bot.id, user.id)
        if key not in self.private:
            chat = Chat(user.id, "private", user=user)
            chat.members = {user.id: Member(user), bot.id: Member(bot.user)}
            self.private[key] = chat
        return self.private[key]

    # --- looking up ---------------------------------------------------------------------------------

    def chat(self, bot: Bot, ref: int | str) -> Chat:
        """The chat that `bot` names, one where it may be; else 400 or 403."""
        chat = self._named(bot, ref)
        if chat.migrated_to:
            raise migrated(chat.migrated_to.id)
        if chat.user:
            if bot.id in chat.user.blocked:
                raise forbidden("bot was blocked by the user")
            return chat
        status = self.member(chat, bot.user).status
        if status is Status.BANNED:
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if status is Status.LEFT:
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def _named(self, bot: Bot, ref: int | str) -> Chat:
        if isinstance(ref, str) and ref.startswith("@"):
            for chat in self.chats.values():
                if chat.username == ref[1:]:
                    return chat
            raise bad("chat not found")
        ident = int(ref) if str(ref).lstrip("-").isdecimal() else 0
        if ident in self.chats:
            return self.chats[ident]
        if ident in self.users:
            if bot.id in self.users[ident].started:
                return self.private_chat(bot, self.users[ident])
            raise forbidden("bot can't initiate conversation with a user")
        raise bad("chat not found")

    def user(self, ident: int) -> User:
        """Anybody; else 400."""
        if ident not in self.users:
            raise bad("invalid user_id specified")
        return self.users[ident]

    def member(self, chat: Chat, user: User) -> Member:
        """How `user` stands to `chat` now: what has run out by itself is over."""
        found = chat.members.get(user.id)
        if found is None:
            return Member(user, Status.LEFT)
        if found.until is not None and found.until <= self.clock.now():
            inside = found.status is Status.RESTRICTED and found.inside
            found = chat.members[user.id] = Member(user, Status.MEMBER if inside else Status.LEFT)
        return found

    def message(self, chat: Chat, ident: int | None, doing: str) -> Message:
        """A message of `chat` that still exists; else 400 with `message to <doing> not found`."""
        found = chat.messages.get(ident or 0)
        if found is None or found.deleted_at is not None:
            raise bad(f"message to {doing} not found")
        return found

    def require(self, bot: Bot, chat: Chat, right: str, refusal: str) -> None:
        """400 with `refusal` unless `bot` has `right` in `chat`."""
        if not self.member(chat, bot.user).may(right):
            raise bad(refusal)

    # --- what happens -------------------------------------------------------------------------------

    def post(self, chat: Chat, sender: User | None, content: Json, **about: Any) -> Message:
        """A new message, whoever may or may not write here; the bots that may see it are told."""
        chat.last_id += 1
        message = Message(chat.last_id, chat, self.clock.now(), sender, content, shown=time.perf_counter(), **about)
        chat.messages[message.id] = message
        self._tell_message(message)
        return message

    def edited(self, message: Message, content: Json) -> None:
        """`message` now says `content`."""
        message.content, message.edited_at = content, self.clock.now()
        self._tell_message(message)

    def delete(self, message: Message, by: User) -> None:
        """It is gone; Telegram tells no bot of it."""
        message.deleted_at = self.clock.now()
        self.deletions.append(Deletion(message, by, time.perf_counter()))

    def change(self, chat: Chat, new: Member, by: User, *, quietly: bool = False) -> None:
        """`new` is how its user stands to `chat` from now on; `quietly`: without a service message."""
        old = self.member(chat, new.user)
        chat.members[new.user.id] = new
        body = {
            "chat": wire.chat(chat),
            "from": wire.user(by),
            "date": wire.stamp(self.clock.now()),
            "old_chat_member": wire.member(old, chat),
            "new_chat_member": wire.member(new, chat),
        }
        for bot in self.bots.values():
            if bot.user is new.user:
                self.tell(bot, "my_chat_member", body)
            elif self.member(chat, bot.user).is_admin:
                self.tell(bot, "chat_member", body)
        if chat.is_group and not quietly and old.present != new.present:
            who = wire.user(new.user)
            self.post(chat, by, {"new_chat_members": [who]} if new.present else {"left_chat_member": who}, service=True)

    def ask_to_join(self, chat: Chat, user: User) -> None:
        """`user` waits to be let in."""
        chat.join_requests[user.id] = user
        body = {
            "chat": wire.chat(chat),
            "from": wire.user(user),
            "user_chat_id": user.id,
            "date": wire.stamp(self.clock.now()),
        }
        for bot in self.bots.values():
            if self.member(chat, bot.user).may("can_invite_users"):
                self.tell(bot, "chat_join_request", body)

    def press(self, bot: Bot, presser: User, message: Message, data: str) -> Query:
        """A button under `message` is pressed."""
        query = Query(token_hex(8), bot, presser, message, data, self.clock.now())
        self.queries[query.id] = query
        gone = {"chat": wire.chat(message.chat), "message_id": message.id, "date": 0}
        body = {
            "id": query.id,
            "from": wire.user(presser),
            "message": gone if message.deleted_at else wire.message(message),
            "chat_instance": str(message.chat.id),
            "data": data,
        }
        self.tell(bot, "callback_query", body)
        return query

    def tell(self, bot: Bot, kind: str, payload: Json) -> None:
        """Put an update into the inbox of `bot`, if it wants that kind."""
        update = self.inboxes[bot.id].put(kind, wire.for_bot(payload, bot))
        if update:
            self.noticed(update)

    def noticed(self, update: Json) -> None:
        """Show an update to those who watch."""
        for listener in tuple(self.listeners):
            listener(update)

    def _tell_message(self, message: Message) -> None:
        kind = "channel_post" if message.chat.kind == "channel" else "message"
        if message.edited_at:
            kind = f"edited_{kind}"
        body: Json | None = None
        for bot in self._seers(message):
            body = body or wire.message(message)
            self.tell(bot, kind, body)

    def _seers(self, message: Message) -> Iterable[Bot]:
        for bot in self.bots.values():
            if message.chat.user and self.private.get((bot.id, message.chat.id)) is not message.chat:
                continue
            if sight.sees(bot, self.member(message.chat, bot.user), message):
                yield bot
