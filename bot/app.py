"""The composition root: the only file that names concrete classes."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from bot import vendors
from bot.allowance import Allowance
from bot.caps import Caps
from bot.chores import Chores
from bot.clock import SystemClock
from bot.config import Config, ConfigError, TelegramMode
from bot.desk.desk import Desk
from bot.door import Door
from bot.effects import Effects
from bot.firstdays import FirstDays
from bot.foresight import Foresight
from bot.invite import invite
from bot.late import Late
from bot.log import watch
from bot.media.fetch import Allow, Fetcher
from bot.model import Job, JobKind
from bot.opening import WORKS, Screening, open_screening, open_store
from bot.pipeline import Pipeline
from bot.planning import by_grant
from bot.platforms.discord.config import DiscordConfig
from bot.platforms.discord.extract import PLATFORM
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.telegram.config import WEBHOOK, TelegramConfig
from bot.ports import Clock, Links, Platform
from bot.ports.connected import Connected, Received
from bot.store.codec import event_from
from bot.store.retention import sweep as forget_old
from bot.store.store import Store
from bot.web.health import Health, Web
from bot.web.metrics import Gateway, Metrics, Snapshot
from bot.web.relay import Relay
from bot.work import Handle, Work
from policies.model import Mode
from providers.errors import ProviderError
from providers.latecomers import Latecomers

if TYPE_CHECKING:
    from bot.platforms.telegram.platform import TelegramPlatform

log = structlog.get_logger("beholder.app")

SWEEP_SECONDS = 30.0
RETENTION_SECONDS = 6 * 3600.0
ROUND_SECONDS = 2.0  # between two looks at which guilds there are
GRACE_SECONDS = 7.0  # container platforms kill after ten


class App:
    """Everything that runs, wired together; `run` lasts until it is told to stop."""

    def __init__(
        self,
        config: Config,
        store: Store,
        screening: Screening,
        source: Fetcher,
        clock: Clock,
        metrics: Metrics | None = None,
        relay: Relay | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = metrics or Metrics(config.providers)
        self._relay = relay
        self._source = source
        self._screening = screening
        self._store = store
        self._config = config
        self.platforms: dict[str, Platform] = {}
        self._effects = Effects(
            platforms=self.platforms,
            ledger=store.ledger,
            settings=store.settings,
            journal=store.journal,
            clock=clock,
            observer=self._metrics,
        )
        self._allowance = Allowance(store.guilds, store.ledger, clock)
        self._desk = Desk(
            ledger=store.ledger,
            settings=store.settings,
            lists=store.lists,
            screener=screening.screener,
            performer=self._effects,
            journal=store.journal,
            clock=clock,
            drafts=store.drafts,
            coverage=screening.coverage,
            recipients=vendors.recipients(config),
            states=screening.health,
            acts=lambda tenant: self.platforms[tenant.platform].capabilities.acts,
        )
        self._connected: dict[str, Connected] = {}
        self._discord = self._make_discord()
        self._telegram = self._make_telegram()
        self._eyes = Foresight(
            self.platforms, screening.screener, store.lists, store.settings, self._allowance, links=self._links()
        )
        self._work = Work(store.journal, self._handlers(), clock, ahead=self._eyes)

    def _make_discord(self) -> DiscordPlatform | None:
        config = _discord_config(self._config)
        if config is None:
            return None
        discord = DiscordPlatform(
            config,
            desk=self._desk,
            settings=self._store.settings,
            faces=self._store.faces,
            source=self._source,
            clock=self._clock,
            door=self._door(PLATFORM),
        )
        self._connect(discord)
        return discord

    def _make_telegram(self) -> TelegramPlatform | None:
        config = _telegram_config(self._config)
        if config is None:
            return None

        from bot.platforms.telegram.platform import TelegramPlatform  # PTB takes half a second: only who needs it

        async def receive(updates: Sequence[Received]) -> None:
            await self._work.receive(updates)

        telegram = TelegramPlatform(
            config,
            desk=self._desk,
            journal=self._store.journal,
            settings=self._store.settings,
            register=self._store.guilds,
            albums=self._store.albums,
            faces=self._store.faces,
            door=self._door("telegram"),
            clock=self._clock,
            receive=receive,
        )
        self._connect(telegram)
        return telegram

    def _connect(self, platform: Connected) -> None:
        self.platforms[platform.name] = self._connected[platform.name] = platform

    def _door(self, platform: str) -> Door:
        return Door(
            platform,
            register=self._store.guilds,
            journal=self._store.journal,
            settings=self._store.settings,
            clock=self._clock,
            allowed=frozenset(self._config.guilds),
        )

    def _links(self) -> dict[str, Links]:
        """Discord's, where a vendor that fetches from there is listed; never Telegram's, which hold the bot's token."""
        wanted = self._discord is not None and vendors.links(self._config)
        return {self._discord.name: self._discord} if self._discord is not None and wanted else {}

    def _handlers(self) -> dict[JobKind, Handle]:
        store, screener = self._store, self._screening.screener
        pipeline = Pipeline(
            eyes=self._eyes,
            screener=screener,
            journal=store.journal,
            ledger=store.ledger,
            settings=store.settings,
            lists=store.lists,
            effects=self._effects,
            caps=Caps(store.ledger, self._clock),
            clock=self._clock,
            allowance=self._allowance,
            observer=self._metrics,
        )
        chores = Chores(platforms=self.platforms, journal=store.journal, ledger=store.ledger, effects=self._effects)
        days = FirstDays(
            settings=store.settings,
            ledger=store.ledger,
            journal=store.journal,
            performer=self._effects,
            clock=self._clock,
            coverage=self._screening.coverage,
            recipients=vendors.recipients(self._config),
        )

        async def event(job: Job) -> None:
            await pipeline.handle(job, event_from(job.payload))

        async def raw(job: Job) -> None:
            if self._telegram is None:
                raise ConnectionError("no platform is connected that understands it")
            await self._telegram.read(job, pipeline.handle)

        return {
            JobKind.EVENT: event,
            JobKind.RAW: raw,
            JobKind.RETRACT: chores.retract,
            JobKind.FORGET_EVIDENCE: chores.forget_evidence,
            JobKind.GREET: days.greet,
            JobKind.REMIND: days.remind,
            JobKind.LEAVE: self._leave,
        }

    async def _leave(self, job: Job) -> None:
        """The host wants us out of a guild. Raises to be tried again later."""
        platform = self._connected.get(job.tenant.platform)
        if platform is None:
            raise ConnectionError("its platform is not connected")
        await platform.leave(job.tenant)
        await self._store.journal.finish(job)

    # --- life ---------------------------------------------------------------------------------

    async def run(self) -> None:
        """Listen, judge and act until cancelled. Raises what the process cannot go on with."""
        waiting = await self._store.journal.recover()
        log.info("starting", waiting=waiting, platforms=sorted(self.platforms))
        routes = [*(self._relay.routes if self._relay else ()), *(self._telegram.routes if self._telegram else ())]
        async with Web(self._config, self.health, self.scrape, routes) as web, asyncio.TaskGroup() as group:
            log.info("web", host=self._config.web_host, port=web.port)
            working = group.create_task(self._work.run(), name="work")
            listening = [group.create_task(p.run(self._work.submit), name=p.name) for p in self.platforms.values()]
            chores = [
                group.create_task(self._warm(), name="warm"),
                group.create_task(self._every(SWEEP_SECONDS, self._sweep), name="effects"),
                group.create_task(self._every(RETENTION_SECONDS, self._forget_old), name="retention"),
            ]
            if "hitpaw" in self._config.providers:
                late = Latecomers(
                    self._screening.providers,
                    self._store.tickets,
                    self._clock,
                    Late(self._screening.providers, self._store.verdicts),
                )
                chores.append(group.create_task(late.run(), name="late answers"))
            for name, platform in self._connected.items():
                chores.append(group.create_task(self._every(ROUND_SECONDS, platform.round), name=f"guilds of {name}"))
            try:
                await asyncio.wait(listening)
            finally:
                await self._wind_down(working, [*listening, *chores])

    async def _wind_down(self, working: asyncio.Task[None], others: Sequence[asyncio.Task[None]]) -> None:
        """Finish what is in hand while the platforms still listen; what is late goes on at the next start."""
        self._work.close()
        await asyncio.wait([working], timeout=GRACE_SECONDS)
        for task in (working, *others):
            task.cancel()

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[object]]) -> None:
        """Once a platform answers, and then again and again; a failure is said and tried again."""
        await _any_of([platform.ready for platform in self._connected.values()])
        while True:
            try:
                await chore()
            except Exception as error:
                log.error("chore failed", chore=getattr(chore, "__name__", "?"), exc_info=error)
            await self._clock.sleep(seconds)

    async def _warm(self) -> None:
        """The first image should not wait for the models; if they cannot be had, its verdict says so."""
        try:
            await self._screening.warm()
        except ProviderError as error:
            log.error("provider not ready", error=str(error))

    async def _sweep(self) -> None:
        if taken_up := await self._effects.sweep():
            log.info("effects taken up", count=taken_up)

    async def _forget_old(self) -> None:
        await forget_old(self._store.db, self._clock)

    async def health(self) -> Health:
        """How the bot is, for `/healthz`."""
        backlog, oldest = await self._store.journal.backlog()
        trouble = self._store.db.trouble
        platforms = {
            name: "ready" if platform.ready.is_set() else "connecting" for name, platform in self._connected.items()
        }
        providers = self._screening.health()
        return Health(
            ok=trouble is None
            and all(state == "ready" for state in platforms.values())
            and any(state == WORKS for state in providers.values()),
            platforms=platforms,
            backlog=backlog,
            oldest=None if oldest is None else (self._clock.now() - oldest).total_seconds(),
            database="ok" if trouble is None else str(trouble),
            providers=providers,
        )

    async def scrape(self) -> bytes:
        """The numbers, for `/metrics`."""
        health = await self.health()
        now = {name: platform.status() for name, platform in self._connected.items()}
        return self._metrics.render(
            Snapshot(
                backlog=health.backlog,
                oldest=health.oldest,
                database_trouble=self._store.db.trouble is not None,
                commits=self._store.db.commits,
                guilds=await self._modes(),
                providers=health.providers,
                gateways={n: Gateway(s.ready, s.guilds, s.latency, s.restarts, s.skipped) for n, s in now.items()},
            )
        )

    async def _modes(self) -> Mapping[Mode, int]:
        here = [tenant for tenant, known in (await self._store.guilds.every()).items() if known.present]
        return Counter([(await self._store.settings.policy(tenant))[0].mode for tenant in here])


async def run(config: Config) -> None:
    """The production process: until SIGTERM or SIGINT, then a graceful stop."""
    discord = _discord_config(config)
    hosts = discord.hosts if discord else ()
    metrics, relay = Metrics(config.providers), _relay(config)
    async with (
        open_store(config, lock=True) as store,
        open_screening(
            config,
            verdicts=store.verdicts,
            tickets=store.tickets,
            publisher=relay,
            granted=by_grant(store.guilds),
            meter=metrics,
        ) as screening,
        Fetcher([Allow.parse(host) for host in hosts]) as source,
    ):
        app = App(config, store, screening, source, SystemClock(), metrics, relay)
        if link := invite(config):
            log.info("invite", link=link)
        loop = asyncio.get_running_loop()
        watch(loop)
        task = asyncio.create_task(app.run(), name="app")
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            log.info("stopped")
        except BaseExceptionGroup as group:
            raise _root(group) from None


def _discord_config(config: Config) -> DiscordConfig | None:
    if config.discord_token is None:
        return None
    return DiscordConfig(
        token=config.discord_token.get_secret_value(),
        api_url=config.discord_api_url,
        gateway_url=config.discord_gateway_url,
        cdn_url=config.discord_cdn_url,
        media_url=config.discord_media_url,
    )


def _telegram_config(config: Config) -> TelegramConfig | None:
    if config.telegram_token is None:
        return None
    pushed = config.telegram_mode is TelegramMode.WEBHOOK
    return TelegramConfig(
        token=config.telegram_token.get_secret_value(),
        api_url=config.telegram_api_url,
        webhook_url=f"{config.public_url}{WEBHOOK}" if pushed else None,
        webhook_secret=config.webhook_secret,
    )


async def _any_of(events: Sequence[asyncio.Event]) -> None:
    """Until one of them is set; at once where there are none."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        if waiting:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


def _relay(config: Config) -> Relay | None:
    """Our own links to pictures, where a vendor is to fetch them. Raises ConfigError."""
    if not vendors.relays(config):
        return None
    try:
        return Relay(config.public_url or "", SystemClock())
    except ValueError as error:
        raise ConfigError([str(error)]) from None


def _root(error: BaseException) -> BaseException:
    """The one error inside the task groups: what the command line turns into a sentence."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
