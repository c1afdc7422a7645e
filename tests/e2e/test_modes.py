"""Observe, pause, the action cap and a missing intent, on the real bot."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import card, view
from policies.model import Category
from tests.e2e.theatre import CANARY, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("modes"), pytest.mark.timeout(180)]


async def test_watching_shows_cards_and_touches_nothing_until_remove_now(tmp_path: Path) -> None:
    async with opened(tmp_path, mode="observe") as t:
        message = t.post(card(Category.SEXUAL_EXPLICIT, 0.96))
        line = await t.judged(message)
        shown = await t.card_of(line)
        assert line["outcomes"] == {"delete": "simulated", "warn": "simulated", "card": "done"}
        assert message.deleted_at is None
        assert t.rows("select count(*) from strikes") == [(0,)]
        asked = await t.discord.press(shown, "Remove now", t.stage.moderator)
        labels = [c["label"] for row in asked.last.components for c in row["components"]]
        await t.discord.press(asked.last, labels[0], t.stage.moderator)
        await t.discord.deleted(message)


async def test_pause_stops_everything_at_once_and_resume_goes_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as t:
        await t.discord.command("pause", t.stage.owner, t.stage.general)
        left = t.post(card(Category.SEXUAL_EXPLICIT, 0.961))
        await t.bot.event("paused", message=str(left.id))
        await t.discord.command("pause", t.stage.owner, t.stage.general, options={"resume": True})
        removed = t.post(card(Category.SEXUAL_EXPLICIT, 0.962))
        await t.discord.deleted(removed)
        assert left.deleted_at is None
        suggestions = t.rows("select suggestion from decisions order by id")
        assert suggestions[0] == ("unscreened",), "a paused guild's image is on record as unjudged, never as a pass"


async def test_with_a_wrong_token_the_bot_says_so_and_ends(tmp_path: Path) -> None:
    async with Loopback(token=CANARY) as discord:
        wrong = CANARY.replace("G1canA", "Xwrong")
        bot = await BotProcess.start(discord, tmp_path, wrong)
        try:
            assert await _ends(bot) == 1
            assert "token" in bot.tail()
            assert wrong not in bot.tail()
            assert "Traceback" not in bot.tail()
        finally:
            await bot.kill()


async def test_a_corrupt_database_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "beholder.db").write_bytes(b"this is no database at all, but it is long enough" * 100)
    async with Loopback(token=CANARY) as discord:
        bot = await BotProcess.start(discord, tmp_path, CANARY)
        try:
            assert await _ends(bot) == 1
            assert "backup" in bot.tail()
            assert "Traceback" not in bot.tail()
        finally:
            await bot.kill()
    assert b"no database at all" in (tmp_path / "beholder.db").read_bytes(), "nothing is overwritten"


async def test_an_ordinary_community_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as t:
        messages = [t.post(view(n)) for n in range(5)]
        for message in messages:
            assert (await t.judged(message))["suggestion"] == "pass"
        assert all(m.deleted_at is None for m in messages)
        assert t.rows("select count(*) from cases") == [(0,)]


async def _ends(bot: BotProcess) -> int:
    import asyncio

    code = await asyncio.wait_for(bot.process.wait(), 60.0)
    await bot.kill()
    return code
