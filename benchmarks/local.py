"""The local models on all cores: what is lost between the raw sessions and a screening, and the whole path."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from PIL import Image as Pillow

from benchmarks.report import Bound, Report, Spread
from bot.clock import SystemClock
from bot.config import Config
from bot.opening import open_screening
from bot.sandbox import pictures
from policies.model import Context, Frames, Place
from policies.presets import preset
from providers.base import VIEW_SIDE, Ask, Image, View
from providers.guard import Guard
from providers.local.models import Models, Sessions, Tensor, cores, for_nsfwjs, for_open_nsfw, load
from providers.local.provider import LocalProvider

RATIO = 0.9
AT_ONCE = 8  # jobs that the bot works on at a time
SIZE = (1152, 868)


async def run(rounds: int = 8, batch: int = 40, whole: int = 200) -> Report:
    """`rounds` times `batch` views each way, in turns; then `whole` JPEGs from bytes to a verdict."""
    sessions = await asyncio.to_thread(load)
    views = _views(batch)
    provider = Guard(LocalProvider(Models(lambda: sessions)), concurrency=cores(), clock=SystemClock())
    try:
        raw, screened = await _in_turns(
            rounds, partial(_raw, sessions, _tensors(views)), partial(_screen, provider, views)
        )
    finally:
        await provider.aclose()
    ratio = max(screened) / max(raw)  # whatever else the machine does only ever slows a run down
    return Report(
        name="local",
        title=f"The local models on {cores()} cores, pictures a second",
        columns=("pictures/s", "median", "best", "runs"),
        rows=(
            ("raw `session.run` of both models, tensors ready", *_speed(raw)),
            ("screening of ready views", *_speed(screened)),
            ("whole path, from the bytes of a 1-megapixel JPEG", *_speed(await _whole(whole))),
        ),
        bounds=(Bound("screening / raw, the best run of each", ratio, RATIO, "", most=False),),
        notes=("A screening prepares the tensors of both models itself; the whole path decodes in the sandbox too.",),
    )


def _speed(sample: Sequence[float]) -> tuple[float, float, int]:
    return Spread.of(sample).median, max(sample), len(sample)


def _views(count: int) -> list[View]:
    """Small landscapes as the sandbox hands them over."""
    side = (VIEW_SIDE, VIEW_SIDE)
    return [View(pictures.landscape(seed, side).tobytes()) for seed in range(count)]


def _tensors(views: Sequence[View]) -> list[tuple[Tensor, Tensor]]:
    shown = [Pillow.frombytes("RGB", (VIEW_SIDE, VIEW_SIDE), view.pixels) for view in views]
    return [(np.ascontiguousarray(for_open_nsfw(s)), np.ascontiguousarray(for_nsfwjs(s))) for s in shown]


async def _in_turns(rounds: int, *ways: Callable[[], Awaitable[float]]) -> tuple[list[float], ...]:
    """Pictures a second of each way, run after one another; the first round warms up."""
    found: tuple[list[float], ...] = tuple([] for _ in ways)
    for n in range(rounds + 1):
        for sample, way in zip(found, ways, strict=True):
            speed = await way()
            if n:
                sample.append(speed)
    return found


async def _raw(sessions: Sessions, tensors: Sequence[tuple[Tensor, Tensor]]) -> float:
    """Nothing but the models, from as many threads as there are cores."""
    nsfw, nsfwjs = (s.get_inputs()[0].name for s in (sessions.open_nsfw, sessions.nsfwjs))

    def both(pair: tuple[Tensor, Tensor]) -> None:
        sessions.open_nsfw.run(None, {nsfw: pair[0]})
        sessions.nsfwjs.run(None, {nsfwjs: pair[1]})

    with ThreadPoolExecutor(cores()) as threads:
        began = time.perf_counter()
        await asyncio.to_thread(lambda: list(threads.map(both, tensors)))
        return len(tensors) / (time.perf_counter() - began)


async def _screen(provider: Guard, views: Sequence[View]) -> float:
    """Through guard and provider, as the router asks them."""
    shown = [Image(f"{n:064x}", "jpeg", 256, 256, Frames(), b"", views=(view,)) for n, view in enumerate(views)]
    began = time.perf_counter()
    await asyncio.gather(*(provider.screen(image, Ask()) for image in shown))
    return len(views) / (time.perf_counter() - began)


async def _whole(count: int) -> list[float]:
    """Bytes -> sandbox -> models -> verdict, as many at once as the bot works on; in ten parts."""
    original = pictures.jpeg(pictures.landscape(1, SIZE))
    policy, place = preset("standard"), Place(Context.GROUP_MESSAGE)
    async with open_screening(Config()) as screening:
        await screening.warm()
        room = asyncio.Semaphore(AT_ONCE)

        async def look(n: int) -> None:
            async with room:
                seen = await screening.screener.look(_chunks(numbered(original, n)), policy, place)
            if not any(s.provider == "local" and hasattr(s, "labels") for s in seen.screenings):
                raise RuntimeError(f"a picture was not judged: {seen.screenings}")

        speeds = []
        part = max(1, count // 10)
        for first in range(0, count, part):
            began = time.perf_counter()
            await asyncio.gather(*(look(n) for n in range(first, first + part)))
            speeds.append(part / (time.perf_counter() - began))
    return speeds[1:] if len(speeds) > 2 else speeds


def numbered(jpeg: bytes, number: int) -> bytes:
    """The same picture in other bytes, so that no verdict is known: with a comment (COM) in front."""
    comment = f"{number}".encode()
    return jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content
