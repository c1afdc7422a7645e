"""One bot's gateway session: what it may see, what it was sent, and what it missed while away."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientConnectionResetError, web

from bot.sandbox import permissions, wire_messages
from bot.sandbox.entities import Json
from bot.sandbox.permissions import Permission
from bot.sandbox.world import PRIVILEGED, Happened, World

GUILDS, GUILD_MEMBERS, MODERATION, EXPRESSIONS = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REACTIONS, DM_REACTIONS = 1 << 10, 1 << 13
GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 12, PRIVILEGED["message_content"]
REPLAY = 10_000
_INTENT = {
    "GUILD_MEMBER_ADD": GUILD_MEMBERS,
    "GUILD_MEMBER_REMOVE": GUILD_MEMBERS,
    "GUILD_MEMBER_UPDATE": GUILD_MEMBERS,
    "GUILD_BAN_ADD": MODERATION,
    "GUILD_BAN_REMOVE": MODERATION,
    "GUILD_AUDIT_LOG_ENTRY_CREATE": MODERATION,
    "GUILD_EMOJIS_UPDATE": EXPRESSIONS,
    "GUILD_STICKERS_UPDATE": EXPRESSIONS,
}
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def frame(op: int, payload: Any = None, seq: int | None = None, name: str | None = None) -> str:
    """One gateway payload as text."""
    return _encode({"op": op, "d": payload, "s": seq, "t": name})


class Line:
    """One open socket: frames go out in order, through one deflate context if the client asked for it."""

    def __init__(self, socket: web.WebSocketResponse, *, compressed: bool) -> None:
        self.socket = socket
        self.hung_up = False  # by us; then the code of the client's echo means nothing
        self._deflate = zlib.compressobj() if compressed else None
        self._outbox: asyncio.Queue[str | None] = asyncio.Queue()
        self._open = asyncio.Event()
        self._open.set()
        self._sender = asyncio.create_task(self._send_all())

    def send(self, text: str) -> None:
        """Queue a frame."""
        self._outbox.put_nowait(text)

    def pause(self) -> None:
        """Hold frames back until `resume`."""
        self._open.clear()

    def resume(self) -> None:
        """Let held frames go."""
        self._open.set()

    async def close(self, code: int, reason: str = "") -> None:
        """Send what is queued, then say goodbye."""
        self.hung_up = True
        self._outbox.put_nowait(None)
        await asyncio.wait([self._sender], timeout=1)
        await self.socket.close(code=code, message=reason.encode())

    def stop(self) -> None:
        """The socket is gone: send nothing more."""
        self._sender.cancel()

    async def _send_all(self) -> None:
        while (text := await self._outbox.get()) is not None:
            await self._open.wait()
            try:
                await self._send(text)
            except ClientConnectionResetError:
                return

    async def _send(self, text: str) -> None:
        if self._deflate is None:
            await self.socket.send_str(text)
            return
        packed = self._deflate.compress(text.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)


@dataclass(slots=True, eq=False)
class Session:
    """What outlives a socket: sequence number and replay buffer. `line` None: nobody is connected.

    `heard`: the sequence number that the client's last heartbeat acknowledged.
    """

    id: str
    shard: tuple[int, int]
    intents: int
    line: Line | None = None
    seq: int = 0
    heard: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAY))

    def dispatch(self, name: str, payload: Json) -> None:
        """Send an event now, or keep it for RESUME."""
        self.seq += 1
        text = frame(0, payload, self.seq, name)
        self.sent.append((self.seq, text))
        if self.line:
            self.line.send(text)

    def replay(self, after: int) -> bool:
        """Send everything after `after` again; False if that reaches too far back."""
        first = self.sent[0][0] if self.sent else self.seq + 1
        if self.line is None or after > self.seq or after < first - 1:
            return False
        for seq, text in self.sent:
            if seq > after:
                self.line.send(text)
        return True

    def serves(self, guild_id: int) -> bool:
        """Whether this guild is on this session's shard."""
        return (guild_id >> 22) % self.shard[1] == self.shard[0]

    def view(self, event: Happened, world: World) -> Json | None:
        """What of `event` this session is told, or None."""
        name = event.name
        if event.guild is None:
            return self._private(event)
        if not self.serves(event.guild.id) or not self._subscribed(event, world):
            return None
        if event.channel is not None and not world.granted(event.channel) & Permission.VIEW_CHANNEL:
            return None
        if name.startswith("MESSAGE_"):
            return self._message(event, world)
        return event.payload

    def _private(self, event: Happened) -> Json | None:
        needed = DM_REACTIONS if "REACTION" in event.name else DIRECT_MESSAGES
        wanted = not event.name.startswith("MESSAGE_") or self.intents & needed
        return event.payload if wanted and self.shard[0] == 0 else None

    def _subscribed(self, event: Happened, world: World) -> bool:
        name, guild = event.name, event.guild
        if guild is None or name == "INTERACTION_CREATE":
            return True
        if world.bot.id not in guild.members:
            return name == "GUILD_DELETE"
        if name.startswith("MESSAGE_"):
            return bool(self.intents & (REACTIONS if "REACTION" in name else GUILD_MESSAGES))
        if name == "GUILD_MEMBER_UPDATE" and event.payload["user"]["id"] == str(world.bot.id):
            return True
        if name == "GUILD_AUDIT_LOG_ENTRY_CREATE":
            mine = permissions.in_guild(guild, guild.members[world.bot.id])
            return bool(self.intents & MODERATION and mine & Permission.VIEW_AUDIT_LOG)
        return bool(self.intents & _INTENT.get(name, GUILDS))

    def _message(self, event: Happened, world: World) -> Json:
        message = event.message
        if message is None or self.intents & MESSAGE_CONTENT or "content" not in event.payload:
            return event.payload
        if message.author is world.bot or world.bot in message.mentions:
            return event.payload
        return wire_messages.censored(event.payload)
