"""One line an event, no secret in any of them, whatever is logged and however it fails."""

import asyncio
import gc
import json
import logging
import sys
import threading
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterator
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from bot import log
from tests.bot.commandline import logging_restored

CANARY = "canary/secret+token=1"
URL = "https://api.telegram.org/bot123456:AAcanaryAAAAAAAAAA/getMe"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before."""
    with logging_restored():
        yield


Lines = Callable[[], list[str]]


@pytest.fixture(params=["console", "json"])
def written(request: pytest.FixtureRequest) -> Lines:
    """Log in either format; the lines so far."""
    return _capture(request.param)


@pytest.fixture
def events() -> Callable[[], list[dict[str, Any]]]:
    """Log as JSON; the events so far."""
    lines = _capture("json")
    return lambda: [json.loads(line) for line in lines()]


def _capture(style: str, level: str = "debug") -> Lines:
    stream = StringIO()
    log.set_up(level, style, [CANARY], stream)
    return lambda: stream.getvalue().splitlines()


def _alone() -> None:
    root = logging.getLogger()
    root.handlers[:] = [h for h in root.handlers if type(h).__module__ == log.__name__]


def _raise(error: Exception) -> None:
    raise error


def _raise_with_cause() -> None:
    try:
        _raise(KeyError(CANARY))
    except KeyError as error:
        raise ValueError(f"cannot use {CANARY}\nnor {URL}") from error


# --- what a line looks like ------------------------------------------------------------------------------


def test_an_event_is_one_json_object(events: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.contextvars.bind_contextvars(guild="discord:1")
    structlog.get_logger("beholder.pipeline").info("judged", ms=12.5, images=2, suggestion="block")
    (event,) = events()
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "judged",
        "guild": "discord:1",
        "images": 2,
        "level": "info",
        "logger": "beholder.pipeline",
        "ms": 12.5,
        "suggestion": "block",
    }


def test_libraries_go_the_same_way(events: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("somewhere").warning("%s of %d", "two", 3)
    (event,) = events()
    assert (event["event"], event["logger"], event["level"]) == ("two of 3", "somewhere", "warning")


def test_any_value_becomes_plain_json(events: Callable[[], list[dict[str, Any]]]) -> None:
    class Colour(StrEnum):
        RED = "red"

    values = {
        "path": Path("/x"),
        "nan": float("nan"),
        "nested": {"list": [1, None, {CANARY}]},
        "enum": Colour.RED,
        7: b"bytes",
        "token": "whatever",
        "deep": {"Authorization": "Bot x"},
    }
    structlog.get_logger().info("odd", values=values)
    (event,) = events()
    assert event["values"] == {
        "path": "/x",
        "nan": "nan",
        "nested": {"list": [1, None, ["[redacted]"]]},
        "enum": "red",
        "7": "b'bytes'",
        "token": "[redacted]",
        "deep": {"Authorization": "[redacted]"},
    }


def test_a_json_traceback_keeps_its_lines(events: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        _raise_with_cause()
    except ValueError:
        structlog.get_logger().exception("failed")
    (event,) = events()
    assert "_raise_with_cause" in event["exception"].splitlines()[-4]
    assert "The above exception was the direct cause" in event["exception"]


def test_a_console_exception_tells_the_way_and_the_cause_on_its_line() -> None:
    lines = _capture("console")
    try:
        _raise_with_cause()
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert "ValueError: cannot use [redacted]" in line
    assert "> test_log.py:" in line
    assert " from KeyError: " in line


def test_a_group_of_exceptions_names_its_members() -> None:
    group = ExceptionGroup("several", [ValueError("one"), TypeError("two")])
    line = log.compact((type(group), group, None))
    assert "ValueError: one" in line
    assert "TypeError: two" in line


def test_causes_in_a_ring_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert log.compact((ValueError, first, None)).count("ValueError") == 2


def test_endless_text_is_cut_and_counted(written: Lines) -> None:
    structlog.get_logger().info("long", text="x" * 50_000)
    (line,) = written()
    assert len(line) < 10_000
    assert "+42000" in line


# --- what must not be in it ------------------------------------------------------------------------------


def test_no_secret_in_any_place_of_any_line(written: Lines) -> None:
    logger = structlog.get_logger("beholder")
    logger.info("event %s", CANARY, value=CANARY, nested={"list": [CANARY]}, **{CANARY: 1})
    logger.info("quoted", url=f"https://x/?token={quote(CANARY, safe='')}")
    logger.info("basic", header=b64encode(f"user:{CANARY}".encode()).decode())
    logger.info("telegram", url=URL)
    logging.getLogger("lib").error("args %s %r", CANARY, {"t": CANARY})
    try:
        _raise_with_cause()
    except ValueError as error:
        logger.exception("raised", error=error)
        logging.getLogger("lib").exception("raised")
        logger.error("instance", exc_info=error)
    lines = written()
    assert len(lines) == 8
    assert not [line for line in lines if "canary" in line or "secret+token" in line]


def test_nobody_can_forge_a_line(written: Lines) -> None:
    _alone()  # pytest's own handler would keep the lone surrogate for its report
    naughty = "x\n2026-01-01 [info] forged\r\x1b[2K\u2028\u202egnp.exe\x00\ud83d"
    logger = structlog.get_logger()
    logger.warning(naughty, name=naughty, names=[naughty])
    logging.getLogger("lib").warning("%s", naughty)
    try:
        _raise(ValueError(naughty))
    except ValueError:
        logger.exception("raised")
    lines = written()
    assert len(lines) == 3
    for line in lines:
        assert not set("\x1b\u202e\u2028\x00\r") & set(line)
        line.encode()


def test_a_record_that_cannot_be_rendered_costs_no_secret(written: Lines) -> None:
    _alone()  # pytest's own handler would raise
    logging.getLogger("lib").error("%d of", CANARY)
    (line,) = written()
    assert "a log line was lost (TypeError)" in line
    assert "canary" not in line


def test_a_stream_that_is_gone_stops_nobody() -> None:
    stream = StringIO()
    log.set_up("info", "console", [], stream)
    stream.close()
    logging.getLogger("lib").error("into the void")


# --- levels ----------------------------------------------------------------------------------------------


def test_the_level_holds_for_us_and_for_libraries() -> None:
    lines = _capture("console", "warning")
    structlog.get_logger().info("no")
    logging.getLogger("lib").info("no")
    structlog.get_logger().warning("yes")
    assert [line for line in lines() if "no " in line] == []
    assert len(lines()) == 1


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "aiohttp.access", "discord.gateway", "uvicorn.error"])
def test_chatty_libraries_are_quiet_even_when_we_debug(written: Lines, name: str) -> None:
    logging.getLogger(name).info("chatter")
    assert written() == []
    logging.getLogger(name).warning("trouble")
    assert len(written()) == 1


def test_setting_up_again_replaces_what_was() -> None:
    first = _capture("json")
    second = _capture("json")
    structlog.get_logger().info("once")
    assert first() == []
    assert len(second()) == 1


# --- what nobody caught ----------------------------------------------------------------------------------


@pytest.fixture
def hooked(events: Callable[[], list[dict[str, Any]]]) -> Callable[[], list[dict[str, Any]]]:
    """The hooks in place of Python's own."""
    log.hook()
    return events


def test_an_uncaught_exception_is_an_event(hooked: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        _raise_with_cause()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    (event,) = hooked()
    assert event["level"] == "critical"
    assert "ValueError" in event["exception"]
    assert "canary" not in event["exception"]


def test_pressing_control_c_is_no_exception(hooked: Callable[[], list[dict[str, Any]]]) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert hooked() == []


def test_threads_are_watched(hooked: Callable[[], list[dict[str, Any]]]) -> None:
    thread = threading.Thread(target=_raise_with_cause, name="worker")
    thread.start()
    thread.join()
    (event,) = hooked()
    assert event["thread"] == "worker"
    assert "canary" not in json.dumps(event)


def test_what_python_would_ignore_is_told(hooked: Callable[[], list[dict[str, Any]]]) -> None:
    class Bad:
        def __del__(self) -> None:
            _raise_with_cause()

    Bad()
    gc.collect()
    (event,) = hooked()
    assert "canary" not in json.dumps(event)
    assert "ValueError" in event["exception"]


def test_warnings_are_lines_too(events: Callable[[], list[dict[str, Any]]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)  # what catch_warnings put back
        logging.captureWarnings(capture=True)
        warnings.warn(f"old {CANARY}", UserWarning, stacklevel=1)
    (event,) = events()
    assert event["logger"] == "py.warnings"
    assert "canary" not in json.dumps(event).replace("test_log.py", "")


@pytest.mark.asyncio
async def test_a_task_that_nobody_awaited_is_told(events: Callable[[], list[dict[str, Any]]]) -> None:
    log.watch(asyncio.get_running_loop())

    async def fail() -> None:
        _raise_with_cause()

    task = asyncio.create_task(fail(), name=f"named {CANARY}")
    await asyncio.wait([task])
    del task
    gc.collect()
    (event,) = events()
    assert event["event"] == "Task exception was never retrieved"
    assert "ValueError" in event["exception"]
    assert "canary" not in json.dumps(event)
