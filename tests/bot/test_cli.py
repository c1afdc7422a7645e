"""The command line as a whole: quick, honest about what is wrong, and with the right exit code."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import __version__, app, cli
from bot.commands.console import say_json
from bot.config import Config
from tests.bot.commandline import ROOT, TOKEN, Host


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.at(tmp_path)


COMMANDS = ["run", "demo", "screen", "init", "doctor", "policy", "case", "testcard", "migrate", "backup"]


# --- the whole ---------------------------------------------------------------------------------------


def test_help_names_every_command(host: Host) -> None:
    shown = host.ok("--help")
    assert [c for c in COMMANDS if f" {c} " not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(host: Host, command: str) -> None:
    assert "Usage: " in host.ok(command, "--help")


def test_version(host: Host) -> None:
    assert host.ok("--version") == f"beholder {__version__}\n"


def test_help_is_quick_since_nothing_heavy_is_loaded() -> None:
    heavy = ("pydantic", "structlog", "sqlalchemy", "discord", "aiohttp", "onnxruntime", "numpy", "PIL", "yaml")
    code = f"import sys, bot.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_module_is_the_command(host: Host) -> None:
    done = host.process("--version")
    assert (done.returncode, done.stdout) == (0, f"beholder {__version__}\n")


@pytest.mark.parametrize(
    "args",
    [
        ("frobnicate",),
        ("run", "--frob"),
        ("screen",),
        ("screen", "x.png", "--context", "moon"),
        ("policy", "show"),
        ("policy", "show", "--guild", "discord"),
        ("policy", "show", "--guild", "discrd:1"),
        ("policy", "show", "--guild", "discord:one"),
        ("case", "show", "none", "--guild", "discord:1"),
        ("case", "list", "--guild", "discord:1", "--state", "closed"),
        ("testcard", "nudity", "0.5", "x.png"),
        ("testcard", "other", "1.5", "x.png"),
        ("testcard", "other", "0.5", "x.gif"),
        ("demo", "--images", "/no/such/folder"),
    ],
)
def test_wrong_usage_is_two(host: Host, args: Sequence[str]) -> None:
    assert host.refused(*args, code=2)


def test_json_is_ascii_so_that_no_terminal_is_too_small(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"file": "ünïcode \udc80 \u202e"})
    assert capsys.readouterr().out == '{"file": "\\u00fcn\\u00efcode \\udc80 \\u202e"}\n'


# --- configuration ---------------------------------------------------------------------------------------


def test_run_without_a_platform_says_the_cure(host: Host) -> None:
    assert "beholder init" in host.refused("run")


def test_run_says_every_problem_and_no_secret(host: Host) -> None:
    host.env |= {"BEHOLDER_DISCORD_TOKEN": f"Bot {TOKEN}", "BEHOLDER_WEB_PORT": "x", "BEHOLDER_FROB": "1"}
    said = host.refused("run")
    assert "3 problems" in said
    assert said.count("\n  - BEHOLDER_") == 3
    assert "canary" not in said


def test_run_starts_the_bot_with_what_was_configured(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Config] = []

    async def run(config: Config) -> None:
        started.append(config)

    monkeypatch.setattr(app, "run", run)
    file = host.folder / "beholder.env"
    file.write_text(f"BEHOLDER_DISCORD_TOKEN={TOKEN}\nBEHOLDER_WEB_PORT=0\n")
    done = host("run", "--config", file)
    assert done.exit_code == 0
    assert started[0].secrets == (TOKEN,)
    assert started[0].web_port == 0
    assert f"chmod 600 {file}" in done.stderr
    assert "canary" not in done.output


def test_a_bug_is_told_without_secrets_or_local_variables(host: Host) -> None:
    host.env["BEHOLDER_DISCORD_TOKEN"] = TOKEN
    code = (
        "import bot.app, bot.cli, sys\n"
        "async def run(config):\n"
        "    token = config.discord_token.get_secret_value()\n"
        "    raise RuntimeError(f'bug with {token}')\n"
        "bot.app.run = run\n"
        "sys.argv[1:] = ['run']\n"
        "bot.cli.main()\n"
    )
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **host.env}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RuntimeError: bug with [redacted]" in done.stderr
    assert "canary" not in done.stdout + done.stderr


# --- testcard, migrate, backup ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "magic"), [("card.png", b"\x89PNG"), ("card.JPG", b"\xff\xd8"), ("c.jpeg", b"\xff\xd8")]
)
def test_the_ending_chooses_the_format_of_a_test_card(host: Host, name: str, magic: bytes) -> None:
    file = host.folder / name
    assert "sexual_explicit at 0.95" in host.ok("testcard", "sexual_explicit", "0.95", file)
    assert file.read_bytes().startswith(magic)


def test_a_card_that_cannot_be_written(host: Host) -> None:
    assert "cannot be written" in host.refused("testcard", "other", "0.5", host.folder / "no" / "card.png")


def test_migrate_makes_the_database_and_says_where(host: Host) -> None:
    said = host.ok("migrate")
    assert str(host.database) in said
    assert stat.S_IMODE(host.database.stat().st_mode) == 0o600
    assert host.ok("migrate") == said


def test_a_backup_is_a_whole_private_database(host: Host) -> None:
    host.ok("migrate")
    copy = host.folder / "copy.db"
    host.ok("backup", copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert opened.execute("SELECT count(*) FROM policies").fetchone() == (0,)
    opened.close()


def test_a_backup_overwrites_nothing_and_makes_no_database(host: Host) -> None:
    assert "there is no database" in host.refused("backup", host.folder / "copy.db")
    assert not host.database.exists()
    host.ok("migrate")
    taken = host.folder / "taken"
    taken.write_text("precious")
    assert "name a file that does not" in host.refused("backup", taken)
    assert taken.read_text() == "precious"


# --- a database that cannot be used ------------------------------------------------------------------------


DATABASE_COMMANDS = [("migrate",), ("policy", "show", "--guild", "discord:1"), ("case", "list", "--guild", "discord:1")]


@pytest.mark.parametrize("args", DATABASE_COMMANDS)
def test_what_is_no_database_is_not_touched(host: Host, args: Sequence[str]) -> None:
    host.database.parent.mkdir()
    host.database.write_bytes(b"precious, but no database" * 100)
    said = host.refused(*args)
    assert "is not a SQLite database" in said
    assert "put a backup back" in said
    assert host.database.read_bytes() == b"precious, but no database" * 100


def test_a_damaged_database_says_how_to_restore(host: Host) -> None:
    host.ok("migrate")
    host.ok("backup", host.folder / "copy.db")  # in one file, without a log beside it that would heal it
    damaged = bytearray((host.folder / "copy.db").read_bytes())
    damaged[4096:12288] = b"\xff" * 8192
    host.env["BEHOLDER_DATA_DIR"] = str(host.folder / "other")
    host.database.parent.mkdir()
    host.database.write_bytes(damaged)
    assert "put a backup back" in host.refused("case", "list", "--guild", "discord:1")


def test_a_data_folder_that_cannot_be_made(host: Host) -> None:
    host.env["BEHOLDER_DATA_DIR"] = "/proc/nowhere"
    assert "choose another BEHOLDER_DATA_DIR" in host.refused("migrate")


def test_a_database_of_somebody_else_says_so(host: Host) -> None:
    with tempfile.TemporaryDirectory() as folder:  # pytest's own cannot be entered by others
        Path(folder).chmod(0o755)
        host.env["BEHOLDER_DATA_DIR"] = folder
        host.ok("migrate")
        for file in Path(folder).iterdir():
            file.chmod(0o444)
        with somebody_else(folder):
            assert "write access" in host.refused("migrate")


@contextmanager
def somebody_else(folder: str) -> Iterator[None]:
    """Another user than the owner of `folder`; who is no root only loses the right to write there."""
    us = os.geteuid()
    Path(folder).chmod(0o555)
    try:
        if us == 0:
            os.seteuid(65534)
        yield
    finally:
        os.seteuid(us)
        Path(folder).chmod(0o755)


def test_only_errors_that_say_their_cure_are_shortened() -> None:
    assert cli._known()[0].__name__ == "Stop"
    assert {e.__name__ for e in cli._known()} <= {
        "Stop",
        "ConfigError",
        "Fatal",
        "StoreError",
        "WebError",
        "PolicyError",
    }
