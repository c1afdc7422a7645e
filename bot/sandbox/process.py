"""The real bot as a process of its own, pointed at a loopback Discord, a loopback Telegram, or both."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientSession

Line = Mapping[str, Any]


class Endpoints(Protocol):
    """The four addresses of a Discord."""

    api_url: str
    gateway_url: str
    cdn_url: str
    media_url: str


class BotProcess:
    """`python -m bot run`, its structured log lines collected as they come."""

    def __init__(self, process: asyncio.subprocess.Process, environment: Mapping[str, str]) -> None:
        self.process = process
        self.environment = environment
        self.lines: list[Line] = []
        self.text: list[str] = []
        self._came = asyncio.Condition()
        self._readers = [
            asyncio.create_task(self._read(stream)) for stream in (process.stdout, process.stderr) if stream
        ]

    @classmethod
    async def start(cls, discord: Endpoints, folder: Path, token: str, **settings: str) -> BotProcess:
        """Begin; `settings` are further `BEHOLDER_` names without the prefix, in lower case."""
        there = {
            "discord_token": token,
            "discord_api_url": discord.api_url,
            "discord_gateway_url": discord.gateway_url,
            "discord_cdn_url": discord.cdn_url,
            "discord_media_url": discord.media_url,
        }
        return await cls.begin(folder, **there, **settings)

    @classmethod
    async def begin(cls, folder: Path, **settings: str) -> BotProcess:
        """Begin with these settings alone, whatever platforms they name."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BEHOLDER_")}
        given = {"data_dir": str(folder), "web_port": "0", "log_format": "json"} | settings
        environment |= {f"BEHOLDER_{name.upper()}": value for name, value in given.items()}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", "run"),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=2**20,
        )
        return cls(process, environment)

    async def beholder(self, *args: str) -> str:
        """What the host types beside the running bot: `beholder ARGS`. Raises RuntimeError with what it answered."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", *args),
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"beholder {' '.join(args)} ended with {process.returncode}:\n{said.decode()}")
        return said.decode()

    async def web(self, path: str) -> str:
        """What its web server answers, whatever the status."""
        port = (await self.event("web"))["port"]
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return await answer.text()

    async def metrics(self) -> str:
        """What Prometheus would read."""
        return await self.web("/metrics")

    async def line(self, wanted: Callable[[Line], bool], seconds: float = 20.0) -> Line:
        """The first line, past or to come, that is `wanted`. Raises TimeoutError with the last words."""
        try:
            async with asyncio.timeout(seconds), self._came:
                while True:
                    if found := next((line for line in self.lines if wanted(line)), None):
                        return found
                    if self.process.returncode is not None and all(r.done() for r in self._readers):
                        raise RuntimeError(f"the bot ended with {self.process.returncode}:\n{self.tail()}")
                    await self._came.wait()
        except TimeoutError:
            raise TimeoutError(f"the bot did not say what was waited for:\n{self.tail()}") from None

    async def event(self, name: str, seconds: float = 20.0, **fields: object) -> Line:
        """The first line of this event with these fields."""
        return await self.line(
            lambda x: x.get("event") == name and all(x.get(k) == v for k, v in fields.items()), seconds
        )

    def tail(self, count: int = 25) -> str:
        """The last things it said."""
        return "\n".join(self.text[-count:])

    async def stop(self, seconds: float = 15.0) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        return await self._ended(seconds)

    async def kill(self) -> None:
        """kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self._ended(15.0)

    async def _ended(self, seconds: float) -> int:
        try:
            async with asyncio.timeout(seconds):
                code = await self.process.wait()
        except TimeoutError:
            self.process.kill()
            code = await self.process.wait()
        await asyncio.gather(*self._readers)
        return code

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for raw in stream:
            text = raw.decode(errors="replace").rstrip()
            async with self._came:
                self.text.append(text)
                with suppress(json.JSONDecodeError):
                    line = json.loads(text)
                    if isinstance(line, dict):
                        self.lines.append(line)
                self._came.notify_all()
        async with self._came:
            self._came.notify_all()


@asynccontextmanager
async def running(discord: Endpoints, folder: Path, token: str, **settings: str) -> AsyncIterator[BotProcess]:
    """The bot for the length of a block; ended with SIGTERM, or SIGKILL if that is not heeded."""
    bot = await BotProcess.start(discord, folder, token, **settings)
    try:
        yield bot
    finally:
        await bot.stop()
