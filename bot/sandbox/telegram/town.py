"""A small group on a loopback Telegram, set up as its owner would: with the keyboards of the private chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.sandbox.telegram.entities import Chat, Json, Message, User
from bot.sandbox.telegram.loopback import LoopbackTelegram

RIGHTS = ("can_delete_messages", "can_restrict_members")
MODS_GROUP = 3
"""`request_id` of the button that shares a moderators' group."""
ANSWER_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Town:
    """Who is there and where they meet."""

    telegram: LoopbackTelegram
    chat: Chat
    mods: Chat
    owner: User
    moderator: User
    members: tuple[User, ...]

    @classmethod
    def build(cls, telegram: LoopbackTelegram) -> Town:
        """A supergroup with some people and a moderators' chat. The bot is in neither yet."""
        chat = telegram.supergroup("Harbour")
        owner = telegram.owner(chat)
        moderator = telegram.member(chat, "cleo")
        telegram.promote(chat, moderator, "can_delete_messages")
        return cls(
            telegram=telegram,
            chat=chat,
            mods=telegram.supergroup("Harbour's moderators", owner=owner),
            owner=owner,
            moderator=moderator,
            members=tuple(telegram.member(chat, name) for name in ("ann", "ben", "dora", "emil")),
        )

    @property
    def guild(self) -> str:
        """As cases and log lines name it."""
        return f"telegram:{self.chat.id}"

    async def set_up(self) -> AsyncIterator[tuple[str, str]]:
        """From the invitation to *Protect now*: each page's heading and what was pressed on it.

        Raises TimeoutError where an answer stays away.
        """
        t = self.telegram
        t.add_bot(self.mods, "can_delete_messages")
        t.add_bot(self.chat, *RIGHTS)
        hello = await t.posted(self.chat, having="Set up", timeout=ANSWER_SECONDS)
        led = await t.answered(t.press(hello, self.owner, "Set up"), ANSWER_SECONDS)
        t.start(self.owner, led["url"].partition("?start=")[2])
        page = await t.posted(self._private, having="(1 of", timeout=ANSWER_SECONDS)
        yield await self._turned(page, "Next")
        heading = _heading(page)
        page = await self._shared(page)
        yield heading, f"shares “{self.mods.title}”"
        while "Next" in labels(page):
            yield await self._turned(page, "Next")
        yield await self._turned(page, "Protect now")

    async def pressed(self, message: Message, who: User, data: str) -> str:
        """What the presser alone is shown. `data`: of a button that stands or stood there."""
        answer = await self.telegram.answered(self.telegram.press_forged(message, who, data), ANSWER_SECONDS)
        return str(answer.get("text", ""))

    @property
    def _private(self) -> Chat:
        return self.telegram.world.private_chat(self.telegram.bot, self.owner)

    async def _turned(self, page: Message, label: str) -> tuple[str, str]:
        heading, before = _heading(page), page.content
        self.telegram.press(page, self.owner, label)
        await self.telegram.until(lambda: page.content != before, ANSWER_SECONDS)
        return heading, label

    async def _shared(self, page: Message) -> Message:
        """The moderators' chat is shared with Telegram's own button; returns the page that comes of it."""
        t, pages = self.telegram, len(self.telegram.posts(self._private, having="Next"))
        await t.answered(t.press(page, self.owner, "The moderators' channel"), ANSWER_SECONDS)
        shared: Json = {"request_id": MODS_GROUP, "chat_id": self.mods.id, "title": self.mods.title}
        t.post(self._private, self.owner, {"chat_shared": shared})
        await t.until(lambda: len(t.posts(self._private, having="Next")) > pages, ANSWER_SECONDS)
        return t.posts(self._private, having="Next")[-1]


def labels(message: Message) -> list[str]:
    """Of the buttons under a message."""
    return [button["text"] for row in (message.keyboard or {}).get("inline_keyboard", []) for button in row]


def data_of(message: Message, label: str) -> str:
    """What a press on the button of that text sends. LookupError where there is none."""
    for row in (message.keyboard or {}).get("inline_keyboard", []):
        for button in row:
            if button["text"] == label:
                return str(button["callback_data"])
    raise LookupError(f"there is no button {label}; there are {labels(message)}")


def _heading(page: Message) -> str:
    return str(page.content["text"]).partition("\n")[0]
