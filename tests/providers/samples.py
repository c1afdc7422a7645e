"""Pictures, and providers that say what they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from policies.model import Category, Frames, Label, Screening, Verdict, Versions
from providers.base import VIEW_SIDE, Ask, Image, Ticket, View
from providers.errors import BadRequest
from providers.local.models import Models, Sessions, load

VERSIONS = Versions("m", "1", "1")
VERDICT = Verdict("scripted", (Label(Category.VIOLENCE, "fight", 0.7),), frozenset({Category.VIOLENCE}), VERSIONS)


def scene(seed: int = 1) -> Pillow.Image:
    """A 256 x 256 landscape of sorts: a sky, hills, a sun, and grain. Another seed, another one."""
    rng = np.random.default_rng(seed)
    sky = np.linspace((90, 140, 220), (240, 200, 160), VIEW_SIDE)[:, np.newaxis, :].repeat(VIEW_SIDE, 1)
    picture = Pillow.fromarray(np.uint8(np.clip(sky + rng.normal(0, 6, sky.shape), 0, 255)))
    pen = ImageDraw.Draw(picture)
    x, y = (int(v) for v in rng.integers(40, 160, 2))
    pen.ellipse([x, y - 30, x + 40, y + 10], "#fff3b0")
    for n, colour in enumerate(("#587a55", "#3d5a3c", "#24381f")):
        top = [(i, 150 + 30 * n + 14 * np.sin(i / 23 + n + seed)) for i in range(0, 257, 4)]
        pen.polygon([(0, 256), *top, (256, 256)], colour)
    return picture


@cache
def view(seed: int = 1) -> View:
    """A view of `scene(seed)`."""
    return View(scene(seed).tobytes())


@cache
def picture(width: int = 64, height: int = 64, kind: str = "PNG") -> bytes:
    """A still of that size: what leaves the machine."""
    with BytesIO() as file:
        scene().resize((width, height)).save(file, kind)
        return file.getvalue()


def image(*views: View, codes: tuple[str, ...] = (), sha256: str = "ab" * 32, frames: Frames = Frames()) -> Image:
    """An image as the sandbox hands it over; of one scene unless `views` are given."""
    return Image(sha256, "png", 256, 256, frames, picture(), views=views or (view(),), codes=codes)


@cache
def sessions() -> Sessions:
    """The real models, loaded once a process."""
    return load()


def models() -> Models:
    """The real models with threads of their own."""
    return Models(sessions, threads=2)


def ticket(provider: str, account: str = "host") -> Ticket:
    """Of a job that nobody knows."""
    return Ticket(provider, "no-such-job", Ask(account=account), "ab" * 32)


class Scripted:
    """A provider that answers with what it is given next, and counts."""

    name = "scripted"
    covers = frozenset({Category.VIOLENCE})
    version = "m/1/1"

    def __init__(self, *answers: Screening | BaseException, name: str = "scripted") -> None:
        """The last of `answers` is repeated for ever."""
        self.name = name
        self.answers = list(answers) or [VERDICT]
        self.gate: Callable[[], asyncio.Future[None]] | None = None
        self.calls = 0
        self.running = 0
        self.most = 0
        self.closed = 0

    def hold(self) -> asyncio.Event:
        """From now on every call waits for the event that is returned."""
        event = asyncio.Event()
        self.gate = lambda: asyncio.ensure_future(_wait(event))
        return event

    def cache_key(self, ask: Ask) -> str:
        return ask.context

    async def screen(self, image: Image, ask: Ask) -> Screening:
        return await self._answer()

    async def resume(self, ticket: Ticket) -> Screening:
        if ticket.job == "no-such-job":
            raise BadRequest("no such job")
        return await self._answer()

    async def aclose(self) -> None:
        self.closed += 1

    async def _answer(self) -> Screening:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate()
        finally:
            self.running -= 1
        if isinstance(answer, BaseException):
            raise answer
        return answer


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)
