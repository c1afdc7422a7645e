"""What our way to a vendor costs beside the barest one: the same bytes, the same server, fifty at once.

The server is the loopback Huawei in a process of its own, so that processor time here is the client's alone.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection

import aiohttp
from PIL import Image

from benchmarks.report import Bound, Report
from bot.clock import SystemClock
from bot.sandbox.huawei import LoopbackHuawei
from providers.base import Ask
from providers.http import Http
from providers.huawei import HuaweiSettings
from providers.huawei.client import HuaweiClient
from providers.huawei.question import question
from providers.huawei.signing import Keys, signed

IN_FLIGHT = 50
RATIO = 4.0
NOTHING = {"suggestion": "pass", "category_suggestions": {}, "detail": [], "ocr_text": ""}
SIZES = ((64, "small"), (400, "usual"))  # pixels a side of noise, which does not compress

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of each call, of all together, and of the processor."""

    calls: list[float]
    wall: float
    cpu: float

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.calls, n=100, method="inclusive")[-1] * 1000


async def run(calls: int = 200, rounds: int = 3) -> Report:
    """`rounds` of `calls` each way, in turns."""
    rows: list[tuple[str | float, ...]] = []
    bounds = []
    async with _huawei(2 * (rounds + 1) * calls * len(SIZES)) as settings:
        for side, name in SIZES:
            content = question(Ask(), settings).body(still=_picture(side))
            async with _ours(settings, content) as ours, _bare(settings, content) as bare:
                await _all(ours, IN_FLIGHT), await _all(bare, IN_FLIGHT)
                turns = [(await _all(bare, calls), await _all(ours, calls)) for _ in range(rounds)]
            theirs, our = _joined([b for b, _ in turns]), _joined([o for _, o in turns])
            size = f"{name} ({len(content) / 1024:.0f} KB)"
            rows += [(f"{size}: aiohttp alone", *_cells(theirs)), (f"{size}: ours, signed", *_cells(our))]
            wall = statistics.median(o.wall / b.wall for b, o in turns)
            bounds.append(Bound(f"{size}: time of ours / of aiohttp alone", wall, RATIO, ""))
            cpu = statistics.median(o.cpu / b.cpu for b, o in turns)
            bounds.append(Bound(f"{size}: processor time of ours / of aiohttp alone", cpu, RATIO, ""))
    return Report(
        name="transport",
        title=f"Requests to a vendor, {IN_FLIGHT} in flight: {rounds} rounds of {calls} each way, in turns",
        columns=("ms", "median", "p99", "calls a second", "processor ms a call"),
        rows=tuple(rows),
        bounds=tuple(bounds),
        notes=(
            "Ours: the Huawei client over httpx's client over aiohttp's connections, a fresh signature and a reading "
            "of the answer each time. Alone: one aiohttp session that posts the same bytes with headers signed once.",
            "The loopback Huawei checks every signature, decodes every picture, and has a process of its own. No "
            "limiter: how many calls a vendor may get is the guard's business.",
        ),
    )


def _cells(times: Times) -> tuple[float, ...]:
    count = len(times.calls)
    return statistics.median(times.calls) * 1000, times.p99, count / times.wall, times.cpu * 1000 / count


def _joined(several: Sequence[Times]) -> Times:
    return Times([c for t in several for c in t.calls], sum(t.wall for t in several), sum(t.cpu for t in several))


async def _all(call: Call, count: int) -> Times:
    slots, times = asyncio.Semaphore(IN_FLIGHT), []

    async def one() -> None:
        async with slots:
            began = time.perf_counter()
            await call()
            times.append(time.perf_counter() - began)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one() for _ in range(count)))
    return Times(times, time.perf_counter() - wall, time.process_time() - cpu)


@asynccontextmanager
async def _ours(settings: HuaweiSettings, content: bytes) -> AsyncIterator[Call]:
    client = HuaweiClient(settings, Http("Huawei", in_flight=IN_FLIGHT), SystemClock())
    yield lambda: client.check(content)
    await client.aclose()


@asynccontextmanager
async def _bare(settings: HuaweiSettings, content: bytes) -> AsyncIterator[Call]:
    url = f"{settings.endpoint}/v3/{settings.project_id}/moderation/image"
    plain = {"Content-Type": "application/json", "X-Project-Id": settings.project_id}
    headers = signed("POST", url, plain, content, Keys(settings.ak, settings.sk), SystemClock().now())
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:

        async def call() -> None:
            async with session.post(url, data=content, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

        yield call


def _picture(side: int) -> bytes:
    noise = random.Random(side).randbytes(side * side * 3)
    out = BytesIO()
    Image.frombytes("RGB", (side, side), noise).save(out, "JPEG", quality=85)
    return out.getvalue()


# --- the server ---------------------------------------------------------------------------------------


@asynccontextmanager
async def _huawei(answers: int) -> AsyncIterator[HuaweiSettings]:
    """The loopback in its own process, which ends when this side hangs up."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, answers), daemon=True)
    process.start()
    there.close()
    try:
        yield HuaweiSettings(**await asyncio.to_thread(here.recv))
    finally:
        here.close()
        await asyncio.to_thread(process.join, 10)


def _serve(parent: Connection, answers: int) -> None:
    asyncio.run(_served(parent, answers))


async def _served(parent: Connection, answers: int) -> None:
    async with LoopbackHuawei(per_second=None) as huawei:
        huawei.moderation.answers.extend([NOTHING] * answers)
        parent.send({"ak": huawei.ak, "sk": huawei.sk, "project_id": huawei.iam.project, "url": huawei.url})
        await asyncio.to_thread(parent.poll, None)
