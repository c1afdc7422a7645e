"""The laws of the purse: what was paid and what is held is never above a ceiling, and a charge is never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.budget import Budget, micros
from bot.model import HOST, Funds, Membership, Tenant
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.store import Store
from providers.errors import Unavailable
from tests.bot.store.samples import START
from tests.clock import FakeClock

HOME, AWAY = Tenant("discord", "1"), Tenant("discord", "2")
CENT = Decimal("0.01")
DAY = 24 * 3600.0


class Register:
    """Grants, as they are given to it."""

    def __init__(self, **grants: str) -> None:
        self.grants: dict[Tenant, dict[str, str]] = {HOME: grants} if grants else {}
        self.broken = False

    async def one(self, tenant: Tenant) -> Membership:
        if self.broken:
            raise StoreError("the register cannot be read")
        return Membership(tenant, grants=self.grants.get(tenant, {}))


class Paper:
    """`bot.budget.Spending` in memory; every write takes a turn of the loop. `broken`: the disk is full."""

    def __init__(self) -> None:
        self.books: dict[str, dict[tuple[Tenant, str], int]] = {}
        self.broken = False

    async def month(self, month: str) -> Mapping[tuple[Tenant, str], int]:
        await asyncio.sleep(0)
        return self.books.setdefault(month, {})

    async def add(self, tenant: Tenant, provider: str, month: str, micros: int) -> int:
        await asyncio.sleep(0)
        if self.broken:
            raise StoreError("the disk is full")
        book = self.books.setdefault(month, {})
        book[tenant, provider] = book.get((tenant, provider), 0) + micros
        return book[tenant, provider]

    @property
    def total(self) -> int:
        return sum(sum(book.values()) for book in self.books.values())


def budget(register: Register, paper: Paper, ceiling: str | None = None, clock: FakeClock | None = None) -> Budget:
    return Budget(register, paper, clock or FakeClock(), ceiling=None if ceiling is None else Decimal(ceiling))


async def buy(purse: Budget, held: Decimal, paid: Decimal | None = None, *, payer: str = str(HOME)) -> bool:
    if not await purse.hold(payer, "huawei", held):
        return False
    await asyncio.sleep(0)
    await purse.settle(payer, "huawei", held, held if paid is None else paid)
    return True


# --- laws ------------------------------------------------------------------------------------------------

prices = st.integers(1, 400).map(lambda n: Decimal(n) / 1000)


@given(
    calls=st.lists(st.tuples(st.sampled_from([HOME, AWAY, None]), prices, st.integers(0, 100)), max_size=25),
    ceiling=st.integers(1, 200).map(lambda n: n * CENT),
    whole=st.none() | st.integers(0, 300).map(lambda n: n * CENT),
)
@pytest.mark.asyncio
async def test_calls_at_once_never_spend_more_than_any_ceiling(
    calls: list[tuple[Tenant | None, Decimal, int]], ceiling: Decimal, whole: Decimal | None
) -> None:
    register, paper = Register(huawei=str(ceiling)), Paper()
    register.grants[AWAY] = {"huawei": str(ceiling)}
    purse = budget(register, paper, None if whole is None else str(whole))

    async def watched(who: Tenant | None, price: Decimal, share: int) -> bool:
        payer = "" if who is None else str(who)
        bought = await buy(purse, price, price * share / 100, payer=payer)
        for tenant in (HOME, AWAY):
            assert (await purse.of(tenant))["huawei"].spent <= ceiling
        assert whole is None or (await purse.whole()).spent <= whole
        return bought

    bought = await asyncio.gather(*(watched(*call) for call in calls))
    paid = sum(micros(p * s / 100) for (_, p, s), yes in zip(calls, bought, strict=True) if yes)
    assert paper.total == paid, "what was paid is on record, all of it and once"
    assert (await purse.whole()).spent == Decimal(paid) / 1_000_000, "and nothing is held any more"


@given(n=st.integers(1, 40), price=prices)
@pytest.mark.asyncio
async def test_exactly_the_ceiling_is_allowed_and_not_a_call_more(n: int, price: Decimal) -> None:
    purse = budget(Register(huawei=str(n * price)), Paper())
    assert sum(await asyncio.gather(*(buy(purse, price) for _ in range(n + 3)))) == n


@given(amount=st.decimals(0, 1000, places=9))
def test_money_is_counted_in_millionths_and_never_as_less(amount: Decimal) -> None:
    assert 0 <= Decimal(micros(amount)) / 1_000_000 - amount < Decimal("0.000001")


# --- who pays --------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_without_a_grant_nothing_may_be_spent() -> None:
    purse = budget(Register(hitpaw="5.00"), Paper())
    assert not await buy(purse, CENT)
    assert not await buy(purse, CENT, payer=str(AWAY))
    assert not await buy(purse, CENT, payer="discord:dm")


@pytest.mark.asyncio
async def test_the_hosts_own_pictures_have_no_grant_but_count_under_the_instance() -> None:
    paper = Paper()
    purse = budget(Register(), paper, "0.02")
    assert await buy(purse, CENT, payer="")
    assert paper.books["2026-11"] == {(HOST, "huawei"): 10_000}
    assert await buy(purse, CENT, payer="")
    assert not await buy(purse, CENT, payer="")


@pytest.mark.asyncio
async def test_a_ceiling_that_is_raised_holds_at_once_and_one_taken_back_too() -> None:
    register = Register(huawei="0.01")
    purse = budget(register, Paper())
    assert await buy(purse, CENT)
    assert not await buy(purse, CENT)
    register.grants[HOME]["huawei"] = "0.02"
    assert await buy(purse, CENT)
    del register.grants[HOME]["huawei"]
    assert not await buy(purse, CENT)


@pytest.mark.asyncio
async def test_the_next_month_of_utc_is_a_new_one_and_what_is_held_counts_in_it() -> None:
    clock = FakeClock(START.replace(month=11, day=30, hour=23, minute=59))
    paper = Paper()
    purse = budget(Register(huawei="0.02"), paper, clock=clock)
    assert await buy(purse, CENT)
    assert await purse.hold(str(HOME), "huawei", CENT)
    await clock.advance(120)
    assert await purse.hold(str(HOME), "huawei", CENT)
    assert not await purse.hold(str(HOME), "huawei", CENT), "one of last month's calls still runs"
    await purse.settle(str(HOME), "huawei", CENT, CENT)
    assert {m: sum(b.values()) for m, b in paper.books.items()} == {
        f"{START.year}-11": 10_000,
        f"{START.year}-12": 10_000,
    }


# --- trouble ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_nothing_is_spent_in_the_dark() -> None:
    register, paper = Register(huawei="5.00"), Paper()
    purse = budget(register, paper)
    register.broken = True
    with pytest.raises(Unavailable):
        await purse.hold(str(HOME), "huawei", CENT)
    register.broken = False
    assert await purse.hold(str(HOME), "huawei", CENT)
    paper.broken = True
    with pytest.raises(Unavailable):
        await purse.settle(str(HOME), "huawei", CENT, CENT)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await purse.hold(str(HOME), "huawei", CENT)
    assert (await purse.of(HOME))["huawei"].spent == CENT, "it is not forgotten meanwhile"
    paper.broken = False
    assert await buy(purse, CENT)
    assert paper.total == 20_000, "it was made good first"
    assert (await purse.of(HOME))["huawei"].spent == 2 * CENT


@pytest.mark.asyncio
async def test_the_host_is_told_at_four_fifths_and_at_the_end_once() -> None:
    purse = budget(Register(huawei="0.10"), Paper())
    with capture_logs() as logs:
        for _ in range(14):
            await buy(purse, CENT)
    told = [(line["event"], line["provider"]) for line in logs]
    assert told == [("budget_low", "huawei"), ("budget_spent", "huawei")]


@pytest.mark.asyncio
async def test_from_four_fifths_on_the_rest_is_low() -> None:
    purse = budget(Register(huawei="0.10", hitpaw="1.00"), Paper())
    for n in range(8):
        assert await purse.low(HOME) == frozenset(), n
        await buy(purse, CENT)
    assert await purse.low(HOME) == {"huawei"}
    assert await purse.low(AWAY) == frozenset()


def test_what_is_left_is_never_below_nothing() -> None:
    assert Funds(Decimal(3), Decimal(2)).left == 0
    assert Funds(Decimal(3)).left is None
    assert not Funds(Decimal(3)).reaches(Decimal(0))


# --- on disk ---------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    clock = FakeClock()
    async with Store(await Database.open(None, data_dir=tmp_path, clock=clock, ballast=64 * 1024), clock) as opened:
        await opened.guilds.grant(HOME, "huawei", "1.00")
        await opened.guilds.grant(AWAY, "huawei", "1.00")
        yield opened


@pytest.mark.asyncio
async def test_a_charge_is_on_disk_when_it_is_settled_and_one_process_sees_anothers(store: Store) -> None:
    ours, theirs = (Budget(store.guilds, s.spending, FakeClock()) for s in (store, Store(store.db, FakeClock())))
    await asyncio.gather(*(buy(ours, CENT) for _ in range(20)), buy(ours, CENT, payer=str(AWAY)))
    killed = Budget(store.guilds, Store(store.db, FakeClock()).spending, FakeClock())
    assert (await killed.of(HOME))["huawei"] == Funds(20 * CENT, Decimal(1))
    assert (await killed.of(AWAY))["huawei"].spent == CENT, "each guild its own"
    await theirs.whole()
    await buy(ours, CENT)
    store.db.expire()  # as the watcher does when another process has written
    assert (await theirs.of(HOME))["huawei"].spent == 21 * CENT
    told = [(c.tenant, c.calls, c.dollars) for c in await store.spending.every()]
    assert told == [(HOME, 21, 21 * CENT), (AWAY, 1, CENT)]


@pytest.mark.asyncio
async def test_a_kill_between_call_and_settle_forgets_what_was_in_flight_and_no_more(store: Store) -> None:
    purse = Budget(store.guilds, store.spending, FakeClock())
    await buy(purse, CENT)
    for _ in range(3):
        assert await purse.hold(str(HOME), "huawei", CENT)
    assert (await purse.of(HOME))["huawei"].spent == 4 * CENT
    after = Budget(store.guilds, Store(store.db, FakeClock()).spending, FakeClock())
    assert (await after.of(HOME))["huawei"].spent == CENT


@pytest.mark.asyncio
async def test_a_month_that_is_read_while_it_is_written_misses_nothing(store: Store) -> None:
    spending = store.spending
    for n in range(1, 15):
        store.db.expire()
        _, total = await asyncio.gather(spending.month("2026-11"), spending.add(HOME, "huawei", "2026-11", 5))
        assert (await spending.month("2026-11"))[HOME, "huawei"] == total == 5 * n
