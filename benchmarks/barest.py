"""The least that a discord.py bot can do: delete what comes. A process of its own, as the bot is.

`python -m benchmarks.barest API_URL GATEWAY_URL`, the token on standard input; deletes every message
that has an attachment.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import yarl

from bot.sandbox.loopback import Loopback


class Barest(discord.Client):
    """One line of moderation."""

    async def on_message(self, message: discord.Message) -> None:
        """Every picture is a bad one."""
        if message.attachments:
            await message.delete()


@asynccontextmanager
async def barest(on: Loopback) -> AsyncIterator[None]:
    """It runs, connected to `on`, for the length of a block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.barest", on.api_url, on.gateway_url),
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdin is not None:
            process.stdin.write(f"{on.token}\n".encode())
        await on.connected()
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def main() -> None:
    """Until terminated."""
    discord.http.Route.BASE = sys.argv[1]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(sys.argv[2])
    intents = discord.Intents(guilds=True, guild_messages=True, message_content=True)
    client = Barest(intents=intents, max_messages=None, member_cache_flags=discord.MemberCacheFlags.none())
    client.run(sys.stdin.readline().strip(), log_handler=None)


if __name__ == "__main__":
    main()
