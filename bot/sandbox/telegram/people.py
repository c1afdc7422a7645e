"""What people do on Telegram, as Python methods: they drive the scenes.

Whoever may not do a thing on Telegram gets `NotAllowed` here: a muted member's post never comes about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from secrets import randbits
from typing import TypedDict, Unpack

from bot.sandbox.telegram import wire
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
from bot.sandbox.telegram.formatting import found
from bot.sandbox.telegram.world import Query, World

_NEEDED = {
    "text": "can_send_messages",
    "photo": "can_send_photos",
    "live_photo": "can_send_photos",
    "rich_message": "can_send_photos",
    "paid_media": "can_send_photos",
    "animation": "can_send_other_messages",
    "sticker": "can_send_other_messages",
    "video": "can_send_videos",
    "video_note": "can_send_video_notes",
    "document": "can_send_documents",
    "poll": "can_send_polls",
}


class NotAllowed(Exception):
    """Telegram does not let this person do that."""


class About(TypedDict, total=False):
    """How a post stands to others. `as_chat`: it is written as the group itself or as a channel; `more`:
    further fields of the message, as `forward_origin`."""

    reply_to: Message | None
    thread_id: int | None
    as_chat: Chat | None
    album: str | None
    more: Json


class People:
    """Acts in `world`."""

    world: World
    bot: Bot

    # --- places and people --------------------------------------------------------------------------

    def user(self, name: str, *, username: str | None = None) -> User:
        """A new account."""
        return self.world.add_user(name, username=username)

    def group(self, title: str = "Friends", *, owner: User | None = None) -> Chat:
        """A basic group."""
        return self._chat("group", title, owner)

    def supergroup(
        self, title: str = "Town", *, owner: User | None = None, username: str | None = None, forum: bool = False
    ) -> Chat:
        """A supergroup, or a forum."""
        return self._chat("supergroup", title, owner, username, forum=forum)

    def channel(
        self,
        title: str = "News",
        *,
        owner: User | None = None,
        username: str | None = None,
        discussion: Chat | None = None,
    ) -> Chat:
        """A channel; `discussion`: the supergroup into which its posts are forwarded."""
        chat = self._chat("channel", title, owner, username)
        if discussion:
            chat.linked, discussion.linked = discussion, chat
        return chat

    def _chat(
        self, kind: str, title: str, owner: User | None, username: str | None = None, *, forum: bool = False
    ) -> Chat:
        chat = self.world.add_chat(kind, title, username=username, forum=forum)
        owner = owner or self.world.add_user(f"owner of {title}")
        chat.members[owner.id] = Member(owner, Status.OWNER)
        return chat

    def owner(self, chat: Chat) -> User:
        """Whose chat it is."""
        return next(member.user for member in chat.members.values() if member.status is Status.OWNER)

    # --- coming and going ---------------------------------------------------------------------------

    def add_bot(self, chat: Chat, *rights: str, by: User | None = None, bot: Bot | None = None) -> Member:
        """The bot is added by the owner (or `by`): as an admin with `rights`, without any as a member."""
        return self.promote(chat, (bot or self.bot).user, *rights, by=by)

    def promote(self, chat: Chat, user: User, *rights: str, by: User | None = None, anonymous: bool = False) -> Member:
        """`user` becomes an admin with `rights`; without any a plain member."""
        status = Status.ADMIN if rights or chat.kind == "channel" else Status.MEMBER
        granted = frozenset((*rights, "can_manage_chat")) if status is Status.ADMIN else frozenset()
        new = Member(user, status, granted, anonymous=anonymous)
        self.world.change(chat, new, by or self.owner(chat))
        return new

    def remove(self, chat: Chat, user: User, *, by: User | None = None) -> None:
        """An admin bans `user`, who may also be the bot."""
        self.world.change(chat, Member(user, Status.BANNED), by or self.owner(chat))

    def join(self, chat: Chat, user: User) -> Member:
        """Through a link; raises `NotAllowed` for somebody who is banned."""
        member = self.world.member(chat, user)
        if member.status is Status.BANNED:
            raise NotAllowed("banned")
        if member.present:
            return member
        new = replace(member, inside=True) if member.status is Status.RESTRICTED else Member(user)
        self.world.change(chat, new, user)
        return new

    def member(self, chat: Chat, name: str) -> User:
        """A new account that joins `chat`."""
        user = self.world.add_user(name)
        self.join(chat, user)
        return user

    def leave(self, chat: Chat, user: User) -> None:
        """Of one's own accord; a restriction stays."""
        member = self.world.member(chat, user)
        new = Member(user, Status.LEFT)
        if member.status is Status.RESTRICTED:
            new = replace(member, inside=False)
        self.world.change(chat, new, user)

    def ask_to_join(self, chat: Chat, user: User) -> None:
        """Wait at a door that admins open."""
        self.world.ask_to_join(chat, user)

    def start(self, user: User, payload: str = "", bot: Bot | None = None) -> Message:
        """Open the conversation with the bot: `/start`."""
        bot = bot or self.bot
        user.started.add(bot.id)
        user.blocked.discard(bot.id)
        return self.say(self.world.private_chat(bot, user), user, f"/start {payload}".rstrip())

    def block(self, user: User, bot: Bot | None = None) -> None:
        """Shut the bot out."""
        bot = bot or self.bot
        user.blocked.add(bot.id)
        self.world.change(self.world.private_chat(bot, user), Member(bot.user, Status.BANNED), user)

    def migrate(self, group: Chat) -> Chat:
        """A group becomes a supergroup with another id; the old one answers with it."""
        new = self.world.add_chat("supergroup", group.title or "")
        new.members, new.photo = dict(group.members), group.photo
        owner = self.owner(group)
        self.world.post(group, owner, {"migrate_to_chat_id": new.id}, service=True)
        group.migrated_to = new
        asker = self.world.users[ANONYMOUS]
        self.world.post(new, asker, {"migrate_from_chat_id": group.id}, service=True, sender_chat=new)
        return new

    # --- posting ------------------------------------------------------------------------------------

    def say(self, chat: Chat, who: User | None, text: str, **about: Unpack[About]) -> Message:
        """A text; commands, mentions and addresses in it are marked."""
        entities = found(text)
        return self.post(chat, who, {"text": text, **({"entities": entities} if entities else {})}, **about)

    def photo(self, chat: Chat, who: User | None, picture: bytes, caption: str = "", **about: Unpack[About]) -> Message:
        """A photo."""
        return self.post(chat, who, self.world.media.photo(picture), caption, **about)

    def post(self, chat: Chat, who: User | None, content: Json, caption: str = "", **about: Unpack[About]) -> Message:
        """Content from `world.media`. In a channel it is the channel's, and goes into its discussion group too."""
        sender, sender_chat = self._sender(chat, who, about.get("as_chat"))
        if sender and who:
            self._allowed(chat, who, content, sender_chat)
        reply_to = about.get("reply_to")
        thread = about.get("thread_id") or (reply_to.thread_id if reply_to else None)
        message = self.world.post(
            chat,
            sender,
            content | _caption(caption) | about.get("more", {}),
            sender_chat=sender_chat,
            reply_to=reply_to,
            thread_id=thread,
            album=about.get("album"),
        )
        if chat.kind == "channel" and chat.linked:
            self._forward(message, chat.linked)
        return message

    def album(
        self, chat: Chat, who: User | None, contents: Sequence[Json], caption: str = "", **about: Unpack[About]
    ) -> list[Message]:
        """Several media as one: each is a message, the first has the caption."""
        about["album"] = str(randbits(62))
        return [self.post(chat, who, content, "" if n else caption, **about) for n, content in enumerate(contents)]

    def forward(self, message: Message, chat: Chat, who: User) -> Message:
        """Send a message on: its files keep their `file_unique_id`."""
        if message.sender_chat and message.chat.kind == "channel":
            origin = self._origin(message)
        elif message.sender_chat:
            origin = {
                "type": "chat",
                "date": wire.stamp(message.sent_at),
                "sender_chat": wire.chat(message.sender_chat),
            }
        else:
            sender = wire.user(message.sender or who)
            origin = {"type": "user", "date": wire.stamp(message.sent_at), "sender_user": sender}
        return self.post(chat, who, message.content, more={"forward_origin": origin})

    def comment(self, post: Message, who: User, content: Json | str) -> Message:
        """Under a channel's post, in its discussion group."""
        root = self.forwarded(post)
        content = {"text": content} if isinstance(content, str) else content
        return self.post(root.chat, who, content, reply_to=root, thread_id=root.id)

    def forwarded(self, post: Message) -> Message:
        """The copy of a channel's post in its discussion group."""
        if post.chat.linked is None:
            raise LookupError("the channel has no discussion group")
        for message in post.chat.linked.messages.values():
            origin = message.content.get("forward_origin", {})
            if message.automatic_forward and origin.get("message_id") == post.id:
                return message
        raise LookupError("it was not forwarded")

    def topic(self, chat: Chat, who: User, name: str) -> int:
        """A new topic of a forum; returns its `message_thread_id`."""
        thread = chat.last_id + 1
        chat.topics[thread] = name
        created = {"forum_topic_created": {"name": name, "icon_color": 0x6FB9F0}}
        self.world.post(chat, who, created, service=True, thread_id=thread)
        return thread

    def edit(self, message: Message, content: Json | None = None, caption: str | None = None) -> None:
        """Other content, which may be another picture, or another caption."""
        new = message.content if content is None else content
        if caption is not None:
            new = {key: value for key, value in new.items() if not key.startswith("caption")} | _caption(caption)
        self.world.edited(message, new)
        if message.chat.linked and message.chat.kind == "channel":
            self.world.edited(self.forwarded(message), new | {"forward_origin": self._origin(message)})

    def delete(self, message: Message, who: User | None = None) -> None:
        """By its author or `who`; bots are not told."""
        by = who or message.sender or self.owner(message.chat)
        self.world.delete(message, by)

    # --- pictures of people and places --------------------------------------------------------------

    def change_photo(self, user: User, picture: bytes) -> None:
        """A new profile photo; no bot is told."""
        user.photos.insert(0, self.world.files.photo(picture))

    def change_chat_photo(self, chat: Chat, who: User, picture: bytes) -> Message:
        """A new photo of the chat, and the service message that says so."""
        chat.photo = self.world.files.photo(picture)
        channel = chat.kind == "channel"
        return self.world.post(
            chat,
            None if channel else who,
            {"new_chat_photo": chat.photo},
            service=True,
            sender_chat=chat if channel else None,
        )

    # --- buttons ------------------------------------------------------------------------------------

    def press(self, message: Message, who: User, label: str) -> Query:
        """The button of that text (or that `callback_data`) under a bot's message."""
        rows = (message.keyboard or {}).get("inline_keyboard", [])
        for button in (button for row in rows for button in row):
            if label in (button["text"], button.get("callback_data")) and "callback_data" in button:
                return self.press_forged(message, who, button["callback_data"])
        raise NotAllowed(f"there is no button {label}; there are {[b['text'] for row in rows for b in row]}")

    def press_forged(self, message: Message, who: User, data: str) -> Query:
        """A press with data that need not stand under the message: a client may send what it likes."""
        for bot in self.world.bots.values():
            if message.sender is bot.user or message.chat.kind == "channel":
                return self.world.press(bot, who, message, data)
        raise NotAllowed("that message is no bot's")

    # --- the raw ------------------------------------------------------------------------------------

    def inject(self, update: Json, bot: Bot | None = None) -> Json:
        """An update without its `update_id`, as it is: what no act here makes, or what no bot can parse."""
        told = self.world.inboxes[(bot or self.bot).id].put_raw(wire.for_bot(update, bot or self.bot))
        self.world.noticed(told)
        return told

    def poison(self, bot: Bot | None = None) -> Json:
        """An update whose message lacks what every message has: clients that parse strictly choke on it."""
        return self.world.inboxes[(bot or self.bot).id].put_raw({"message": {"message_id": 1}})

    # --- within -------------------------------------------------------------------------------------

    def _sender(self, chat: Chat, who: User | None, as_chat: Chat | None) -> tuple[User | None, Chat | None]:
        if chat.kind == "channel":
            return None, chat
        if as_chat is chat:
            return self.world.users[ANONYMOUS], chat
        if as_chat is not None:
            return self.world.users[FAKE_CHANNEL], as_chat
        if who is None:
            raise NotAllowed("somebody must write it")
        return who, None

    def _allowed(self, chat: Chat, who: User, content: Json, sender_chat: Chat | None) -> None:
        if sender_chat and sender_chat.id in chat.banned_senders:
            raise NotAllowed("that channel may not write here")
        member = self.world.member(chat, who)
        if not member.present and (sender_chat is None or sender_chat is chat):
            raise NotAllowed(f"{who.name} is not there")
        if member.status is Status.RESTRICTED:
            for kind, permission in _NEEDED.items():
                if kind in content and not member.permissions.get(permission):
                    raise NotAllowed(f"{who.name} lacks {permission}")

    def _origin(self, post: Message) -> Json:
        return {
            "type": "channel",
            "date": wire.stamp(post.sent_at),
            "chat": wire.chat(post.chat),
            "message_id": post.id,
        }

    def _forward(self, post: Message, discussion: Chat) -> None:
        self.world.post(
            discussion,
            self.world.users[SERVICE],
            post.content | {"forward_origin": self._origin(post)},
            sender_chat=post.chat,
            automatic_forward=True,
            album=post.album,
        )


def _caption(caption: str) -> Json:
    entities = found(caption)
    if not caption:
        return {}
    return {"caption": caption, **({"caption_entities": entities} if entities else {})}
