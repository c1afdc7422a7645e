"""The words that everybody shares: what an image can show, where it was seen, what to do with it."""

from __future__ import annotations

from enum import StrEnum


class Category(StrEnum):
    """What an image can be found to show. Severity lives here, certainty in the score."""

    SEXUAL_EXPLICIT = "sexual_explicit"
    SEXUAL_SUGGESTIVE = "sexual_suggestive"
    VIOLENCE_GRAPHIC = "violence_graphic"
    VIOLENCE = "violence"
    EXTREMISM = "extremism"
    HATE = "hate"
    SELF_HARM = "self_harm"
    ADVERTISING = "advertising"
    OFFENSIVE_TEXT = "offensive_text"
    OTHER = "other"


SEXUAL = frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE})


class Context(StrEnum):
    """Where an image was seen: the `event_type` values of Huawei Cloud Image Moderation V3."""

    HEAD_IMAGE = "head_image"
    ALBUM = "album"
    DYNAMIC = "dynamic"
    ARTICLE = "article"
    COMMENT = "comment"
    ROOM_COVER = "room_cover"
    GROUP_MESSAGE = "group_message"
    MESSAGE = "message"
    PRODUCT = "product"


class Suggestion(StrEnum):
    """What to do with an image, mild to harsh: Huawei's three words, and `unscreened` between.

    `unscreened` means: left alone although nobody could judge it. It is never written as `pass`.
    """

    PASS = "pass"
    UNSCREENED = "unscreened"
    REVIEW = "review"
    BLOCK = "block"

    @property
    def severity(self) -> int:
        """0 (pass) to 3 (block)."""
        return _SEVERITY[self]

    # All four by hand: a str has them already, in the order of the alphabet.
    def __lt__(self, other: str) -> bool:
        return self.severity < Suggestion(other).severity

    def __le__(self, other: str) -> bool:
        return self.severity <= Suggestion(other).severity

    def __gt__(self, other: str) -> bool:
        return self.severity > Suggestion(other).severity

    def __ge__(self, other: str) -> bool:
        return self.severity >= Suggestion(other).severity


_SEVERITY = {s: n for n, s in enumerate(Suggestion)}


class Medium(StrEnum):
    """Photograph or drawing, where a provider can tell; thresholds may differ for drawings."""

    PHOTO = "photo"
    DRAWN = "drawn"
    UNKNOWN = "unknown"
