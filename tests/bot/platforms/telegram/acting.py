"""Hands on a loopback Telegram: a bot of PTB's as the platform makes it, and what a guild has set."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from PIL import Image
from telegram.ext import ExtBot

from bot.model import Action, Button, Card, Delete, Option, Outcome, PostCard, Tenant
from bot.platforms.telegram.actions import Actions
from bot.platforms.telegram.limiter import Pace
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.rights import Members
from bot.ports import Clock
from bot.sandbox.telegram.entities import Chat, Message, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from policies.model import Policy
from policies.presets import preset


class Set:
    """`Settings` with one policy for everybody."""

    def __init__(self) -> None:
        self.kept = replace(preset("standard"), language="en")

    async def policy(self, tenant: Tenant) -> tuple[Policy, int]:
        return self.kept, 1


@dataclass
class Hands:
    """`actions` on `t`. `moves`: what chats became."""

    t: LoopbackTelegram
    bot: ExtBot[None]
    actions: Actions
    members: Members
    moves: list[tuple[str, str]] = field(default_factory=list)

    async def do(self, action: Action) -> Outcome:
        return await self.actions.perform(action)


@asynccontextmanager
async def hands_on(t: LoopbackTelegram, clock: Clock) -> AsyncIterator[Hands]:
    bot = ExtBot(
        t.token,
        base_url=f"{t.root}/bot",
        base_file_url=f"{t.root}/file/bot",
        request=AiohttpRequest(),
        get_updates_request=AiohttpRequest(),
        rate_limiter=Pace(clock),
    )
    moves: list[tuple[str, str]] = []

    async def moved(old: Tenant, new: Tenant) -> None:
        moves.append((old.id, new.id))

    members = Members(bot, clock)
    actions = Actions(bot, settings=Set(), clock=clock, members=members, moved=moved)  # type: ignore[arg-type]
    async with bot:
        yield Hands(t, bot, actions, members, moves)


def tenant(chat: Chat) -> Tenant:
    return Tenant("telegram", str(chat.id))


def picture(side: int = 64) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (side, side), (200, 30, 30)).save(drawn, "PNG")
    return drawn.getvalue()


def deletion(*messages: Message, case: int = 1) -> Delete:
    ids = "+".join(str(m.id) for m in messages)
    return Delete(tenant(messages[0].chat), str(messages[0].chat.id), ids, case)


CARD = Card(
    7,
    "Case 7 · removed",
    (("Why", "porn 0.93 ≥ 0.85"), ("Where", "the town")),
    buttons=(Button("right", "Right"), Button("give_back", "Wrong, give back")),
    footer="a remark",
    sanctions=(Option("timeout:10", "Time out"),),
)


def card_in(chat: Chat, guarded: Chat, card: Card = CARD) -> PostCard:
    return PostCard(tenant(guarded), str(chat.id), card, "n1")


def buttons(message: Message) -> dict[str, str]:
    """Labels and what they say."""
    rows = (message.keyboard or {}).get("inline_keyboard", [])
    return {b["text"]: b.get("callback_data") or b.get("url") for row in rows for b in row}


def admin(t: LoopbackTelegram, chat: Chat, name: str, *rights: str) -> User:
    user = t.member(chat, name)
    t.promote(chat, user, *(rights or ("can_invite_users",)))
    return user
