"""Column types: what the tables hold beyond text and numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator

from bot.store.codec import Codec

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, as whole microseconds since 1970: sortable, and the same in any database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses a moment without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; take it from the Clock")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Word(TypeDecorator[E], Generic[E]):
    """A member of a StrEnum, by its value."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[E]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        """Also takes the bare value, refuses what is no member."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        """The member."""
        return None if value is None else self.kind(value)


class Document(TypeDecorator[Any]):
    """A JSON object of plain values. Bytes are refused: no picture ever gets into the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Raises TypeError for bytes, ValueError for NaN."""
        if value is None:
            return None
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Dicts and lists."""
        return None if value is None else json.loads(value)


def _plain(value: Any) -> Any:
    """Read-only mappings and sets are as good as the plain ones; anything else is refused."""
    if hasattr(value, "keys"):
        return dict(value)
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    raise TypeError(f"a {type(value).__name__} cannot be stored; store its id or hash")


class Coded(TypeDecorator[T], Generic[T]):
    """One of the project's own values, as its codec writes it."""

    impl = Text
    cache_ok = True

    def __init__(self, codec: Codec[T]) -> None:
        super().__init__()
        self.codec = codec

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        """As JSON."""
        return None if value is None else self.codec.dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        """Raises `Unreadable`."""
        return None if value is None else self.codec.load(value)
