"""What this Huawei sees in a picture: test cards, and nothing else unless it is told what to see."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image

from policies.model import Category, Label
from providers.testcard import read

WORTH_SAYING = 0.5

# A test card's category as Huawei would put it.
_AS_HUAWEI_SAYS = {
    Category.SEXUAL_EXPLICIT: ("porn", "block"),
    Category.SEXUAL_SUGGESTIVE: ("porn", "review"),
    Category.EXTREMISM: ("terrorism", "block"),
    Category.VIOLENCE_GRAPHIC: ("terrorism", "review"),
    Category.VIOLENCE: ("terrorism", "review"),
    Category.ADVERTISING: ("image_text", "block"),
    Category.OFFENSIVE_TEXT: ("image_text", "review"),
}
_SEVERITY = ("pass", "review", "block")


class Unreadable(Exception):
    """No picture that it takes."""


def opened(content: bytes) -> Image.Image:
    """The picture. Raises Unreadable."""
    try:
        picture = Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF", "TIFF"))
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Unreadable from error
    return picture


def seen(picture: Image.Image, categories: list[str]) -> dict[str, Any]:
    """The `result` of the response, for the categories that were asked for."""
    found: list[dict[str, Any]] = []
    for code in zxingcpp.read_barcodes(picture.convert("RGB")):
        found += [_detail(label, *_AS_HUAWEI_SAYS[label.category]) for label in read([code.text]) if _known(label)]
        found.append(_qr_code(code))
    return result([detail for detail in found if detail["category"] in categories])


def result(details: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A `result` with these details, whose suggestion and category are the harshest one's."""
    worst = max(details, key=lambda d: _SEVERITY.index(d["suggestion"]), default=None)
    suggestion = worst["suggestion"] if worst else "pass"
    category = worst["category"] if worst and suggestion != "pass" else ""
    return {"suggestion": suggestion, "category": category, "details": details, **more}


def _known(label: Label) -> bool:
    return label.category in _AS_HUAWEI_SAYS and label.confidence >= WORTH_SAYING


def _detail(label: Label, category: str, suggestion: str) -> dict[str, Any]:
    named = {"category": category, "label": "test_card", "suggestion": suggestion}
    return {**named, "confidence": label.confidence}


def _qr_code(code: zxingcpp.Barcode) -> dict[str, Any]:
    """Where a code is and what it says; having one is no offence."""
    corner, opposite = code.position.top_left, code.position.bottom_right
    place = {"top_left_x": corner.x, "top_left_y": corner.y, "bottom_right_x": opposite.x, "bottom_right_y": opposite.y}
    named = {"category": "image_text", "label": "qr_code", "suggestion": "pass", "confidence": 1.0}
    return {**named, "qr_content": code.text, "qr_location": place}
