"""The barest client of the Bot API, to say what no library would."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession, FormData

from bot.sandbox.telegram.loopback import LoopbackTelegram


class Raw:
    """Calls methods with JSON bodies."""

    def __init__(self, t: LoopbackTelegram, session: ClientSession) -> None:
        self.t = t
        self.session = session

    def url(self, method: str) -> str:
        return f"{self.t.root}/bot{self.t.token}/{method}"

    async def call(self, method: str, /, **params: Any) -> tuple[int, Any]:
        """Status and body."""
        async with self.session.post(self.url(method), json=params) as answer:
            return answer.status, await answer.json()

    async def ok(self, method: str, /, **params: Any) -> Any:
        """The result of a call that must succeed."""
        status, body = await self.call(method, **params)
        assert status == 200, body
        return body["result"]

    async def refused(self, method: str, /, **params: Any) -> str:
        """The description of a call that must fail."""
        status, body = await self.call(method, **params)
        assert status == body["error_code"] != 200, body
        assert body["ok"] is False
        return str(body["description"])

    async def upload(self, method: str, files: dict[str, bytes], /, **params: str) -> Any:
        """A multipart call that must succeed."""
        form = FormData()
        for name, value in params.items():
            form.add_field(name, value)
        for name, content in files.items():
            form.add_field(name, content, filename=f"{name}.jpg", content_type="image/jpeg")
        async with self.session.post(self.url(method), data=form) as answer:
            body = await answer.json()
            assert answer.status == 200, body
            return body["result"]

    async def updates(self, **params: Any) -> list[Any]:
        """getUpdates."""
        found: list[Any] = await self.ok("getUpdates", **params)
        return found
