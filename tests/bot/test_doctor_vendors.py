"""The self-check asks every configured provider, and says of a vendor how fast it was, what it cost, what it finds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import doctor
from bot.budget import month_of
from bot.clock import SystemClock
from bot.config import SETTINGS, Config, HitPawDelivery
from bot.model import Finding, Tenant
from bot.opening import open_store
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.sandbox.huawei import LoopbackHuawei


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def of_providers(findings: list[Finding]) -> list[Finding]:
    return [f for f in findings if f.name.startswith("provider ")]


@pytest.mark.asyncio
async def test_each_vendor_is_asked_once_and_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = SystemClock()
    async with LoopbackHuawei(clock=clock) as huawei, HitPaw(clock=clock, usual=Script(seconds=0)) as hitpaw:
        for name, value in huawei.environment.items():
            monkeypatch.setenv(name, value)
        config = Config(
            data_dir=tmp_path,
            providers=("local", "huawei", "hitpaw"),
            huawei_price=0.001,
            hitpaw_api_key=SecretStr(hitpaw.key),
            hitpaw_url=hitpaw.url,
            hitpaw_delivery=HitPawDelivery.RELAY,
            public_url="https://bot.example",
        )
        local, cloud, paw, card = of_providers(await doctor.screening(config))
        assert (len(huawei.calls), len(hitpaw.charges)) == (1, 1)
        found = {f.name for f in await doctor.database(config)}
        assert "budget of the instance, 0.0080 US dollars spent this month, no ceiling" in found
        assert not any("estimate" in name for name in found)
        poor = config.model_copy(update={"ceiling": Decimal("0.01")})
        _, cloud_now, paw_now, _ = of_providers(await doctor.screening(poor))
        assert (len(huawei.calls), len(hitpaw.charges)) == (1, 1), "what is known or cannot be paid is not asked"
        assert "BEHOLDER_CEILING is reached" in cloud_now.name
        assert cloud_now.ok
        assert "BEHOLDER_CEILING is reached" in paw_now.name
    assert (local, card) == (Finding("provider local", ok=True), Finding("provider testcard", ok=True))
    assert cloud.ok
    assert cloud.name.startswith("provider huawei: answered in ")
    assert " s, cost 0.0030 US dollars (BEHOLDER_HUAWEI_PRICE=0.001 for each category), looks for 7 of 10" in cloud.name
    assert cloud.probe is not None
    assert cloud.name.endswith(f"; quota: {cloud.probe.quota}")
    assert cloud.probe.quota == "not told by the vendor; it takes 10 calls a second, 1 made since the start"
    assert paw.ok
    assert paw.probe is not None
    assert (paw.probe.cost, paw.probe.finds) == (0.005, 1)
    assert paw.probe.quota == "not told by the vendor; this month's jobs took 0.0000 US dollars of credits"


@pytest.mark.asyncio
async def test_a_vendor_that_refuses_is_found_with_its_own_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with LoopbackHuawei(clock=SystemClock()) as huawei:
        for name, value in {**huawei.environment, "BEHOLDER_HUAWEI_SK": "wrong"}.items():
            monkeypatch.setenv(name, value)
        cloud, card = of_providers(await doctor.screening(Config(data_dir=tmp_path, providers=("huawei",))))
    assert card.ok
    assert (cloud.name, cloud.ok) == ("provider huawei", False)
    assert "AK and SK" in cloud.cure
    assert "requirements" not in cloud.cure


@pytest.mark.asyncio
async def test_a_price_that_nobody_set_is_said_to_be_a_guess_and_each_budget_what_is_left(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path, providers=("local", "huawei"), ceiling=Decimal(5))
    async with open_store(config) as store:
        await store.guilds.grant(Tenant("discord", "7"), "huawei", "2.00")
        await store.spending.add(Tenant("discord", "7"), "huawei", month_of(SystemClock().now()), 500_000)
    found = {f.name: f.ok for f in await doctor.database(config)}
    assert found["budget of the instance, 0.5000 US dollars spent this month, 4.5000 of 5 left"]
    assert found["budget of discord:7 for huawei, 0.5000 US dollars spent this month, 1.5000 of 2 left"]
    (guess,) = [name for name in found if "estimate" in name]
    assert "0.002" in guess
    assert not any("budget" in f.name for f in await doctor.database(Config(data_dir=tmp_path)))
