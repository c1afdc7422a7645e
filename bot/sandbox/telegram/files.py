"""Telegram's files: their bytes, their ids, the sizes that it makes of a photo, where they can be fetched.

As on Telegram an upload gets a new `file_unique_id` even if its bytes have been seen, a message that
is sent on keeps it, and a path works for an hour after the `getFile` that named it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from secrets import token_hex

from PIL import Image, UnidentifiedImageError

from bot.ports import Clock
from bot.sandbox.telegram.entities import Json
from bot.sandbox.telegram.errors import bad

DOWNLOAD_LIMIT = 20_000_000
PHOTO_LIMIT = 10 * 1024 * 1024
LINK_LASTS = timedelta(hours=1)
_SIDES = (90, 320, 800, 1280)
_QUALITY = 87


@dataclass(slots=True)
class File:
    """One stored file. `size`: what the Bot API says it weighs, which a scene may make larger than it is."""

    unique: str
    content: bytes
    path: str
    size: int
    granted: datetime | None = None


class Unreadable(ValueError):
    """No photo can be made of these bytes."""


class Files:
    """All files. `shown`: by file_unique_id, the fields of a message that has it: to send it once more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_unique: dict[str, File] = {}
        self._by_path: dict[str, File] = {}
        self.shown: dict[str, Json] = {}

    def put(self, content: bytes, folder: str, suffix: str, size: int | None = None) -> File:
        """A new file that will be found under `folder`."""
        unique = "AQAD" + token_hex(6)
        path = f"{folder}/file_{len(self._by_unique)}{suffix}"
        file = File(unique, content, path, len(content) if size is None else size)
        self._by_unique[unique] = self._by_path[path] = file
        return file

    def photo(self, content: bytes) -> list[Json]:
        """PhotoSizes of `content`, smallest first; raises `Unreadable`."""
        sizes = [self._size(*made) for made in _sizes(content)]
        self.shown |= {size["file_unique_id"]: {"photo": sizes} for size in sizes}
        return sizes

    def thumbnail(self, content: bytes) -> Json:
        """One PhotoSize of at most 320 pixels; raises `Unreadable`."""
        made = _sizes(content)
        return self._size(*made[min(1, len(made) - 1)], folder="thumbnails")

    def _size(self, content: bytes, width: int, height: int, folder: str = "photos") -> Json:
        file = self.put(content, folder, ".jpg")
        return {"file_unique_id": file.unique, "width": width, "height": height, "file_size": file.size}

    def find(self, unique: str) -> File:
        """The file of that file_unique_id; else 400."""
        if unique not in self._by_unique:
            raise bad("wrong file_id or the file is temporarily unavailable")
        return self._by_unique[unique]

    def grant(self, unique: str) -> File:
        """`getFile`: from now its path works for an hour; 400 where it is over 20 MB."""
        file = self.find(unique)
        if file.size > DOWNLOAD_LIMIT:
            raise bad("file is too big")
        file.granted = self._clock.now()
        return file

    def at(self, path: str) -> File | None:
        """What is to be had at `path` now."""
        file = self._by_path.get(path)
        if file is None or file.granted is None or self._clock.now() - file.granted > LINK_LASTS:
            return None
        return file


@lru_cache(maxsize=64)
def _sizes(content: bytes) -> list[tuple[bytes, int, int]]:
    """JPEG bytes, width and height of every size. A JPEG that is small enough stays as it is."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            kind = opened.format
            picture = opened.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise Unreadable(str(error)) from error
    longest = max(picture.size)
    out = [_scaled(picture, side) for side in _SIDES if side < longest]
    if longest <= _SIDES[-1]:
        whole = content if kind == "JPEG" else _jpeg(picture)
        out.append((whole, *picture.size))
    return out


def _scaled(picture: Image.Image, side: int) -> tuple[bytes, int, int]:
    small = picture.copy()
    small.thumbnail((side, side))
    return _jpeg(small), *small.size


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
