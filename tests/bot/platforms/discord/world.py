"""What the Discord tests stand on: a desk that remembers, settings in memory, a clock by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import simcord
from simcord import ChannelHandle, Env, GuildHandle

from bot.model import Answer, Event, Finding, Presser, Tenant
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.config import DiscordConfig
from bot.platforms.discord.platform import DiscordPlatform
from bot.ports import UNKNOWN, Gone, News
from bot.ports.desk import Survey
from policies.model import Place, Policy

ALL_INTENTS = 1 << 15 | 1 << 19  # the flags of an application that may have members and message content
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


class HandClock:
    """Time that only passes when somebody sleeps or `advance`s."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self.start = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def advance(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Asked:
    """One question that reached the desk."""

    what: str
    tenant: Tenant
    presser: Presser
    args: dict[str, Any]


@dataclass
class RememberingRoom:
    """A room of the desk: whatever it is asked, `asked` knows it as `room.question`, with its arguments in order."""

    desk: RememberingDesk
    name: str

    def __getattr__(self, question: str) -> Any:
        async def ask(tenant: Tenant, presser: Presser, *given: Any, **named: Any) -> Any:
            if pictures := named.get("pictures"):
                named["pictures"] = [b"".join([chunk async for chunk in picture]) for picture in pictures]
            answer = self.desk._remember(f"{self.name}.{question}", tenant, presser, given=given, **named)
            return self.desk.suggestions if question == "suggest" else answer

        return ask


@dataclass
class RememberingDesk:
    """`bot.ports.Desk`: remembers what it was asked, answers what it was told to."""

    answer: Answer = field(default_factory=lambda: Answer("so be it"))
    asked: list[Asked] = field(default_factory=list)
    suggestions: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rules(self) -> Any:
        return RememberingRoom(self, "rules")

    @property
    def places(self) -> Any:
        return RememberingRoom(self, "places")

    @property
    def exchange(self) -> Any:
        return RememberingRoom(self, "exchange")

    @property
    def records(self) -> Any:
        return RememberingRoom(self, "records")

    @property
    def images(self) -> Any:
        return RememberingRoom(self, "images")

    @property
    def wizard(self) -> RememberingWizard:
        return RememberingWizard(self)

    def _remember(self, what: str, tenant: Tenant, presser: Presser, **args: Any) -> Answer:
        self.asked.append(Asked(what, tenant, presser, args))
        return self.answer

    async def press(
        self, tenant: Tenant, number: int, verb: str, presser: Presser, *, confirmed: bool = False
    ) -> Answer:
        return self._remember("press", tenant, presser, number=number, verb=verb, confirmed=confirmed)

    async def sanction(
        self, tenant: Tenant, number: int, value: str, presser: Presser, *, confirmed: bool = False
    ) -> Answer:
        return self._remember("sanction", tenant, presser, number=number, value=value, confirmed=confirmed)

    async def details(self, tenant: Tenant, number: int, presser: Presser) -> Answer:
        return self._remember("details", tenant, presser, number=number)

    async def setup(
        self, tenant: Tenant, presser: Presser, *, preset: str, mod_channel: str, mode: str, findings: Sequence[Finding]
    ) -> Answer:
        return self._remember(
            "setup", tenant, presser, preset=preset, mod_channel=mod_channel, mode=mode, findings=list(findings)
        )

    async def show_policy(self, tenant: Tenant, presser: Presser) -> Answer:
        return self._remember("show_policy", tenant, presser)

    async def set_mode(self, tenant: Tenant, presser: Presser, mode: str) -> Answer:
        return self._remember("set_mode", tenant, presser, mode=mode)

    async def set_threshold(
        self, tenant: Tenant, presser: Presser, category: str, review: str | None, remove: str | None
    ) -> Answer:
        return self._remember("set_threshold", tenant, presser, category=category, review=review, remove=remove)

    async def pause(self, tenant: Tenant, presser: Presser, *, resume: bool) -> Answer:
        return self._remember("pause", tenant, presser, resume=resume)

    async def check(self, tenant: Tenant, presser: Presser, place: Place, chunks: AsyncIterator[bytes]) -> Answer:
        seen = b"".join([chunk async for chunk in chunks])
        return self._remember("check", tenant, presser, place=place, seen=seen)

    async def doctor(self, tenant: Tenant, presser: Presser, findings: Sequence[Finding]) -> Answer:
        return self._remember("doctor", tenant, presser, findings=list(findings))


@dataclass
class RememberingWizard:
    """`bot.ports.desk.Wizard` of such a desk."""

    desk: RememberingDesk

    async def open(
        self,
        tenant: Tenant,
        presser: Presser,
        *,
        survey: Survey,
        preset: str | None = None,
        mod_channel: str | None = None,
    ) -> Answer:
        return self.desk._remember("open", tenant, presser, survey=survey, preset=preset, mod_channel=mod_channel)

    async def turn(
        self, tenant: Tenant, presser: Presser, page: str, control: str, values: Sequence[str], *, survey: Survey
    ) -> Answer:
        return self.desk._remember("turn", tenant, presser, page=page, control=control, values=list(values))


@dataclass
class MemorySettings:
    """`bot.ports.Settings` with one policy for all."""

    only: Policy = field(default_factory=lambda: Policy(preset="standard"))

    async def policy(self, tenant: Tenant) -> tuple[Policy, int]:
        return self.only, 1

    async def save(self, tenant: Tenant, policy: Policy, by: str, why: str) -> int:
        self.only = policy
        return 1

    async def versions(self, tenant: Tenant, limit: int = 20) -> list[tuple[int, datetime, str, str]]:
        return []


@dataclass
class MemoryFaces:
    """`bot.ports.Faces`, as the database keeps them."""

    noted: dict[tuple[Tenant, str, str], tuple[str, datetime]] = field(default_factory=dict)
    asked: int = 0

    async def news(self, tenant: Tenant, owner: str, shown: Mapping[str, str]) -> News:
        self.asked += 1
        before = {slot: self.noted.get((tenant, owner, slot)) for slot in shown}
        new = {s for s, face in shown.items() if self._is_news(before[s], face)}
        return News(frozenset(new), max((was[1] for s in new if (was := before[s])), default=None))

    async def note(self, tenant: Tenant, owner: str, shown: Mapping[str, str]) -> None:
        for slot in (await self.news(tenant, owner, shown)).slots:
            self.noted[tenant, owner, slot] = (shown[slot], datetime.now(UTC))

    @staticmethod
    def _is_news(before: tuple[str, datetime] | None, face: str) -> bool:
        return before is None if face == UNKNOWN else (before[0] if before else "") != face


@dataclass
class Bytes:
    """A `Source`: what lies at which address. What does not is gone; `expired` addresses are, too."""

    at: dict[str, bytes] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def stream(self, url: str) -> AsyncIterator[bytes]:
        self.asked.append(url)
        if url in self.expired or url not in self.at:
            raise Gone(url)
        yield self.at[url]


@dataclass
class World:
    """A simulated Discord (SimCord checks rights like the real one) with our adapter in it."""

    env: Env
    guild: GuildHandle
    channel: ChannelHandle
    platform: DiscordPlatform
    client: BeholderClient
    desk: RememberingDesk
    settings: MemorySettings
    source: Bytes
    clock: HandClock
    events: list[Event]

    @property
    def tenant(self) -> Tenant:
        return Tenant("discord", str(self.guild.id))


@asynccontextmanager
async def simulated(**options: Any) -> AsyncIterator[World]:
    """A guild with one channel; the bot's role has every right it asks for unless a test takes them away."""
    desk, settings, source, clock = RememberingDesk(), MemorySettings(), Bytes(), HandClock()
    events: list[Event] = []

    async def submit(seen: Sequence[Event]) -> None:
        events.extend(seen)

    platform = DiscordPlatform(
        DiscordConfig("token"),
        desk=desk,
        settings=settings,
        faces=MemoryFaces(),
        source=source,
        clock=clock,
        client_options={"shard_count": 1},
    )
    platform.listen(submit)
    client = platform.connect()
    client._connection.application_flags = discord.ApplicationFlags._from_value(ALL_INTENTS)  # SimCord has none
    async with simcord.run(client, **options) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        await env.settle()
        yield World(env, guild, channel, platform, client, desk, settings, source, clock, events)


def later(minutes: int) -> datetime:
    """A moment to come."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


def take_rights(world: World, *names: str) -> None:
    """The bot's role loses permissions; the gateway tells it so."""
    me = world.client.get_guild(world.guild.id)
    assert me is not None
    role = me.me.top_role
    held = discord.Permissions(role.permissions.value)
    held.update(**dict.fromkeys(names, False))
    world.env.backend.edit_role(world.guild.id, role.id, {"permissions": held.value})
    everyone = discord.Permissions(me.default_role.permissions.value)
    everyone.update(**dict.fromkeys(names, False))
    world.env.backend.edit_role(world.guild.id, world.guild.id, {"permissions": everyone.value})
