"""Judge files on disk as posts would be judged."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.ports import Screener, Unfetchable
from policies.engine import decide
from policies.model import Decision, Place, Policy, Screening, Seen, Standing, Unscreened, UnscreenedReason

CHUNK = 1 << 16  # bytes
AHEAD = 2 * (os.cpu_count() or 1)  # files in work at once
MEDIA = "media"  # under this name it is filed that the bytes never came
STRANGER = Standing(author="")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to judge. `claimed`: it was named, or its own name says that it is an image."""

    path: Path
    claimed: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found of one file, and in how many milliseconds."""

    path: Path
    screenings: tuple[Screening, ...]
    decision: Decision
    ms: float


def sources(paths: Sequence[Path]) -> Iterator[Source]:
    """The files at `paths`; folders are walked in order, without following links to other folders."""
    for path in paths:
        if not path.is_dir():
            yield Source(path)
            continue
        for folder, below, names in os.walk(path):
            below.sort()
            files = (Path(folder, name) for name in sorted(names))
            yield from (Source(f, _named_like_an_image(f)) for f in files if f.is_file())


def _named_like_an_image(path: Path) -> bool:
    kind, _ = mimetypes.guess_type(path.name)
    return bool(kind and kind.startswith("image/"))


async def judgements(
    screener: Screener, files: Iterator[Source], policy: Policy, place: Place
) -> AsyncIterator[Judgement]:
    """One for each file that is or claims to be an image, in order; a few are in work at once."""
    waiting: deque[asyncio.Task[Judgement | None]] = deque()
    try:
        for source in files:
            waiting.append(asyncio.create_task(_judge(screener, source, policy, place)))
            if len(waiting) >= AHEAD and (judgement := await waiting.popleft()):
                yield judgement
        while waiting:
            if judgement := await waiting.popleft():
                yield judgement
    finally:
        for task in waiting:
            task.cancel()


async def _judge(screener: Screener, source: Source, policy: Policy, place: Place) -> Judgement | None:
    started = time.perf_counter()
    try:
        look = await screener.look(_chunks(source.path), policy, place, claimed=source.claimed)
    except Unfetchable as error:
        screenings: tuple[Screening, ...] = (Unscreened(MEDIA, error.reason, error.detail),)
    else:
        if look.skipped:
            return None
        screenings = look.screenings
    decision = decide(policy, place, Seen(screenings), STRANGER)
    return Judgement(source.path, screenings, decision, round(1000 * (time.perf_counter() - started), 1))


def _open(path: Path) -> BinaryIO:
    if path.exists() and not path.is_file():  # opening a pipe or a device might never end
        raise ValueError("this is not a regular file")
    return path.open("rb")


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    """The bytes of a file. Raises Unfetchable where there are none to be had."""
    try:
        with await asyncio.to_thread(_open, path) as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        said = getattr(error, "strerror", None) or str(error)
        raise Unfetchable(UnscreenedReason.UNDECODABLE, f"it cannot be read: {said}") from None
