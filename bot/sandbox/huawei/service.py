"""Image Moderation V3 itself, behind the gate: reads a request, keeps to the limits, looks, and charges."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.sandbox.huawei.gate import Asked
from bot.sandbox.huawei.sights import Unreadable, opened, seen
from bot.sandbox.huawei.words import WORDS

EVENT_TYPES = {
    *("head_image", "album", "dynamic", "article", "comment"),
    *("room_cover", "group_message", "message", "product"),
}
CATEGORIES = {"porn", "terrorism", "image_text"}
LANGUAGES = {"zh", "en", "ar"}
BASE64 = 10_000_000
SIDES = range(20, 6001)
MOST_URLS = 12


@dataclass(frozen=True, slots=True)
class Call:
    """A request for moderation that came through the gate."""

    fields: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Bad(Exception):
    """A request that the service refuses."""

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(code)
        said = WORDS[code]
        self.said = said._replace(words=words or said.words)


class Moderation:
    """The service. See `LoopbackHuawei` for what it keeps."""

    def __init__(self) -> None:
        self.biz_types: dict[str, list[str]] = {}
        self.answers: deque[dict[str, Any]] = deque()
        self.charges: Counter[str] = Counter()
        self.bills: Counter[str] = Counter()
        self.calls: list[Call] = []

    async def one(self, asked: Asked) -> dict[str, Any]:
        """What `POST .../moderation/image` answers, without its request id. Raises Bad."""
        fields = self._fields(asked)
        categories = self._categories(fields)
        return {"result": await self._judged(await _content(fields), categories, asked)}

    async def batch(self, asked: Asked) -> dict[str, Any]:
        """What `POST .../moderation/image/batch` answers. Raises Bad."""
        fields = self._fields(asked)
        categories, urls = self._categories(fields), fields.get("urls")
        if not isinstance(urls, list) or not 1 <= len(urls) <= MOST_URLS:
            raise Bad("AIS.0012")
        return {"results": [await self._of_batch(each, categories, asked) for each in urls]}

    async def _of_batch(self, each: dict[str, Any], categories: list[str], asked: Asked) -> dict[str, Any]:
        named = {"data_id": each["data_id"]} if "data_id" in each else {}
        try:
            return {**await self._judged(await _fetched(each["url"]), categories, asked), **named}
        except Bad as bad:
            return {"error_code": bad.said.code, "error_msg": bad.said.words, **named}

    def _fields(self, asked: Asked) -> dict[str, Any]:
        if not asked.headers.get("content-type", "").startswith("application/json"):
            raise Bad("AIS.0010")
        try:
            fields = json.loads(asked.body)
        except ValueError:
            raise Bad("AIS.0014") from None
        if not isinstance(fields, dict):
            raise Bad("AIS.0014")
        self.calls.append(Call(fields, dict(asked.headers), asked.body))
        return fields

    def _categories(self, fields: dict[str, Any]) -> list[str]:
        """What is looked for: the console's policy overrides the request; without one the request must say."""
        if fields.get("language", "zh") not in LANGUAGES:
            raise Bad("AIS.0012")
        if biz_type := fields.get("biz_type"):
            if biz_type not in self.biz_types:
                raise Bad("AIS.0012", "The request parameter is not supported: biz_type.")
            return self.biz_types[biz_type]
        categories = fields.get("categories")
        if not categories or not fields.get("event_type"):
            raise Bad("AIS.0011")
        if fields["event_type"] not in EVENT_TYPES or not set(categories) <= CATEGORIES:
            raise Bad("AIS.0012")
        if len(set(categories)) != len(categories):
            raise Bad("AIS.0039")
        return list(categories)

    async def _judged(self, content: bytes, categories: list[str], asked: Asked) -> dict[str, Any]:
        try:
            picture = await asyncio.to_thread(opened, content)
        except Unreadable:
            raise Bad("AIS.0402") from None
        if not all(side in SIDES for side in picture.size):
            raise Bad("AIS.0504")
        result = self.answers.popleft() if self.answers else await asyncio.to_thread(seen, picture, categories)
        self.charges.update(categories)
        self.bills[asked.headers.get("enterprise-project-id", "default")] += len(categories)
        return result


async def _content(fields: dict[str, Any]) -> bytes:
    image, url = fields.get("image"), fields.get("url")
    if not image and not url:
        raise Bad("AIS.0011")
    if not image:
        return await _fetched(str(url))
    if len(image) > BASE64:
        raise Bad("AIS.0020")
    try:
        return b64decode(image, validate=True)
    except ValueError:
        raise Bad("AIS.0015") from None


async def _fetched(url: str) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise Bad("AIS.0022")
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            if response.status != 200:
                raise Bad("AIS.0029")
            return await response.read()
    except (aiohttp.ClientError, TimeoutError):
        raise Bad("AIS.0029") from None
