"""Keeps a client running: a crash starts a new one, with backoff; what no retry can cure is said so.

Fatal                    the process cannot go on with Discord; the text says where to click
└── WrongToken           LoginFailure, or gateway close 4004

A refused intent (close 4014) is no such thing: the next life asks for less (`privileges`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

import discord
import structlog

from bot.ports import Clock

log = structlog.get_logger("beholder.discord")

PORTAL = "https://discord.com/developers/applications"
FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 300.0
STABLE = 120.0  # seconds of life after which the next crash counts as a first one
SPACING = 5.0  # seconds between two IDENTIFYs (Discord's rate for one concurrency bucket)
PATIENCE = 30.0  # seconds an open gateway connection may be kept waiting for its IDENTIFY
BAD_TOKEN = 4004


class Fatal(Exception):
    """Discord cannot be used until somebody changes something; the message says what."""


class WrongToken(Fatal):
    """Discord does not know the token."""

    def __init__(self) -> None:
        super().__init__(
            f"Discord refused the token. Open {PORTAL}, choose your application, Bot → Reset Token, "
            "and set BEHOLDER_DISCORD_TOKEN to the new one."
        )


class BudgetSpent(Exception):
    """Too few IDENTIFYs are left today to send one now. `wait` seconds will help."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"the day's IDENTIFYs are nearly spent: the next in {wait:.0f} s")
        self.wait = wait


class IdentifyBudget:
    """Discord resets the token of a bot that sends over 1000 IDENTIFYs a day: so the fewer are left,
    the slower we are. The first half may be spent freely, the rest is spread over what remains of the day.
    """

    def __init__(self, clock: Clock, total: int = 1000, period: float = 86_400.0) -> None:
        self._clock = clock
        self._total = total
        self._period = period
        self._remaining = total
        self._reset_at = clock.monotonic() + period
        self._last: float | None = None

    def told(self, remaining: int, reset_after: float) -> None:
        """Discord's own count overrules ours."""
        self._remaining = remaining
        self._reset_at = self._clock.monotonic() + reset_after

    def wait(self) -> float:
        """Seconds until one more may be sent; 0.0 for now."""
        now = self._clock.monotonic()
        if now >= self._reset_at:
            self._remaining, self._reset_at = self._total, now + self._period
        if self._remaining <= 0:
            return self._reset_at - now
        if self._last is None:
            return 0.0
        spread = (self._reset_at - now) / self._remaining if self._remaining <= self._total // 2 else 0.0
        return max(0.0, self._last + max(SPACING, spread) - now)

    async def spend(self) -> None:
        """Wait for one and take it. Raises BudgetSpent where that would take too long on an open socket."""
        wait = self.wait()
        if wait > PATIENCE:
            raise BudgetSpent(wait)
        if wait:
            await self._clock.sleep(wait)
        self._remaining -= 1
        self._last = self._clock.monotonic()


class Session(Protocol):
    """What is supervised: one client, used once."""

    async def start(self, token: str) -> None:
        """Log in and run."""
        ...

    async def close(self) -> None:
        """Let go of everything; also after a failed start."""
        ...


class Supervisor:
    """Runs one client after another until cancelled or until a `Fatal` error; `ended` is told of each end."""

    def __init__(
        self,
        make: Callable[[], Session],
        token: str,
        *,
        clock: Clock,
        budget: IdentifyBudget,
        ended: Callable[[], None] = lambda: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._make = make
        self._token = token
        self._clock = clock
        self._budget = budget
        self._ended = ended
        self._jitter = jitter
        self.restarts = 0
        self.last_error = ""

    async def run(self) -> None:
        """Raises `Fatal` only. When cancelled, the client is closed before this returns."""
        failures = 0
        while True:
            born = self._clock.monotonic()
            error = await self._live()
            if self._clock.monotonic() - born >= STABLE:
                failures = 0
            failures += 1
            await self._mourn(error, failures)

    async def _live(self) -> Exception | None:
        """One client's life; returns what ended it."""
        client = self._make()
        try:
            await client.start(self._token)
        except Exception as error:  # noqa: BLE001 - this is the supervisor: any crash means a new client
            _raise_if_fatal(error)
            return error
        finally:
            self._ended()
            await client.close()
        return None

    async def _mourn(self, error: Exception | None, failures: int) -> None:
        """Say what happened and wait before the next life."""
        self.restarts += 1
        self.last_error = "the connection ended" if error is None else f"{type(error).__name__}: {error}"
        pause = max(self._pause(failures), self._budget.wait())
        log.warning("discord client restarts", error=self.last_error, pause=round(pause, 1), failures=failures)
        await self._clock.sleep(pause)

    def _pause(self, failures: int) -> float:
        """Doubling, capped, between half and the whole of it."""
        full: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))
        return full * (0.5 + self._jitter() / 2)


def _raise_if_fatal(error: Exception) -> None:
    if isinstance(error, discord.LoginFailure):
        raise WrongToken from None
    if isinstance(error, discord.ConnectionClosed) and error.code == BAD_TOKEN:
        raise WrongToken from None
