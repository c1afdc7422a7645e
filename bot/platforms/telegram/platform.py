"""The Telegram adapter, put together: raw updates in, to the journal, and only then understood."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from typing import Any

import structlog
import telegram
from starlette.routing import Route
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder

from bot.media.fetch import Allow, Fetcher
from bot.model import Action, Capabilities, Entry, Event, Job, JobKind, Media, Outcome, OutcomeState, Tenant
from bot.platforms.telegram.actions import Actions
from bot.platforms.telegram.chats import Chats
from bot.platforms.telegram.config import WEBHOOK, TelegramConfig
from bot.platforms.telegram.extract import PLATFORM, at, event_of
from bot.platforms.telegram.files import Files, Source
from bot.platforms.telegram.polling import Connection, Poller, Pushed, WrongToken
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.updates import MESSAGES, NoUpdate, Update, is_addressed, tenant_or_host
from bot.platforms.telegram.walker import chosen, found_in
from bot.ports import Clock, Journal, Settings, Submit, Unfetchable
from bot.ports.connected import Judge, Receive, Received, Status
from bot.ports.desk import Desk
from bot.ports.register import Door, Register
from bot.web import telegram as web
from policies.model import Act, Policy, UnscreenedReason
from policies.presets import DEFAULT, preset
from policies.wording import Worded

log = structlog.get_logger("beholder.telegram")

CAPABILITIES = Capabilities(
    acts=frozenset({Act.DELETE, Act.WARN, Act.ESCALATE, Act.TIMEOUT, Act.KICK, Act.BAN}),
    private_notice=False,
    history=False,
    evidence=True,
)
AWAY = Worded("not connected to Telegram")
POISON = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What parsing raises for an update that is not as Telegram says it is."""
LINES = 256  # chats whose turn at the handlers is remembered

BotApplication = Application[Any, Any, Any, Any, Any, Any]


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
        door: Door,
        clock: Clock,
        receive: Receive,
        source: Source | None = None,
    ) -> None:
        self.ready = asyncio.Event()
        self._config = config
        self._desk = desk
        self._journal = journal
        self._settings = settings
        self._door = door
        self._clock = clock
        self._receive = receive
        self._fetcher = Fetcher([Allow.parse(config.files)])
        self._polled = AiohttpRequest(connections=2)
        self._application: BotApplication = _application(config, self._polled)
        self._chats = Chats(register, door, settings, clock)
        self._connection = Connection(clock, self._changed)
        self._files = Files(self.bot, config, source or self._fetcher)
        self._actions = Actions(self.bot)
        self._turns = Lines()
        self._skipped = 0
        self._knows_itself = False  # logged in: methods need no polling

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
        now = self._connection
        return Status(self.ready.is_set(), len(self._chats), now.latency, now.restarts, self._skipped, now.last_error)

    def _changed(self, well: bool) -> None:
        if well:
            self.ready.set()
        else:
            self.ready.clear()

    # --- listening --------------------------------------------------------------------------------

    async def run(self, submit: Submit) -> None:
        """Until cancelled. Raises `polling.Fatal` where only a person can help."""
        try:
            await self._chats.load()
            await self._log_in()
            await self._listener().run()
        finally:
            self.ready.clear()
            self._knows_itself = False
            await self._application.shutdown()
            await self._fetcher.aclose()

    async def _log_in(self) -> None:
        """Ask Telegram who we are, until it says so."""
        while True:
            try:
                await self._application.initialize()
            except InvalidToken:
                raise WrongToken from None
            except TelegramError as error:
                await self._connection.failed(error)
            else:
                self._knows_itself = True
                return

    def _listener(self) -> Poller | Pushed:
        if self._config.webhook_url is not None:
            return Pushed(self.bot, self._config, self._connection, self._clock)
        return Poller(self.bot, self._polled, self._config, self.take, self._connection, self._clock)

    async def take(self, batch: Sequence[Any]) -> None:
        """Raw updates, to disk in one commit. What says nothing that anybody needs to hear is not written down:
        words that people wrote are none of our business."""
        received = [r for raw in batch if (r := await self._sifted(raw)) is not None]
        if received:
            await self._receive(received)

    async def _sifted(self, raw: object) -> Received | None:
        """None for what can be forgotten. What cannot be understood is kept, and found out about after it is safe."""
        try:
            update = Update.of(raw)
        except NoUpdate as error:
            self._skipped += 1
            log.error("no update", error=str(error))
            return None
        try:
            event = await self._event(update)
            if event is None and not self._is_wanted(update):
                return None
        except POISON:
            event = None
        tenant, key, subject = (
            (tenant_or_host(update), update.key, "") if event is None else (event.tenant, event.key, event.subject)
        )
        return Received(Entry(tenant, key, JobKind.RAW, {"update": update.whole}, subject), event)

    def _is_wanted(self, update: Update) -> bool:
        """Whether somebody is to hear of an update that shows no picture."""
        message = update.message
        if message is None:
            return update.kind != ""
        return is_addressed(message) or self._chats.is_news(message["chat"])

    async def _event(self, update: Update) -> Event | None:
        """What it shows. Raises one of `POISON` for what is malformed."""
        message = update.message
        if message is None:
            return None
        found = found_in(message)
        if not found:
            return None
        policy = await self._policy(update.tenant)
        return event_of(message, MESSAGES[update.kind], chosen(found, policy.surfaces), update=update.id)

    async def _policy(self, tenant: Tenant) -> Policy:
        """What a guild has set; where the disk fails, what every guild starts with, so that no post is lost."""
        try:
            policy, _ = await self._settings.policy(tenant)
        except Exception as error:  # noqa: BLE001 - whatever it is, the pipeline meets it again and waits for its cure
            log.error("policy not read", guild=str(tenant), error=type(error).__name__)
            return preset(DEFAULT)
        return policy

    # --- understanding ----------------------------------------------------------------------------

    async def read(self, job: Job, judge: Judge) -> None:
        """See `bot.ports.connected.Reads`. An update that nobody can parse costs itself only: it is set aside."""
        try:
            update = Update.of(job.payload.get("update"))
            event = await self._event(update)
            heard = self._heard(update) if job.attempts == 0 else None
            self._learn(update)
        except POISON as error:
            self._skipped += 1
            log.error("poison update", guild=str(job.tenant), update=job.key, error=type(error).__name__)
            await self._journal.bury(job, f"poison: {type(error).__name__}")
            return
        looked_at = await self._door.looks_at(job.tenant)
        if heard is not None and looked_at:
            await self._handle(update, heard)
        if event is not None and looked_at:
            await judge(job, event)
        else:
            await self._journal.finish(job)

    def _heard(self, update: Update) -> telegram.Update | None:
        """What PTB's handlers are told; a post that is tried again is no second command."""
        if update.message is not None and not is_addressed(update.message):
            return None
        return telegram.Update.de_json(dict(update.whole), self.bot)

    def _learn(self, update: Update) -> None:
        if update.kind == "my_chat_member":
            self._chats.moved(update.body, at(update.body["date"]))
        elif update.message is not None:
            self._chats.seen(update.message["chat"], at(update.message["date"]))

    async def _handle(self, update: Update, heard: telegram.Update) -> None:
        """One after another in a chat. What a handler raises is said; doing half of it again would not mend it."""
        chat = update.chat
        async with self._turns.of(chat["id"] if chat is not None else 0):
            try:
                await self._application.process_update(heard)
            except Exception as error:
                log.error("update not handled", guild=str(update.tenant), update=update.id, exc_info=error)

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

    # --- acting -----------------------------------------------------------------------------------

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """The bytes of `media`, in chunks. Raises `Gone` or `Unfetchable`."""
        if not self._knows_itself:
            raise Unfetchable(UnscreenedReason.OUTAGE, "not connected to Telegram")
        async for chunk in self._files.fetch(event, media, reduced=reduced):
            yield chunk

    async def perform(self, action: Action) -> Outcome:
        """Do it. Never raises for a refusal or an outage."""
        if not self._knows_itself:
            return Outcome(OutcomeState.FAILED, AWAY, retry=True)
        return await self._actions.perform(action)

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """Whether our message with `nonce` stands in `channel`."""
        if not self._knows_itself:
            return Outcome(OutcomeState.UNKNOWN, AWAY, retry=True)
        return await self._actions.find(tenant, channel, nonce)


class Lines:
    """A line of its own for each chat, in which whoever came first is first."""

    def __init__(self, most: int = LINES) -> None:
        self._most = most
        self._locks: OrderedDict[int, asyncio.Lock] = OrderedDict()

    def of(self, chat: int) -> asyncio.Lock:
        """Held by whoever's turn it is."""
        lock = self._locks.setdefault(chat, asyncio.Lock())
        self._locks.move_to_end(chat)
        if len(self._locks) > self._most:
            oldest = next(iter(self._locks))
            if not self._locks[oldest].locked():
                del self._locks[oldest]
        return lock


def _application(config: TelegramConfig, polled: AiohttpRequest) -> BotApplication:
    return (
        ApplicationBuilder()
        .token(config.token)
        .base_url(config.base_url)
        .base_file_url(config.file_url)
        .request(AiohttpRequest())
        .get_updates_request(polled)
        .updater(None)
        .job_queue(None)
        .build()
    )
