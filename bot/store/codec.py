"""Values <-> JSON, for everything that is stored. pydantic reads the dataclasses' own annotations.

Reading is tolerant of keys it does not know (a later version's), and of fields that a later version
gave a default; it is strict about everything else: what cannot be read raises `Unreadable` and is
never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.model import Event, Judged, Outcome
from bot.store.errors import Unreadable
from policies.model import Decision, Standing, Verdict
from providers.base import Ticket

T = TypeVar("T")

VERSION = 1
"""Of the stored form of the values below; kept beside each of them. Raised when an old form needs an upgrade."""


class Codec(Generic[T]):
    """How values of one type are written down and read back: `load(dump(x)) == x`."""

    def __init__(self, kind: Any, name: str) -> None:
        self._kind = kind
        self._name = name

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)

    def prepare(self) -> None:
        """Build it now instead of at its first use."""
        _ = self._adapter

    def dump(self, value: T) -> str:
        """As JSON text."""
        return self._adapter.dump_json(value).decode()

    def load(self, text: str | bytes) -> T:
        """From JSON text. Raises `Unreadable`."""
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            raise self._unreadable(error) from None

    def pack(self, value: T) -> dict[str, Any]:
        """As plain JSON-able objects."""
        packed: dict[str, Any] = self._adapter.dump_python(value, mode="json")
        return packed

    def unpack(self, packed: Mapping[str, Any]) -> T:
        """From plain objects. Raises `Unreadable`."""
        try:
            return self._adapter.validate_python(packed)
        except ValidationError as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: ValidationError) -> Unreadable:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(x) for x in first["loc"]) or "the whole"
        return Unreadable(
            f"a stored {self._name} cannot be read ({where}: {first['msg']}); "
            "it was written by another version: upgrade the bot, or restore a backup"
        )


EVENT: Codec[Event] = Codec(Event, "event")
STANDING: Codec[Standing] = Codec(Standing, "standing")
IMAGES: Codec[tuple[Judged, ...]] = Codec(tuple[Judged, ...], "set of judged images")
DECISION: Codec[Decision] = Codec(Decision, "decision")
OUTCOME: Codec[Outcome] = Codec(Outcome, "outcome")
VERDICT: Codec[Verdict] = Codec(Verdict, "verdict")
SPANS: Codec[Mapping[str, float]] = Codec(Mapping[str, float], "set of spans")
TICKET: Codec[Ticket] = Codec(Ticket, "ticket")


def prepare() -> None:
    """Build every codec now: it reads files and takes a while, which the first event must not wait for."""
    for codec in (EVENT, STANDING, IMAGES, DECISION, OUTCOME, VERDICT, SPANS, TICKET):
        codec.prepare()


def event_payload(event: Event) -> dict[str, Any]:
    """What a job of kind `EVENT` carries."""
    return {"v": VERSION, "event": EVENT.pack(event)}


def event_from(payload: Mapping[str, Any]) -> Event:
    """The event of such a job. Raises `Unreadable`."""
    version = payload.get("v")
    if version != VERSION:
        raise Unreadable(f"an event of version {version!r} cannot be read, only {VERSION}; upgrade the bot")
    return EVENT.unpack(payload["event"])
