"""The worker's side of the sandbox: how it locks itself in, and what it does for the parent.

The parent imports this module for its names alone; the decoders are imported inside, by the worker.
What the worker may still do after `enter`: compute, and answer over its pipe. It can't write a file,
gain privileges, take more than `MEMORY` or (where the kernel allows it) reach any network.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import importlib
import io
import math
import os
import resource
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.media.sniff import sniff
from policies.model import Evidence, Frames, Unscreened, UnscreenedReason
from providers.base import Image

if TYPE_CHECKING:
    from bot.media.frames import Film

NAME = "media"
MEMORY = 512 * 1024 * 1024  # bytes of address space for one image, over what an idle worker has
CPU_SECONDS = 3
OPEN_FILES = 32

_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class Confinement:
    """Which walls stand. `no_network` and `no_new_privileges` depend on the kernel and the container."""

    no_network: bool
    no_new_privileges: bool
    memory: int
    cpu_seconds: int


_walls: list[Confinement] = []


def enter() -> None:
    """Lock this process in. The initialiser of every worker."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # die at once, in the middle of a decoder too
    sys.dont_write_bytecode = True
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy: threads would forbid the next step
    no_network, no_new_privileges = _isolate()
    for decoders in ("bot.media.frames", "bot.media.looks", "bot.media.fingerprint"):
        importlib.import_module(decoders)
    _fall_silent()
    memory = _limit()
    gc.freeze()
    _walls.append(Confinement(no_network, no_new_privileges, memory, CPU_SECONDS))


def _isolate() -> tuple[bool, bool]:
    """Leave the network (an empty namespace of our own) and forswear privileges, as far as the kernel lets us."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not (hasattr(libc, "unshare") and hasattr(libc, "prctl")):
        return False, False
    no_network = any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))
    return no_network, libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0


def _fall_silent() -> None:
    """Parsers in C print what they find in files: nothing of that belongs into the bot's log or output."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _limit() -> int:
    """Hard limits for the rest of this process's life; returns the bytes of address space it may have."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    memory = _address_space() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    return memory


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _allow_cpu(seconds: int = CPU_SECONDS) -> None:
    """So much more processor time, then the kernel ends this process (SIGXCPU)."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


# --- what a worker does ---------------------------------------------------------------------------------


def confinement() -> Confinement:
    """Which walls stand around this worker; also a sign of life."""
    return _walls[-1]


def look(original: bytes) -> Image | Unscreened:
    """`read`, within the processor time that one image may take."""
    _allow_cpu()
    return read(original)


def read(original: bytes) -> Image | Unscreened:
    """Decode `original` once and return all that is ever needed of it. Never raises for bad bytes."""
    from bot.media.frames import DECODER_ERRORS, Oversized, Tiny, decode

    kind = sniff(original)
    try:
        return _image(original, kind.name, decode(original, kind))
    except Tiny as error:
        return _unscreened(UnscreenedReason.TINY, str(error))
    except Oversized as error:
        return _unscreened(UnscreenedReason.UNDECODABLE, f"too large: {error}")
    except DECODER_ERRORS as error:
        return _unscreened(UnscreenedReason.UNDECODABLE, f"broken {kind.name} ({type(error).__name__})")


def _image(original: bytes, kind: str, film: Film) -> Image | Unscreened:
    from bot.media import looks
    from bot.media.fingerprint import fingerprint

    picture = looks.still(film.frames)
    prints = fingerprint(picture)
    if film.damaged and prints.flat:  # what is left shows nothing, while a browser may show a picture
        return _unscreened(UnscreenedReason.UNDECODABLE, f"broken {kind}, nothing could be recovered")
    return Image(
        sha256=hashlib.sha256(original).hexdigest(),
        kind=kind,
        width=film.width,
        height=film.height,
        frames=Frames(seen=film.seen, total=film.total),
        still=looks.jpeg(picture),
        views=looks.views(film.frames),
        codes=looks.codes([picture] if len(film.frames) == 1 else [looks.best(f.picture) for f in film.frames]),
        fingerprint=prints,
        damaged=film.damaged,
    )


def picture(still: bytes, level: Evidence) -> bytes:
    """The evidence for a card: `still` re-encoded, as a mosaic unless `level` is full."""
    from PIL import Image as Pictures

    from bot.media import looks

    _allow_cpu()
    with Pictures.open(io.BytesIO(still), formats=("JPEG", "PNG")) as source:
        plain = source.convert("RGB")
    return looks.jpeg(looks.reduced(plain) if level is Evidence.FULL else looks.mosaic(plain))


def _unscreened(reason: UnscreenedReason, detail: str) -> Unscreened:
    return Unscreened(provider=NAME, reason=reason, detail=detail)
