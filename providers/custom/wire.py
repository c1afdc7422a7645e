"""The contract of self-hosted models, as JSON <-> our nouns. Pure; docs/providers/custom.md says it in full.

Strict where an answer could be taken for a pass, tolerant of keys that a later version adds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from policies.model import Category, Frames, Label, Medium, Suggestion, Verdict, Versions
from providers.base import Ask, Image
from providers.errors import BadCredentials, BadRequest, Garbled, ProviderError, RateLimited, Refused, ServerFault
from providers.http import Reply

NAME = "custom"
CONTRACT = 1
MAPPING = "contract-1"
LONGEST = 64  # characters of a label's or a model's name that are kept
MOST_LABELS = 100


def request(image: Image, ask: Ask) -> bytes:
    """The body that asks about one image."""
    asked = {
        "contract": CONTRACT,
        "image": base64.b64encode(image.still).decode(),
        "type": image.still_type,
        "sha256": image.sha256,
        "context": ask.context.value,
        "language": ask.language,
        "categories": sorted(ask.categories),
    }
    return json.dumps(asked, separators=(",", ":")).encode()


def verdict(reply: Reply, frames: Frames) -> Verdict:
    """What a 200 says. Raises Garbled with what is wrong with it: whoever wrote the model reads that."""
    answer = reply.object()
    labels = _listed(answer, "labels")
    if len(labels) > MOST_LABELS:
        raise _garbled(f"labels has more than {MOST_LABELS} entries")
    found = tuple(_label(entry, n) for n, entry in enumerate(labels))
    sought = frozenset(_category(c, f"assessed[{n}]") for n, c in enumerate(_listed(answer, "assessed")))
    return Verdict(
        provider=NAME,
        labels=found,
        assessed=sought | {label.category for label in found},  # who found it has looked for it
        versions=Versions(_name(answer.get("model"), "model"), MAPPING, "still-1"),
        suggestion=_word(Suggestion, answer.get("suggestion"), "suggestion"),
        medium=_word(Medium, answer.get("medium"), "medium") or Medium.UNKNOWN,
        frames=frames,
        request_id=None,
    )


def _garbled(what: str) -> Garbled:
    return Garbled(f"the custom model's answer breaks the contract: {what}; see docs/providers/custom.md.")


def _listed(answer: Mapping[str, Any], name: str) -> list[Any]:
    listed = answer.get(name)
    if not isinstance(listed, list):
        raise _garbled(f"{name} must be a list")
    return listed


def _label(entry: object, n: int) -> Label:
    at = f"labels[{n}]"
    if not isinstance(entry, Mapping):
        raise _garbled(f"{at} must be an object")
    confidence = entry.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
        raise _garbled(f"{at}.confidence must be a number from 0 to 1")
    category = _category(entry.get("category"), f"{at}.category")
    return Label(category, _name(entry.get("name", category.value), f"{at}.name"), float(confidence))


def _category(value: object, at: str) -> Category:
    try:
        return Category(value)  # type: ignore[arg-type]
    except ValueError:
        raise _garbled(f"{at} must be one of {', '.join(Category)}") from None


def _name(value: object, at: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _garbled(f"{at} must be a text")
    return value.strip()[:LONGEST]


def _word(words: type[Any], value: object, at: str) -> Any:
    if value is None:
        return None
    allowed = [w for w in words if w is not Suggestion.UNSCREENED]
    if value not in allowed:
        raise _garbled(f"{at} must be null or one of {', '.join(allowed)}")
    return words(value)


def error(reply: Reply, retry_after: float | None) -> ProviderError:
    """What any other status says."""
    match reply.status:
        case 401 | 403:
            return BadCredentials("The custom model refused the token; check BEHOLDER_CUSTOM_TOKEN.")
        case 429:
            return RateLimited("The custom model asks for fewer calls.", 2.0 if retry_after is None else retry_after)
        case 413 | 415 | 422:
            return Refused(f"The custom model does not take this image ({reply.status}).")
        case status if 400 <= status < 500:
            return BadRequest(f"The custom model found our request wrong ({status}); see docs/providers/custom.md.")
        case status:
            return ServerFault(f"The custom model failed ({status}); it is asked again.")
