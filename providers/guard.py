"""A guard around a provider: not too many calls, not too fast, not for ever, and none into a wall.

What an error means for the next call:

    Unavailable, Garbled    the provider is ill: counts towards the breaker, which pauses *all* calls
    RateLimited             it is well and says when to come back: that *account* pauses for so long, or a little longer
    Denied                  it is well but will not serve that *account*: it pauses; the host must act
    Crowded                 nobody asked it: says nothing
    Refused                 it is well and did its work: the trouble is the image; counts as a success
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog
from cachetools import LRUCache
from interlock import CircuitBreaker, CircuitOpenError, Config, CoreEventListener, State

from policies.model import Category, Screening
from providers.base import Ask, Image, Limited, Meter, Out, Provider, Record, Ticket, Unmetered
from providers.errors import Crowded, Denied, Paused, ProviderError, RateLimited, Refused, Timeout

Call = Callable[[], Awaitable[Screening]]

log = structlog.get_logger("beholder.providers")

DENIED_PAUSE = 300.0  # seconds until an account that was denied is tried again
LEAST_PAUSE = 5.0  # seconds; a vendor that wants calls again at once, and turns the next away too, is not believed
LEAST_LONGEST = 300.0  # seconds: it doubles while one call after another is turned away
LONGEST_WAIT = 3600.0  # seconds; a vendor's wish to wait longer is not believed
ANSWERED = "answered"
HOST = Ask().account
ACCOUNTS = 1024  # whose pauses are remembered


class Clock(Protocol):
    """Time, as `bot.ports.Clock` gives it."""

    def now(self) -> datetime:
        """UTC, timezone-aware."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, not negative."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True, slots=True)
class Breaker:
    """When all calls pause, and for how long.

    Half of the last `window` calls failed, and there were at least `calls`: none for `pause` seconds,
    then one that tries it out; if that fails too, none for twice as long, up to `longest`.
    """

    calls: int = 5
    window: int = 20
    pause: float = 30.0
    longest: float = 600.0

    def circuit(self, name: str, clock: Clock, listener: CoreEventListener) -> CircuitBreaker:
        """It, closed."""
        config = Config(
            minimum_number_of_calls=self.calls,
            window_size=self.window,
            failure_rate_threshold=0.5,
            slow_call_duration_threshold=math.inf,  # a slow answer is an answer; waiting has its deadline
            permitted_calls_in_half_open=1,
            wait_duration_in_open=self.pause,
            wait_duration_backoff_multiplier=2.0,
            wait_duration_in_open_max=self.longest,
        )
        return CircuitBreaker(name=name, config=config, clock=clock, classifier=_Illness(), listener=listener)


class _Illness:
    """Which ends of a call say that the provider is ill."""

    def is_failure(self, *, result: object, exception: Exception | None) -> bool:
        return exception is not None and not (isinstance(exception, ProviderError) and not exception.ill)


class _Spell(CoreEventListener):
    """How long the breaker stays open, which it tells only whom it turns away; and one line whenever a provider is
    paused, tried out, or back."""

    def __init__(self, breaker: Breaker, clock: Clock) -> None:
        self._breaker = breaker
        self._clock = clock
        self._failed = 0  # tries that failed, one after another
        self.until = 0.0  # monotonic seconds; from then on one call may try the provider out

    def on_state_change(self, *, name: str, old: State, new: State) -> None:
        if new is State.CLOSED:
            self._failed = 0
        if new is State.OPEN:
            self._failed += old is State.HALF_OPEN
            self.until = self._clock.monotonic() + min(self._breaker.pause * 2**self._failed, self._breaker.longest)
        log.warning("provider_breaker", provider=name, was=str(old), state=str(new))


class Pace:
    """Turns at even distances, `per_second` of them, never in a burst. A turn given up stays unused.

    (aiolimiter reads the event loop's clock alone, so half an hour could not be simulated with it.)
    """

    def __init__(self, per_second: float, clock: Clock) -> None:
        if not per_second > 0:
            raise ValueError(f"per_second must be above 0, not {per_second!r}; None means as fast as it goes")
        self._gap = 1 / per_second
        self._clock = clock
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = self._clock.monotonic()
        at = max(now, self._next)
        self._next = at + self._gap
        if at > now:
            await self._clock.sleep(at - now)


@dataclass(frozen=True, slots=True)
class Pause:
    """An account is not served until `until` (monotonic seconds), for the reason of an error seen before. `least`:
    seconds that it was to last at least."""

    until: float
    least: float
    kind: type[RateLimited] | type[Denied]
    why: str

    def error(self, left: float) -> RateLimited | Denied:
        """A new error like the one that began it, `left` seconds before its end."""
        return self.kind(self.why, left) if issubclass(self.kind, RateLimited) else self.kind(self.why)


class Guard:
    """A provider with a circuit breaker, bounded concurrency, a rate and a deadline; itself a Provider."""

    def __init__(
        self,
        provider: Provider,
        *,
        clock: Clock,
        concurrency: int = 8,
        per_second: float | None = None,
        deadline: float = 30.0,
        breaker: Breaker = Breaker(),
        meter: Meter = Unmetered(),
    ) -> None:
        """`deadline`: seconds a call may take, not counting how long it waited for its turn."""
        self._provider = provider
        self._clock = clock
        self._slots = asyncio.Semaphore(concurrency)
        self._pace = None if per_second is None else Pace(per_second, clock)
        self._deadline = deadline
        self._meter = meter
        self._spell = _Spell(breaker, clock)
        self._circuit = breaker.circuit(provider.name, clock, self._spell)
        self._pauses: LRUCache[str, Pause] = LRUCache(ACCOUNTS)
        self._record = Record()
        self._trouble = ""
        self._probes = 0  # calls that try the provider out and have not ended

    @property
    def name(self) -> str:
        """The provider's."""
        return self._provider.name

    @property
    def covers(self) -> frozenset[Category]:
        """The provider's."""
        return self._provider.covers

    @property
    def version(self) -> str:
        """The provider's."""
        return self._provider.version

    @property
    def paused(self) -> bool:
        """Whether all calls are: the breaker is open, or one call is trying the provider out."""
        return self._circuit.state in (State.OPEN, State.HALF_OPEN)

    @property
    def record(self) -> Record:
        """How the calls that were made have ended."""
        return self._record

    def quota(self) -> str:
        """See `Limited`; '' of a provider that knows nothing of it."""
        return self._provider.quota() if isinstance(self._provider, Limited) else ""

    @property
    def trouble(self) -> str:
        """The last failure, in one sentence without secrets; empty if the last call was answered."""
        return self._trouble

    def out(self, account: str = HOST) -> Out | None:
        """That a call for `account` would not be made now, and why; None also where it would be the one that tries
        the provider out."""
        pause = self._pauses.get(account)
        if pause is not None and pause.until > self._clock.monotonic():
            return Out(pause.why)
        if not self.paused or not (self._probes or self._spell.until > self._clock.monotonic()):
            return None
        return Out(f"{self.name} is paused: too many of its last calls failed; it is tried out again by itself.")

    def cache_key(self, ask: Ask) -> str:
        """The provider's."""
        return self._provider.cache_key(ask)

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """What the provider says. Raises ProviderError; while paused, without asking it."""
        return await self._guarded(ask.account, partial(self._provider.screen, image, ask))

    async def resume(self, ticket: Ticket) -> Screening:
        """As `screen`."""
        return await self._guarded(ticket.ask.account, partial(self._provider.resume, ticket))

    async def aclose(self) -> None:
        """Closes the provider."""
        self._circuit.close()
        await self._provider.aclose()

    async def _guarded(self, account: str, call: Call) -> Screening:
        self._check_pause(account)
        async with self._slots:
            self._check_pause(account)  # who went before may have been told to pause
            try:
                screening = await self._circuit.call_async(self._admitted, call)
            except CircuitOpenError as rejection:
                raise self._open(rejection) from None
            except ProviderError as error:
                self._meter.called(self.name, type(error).__name__.lower())
                self._note(account, error)
                raise
            self._meter.called(self.name, ANSWERED)
            self._note(account)
            return screening

    def _note(self, account: str, error: ProviderError | None = None) -> None:
        """How a call ended, unless it was never made."""
        if isinstance(error, Crowded):
            return
        answered = error is None or isinstance(error, Refused)
        self._record = self._record.after(self._clock.now(), answered=answered)
        self._trouble = "" if answered else str(error)
        if isinstance(error, (RateLimited, Denied)):
            self._pause(account, error)
        elif answered and (pause := self._pauses.get(account)) is not None and pause.until <= self._clock.monotonic():
            del self._pauses[account]  # it is over; what still runs is not ended by a call that began before it

    async def _admitted(self, call: Call) -> Screening:
        """Where the breaker is half open, this is the one call that it let through."""
        probe = self._circuit.state is State.HALF_OPEN
        self._probes += probe
        try:
            return await self._timed(call)
        finally:
            self._probes -= probe

    async def _timed(self, call: Call) -> Screening:
        """`call` with a deadline on our clock: an alarm that ends a timeout of asyncio's, which has its own."""
        if self._pace is not None:
            await self._pace.turn()
        scope = asyncio.timeout(None)
        alarm = asyncio.create_task(self._ring(scope))
        try:
            async with scope:
                return await call()
        except TimeoutError as error:
            if not scope.expired():
                raise
            raise Timeout(f"{self.name} gave no answer in {self._deadline:g} seconds; it is asked again.") from error
        finally:
            alarm.cancel()

    async def _ring(self, scope: asyncio.Timeout) -> None:
        await self._clock.sleep(self._deadline)
        scope.reschedule(asyncio.get_running_loop().time())

    def _check_pause(self, account: str) -> None:
        pause = self._pauses.get(account)
        if pause is not None and (left := pause.until - self._clock.monotonic()) > 0:
            raise pause.error(left)

    def _pause(self, account: str, error: RateLimited | Denied) -> None:
        now, before = self._clock.monotonic(), self._pauses.get(account)
        if isinstance(error, Denied):
            least = wait = DENIED_PAUSE
        else:
            least = _least(before, now)
            wait = min(max(error.retry_after, least), LONGEST_WAIT)
        self._pauses[account] = Pause(now + wait, least, type(error), str(error))

    def _open(self, rejection: CircuitOpenError) -> Paused:
        failures = self._circuit.snapshot().failed_calls
        return Paused(f"{self.name} is paused after {failures} failures; tries again {self._when(rejection)}.")

    def _when(self, rejection: CircuitOpenError) -> str:
        if rejection.retry_after is None:
            return "when the one call that is trying it out has ended"
        at = self._clock.now() + timedelta(seconds=rejection.retry_after)
        return f"at {at:%H:%M:%S} UTC"


def _least(before: Pause | None, now: float) -> float:
    """How long the pause is to be after one more call that came too early; those of one burst count as one."""
    if before is None or not issubclass(before.kind, RateLimited):
        return LEAST_PAUSE
    return before.least if before.until > now else min(before.least * 2, LEAST_LONGEST)
