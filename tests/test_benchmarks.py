"""The benchmarks still measure: each in a tiny size, against the real bot."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import copies, known, local, memory, new, polling, scale, transport
from benchmarks.local import numbered
from benchmarks.report import Bound, Machine, Report, Spread
from benchmarks.sheet import FINDINGS, sheet
from bot.media.intake import Intake
from bot.sandbox import pictures
from bot.sandbox.loopback import Loopback
from providers.base import Image

FAST = Bound("delay", 1.5, 5.0, "ms")
SLOW = Bound("speed", 0.5, 0.9, "", most=False)
SMALL = tuple((64 + 32 * n, 64) for n in range(len(scale.SIZES)))
REPORT = Report("toy", "A toy", ("ms", "median", "posts"), (("ours", 1234.5678, 3),), (FAST, SLOW), ("Of wood.",))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_known_and_new_pictures_are_removed_and_their_stations_timed() -> None:
    copies = await known.run(rounds=3, warm_up=1)
    assert [row[-1] for row in copies.rows] == [3] * 5
    firsts = await new.run(rounds=2, warm_up=0)
    assert [row[0] for row in firsts.rows[2:]] == [f"Beholder: {name}" for name in new.STATIONS]
    spent = {str(row[0]): float(row[1]) for row in (*copies.rows, *firsts.rows)}
    assert all(ms > 0 for ms in spent.values())
    assert spent["Beholder: inference"] > spent["Beholder: decide"], "the models really ran"


@pytest.mark.slow
@pytest.mark.asyncio
async def test_copies_are_counted_as_the_vendor_counts_them() -> None:
    report = await copies.run(copies=30, vendors=("huawei",), within=0.5)
    ((vendor, removed, calls, cost, seconds),) = report.rows
    assert (vendor, removed, calls) == ("huawei", 30, 1)
    assert float(cost) > 0 < float(seconds)
    assert report.bounds[0].held


@pytest.mark.asyncio
async def test_the_local_models_are_measured_three_ways() -> None:
    report = await local.run(rounds=2, batch=4, whole=4)
    raw, screened, whole = (float(row[1]) for row in report.rows)
    assert min(raw, screened, whole) > 0
    assert len(report.bounds) == 1


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="set sizes are read from Linux's /proc")
async def test_memory_counts_the_bot_and_its_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REST", 0.1)
    monkeypatch.setattr(memory, "SAMPLE", 0.1)
    report = await memory.run(images=6)
    held = {str(row[0]): float(row[1]) for row in report.rows}
    assert held["at rest, models loaded"] > 100, "the models alone are that large"
    assert all(bound.held for bound in report.bounds)


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="set sizes are read from Linux's /proc")
async def test_large_communities_on_two_shards_are_judged_to_the_last_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "REST", 0.1)
    monkeypatch.setattr(scale, "SAMPLE", 0.1)
    mix = scale.Mix(words=40, fresh=3, known=4, bad=2, edits=20, reactions=5)
    monkeypatch.setattr(scale, "SIZES", SMALL)
    report = await scale.run(guilds=4, members=2_000, mix=mix, shards=2)
    assert report.rows[0][0] == "at rest in all of them"
    assert all(float(row[1]) > 100 for row in report.rows)
    assert all(bound.held for bound in report.bounds)
    assert report.bounds[0].what == "most with 8,000 people"
    (faces,) = [note for note in report.notes if "avatars" in note and "set up" in note]
    assert int("".join(filter(str.isdigit, faces))) > 0, "where a community is set up, faces are looked at"


@pytest.mark.asyncio
async def test_a_flood_is_all_that_its_mix_says_and_the_same_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "SIZES", SMALL)
    mix = scale.Mix(words=30, fresh=2, known=3, bad=1, edits=12, reactions=6)
    seen = []
    for _ in range(2):
        async with Loopback() as discord:
            land = scale._land(discord, 3, 2_000)
            assert list(land.flood(mix)) == list(range(1, 55))
            names = Counter(event.name for event in discord.world.happened)
            seen.append((names, len(land.judged)))
            assert names["MESSAGE_UPDATE"] == 12
            assert names["MESSAGE_REACTION_ADD"] == 6
            assert names["MESSAGE_CREATE"] >= 30 + 2 + 3 + 1
            assert 6 <= len(land.judged) <= 6 + 12
            assert land.cases == 1
            authors = {e.message.author.id for e in discord.world.happened if e.name == "MESSAGE_CREATE" and e.message}
            assert len(authors) > 25, "anybody of 6,000 people speaks"
    assert seen[0] == seen[1]


@pytest.mark.asyncio
async def test_waiting_for_a_slow_vendor_keeps_its_bounds_on_a_simulated_clock() -> None:
    report = await polling.run(jobs=300)
    assert [row[0] for row in report.rows] == ["0.8–3 s", "2–8 s", "10–60 s"]
    assert len(report.bounds) == 3
    assert all(bound.held for bound in report.bounds), "no machine is slow on a simulated clock"


@pytest.mark.asyncio
async def test_the_vendors_sample_asks_at_once_and_then_every_two_seconds() -> None:
    clock = polling.Simulated()
    vendor = polling.Vendor(clock, 3.0)
    await polling.sample(vendor, clock, lambda: 0.5)
    assert vendor.questions == 3
    assert clock.monotonic() == pytest.approx(4.0 + 3 * polling.TRIP)
    with pytest.raises(TimeoutError):
        await polling.sample(polling.Vendor(polling.Simulated(), 1e9), polling.Simulated(), lambda: 0.5)


def test_a_process_tree_is_found_from_its_root() -> None:
    assert os.getpid() in set(memory._tree(os.getpid()))
    assert memory._pss(2**22 + 1) == 0, "one that is gone holds nothing"


@pytest.mark.asyncio
async def test_a_numbered_picture_is_the_same_picture_in_other_bytes() -> None:
    original = pictures.jpeg(pictures.landscape(0, (320, 200)))
    async with Intake(workers=1) as intake:
        seen = [await intake.open(each) for each in (original, numbered(original, 1), numbered(original, 2))]
    images = [each for each in seen if isinstance(each, Image)]
    assert len({image.sha256 for image in images}) == 3
    assert len({image.views[0].pixels for image in images}) == 1


def test_a_bound_says_whether_it_held() -> None:
    assert str(FAST) == "delay: 1.50 ms (≤ 5 ms: held)"
    assert str(SLOW) == "speed: 0.50 (≥ 0.9: NOT held)"
    assert Bound("exactly", 5.0, 5.0, "ms").held


def test_a_spread_has_its_middle_and_its_tail() -> None:
    spread = Spread.of([3.0, 1.0, 2.0])
    assert (spread.median, spread.least, spread.count) == (2.0, 1.0, 3)
    assert spread.p90 == pytest.approx(2.8)
    with pytest.raises(ValueError, match="more rounds"):
        Spread.of([1.0])


def test_the_page_shows_figures_bounds_and_the_machine() -> None:
    page = sheet(Machine("a chip", 2, "3.11.7", "Linux x86_64", 0.1, "2026-11-22"), [REPORT])
    assert "2 cores of a chip" in page
    assert "| ours | 1,234.57 | 3 |" in page
    assert "* **speed: 0.50 (≥ 0.9: NOT held)**" in page
    assert page.endswith(FINDINGS.read_text(encoding="utf-8"))


def test_the_command_writes_what_it_measured_and_a_missed_bound_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def toy() -> Report:
        return REPORT

    chosen: dict[str, Callable[[], Awaitable[Report]]] = {"toy": toy}
    monkeypatch.setattr(command, "BENCHMARKS", chosen)
    command.main(["toy", "--json", str(tmp_path / "j"), "--markdown", str(tmp_path / "m")])
    written: dict[str, Any] = json.loads((tmp_path / "j").read_text())
    assert written["reports"][0]["rows"] == [{"ms": "ours", "median": 1234.5678, "posts": 3}]
    assert [bound["held"] for bound in written["reports"][0]["bounds"]] == [True, False]
    assert (tmp_path / "m").read_text().startswith("# Benchmarks")
    assert "NOT held" in capsys.readouterr().out
    with pytest.raises(SystemExit) as refused:
        command.main(["tyo"])
    assert refused.value.code == 2
    assert "there is no benchmark tyo" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.asyncio
async def test_our_transport_is_measured_beside_the_barest_one() -> None:
    report = await transport.run(calls=4, rounds=1)
    assert len(report.rows) == 4
    assert all(float(cell) > 0 for row in report.rows for cell in row[1:])
    assert len(report.bounds) == 4
