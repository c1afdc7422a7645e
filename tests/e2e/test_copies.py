"""One picture in every channel at once: paid for once, acted on everywhere, also where the bot is killed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import marks, pictures
from bot.sandbox.entities import Message
from bot.sandbox.hitpaw_books import Script
from bot.sandbox.huawei.gate import Asked
from bot.sandbox.scenes import files
from bot.sandbox.vendors import Vendors
from policies.model import Category
from tests.e2e.theatre import Theatre, granted, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("copies"), pytest.mark.timeout(240)]

COPIES, KILLED = 60, 30  # `python -m benchmarks copies` posts 500
CHANNELS = 20
PATIENCE = 60.0


def flood(t: Theatre, serial: int, copies: int) -> list[Message]:
    """Copies of one picture that the local models are in doubt about, by many people, in all channels."""
    picture = pictures.jpeg(marks.marked(marks.doubtful(serial), Category.SEXUAL_EXPLICIT, 0.95))
    guild = t.stage.guild
    channels = [t.discord.channel(guild, f"square-{serial}-{n}") for n in range(CHANNELS)]
    people = [t.discord.member(guild, f"raider-{serial}-{n}") for n in range(CHANNELS)]
    return [
        t.discord.post(channels[n % CHANNELS], people[n % (CHANNELS - 1)], files=files(picture)) for n in range(copies)
    ]


async def gone(t: Theatre, messages: list[Message]) -> None:
    await t.discord.until(lambda: all(m.deleted_at is not None for m in messages), PATIENCE)


async def on_disk(t: Theatre, messages: list[Message]) -> None:
    """Every post is in the journal: from there on nothing may be lost."""
    wanted = {f"{m.channel.id}/{m.id}" for m in messages}
    query = "select subject from jobs where kind = 'event'"
    await t.discord.until(lambda: wanted <= {str(s).removeprefix("message:") for (s,) in t.rows(query)}, PATIENCE)


def paid(vendors: Vendors, name: str) -> int:
    """Pictures that the vendor was paid for."""
    return len(vendors.hitpaw.charges) if name == "hitpaw" else vendors.huawei.answered


@contextmanager
def held(vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Huawei charges and does not answer, and HitPaw's jobs go on, until the block is left."""
    until, moderation = asyncio.Event(), vendors.huawei.moderation
    judge: Callable[[Asked], Awaitable[dict[str, Any]]] = moderation.one

    async def one(asked: Asked) -> dict[str, Any]:
        judged = await judge(asked)
        vendors.huawei.answered += 1  # as charged, whether or not the answer is heard
        await until.wait()
        vendors.huawei.answered -= 1
        return judged

    monkeypatch.setattr(moderation, "one", one)
    vendors.hitpaw.script(Script(seconds=2.0))
    yield
    until.set()
    monkeypatch.setattr(moderation, "one", judge)


@pytest.mark.parametrize("name", ["huawei", "hitpaw"])
async def test_copies_cost_one_call_and_a_kill_at_most_one_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with Vendors.open((name,)) as vendors, opened(tmp_path, settings=vendors.settings) as t:
        await granted(t, *vendors.paid)
        messages = flood(t, 1, COPIES)
        await gone(t, messages)
        assert paid(vendors, name) == 1
        with held(vendors, monkeypatch):
            killed = flood(t, 2, KILLED)
            await on_disk(t, killed)
            await t.discord.until(lambda: paid(vendors, name) == 2, PATIENCE)
            await t.bot.kill()
        await t.restart()
        await gone(t, killed)
        assert 2 <= paid(vendors, name) <= 3
        undone = "select count(*) from effects where kind = 'delete' and state != 'done'"
        await t.discord.until(lambda: t.rows(undone) == [(0,)], PATIENCE)
