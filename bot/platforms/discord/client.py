"""The discord.py client: what it listens to, and how one malformed event costs that event only."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.ui import DynamicItem

from bot.model import EventKind
from bot.platforms.discord.appearance import Appearance, of_guild, of_member
from bot.platforms.discord.guilds import exorcised
from bot.platforms.discord.outcomes import TRANSPORT_ERRORS
from bot.platforms.discord.privileges import Privileges
from bot.platforms.discord.walker import may_show
from bot.ports import Settings
from bot.ports.desk import Desk

log = structlog.get_logger("beholder.discord")

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we never speak

PATIENCE = 5.0  # seconds that a post waits, unwritten, until more is known of where it stands
CONNECTION_STATE_EVENTS = frozenset({"READY", "RESUMED"})  # without these there is no session: let it fail

Seen = Callable[[discord.Message, EventKind], Awaitable[None]]
Shown = Callable[[Appearance], Awaitable[None]]
Reacted = Callable[[discord.RawReactionActionEvent, discord.abc.Snowflake], Awaitable[None]]
Cleared = Callable[[int, int | None], None]
Parser = Callable[[Any], None]
Heard = Callable[[str, Any, int], None]
"""Told of every gateway event after discord.py has read it: its name, its payload, our own user id."""
Command = app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu


LOOKS: Mapping[str, Callable[[Any], Appearance | None]] = {
    "GUILD_MEMBER_ADD": partial(of_member, joined=True),
    "GUILD_MEMBER_UPDATE": partial(of_member, joined=False),
    "GUILD_CREATE": of_guild,
    "GUILD_UPDATE": of_guild,
}
"""Events that tell how somebody looks, and how to read it."""


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


class BeholderClient(discord.AutoShardedClient):
    """Keeps no messages and no members: memory is for pictures. Every event is handed to `seen`."""

    def __init__(
        self,
        *,
        desk: Desk,
        settings: Settings,
        source: Source,
        seen: Seen,
        shown: Shown,
        reacted: Reacted,
        cleared: Cleared,
        identifies: Identifies,
        privileges: Privileges,
        fixed_gateway: bool = False,
        buttons: Iterable[type[DynamicItem[Any]]] = (),
        commands: Iterable[Command] = (),
        translator: app_commands.Translator | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            intents=privileges.plain(),
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
        self.heard: Heard = lambda name, payload, me: None
        self.tree: app_commands.CommandTree[BeholderClient] = app_commands.CommandTree(self)
        self._translator = translator
        self._seen = seen
        self._shown = shown
        self._reacted = reacted
        self._cleared = cleared
        self._privileges = privileges
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
            name: parse if name in CONNECTION_STATE_EVENTS else self._guarded(name, self._watched(name, parse))
            for name, parse in parsers.items()
        }

    def _watched(self, name: str, parse: Parser) -> Parser:
        """discord.py says nothing of a member whom it has not cached, and we keep none: so we read it ourselves."""
        looks = LOOKS.get(name)
        if looks is None:
            return parse

        def watched(payload: Any) -> None:
            parse(payload)
            if (appearance := looks(payload)) is not None:
                self.dispatch("appearance", appearance)

        return watched

    def _guarded(self, name: str, parse: Parser) -> Parser:
        def guarded(payload: Any) -> None:
            try:
                parse(payload)
                self.heard(name, payload, self.user.id if self.user else 0)
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
        if may_show(message):
            await self._know_channel(message)
        await self._seen(message, kind)

    async def on_appearance(self, appearance: Appearance) -> None:
        """Somebody joined or changed how they look, or a guild did; of every guild once at the start."""
        if self.user is None or appearance.author.id != str(self.user.id):
            await self._shown(appearance)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """MESSAGE_REACTION_ADD: only a custom emoji is somebody's picture, and only guilds have rules for it."""
        if payload.emoji.id is None or payload.guild_id is None or (self.user and payload.user_id == self.user.id):
            return
        guild = self.get_guild(payload.guild_id)
        known = None if guild is None else guild.get_channel_or_thread(payload.channel_id)
        channel = known or self.get_partial_messageable(payload.channel_id, guild_id=payload.guild_id)
        await self._reacted(payload, channel)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        """MESSAGE_REACTION_REMOVE: the last one may have gone with it."""
        self._cleared(payload.message_id, payload.emoji.id)

    async def on_raw_reaction_clear_emoji(self, payload: discord.RawReactionClearEmojiEvent) -> None:
        """MESSAGE_REACTION_REMOVE_EMOJI."""
        self._cleared(payload.message_id, payload.emoji.id)

    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        """MESSAGE_REACTION_REMOVE_ALL."""
        self._cleared(payload.message_id, None)

    def is_own(self, message: discord.Message) -> bool:
        """Our cards, notices and restored pictures, also those by a webhook of ours (ruling 6).

        Nothing else is exempt: other bots and webhooks are looked at like anybody.
        """
        mine = {i for i in (self.user and self.user.id, self.application_id) if i is not None}
        return bool(mine & {message.author.id, message.webhook_id, message.application_id})

    async def _know_channel(self, message: discord.Message) -> None:
        """A thread that was archived is not cached; its parent's rules and age limit must still count.

        What cannot be known costs no post: where nothing is known of a place, the stricter rules hold.
        """
        if message.guild is not None and isinstance(message.channel, discord.PartialMessageable):
            with contextlib.suppress(*TRANSPORT_ERRORS, RuntimeError):  # the last: the connection was being closed
                async with asyncio.timeout(PATIENCE):
                    channel = await message.guild.fetch_channel(message.channel.id)
                if isinstance(channel, discord.abc.Messageable):
                    message.channel = channel

    # --- connecting -----------------------------------------------------------------------------

    async def setup_hook(self) -> None:
        """Logged in and not yet connected: ask for the privileged intents that the application has."""
        self._connection._intents = self._privileges.chosen(self.application_flags)
        await self.tree.set_translator(self._translator)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Raises PrivilegedIntentsRequired where Discord refuses what its own flags promise."""
        try:
            await super().connect(reconnect=reconnect)
        except discord.PrivilegedIntentsRequired:
            self._privileges.refused()
            raise

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
