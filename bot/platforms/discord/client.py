"""The discord.py client: what it listens to, and how one malformed event costs that event only."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.ui import DynamicItem

from bot.model import EventKind
from bot.platforms.discord.guilds import exorcised
from bot.ports import Settings
from bot.ports.desk import Desk

log = structlog.get_logger("beholder.discord")

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we never speak

CONNECTION_STATE_EVENTS = frozenset({"READY", "RESUMED"})  # without these there is no session: let it fail

Seen = Callable[[discord.Message, EventKind], Awaitable[None]]
Parser = Callable[[Any], None]
Command = app_commands.Command[Any, ..., Any] | app_commands.Group


class FirstConnectFailed(ConnectionError):
    """A shard could not be connected at the start."""


class Source(Protocol):
    """Who streams bytes from an address: allowed hosts only, no redirects (`bot.media.fetch.Fetcher`)."""

    def stream(self, text: str, /) -> AsyncIterator[bytes]:
        """Raises `Gone`, `bot.media.fetch.Stale` or `Unfetchable`."""
        ...


class Identifies(Protocol):
    """Who keeps the budget of IDENTIFYs, over all clients of this process."""

    def told(self, remaining: int, reset_after: float) -> None:
        """What Discord says is left, and in how many seconds it is renewed."""
        ...

    async def spend(self) -> None:
        """Wait until one more may be sent."""
        ...


def intents() -> discord.Intents:
    """The least that shows every picture.

    `guilds`: channels, threads, roles and our own rights. `guild_messages`: that something was posted.
    `message_content` (privileged): without it attachments and embeds are empty. Members and presences
    are not asked for. Neither are direct messages: nothing is deleted there, and what ruling 13 wants
    instead, a reply and an escalation to the host, comes later.
    """
    return discord.Intents(guilds=True, guild_messages=True, message_content=True)


class BeholderClient(discord.AutoShardedClient):
    """Keeps no messages and no members: memory is for pictures. Every event is handed to `seen`."""

    def __init__(
        self,
        *,
        desk: Desk,
        settings: Settings,
        source: Source,
        seen: Seen,
        identifies: Identifies,
        fixed_gateway: bool = False,
        buttons: Iterable[type[DynamicItem[Any]]] = (),
        commands: Iterable[Command] = (),
        **options: Any,
    ) -> None:
        super().__init__(
            intents=intents(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=30.0,
            **options,
        )
        self.desk = desk
        self.settings = settings
        self.source = source
        self.skipped = 0
        self.tree: app_commands.CommandTree[BeholderClient] = app_commands.CommandTree(self)
        self._seen = seen
        self._identifies = identifies
        self._fixed_gateway = fixed_gateway
        self._tried: set[int] = set()
        self.add_dynamic_items(*buttons)
        for command in commands:
            self.tree.add_command(command)
        self._connection.parsers = exorcised(self._isolated(self._connection.parsers), self)

    # --- one malformed event ------------------------------------------------------------------

    def _isolated(self, parsers: Mapping[str, Parser]) -> dict[str, Parser]:
        """discord.py does not catch what its parsers raise: one odd payload would end the process."""
        return {
            name: parse if name in CONNECTION_STATE_EVENTS else self._guarded(name, parse)
            for name, parse in parsers.items()
        }

    def _guarded(self, name: str, parse: Parser) -> Parser:
        def guarded(payload: Any) -> None:
            try:
                parse(payload)
            except Exception as error:  # noqa: BLE001 - whatever a payload provokes costs that payload only
                self.skipped += 1
                log.error("malformed gateway event skipped", event_type=name, error=repr(error))

        return guarded

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """What one of our listeners raised: said aloud, and the client goes on."""
        self.skipped += 1
        log.error("event not handled", event_type=event_method, error=repr(sys.exc_info()[1]))

    # --- what is listened to --------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """MESSAGE_CREATE."""
        await self._look(message, EventKind.MESSAGE)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """MESSAGE_UPDATE, also of messages nobody cached: edits, and embeds that arrive late."""
        await self._look(payload.message, EventKind.EDIT)

    async def _look(self, message: discord.Message, kind: EventKind) -> None:
        if self.is_own(message):
            return
        if message.attachments or message.embeds or message.message_snapshots:
            await self._know_channel(message)
            await self._seen(message, kind)

    def is_own(self, message: discord.Message) -> bool:
        """Our cards, notices and restored pictures, also those by a webhook of ours (ruling 6).

        Nothing else is exempt: other bots and webhooks are looked at like anybody.
        """
        mine = {i for i in (self.user and self.user.id, self.application_id) if i is not None}
        return bool(mine & {message.author.id, message.webhook_id, message.application_id})

    async def _know_channel(self, message: discord.Message) -> None:
        """A thread that was archived is not cached; its parent's rules and age limit must still count."""
        if message.guild is not None and isinstance(message.channel, discord.PartialMessageable):
            with contextlib.suppress(discord.HTTPException, discord.InvalidData, OSError, asyncio.TimeoutError):
                channel = await message.guild.fetch_channel(message.channel.id)
                if isinstance(channel, discord.abc.Messageable):
                    message.channel = channel

    # --- connecting -----------------------------------------------------------------------------

    async def launch_shards(self) -> None:
        """Ask for shards and what is left of today's IDENTIFYs, then connect.

        discord.py falls back to its class's gateway after an invalidated session, so the one that
        the API names becomes that, unless the configuration fixed it.
        """
        self.shard_count, url, limit = await self.http.get_bot_gateway()
        self._identifies.told(limit["remaining"], limit["reset_after"] / 1000)
        if not self._fixed_gateway:
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        await super().launch_shards()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """discord.py tries a shard again every five seconds for ever, one stack frame deeper each time.

        After its second try we give up: backing off is the supervisor's.
        """
        if shard_id in self._tried and not initial:
            raise FirstConnectFailed(f"shard {shard_id} could not connect to the gateway")
        self._tried.add(shard_id)
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Keep to Discord's budget of IDENTIFYs."""
        await self._identifies.spend()

    async def close(self) -> None:
        """Close the sockets, and end what discord.py leaves waiting for the last guilds."""
        if not self.is_started():
            return
        waiting = [t for t in (self._connection._ready_task, *self._connection._ready_tasks.values()) if t is not None]
        for task in waiting:
            task.cancel()
        await super().close()
        await asyncio.gather(*waiting, return_exceptions=True)

    def is_started(self) -> bool:
        """Whether there is something to close: before the login there is no session."""
        return self.loop is not discord.client._loop
