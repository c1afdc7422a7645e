"""The self-check asks every configured provider, and says of a vendor how fast it was, what it cost, what it finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import doctor
from bot.clock import SystemClock
from bot.config import SETTINGS, Config, HitPawDelivery
from bot.model import Finding
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
