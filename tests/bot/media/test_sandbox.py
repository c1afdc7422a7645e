"""The walls around the decoders, tried from inside; and that one bad image costs one image."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image as Pictures

from bot.media import sandbox
from bot.media.intake import Intake
from bot.media.pool import Lost, Slot
from policies.model import Evidence, Unscreened, UnscreenedReason
from providers.base import Image
from tests.bot.media import inmates
from tests.bot.media.pictures import apart, encoded, opened, photo, png_header

ROOT = Path(__file__).parents[3]
PHOTO = encoded(photo(1, (1200, 860)), "JPEG")


@asynccontextmanager
async def slot(seconds: float = 10.0) -> AsyncIterator[Slot]:
    one = Slot(seconds)
    try:
        yield one
    finally:
        await one.close()


def workers(of: int | None = None) -> list[int]:
    """Process ids of the sandbox workers that are children of a process (of this one)."""
    found = []
    for children in Path(f"/proc/{of or os.getpid()}/task").glob("*/children"):
        for pid in children.read_text().split():
            try:
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
            except OSError:
                continue
    return found


def resident(pid: int | str = "self") -> int:
    """Kilobytes of memory in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() // 1024


# --- walls ----------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_a_worker_can_not_do(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    async with server, slot() as one:
        walls = await one.run(sandbox.confinement)
        assert await one.run(inmates.write, str(tmp_path / "kept.png")) == "refused"
        assert await one.run(inmates.hog, 600) == "refused"
        assert (await one.run(inmates.hog, 100)).startswith("got")
        assert await one.run(inmates.open_many) == "refused"
        assert await one.run(inmates.privileges) == int(walls.no_new_privileges)
        reached = await one.run(inmates.reach, server.sockets[0].getsockname()[1])
        assert reached == ("refused" if walls.no_network else "reached")
    assert not any(map(os.path.getsize, tmp_path.iterdir()))  # noqa: ASYNC240


@pytest.mark.asyncio
async def test_what_a_parser_prints_is_not_in_our_output(capfd: pytest.CaptureFixture[str]) -> None:
    async with slot() as one:
        await one.run(inmates.shout, "level=error msg=forged\n")
    assert capfd.readouterr() == ("", "")


@pytest.mark.asyncio
async def test_a_worker_loads_nothing_of_the_bot() -> None:
    async with slot() as one:
        assert await one.run(inmates.loaded) == ""


def environments() -> list[bytes]:
    """What each child of this process was started with."""
    children = [pid for file in Path("/proc/self/task").glob("*/children") for pid in file.read_text().split()]
    return [Path(f"/proc/{pid}/environ").read_bytes() for pid in children]


@pytest.mark.asyncio
async def test_no_worker_is_started_with_the_bots_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", "canary-token")
    monkeypatch.setenv("ORDINARY", "kept")
    async with slot() as one:
        for _ in range(2):  # the first, and the one that replaces it
            await one.run(sandbox.confinement)
            assert any(b"ORDINARY=kept" in e for e in environments())
            assert not any(b"canary" in e for e in environments())
            with pytest.raises(Lost):
                await one.run(inmates.crash)
    assert os.environ["BEHOLDER_DISCORD_TOKEN"] == "canary-token"


def test_the_parent_never_loads_the_decoders() -> None:
    program = (
        "import sys, bot.media.intake, bot.media.fetch; print(sorted({'PIL', 'zxingcpp', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a worker that fails costs one answer -----------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_crash_is_told_and_the_slot_goes_on() -> None:
    async with slot() as one:
        with pytest.raises(Lost, match="killed by signal 11"):
            await one.run(inmates.crash)
        assert (await one.run(sandbox.confinement)).cpu_seconds == 3


@pytest.mark.asyncio
async def test_a_hang_ends_at_the_time_limit() -> None:
    async with slot(seconds=3.0) as one:  # a worker's start is within it, too
        await one.run(sandbox.confinement)
        began = time.monotonic()
        with pytest.raises(Lost, match="longer than 3 seconds"):
            await one.run(inmates.hang)
        assert time.monotonic() - began < 10
        await one.run(sandbox.confinement)


@pytest.mark.asyncio
async def test_endless_computing_is_ended_by_the_kernel() -> None:
    async with slot(seconds=30) as one:
        with pytest.raises(Lost, match=f"killed by signal {signal.SIGXCPU.value}"):
            await one.run(inmates.spin)


@pytest.mark.asyncio
async def test_a_worker_killed_while_idle_costs_nothing() -> None:
    async with slot() as one:
        await one.run(sandbox.confinement)
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        assert isinstance(await one.run(sandbox.look, PHOTO), Image)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("crime", "arguments"),
    [(inmates.escape, ("escaped",)), (inmates.flood, (100,)), (inmates.failure, ())],
    ids=["a pickle that runs code", "an answer too large", "an error of its own"],
)
async def test_an_answer_that_is_none_is_not_let_in(
    crime: Callable[..., object], arguments: tuple[object, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with slot() as one:
        with pytest.raises(Lost, match="broke off"):
            await one.run(crime, *arguments)
        assert isinstance(await one.run(sandbox.look, PHOTO), Image)
    assert not (tmp_path / "escaped").exists()


# --- the intake --------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_image_comes_out_as_the_decoders_saw_it() -> None:
    async with Intake(1) as intake:
        image = await intake.open(PHOTO)
        assert image == sandbox.read(PHOTO)
        assert intake.confinement is not None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("original", "reason", "detail"),
    [
        (b"", UnscreenedReason.UNDECODABLE, "empty"),
        (b"rubbish called .png", UnscreenedReason.UNDECODABLE, "not an image"),
        (b"%PDF-1.7 " * 20, UnscreenedReason.UNDECODABLE, "pdf"),
        (b"\xff\x0a" + bytes(100), UnscreenedReason.UNDECODABLE, "jxl"),
        (b"8BPS\x00\x01" + bytes(100), UnscreenedReason.UNSUPPORTED, "psd"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", UnscreenedReason.UNSUPPORTED, "svg"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(100), UnscreenedReason.UNSUPPORTED, "mp4"),
    ],
)
async def test_what_is_no_picture_never_reaches_a_worker(
    original: bytes, reason: UnscreenedReason, detail: str
) -> None:
    intake = Intake(1)  # not started: it would wait for a worker for ever
    async with asyncio.timeout(1):
        assert await intake.open(original) == Unscreened("media", reason, detail)


@pytest.mark.asyncio
async def test_workers_killed_on_purpose_lose_at_most_the_image_they_held() -> None:
    slow = encoded(photo(1, (4900, 4900)), "PNG", compress_level=1)
    async with Intake(2) as intake:
        pending = [asyncio.create_task(intake.open(slow)) for _ in range(2)]
        pending += [asyncio.create_task(intake.open(PHOTO)) for _ in range(20)]
        await asyncio.sleep(0.15)
        killed = workers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        answers = await asyncio.gather(*pending)
    assert len(killed) == 2
    lost = [a for a in answers if isinstance(a, Unscreened)]
    assert len(lost) <= 2
    assert all(a.reason is UnscreenedReason.UNDECODABLE and "signal 9" in a.detail for a in lost)
    assert all(isinstance(a, Image) for a in answers[2:])


@pytest.mark.asyncio
async def test_bombs_cost_themselves_and_the_parent_nothing() -> None:
    bombs = [png_header(side, side) for side in (5500, 8000, 20_000, 65_535)] * 5
    async with Intake(2) as intake:
        await intake.open(PHOTO)
        before = resident()
        answers = await asyncio.gather(*(intake.open(original) for original in [*bombs, PHOTO]))
        assert all(isinstance(a, Unscreened) and "too large" in a.detail for a in answers[:-1])
        assert isinstance(answers[-1], Image)
        assert resident() - before < 20 * 1024
        assert all(resident(pid) < 200 * 1024 for pid in workers())


@pytest.mark.asyncio
async def test_memory_of_parent_and_workers_is_bounded_under_a_flood() -> None:
    async with Intake(2) as intake:
        await asyncio.gather(*(intake.open(PHOTO) for _ in range(20)))
        before = resident()
        for _ in range(4):
            await asyncio.gather(*(intake.open(PHOTO) for _ in range(20)))
        assert resident() - before < 40 * 1024
        assert all(resident(pid) < 160 * 1024 for pid in workers())


@pytest.mark.asyncio
async def test_a_caller_that_goes_away_takes_no_worker_with_it() -> None:
    async with Intake(1) as intake:
        before = workers()
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await intake.open(PHOTO)
        assert isinstance(await intake.open(PHOTO), Image)
        assert workers() == before


@pytest.mark.asyncio
async def test_evidence_is_what_its_level_says() -> None:
    async with Intake(1) as intake:
        still = sandbox.read(encoded(photo(4, (3000, 2000)), "JPEG"))
        assert isinstance(still, Image)
        full = await intake.picture(still.still, Evidence.FULL)
        mosaic = await intake.picture(still.still, Evidence.MOSAIC)
        assert full is not None
        assert mosaic is not None
        assert max(opened(full).size) == 1280
        assert apart(opened(full), photo(4, (300, 200))) < 8
        blocks = opened(mosaic).resize((24, 16), Pictures.Resampling.BOX)
        assert apart(opened(mosaic), blocks.resize((624, 416), Pictures.Resampling.NEAREST)) < 3
        assert await intake.picture(still.still, Evidence.NONE) is None
        assert await intake.picture(b"not a still", Evidence.FULL) is None


def test_when_the_parent_is_killed_no_worker_stays_behind() -> None:
    program = (
        "import asyncio, sys\n"
        "from bot.media.intake import Intake\n"
        "async def main():\n"
        "    async with Intake(2):\n"
        "        print('ready', flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        orphans = workers(parent.pid)
        assert len(orphans) == 2
        parent.kill()
        parent.wait()
    until = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in orphans) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in orphans)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_script_that_is_the_main_module_is_not_run_again_by_its_workers(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(
        "import asyncio, os\n"
        "print('main runs', os.getpid(), flush=True)\n"
        "from bot.media.intake import Intake\n"
        "async def main():\n"
        "    async with Intake(2): pass\n"
        "asyncio.run(main())\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("main runs") == 1
