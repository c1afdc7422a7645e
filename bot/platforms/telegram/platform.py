"""The Telegram adapter, put together: raw updates in, to the journal, and only then understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
import telegram
from starlette.routing import Route
from telegram.error import InvalidToken, TelegramError
from telegram.ext import ApplicationBuilder

from bot.media.fetch import Allow, Fetcher
from bot.model import Action, Capabilities, Event, Job, Media, Outcome, OutcomeState, Tenant
from bot.platforms.telegram import commands
from bot.platforms.telegram.actions import Actions
from bot.platforms.telegram.chats import Chats
from bot.platforms.telegram.checkup import Checkup
from bot.platforms.telegram.config import WEBHOOK, TelegramConfig
from bot.platforms.telegram.extract import PLATFORM
from bot.platforms.telegram.files import Files, Source
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.limiter import Pace
from bot.platforms.telegram.polling import Connection, Poller, Pushed, WrongToken
from bot.platforms.telegram.posts import Posts
from bot.platforms.telegram.reading import BotApplication, Meetings, Reader
from bot.platforms.telegram.reception import Reception
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.rights import Members
from bot.platforms.telegram.sightings import Sightings
from bot.ports import Albums, Clock, Drafts, Faces, Journal, Settings, Submit
from bot.ports.connected import Judge, Receive, Status
from bot.ports.desk import Desk
from bot.ports.register import Door, Moves, Register
from bot.web import telegram as web
from policies.model import Act, Policy
from policies.presets import DEFAULT, preset
from policies.wording import Worded

log = structlog.get_logger("beholder.telegram")

AWAY = Worded("not connected to Telegram at the moment")
CAPABILITIES = Capabilities(
    acts=frozenset({Act.DELETE, Act.WARN, Act.ESCALATE, Act.MUTE_IMAGES, Act.TIMEOUT, Act.KICK, Act.BAN}),
    private_notice=False,
    history=False,
    evidence=True,
    roles=False,
    rooms=False,
    covers=True,
    ban_deletes=False,
    outlasting=True,  # a file is no part of its message: its file_id goes on working
)


class TelegramPlatform:
    """`bot.ports.connected.Connected` and `Reads` for Telegram.

    `receive` journals updates; `door` says whose chats are looked at. `source` streams files; by default from the
    Bot API's own address only (ruling 22), closed after `run`.
    """

    def __init__(
        self,
        config: TelegramConfig,
        *,
        desk: Desk,
        journal: Journal,
        settings: Settings,
        register: Register,
        moves: Moves,
        drafts: Drafts,
        albums: Albums,
        faces: Faces,
        door: Door,
        clock: Clock,
        receive: Receive,
        source: Source | None = None,
    ) -> None:
        self.ready = asyncio.Event()
        self._config = config
        self._settings = settings
        self._clock = clock
        self._receive = receive
        self._fetcher = Fetcher([Allow.parse(config.files)])
        self._polled, self._asked = AiohttpRequest(connections=2), AiohttpRequest()
        self._application: BotApplication = _application(config, self._polled, self._asked, Pace(clock))
        self._chats = Chats(register, door, settings, clock)
        self._connection = Connection(clock, self._changed)
        self._taking = asyncio.Lock()
        self._files = Files(self.bot, source or self._fetcher)
        self._moves = moves
        self.members = Members(self.bot, clock)
        reception = Reception(
            bot=self.bot,
            desk=desk,
            settings=settings,
            drafts=drafts,
            journal=journal,
            clock=clock,
            vouch=self.members.presser,
            checkup=Checkup(self.bot),
            fetch=self.fetch,
        )
        commands.register(self._application, reception)
        self._actions = Actions(self.bot, settings=settings, clock=clock, members=self.members, moved=self._moved)
        posts = Posts(albums)
        sightings = Sightings(self.bot, faces, clock, self._see)
        self._meetings = Meetings(sightings, self._policy_of, door, clock)
        self._intake = Intake(posts, self._chats, door, self._policy_of, self._meetings.meet)
        self._reader = Reader(
            self._application,
            posts=posts,
            chats=self._chats,
            sightings=sightings,
            meetings=self._meetings,
            door=door,
            members=self.members,
            moved=self._moved,
            journal=journal,
            policy_of=self._policy_of,
            clock=clock,
        )
        self._submit: Submit | None = None

    @property
    def name(self) -> str:
        """The first half of a tenant's name."""
        return PLATFORM

    @property
    def capabilities(self) -> Capabilities:
        """What a bot can do here."""
        return CAPABILITIES

    @property
    def bot(self) -> telegram.Bot:
        """PTB's; usable once `run` has begun."""
        bot: telegram.Bot = self._application.bot
        return bot

    @property
    def routes(self) -> list[Route]:
        """For the web server, where updates are sent to it."""
        if self._config.webhook_url is None:
            return []
        return [web.route(WEBHOOK, self._config.webhook_secret, self.take)]

    def status(self) -> Status:
        """How the connection is at this moment."""
        now, skipped = self._connection, self._intake.skipped + self._reader.poisoned
        return Status(self.ready.is_set(), len(self._chats), now.latency, now.restarts, skipped, now.last_error)

    def _changed(self, well: bool) -> None:
        if well:
            self.ready.set()
        else:
            self.ready.clear()

    # --- listening --------------------------------------------------------------------------------

    async def run(self, submit: Submit) -> None:
        """Until cancelled. Raises `polling.Fatal` where only a person can help."""
        self._submit = submit
        try:
            await self._chats.load()
            await self._log_in()
            await self._listener().run()
        finally:
            self.ready.clear()
            await self._meetings.close()
            if self._application.running:
                await self._application.stop()
            await self._application.shutdown()
            for request in (self._polled, self._asked):
                await request.shutdown()  # PTB leaves them open where logging in failed
            await self._fetcher.aclose()

    async def _log_in(self) -> None:
        """Ask Telegram who we are, until it says so."""
        while True:
            try:
                await self._application.initialize()
                await self._application.start()
            except InvalidToken:
                raise WrongToken from None
            except TelegramError as error:
                await self._connection.failed(error)
            else:
                await commands.publish(self.bot)
                return

    def _listener(self) -> Poller | Pushed:
        if self._config.webhook_url is not None:
            return Pushed(self.bot, self._config, self._connection, self._clock)
        return Poller(self.bot, self._polled, self._config, self.take, self._connection, self._clock)

    async def take(self, batch: Sequence[Any]) -> None:
        """Raw updates, to disk in one commit; one batch after another, as people wrote."""
        async with self._taking:
            if received := await self._intake.sifted(batch):
                await self._receive(received)

    async def read(self, job: Job, judge: Judge) -> None:
        """See `bot.ports.connected.Reads`."""
        await self._reader.read(job, judge)

    async def _policy_of(self, tenant: Tenant) -> Policy:
        """What a guild has set; where the disk fails, what every guild starts with, so that no post is lost."""
        try:
            policy, _ = await self._settings.policy(tenant)
        except Exception as error:  # noqa: BLE001 - whatever it is, the pipeline meets it again and waits for its cure
            log.error("policy not read", guild=str(tenant), error=type(error).__name__)
            return preset(DEFAULT)
        return policy

    async def _see(self, events: Sequence[Event]) -> None:
        if self._submit is not None:
            await self._submit(events)

    # --- chats ------------------------------------------------------------------------------------

    async def round(self) -> None:
        """Bring the register up to date; leave chats that the host does not want."""
        if self.ready.is_set():
            await self._chats.round(self.bot)

    async def leave(self, tenant: Tenant) -> None:
        """Leave a chat, which may already be done. Raises ConnectionError where it cannot be done now."""
        if not self.ready.is_set():
            raise ConnectionError("not connected to Telegram")
        if not await self._chats.leave(self.bot, tenant):
            raise ConnectionError("the chat could not be left yet")

    async def _moved(self, old: Tenant, new: Tenant) -> None:
        """A group has become a supergroup."""
        await self._moves.rekey(old, new)
        self._chats.renamed(old, new)
        self.members.forget(int(old.id))
        log.info("group became a supergroup", guild=str(new), before=str(old))

    # --- acting -----------------------------------------------------------------------------------

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """The bytes of `media`, in chunks. Raises `Gone` or `Unfetchable`."""
        async for chunk in self._files.fetch(event, media, reduced=reduced):
            yield chunk

    async def perform(self, action: Action) -> Outcome:
        """Do it. Never raises for a refusal or an outage."""
        if not self._application.running:
            return Outcome(OutcomeState.FAILED, AWAY, retry=True)
        return await self._actions.perform(action)

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """Whether our message with `nonce` stands in `channel`."""
        return await self._actions.find(tenant, channel, nonce)


def _application(config: TelegramConfig, polled: AiohttpRequest, asked: AiohttpRequest, pace: Pace) -> BotApplication:
    return (
        ApplicationBuilder()
        .token(config.token)
        .base_url(config.base_url)
        .base_file_url(config.file_url)
        .request(asked)
        .get_updates_request(polled)
        .rate_limiter(pace)
        .updater(None)
        .job_queue(None)
        .build()
    )
