"""Logging: one structured line an event, without secrets, for people (`console`) or machines (`json`).

Everything goes the same way: our events through structlog, those of libraries through `logging`,
and what nobody caught through the hooks below.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.config import Config, LogFormat
from bot.redact import REDACTED, Redactor, neutral

CHATTY = ("aiohttp", "aiosqlite", "alembic", "asyncio", "discord", "httpcore", "httpx", "PIL", "telegram", "uvicorn")
LONGEST = 8_000  # characters of one value; the rest is counted
_SECRET_KEYS = frozenset({"authorization", "password", "secret", "token"})

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(config: Config, *, level: str | None = None, stream: TextIO | None = None) -> None:
    """Send all logging through one handler on `stream` (standard error) and catch what nobody else does.

    Calling it again replaces what was configured before.
    """
    set_up(level or config.log_level, config.log_format, config.secrets, stream)
    hook()


def hook() -> None:
    """Log what the interpreter would print: uncaught exceptions of this and other threads, ignored ones."""
    sys.excepthook = _uncaught
    sys.unraisablehook = _unraisable
    threading.excepthook = _uncaught_in_thread


def set_up(level: str, style: str, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Logging alone, without the hooks."""
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_formatter(style, Redactor(secrets), colours=handler.stream.isatty()))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(number)
    logging.captureWarnings(capture=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class _Handler(logging.StreamHandler[TextIO]):
    """Says in its own line that a record could not be rendered: the stock one prints its arguments raw."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        kind = sys.exc_info()[0]
        lost = logging.makeLogRecord({"name": record.name, "levelno": logging.ERROR, "levelname": "ERROR"})
        lost.msg = f"a log line was lost ({kind.__name__ if kind else 'unknown'})"
        try:
            self.stream.write(self.format(lost) + self.terminator)
            self.flush()
        except (OSError, ValueError):  # the stream itself is gone: nobody is left to be told
            return


def _formatter(style: str, redact: Redactor, *, colours: bool) -> logging.Formatter:
    as_json = style == LogFormat.JSON
    tail: tuple[Processor, ...] = (
        (structlog.processors.ExceptionRenderer(), _Plain(redact, lines=True), _as_json)
        if as_json
        else (
            structlog.processors.ExceptionRenderer(compact),
            _on_its_line,
            _Plain(redact, lines=False),
            structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0),
        )
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=(structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail),
    )


def _on_its_line(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The console renderer would put what is called `exception` below the line."""
    if "exception" in event:
        event["raised"] = event.pop("exception")
    return event


def _as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return json.dumps(event)


class _Plain:
    """Turns an event into plain JSON values whose texts are redacted, neutral and bounded."""

    def __init__(self, redact: Redactor, *, lines: bool) -> None:
        self._redact = redact
        self._lines = lines

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {self._text(str(k)): self._value(k, v) for k, v in event.items()}

    def _value(self, key: object, value: object) -> Any:
        if str(key).lower() in _SECRET_KEYS:
            return REDACTED
        return self._plain(value)

    def _plain(self, value: object) -> Any:
        if value is None or type(value) in (bool, int):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, Mapping):
            return {self._text(str(k)): self._value(k, v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._plain(v) for v in value]
        return self._text(str(value))

    def _text(self, text: str) -> str:
        clean = neutral(self._redact(text), lines=self._lines)
        return clean if len(clean) <= LONGEST else f"{clean[:LONGEST]}… (+{len(clean) - LONGEST})"


# --- exceptions --------------------------------------------------------------------------------


def compact(exc_info: ExcInfo) -> str:
    """An exception with its causes on one line: `ValueError: no (app.py:31 run > x.py:20 load) from KeyError: …`."""
    return " from ".join(_one(error) for error in _causes(exc_info[1]))


def _one(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = " > ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__}: {error}{_members(error)} ({where})"


def _members(error: BaseException) -> str:
    if not isinstance(error, BaseExceptionGroup):
        return ""
    return f" [{'; '.join(' from '.join(_one(e) for e in _causes(member)) for member in error.exceptions)}]"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _log() -> Any:
    return structlog.get_logger("beholder")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _log().critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        thread = args.thread.name if args.thread else None
        _log().critical("uncaught exception in a thread", thread=thread, exc_info=args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    _log().error(args.err_msg or "exception ignored", where=repr(args.object), exc_info=args.exc_value)


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what tasks of `loop` raised and nobody awaited."""
    loop.set_exception_handler(_uncaught_in_loop)


def _uncaught_in_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    task = context.get("future") or context.get("task")
    _log().error(str(context["message"]), task=repr(task) if task else None, exc_info=context.get("exception"))
