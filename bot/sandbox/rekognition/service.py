"""DetectModerationLabels itself, behind the gate: reads a request, keeps to the limits, looks, and charges."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections import deque
from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image

from bot.sandbox.huawei.gate import Asked
from bot.sandbox.rekognition.words import WORDS
from policies.model import Category
from providers.testcard import read

MOST_BYTES = 5_242_880
SIDES = range(80, 10_001)
USUAL_LEAST = 50.0

# A test card's category as Rekognition would put it, from the top of its tree down.
_AS_AWS_SAYS: dict[Category, tuple[str, ...]] = {
    Category.SEXUAL_EXPLICIT: ("Explicit", "Explicit Sexual Activity"),
    Category.SEXUAL_SUGGESTIVE: ("Swimwear or Underwear", "Female Swimwear or Underwear"),
    Category.VIOLENCE_GRAPHIC: ("Violence", "Graphic Violence", "Blood & Gore"),
    Category.VIOLENCE: ("Violence", "Weapons"),
    Category.SELF_HARM: ("Violence", "Graphic Violence", "Self-Harm"),
    Category.HATE: ("Hate Symbols", "White Supremacy"),
    Category.EXTREMISM: ("Hate Symbols", "Extremist"),
    Category.OTHER: ("Gambling",),
}


class Bad(Exception):
    """A request that the service refuses. `code` is one of `WORDS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.said = WORDS[code]


class Moderation:
    """`answers` are what it says one after another before it begins to look for itself; `charges` counts pictures."""

    def __init__(self) -> None:
        self.answers: deque[dict[str, Any]] = deque()
        self.charges = 0
        self.asked: list[dict[str, Any]] = []

    async def detect(self, asked: Asked) -> dict[str, Any]:
        """What DetectModerationLabels answers. Raises Bad."""
        fields = _fields(asked)
        self.asked.append(fields)
        least = fields.get("MinConfidence", USUAL_LEAST)
        if not isinstance(least, (int, float)) or not 0 <= least <= 100:
            raise Bad("InvalidParameterException")
        picture = await asyncio.to_thread(_opened, _content(fields))
        answer = self.answers.popleft() if self.answers else await asyncio.to_thread(_seen, picture)
        self.charges += 1
        labels = [label for label in answer["ModerationLabels"] if label["Confidence"] >= least]
        return {**answer, "ModerationLabels": labels}


def chain(names: tuple[str, ...], confidence: float) -> list[dict[str, Any]]:
    """A label with all that stand above it, as they come: the lowest first, each as sure."""
    above = ("", *names)
    return [
        {"Confidence": confidence, "Name": name, "ParentName": above[level], "TaxonomyLevel": level + 1}
        for level, name in reversed(list(enumerate(names)))
    ]


def said(labels: list[dict[str, Any]], *content_types: str) -> dict[str, Any]:
    """A whole answer with these labels."""
    types = [{"Confidence": 99.9, "Name": name} for name in content_types]
    return {"ModerationLabels": labels, "ModerationModelVersion": "7.0", "ContentTypes": types}


def _fields(asked: Asked) -> dict[str, Any]:
    try:
        fields = json.loads(asked.body)
    except ValueError:
        raise Bad("SerializationException") from None
    if not isinstance(fields, dict):
        raise Bad("SerializationException")
    return fields


def _content(fields: dict[str, Any]) -> bytes:
    image = fields.get("Image")
    if not isinstance(image, dict) or not isinstance(image.get("Bytes"), str):
        raise Bad("InvalidParameterException")
    try:
        content = b64decode(image["Bytes"], validate=True)
    except ValueError:
        raise Bad("SerializationException") from None
    if not content:
        raise Bad("ValidationException")
    if len(content) > MOST_BYTES:
        raise Bad("ImageTooLargeException")
    return content


def _opened(content: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(content), formats=("JPEG", "PNG"))
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Bad("InvalidImageFormatException") from None
    if max(picture.size) not in SIDES:
        raise Bad("ImageTooLargeException")
    if min(picture.size) not in SIDES:
        raise Bad("InvalidParameterException")
    return picture


def _seen(picture: Image.Image) -> dict[str, Any]:
    labels: list[dict[str, Any]] = []
    for code in zxingcpp.read_barcodes(picture.convert("RGB")):
        for label in read([code.text]):
            labels += chain(_AS_AWS_SAYS.get(label.category, ("Gambling",)), 100 * label.confidence)
    return said(labels)
