"""Statements of the hot path, compiled once and for all.

SQLAlchemy builds a context and a result around each execution and drops them again: 60 to 100 µs a
statement, twelve times between a post and its removal (docs/decisions/0002). Statements are written
in Core as everywhere and the types of the columns apply; only the execution is the driver's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from bot.store.driver import bare

Statement: TypeAlias = "Select[Any] | Insert | Update | Delete | Any"  # `returning` makes further types of them
Convert: TypeAlias = "Callable[[Any], Any] | None"

_DIALECT: Dialect = SQLiteDialect_pysqlite(paramstyle="qmark")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """`binds`: name, conversion and (for what the statement itself says) the value of each `?`."""

    sql: str
    binds: tuple[tuple[str, Convert, Any], ...]
    columns: tuple[Convert, ...]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """What stands for each `?`."""
        given = ((convert, values.get(name, said)) for name, convert, said in self.binds)
        return [value if convert is None else convert(value) for convert, value in given]

    def row(self, found: Sequence[Any]) -> tuple[Any, ...]:
        """A row as the columns' types would have it."""
        return tuple(v if convert is None else convert(v) for convert, v in zip(self.columns, found, strict=True))


class Prepared:
    """A statement without `IN` over lists; always run with the same names."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Execute, and return all rows. Raises sqlite3.Error."""
        compiled = self._for(values)
        found = bare(connection).execute(compiled.sql, compiled.arguments(values))
        return [compiled.row(row) for row in found.fetchall()]

    def each(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute once for each of `rows`. Raises sqlite3.Error."""
        for values in rows:
            self.run(connection, values)

    def _for(self, values: Mapping[str, Any]) -> _Compiled:
        if self._compiled is None:
            self._compiled = _compile(self._statement, list(values))
        return self._compiled


def _compile(statement: Statement, names: list[str]) -> _Compiled:
    """Raises KeyError for a parameter that is neither among `names` nor said by the statement."""
    compiled = cast("SQLCompiler", statement.compile(dialect=_DIALECT, column_keys=names))
    said = compiled.params
    order = compiled.positiontup or []
    required = {name for name in order if compiled.binds[name].required}
    if missing := required - set(names):
        raise KeyError(f"the statement wants {', '.join(sorted(missing))} too")
    return _Compiled(
        sql=str(compiled),
        binds=tuple((name, _writing(compiled.binds[name].type), said[name]) for name in order),
        columns=tuple(_reading(column.type) for column in statement.exported_columns),
    )


def _writing(kind: TypeEngine[Any]) -> Convert:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _reading(kind: TypeEngine[Any]) -> Convert:
    return kind.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
