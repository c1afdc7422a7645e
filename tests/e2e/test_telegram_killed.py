"""Killed twice in the middle of 5,000 updates: none is lost, none is acted on twice, and the token is nowhere."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.model import Tenant
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import card
from bot.sandbox.telegram.entities import Chat, Message
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.store.store import Store
from policies.model import Category, Mode
from policies.presets import DEFAULT, preset

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(240)]

UPDATES, CHATS, BAD = 5000, 4, 48
OPEN = "select count(*) from jobs where kind in ('raw', 'event') and state in ('todo', 'leased')"


class Crowd:
    """A few groups in which much is said and now and then something bad is shown, each time something else."""

    def __init__(self, telegram: LoopbackTelegram) -> None:
        self.telegram = telegram
        self.chats = [telegram.supergroup(f"Town {n}") for n in range(CHATS)]
        self.bad: list[Message] = []
        for chat in self.chats:
            telegram.add_bot(chat, "can_delete_messages", "can_restrict_members")

    def bustle(self) -> None:
        """All at once, while the bot is away."""
        t, every = self.telegram, UPDATES // BAD
        people = [t.member(chat, f"member {n}") for n, chat in enumerate(self.chats * 5)]
        fine = t.world.media.document(b"no picture at all", "notes.txt", "text/plain")
        while len(t.updates) < UPDATES:
            n = len(t.updates)
            chat, who = self.chats[n % CHATS], people[n % CHATS]
            if n % every == every // 2:
                picture = card(Category.SEXUAL_EXPLICIT, 0.95, width=480 + 2 * len(self.bad))
                self.bad.append(t.post(chat, who, t.world.media.document(picture, "a.png", "image/png")))
            elif n % 25 == 0:
                t.post(chat, who, fine)
            else:
                t.say(chat, who, f"number {n}")

    @property
    def gone(self) -> int:
        return sum(message.deleted_at is not None for message in self.bad)


async def _enforced(folder: Path, chats: list[Chat]) -> None:
    policy = replace(preset(DEFAULT), mode=Mode.ENFORCE, cap=1000)
    async with await Store.open(None, data_dir=folder, clock=SystemClock()) as store:
        for chat in chats:
            await store.settings.save(Tenant("telegram", str(chat.id)), policy, "a test", "")


def _read(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "beholder.db")) as connection:
        return connection.execute(query).fetchall()


async def test_nothing_is_lost_and_nothing_done_twice(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with LoopbackTelegram(limited=False) as t:
        crowd = Crowd(t)
        await _enforced(folder, crowd.chats)
        crowd.bustle()
        inbox, said = t.world.inboxes[t.bot.id], list[str]()
        for life, enough in enumerate((BAD // 4, BAD // 2, BAD)):
            bot = await BotProcess.begin(
                folder, telegram_token=t.token, telegram_api_url=t.root, log_level="debug", providers="local"
            )
            await t.until(lambda n=enough: crowd.gone >= n, 90)  # type: ignore[misc]
            if life < 2:
                await bot.kill()
            else:
                await t.until(lambda: not inbox.pending and _read(folder, OPEN) == [(0,)], 60)
                await bot.stop()
            said += bot.text
        assert crowd.gone == BAD
        assert Counter(d.message.id for d in t.world.deletions) == Counter(m.id for m in crowd.bad)
        assert _read(folder, "select count(*) from cases") == [(BAD,)]
        assert _read(folder, "select state, count(*) from jobs where kind = 'raw' group by state")[0][0] == "done"
        assert _read(folder, "select count(*) from jobs where kind = 'raw' and payload <> '{}'") == [(0,)]
    secret = t.token.partition(":")[2]
    assert not [line for line in said if secret in line]
