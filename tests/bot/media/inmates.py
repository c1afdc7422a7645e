"""What a hostile image would do inside a worker. Run in the sandbox by the tests."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import bot.media.sandbox


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(3600)


def spin() -> None:
    bot.media.sandbox._allow_cpu(1)
    while True:
        pass


def hog(megabytes: int) -> str:
    try:
        return f"got {len(bytearray(megabytes * 1024 * 1024))}"
    except MemoryError:
        return "refused"


def reach(port: int) -> str:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return "reached"
    except OSError:
        return "refused"


def write(path: str) -> str:
    try:
        Path(path).write_text("a picture of somebody")
    except OSError:
        return "refused"
    return "written"


def open_many() -> str:
    with ExitStack() as held:
        try:
            for _ in range(200):
                held.enter_context(Path("/dev/null").open("rb"))
        except OSError:
            return "refused"
        return "opened"


def shout(words: str) -> None:
    for stream in (1, 2):
        os.write(stream, words.encode())


def privileges() -> int:
    return int(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))  # PR_GET_NO_NEW_PRIVS


def loaded() -> str:
    heavy = {"discord", "sqlalchemy", "onnxruntime", "structlog", "httpx", "typer", "bot.app", "bot.cli", "bot.config"}
    return " ".join(sorted(heavy & set(sys.modules)))


class Escape:
    """An answer that, unpickled carelessly, runs code in the parent."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


def escape(path: str) -> Any:
    return Escape(path)


def flood(megabytes: int) -> bytes:
    return bytes(megabytes * 1024 * 1024)


def failure() -> None:
    raise ZeroDivisionError("inside a decoder")
