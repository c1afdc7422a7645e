"""A small community on a loopback Discord, set up as its owner would: with `/setup`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.sandbox.entities import Channel, Guild, Role, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.permissions import Permission

MODERATOR = Permission.MANAGE_MESSAGES | Permission.MODERATE_MEMBERS
FULL = Permission.MANAGE_ROLES | Permission.KICK_MEMBERS
"""What the bot needs beyond its invitation for quarantine and for kicks from a card."""
ANSWER_SECONDS = 15.0


@dataclass(slots=True)
class Stage:
    """Who is there and where they meet."""

    discord: Loopback
    guild: Guild
    general: Channel
    pictures: Channel
    after_dark: Channel
    help_thread: Channel
    mods: Channel
    owner: User
    moderator: User
    members: tuple[User, ...]
    moderators: Role
    quarantine: Role

    @classmethod
    def build(cls, discord: Loopback) -> Stage:
        """A guild with three channels, a thread, a moderators' channel and some people."""
        guild = discord.guild("Meadow")
        general = discord.channel(guild, "general")
        owner = discord.owner(guild)
        role = discord.role(guild, "Moderators", int(MODERATOR), position=20)
        mods = discord.channel(guild, "mods")
        discord.overwrite(mods, guild, deny=int(Permission.VIEW_CHANNEL))
        for insider in (role, discord.bot_role(guild)):
            discord.overwrite(mods, insider, allow=int(Permission.VIEW_CHANNEL))
        return cls(
            discord=discord,
            guild=guild,
            general=general,
            pictures=discord.channel(guild, "pictures"),
            after_dark=discord.channel(guild, "after-dark", nsfw=True),
            help_thread=discord.thread(general, "help", owner),
            mods=mods,
            owner=owner,
            moderator=discord.member(guild, "cleo", roles=[role]),
            members=tuple(discord.member(guild, name) for name in ("ann", "ben", "dora", "emil")),
            moderators=role,
            quarantine=discord.role(guild, "Quarantine", position=5),
        )

    async def set_up(self, *, preset: str = "standard", mode: str = "enforce") -> str:
        """What the owner does first; returns what the bot answered."""
        options = {"preset": preset, "channel": self.mods, "mode": mode}
        return await self.told("setup", **options)

    async def told(self, command: str, **options: object) -> str:
        """What the owner is answered to a command."""
        answered = await self.discord.command(
            command, self.owner, self.general, options=options, timeout=ANSWER_SECONDS
        )
        return answered.text

    async def furnish(self) -> list[tuple[str, str]]:
        """Everything is looked at, and a bad avatar means quarantine: each command with what it was answered."""
        role = self.discord.bot_role(self.guild)
        role.permissions |= int(FULL)
        self.discord.role_changed(self.guild, role)
        wanted: tuple[tuple[str, dict[str, object]], ...] = (
            ("policy surfaces", {"surface": "emoji", "on": True}),
            ("policy surfaces", {"surface": "reactions", "on": True}),
            ("policy quarantine", {"role": self.quarantine}),
            ("policy actions", {"when": "block", "what": "quarantine escalate", "context": "head_image"}),
        )
        return [(command, await self.told(command, **options)) for command, options in wanted]

    def unseen(self) -> Channel:
        """A channel that the bot does not see: where forwarded pictures come from."""
        hidden = self.discord.channel(self.guild, "hidden")
        self.discord.overwrite(hidden, self.discord.bot_role(self.guild), deny=int(Permission.VIEW_CHANNEL))
        return hidden

    def named(self, text: str) -> str:
        """`text` with channels and people by their names, as Discord shows it."""
        for channel in self.guild.channels.values():
            text = text.replace(f"<#{channel.id}>", f"#{channel.name}")
        for user in self.discord.world.users.values():
            text = text.replace(f"<@{user.id}>", f"@{user.name}")
        for role in self.guild.roles.values():
            text = text.replace(f"<@&{role.id}>", f"@{role.name}")
        text = re.sub(r"<t:\d+:R>", "just now", text)
        return re.sub(r"<t:(\d+):\w>", lambda at: f"{datetime.fromtimestamp(int(at[1]), UTC):%H:%M} UTC", text)
