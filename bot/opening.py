"""Open what commands and the bot alike need: the store, and whatever judges images."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from bot import vendors
from bot.budget import Budget
from bot.clock import SystemClock
from bot.config import Config
from bot.media.intake import Intake
from bot.model import PAID
from bot.planning import Always, Granted, HostsPlan, Low, by_host
from bot.ports import Fingerprints
from bot.screening import Forgotten, Screener
from bot.store.disk import ProcessLock
from bot.store.store import Store
from bot.vendors import LOCAL, Means
from policies.model import Category
from providers.base import Meter, Provider, Publisher, Purse, Tickets, Unmetered, Verdicts
from providers.errors import ProviderError
from providers.guard import Guard
from providers.local.provider import LocalProvider
from providers.paid import Paid, Priced, Unlimited
from providers.plans import Together
from providers.router import Router
from providers.tickets import MemoryTickets


@dataclass(frozen=True, slots=True)
class Screening:
    """What judges images, without any platform. `warm` loads what is loaded lazily; `health` says of each
    provider `ok`, or what is wrong with it; `providers` are behind their guards, those that cost money behind a
    purse as well."""

    screener: Screener
    coverage: Mapping[str, frozenset[Category]]
    warm: Callable[[], Awaitable[None]]
    health: Callable[[], Mapping[str, str]]
    providers: Mapping[str, Guard] = field(default_factory=dict)


WORKS = "ok"


class Watched:
    """The providers of this process, and how they are."""

    def __init__(self, guards: Mapping[str, Guard], providers: Mapping[str, Provider]) -> None:
        self._guards = guards
        self._providers = providers
        self._unready: dict[str, ProviderError] = {}

    async def warm(self) -> None:
        """Load the models now. Raises the ProviderError of the first that cannot, after all were tried."""
        for name, provider in self._providers.items():
            if isinstance(provider, LocalProvider):
                try:
                    await provider.warm()
                except ProviderError as error:
                    self._unready[name] = error
        if self._unready:
            raise next(iter(self._unready.values()))

    def health(self) -> Mapping[str, str]:
        """Of each provider `ok`, or what is wrong with it, in words. One failure is not yet an illness."""
        return {name: self._state(name, guard) for name, guard in self._guards.items()}

    def _state(self, name: str, guard: Guard) -> str:
        if guard.paused:
            return "paused: too many of its last calls failed; it is tried out again by itself"
        if name in self._unready and not guard.record.answers:
            return f"unavailable: {self._unready[name]}"
        return WORKS


class NoVerdicts:
    """`providers.base.Verdicts` for a process without a database: nothing is known, nothing kept."""

    async def get(self, sha256: str, provider: str, version: str, ask: str) -> None:
        """Nothing."""

    async def put(self, sha256: str, version: str, ask: str, verdict: object) -> None:
        """Not kept."""


@asynccontextmanager
async def open_screening(
    config: Config,
    *,
    verdicts: Verdicts | None = None,
    fingerprints: Fingerprints = Forgotten(),
    tickets: Tickets | None = None,
    publisher: Publisher | None = None,
    names: tuple[str, ...] | None = None,
    granted: Granted = by_host,
    purse: Purse = Unlimited(),
    low: Low | None = None,
    meter: Meter = Unmetered(),
) -> AsyncIterator[Screening]:
    """The sandbox and the configured providers, ready to judge: each picture as the host planned, or all of `names`.

    `granted`: which of those that cost money may be asked for a guild; `purse`: what pays them; `low`: see
    `bot.planning`. Raises ConfigError.
    """
    cores = os.cpu_count() or 1
    offered = config.providers if names is None else names
    means = Means(SystemClock(), tickets or MemoryTickets(), publisher, meter)
    # The local models are always at hand, if only for direct messages; unless asked they are never loaded.
    both = {name: vendors.provider(config, name, means) for name in dict.fromkeys((*offered, LOCAL))}
    guarded = {name: guard for name, (_, guard) in both.items()}
    asked = {name: _payable(one, guard, purse, meter) for name, (one, guard) in both.items()}
    made = {name: both[name][0] for name in offered}
    coverage = {name: one.covers for name, one in made.items()}
    async with AsyncExitStack() as stack:
        intake = await stack.enter_async_context(Intake(workers=cores))
        router = Router(asked, verdicts or NoVerdicts(), meter=meter)
        watched = Watched({name: guarded[name] for name in offered}, made)
        stack.push_async_callback(router.aclose)
        planner = Always(Together(names)) if names else HostsPlan(coverage, granted, low=low)
        yield Screening(
            screener=Screener(intake, router, planner, fingerprints=fingerprints),
            coverage=coverage,
            warm=watched.warm,
            health=watched.health,
            providers=guarded,
        )


def _payable(provider: Provider, guard: Guard, purse: Purse, meter: Meter) -> Provider:
    return Paid(guard, provider, purse, meter=meter) if isinstance(provider, Priced) else guard


@asynccontextmanager
async def open_purse(config: Config, names: Iterable[str]) -> AsyncIterator[Purse]:
    """What pays for the host's own pictures at the providers `names`: on record with what the bot spends, and under
    the same ceiling of the instance. The database is opened only where one of them costs money."""
    if not any(name in PAID for name in names):
        yield Unlimited()
        return
    async with open_store(config) as store:
        yield Budget(store.guilds, store.spending, SystemClock(), ceiling=config.ceiling)


@asynccontextmanager
async def open_store(config: Config, *, lock: bool = False) -> AsyncIterator[Store]:
    """The database, created and migrated. `lock`: as the one process that works on the journal."""
    async with AsyncExitStack() as stack:
        if lock:
            stack.enter_context(ProcessLock(config.data_dir))
        store = await Store.open(config.database_url, data_dir=config.data_dir, clock=SystemClock())
        stack.push_async_callback(store.close)
        yield store
