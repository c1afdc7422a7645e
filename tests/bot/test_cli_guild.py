"""`guild`: what the host sees of the communities, and what each command changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from bot.budget import month_of
from bot.config import Config
from bot.model import HOST, Job, JobKind, Membership, Presence, Tenant
from bot.opening import open_store
from bot.store.store import Store
from policies.model import Mode
from policies.presets import preset
from tests.bot.commandline import Host, json_lines
from tests.bot.test_cli_policy import open_a_case

T = TypeVar("T")

ID = "123456789012345678"
HOME = Tenant("discord", ID)
JOINED = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.at(tmp_path)


def within(host: Host, work: Callable[[Store], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_store(Config(data_dir=Path(host.env["BEHOLDER_DATA_DIR"]))) as store:
            return await work(store)

    return asyncio.run(run())


def move_in(host: Host, name: str = "Meadow", tenant: Tenant = HOME) -> None:
    within(host, lambda s: s.guilds.arrived([Presence(tenant, name, 42, JOINED)]))


def known(host: Host, tenant: Tenant = HOME) -> Membership:
    return within(host, lambda s: s.guilds.one(tenant))


def jobs(host: Host) -> list[Job]:
    return within(host, lambda s: s.journal.take(10))


# --- list ----------------------------------------------------------------------------------------------------


def test_a_host_without_guilds_is_told_so(host: Host) -> None:
    assert "No server is known yet" in host.ok("guild", "list")
    assert host.ok("guild", "list", "--json") == ""


def test_each_guild_is_one_row(host: Host) -> None:
    move_in(host)
    open_a_case(host)
    host.ok("guild", "limit", ID, "500")
    host.ok("guild", "grant", ID, "huawei", "20")
    shown = host.ok("guild", "list")
    row = next(line for line in shown.splitlines() if ID in line)
    assert row.split() == [ID, "Meadow", "42", "observe", "1", "1", "500", "huawei", "0.00/20.00", "2026-03-04"]


def test_as_json(host: Host) -> None:
    move_in(host)
    within(host, lambda s: s.settings.save(HOME, replace(preset("standard"), mode=Mode.ENFORCE), "mod", ""))
    (shown,) = json_lines(host.ok("guild", "list", "--json"))
    assert shown == {
        "guild": f"discord:{ID}",
        "name": "Meadow",
        "members": 42,
        "mode": "enforce",
        "images_24h": 0,
        "cases": 0,
        "limit": None,
        "grants": {},
        "spent": {},
        "joined_at": JOINED.isoformat(),
        "left_at": None,
        "stays_away": False,
    }


def test_a_name_cannot_paint_on_the_terminal(host: Host) -> None:
    move_in(host, "\x1b[31mred\u202eder\nnext\x07")
    shown = host.ok("guild", "list")
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)
    assert len([line for line in shown.splitlines() if ID in line or "next" in line]) == 1
    raw = host.ok("guild", "list", "--json")
    assert raw.isascii()
    assert json_lines(raw)[0]["name"] == "\x1b[31mred\u202eder\nnext\x07"


def test_guilds_that_were_left_are_shown_on_demand(host: Host) -> None:
    move_in(host)
    within(host, lambda s: s.guilds.left([HOME]))
    assert ID not in host.ok("guild", "list")
    assert "left " in host.ok("guild", "list", "--all")
    host.ok("guild", "leave", ID, "--stay-away")
    assert "stays away" in host.ok("guild", "list"), "one that the bot stays away from is never out of sight"


# --- leave and allow -----------------------------------------------------------------------------------------


def test_leaving_waits_on_disk_for_the_bot(host: Host) -> None:
    move_in(host)
    assert f"the bot leaves discord:{ID} within seconds" in host.ok("guild", "leave", ID)
    assert not known(host).barred
    (job,) = jobs(host)
    assert (job.tenant, job.kind) == (HOME, JobKind.LEAVE)


def test_staying_away_lasts_until_it_is_allowed(host: Host) -> None:
    move_in(host)
    assert "it stays away" in host.ok("guild", "leave", f"discord:{ID}", "--stay-away")
    assert known(host).barred
    assert jobs(host) == []
    assert f"may be in discord:{ID}" in host.ok("guild", "allow", ID)
    assert not known(host).barred
    assert "was not to stay away" in host.ok("guild", "allow", ID)


def test_a_guild_that_never_was_can_be_kept_out_but_not_left(host: Host) -> None:
    assert "is not in discord:9" in host.refused("guild", "leave", "9")
    assert jobs(host) == []
    said = host.ok("guild", "leave", "9", "--stay-away")
    assert said.startswith("it stays away from discord:9")
    assert known(host, Tenant("discord", "9")).barred


# --- limit and grant -----------------------------------------------------------------------------------------


def test_a_limit_is_set_and_taken_away(host: Host) -> None:
    assert "500 images a day" in host.ok("guild", "limit", ID, "500")
    assert known(host).limit == 500
    assert "no limit" in host.ok("guild", "limit", ID, "none")
    assert known(host).limit is None
    host.ok("guild", "limit", ID, "0")
    assert known(host).limit == 0


def test_a_grant_is_given_and_taken_back(host: Host) -> None:
    said = host.ok("guild", "grant", ID, "huawei", "20.5")
    assert "huawei up to 20.50 US dollars a month; 0.00/20.50 spent in this one" in said
    assert dict(known(host).grants) == {"huawei": "20.50"}
    assert "is not granted" in host.ok("guild", "grant", ID, "huawei", "none")
    assert dict(known(host).grants) == {}


def test_what_was_spent_is_shown_beside_its_ceiling_and_listed_by_month(host: Host) -> None:
    move_in(host)
    assert "Nothing was spent yet" in host.ok("guild", "spending")
    host.ok("guild", "grant", ID, "huawei", "20")
    now = month_of(datetime.now(UTC))
    within(host, lambda s: s.spending.add(HOME, "huawei", "2025-01", 7_000_000))
    within(host, lambda s: s.spending.add(HOME, "huawei", now, 3_200_001))
    within(host, lambda s: s.spending.add(HOST, "hitpaw", now, 5_000))
    assert "3.21/20.00" in host.ok("guild", "list")
    assert json_lines(host.ok("guild", "list", "--json"))[0]["spent"] == {"huawei": "3.200001"}
    assert "3.21/19.00 spent in this one" in host.ok("guild", "grant", ID, "huawei", "19")
    rows = [line.split() for line in host.ok("guild", "spending").splitlines() if ID in line or "host:" in line]
    assert rows == [
        [now, f"discord:{ID}", "huawei", "1", "3.2000"],
        [now, "host:console", "hitpaw", "1", "0.0050"],
        ["2025-01", f"discord:{ID}", "huawei", "1", "7.0000"],
    ]
    first, *_ = json_lines(host.ok("guild", "spending", "--json"))
    assert first == {
        "guild": f"discord:{ID}",
        "provider": "huawei",
        "month": now,
        "calls": 1,
        "dollars": "3.200001",
    }


@pytest.mark.parametrize(
    ("args", "cure"),
    [
        (("limit", ID, "many"), "a whole number from 0"),
        (("limit", ID, "1.5"), "a whole number from 0"),
        (("limit", ID, "99999999"), "a whole number from 0"),
        (("limit", "meadow", "5"), "write its digits"),
        (("leave", "telegram:5"), "write its digits"),
        (("allow", "discord:dm"), "write its digits"),
        (("grant", ID, "local", "5"), "costs nothing and needs no grant"),
        (("grant", ID, "gpt", "5"), "is not a provider that costs money"),
        (("grant", ID, "huawei", "0"), "not an amount"),
        (("grant", ID, "huawei", "nan"), "not an amount"),
        (("grant", ID, "huawei", "1e9"), "not an amount"),
        (("grant", ID, "huawei", "5,00"), "not an amount"),
        (("grant", ID, "huawei", "9999999"), "not an amount"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(host: Host, args: tuple[str, ...], cure: str) -> None:
    said = " ".join(host.refused("guild", *args, code=2).replace("│", " ").split())
    assert cure in said
    assert not host.database.exists()


def test_a_negative_number_is_an_option_to_the_shell_and_refused(host: Host) -> None:
    assert host.refused("guild", "limit", ID, "-5", code=2)


@pytest.mark.parametrize("ident", ["telegram:-1001234567890", "--"])
def test_chats_of_telegram_are_named_by_their_platform(ident: str, host: Host) -> None:
    words = ("guild", "allow", ident) if ident != "--" else ("guild", "allow", "--", "-1001234567890")
    assert "telegram:-1001234567890" in host.ok(*words)
