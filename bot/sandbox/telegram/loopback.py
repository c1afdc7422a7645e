"""`LoopbackTelegram`: a whole Bot API on 127.0.0.1, on real sockets, for the demo, tests and benchmarks.

async with LoopbackTelegram() as t:
    town = t.supergroup()
    t.add_bot(town, "can_delete_messages", "can_restrict_members")
    # the bot, started with t.root and t.token, polls
    message = t.photo(town, t.member(town, "ann"), picture)
    await t.deleted(message)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.clock import SystemClock
from bot.ports import Clock
from bot.sandbox.faults import Break, Fault
from bot.sandbox.telegram import methods_account, methods_chats, methods_messages
from bot.sandbox.telegram.calls import Exchange, Methods
from bot.sandbox.telegram.entities import Bot, Chat, Json, Message
from bot.sandbox.telegram.people import People
from bot.sandbox.telegram.server import Observer, Server
from bot.sandbox.telegram.specification import Specification
from bot.sandbox.telegram.world import Query, World

HOST = "127.0.0.1"
PATIENCE = 10.0
BAD_GATEWAY = "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>"


def _methods() -> Methods:
    methods = Methods()
    for room in (methods_account, methods_chats, methods_messages):
        methods.include(room.methods)
    return methods


class LoopbackTelegram(People):
    """A Telegram of one's own. State in `world`, trouble in `fail`, the log in `calls`.

    `privacy`: BotFather's privacy mode of the bot. `limited`: whether flood control counts.
    `specification`: judges every call (a fault is a 400 and is in `violations`) and every update.
    `port`: 0 means any free one. Once entered, `root` says where it is, `http://127.0.0.1:<port>`;
    clients add `/bot<token>/<method>` and `/file/bot<token>/<path>`.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        name: str = "Beholder",
        privacy: bool = True,
        limited: bool = True,
        clock: Clock | None = None,
        specification: Specification | None = None,
        observers: Iterable[Observer] = (),
        port: int = 0,
    ) -> None:
        self.world = World(clock or SystemClock())
        self.bot: Bot = self.world.add_bot(name, token, privacy=privacy)
        self.server = Server(self.world, _methods(), specification, limited, observers=list(observers))
        self.root = ""
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._update_faults: list[str] = []
        if specification:
            self.world.listeners.append(lambda update: self._update_faults.extend(specification.update(update)))

    # --- life -------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self.server.handle, access_log=None), shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, self._port).start()
        self.root = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for inbox in self.world.inboxes.values():
            await inbox.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.bot.token

    # --- watching -----------------------------------------------------------------------------------------

    @property
    def calls(self) -> list[Exchange]:
        """Every call so far, with its answer; a download is a call of `file`."""
        return self.server.log

    def calls_to(self, method: str) -> list[Exchange]:
        """Those of one method."""
        return [call for call in self.server.log if call.method == method]

    @property
    def violations(self) -> list[str]:
        """All that the specification finds wrong with calls and updates so far."""
        return [fault for call in self.server.log for fault in call.violations] + self._update_faults

    @property
    def updates(self) -> list[Json]:
        """Every update that the bot was or will be given."""
        return self.world.inboxes[self.bot.id].told

    async def until(self, condition: Callable[[], object], timeout: float = PATIENCE) -> None:  # noqa: ASYNC109
        """Until `condition()` holds; asked at every turn of a few milliseconds."""
        try:
            async with asyncio.timeout(timeout):
                while not condition():  # noqa: ASYNC110 (any condition, not one that could tell us)
                    await asyncio.sleep(0.005)
        except TimeoutError:
            last = [call.method for call in self.server.log][-12:]
            raise TimeoutError(f"it did not come true within {timeout} s; the last calls were {last}") from None

    async def deleted(self, message: Message, timeout: float = PATIENCE) -> float:  # noqa: ASYNC109
        """Until `message` is deleted; returns seconds since it was posted."""
        await self.until(lambda: message.deleted_at is not None, timeout)
        gone = next(deletion for deletion in self.world.deletions if deletion.message is message)
        return gone.at - message.shown

    async def answered(self, query: Query, timeout: float = PATIENCE) -> Json:  # noqa: ASYNC109
        """Until the bot has answered a press; returns what it showed."""
        await self.until(lambda: query.answer is not None, timeout)
        return query.answer or {}

    def posts(self, chat: Chat, *, having: str = "") -> list[Message]:
        """The bot's posts in `chat` that still stand and say `having` anywhere."""
        return [
            message
            for message in chat.messages.values()
            if message.sender is self.bot.user
            and not message.service
            and message.deleted_at is None
            and having in f"{message.content} {message.keyboard}"
        ]

    async def posted(self, chat: Chat, *, having: str = "", timeout: float = PATIENCE) -> Message:  # noqa: ASYNC109
        """The bot's first post in `chat`, past or to come, that says `having` anywhere."""
        await self.until(lambda: self.posts(chat, having=having), timeout)
        return self.posts(chat, having=having)[0]

    # --- trouble ------------------------------------------------------------------------------------------

    def fail(
        self,
        method: str | None = None,
        *,
        status: int | None = None,
        body: Json | str | None = None,
        nth: int = 1,
        times: int | None = 1,
        reset: Break | None = None,
        delay: float = 0.0,
    ) -> Fault:
        """From the `nth` call of `method` on, `times` times: answer `status`, reset the connection before
        or after the effect, or answer late. A 5xx without `body` is a proxy's HTML page."""
        if status and body is None:
            refused = {"ok": False, "error_code": status, "description": "refused on demand"}
            body = BAD_GATEWAY.format(f"{status} Bad Gateway") if status >= 500 else refused
        fault = Fault(None, method, nth, times, status, body, reset=reset, delay=delay)
        return self.server.faults.lay(fault)

    def rate_limit(
        self, method: str | None = None, *, retry_after: int = 1, nth: int = 1, times: int | None = 1
    ) -> Fault:
        """429 with the seconds to wait."""
        description = f"Too Many Requests: retry after {retry_after}"
        body = {
            "ok": False,
            "error_code": 429,
            "description": description,
            "parameters": {"retry_after": retry_after},
        }
        return self.server.faults.lay(Fault(None, method, nth, times, 429, body))

    def well_again(self) -> None:
        """Clear all faults."""
        self.server.faults.clear()
