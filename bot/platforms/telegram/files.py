"""The bytes of a file. PTB's own download is never used: it reads a file of that name in the working directory
instead, knows no cap, and shows the address, which holds the token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.media.fetch import Stale
from bot.model import Event, Media
from bot.platforms.telegram.config import TelegramConfig
from bot.ports import Gone, Unfetchable
from policies.model import UnscreenedReason


class Source(Protocol):
    """Streams an address that the configuration allows (`bot.media.fetch.Fetcher`)."""

    def stream(self, text: str) -> AsyncIterator[bytes]:
        """The bytes, in chunks. Raises Gone, Stale or Unfetchable."""
        ...


class Files:
    """`fetch` for one bot."""

    def __init__(self, bot: Bot, config: TelegramConfig, source: Source) -> None:
        self._bot = bot
        self._config = config
        self._source = source

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """See `bot.ports.Platform.fetch`."""
        path = await self._path(media.ref.split()[-1 if reduced else 0] if media.ref else "")
        try:
            async for chunk in self._source.stream(f"{self._config.files}/{path}"):
                yield chunk
        except (Gone, Stale):
            raise Unfetchable(UnscreenedReason.OUTAGE, "Telegram did not give the file") from None

    async def _path(self, ref: str) -> str:
        try:
            file = await self._bot.get_file(ref)
        except BadRequest as error:
            raise Unfetchable(UnscreenedReason.UNDECODABLE, error.message) from None
        except TelegramError as error:
            raise Unfetchable(UnscreenedReason.OUTAGE, type(error).__name__) from None
        return (file.file_path or "").removeprefix(f"{self._config.files}/")
