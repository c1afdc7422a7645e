"""Which gateway intents to ask for: the privileged ones only where the application has them.

Discord hangs up (close code 4014) on a bot that asks for one that its page in the developer portal does not
allow. So the application's flags are read at each login, and what is missing is said and done without:

| without | what still works |
|---|---|
| Message Content | mentions of the bot, direct messages, stickers, faces and covers, *Check images*, `/check` |
| Server Members | faces of whoever writes; those who only read are not seen |
"""

from __future__ import annotations

from dataclasses import dataclass

import discord
import structlog

from bot.model import Finding
from bot.texts.catalogue import Texts
from policies.wording import Worded

log = structlog.get_logger("beholder.discord")

PATIENCE = 2  # refusals of what the flags promise, before we believe them rather than the flags
CONTENT, MEMBERS = "message_content", "members"


@dataclass(frozen=True, slots=True)
class Lack:
    """A privileged intent: what Discord's portal calls it, and what goes without it."""

    title: Worded
    without: Worded

    @property
    def cure(self) -> Worded:
        """What the host has to do."""
        return Worded(
            "the host must switch on “{intent}” in Discord's developer portal (Bot → Privileged Gateway Intents) and "
            "restart the bot. Until then {without}.",
            intent=self.title,
            without=self.without,
        )


LACKS = {
    CONTENT: Lack(
        Worded("Message Content Intent"),
        Worded(
            "pictures are seen only where I am mentioned, in direct messages, and when a moderator asks with "
            "/check or “Check images”"
        ),
    ),
    MEMBERS: Lack(
        Worded("Server Members Intent"),
        Worded("avatars and banners are seen only of those who write, not of those who join or only read"),
    ),
}


class Privileges:
    """What may be asked for, over all clients of this process."""

    def __init__(self) -> None:
        self._promised: frozenset[str] | None = None
        self._refusals = 0
        self._said: frozenset[str] | None = None
        self.missing: tuple[str, ...] = ()

    def plain(self) -> discord.Intents:
        """What every bot may ask for, and the least that we need.

        `guilds`: channels, threads, roles, our own rights, icons. Messages and reactions: that there is something
        to look at. Presences are not asked for.
        """
        return discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, dm_messages=True)

    def chosen(self, flags: discord.ApplicationFlags) -> discord.Intents:
        """What to ask for now. What is missing is logged with its cure, once."""
        promised = _promised(flags)
        if promised != self._promised:
            self._promised, self._refusals = promised, 0
        granted = self._granted(promised)
        self._say({CONTENT, MEMBERS} - granted)
        intents = self.plain()
        intents.message_content, intents.members = CONTENT in granted, MEMBERS in granted
        return intents

    def refused(self) -> None:
        """Discord hung up on what was asked for last."""
        self._refusals += 1

    def _granted(self, promised: frozenset[str]) -> frozenset[str]:
        """Discord does not say which one it refuses. What shows pictures is given up last."""
        if self._refusals < PATIENCE:
            return promised
        fewer = promised & {CONTENT}
        return frozenset() if fewer == promised or self._refusals > PATIENCE else fewer

    def _say(self, missing: set[str]) -> None:
        self.missing = tuple(sorted(missing))
        if frozenset(missing) == self._said:
            return
        self._said = frozenset(missing)
        for name in self.missing:
            log.warning("intent missing", intent=LACKS[name].title, cure=LACKS[name].cure)


def _promised(flags: discord.ApplicationFlags) -> frozenset[str]:
    """A small application has the `limited` flags, a verified one the others."""
    has = {
        CONTENT: flags.gateway_message_content or flags.gateway_message_content_limited,
        MEMBERS: flags.gateway_guild_members or flags.gateway_guild_members_limited,
    }
    return frozenset(name for name, held in has.items() if held)


def findings(held: discord.Intents, texts: Texts) -> list[Finding]:
    """What a guild is told of the intents this connection has."""
    return [
        Finding(texts.said(lack.title), bool(getattr(held, name)), texts.said(lack.cure))
        for name, lack in LACKS.items()
    ]
