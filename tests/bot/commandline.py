"""A host at the command line: a data folder of their own, nothing in the environment."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from typer.testing import CliRunner, Result

from bot import log
from bot.cli import app
from bot.config import SETTINGS

ROOT = Path(__file__).parents[2]
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GcAnAr.canary-canary-canary-canary-canary"


@dataclass
class Host:
    """Runs `beholder` with `env` as the only settings."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path) -> Host:
        """A host whose data folder is below `folder`."""
        return cls(folder, {"BEHOLDER_DATA_DIR": str(folder / "data")})

    @property
    def database(self) -> Path:
        """Where the database is, once something made it."""
        return Path(self.env["BEHOLDER_DATA_DIR"], "beholder.db")

    def __call__(self, *args: object, typed: str | None = None) -> Result:
        """Run it in this process; `typed` is what is entered at the prompts."""
        env: dict[str, str | None] = {**dict.fromkeys(SETTINGS), **self.env, "COLUMNS": "200", "NO_COLOR": "1"}
        with logging_restored():
            return CliRunner(env=env).invoke(app, [str(a) for a in args], input=typed)

    def ok(self, *args: object, typed: str | None = None) -> str:
        """Run it and give what it printed; it must end well and complain about nothing."""
        done = self(*args, typed=typed)
        assert done.exception is None, (done.stderr, done.exception)
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout

    def refused(self, *args: object, code: int = 1, typed: str | None = None) -> str:
        """Run it and give what it complained of: words, and no traceback."""
        done = self(*args, typed=typed)
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        assert code != 1 or done.stderr.startswith("beholder: ")
        return done.stderr

    def process(self, *args: object) -> subprocess.CompletedProcess[str]:
        """Run it as a process of its own."""
        env = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "PYTHONPATH": str(ROOT), **self.env}
        command = [sys.executable, "-m", "bot", *map(str, args)]
        return subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=60, check=False
        )


def json_lines(text: str) -> list[dict[str, Any]]:
    """One object a line, and nothing else."""
    return [json.loads(line) for line in text.splitlines()]


@contextmanager
def logging_restored() -> Iterator[None]:
    """Afterwards, logging is as it was before."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in log.CHATTY}
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, old in levels.items():
            logging.getLogger(name).setLevel(old)
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
