"""The whole bot in one process: it listens, judges, heals, stops well and goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot import app as module
from bot.app import App
from bot.config import Config, HitPawDelivery
from bot.media.fetch import Fetcher
from bot.model import Delete, Event
from bot.opening import WORKS, Screening
from bot.ports import Submit
from bot.store.database import Database
from bot.store.errors import StoreError
from policies.model import Category
from providers.base import Ask, Image
from providers.errors import Unavailable
from tests.bot.street.world import Chat, Judge, Street, shows
from tests.clock import FakeClock


@dataclass
class Community(Chat):
    """A chat that the bot listens to; `broken` is what ends the listening."""

    submit: Submit | None = None
    broken: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def run(self, submit: Submit) -> None:
        self.submit = submit
        await asyncio.shield(self.broken)

    async def show(self, event: Event) -> None:
        assert self.submit is not None
        await self.submit([event])


STATES = {"local": WORKS}  # what the providers say of themselves


class Slow(Judge):
    """A provider that waits until it may answer."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()

    async def screen(self, image: Image, ask: Ask) -> Any:
        answer = await super().screen(image, ask)
        await self.may.wait()
        return answer


@dataclass
class House:
    """One street, one community, and the app between them."""

    street: Street
    chat: Community
    app: App
    task: asyncio.Task[None]

    @property
    def swept(self) -> int:
        """How often the sweep has come to its pause."""
        return self.street.clock.slept.count(module.SWEEP_SECONDS)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task], timeout=5)
        assert self.task.cancelled()


async def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - any condition, not one that could tell us
            await asyncio.sleep(0.002)


async def well() -> None:
    """Nothing to load."""


@asynccontextmanager
async def opened(street: Street, warm: Callable[[], Awaitable[None]] = well) -> AsyncIterator[House]:
    """The app over `street`'s store, running."""
    chat = street.chat
    assert isinstance(chat, Community)
    config = Config(data_dir=street.folder, web_port=0, discord_token=None)
    screening = Screening(street.screener, {"local": frozenset(Category)}, warm, lambda: STATES)
    async with Fetcher([]) as source:
        app = App(config, street.store, screening, source, street.clock)
        app.platforms[chat.name] = chat
        task = asyncio.create_task(app.run())
        await until(lambda: chat.submit is not None or task.done())
        yield House(street, chat, app, task)
        task.cancel()
        await asyncio.wait([task], timeout=15)
        chat.submit = None


@pytest_asyncio.fixture
async def street(folder: Path) -> AsyncIterator[Street]:
    """A guild in `enforce`, in a time that stands still."""
    street = Street(folder, FakeClock())
    street.chat = Community()
    async with street:
        await street.policy()
        yield street


@pytest_asyncio.fixture
async def house(street: Street) -> AsyncIterator[House]:
    async with opened(street) as house:
        yield house


@pytest.mark.asyncio
async def test_a_post_goes_the_whole_way(house: House) -> None:
    await house.chat.show(house.street.event(shows("bad")))
    await until(lambda: house.chat.cards)
    assert house.chat.done == ["Delete", "Warn", "PostCard"]
    await house.stop()
    assert house.street.jobs() == ["done"]


@pytest.mark.asyncio
async def test_what_is_in_hand_is_finished_before_the_end(house: House) -> None:
    house.chat.gate = asyncio.Event()
    await house.chat.show(house.street.event(shows("bad")))
    await until(lambda: house.chat.actions)
    house.task.cancel()
    await asyncio.sleep(0.05)
    assert not house.task.done()
    house.chat.gate.set()
    await asyncio.wait([house.task], timeout=5)
    assert house.task.cancelled()
    assert house.chat.done == ["Delete", "Warn", "PostCard"]
    assert await house.street.store.ledger.unsettled() == ()


@pytest.mark.asyncio
async def test_what_is_seen_while_stopping_is_on_disk_for_the_next_start(house: House) -> None:
    house.chat.gate = asyncio.Event()
    await house.chat.show(house.street.event(shows("bad", 1)))
    await until(lambda: house.chat.actions)
    house.task.cancel()
    await asyncio.sleep(0.02)
    await house.chat.show(house.street.event(shows("bad", 2)))
    house.chat.gate.set()
    await asyncio.wait([house.task], timeout=5)
    assert house.street.jobs() == ["done", "leased"]
    async with opened(house.street) as again:
        await until(lambda: len(again.chat.cards) == 2)
        await again.stop()
    assert house.street.jobs() == ["done", "done"]


@pytest.mark.asyncio
async def test_what_cannot_be_finished_in_time_is_taken_up_at_the_next_start(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    slow = Slow()
    street.judges = (slow,)
    await street.restart()
    async with opened(street) as house:
        await house.chat.show(street.event(shows("bad")))
        await until(lambda: slow.asked)
        await house.stop()
    assert (street.jobs(), street.chat.actions) == (["leased"], [])
    slow.may.set()
    async with opened(street) as house:
        await until(lambda: house.chat.cards)
        await house.stop()
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert (street.cases, street.strikes) == (1, 1)


@pytest.mark.asyncio
async def test_effects_of_an_earlier_process_are_taken_up_at_the_start(street: Street) -> None:
    await street.abandoned(shows("bad"))
    async with opened(street) as house:
        await until(lambda: house.swept == 1 and len(street.chat.done) == 3 and not house.app._effects._busy)
        await house.stop()
    assert street.chat.done == ["Delete", "Warn", "PostCard"]
    assert await street.store.ledger.unsettled() == ()


@pytest.mark.asyncio
async def test_effects_that_failed_are_taken_up_half_a_minute_later(house: House) -> None:
    house.chat.script[Delete] = [RuntimeError("a defect")]
    await house.chat.show(house.street.event(shows("bad")))
    await until(lambda: house.chat.cards and house.swept == 1 and not house.app._effects._busy)
    assert house.chat.done == ["Delete", "PostCard"]
    await house.street.clock.advance(31)
    await until(lambda: len(house.chat.done) == 4)
    assert house.chat.done[2:] == ["Delete", "Warn"]


@pytest.mark.asyncio
async def test_a_chore_that_fails_is_said_and_done_again(
    house: House, monkeypatch: pytest.MonkeyPatch, logs: list[MutableMapping[str, Any]]
) -> None:
    calls = 0

    async def sweep() -> int:
        nonlocal calls
        calls += 1
        raise StoreError("the disk is full; make room")

    monkeypatch.setattr(house.app._effects, "sweep", sweep)
    await until(lambda: house.swept == 1)
    await house.street.clock.advance(31)
    await until(lambda: house.swept == 2)
    assert calls == 1
    assert [line["chore"] for line in logs if line["event"] == "chore failed"] == ["_sweep"]
    await house.street.clock.advance(31)
    await until(lambda: calls == 2)
    assert not house.task.done()


@pytest.mark.asyncio
async def test_models_that_cannot_be_had_are_said_and_stop_nothing(
    street: Street, logs: list[MutableMapping[str, Any]]
) -> None:
    async def missing() -> None:
        raise Unavailable("the model file is missing; install it again")

    async with opened(street, missing) as house:
        await house.chat.show(street.event(shows("bad")))
        await until(lambda: house.chat.cards)
    assert [line["error"] for line in logs if line["event"] == "provider not ready"] == [
        "the model file is missing; install it again"
    ]


@pytest.mark.asyncio
async def test_where_only_a_person_can_help_the_process_ends_with_the_reason(house: House) -> None:
    house.chat.broken.set_exception(PermissionError("the token is wrong"))
    await asyncio.wait([house.task], timeout=5)
    error = house.task.exception()
    assert error is not None
    assert str(module._root(error)) == "the token is wrong"


@pytest.mark.asyncio
async def test_health_tells_of_the_backlog_and_of_a_disk_in_trouble(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = await house.app.health()
    assert (health.ok, health.backlog, health.oldest, health.database) == (True, 0, None, "ok")
    house.street.judge.down = True
    await house.chat.show(house.street.event(shows("bad")))
    await until(lambda: house.street.jobs() == ["todo"])
    await house.street.clock.advance(3)
    health = await house.app.health()
    assert (health.backlog, health.oldest) == (1, 3.0)
    trouble = StoreError("the disk is full; make room")
    monkeypatch.setattr(Database, "trouble", property(lambda database: trouble))
    health = await house.app.health()
    assert (health.ok, health.database) == (False, "the disk is full; make room")


@pytest.mark.asyncio
async def test_health_is_not_well_while_no_provider_works(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {"local": "unavailable: the weights are missing"}
    monkeypatch.setattr("tests.bot.street.test_app.STATES", missing)
    health = await house.app.health()
    assert (health.ok, dict(health.providers)) == (False, missing)
    monkeypatch.setattr("tests.bot.street.test_app.STATES", missing | {"vendor": WORKS})
    assert (await house.app.health()).ok, "one that works is enough to judge by"


@pytest.mark.asyncio
async def test_health_can_be_asked_for_while_it_runs(house: House, logs: list[MutableMapping[str, Any]]) -> None:
    [port] = [line["port"] for line in logs if line["event"] == "web"]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 200
        assert (await answer.json())["backlog"] == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("way", HitPawDelivery)
async def test_of_all_platforms_discord_alone_is_asked_for_links_and_only_under_direct(
    street: Street, way: HitPawDelivery
) -> None:
    config = Config(data_dir=street.folder, discord_token=SecretStr("x"), providers=("hitpaw",), hitpaw_delivery=way)
    screening = Screening(street.screener, {"hitpaw": frozenset(Category)}, well, lambda: STATES)
    async with Fetcher([]) as source:
        app = App(config, street.store, screening, source, street.clock)
        app.platforms["telegram"] = street.chat
        assert set(app._links()) == ({"discord"} if way is HitPawDelivery.DIRECT else set())
