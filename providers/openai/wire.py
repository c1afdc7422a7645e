"""OpenAI's moderation JSON <-> our nouns. Pure.

A score of 0 may mean "not looked for": most of its categories are for text only, and an answer says of each
which inputs it applied to (https://platform.openai.com/docs/guides/moderation). Only what was applied to the
image counts as assessed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from policies.model import Category, Frames, Label, Suggestion, Verdict, Versions
from providers.base import Image
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    TooLarge,
    UnsupportedFormat,
)
from providers.http import Reply

NAME = "openai"
MODEL = "omni-moderation-latest"
MAPPING: Mapping[str, Category] = {
    "sexual": Category.SEXUAL_EXPLICIT,
    "violence": Category.VIOLENCE,
    "violence/graphic": Category.VIOLENCE_GRAPHIC,
    "self-harm": Category.SELF_HARM,
    "self-harm/intent": Category.SELF_HARM,
    "self-harm/instructions": Category.SELF_HARM,
}
"""Its words for ours."""
UNUSED = frozenset({"sexual/minors"})
"""What no generic model decides (ruling 7), and it does not assess in images anyway."""
VERSION = "omni-2"
_COUNT = re.compile(r"[0-9]{1,12}", re.ASCII)
COVERS = frozenset({Category.OTHER, *MAPPING.values()})


def request(image: Image) -> bytes:
    """The body that asks about one image."""
    url = f"data:{image.still_type};base64,{base64.b64encode(image.still).decode()}"
    asked = {"model": MODEL, "input": [{"type": "image_url", "image_url": {"url": url}}]}
    return json.dumps(asked, separators=(",", ":")).encode()


def quota(reply: Reply) -> str:
    """What is left for now, by the headers; '' where they do not say.

    Source: https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
    """
    said = []
    for what in ("requests", "tokens"):
        left, most = (reply.headers.get(f"x-ratelimit-{which}-{what}", "") for which in ("remaining", "limit"))
        if _COUNT.fullmatch(left) and _COUNT.fullmatch(most):
            said.append(f"{left} of {most} {what} left")
    return ", ".join(said)


def verdict(reply: Reply, frames: Frames) -> Verdict:
    """What a 200 says. Raises Garbled where it does not say it of the image."""
    answer = reply.object()
    said = _only(answer.get("results"))
    scores, applied, flags = (_mapping(said, name) for name in _PARTS)
    seen = {name: _score(scores.get(name)) for name in MAPPING if "image" in _inputs(applied, name)}
    if not seen:
        raise Garbled(f"{NAME} answered without having looked at the image; it is asked again.")
    strange = {name: _score(scores.get(name)) for name in _flagged(flags, applied)}
    labels = tuple(Label(MAPPING.get(name, Category.OTHER), name, score) for name, score in (seen | strange).items())
    flagged = True in {_flag(flags.get(name)) for name in (*seen, *strange)}  # each is read, also beside a true one
    return Verdict(
        provider=NAME,
        labels=labels,
        assessed=frozenset(label.category for label in labels),
        versions=Versions(_text(answer.get("model")) or MODEL, VERSION, "still-1"),
        suggestion=Suggestion.REVIEW if flagged else Suggestion.PASS,
        frames=frames,
        request_id=_text(answer.get("id")),
    )


def _flagged(flags: Mapping[str, Any], applied: Mapping[str, Any]) -> tuple[str, ...]:
    """Categories that it has got since, and objects to in this image: unknown, so `other` (ruling 3), but not lost."""
    strangers = sorted(flags.keys() - MAPPING.keys() - UNUSED)
    return tuple(name for name in strangers if flags[name] is True and "image" in _inputs(applied, name))


_PARTS = ("category_scores", "category_applied_input_types", "categories")


def _only(results: object) -> Mapping[str, Any]:
    if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], Mapping):
        raise Garbled(f"{NAME} answered without one result for one image; it is asked again.")
    return results[0]


def _mapping(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = said.get(name)
    if not isinstance(part, Mapping):
        raise Garbled(f"{NAME} answered without {name}; it is asked again.")
    return part


def _inputs(applied: Mapping[str, Any], name: str) -> tuple[str, ...]:
    inputs = applied.get(name)
    return tuple(i for i in inputs if isinstance(i, str)) if isinstance(inputs, list) else ()


def _score(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:  # NaN fails here too
        raise Garbled(f"{NAME} answered with a score that is no number from 0 to 1; it is asked again.")
    return float(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Garbled(f"{NAME} answered with a category that is neither true nor false; it is asked again.")
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


# --- errors ---------------------------------------------------------------------------------------

_TOO_LARGE, _UNSUPPORTED = (
    frozenset({"image_too_large", "string_above_max_length"}),
    frozenset({"invalid_image_format"}),
)


def error(reply: Reply, retry_after: float | None) -> ProviderError:
    """What any other status says: by the code in the body first, then by the status."""
    code = _code(reply)
    if code == "insufficient_quota":
        return QuotaSpent("The OpenAI account has nothing left to spend; add credit at platform.openai.com/settings.")
    if reply.status in (401, 403):
        return BadCredentials("OpenAI refused the key; make a new one and set BEHOLDER_OPENAI_API_KEY.")
    if reply.status == 429:
        return RateLimited(
            "OpenAI asks for fewer calls; they are spread out.", 5.0 if retry_after is None else retry_after
        )
    if reply.status == 413 or code in _TOO_LARGE:
        return TooLarge("OpenAI finds this image too large.")
    if code in _UNSUPPORTED:
        return UnsupportedFormat("OpenAI takes no image of this format.")
    if reply.status == 404:
        return Denied("OpenAI knows no such address or model; check BEHOLDER_OPENAI_URL.")
    if 400 <= reply.status < 500:
        return BadRequest(f"OpenAI did not take this image ({reply.status}).")
    return ServerFault(f"OpenAI failed ({reply.status}); it is asked again.")


def _code(reply: Reply) -> str | None:
    try:
        fault = reply.object().get("error")
    except Garbled:
        return None
    return _text(fault.get("code")) if isinstance(fault, Mapping) else None
