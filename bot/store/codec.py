"""Values <-> JSON, for everything that is stored. pydantic reads the dataclasses' own annotations.

Reading is tolerant of keys it does not know (a later version's), and of fields that a later version
gave a default; it is strict about everything else: what cannot be read raises `Unreadable` and is
never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.model import Event, Judged, Media, Outcome, Page
from bot.store.errors import Unreadable
from policies.model import Decision, Standing, Verdict, kept
from providers.base import Ticket

T = TypeVar("T")

VERSION = 1
"""Of the stored form of the values below; kept beside each of them. Raised when an old form needs an upgrade."""


class Codec(Generic[T]):
    """How values of one type are written down and read back: `load(dump(x)) == kept(x)`.

    `kept` takes away what must not be written down.
    """

    def __init__(self, kind: Any, name: str, kept: Callable[[T], T] = lambda value: value) -> None:
        self._kind = kind
        self._name = name
        self._kept = kept

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)

    def prepare(self) -> None:
        """Build it now instead of at its first use."""
        _ = self._adapter

    def dump(self, value: T) -> str:
        """As JSON text."""
        return self._adapter.dump_json(self._kept(value)).decode()

    def load(self, text: str | bytes) -> T:
        """From JSON text. Raises `Unreadable`."""
        try:
            return self._adapter.validate_json(text)
        except ValidationError as error:
            raise self._unreadable(error) from None

    def pack(self, value: T) -> dict[str, Any]:
        """As plain JSON-able objects."""
        packed: dict[str, Any] = self._adapter.dump_python(self._kept(value), mode="json")
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


def _images_kept(images: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """Without what a provider read from them: texts, faces, codes (ruling 21)."""
    return tuple(
        replace(i, screenings=tuple(kept(s) if isinstance(s, Verdict) else s for s in i.screenings)) for i in images
    )


EVENT: Codec[Event] = Codec(Event, "event")
MEDIA: Codec[tuple[Media, ...]] = Codec(tuple[Media, ...], "set of media")
STANDING: Codec[Standing] = Codec(Standing, "standing")
IMAGES: Codec[tuple[Judged, ...]] = Codec(tuple[Judged, ...], "set of judged images", _images_kept)
DECISION: Codec[Decision] = Codec(Decision, "decision")
OUTCOME: Codec[Outcome] = Codec(Outcome, "outcome")
PAGE: Codec[Page] = Codec(Page, "page")
VERDICT: Codec[Verdict] = Codec(Verdict, "verdict", kept)
SPANS: Codec[Mapping[str, float]] = Codec(Mapping[str, float], "set of spans")
TICKET: Codec[Ticket] = Codec(Ticket, "ticket")


def prepare() -> None:
    """Build every codec now: it reads files and takes a while, which the first event must not wait for."""
    for codec in (EVENT, MEDIA, STANDING, IMAGES, DECISION, OUTCOME, PAGE, VERDICT, SPANS, TICKET):
        codec.prepare()


def event_payload(event: Event) -> dict[str, Any]:
    """What a job of kind `EVENT` carries."""
    return {"v": VERSION, "event": EVENT.pack(event)}


def followed_payload(event: Event, first: int) -> dict[str, Any]:
    """What a job of kind `FOLLOW_UP` carries: the event, and the id of the job that judged it first."""
    return {**event_payload(event), "first": first}


def event_from(payload: Mapping[str, Any]) -> Event:
    """The event of a job of either kind. Raises `Unreadable`."""
    version = payload.get("v")
    if version != VERSION:
        raise Unreadable(f"an event of version {version!r} cannot be read, only {VERSION}; upgrade the bot")
    return EVENT.unpack(payload["event"])
