"""Who is asked about an image, and what is already known of it.

A verdict is given once for the exact bytes (ruling 10): waiters for the same answer share one call,
what was answered is kept in memory and behind the `Verdicts` port. Failures are never kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import structlog
from cachetools import LRUCache

from policies.model import Screening, Unscreened, UnscreenedReason, Verdict, kept
from providers.base import Ask, Fallible, Image, Meter, Out, Provider, Unmetered, Verdicts
from providers.errors import ProviderError, unscreened
from providers.flights import Flights
from providers.plans import Plan, is_spent
from providers.testcard import NAME as TESTCARD
from providers.testcard import TestCardProvider

T = TypeVar("T")
Answers = Callable[[Sequence[str]], Awaitable[list[Screening]]]

log = structlog.get_logger("beholder.providers")

REMEMBERED = 8192  # verdicts in memory, about 1 KB each
UNWRITTEN = 1024  # verdicts waiting for a slow disk; beyond that they stay in memory only


class Key(NamedTuple):
    """What a verdict depends on: the exact bytes, who judges, how, and what of the ask it heeds."""

    sha256: str
    provider: str
    version: str
    ask: str

    @classmethod
    def of(cls, sha256: str, provider: Provider, ask: Ask) -> Key:
        """The key of `provider`'s answer to `ask`."""
        return cls(sha256, provider.name, provider.version, provider.cache_key(ask))


class _Told(NamedTuple):
    """What came of a call, and whose purse it was to be paid from."""

    screening: Screening
    payer: str


class Router:
    """Asks the providers of a plan, and reads test cards. Never raises for what a provider does."""

    def __init__(self, providers: Mapping[str, Provider], verdicts: Verdicts, *, meter: Meter = Unmetered()) -> None:
        """`testcard` is asked beside every plan; it need not be among `providers`."""
        self._meter = meter
        self._providers = {TESTCARD: TestCardProvider(), **providers}
        self._memory = Memory(verdicts)
        self._flights: Flights[Key, _Told] = Flights()

    async def screen(self, image: Image, ask: Ask, plan: Plan, *, test_cards: bool = True) -> tuple[Screening, ...]:
        """What was said by whoever `plan` had asked, in its order; then the test card's, if there is one."""

        async def answers(names: Sequence[str]) -> list[Screening]:
            return list(await asyncio.gather(*(self._screen(name, image, ask) for name in names)))

        said = await _walk(plan, answers, test_cards=test_cards)
        return _telling(said, plan)

    async def cached(
        self, sha256: str, ask: Ask, plan: Plan, *, test_cards: bool = True
    ) -> tuple[Screening, ...] | None:
        """What `screen` would return for these exact bytes if every verdict on the way is known, else None."""

        async def remembered(names: Sequence[str]) -> list[Screening]:
            return [await self._remembered(name, sha256, ask) for name in names]

        try:
            said = await _walk(plan, remembered, test_cards=test_cards)
        except _Unknown:
            return None
        self._count_remembered(said)
        return _telling(said, plan)

    def out(self, ask: Ask, plan: Plan) -> tuple[Screening, ...] | None:
        """What `screen` would come to where everybody whom `plan` may ask is known to be out, else None."""
        said: list[Screening] = []
        for name in plan.names:
            known = _known_out(self._providers.get(name), ask.account)
            if known is None:
                return None
            said.append(Unscreened(name, UnscreenedReason.OUTAGE, known.why, tried=False))
        return tuple(said)

    async def aclose(self) -> None:
        """Writes what is still unwritten and closes every provider. Idempotent."""
        await self._memory.flush()
        for provider in self._providers.values():
            await provider.aclose()

    def _count_remembered(self, said: Iterable[Screening]) -> None:
        for provider in {s.provider for s in said} - {TESTCARD}:
            self._meter.remembered(provider)

    async def _remembered(self, name: str, sha256: str, ask: Ask) -> Verdict:
        provider = self._providers.get(name)
        verdict = await self._memory.get(Key.of(sha256, provider, ask)) if provider else None
        if verdict is None:
            raise _Unknown
        return verdict

    async def _screen(self, name: str, image: Image, ask: Ask) -> Screening:
        provider = self._providers.get(name)
        if provider is None:
            known = ", ".join(sorted(self._providers))
            return Unscreened(name, UnscreenedReason.OUTAGE, f"No provider here is named {name}; there are: {known}.")
        key = Key.of(image.sha256, provider, ask)
        while True:
            told = await self._flights.join(key, partial(self._answer, key, provider, image, ask))
            if told.payer == ask.payer or not is_spent(told.screening):
                return told.screening
            # Somebody else's purse was empty, which says nothing of ours.

    async def _answer(self, key: Key, provider: Provider, image: Image, ask: Ask) -> _Told:
        known = await self._memory.get(key)
        if known is not None:
            if key.provider != TESTCARD:
                self._meter.remembered(key.provider)
            return _Told(known, ask.payer)
        screening = await _supervised(provider, image, ask)
        if isinstance(screening, Verdict):
            self._memory.keep(key, screening)
        return _Told(screening, ask.payer)


def _known_out(provider: object, account: str) -> Out | None:
    return provider.out(account) if isinstance(provider, Fallible) else None


class _Unknown(Exception):
    """A verdict that would be needed is not remembered."""


async def _walk(plan: Plan, answers: Answers, *, test_cards: bool) -> list[Screening]:
    """Round after round, until the plan has nobody left to ask; the test card's reader goes along in the first."""
    extra = (TESTCARD,) if test_cards and TESTCARD not in plan.names else ()
    said: list[Screening] = []
    cards: list[Screening] = []
    while names := plan.next(said):
        told = await answers((*names, *extra))
        said += told[: len(names)]
        cards += told[len(names) :]
        extra = ()
    place = {name: n for n, name in reversed([*enumerate(plan.names)])}
    return [*sorted(said, key=lambda s: place.get(s.provider, len(place))), *cards]


def _telling(screenings: Iterable[Screening], plan: Plan) -> tuple[Screening, ...]:
    """Without the verdict of `testcard` on an image that has no card: it assessed nothing, and beside
    providers that failed it would pass for an answer."""
    return tuple(s for s in screenings if TESTCARD in plan.names or not _is_blank(s))


def _is_blank(screening: Screening) -> bool:
    return isinstance(screening, Verdict) and screening.provider == TESTCARD and not screening.labels


async def _supervised(provider: Provider, image: Image, ask: Ask) -> Screening:
    """The supervisor of providers: whatever one raises becomes an `Unscreened`.

    A surprise is logged by its type alone: its text may quote a request with its key.
    """
    try:
        return await provider.screen(image, ask)
    except ProviderError as error:
        return unscreened(provider.name, error)
    except (Exception, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and _is_cancelled():
            raise
        kind = type(error).__name__
        log.error("provider_crashed", provider=provider.name, error=kind)
        detail = f"{provider.name} failed unexpectedly ({kind}); please report it."
        return Unscreened(provider.name, UnscreenedReason.OUTAGE, detail)


def _is_cancelled() -> bool:
    """Whether it is this task that was cancelled, and not something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Memory:
    """The `Verdicts` port behind an LRU cache. Written behind the caller's back: a verdict lost in a
    crash is only given again, and no image waits for the disk. If the store fails, it is done without."""

    def __init__(self, verdicts: Verdicts, size: int = REMEMBERED) -> None:
        self._verdicts = verdicts
        self._recent: LRUCache[Key, Verdict] = LRUCache(size)
        self._writes: set[asyncio.Task[None]] = set()

    async def get(self, key: Key) -> Verdict | None:
        """The verdict kept under `key`, or None."""
        verdict = self._recent.get(key)
        if verdict is None:
            verdict = await _attempt(self._verdicts.get(*key))
            if verdict is not None:
                self._recent[key] = verdict
        return verdict

    def keep(self, key: Key, verdict: Verdict) -> None:
        """Remember it now, write it soon; without what was read from the image, which is for one card (ruling 21)."""
        verdict = kept(verdict)
        self._recent[key] = verdict
        if len(self._writes) < UNWRITTEN:
            write = asyncio.create_task(_attempt(self._verdicts.put(key.sha256, key.version, key.ask, verdict)))
            self._writes.add(write)
            write.add_done_callback(self._writes.discard)

    async def flush(self) -> None:
        """Wait until everything is written."""
        await asyncio.gather(*self._writes)


async def _attempt(call: Coroutine[Any, Any, T]) -> T | None:
    """The supervisor of the store: its failures are logged by type; the answer is then None."""
    try:
        return await call
    except Exception as error:  # noqa: BLE001 - the named supervisor
        log.error("verdict_store_failed", error=type(error).__name__)
        return None
