"""A model of the host's own, on loopback: the contract of docs/providers/custom.md, as somebody would write it
from that page alone."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import secrets
from base64 import b64decode
from typing import Any

from aiohttp import web

from bot.sandbox import marks
from bot.sandbox.outlet import Plugged
from policies.model import Category, Context

LOOKS_FOR = frozenset({Category.HATE, Category.OFFENSIVE_TEXT})
MODEL = "sandbox-hate-net 1"


class Refused(Exception):
    """A status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class LoopbackModel(Plugged):
    """Looks for `looks_for`, in marks (see `bot.sandbox.marks`), and says of nothing else that it looked.

    `asked` and `answered` count its requests. `outlet` pulls the plug and fails on command.
    """

    def __init__(self, token: str = "", *, looks_for: frozenset[Category] = LOOKS_FOR) -> None:
        super().__init__()
        self.token = token or secrets.token_urlsafe(24)
        self.looks_for = looks_for

    @property
    def environment(self) -> dict[str, str]:
        """What `beholder run` needs in its environment to use it."""
        return {"BEHOLDER_CUSTOM_URL": f"{self.outlet.url}/judge", "BEHOLDER_CUSTOM_TOKEN": self.token}

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        self.asked += 1
        try:
            answer = await self._judged(request, body)
        except Refused as refused:
            return web.json_response({"error": str(refused)}, status=refused.status)
        self.answered += 1
        return web.json_response(answer)

    async def _judged(self, request: web.BaseRequest, body: bytes) -> dict[str, Any]:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            raise Refused(401, "the token is wrong")
        if (request.method, request.path) != ("POST", "/judge"):
            raise Refused(404, "POST to /judge")
        picture, wanted = _question(body)
        try:
            seen = await asyncio.to_thread(marks.seen, picture)
        except OSError:
            raise Refused(422, "this is no picture that I can open") from None
        found = [(category, confidence) for category, confidence in seen.items() if category in self.looks_for]
        return {
            "model": MODEL,
            "assessed": sorted(self.looks_for & wanted),
            "labels": [{"category": c.value, "name": "mark", "confidence": sure} for c, sure in found],
            "suggestion": None,
            "medium": "photo",
        }


def _question(body: bytes) -> tuple[bytes, set[str]]:
    """The picture and the categories that are wanted. Raises Refused where the contract is broken."""
    try:
        asked = json.loads(body)
        picture = b64decode(asked["image"], validate=True)
        wanted = {Category(name) for name in asked["categories"]}
        Context(asked["context"])
        kept = asked["contract"] == 1 and re.fullmatch("[0-9a-f]{64}", asked["sha256"]) and asked["language"]
    except (ValueError, KeyError, TypeError):
        kept = False
    if not kept:
        raise Refused(400, "this is not contract 1")
    if asked["type"] not in ("image/jpeg", "image/png"):
        raise Refused(415, "JPEG or PNG")
    return picture, set(wanted)
