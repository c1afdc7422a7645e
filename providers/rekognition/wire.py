"""Rekognition's JSON <-> our values. Pure.

**The scale.** Its confidence is a percentage; here it is that by a hundred. 50 is what AWS itself answers with where
nothing is said (`MinConfidence`), and 0.5 is worth a look here; AWS names no figure for *sure enough to remove*.

**What stands above.** A label comes with those above it in the tree, each as sure as the surest below it. So one above
counts only where it is surer than all that is below it: a picture of a knife is *Weapons*, not *Violence* as well.

An answer without labels or without its model's version is `Garbled`, never a pass; an empty list of labels is one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policies.merge import strongest
from policies.model import Category, Label, Medium
from providers.errors import Garbled
from providers.http import Reply
from providers.rekognition import taxonomy

TARGET = "RekognitionService.DetectModerationLabels"
CONTENT_TYPE = "application/x-amz-json-1.1"

# Below every threshold that makes sense, so that what misses a review is on record too, for tuning and replay. Not 0,
# which a vendor may take for "not set" and answer from 50 on.
MIN_CONFIDENCE = 1

# Content types that are no photographs (moderation-api: cartoons, comics, games; drawings, paintings, sketches).
DRAWN = frozenset({"animated", "illustrated"})
LIKELY = 50.0

COVERS: frozenset[Category] = taxonomy.COVERS
LONGEST_NAME = 64


def request(still: bytes) -> bytes:
    """The body that asks about one picture."""
    return b'{"Image":{"Bytes":"%b"},"MinConfidence":%d}' % (base64.b64encode(still), MIN_CONFIDENCE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A label as it came. `confidence` is on our scale, `above` the name that it was told to stand under."""

    name: str
    above: str
    confidence: float

    @property
    def is_known(self) -> bool:
        """Whether the mapping has heard of it."""
        return taxonomy.folded(self.name) in taxonomy.MEANINGS


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `model` is the version that it names."""

    findings: tuple[Finding, ...]
    model: str
    medium: Medium
    request_id: str | None

    @property
    def labels(self) -> tuple[Label, ...]:
        """Each thing once, in our words, without what stands above it and is no surer."""
        below: dict[str, float] = {}
        for finding in self.findings:
            above = taxonomy.parent(finding.name, finding.above)
            below[above] = max(below.get(above, 0.0), finding.confidence)
        left = [f for f in self.findings if f.confidence > below.get(taxonomy.folded(f.name), -1.0)]
        told = {taxonomy.folded(f.name): f.above for f in self.findings}
        return strongest(Label(_category(f, told), f.name, f.confidence) for f in left)

    @property
    def unknown(self) -> tuple[Finding, ...]:
        """Those of no mapping."""
        return tuple(finding for finding in self.findings if not finding.is_known)


def answer(reply: Reply) -> Answer:
    """What a 200 says. Raises Garbled."""
    said = reply.object()
    labels = said.get("ModerationLabels")
    if not isinstance(labels, list):
        raise _garbled("no list of labels")
    model = _name(said.get("ModerationModelVersion"))
    if not model:
        raise _garbled("no version of its model")
    return Answer(
        findings=tuple(_finding(label) for label in labels),
        model=model,
        medium=_medium(said.get("ContentTypes")),
        request_id=_name(reply.headers.get("x-amzn-requestid")) or None,
    )


def _category(finding: Finding, told: Mapping[str, str]) -> Category:
    """By its own name, else by the nearest above it that is known, else `other`. `told`: who is said to stand above."""
    name, above = finding.name, finding.above
    for _ in range(taxonomy.LEVELS):
        if (known := taxonomy.MEANINGS.get(taxonomy.folded(name))) is not None:
            return known.category
        name, above = above, told.get(taxonomy.folded(above), "")
    return Category.OTHER


def _finding(label: Any) -> Finding:
    part = _object(label, "a label that is no object")
    name, above = _name(part.get("Name")), part.get("ParentName")
    if not name:
        raise _garbled("a label without a name")
    if above is not None and not isinstance(above, str):
        raise _garbled("a label whose parent is no text")
    return Finding(name, _name(above), _percentage(part.get("Confidence")) / 100)


def _medium(told: Any) -> Medium:
    """Drawn where it says so. That something is a photograph is nowhere said."""
    if told is None:
        return Medium.UNKNOWN
    if not isinstance(told, list):
        raise _garbled("content types that are no list")
    parts = [_object(part, "a content type that is no object") for part in told]
    sure = [_name(part.get("Name")).casefold() for part in parts if _percentage(part.get("Confidence")) >= LIKELY]
    return Medium.DRAWN if DRAWN & set(sure) else Medium.UNKNOWN


def _percentage(told: Any) -> float:
    if isinstance(told, bool) or not isinstance(told, (int, float)) or not 0 <= told <= 100:  # NaN fails here too
        raise _garbled("a confidence that is no number from 0 to 100")
    return float(told)


def _object(part: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        raise _garbled(what)
    return part


def _name(told: Any) -> str:
    """A name fit to be stored: of printable characters, and not endless; "" where it is no text."""
    if not isinstance(told, str):
        return ""
    return "".join(c for c in told[: 4 * LONGEST_NAME] if c.isprintable()).strip()[:LONGEST_NAME]


def _garbled(what: str) -> Garbled:
    return Garbled(f"Rekognition answered with {what}; the picture counts as not judged.")
