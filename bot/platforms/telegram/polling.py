"""How updates come in: asked for again and again, or sent by Telegram to our web server. One excludes the other.

PTB's own updater acknowledges updates before anything is done with them and stops for ever at one that it cannot
parse; so it is not used. Here a batch is on disk before it is acknowledged, as it came.

Fatal              Telegram cannot be used until somebody changes something; the text says what
└── WrongToken     Telegram does not know the token
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import structlog
from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.platforms.telegram.config import ALLOWED_UPDATES, TelegramConfig
from bot.platforms.telegram.updates import POISON
from bot.ports import Clock

log = structlog.get_logger("beholder.telegram")

LONG_POLL = 50  # seconds that Telegram keeps a question open while nothing happens; its most
ANSWER = 10.0  # seconds on top of that, for the way there and back
BATCH = 100  # updates at once; Telegram's most
FIRST_PAUSE = 1.0  # seconds
LONGEST_PAUSE = 60.0
TAKEN = 5.0  # the least pause after a conflict: two that ask in turn throw each other out
LOOK_AGAIN = 60.0  # seconds between two looks at how the webhook does

CONFLICT = (
    "another process asks Telegram for this bot's updates; stop it, or give it a bot of its own: "
    "of two that ask, each loses updates to the other"
)
REFUSED = "Telegram does not know the token any more; set BEHOLDER_TELEGRAM_TOKEN to the one @BotFather shows"

Take = Callable[[Sequence[Any]], Awaitable[None]]
"""Puts raw updates on disk; when it returns, they may be acknowledged."""


class Fatal(Exception):
    """Telegram cannot be used until somebody changes something; the message says what."""


class WrongToken(Fatal):
    """Telegram does not know the token."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram refused the token. Ask @BotFather for /mybots, choose the bot, API Token, "
            "and set BEHOLDER_TELEGRAM_TOKEN to it."
        )


class Pauses:
    """How long to wait after failures in a row: doubling, capped, between half and the whole of it."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._failures = 0

    def after(self, error: Exception) -> float:
        """Seconds until the next try."""
        self._failures += 1
        full = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures - 1, 16))
        pause = full * (0.5 + self._jitter() / 2)
        if isinstance(error, RetryAfter):
            return max(pause, _seconds(error.retry_after))
        return max(pause, TAKEN) if isinstance(error, Conflict) else pause

    def over(self) -> None:
        """It went well."""
        self._failures = 0


class Connection:
    """Whether Telegram answers, in words for the log and in numbers for health. `changed` is told of each turn."""

    def __init__(self, clock: Clock, changed: Callable[[bool], None], pauses: Pauses | None = None) -> None:
        self._clock = clock
        self._changed = changed
        self._pauses = pauses or Pauses()
        self.is_well = False
        self.restarts = 0
        self.last_error = ""
        self.latency: float | None = None

    def well(self) -> None:
        """It answered."""
        self._pauses.over()
        if not self.is_well:
            self.is_well = True
            log.info("telegram ready")
            self._changed(True)

    async def failed(self, error: Exception) -> None:
        """Say so and wait as long as it is worth."""
        pause = self._pauses.after(error)
        self.last_error = _in_words(error)
        if self.is_well:
            self.restarts += 1
            self.is_well = False
            self._changed(False)
        log.warning("telegram does not answer", error=self.last_error, pause=round(pause, 1))
        await self._clock.sleep(pause)


class Poller:
    """Asks for updates until cancelled. `request`: the transport, opened and closed by `bot`."""

    def __init__(
        self, bot: Bot, request: BaseRequest, config: TelegramConfig, take: Take, connection: Connection, clock: Clock
    ) -> None:
        self._bot = bot
        self._request = request
        self._config = config
        self._take = take
        self._connection = connection
        self._clock = clock
        self._offset = 0
        self._alone = False  # no webhook is set, as far as is known

    async def run(self) -> None:
        """A failure of whatever kind is said and tried again, with the same updates."""
        while True:
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 - what is no answer of Telegram's must not end Discord, too
                self._alone = self._alone and not isinstance(error, Conflict)
                await self._connection.failed(error)

    async def _turn(self) -> None:
        if not self._alone:
            began = self._clock.monotonic()
            await self._bot.delete_webhook(drop_pending_updates=False)
            self._connection.latency = self._clock.monotonic() - began
            self._alone = True
        # A long question is answered after a minute: whether we are well again a short one tells at once.
        batch = await self._ask(LONG_POLL if self._connection.is_well else 0)
        self._connection.well()
        if not batch or not await self._is_taken(batch):
            return
        if (numbers := [u["update_id"] for u in batch if _is_numbered(u)]) and max(numbers) >= self._offset:
            self._offset = 1 + max(numbers)
        else:  # the same would be told again at once
            await self._clock.sleep(FIRST_PAUSE)

    async def _is_taken(self, batch: Sequence[Any]) -> bool:
        """Whether it may be acknowledged. What the disk did not take, Telegram keeps for us.

        What cannot be written at all is set aside: it would keep all that come after it from being heard.
        """
        try:
            await self._take(batch)
        except POISON as error:
            if len(batch) > 1:
                return all([await self._is_taken([update]) for update in batch])
            log.error("poison update", error=type(error).__name__, why="it cannot be written down")
        except Exception as error:  # noqa: BLE001 - whatever it is, the same updates come again
            log.error("updates not journalled", updates=len(batch), error=type(error).__name__)
            await self._clock.sleep(FIRST_PAUSE)
            return False
        return True

    async def _ask(self, seconds: int) -> Sequence[Any]:
        """Updates as they are: PTB's `get_updates` parses all of them before any is returned."""
        asked = {
            "offset": self._offset,
            "limit": BATCH,
            "timeout": seconds,
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        url = f"{self._config.method('getUpdates')}?{urlencode(asked)}"
        answer = await self._request.post(url, read_timeout=seconds + ANSWER)
        if not isinstance(answer, list):
            raise TelegramError("getUpdates gave no list")
        return answer


class Pushed:
    """Has Telegram send updates until cancelled; they arrive at the web server (`bot.web.telegram`)."""

    def __init__(self, bot: Bot, config: TelegramConfig, connection: Connection, clock: Clock) -> None:
        self._bot = bot
        self._config = config
        self._connection = connection
        self._clock = clock

    async def run(self) -> None:
        """Set the webhook, then look now and then whether it does. It stays when we end: so updates wait for us."""
        while True:
            try:
                await self._bot.set_webhook(
                    self._config.webhook_url or "",
                    secret_token=self._config.webhook_secret,
                    max_connections=1,  # one after another, as people wrote
                    allowed_updates=ALLOWED_UPDATES,
                )
                while True:
                    await self._look()
                    await self._clock.sleep(LOOK_AGAIN)
            except Exception as error:  # noqa: BLE001 - as in `Poller.run`
                await self._connection.failed(error)

    async def _look(self) -> None:
        began = self._clock.monotonic()
        info = await self._bot.get_webhook_info()
        self._connection.latency = self._clock.monotonic() - began
        if info.url != self._config.webhook_url:
            raise Conflict("the webhook was changed by somebody else")
        self._connection.well()
        if info.pending_update_count and info.last_error_message:
            log.warning(
                "telegram cannot send updates",
                error=info.last_error_message,
                waiting=info.pending_update_count,
                cure="check that BEHOLDER_PUBLIC_URL reaches the web server from outside",
            )


def _is_numbered(update: object) -> bool:
    return isinstance(update, dict) and isinstance(update.get("update_id"), int)


def _seconds(wait: float | timedelta) -> float:
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _in_words(error: Exception) -> str:
    if isinstance(error, InvalidToken):
        return REFUSED
    if isinstance(error, Conflict) and "other getUpdates" in error.message:
        return CONFLICT
    return f"{type(error).__name__}: {error}"
