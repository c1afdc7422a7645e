"""The gateway: HELLO, IDENTIFY, heartbeats, RESUME, and every way in which a connection can go wrong.

Follows Discord's documentation, "Gateway" (API v10). Transport compression `zlib-stream` uses one
deflate context a connection and Z_SYNC_FLUSH after every payload; a client that asks for another
compression is sent plain text frames, which every client takes.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket as sockets
import struct
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from bot.sandbox import wire
from bot.sandbox.entities import Json
from bot.sandbox.sessions import Line, Session, frame
from bot.sandbox.world import PRIVILEGED, Happened, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = 8, 9, 10, 11
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4001, 4002, 4003, 4004
INVALID_SHARD, INVALID_INTENTS, DISALLOWED_INTENTS = 4010, 4013, 4014
_ALL_INTENTS = (1 << 26) - 1


class Closed(Exception):
    """The client did something for which Discord hangs up."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def reset(request: web.BaseRequest) -> None:
    """Break the TCP connection with a RST, as a crashed proxy would."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@dataclass(slots=True)
class Connection:
    """A client on the line; `session` once it has identified or resumed."""

    request: web.BaseRequest
    line: Line
    session: Session | None = None


class Gateway:
    """All connections and sessions of the bot, and the hooks by which a test makes trouble."""

    def __init__(self, world: World, heartbeat_ms: int) -> None:
        self._world = world
        self._heartbeat_ms = heartbeat_ms
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.identifies: list[Json] = []
        self.resumes: list[Json] = []
        self.presences: list[Json] = []
        self.heartbeats = 0
        self.acknowledge = True
        world.listeners.append(self._tell)

    # --- serving ------------------------------------------------------------------------------------

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
        if not socket.can_prepare(request):
            return web.Response(status=400, text="Expected a WebSocket")
        await socket.prepare(request)
        line = Line(socket, compressed=request.query.get("compress") == "zlib-stream")
        connection = Connection(request, line)
        self.connections.append(connection)
        try:
            await self._serve(connection)
        finally:
            self._forget(connection)
        return socket

    async def _serve(self, connection: Connection) -> None:
        line = connection.line
        line.send(frame(HELLO, {"heartbeat_interval": self._heartbeat_ms, "_trace": []}))
        try:
            async for received in line.socket:
                if received.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._receive(connection, received.data)
        except Closed as closed:
            await line.close(closed.code, closed.reason)

    def _forget(self, connection: Connection) -> None:
        connection.line.stop()
        self.connections.remove(connection)
        session = connection.session
        if session and session.line is connection.line:
            session.line = None
            if not connection.line.hung_up and connection.line.socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)

    def _receive(self, connection: Connection, text: str | bytes) -> None:
        try:
            body = json.loads(text)
            op, payload = body["op"], body.get("d")
        except (ValueError, KeyError, TypeError):
            raise Closed(DECODE_ERROR, "Error while decoding payload.") from None
        if op == HEARTBEAT:
            self._heartbeat(connection, payload)
        elif op == IDENTIFY:
            self._identify(connection, payload)
        elif op == RESUME:
            self._resume(connection, payload)
        else:
            self._while_connected(connection, op, payload)

    def _while_connected(self, connection: Connection, op: int, payload: Any) -> None:
        if connection.session is None:
            raise Closed(NOT_AUTHENTICATED, "Not authenticated.")
        if op == REQUEST_MEMBERS:
            self._send_members(connection.session, payload)
        elif op == PRESENCE:
            self.presences.append(payload)
        elif op != VOICE:
            raise Closed(UNKNOWN_OPCODE, "Unknown opcode.")

    def _heartbeat(self, connection: Connection, seen: Any) -> None:
        self.heartbeats += 1
        if connection.session and isinstance(seen, int):
            connection.session.heard = seen
        if self.acknowledge:
            connection.line.send(frame(ACK))

    # --- sessions -------------------------------------------------------------------------------------

    def _identify(self, connection: Connection, payload: Json) -> None:
        self.identifies.append({**payload, "token": "…"})
        if payload.get("token") != self._world.token:
            raise Closed(AUTHENTICATION_FAILED, "Authentication failed.")
        shard, count = payload.get("shard") or (0, 1)
        if not 0 <= shard < count:
            raise Closed(INVALID_SHARD, "Invalid shard.")
        intents = self._intents(payload.get("intents"))
        session = Session(secrets.token_hex(16), (shard, count), intents, connection.line)
        self.sessions[session.id] = connection.session = session
        self._greet(session)

    def _intents(self, intents: Any) -> int:
        if not isinstance(intents, int) or not 0 <= intents <= _ALL_INTENTS:
            raise Closed(INVALID_INTENTS, "Invalid intent(s).")
        enabled = self._world.intents_enabled
        if any(intents & bit and name not in enabled for name, bit in PRIVILEGED.items()):
            raise Closed(DISALLOWED_INTENTS, "Disallowed intent(s).")
        return intents

    def _greet(self, session: Session) -> None:
        world = self._world
        bot = {**wire.user(world.bot), "verified": True, "email": None, "mfa_enabled": True}
        guilds = [g for g in world.guilds.values() if session.serves(g.id) and world.bot.id in g.members]
        ready: Json = {
            "v": 10,
            "user": bot,
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "session_id": session.id,
            "resume_gateway_url": world.at.gateway,
            "shard": list(session.shard),
            "application": {"id": str(world.app_id), "flags": world.app_flags},
            "private_channels": [],
            "relationships": [],
            "user_settings": {},
            "_trace": [],
        }
        session.dispatch("READY", ready)
        for guild in guilds:
            session.dispatch("GUILD_CREATE", wire.guild_create(guild, world.bot.id))

    def _resume(self, connection: Connection, payload: Json) -> None:
        self.resumes.append({**payload, "token": "…"})
        if payload.get("token") != self._world.token:
            raise Closed(AUTHENTICATION_FAILED, "Authentication failed.")
        session = self.sessions.get(payload.get("session_id", ""))
        if session is None:
            connection.line.send(frame(INVALID_SESSION, False))
            return
        session.line, connection.session = connection.line, session
        if not session.replay(int(payload.get("seq") or 0)):
            session.line, connection.session = None, None
            del self.sessions[session.id]
            connection.line.send(frame(INVALID_SESSION, False))
            return
        session.dispatch("RESUMED", {"_trace": []})

    def _send_members(self, session: Session, payload: Json) -> None:
        guild = self._world.guilds[int(payload["guild_id"])]
        chosen = list(guild.members.values())
        if "user_ids" in payload:
            wanted = payload["user_ids"] if isinstance(payload["user_ids"], list) else [payload["user_ids"]]
            idents = {int(ident) for ident in wanted}
            chosen = [m for m in chosen if m.user.id in idents]
        else:
            chosen = [m for m in chosen if m.user.name.startswith(payload.get("query", ""))]
            chosen = chosen[: payload.get("limit") or None]
        chunks = [chosen[at : at + 1000] for at in range(0, len(chosen), 1000)] or [[]]
        for index, chunk in enumerate(chunks):
            body: Json = {
                "guild_id": str(guild.id),
                "members": [wire.member(m) for m in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [],
            }
            if "nonce" in payload:
                body["nonce"] = payload["nonce"]
            session.dispatch("GUILD_MEMBERS_CHUNK", body)

    def _tell(self, event: Happened) -> None:
        for session in tuple(self.sessions.values()):
            seen = session.view(event, self._world)
            if seen is not None:
                session.dispatch(event.name, seen)

    # --- trouble on demand ------------------------------------------------------------------------------

    @property
    def connected(self) -> list[Session]:
        """Sessions that have somebody on the line."""
        return [session for session in self.sessions.values() if session.line]

    async def drop(self, code: int = 4000, reason: str = "", *, shard: int | None = None) -> None:
        """Close every connection (or a shard's) softly, with `code`; the sessions stay resumable."""
        await asyncio.gather(*(c.line.close(code, reason) for c in self._of(shard)))

    def break_off(self) -> None:
        """Break every connection hard, by RST."""
        for connection in tuple(self.connections):
            reset(connection.request)

    def ask_reconnect(self) -> None:
        """Opcode 7: the client shall come back with RESUME."""
        self._everywhere(frame(RECONNECT))

    def ask_heartbeat(self) -> None:
        """Opcode 1: the client shall send a heartbeat at once."""
        self._everywhere(frame(HEARTBEAT))

    def invalidate(self, *, resumable: bool = False, shard: int | None = None) -> None:
        """Opcode 9, everywhere or to one shard. Without `resumable` the sessions are forgotten, with all
        that was to be replayed."""
        for connection in self._of(shard):
            connection.line.send(frame(INVALID_SESSION, resumable))
            if connection.session and not resumable:
                self.sessions.pop(connection.session.id, None)
        if not resumable and shard is None:
            self.sessions.clear()

    def forget_sessions(self) -> None:
        """A RESUME will be refused with opcode 9, as after a long absence; live sockets are not told."""
        self.sessions.clear()

    def send_raw(self, name: str, payload: Any) -> None:
        """Dispatch an arbitrary, also malformed, event to every session."""
        for session in tuple(self.sessions.values()):
            session.dispatch(name, payload)

    def pause(self) -> None:
        """Hold back everything that is to be sent."""
        for connection in self.connections:
            connection.line.pause()

    def unpause(self) -> None:
        """Send what was held back."""
        for connection in self.connections:
            connection.line.resume()

    def _of(self, shard: int | None) -> list[Connection]:
        """Connections of a shard; None for all."""
        return [c for c in self.connections if shard is None or (c.session and c.session.shard[0] == shard)]

    def _everywhere(self, text: str) -> None:
        for connection in self.connections:
            connection.line.send(text)
