"""Receipts on disk: no restart pays twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.store.database import NAME, Database
from bot.store.retention import sweep
from bot.store.store import Store
from bot.store.tickets import SqlTickets
from policies.model import Category, Context, Frames, Suggestion, Unscreened, Verdict
from providers.base import Ask, Receipt, Spent, Ticket, Tickets, TicketState
from providers.errors import Unavailable
from providers.tickets import MemoryTickets
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import START, sha
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import ASK, KEY, picture, provider_of

HOUR = timedelta(hours=1)
ASKED = Ask(Context.HEAD_IMAGE, frozenset({Category.SEXUAL_EXPLICIT}), "zh", account="discord:1")


def receipt(job: str = "j1", image: str = "a", **changes: Any) -> Receipt:
    ticket = Ticket("hitpaw", job, ASKED, sha(image), Frames(8, 120))
    return replace(Receipt(ticket, "k", 0.005, START, "upload"), **changes)


def rounded(spent: Spent) -> Spent:
    return Spent(round(spent.sure, 9), round(spent.doubtful, 9))


@pytest.fixture(params=["on disk", "in memory"])
def tickets(request: pytest.FixtureRequest, database: Database) -> Tickets:
    return SqlTickets(database) if request.param == "on disk" else MemoryTickets()


# --- both implementations --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_is_kept_comes_back_whole(tickets: Tickets) -> None:
    await tickets.opened(receipt())
    assert await tickets.find("hitpaw", "j1") == receipt()
    assert await tickets.waiting() == (receipt(),)
    assert await tickets.waiting("hitpaw") == (receipt(),)
    assert await tickets.waiting("huawei") == ()
    assert await tickets.find("hitpaw", "j2") is None
    assert await tickets.find("huawei", "j1") is None


@pytest.mark.asyncio
async def test_a_job_is_kept_once_and_closed_once(tickets: Tickets) -> None:
    await tickets.opened(receipt())
    await tickets.opened(receipt(cost=9.0))
    await tickets.closed(receipt().ticket, TicketState.ANSWERED, "high")
    await tickets.closed(receipt().ticket, TicketState.LOST)
    assert await tickets.find("hitpaw", "j1") == receipt(state=TicketState.ANSWERED, answer="high")
    assert await tickets.waiting() == ()
    await tickets.closed(receipt("nobody's").ticket, TicketState.LOST)
    assert await tickets.find("hitpaw", "nobody's") is None


@pytest.mark.asyncio
async def test_jobs_of_an_image_are_found_by_bytes_and_ask(tickets: Tickets) -> None:
    old, older = receipt("old", at=START - HOUR), receipt("older", at=START - 2 * HOUR)
    done = receipt("done", at=START - 2 * HOUR, state=TicketState.FAILED)
    others = (receipt("x", image="b"), receipt("y", key="other"))
    for each in (old, *others, older, done, receipt("new")):
        await tickets.opened(each)
    assert await tickets.of("hitpaw", sha("a"), "k", START - 3 * HOUR) in (
        (older, done, old, receipt("new")),
        (done, older, old, receipt("new")),
    )
    assert await tickets.of("hitpaw", sha("a"), "k", START) == (older, old, receipt("new")), "open ones of any age"
    assert await tickets.of("huawei", sha("a"), "k", START) == ()


@pytest.mark.asyncio
async def test_what_was_spent(tickets: Tickets) -> None:
    assert await tickets.spent(START) == Spent()
    await tickets.opened(receipt("1", cost=0.005))
    await tickets.opened(receipt("2", cost=0.25, at=START - HOUR))
    await tickets.opened(receipt("3", cost=1.0, state=TicketState.DOUBTFUL))
    other = replace(receipt("4").ticket, ask=replace(ASKED, account="host"))
    await tickets.opened(receipt(ticket=other, cost=0.5))
    await tickets.closed(receipt("1").ticket, TicketState.FAILED)
    assert rounded(await tickets.spent(START)) == Spent(0.505, 1.0)
    assert rounded(await tickets.spent(START - HOUR, provider="hitpaw")) == Spent(0.755, 1.0)
    assert await tickets.spent(START, account="host") == Spent(0.5, 0.0)
    assert await tickets.spent(START, provider="huawei") == Spent()


# --- on disk ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_they_outlive_the_process_and_go_with_the_decisions(data_dir: Path, clock: FakeClock) -> None:
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        await store.tickets.opened(receipt())
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        assert await store.tickets.waiting() == (receipt(),)
        await clock.advance(29 * 24 * 3600)
        assert (await sweep(store.db, clock))["tickets"] == 0
        await clock.advance(2 * 24 * 3600)
        assert (await sweep(store.db, clock))["tickets"] == 1


@pytest.mark.asyncio
async def test_a_database_that_fails_is_an_outage(data_dir: Path, clock: FakeClock) -> None:
    database = await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST)
    tickets = SqlTickets(database)
    await database.close()
    with pytest.raises(Unavailable, match="receipts of paid jobs cannot be kept"):
        await tickets.opened(receipt())


# --- killed --------------------------------------------------------------------------------------------------


class Deadly:
    """Receipts on disk, for a process that dies at a call of `method`, before or after it took effect."""

    def __init__(self, inner: Tickets, method: str, *, after: bool) -> None:
        self._inner = inner
        self._method = method
        self._after = after
        self.struck = asyncio.Event()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._inner, name)
        if name != self._method:
            return call  # type: ignore[no-any-return]

        async def deadly(*args: Any, **kwargs: Any) -> Any:
            if self._after:
                await call(*args, **kwargs)
            self.struck.set()
            await asyncio.Event().wait()  # for ever: a dead process does not go on

        return deadly


@pytest_asyncio.fixture
async def vendor() -> AsyncIterator[HitPaw]:
    async with HitPaw(KEY, clock=FakeClock(auto=True), usual=Script(result="high")) as vendor:
        yield vendor


POINTS = [
    ("of", False, 0),  # before anything was done
    ("of", True, 0),
    ("opened", False, 1),  # submitted, not yet kept: the one charge that a kill may cost
    ("opened", True, 0),  # kept, not yet asked about
    ("closed", False, 0),  # answered, not yet written down
    ("closed", True, 0),  # written down, the verdict not yet handed on
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("method", "after", "lost"), POINTS)
async def test_a_kill_costs_at_most_one_charge_and_only_between_submit_and_disk(
    data_dir: Path, clock: FakeClock, vendor: HitPaw, method: str, after: bool, lost: int
) -> None:
    async with await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST) as database:
        deadly = Deadly(SqlTickets(database), method, after=after)
        before = provider_of(vendor.url, vendor._clock, tickets=deadly)  # type: ignore[arg-type]
        dying = asyncio.create_task(before.screen(picture(), ASK))
        await asyncio.wait_for(deadly.struck.wait(), 10)
        for task in (dying, *before._orders._opening.values()):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await dying
        await before._client.aclose()
    async with await Database.open(None, data_dir=data_dir, clock=clock, ballast=SMALL_BALLAST) as database:
        after_it = provider_of(vendor.url, vendor._clock, tickets=SqlTickets(database))  # type: ignore[arg-type]
        found = await after_it.screen(picture(), ASK)
        await after_it.aclose()
    assert isinstance(found, Verdict)
    assert found.suggestion is Suggestion.BLOCK
    assert len(vendor.charges) == 1 + lost


@pytest.mark.asyncio
async def test_a_late_verdict_is_fetched_by_another_process(data_dir: Path, clock: FakeClock, vendor: HitPaw) -> None:
    ticking = FakeClock(auto=True)
    vendor._clock = ticking
    vendor.script(Script(seconds=600, result="high"))
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        provider = provider_of(vendor.url, ticking, tickets=store.tickets)
        pending = await provider.screen(picture(frames=Frames(3, 5)), ASKED)
        assert isinstance(pending, Unscreened)
        await provider.aclose()
    await ticking.sleep(600)
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        provider = provider_of(vendor.url, ticking, tickets=store.tickets)
        [waiting] = await store.tickets.waiting("hitpaw")
        assert (waiting.ticket.job, waiting.ticket.ask) == (pending.ticket, ASKED)
        late = await provider.resume(waiting.ticket)
        assert isinstance(late, Verdict)
        assert (late.suggestion, late.frames) == (Suggestion.BLOCK, Frames(3, 5))
        assert late.cost == pytest.approx(0.005)
        assert await store.tickets.waiting() == ()
        await provider.aclose()
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
async def test_neither_key_nor_link_gets_into_the_database(data_dir: Path, clock: FakeClock, vendor: HitPaw) -> None:
    link = f"{vendor.url}/files/w/canary.jpg?ex=1"
    async with await Store.open(None, data_dir=data_dir, clock=clock) as store:
        provider = provider_of(vendor.url, vendor._clock, tickets=store.tickets, delivery="direct")  # type: ignore[arg-type]
        await provider.screen(picture(), Ask(options=(("link", link),)))  # not there: uploaded instead
        await provider.aclose()
        assert await store.tickets.spent(START - timedelta(days=9999)) != Spent()
    with closing(sqlite3.connect(data_dir / NAME)) as raw:
        everything = "\n".join(raw.iterdump())
    assert "hitpaw" in everything
    assert KEY not in everything
    assert "canary" not in everything
    assert vendor.url not in everything
