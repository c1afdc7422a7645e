"""The bytes of a file: where Telegram says that it lies, fetched by ourselves.

A file's address holds the bot's token, so it is made here, used at once, and neither kept, logged nor handed on.
python-telegram-bot's own download is not used: it reads whole bodies into memory, and a file of the same name in the
working directory instead of the one on the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.media.fetch import Stale, opened
from bot.model import Event, Media, MediaKind
from bot.platforms.telegram.walker import EMOJI_KEY, LOTTIE, VIDEO
from bot.ports import Gone, Unfetchable
from policies.model import UnscreenedReason

PATIENCE: Final = 30.0  # seconds for a question to the Bot API
_TOO_BIG: Final = "too big"  # within `Bad Request: file is too big` (tdlib's telegram-bot-api, Client.cpp)
_UNKNOWN_FILE: Final = ("invalid file_id", "invalid file id", "wrong file identifier")


class Source(Protocol):
    """Who streams bytes from an address: below `Bot.base_file_url` only (`bot.media.fetch.Fetcher`)."""

    def stream(self, text: str, /) -> AsyncIterator[bytes]:
        """Raises `Gone`, `bot.media.fetch.Stale` or `Unfetchable`."""
        ...


class Files:
    """`fetch` for one bot."""

    def __init__(self, bot: Bot, source: Source) -> None:
        self._bot = bot
        self._source = source

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """Chunks. Raises `Unfetchable`; `Gone` only where Telegram no longer knows a custom emoji: of a message that
        was deleted no bot is told, and its files can be had all the same."""
        if media.unsupported is not None:
            raise Unfetchable(UnscreenedReason.UNSUPPORTED, f"{media.unsupported} is not decoded")
        if media.kind is MediaKind.EMOJI:
            file_id = await self._emoji(media.key.removeprefix(EMOJI_KEY))
        else:
            file_id = _file_id(media, reduced=reduced)
        address = await self._address(file_id)
        try:
            async with opened(self._source.stream(address)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except (Gone, Stale):
            why = "Telegram named a place for the file, and it is not there"
            raise Unfetchable(UnscreenedReason.OUTAGE, why) from None

    async def _address(self, file_id: str) -> str:
        """Where a file lies, for an hour. Never part of an exception.

        The path is put below the file server also where python-telegram-bot took it for a local file.
        """
        with told():
            async with asyncio.timeout(PATIENCE):
                file = await self._bot.get_file(file_id)
        root = f"{self._bot.base_file_url}/"
        path = (file.file_path or "").removeprefix(root)
        if not path:
            raise Unfetchable(UnscreenedReason.OUTAGE, "Telegram does not say where the file lies")
        if path.startswith("/"):
            cure = "the Bot API server keeps files for itself: start it without --local"
            raise Unfetchable(UnscreenedReason.OUTAGE, cure)
        return root + path

    async def _emoji(self, ident: str) -> str:
        """The file of a custom emoji; of one that moves, its still."""
        with told():
            async with asyncio.timeout(PATIENCE):
                stickers = await self._bot.get_custom_emoji_stickers([ident])
        if not stickers:
            raise Gone("Telegram no longer knows the emoji")
        emoji = stickers[0]
        if not (emoji.is_animated or emoji.is_video):
            return emoji.file_id
        if emoji.thumbnail is None:
            kind = LOTTIE if emoji.is_animated else VIDEO
            raise Unfetchable(UnscreenedReason.UNSUPPORTED, f"{kind} is not decoded, and Telegram shows no still of it")
        return emoji.thumbnail.file_id


def _file_id(media: Media, *, reduced: bool) -> str:
    """Of the file itself, or of its smaller copy. Raises Unfetchable."""
    idents = media.ref.split()
    if reduced:
        idents = idents[1:]
    if idents:
        return idents[0]
    raise Unfetchable(UnscreenedReason.UNDECODABLE, "Telegram has no smaller copy of it" if reduced else "no file")


@contextmanager
def told() -> Iterator[None]:
    """What the Bot API's refusals mean for a picture. Raises Unfetchable."""
    try:
        yield
    except BadRequest as error:
        raise _refused(error.message) from None
    except (TelegramError, TimeoutError, OSError) as error:
        raise Unfetchable(UnscreenedReason.OUTAGE, f"Telegram did not answer: {type(error).__name__}") from None


def _refused(message: str) -> Unfetchable:
    said = message.lower()
    if _TOO_BIG in said:
        return Unfetchable(UnscreenedReason.UNSUPPORTED, "over the 20 MB that Telegram gives to bots")
    if said.startswith(_UNKNOWN_FILE):
        return Unfetchable(UnscreenedReason.UNDECODABLE, "Telegram knows no such file of this bot's")
    return Unfetchable(UnscreenedReason.OUTAGE, f"Telegram says: {message}")
