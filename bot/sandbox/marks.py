"""Marked pictures: what the vendors on loopback go by, and what the local models cannot make up their mind about.

A mark is a Data Matrix that says what a test card says. The bot looks for QR codes alone, so that a marked picture
is to it as any other: whatever comes of the mark came from a vendor.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import numpy as np
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from policies.model import Category
from providers.testcard import payload, read

MODULE = 5  # px a module of the mark; it is still read where a picture was halved
MARGIN = 16  # px of white around it
SHAPES = (  # of the doubtful picture, in px of a square of 960: middle, width and height, and how much redder
    ((702, 723), (405, 504), 18),
    ((405, 558), (246, 591), -12),
    ((252, 210), (537, 300), 6),
    ((597, 333), (480, 420), -6),
    ((852, 147), (324, 465), 12),
    ((117, 801), (396, 372), 0),
)
SKIN, DARK = (224, 172, 140), (60, 40, 50)
"""Soft shapes of this on that are what one of the local models takes for nakedness, and the other for nothing."""


def marked(picture: Image.Image, category: Category, confidence: float) -> Image.Image:
    """`picture` with a mark in its upper left corner."""
    code = zxingcpp.create_barcode(payload(category, confidence), zxingcpp.BarcodeFormat.DataMatrix)
    modules = Image.fromarray(np.array(code.to_image(scale=MODULE, add_quiet_zones=False)))
    mark = Image.new("RGB", (modules.width + 2 * MARGIN, modules.height + 2 * MARGIN), "white")
    mark.paste(modules, (MARGIN, MARGIN))
    stamped = picture.convert("RGB")
    stamped.paste(mark, (0, 0))
    return stamped


def doubtful(serial: int = 0) -> Image.Image:
    """A harmless picture that the local models call `sexual_explicit` at about 0.6: in doubt, by any preset.

    `serial` makes other pixels of the same picture.
    """
    side = 960 + 2 * serial
    picture = Image.new("RGB", (side, side), DARK)
    pen = ImageDraw.Draw(picture)
    for (x, y), (width, height), redder in SHAPES:
        box = (x - width // 2, y - height // 2, x + width // 2, y + height // 2)
        pen.ellipse([v * side / 960 for v in box], fill=tuple(c + redder for c in SKIN))
    return picture.filter(ImageFilter.GaussianBlur(24))


def seen(picture: bytes) -> Mapping[Category, float]:
    """What the marks and test cards in `picture` say, the strongest of each category. Raises OSError for no picture."""
    with Image.open(BytesIO(picture)) as opened:
        codes = [code.text for code in zxingcpp.read_barcodes(opened.convert("RGB"))]
    said: dict[Category, float] = {}
    for label in read(codes):
        said[label.category] = max(label.confidence, said.get(label.category, 0.0))
    return said
