"""Answers as Rekognition gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bot.sandbox.rekognition.service import chain, said
from providers.http import Reply
from providers.rekognition import wire

# From the developer guide (moderation-api, "Content types" and "Label confidence"), as it stands there.
SUCCESS = """{
    "ModerationLabels": [
        {
            "Confidence": 99.44782257080078,
            "Name": "Smoking",
            "ParentName": "Drugs & Tobacco Paraphernalia & Use",
            "TaxonomyLevel": 3
        },
        {
            "Confidence": 99.44782257080078,
            "Name": "Drugs & Tobacco Paraphernalia & Use",
            "ParentName": "Drugs & Tobacco",
            "TaxonomyLevel": 2
        },
        {
            "Confidence": 99.44782257080078,
            "Name": "Drugs & Tobacco",
            "ParentName": "",
            "TaxonomyLevel": 1
        }
    ],
    "ModerationModelVersion": "7.0",
    "ContentTypes": [
        {
            "Confidence": 99.9999008178711,
            "Name": "Illustrated"
        }
    ]
}"""
# From the developer guide (error-handling), as it stands there.
FAILURE = (
    '{"__type":"InvalidS3ObjectException","Code":"InvalidS3ObjectException",'
    '"Logref":"5022229e-7e48-11e9-9ad1-854a4567eb71",'
    '"Message":"Unable to get object metadata from S3. Check object key, region and/or access permissions."}'
)

NONE: Mapping[str, str] = MappingProxyType({})

BAD = said(
    chain(("Explicit", "Explicit Nudity", "Exposed Female Genitalia"), 99.0)
    + chain(("Violence", "Graphic Violence", "Blood & Gore"), 98.5)
    + chain(("Hate Symbols", "White Supremacy"), 97.0)
)


def reply(body: object, status: int = 200, headers: Mapping[str, str] = NONE) -> Reply:
    """`body` as it comes off the wire; a text as it is."""
    raw = body if isinstance(body, str) else json.dumps(body)
    return Reply("Rekognition", status, headers, raw.encode())


def answer(*chains: tuple[tuple[str, ...], float], types: tuple[str, ...] = ()) -> wire.Answer:
    """What is read of an answer with these labels and all that stand above them."""
    labels: list[dict[str, Any]] = [label for names, confidence in chains for label in chain(names, confidence)]
    return wire.answer(reply(said(labels, *types)))
