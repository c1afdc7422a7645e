"""The Discord adapter, put together: one small contract (`bot.ports.Platform`) over a supervised client."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import discord
import structlog

from bot.media.fetch import Allow, Fetcher, address, opened
from bot.model import Action, Capabilities, Event, EventKind, Media, Outcome, OutcomeState, Tenant
from bot.platforms.discord import assets
from bot.platforms.discord.actions import Actions
from bot.platforms.discord.appearance import Appearance
from bot.platforms.discord.client import BeholderClient, Source
from bot.platforms.discord.commands import COMMANDS, TURNS, Catalogues, synced
from bot.platforms.discord.config import DiscordConfig, repoint
from bot.platforms.discord.extract import PLATFORM, event_of, reaction_of, tenant_of, whose
from bot.platforms.discord.fetching import Fetching, where
from bot.platforms.discord.guilds import Guilds
from bot.platforms.discord.pages import PAGES
from bot.platforms.discord.privileges import Privileges
from bot.platforms.discord.shards import Roll
from bot.platforms.discord.sightings import Reactions, Sightings
from bot.platforms.discord.supervisor import IdentifyBudget, Supervisor
from bot.platforms.discord.urls import Urls
from bot.platforms.discord.versions import Versions
from bot.platforms.discord.views import BUTTONS
from bot.platforms.discord.walker import chosen, found_in, may_show
from bot.platforms.discord.walls import Walls
from bot.ports import Clock, Faces, Settings, Submit, Unfetchable
from bot.ports.connected import Status
from bot.ports.desk import Desk
from bot.ports.register import Door
from policies.model import Act, Policy, Surface, UnscreenedReason
from policies.presets import DEFAULT, preset
from policies.wording import Worded

log = structlog.get_logger("beholder.discord")

CAPABILITIES = Capabilities(
    acts=frozenset({Act.DELETE, Act.WARN, Act.ESCALATE, Act.TIMEOUT, Act.QUARANTINE, Act.KICK, Act.BAN}),
    private_notice=True,
    history=True,
    evidence=True,
)
AWAY = Worded("not connected to Discord")
LAST_SUBMISSIONS = 5.0  # seconds that what was received before the end may take to reach the journal


class DiscordPlatform:
    """`bot.ports.Platform` for Discord.

    `source` streams media; by default from the configured hosts only (ruling 22), closed after `run`. `door`
    says whose guilds are looked at; without one, everybody's are.
    """

    def __init__(
        self,
        config: DiscordConfig,
        *,
        desk: Desk,
        settings: Settings,
        faces: Faces,
        clock: Clock,
        source: Source | None = None,
        door: Door | None = None,
        client_options: dict[str, Any] | None = None,
    ) -> None:
        self.ready = asyncio.Event()
        self._config = config
        self._desk = desk
        self._settings = settings
        self._fetcher = Fetcher([Allow.parse(host) for host in config.hosts])
        self._source: Source = source or self._fetcher
        self._clock = clock
        self._options = client_options or {}
        self._door = door
        self._guilds = Guilds(door, clock) if door is not None else None
        self._urls = Urls()
        self._budget = IdentifyBudget(clock)
        self._supervisor = Supervisor(
            self.connect, config.token, clock=clock, budget=self._budget, ended=self.ready.clear
        )
        self._client: BeholderClient | None = None
        self._walls = Walls(clock)
        self._hands: Actions | None = None
        self._submit: Submit | None = None
        self._submitting: set[asyncio.Task[Any]] = set()
        self._privileges = Privileges()
        self._sightings = Sightings(faces, clock, self._hand_over)
        self._reactions = Reactions()
        self._versions = Versions()
        self._skipped = 0
        self._commands = ""  # digest of the commands that Discord was last given

    @property
    def name(self) -> str:
        """The first half of a tenant's name."""
        return PLATFORM

    @property
    def capabilities(self) -> Capabilities:
        """What a bot can do here."""
        return CAPABILITIES

    def status(self) -> Status:
        """How the connection is at this moment."""
        client = self._client
        live = client is not None and self.ready.is_set()
        latency = client.latency if client is not None and live else math.nan
        return Status(
            ready=live,
            guilds=len(client.guilds) if client is not None else 0,
            latency=latency if math.isfinite(latency) else None,
            restarts=self._supervisor.restarts,
            skipped=self._skipped + (client.skipped if client is not None else 0),
            last_error=self._supervisor.last_error,
            missing=self._privileges.missing,
        )

    # --- listening ------------------------------------------------------------------------------

    async def run(self, submit: Submit) -> None:
        """Until cancelled. Raises `supervisor.Fatal` where only a person can help."""
        repoint(self._config)
        self.listen(submit)
        try:
            await self._supervisor.run()
        finally:
            if self._submitting:
                await asyncio.wait(self._submitting, timeout=LAST_SUBMISSIONS)
            await self._fetcher.aclose()

    def listen(self, submit: Submit) -> None:
        """From now on `submit` is given what is seen."""
        self._submit = submit

    def connect(self) -> BeholderClient:
        """A new client, not yet logged in: one for each life that the supervisor gives."""
        if self._client is not None:
            self._skipped += self._client.skipped
        client = BeholderClient(
            desk=self._desk,
            settings=self._settings,
            source=self._source,
            seen=self._seen,
            shown=self._shown,
            reacted=self._reacted,
            cleared=self._reactions.forget,
            identifies=self._budget,
            privileges=self._privileges,
            fixed_gateway=self._config.gateway_url is not None,
            buttons=(*BUTTONS, *TURNS, *PAGES),
            commands=COMMANDS,
            **{"translator": Catalogues(), **self._options},
        )
        client.heard = self._walls.heard
        self._attend(client)
        self._client = client
        return client

    def _attend(self, client: BeholderClient) -> None:
        """Follow whether `client` is connected, with each of its shards."""

        def changed(complete: bool) -> None:
            if client is not self._client:
                return
            if complete:
                self.ready.set()
            else:
                self.ready.clear()
                log.warning("discord disconnected", shards=roll.missing)

        roll = Roll(client, changed)

        async def on_ready() -> None:
            log.info("discord ready", guilds=len(client.guilds), user=str(client.user), shards=client.shard_count)
            self._commands = await synced(client, self._commands)

        async def on_shard_ready(shard_id: int) -> None:
            roll.came(shard_id)

        async def on_shard_resumed(shard_id: int) -> None:
            roll.came(shard_id)
            log.info("discord resumed", shard=shard_id)

        async def on_shard_disconnect(shard_id: int) -> None:
            roll.left(shard_id)

        for follow in (on_ready, on_shard_ready, on_shard_resumed, on_shard_disconnect):
            client.event(follow)

    async def _seen(self, message: discord.Message, kind: EventKind) -> None:
        """The post first; its author's face may wait for the disk."""
        if not await self._is_looked_at(whose(message)):
            return
        policy = await self._policy(whose(message))
        found = chosen(found_in(message), policy.surfaces) if may_show(message) else ()
        event = event_of(message, found, kind, emptied=kind is EventKind.EDIT and message.id in self._versions)
        if event is not None:
            event = replace(event, version=self._versions.of(message.id, event.version))
            self._urls.remember(str(message.channel.id), str(message.id), found)
            await self._hand_over([event])
        if kind is EventKind.MESSAGE:
            await self._sightings.see_author(message, policy)

    async def _shown(self, appearance: Appearance) -> None:
        if not await self._is_looked_at(appearance.tenant):
            return
        await self._sightings.see(appearance, await self._policy(appearance.tenant))

    async def _reacted(self, payload: discord.RawReactionActionEvent, channel: discord.abc.Snowflake) -> None:
        emoji, guild = payload.emoji, payload.guild_id
        if emoji.id is None or guild is None or not await self._is_looked_at(tenant_of(guild)):
            return
        policy = await self._policy(tenant_of(guild))
        if Surface.REACTIONS in policy.surfaces and self._reactions.is_new(payload.message_id, emoji.id):
            media = assets.emoji(emoji.id, animated=emoji.animated)
            try:
                await self._hand_over([reaction_of(payload, channel, guild, media, self._clock.now())])
            except BaseException:
                self._reactions.forget(payload.message_id, emoji.id)
                raise

    async def _is_looked_at(self, tenant: Tenant) -> bool:
        """Asked before anything is remembered of what was seen, or it would be missing once the guild is let in."""
        return self._door is None or await self._door.looks_at(tenant)

    async def _policy(self, tenant: Tenant) -> Policy:
        """What a guild has set; where the disk fails, what every guild starts with, so that no post is lost."""
        try:
            policy, _ = await self._settings.policy(tenant)
        except Exception as error:  # noqa: BLE001 - whatever it is, the pipeline meets it again and waits for its cure
            log.error("policy not read", guild=str(tenant), error=type(error).__name__)
            return preset(DEFAULT)
        return policy

    async def _hand_over(self, events: Sequence[Event]) -> None:
        """What was received is handed to the journal, also while the connection is being closed."""
        task = asyncio.current_task()
        if task is None or self._submit is None or not events:
            return
        self._submitting.add(task)
        try:
            await self._submit(events)
        finally:
            self._submitting.discard(task)

    # --- guilds -----------------------------------------------------------------------------------

    async def round(self) -> None:
        """Look at which guilds there are: greet, note, leave. Made again and again while connected."""
        if self._guilds is not None and self._client is not None and self.ready.is_set():
            await self._guilds.round(self._client)

    async def leave(self, tenant: Tenant) -> None:
        """Leave a guild, which may already be done. Raises ConnectionError where it cannot be done now."""
        client = self._client
        if self._guilds is None or client is None or not self.ready.is_set():
            raise ConnectionError("not connected to Discord")
        guild = client.get_guild(int(tenant.id))
        if guild is not None and not await self._guilds.leave(guild):
            raise ConnectionError("the guild could not be left yet")

    # --- acting -----------------------------------------------------------------------------------

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """The bytes of `media`, in chunks. Raises `Gone` or `Unfetchable`."""
        client = self.connected
        if client is None:
            raise Unfetchable(UnscreenedReason.OUTAGE, "not connected to Discord")
        fetching = Fetching(client, urls=self._urls, source=self._source)
        async with opened(fetching.fetch(event, media, reduced=reduced)) as chunks:
            async for chunk in chunks:
                yield chunk

    def link(self, event: Event, media: Media) -> str | None:
        """See `bot.ports.Links`: of the two file hosts alone; nothing of what others' hosts keep."""
        link = where(self._urls, event, media)
        parsed = None if link is None else address(link)
        kept = parsed is not None and any(Allow.parse(base).permits(parsed) for base in self._config.file_hosts)
        return link if kept else None

    async def perform(self, action: Action) -> Outcome:
        """Do it. Never raises for a refusal or an outage."""
        client = self.connected
        if client is None:
            return Outcome(OutcomeState.FAILED, AWAY, retry=True)
        return await self._actions(client).perform(action)

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """Whether our message with `nonce` stands in `channel`."""
        client = self.connected
        if client is None:
            return Outcome(OutcomeState.UNKNOWN, AWAY, retry=True)
        return await self._actions(client).find(tenant, channel, nonce)

    def _actions(self, client: BeholderClient) -> Actions:
        """One for each client, since deletions wait for each other in it."""
        if self._hands is None or self._hands.client is not client:
            self._hands = Actions(
                client,
                settings=self._settings,
                clock=self._clock,
                stream=self._source.stream,
                walls=self._walls,
            )
        return self._hands

    @property
    def connected(self) -> BeholderClient | None:
        """The client, once it is logged in: REST needs no gateway."""
        client = self._client
        return client if client is not None and client.user is not None and not client.is_closed() else None

    def forget_urls(self) -> None:
        """Know no address any more: each is asked for anew."""
        self._urls = Urls()
