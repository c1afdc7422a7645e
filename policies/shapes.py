"""How values are read from and written to plain objects (mappings, lists, numbers, texts).

A shape reads tolerantly in form and strictly in content, and finds *all* problems at once: each is
one sentence that names the place and the cure. Written against a base, a value leaves out what
equals it; read against the same base, it comes back whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from policies.model import frozen
from policies.wording import Worded

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
E = TypeVar("E", bound=StrEnum)
D = TypeVar("D", bound=Any)

_ID = re.compile(r"-?[0-9]{1,20}(/[0-9]{1,20})?")
_AN_ID = Worded(
    'an id in digits, such as "123456789012345678" (Discord shows it as Copy ID in developer mode), or on Telegram '
    '"-1001234567890" and for a topic "-1001234567890/77"'
)

UNSET = "unset"
"""Written for an entry that the base has and the value has not."""


class PolicyError(ValueError):
    """A policy that cannot be taken. `problems` are all there are, one sentence each, with its cure."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Shape(Protocol[T]):
    """Reads and writes values of one type. `base` None: there is nothing to build on or to leave out."""

    def read(self, given: object, base: T | None, at: str) -> T:
        """The value that `given` says, on top of `base`. Raises `PolicyError`; `at` names the place."""
        ...

    def write(self, value: T, base: T | None, whole: bool) -> object:
        """`value` as plain objects, unless `whole` without what equals `base`."""
        ...


def unknown(given: object, known: Iterable[str], noun: str, at: str) -> PolicyError:
    """The problem of a name that there is not, with the nearest one that there is."""
    known = tuple(known)
    spelt = str(given).strip().lower().replace("-", "_").replace(" ", "_")
    near = get_close_matches(spelt, known, n=1)
    cure = Worded("did you mean {name}?", name=near[0]) if near else Worded("choose one of {names}", names=known)
    problem = Worded("{at}: there is no {noun} {given}; {cure}", at=at, noun=noun, given=repr(str(given)), cure=cure)
    return PolicyError([problem])


def wrong(at: str, wanted: str, given: object) -> PolicyError:
    """The problem of a value that is of another kind than `wanted`."""
    return PolicyError([Worded("{at}: must be {wanted}, not {given}", at=at, wanted=wanted, given=_in_words(given))])


def _in_words(given: object) -> str:
    if given is None:
        return Worded("nothing")
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, Mapping):
        return Worded("a mapping")
    return Worded("a list") if isinstance(given, (list, tuple)) else repr(given)


def _at(place: str, problem: str) -> Worded:
    return Worded("{at}: {problem}", at=place, problem=problem)


def inside(at: str, key: object) -> str:
    """The name of a place within `at`, which is '' for the whole."""
    return f"{at}.{key}" if at else str(key)


# --- leaves ---------------------------------------------------------------------------------------


class _Plain:
    """What is written as it is."""

    __slots__ = ()

    def write(self, value: Any, base: Any, whole: bool) -> object:
        """See `Shape`."""
        return value


@dataclass(frozen=True, slots=True)
class Flag(_Plain):
    """true or false."""

    def read(self, given: object, base: bool | None, at: str) -> bool:
        """See `Shape`."""
        if not isinstance(given, bool):
            raise wrong(at, Worded("true or false"), given)
        return given


@dataclass(frozen=True, slots=True)
class Whole(_Plain):
    """A whole number from `low` to `high`; `because` says why no other."""

    low: int
    high: int
    because: str = ""

    def read(self, given: object, base: int | None, at: str) -> int:
        """See `Shape`."""
        if isinstance(given, bool) or not isinstance(given, int) or not self.low <= given <= self.high:
            wanted = Worded("a whole number from {low} to {high}{because}", **self._bounds())
            raise wrong(at, wanted, given)
        return given

    def _bounds(self) -> dict[str, object]:
        return {"low": self.low, "high": self.high, "because": self.because}


@dataclass(frozen=True, slots=True)
class Fraction(_Plain):
    """A number from 0 to 1."""

    wanted: str = Worded("a number from 0 to 1")

    def read(self, given: object, base: float | None, at: str) -> float:
        """See `Shape`."""
        if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 1:
            raise wrong(at, self.wanted, given)
        return float(given)


@dataclass(frozen=True, slots=True)
class Text(_Plain):
    """A text that `accepts` takes; `wanted` says in words which those are."""

    wanted: str
    accepts: Callable[[str], bool]

    def read(self, given: object, base: str | None, at: str) -> str:
        """See `Shape`."""
        if not isinstance(given, str) or not self.accepts(given):
            raise wrong(at, self.wanted, given)
        return given


@dataclass(frozen=True, slots=True)
class Ident(_Plain):
    """A platform's id: digits (Telegram's chats have a minus before them), never a name, which may change
    hands and would match nothing. YAML reads one without quotes as a number: it is taken all the same."""

    def read(self, given: object, base: str | None, at: str) -> str:
        """See `Shape`."""
        ident = str(given).strip()
        if isinstance(given, bool) or not isinstance(given, (str, int)) or not _ID.fullmatch(ident):
            raise wrong(at, _AN_ID, given)
        return ident


@dataclass(frozen=True, slots=True)
class Word(Generic[E]):
    """One of the words of an enum; `noun` is what they are called."""

    words: type[E]
    noun: str

    def read(self, given: object, base: E | None, at: str) -> E:
        """See `Shape`."""
        if not isinstance(given, str):
            raise wrong(at, Worded("one of {names}", names=tuple(self.words)), given)
        try:
            return self.words(given)
        except ValueError:
            raise unknown(given, [w.value for w in self.words], self.noun, at) from None

    def write(self, value: E, base: E | None, whole: bool) -> object:
        """See `Shape`."""
        return value.value


# --- what is made of others -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Maybe(Generic[T]):
    """A value or None, which is written `word` and read from that or from null."""

    shape: Shape[T]
    word: str | None = None

    def read(self, given: object, base: T | None, at: str) -> T | None:
        """See `Shape`."""
        return None if given is None or given == self.word else self.shape.read(given, base, at)

    def write(self, value: T | None, base: T | None, whole: bool) -> object:
        """See `Shape`."""
        return self.word if value is None else self.shape.write(value, base, whole)


@dataclass(frozen=True, slots=True)
class Many(Generic[T]):
    """A list, replaced as a whole."""

    shape: Shape[T]

    def read(self, given: object, base: tuple[T, ...] | None, at: str) -> tuple[T, ...]:
        """See `Shape`."""
        if not isinstance(given, (list, tuple)):
            raise wrong(at, Worded("a list"), given)
        found: list[T] = []
        problems: list[str] = []
        for n, item in enumerate(given):
            try:
                found.append(self.shape.read(item, None, f"{at}[{n}]"))
            except PolicyError as error:
                problems += error.problems
        if problems:
            raise PolicyError(problems)
        return tuple(found)

    def write(self, value: tuple[T, ...], base: tuple[T, ...] | None, whole: bool) -> object:
        """See `Shape`."""
        return [self.shape.write(item, None, whole) for item in value]


@dataclass(frozen=True, slots=True)
class Bag(Generic[T]):
    """A list whose order means nothing: a frozenset."""

    shape: Shape[T]

    def read(self, given: object, base: frozenset[T] | None, at: str) -> frozenset[T]:
        """See `Shape`."""
        return frozenset(Many(self.shape).read(given, None, at))

    def write(self, value: frozenset[T], base: frozenset[T] | None, whole: bool) -> object:
        """See `Shape`."""
        return sorted(str(self.shape.write(item, None, whole)) for item in value)


@dataclass(frozen=True, slots=True)
class Table(Generic[K, V]):
    """A mapping, taken entry by entry on top of the base's.

    `fill` gives what a new entry is built on; without `blank`, which new entries are written
    against, they are written in full.
    """

    key: Shape[K]
    value: Shape[V]
    fill: Callable[[K], V | None] = lambda _: None
    blank: V | None = None

    def read(self, given: object, base: Mapping[K, V] | None, at: str) -> Mapping[K, V]:
        """See `Shape`."""
        if not isinstance(given, Mapping):
            raise wrong(at, Worded("a mapping"), given)
        entries = dict(base or {})
        problems: list[str] = []
        for name, item in given.items():
            place = inside(at, name)
            try:
                key = self.key.read(name, None, at)
                if item == UNSET:
                    entries.pop(key, None)
                else:
                    entries[key] = self.value.read(item, entries[key] if key in entries else self.fill(key), place)
            except PolicyError as error:
                problems += error.problems
        if problems:
            raise PolicyError(problems)
        return frozen(entries)

    def write(self, value: Mapping[K, V], base: Mapping[K, V] | None, whole: bool) -> object:
        """See `Shape`."""
        known: Mapping[K, V] = base or {}
        listed = {k: v for k, v in value.items() if whole or k not in known or v != known[k]}
        written = {str(k): self.value.write(v, known.get(k, self.blank), whole) for k, v in listed.items()}
        return written | {str(k): UNSET for k in known if k not in value}


@dataclass(frozen=True, slots=True)
class Record(Generic[D]):
    """A dataclass, taken field by field on top of `base`, or of `blank` where there is none.

    `needs` are the fields that a new one must give. `check` finds what is wrong between fields.
    """

    blank: D
    fields: Mapping[str, Shape[Any]]
    noun: str = Worded("setting")
    needs: tuple[str, ...] = ()
    check: Callable[[D], Iterable[str]] = field(default=lambda _: ())

    def read(self, given: object, base: D | None, at: str) -> D:
        """See `Shape`."""
        if not isinstance(given, Mapping):
            raise wrong(at or "policy", Worded("a mapping of {names}", names=tuple(self.fields)), given)
        built_on = self.blank if base is None else base
        missing = [name for name in self.needs if base is None and name not in given]
        problems: list[str] = [Worded("{at}: must be given", at=inside(at, name)) for name in missing]
        changes = {}
        for name, item in given.items():
            try:
                changes[name] = self._field(name, at).read(item, getattr(built_on, name), inside(at, name))
            except PolicyError as error:
                problems += error.problems
        if problems:
            raise PolicyError(problems)
        return self._built(built_on, changes, at)

    def _field(self, name: object, at: str) -> Shape[Any]:
        if name not in self.fields:
            raise unknown(name, self.fields, self.noun, at or "policy")
        return self.fields[str(name)]

    def _built(self, base: D, changes: Mapping[str, Any], at: str) -> D:
        try:
            built: D = replace(base, **changes)
        except ValueError as error:
            raise PolicyError([_at(at, error.args[0])]) from None
        if found := tuple(self.check(built)):
            raise PolicyError(_at(at, problem) if at else problem for problem in found)
        return built

    def write(self, value: D, base: D | None, whole: bool) -> dict[str, object]:
        """See `Shape`."""
        told = [n for n in self.fields if whole or base is None or getattr(value, n) != getattr(base, n)]
        return {
            n: self.fields[n].write(getattr(value, n), None if base is None else getattr(base, n), whole) for n in told
        }
