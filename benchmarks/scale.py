"""Many large communities at once: what the bot holds while they chatter, and whether it missed anything."""

from __future__ import annotations

import asyncio
import io
import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image

from benchmarks.local import numbered
from benchmarks.memory import LIMIT, held
from benchmarks.report import Bound, Report
from benchmarks.street import START_SECONDS
from bot.sandbox import pictures
from bot.sandbox.entities import CATEGORY, Channel, Guild, Message, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import BotProcess, running
from bot.sandbox.scenes import card, files
from policies.model import Category

SIZES = ((64, 64), (320, 200), (800, 600), (1280, 800), (1920, 1080), (2560, 1440), (3840, 2160))
WEIGHTS = (2, 4, 8, 6, 4, 2, 1)  # how often each size is posted
SHARDS = 4
REST = 3.0  # seconds after which things have settled
SAMPLE = 0.5  # seconds between two looks
FLOOD_SECONDS = 300.0
LISTENING = 0.1  # of the guilds are set up, so that faces are looked at there too
PACE = 200  # events after which the loopback gets to send


@dataclass(frozen=True, slots=True)
class Mix:
    """One flood. `known` pictures were posted before, `fresh` and `bad` ones never; the other posts are words."""

    words: int = 20_000
    fresh: int = 400
    known: int = 400
    bad: int = 60
    edits: int = 2_000
    reactions: int = 3_000

    def __iter__(self) -> Iterator[str]:
        for name in ("words", "fresh", "known", "bad", "edits", "reactions"):
            yield from [name] * getattr(self, name)


@dataclass(slots=True)
class Land:
    """The communities, what was posted in them, and the pictures that people have."""

    discord: Loopback
    guilds: list[Guild]
    members: int
    rng: random.Random
    gallery: list[bytes] = field(default_factory=list)
    shown: list[bytes] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)  # ids of messages that have to be judged
    edited: list[Message] = field(default_factory=list)  # those to which the next edit goes
    test_card: bytes = b""
    serial: int = 0
    cases: int = 0  # that have to be opened
    events: int = 0

    def flood(self, mix: Mix) -> Iterator[int]:
        """Everything of `mix`, shuffled; yields how much has happened."""
        kinds = list(mix)
        self.rng.shuffle(kinds)
        acts = {
            "words": self._words,
            "fresh": self._fresh,
            "known": self._known,
            "bad": self._bad,
            "edits": self._edit,
            "reactions": self._react,
        }
        for kind in kinds:
            acts[kind]()
            self.events += 1
            yield self.events

    def _place(self) -> tuple[Channel, User]:
        """Anywhere, and anybody of all the members there are."""
        guild = self.rng.choice(self.guilds)
        channel = self.rng.choice([c for c in guild.channels.values() if c.type != CATEGORY])
        return channel, self.discord.someone(guild, self.rng.randrange(self.members))

    def _words(self) -> None:
        channel, author = self._place()
        message = self.discord.post(channel, author, "Has anybody seen the sunrise over the hills today? " * 3)
        self.edited = [*self.edited[-50:], message]

    def _fresh(self) -> None:
        self.serial += 1
        self._post(numbered(self.rng.choices(self.gallery, WEIGHTS)[0], self.serial))

    def _known(self) -> None:
        self._post(self.rng.choice(self.shown or self.gallery))

    def _bad(self) -> None:
        self.serial += 1
        self.cases += 1
        self._post(numbered(self.test_card, self.serial), again=False)

    def _post(self, picture: bytes, *, again: bool = True) -> None:
        message = self.discord.post(*self._place(), files=files(picture))
        self.judged.add(str(message.id))
        if again:
            self.shown = [*self.shown[-40:], picture]

    def _edit(self) -> None:
        """Most edits change words, some add a picture that is known."""
        if not self.edited:
            self._words()
        message = self.edited.pop(self.rng.randrange(len(self.edited)))
        if self.rng.random() < 0.9:
            self.discord.edit(message, text="I meant the sunset.")
            return
        self.discord.edit(message, text="Here it is.", add=files(self.rng.choice(self.shown or self.gallery)))
        self.judged.add(str(message.id))

    def _react(self) -> None:
        if not self.edited:
            self._words()
        message = self.rng.choice(self.edited)
        guild = message.channel.guild
        if guild is not None:
            self.discord.react(message, self.discord.someone(guild, self.rng.randrange(self.members)), "👍")


async def run(guilds: int = 300, members: int = 10_000, mix: Mix = Mix(), *, shards: int = SHARDS) -> Report:
    """`guilds` of `members` each on `shards` connections; the same flood twice, to see what stays."""
    with tempfile.TemporaryDirectory(prefix="beholder-bench-") as folder:
        async with Loopback(shards=shards) as discord:
            land = _land(discord, guilds, members)
            began = time.perf_counter()
            async with running(discord, Path(folder), discord.token) as bot:
                await bot.event("commands synchronised", START_SECONDS + 10.0 * shards)
                starting = time.perf_counter() - began
                await _set_up(land)
                await _warm(land, bot)
                rest = held(bot)
                floods = [await _flood(land, bot, mix) for _ in range(2)]
                await _complete(land, bot)
                faces = _faces(bot)
    return _report(land, mix, rest, floods, starting, shards, faces)


@dataclass(frozen=True, slots=True)
class Flood:
    """How one went: megabytes at most and at rest after it, seconds."""

    most: float
    after: float
    seconds: float


def _land(discord: Loopback, guilds: int, members: int) -> Land:
    rng = random.Random(7)
    faces = [pictures.png(pictures.landscape(n, (128, 128))) for n in range(8)]
    founded = [discord.community(f"Community {n}", members, faces=faces) for n in range(guilds)]
    gallery = [pictures.jpeg(pictures.landscape(n, size)) for n, size in enumerate(SIZES)]
    with Image.open(io.BytesIO(card(Category.SEXUAL_EXPLICIT, 0.95))) as drawn:
        test_card = pictures.jpeg(drawn.convert("RGB"), quality=92)
    return Land(discord, founded, members, rng, gallery, test_card=test_card)


async def _set_up(land: Land) -> None:
    """Some owners give `/setup`; they go on watching only."""
    for guild in land.guilds[: max(1, round(len(land.guilds) * LISTENING))]:
        channel = next(c for c in guild.channels.values() if c.type != CATEGORY)
        options = {"preset": "standard", "channel": channel, "mode": "observe"}
        await land.discord.command("setup", land.discord.owner(guild), channel, options=options, timeout=START_SECONDS)


def _faces(bot: BotProcess) -> int:
    """How many avatars were looked at."""
    return sum(line.get("event") == "judged" and line["context"] == "head_image" for line in bot.lines)


async def _warm(land: Land, bot: BotProcess) -> None:
    """One picture of each size, so that models, workers and caches are there."""
    for picture in land.gallery:
        land._post(picture)
    await _quiet(land, bot)
    await asyncio.sleep(REST)


async def _flood(land: Land, bot: BotProcess, mix: Mix) -> Flood:
    began, most = time.perf_counter(), 0.0
    for count in land.flood(mix):
        if count % PACE == 0:
            await asyncio.sleep(0)
            most = max(most, held(bot))
    most = max(most, await _quiet(land, bot))
    seconds = time.perf_counter() - began
    await asyncio.sleep(REST)
    return Flood(most, held(bot), seconds)


async def _quiet(land: Land, bot: BotProcess) -> float:
    """Until whatever shows a picture was spoken of and nothing waits; the most that was held meanwhile."""
    most = 0.0
    async with asyncio.timeout(FLOOD_SECONDS):
        while not land.judged <= _spoken_of(bot) or (await _health(bot)).get("backlog"):
            if bot.process.returncode is not None:
                raise RuntimeError(f"the bot ended:\n{bot.tail()}")
            await asyncio.sleep(SAMPLE)
            most = max(most, held(bot))
    return most


def _spoken_of(bot: BotProcess) -> set[str]:
    return {str(line.get("message")) for line in bot.lines if line.get("event") == "judged"}


async def _complete(land: Land, bot: BotProcess) -> None:
    """Nothing was missed: every event was received, every picture judged. Raises AssertionError."""
    discord = land.discord
    discord.gateway.ask_heartbeat()
    await discord.until(lambda: all(s.heard == s.seq for s in discord.gateway.sessions.values()), 30.0)
    assert len(discord.gateway.identifies) == len(discord.gateway.connected), "no session was lost"
    judged = [line for line in bot.lines if line.get("event") == "judged"]
    unscreened = [line for line in judged if line["suggestion"] == "unscreened"]
    assert not unscreened, f"{len(unscreened)} were left unjudged: {unscreened[0]}"
    opened = sum(line["case"] is not None for line in judged)
    assert opened == land.cases, f"{opened} cases for {land.cases} bad pictures"
    malformed = [line for line in bot.lines if line.get("level") == "error"]
    assert not malformed, f"the bot complained: {malformed[0]}"
    health = await _health(bot)
    assert (health["status"], health["backlog"]) == ("ok", 0), health


async def _health(bot: BotProcess) -> Mapping[str, Any]:
    port = (await bot.event("web"))["port"]
    async with aiohttp.ClientSession() as web, web.get(f"http://127.0.0.1:{port}/healthz") as answer:
        found: Mapping[str, Any] = await answer.json()
        return found


def _report(
    land: Land, mix: Mix, rest: float, floods: Sequence[Flood], starting: float, shards: int, faces: int
) -> Report:
    first, second = floods
    guilds, people = len(land.guilds), len(land.guilds) * land.members
    return Report(
        name="scale",
        title=f"{guilds} guilds of {land.members:,} members on {shards} shards: memory of all processes (PSS)",
        columns=("MB", "held", "over the first"),
        rows=(
            ("at rest in all of them", rest, 0.0),
            ("most in a flood", first.most, first.most - rest),
            ("at rest after it", first.after, first.after - rest),
            ("most in a second flood", second.most, second.most - rest),
            ("at rest after that", second.after, second.after - rest),
        ),
        bounds=(Bound(f"most with {people:,} people", max(rest, first.most, second.most), LIMIT, "MB"),),
        notes=(
            f"A flood: {mix.words:,} posts without a picture, {mix.fresh:,} with a new one of up to 8 megapixels, "
            f"{mix.known:,} with a known one, {mix.bad:,} with a test card that opens a case, {mix.edits:,} edits, "
            f"{mix.reactions:,} reactions; by anybody of all members, each with an avatar of their own.",
            f"One guild in ten is set up: there {faces:,} avatars were fetched and judged meanwhile.",
            f"All of it was received and every picture judged, in {first.seconds:.0f} and {second.seconds:.0f} s; "
            f"the start took {starting:.0f} s, most of it the pauses that Discord wants between shards.",
        ),
    )
