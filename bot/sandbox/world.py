"""The state of the sandbox's Discord: everything that exists, and who is told when it changes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any

from bot.clock import SystemClock
from bot.ports import Clock
from bot.sandbox import permissions, wire, wire_messages
from bot.sandbox.cdn import Signer
from bot.sandbox.entities import Attachment, AuditEntry, Channel, Guild, Json, Member, Message, User
from bot.sandbox.errors import missing_access, missing_permissions, unknown
from bot.sandbox.permissions import Permission

EPOCH_MS = 1_420_070_400_000
PRIVILEGED = {"presences": 1 << 8, "members": 1 << 1, "message_content": 1 << 15}
_LIMITED_FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}


class Snowflakes:
    """Ids that rise with time: milliseconds since 2015 above 22 bits of counter."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self, at: datetime | None = None) -> int:
        """A fresh id; with `at`, one of that moment."""
        low = int((at or self._clock.now()).timestamp() * 1000) - EPOCH_MS << 22
        if at is not None:
            self._last += 1
            return low | self._last & 0x3FFFFF
        self._last = max(low, self._last + 1)
        return self._last

    def skip(self, count: int) -> None:
        """Leave out the next `count` ids: somebody has them."""
        self._last += count


@dataclass(frozen=True, slots=True)
class Happened:
    """Something changed: the gateway's event name, its full payload, perf_counter seconds."""

    name: str
    payload: Json
    at: float
    guild: Guild | None = None
    channel: Channel | None = None
    message: Message | None = None


Listener = Callable[[Happened], None]
Painter = Callable[[str], tuple[bytes, str] | None]
"""A path on the CDN, without its suffix -> bytes and type of a picture that is drawn when asked for."""


def _paints_nothing(stem: str) -> None:
    return None


@dataclass(slots=True)
class Addresses:
    """Where the sandbox answers; known once its sockets are open."""

    gateway: str = ""
    cdn: str = ""
    media: str = ""


@dataclass(slots=True)
class World:
    """Everything there is. Lookups raise the `ApiError` that Discord would answer with."""

    token: str
    intents_enabled: frozenset[str]
    shards: int = 1
    clock: Clock = field(default_factory=SystemClock)
    at: Addresses = field(default_factory=Addresses)
    users: dict[int, User] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    assets: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    external: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    painter: Painter = _paints_nothing
    commands: dict[int, list[Json]] = field(default_factory=dict)  # by guild id; 0: global
    nonces: dict[tuple[int, str], Message] = field(default_factory=dict)
    listeners: list[Listener] = field(default_factory=list)
    happened: deque[Happened] = field(default_factory=lambda: deque(maxlen=100_000))
    ids: Snowflakes = field(init=False)
    signer: Signer = field(init=False)
    bot: User = field(init=False)
    host: User = field(init=False)
    app_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.ids = Snowflakes(self.clock)
        self.signer = Signer(token_hex(16).encode(), self.clock, self.at)
        self.app_id = self.ids.next()
        self.bot = self.add_user("Beholder", bot=True, ident=self.app_id)
        self.host = self.add_user("host")

    @property
    def app_flags(self) -> int:
        """Which privileged intents the developer portal has switched on (the flags of small apps)."""
        return sum(_LIMITED_FLAGS[name] for name in self.intents_enabled)

    # --- looking up -------------------------------------------------------------------------------

    def guild(self, ident: int) -> Guild:
        """A guild the bot is in; else 404, as for one that does not exist."""
        guild = self.guilds.get(ident)
        if guild is None or self.bot.id not in guild.members:
            raise unknown("Guild")
        return guild

    def member(self, guild: Guild, ident: int) -> Member:
        """A member of `guild`."""
        if ident not in guild.members:
            raise unknown("Member" if ident in self.users else "User")
        return guild.members[ident]

    def user(self, ident: int) -> User:
        """Anybody."""
        if ident not in self.users:
            raise unknown("User")
        return self.users[ident]

    def channel(self, ident: int, *needed: Permission) -> Channel:
        """A channel the bot can view and in which it has what is `needed`; else 404 or 403."""
        channel = self.channels.get(ident)
        if channel is None or (channel.guild and self.bot.id not in channel.guild.members):
            raise unknown("Channel")
        granted = self.granted(channel)
        if not granted & Permission.VIEW_CHANNEL:
            raise missing_access()
        if any(not granted & permission for permission in needed):
            raise missing_permissions()
        return channel

    def message(self, channel: Channel, ident: int) -> Message:
        """A message of `channel` that still exists."""
        if ident not in channel.messages:
            raise unknown("Message")
        return channel.messages[ident]

    def granted(self, channel: Channel, who: User | None = None) -> int:
        """What `who` (default: the bot) may do in `channel`; in a direct message everything."""
        who = who or self.bot
        if channel.guild is None:
            return permissions.ALL
        member = channel.guild.members.get(who.id)
        return permissions.in_channel(channel.guild, channel, member, self.clock.now()) if member else permissions.NONE

    def require(self, guild: Guild, *needed: Permission) -> Member:
        """The bot as a member of `guild`, having what is `needed`; else 403."""
        me = guild.members[self.bot.id]
        granted = permissions.in_guild(guild, me)
        if any(not granted & permission for permission in needed):
            raise missing_permissions()
        return me

    # --- making and telling -----------------------------------------------------------------------

    def add_user(self, name: str, *, bot: bool = False, ident: int | None = None) -> User:
        """A new user of Discord, in no guild yet."""
        user = User(ident or self.ids.next(), name, bot)
        self.users[user.id] = user
        return user

    def render(self, message: Message) -> Json:
        """MessageResponse of `message`."""
        return wire_messages.message(message, self.signer.attachment)

    def emit(self, name: str, payload: Json, **about: Any) -> Happened:
        """Tell every listener, in order."""
        event = Happened(name, payload, time.perf_counter(), **about)
        self.happened.append(event)
        for listener in tuple(self.listeners):
            listener(event)
        return event

    def record(
        self, guild: Guild, action: int, target: int | None, reason: str | None, actor: User | None = None, **more: Any
    ) -> None:
        """Write a line into the audit log and tell about it."""
        entry = AuditEntry(self.ids.next(), action, (actor or self.bot).id, target, reason, **more)
        guild.audit_log.append(entry)
        payload = {**wire.audit_entry(entry), "guild_id": str(guild.id)}
        self.emit("GUILD_AUDIT_LOG_ENTRY_CREATE", payload, guild=guild)
