"""The real bot in a small community on the loopback, ready to be posted to."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.entities import Channel, Message, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, Line, running
from bot.sandbox.scenes import files
from bot.sandbox.stage import Stage
from bot.sandbox.world import Happened

START_SECONDS = 60.0
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Street:
    """A community and its bot."""

    discord: Loopback
    stage: Stage
    bot: BotProcess

    async def judged(self, message: Message) -> Line:
        """What the bot said of it, once all was done."""
        return await self.bot.event("judged", PATIENCE, message=str(message.id))

    def forget(self) -> None:
        """Drop what was logged so far: searching it must not cost time in the next round."""
        self.discord.world.happened.clear()
        self.discord.requests.clear()
        self.bot.lines.clear()


@asynccontextmanager
async def street(*, mode: str = "enforce") -> AsyncIterator[Street]:
    """The bot as its host starts it, with its data on disk, set up by `/setup` and with its models loaded."""
    with tempfile.TemporaryDirectory(prefix="beholder-bench-") as folder:
        async with Loopback() as discord:
            stage = Stage.build(discord)
            async with running(discord, Path(folder), discord.token) as bot:
                await bot.event("commands synchronised", START_SECONDS)
                await stage.set_up(mode=mode)
                yield Street(discord, stage, bot)


async def removal(discord: Loopback, channel: Channel, author: User, picture: bytes) -> Message:
    """Post `picture` and wait until it is gone."""
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()

    def listen(event: Happened) -> None:
        if event.name == "MESSAGE_DELETE" and message.deleted_at is not None and not gone.done():
            gone.set_result(None)

    message = discord.post(channel, author, files=files(picture))
    discord.world.listeners.append(listen)
    try:
        await asyncio.wait_for(gone, PATIENCE)
    except TimeoutError:
        raise TimeoutError(f"a picture in #{channel.name} was not removed within {PATIENCE:g} s") from None
    finally:
        discord.world.listeners.remove(listen)
    return message


def milliseconds(message: Message) -> float:
    """From MESSAGE_CREATE sent to DELETE received. Raises ValueError if it still stands."""
    if message.deleted_at is None:
        raise ValueError("the message was never deleted")
    return (message.deleted_at - message.sent_at) * 1000
