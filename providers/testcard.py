"""Harmless pictures that any deployment flags on purpose: to see that it works, without a bad picture.

A card carries a QR code `beholder:test:CATEGORY:CONFIDENCE`. Reading one only ever adds a verdict: a
card on a bad picture changes nothing for the other providers (ruling 11).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import zxingcpp
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from policies.model import Category, Label, Medium, Screening, Verdict, Versions
from providers.base import Ask, Image, Ticket
from providers.errors import BadRequest

PREFIX = "beholder:test:"
NAME = "testcard"
VERSIONS = Versions(model="qr", mapping="1", preprocessing="1")

_PAYLOAD = re.compile(rf"{PREFIX}({'|'.join(Category)}):(0(?:\.[0-9]{{1,4}})?|1(?:\.0{{1,4}})?)")


def is_card(code: str) -> bool:
    """Whether a QR code's text is meant to be a test card, well-formed or not."""
    return code.startswith(PREFIX)


def payload(category: Category, confidence: float) -> str:
    """The text of a card's QR code; the confidence is rounded to four digits."""
    return f"{PREFIX}{category}:{round(confidence, 4):g}"


def read(codes: Iterable[str]) -> tuple[Label, ...]:
    """One label for each well-formed card among the texts of QR codes; anything else is ignored."""
    cards = (_PAYLOAD.fullmatch(code) for code in codes)
    return tuple(Label(Category(card[1]), "test card", float(card[2])) for card in cards if card)


class TestCardProvider:
    """The provider `testcard`: always on, looks for nothing but cards."""

    name = NAME
    covers = frozenset(Category)
    version = "/".join((VERSIONS.model, VERSIONS.mapping, VERSIONS.preprocessing))

    def cache_key(self, ask: Ask) -> str:
        """Always the same: a card says what it says."""
        return ""

    async def screen(self, image: Image, ask: Ask) -> Screening:
        """What the cards on the image say. Without a card: no labels, and nothing assessed."""
        labels = read(image.codes)
        return Verdict(
            provider=self.name,
            labels=labels,
            assessed=frozenset(label.category for label in labels),
            versions=VERSIONS,
            medium=Medium.PHOTO,
            frames=image.frames,
        )

    async def resume(self, ticket: Ticket) -> Screening:
        """Raises Refused: it answers at once and leaves nothing pending."""
        raise BadRequest(f"{self.name} has no pending jobs: screen the image again.")

    async def aclose(self) -> None:
        """Holds nothing."""


# --- drawing one --------------------------------------------------------------------------------

KINDS = ("PNG", "JPEG")
WIDTHS = range(480, 4097)

QUIET = 4  # modules of white around a QR code, as its standard wants

NIGHT, DUSK, AMBER, PAPER, MIST = "#161d33", "#38446b", "#f5b83d", "#ffffff", "#a9b4d0"


def draw(category: str, confidence: float, kind: str = "PNG", width: int = 1200) -> bytes:
    """A card of `width` x 9/16 pixels as a PNG or JPEG file; every deployment flags it as told.

    Still read after JPEG at quality 60 and halving. Raises ValueError, naming what is valid.
    """
    wanted = _category(category)
    if not 0.0 <= confidence <= 1.0:
        raise ValueError(f"a confidence is a number from 0 to 1, for example 0.9, not {confidence!r}")
    if kind not in KINDS:
        raise ValueError(f"a card can be a {' or a '.join(KINDS)}, not {kind!r}")
    if width not in WIDTHS:
        raise ValueError(f"a card is {WIDTHS[0]} to {WIDTHS[-1]} pixels wide, not {width!r}")
    with BytesIO() as file:
        _Sheet.blank(width).card(wanted, confidence).save(file, kind, quality=92, optimize=True)
        return file.getvalue()


def _category(name: str) -> Category:
    """The category called `name`. Raises ValueError with the valid names and the nearest one."""
    try:
        return Category(name)
    except ValueError:
        near = difflib.get_close_matches(name, list(Category), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(f"{name!r} is not a category.{hint} There are: {', '.join(Category)}.") from None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A picture measured in hundredths of its width, so that a card looks the same at any size.

    Drawn at twice the size and halved at the end: Pillow's shapes have hard edges.
    """

    picture: Pillow.Image
    pen: ImageDraw.ImageDraw
    unit: float

    @classmethod
    def blank(cls, width: int) -> _Sheet:
        picture = Pillow.new("RGB", (2 * width, 2 * round(width * 9 / 16)), NIGHT)
        return cls(picture, ImageDraw.Draw(picture), width / 50)

    def card(self, category: Category, confidence: float) -> Pillow.Image:
        """Draw everything."""
        for x in range(-8, 100, 8):  # a hem of slanted stripes, as on a barrier: it says "test" from afar
            self.shape([(x, 56.25), (x + 4, 56.25), (x + 8, 51.5), (x + 4, 51.5)], AMBER)
        self.words("BEHOLDER", 6, 7, 2.4, MIST)
        self.words("TEST CARD", 6, 10.5, 9.2, PAPER)
        self.words(category.replace("_", " "), 6, 24.5, 5.4, AMBER)
        self.words(f"confidence {round(confidence, 4):g}", 6, 33.5, 3.4, PAPER)
        self.bar(6, 39.5, 50, 1.6, confidence)
        self.words("harmless: made to test Beholder", 6, 44.5, 2.6, MIST)
        self.code(payload(category, confidence), 63, 9.5, 31)
        return self.picture.reduce(2)

    def shape(self, corners: list[tuple[float, float]], colour: str) -> None:
        self.pen.polygon([(x * self.unit, y * self.unit) for x, y in corners], colour)

    def words(self, text: str, x: float, y: float, height: float, colour: str) -> None:
        font = ImageFont.load_default(height * self.unit)
        self.pen.text((x * self.unit, y * self.unit), text, colour, font)

    def bar(self, x: float, y: float, length: float, height: float, filled: float) -> None:
        for part, colour in ((1.0, DUSK), (filled, AMBER)):
            if part * length >= height:  # shorter ones have no room for their round ends
                self.rounded(x, y, part * length, height, height / 2, colour)

    def rounded(self, x: float, y: float, width: float, height: float, radius: float, colour: str) -> None:
        box = [v * self.unit for v in (x, y, x + width, y + height)]
        self.pen.rounded_rectangle(box, radius * self.unit, colour)

    def code(self, text: str, x: float, y: float, side: float) -> None:
        """A QR code on white paper; modules and their places are even, so halving keeps them sharp."""
        self.rounded(x, y, side, side, 2, PAPER)
        code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(add_quiet_zones=False)
        modules = Pillow.fromarray(np.array(code))
        scale = int(side * self.unit) // (modules.width + 2 * QUIET) // 2 * 2
        modules = modules.resize((modules.width * scale,) * 2, Pillow.Resampling.NEAREST)
        left, top = (int((v + side / 2) * self.unit - modules.width / 2) // 2 * 2 for v in (x, y))
        self.picture.paste(modules, (left, top))
