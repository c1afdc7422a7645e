"""What a provider reads from an image beside its labels: texts, codes, faces."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class DetailKind(StrEnum):
    """What a provider read from an image beside its labels."""

    FACE = "face"
    QR_CODE = "qr_code"
    TEXT = "text"  # all the text in the image
    WORDS = "words"  # the piece of text that was objected to


@dataclass(frozen=True, slots=True)
class Detail:
    """Something a provider read from an image, for the card alone: it is never kept (ruling 21).

    `text` is somebody's: quoted where it is shown, never fetched, never logged. `box` is left, top, right,
    bottom in pixels of the picture that the provider saw; `glossary` the word list that a piece of text is on.
    """

    kind: DetailKind
    text: str = field(default="", repr=False)
    box: tuple[int, int, int, int] | None = field(default=None, repr=False)
    glossary: str = ""
