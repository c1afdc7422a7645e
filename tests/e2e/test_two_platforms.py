"""Discord and Telegram in one process: one policy engine, one database, and neither reaches into the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.fates import play
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import running
from bot.sandbox.scenes import card, files
from bot.sandbox.stage import Stage
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.sandbox.telegram.scenes import town_scenes
from bot.sandbox.telegram.town import Town
from policies.model import Category
from tests.e2e.theatre import CANARY, READY

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


async def test_both_are_guarded_and_their_cases_kept_apart(tmp_path: Path) -> None:
    async with Loopback(token=CANARY) as discord, LoopbackTelegram() as telegram:
        stage, town = Stage.build(discord), Town.build(telegram)
        theirs = {"telegram_token": telegram.token, "telegram_api_url": telegram.root, "providers": "local"}
        async with running(discord, tmp_path / "data", CANARY, **theirs) as bot:
            await bot.event(READY, 60.0)
            assert "Saved" in await stage.set_up()
            assert [chosen async for _, chosen in town.set_up()][-1] == "Protect now"
            assert "can_delete_messages" in telegram.bot.suggested[False]
            count = 0
            for scene in town_scenes(town, bot):
                played = await play(stage, bot, scene, 20.0)
                assert not played.missing, f"{scene.title}: {played.missing} {played.line}\n{bot.tail()}"
                count += 1
            assert count == 9

            message = discord.post(
                stage.general, stage.members[0], files=files(card(Category.SEXUAL_EXPLICIT, 0.93, 640))
            )
            line = await bot.event("judged", guild=f"discord:{stage.guild.id}", message=str(message.id))
            assert line["case"] == 1, "numbers are each guild's own"
            assert len([m for m in town.mods.messages.values() if m.sender is telegram.bot.user]) >= 5
            here = await bot.beholder("case", "show", "1", "--guild", f"discord:{stage.guild.id}")
            assert town.guild not in here
            assert "hate" in await bot.beholder("case", "list", "--json", "--guild", town.guild)
            with pytest.raises(RuntimeError, match="has no case 3"):
                await bot.beholder("case", "show", "3", "--guild", f"discord:{stage.guild.id}")
