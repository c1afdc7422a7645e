"""An OpenAI on loopback: `POST /v1/moderations` with omni-moderation, as its API reference documents it.

It shares no code with `providers.openai`. Source: https://platform.openai.com/docs/api-reference/moderations and
https://platform.openai.com/docs/guides/moderation (which categories are applied to images).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.sandbox import marks
from bot.sandbox.outlet import Plugged
from policies.model import Category

MODELS = {"omni-moderation-latest": "omni-moderation-2024-09-26", "omni-moderation-2024-09-26": ""}
IN_IMAGES: Mapping[str, Category | None] = {
    "sexual": Category.SEXUAL_EXPLICIT,
    "violence": Category.VIOLENCE,
    "violence/graphic": Category.VIOLENCE_GRAPHIC,
    "self-harm": Category.SELF_HARM,
    "self-harm/intent": None,
    "self-harm/instructions": None,
}
IN_TEXT_ALONE = (
    *("harassment", "harassment/threatening", "hate", "hate/threatening"),
    *("illicit", "illicit/violent", "sexual/minors"),
)
CLEAN = 0.0002  # what it says of a picture in which there is nothing
FLAGGED_FROM = 0.5
LARGEST = 20 * 2**20
KINDS = ("data:image/jpeg;base64,", "data:image/png;base64,", "data:image/webp;base64,", "data:image/gif;base64,")


class Refused(Exception):
    """An error as the API says it."""

    def __init__(self, status: int, code: str | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", "param": None, "code": code},
        }


class LoopbackOpenAI(Plugged):
    """Checks the key, takes what the documents say it takes, and sees marks (see `bot.sandbox.marks`).

    `asked` and `answered` count its requests. `outlet` pulls the plug and fails on command.
    """

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self.key = key or f"sk-proj-{secrets.token_urlsafe(32)}"

    @property
    def environment(self) -> dict[str, str]:
        """What `beholder run` needs in its environment to use it."""
        return {"BEHOLDER_OPENAI_API_KEY": self.key, "BEHOLDER_OPENAI_URL": f"{self.outlet.url}/v1"}

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        self.asked += 1
        try:
            answer = await self._moderated(request, body)
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)
        self.answered += 1
        return web.json_response(answer, headers={"x-request-id": f"req_{secrets.token_hex(16)}"})

    async def _moderated(self, request: web.BaseRequest, body: bytes) -> dict[str, Any]:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode()):
            raise Refused(401, "invalid_api_key", "Incorrect API key provided. You can find your API key at …")
        if (request.method, request.path) != ("POST", "/v1/moderations"):
            raise Refused(404, None, f"Invalid URL ({request.method} {request.path})")
        model, picture = _question(body)
        try:
            seen = await asyncio.to_thread(marks.seen, picture)
        except OSError:
            raise Refused(400, "invalid_image_format", "The image is not of a supported format.") from None
        return {"id": f"modr-{secrets.token_hex(16)}", "model": MODELS[model] or model, "results": [_result(seen)]}


def _question(body: bytes) -> tuple[str, bytes]:
    """The model and the one picture that were asked about. Raises Refused."""
    try:
        asked = json.loads(body)
        model, given = asked.get("model", "omni-moderation-latest"), asked["input"]
        (url,) = [each["image_url"]["url"] for each in given if each["type"] == "image_url"]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(400, None, "Invalid input: give one image as an image_url.") from None
    if model not in MODELS:
        raise Refused(404, "model_not_found", f"The model `{model}` does not exist or you do not have access to it.")
    kind = next((k for k in KINDS if str(url).startswith(k)), None)
    if kind is None:
        raise Refused(400, "invalid_image_format", "The image is not of a supported format.")
    try:
        picture = b64decode(str(url).removeprefix(kind), validate=True)
    except ValueError:
        raise Refused(400, "invalid_base64", "Invalid base64 image_url.") from None
    if len(picture) > LARGEST:
        raise Refused(400, "image_too_large", "The image exceeds 20 MB.")
    return str(model), picture


def _result(seen: Mapping[Category, float]) -> dict[str, Any]:
    scores = dict.fromkeys(IN_TEXT_ALONE, 0.0)
    scores |= {name: seen.get(category, CLEAN) if category else CLEAN for name, category in IN_IMAGES.items()}
    flags = {name: score >= FLAGGED_FROM for name, score in scores.items()}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": scores,
        "category_applied_input_types": {name: ["image"] if name in IN_IMAGES else [] for name in scores},
    }
