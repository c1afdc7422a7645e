"""From Huawei's JSON to our values, pure; the other way is `question.py`.

A missing or unreadable answer is `Garbled`, never a pass. Unknown keys are left aside. What only the card
shows (places, texts) is dropped where it cannot be read; whatever the judgement hangs on must be right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policies.merge import strongest
from policies.model import Category, Detail, DetailKind, Label, Suggestion, Versions, nothing
from providers.errors import Garbled

VERSIONS = Versions(model="moderation-v3", mapping="huawei-1", preprocessing="still-1")

# The mapping, version `VERSIONS.mapping` (ruling 3): by category and suggestion ...
BY_SUGGESTION: dict[tuple[str, Suggestion], Category] = {
    ("porn", Suggestion.BLOCK): Category.SEXUAL_EXPLICIT,
    ("porn", Suggestion.REVIEW): Category.SEXUAL_SUGGESTIVE,
    ("terrorism", Suggestion.BLOCK): Category.EXTREMISM,
    ("terrorism", Suggestion.REVIEW): Category.VIOLENCE,
    ("image_text", Suggestion.BLOCK): Category.ADVERTISING,
    ("image_text", Suggestion.REVIEW): Category.ADVERTISING,
}

# ... and the labels that say more. Huawei publishes no full list: these are from the samples of V3
# (`sexy_female`, `intimacy`) and the lists of V2, which V3 succeeds.
BY_LABEL: dict[tuple[str, str], Category] = {
    ("porn", "sexy_female"): Category.SEXUAL_SUGGESTIVE,
    ("porn", "intimacy"): Category.SEXUAL_SUGGESTIVE,
    ("terrorism", "bloody"): Category.VIOLENCE_GRAPHIC,
    ("terrorism", "knife"): Category.VIOLENCE,
    ("terrorism", "gun"): Category.VIOLENCE,
    ("terrorism", "fire"): Category.VIOLENCE,
    ("terrorism", "kidnap"): Category.VIOLENCE,
    ("terrorism", "terrorist"): Category.EXTREMISM,
    ("terrorism", "fascist"): Category.EXTREMISM,
    ("terrorism", "cult"): Category.EXTREMISM,
    ("image_text", "qr_code"): Category.ADVERTISING,
    ("image_text", "ad"): Category.ADVERTISING,
    ("image_text", "porn"): Category.OFFENSIVE_TEXT,
    ("image_text", "abuse"): Category.OFFENSIVE_TEXT,
    ("image_text", "terrorism"): Category.OFFENSIVE_TEXT,
}

WORDS = {s.value: s for s in (Suggestion.PASS, Suggestion.REVIEW, Suggestion.BLOCK)}

# Where Huawei gives no confidence: on the one scale of all providers.
UNTOLD = {Suggestion.REVIEW: 0.5, Suggestion.BLOCK: 0.85}

LONGEST_NAME = 64
LONGEST_TEXT = 2000
MOST_DETAILS = 50


@dataclass(frozen=True, slots=True)
class Table:
    """The mapping with the host's own words before ours: `labels` as in `HuaweiSettings.labels`."""

    labels: Mapping[str, Category] = field(default_factory=nothing, hash=False)

    @property
    def versions(self) -> Versions:
        """Other words are another mapping: what was kept under one is not found under another (ruling 10)."""
        if not self.labels:
            return VERSIONS
        said = json.dumps(dict(self.labels), sort_keys=True, ensure_ascii=False)
        mark = hashlib.sha256(said.encode()).hexdigest()[:12]
        return replace(VERSIONS, mapping=f"{VERSIONS.mapping}+{mark}")

    def known(self, category: str, label: str) -> Category | None:
        """What we call a label of one of Huawei's categories; None where nobody has said."""
        own = self.labels.get(f"{category}/{label}") or self.labels.get(label)
        return own or BY_LABEL.get((category, label))

    def category(self, category: str, label: str, suggestion: Suggestion) -> Category:
        """A label that nobody knows keeps its category's mapping; what has none is `other`."""
        return self.known(category, label) or BY_SUGGESTION.get((category, suggestion), Category.OTHER)


OURS = Table()


# --- what is answered ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One of an answer's `details` that suggests something."""

    suggestion: Suggestion
    category: str
    name: str
    confidence: float
    table: Table = OURS

    @property
    def label(self) -> Label:
        """In our words."""
        return Label(self.table.category(self.category, self.name, self.suggestion), self.name, self.confidence)

    @property
    def is_known(self) -> bool:
        """Whether the mapping has heard of its label."""
        return self.table.known(self.category, self.name) is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `suggestion` is the harshest anywhere in it."""

    suggestion: Suggestion
    findings: tuple[Finding, ...]
    details: tuple[Detail, ...]
    request_id: str | None

    @property
    def labels(self) -> tuple[Label, ...]:
        """Each thing once, at its surest."""
        return strongest(f.label for f in self.findings)


def answer(body: Mapping[str, Any], table: Table = OURS) -> Answer:
    """Read a successful response, its labels by `table`. Raises Garbled.

    Its suggestion is never milder than `result.suggestion` or that of any detail. If no detail carries the
    harshest, the result itself stands for one: a vendor that blocks and gives no details still blocks.
    """
    result = body.get("result")
    if not isinstance(result, Mapping):
        raise _garbled("no result")
    said = _suggestion(result)
    parts = [_object(part, "a detail") for part in _list(result, "details")]
    findings = [f for part in parts if (f := _finding(part, table)) is not None]
    harshest = max([said, *(f.suggestion for f in findings)])
    if harshest not in {f.suggestion for f in findings} and harshest is not Suggestion.PASS:
        category = _name(_text(result, "category")) or Category.OTHER.value
        findings.append(Finding(harshest, category, category, UNTOLD[harshest], table))
    return Answer(harshest, tuple(findings), tuple(_details(result, parts))[:MOST_DETAILS], _request_id(body))


def _finding(part: Mapping[str, Any], table: Table) -> Finding | None:
    """None of a detail that passes: it gives no label."""
    suggestion = _suggestion(part)
    category, label = _name(_text(part, "category")), _name(_text(part, "label"))
    confidence = _confidence(part, suggestion)
    if suggestion is Suggestion.PASS:
        return None
    category = category or Category.OTHER.value
    return Finding(suggestion, category, label or category, confidence, table)


def _suggestion(part: Mapping[str, Any]) -> Suggestion:
    word = part.get("suggestion")
    if not isinstance(word, str) or word not in WORDS:
        raise _garbled("no suggestion that is known")
    return WORDS[word]


def _confidence(part: Mapping[str, Any], suggestion: Suggestion) -> float:
    told = part.get("confidence")
    if told is None:
        return UNTOLD.get(suggestion, 0.0)
    if isinstance(told, bool) or not isinstance(told, (int, float)) or not 0 <= told <= 1:
        raise _garbled("a confidence that is no number from 0 to 1")
    return float(told)


def _text(part: Mapping[str, Any], name: str) -> str:
    told = part.get(name)
    if told is None:
        return ""
    if not isinstance(told, str):
        raise _garbled(f"a {name} that is no text")
    return told


def _list(part: Mapping[str, Any], name: str) -> list[Any]:
    told = part.get(name)
    if told is None:
        return []
    if not isinstance(told, list):
        raise _garbled(f"{name} that are no list")
    return told


def _object(part: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        raise _garbled(f"{what} that is no object")
    return part


def _garbled(what: str) -> Garbled:
    return Garbled(f"Huawei answered with {what}; the image counts as not judged.")


def _name(text: str) -> str:
    """A name fit to be stored: of printable characters, and not endless."""
    return "".join(c for c in text[: 4 * LONGEST_NAME] if c.isprintable()).strip()[:LONGEST_NAME]


def _request_id(body: Mapping[str, Any]) -> str | None:
    told = body.get("request_id")
    return _name(told) or None if isinstance(told, str) else None


# --- what only the card shows ----------------------------------------------------------------------


def _details(result: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]) -> Iterator[Detail]:
    if text := _said(result.get("ocr_text")):
        yield Detail(DetailKind.TEXT, text)
    for part in parts:
        if box := _box(part.get("face_location")):
            yield Detail(DetailKind.FACE, box=box)
        code, place = _said(part.get("qr_content")), _box(part.get("qr_location"))
        if code or place:
            yield Detail(DetailKind.QR_CODE, code, place)
        yield from _segments(part.get("segments"))


def _segments(told: Any) -> Iterator[Detail]:
    for part in told if isinstance(told, list) else ():
        if isinstance(part, Mapping) and (words := _said(part.get("segment"))):
            yield Detail(DetailKind.WORDS, words, glossary=_said(part.get("glossary_name"))[:LONGEST_NAME])


def _said(told: Any) -> str:
    """Somebody's text, without halves of characters, which no encoding takes."""
    return told[:LONGEST_TEXT].encode("utf-8", "replace").decode() if isinstance(told, str) else ""


_CORNERS = ("top_left_x", "top_left_y", "bottom_right_x", "bottom_right_y")


def _box(told: Any) -> tuple[int, int, int, int] | None:
    """An object of four named numbers as in the schema, or a list of four as in the words beside it."""
    corners = [told.get(c) for c in _CORNERS] if isinstance(told, Mapping) else told
    if not isinstance(corners, list) or len(corners) != 4 or not all(_is_pixel(c) for c in corners):
        return None
    left, top, right, bottom = corners
    return (int(left), int(top), int(right), int(bottom)) if left <= right and top <= bottom else None


def _is_pixel(told: Any) -> bool:
    return isinstance(told, (int, float)) and not isinstance(told, bool) and 0 <= told <= 100_000
