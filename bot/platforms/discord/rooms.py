"""Private channels that the bot makes: for the moderators, and for nobody else to see."""

from __future__ import annotations

from typing import Any, Final

import discord

from bot.model import MakeChannel, Outcome, OutcomeState, Tenant
from bot.platforms.discord import layout
from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.outcomes import Refusal
from bot.platforms.discord.rights import CARD_RIGHTS, TITLES
from bot.ports import Settings
from bot.texts.catalogue import Texts
from policies.wording import Worded

ROLE, MEMBER = 0, 1  # whom an overwrite is about
REASON: Final = "Beholder: a private channel for moderators, asked for in /setup"


class Rooms:
    """Makes channels, each once: the mark in its topic tells whether it is there already."""

    def __init__(self, client: BeholderClient, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def make(self, action: MakeChannel) -> Outcome:
        """Make it unless it is there. Raises Refusal, which names what is missing."""
        found = await self.find(action.tenant, action.nonce)
        if found.state is OutcomeState.DONE:
            return found
        guild = self._client.get_guild(int(action.tenant.id))
        if guild is None:
            return Outcome(OutcomeState.FAILED, Worded("I cannot see this server at the moment: try again"), retry=True)
        _must_be_able(guild)
        made = await self._client.http.create_channel(
            guild.id,
            discord.ChannelType.text.value,
            name=action.name,
            topic=f"{await self._purpose(action.tenant)} {layout.mark(action.nonce)}",
            permission_overwrites=_overwrites(guild, action),
            reason=REASON,
        )
        return Outcome(OutcomeState.DONE, ref=str(made["id"]))

    async def find(self, tenant: Tenant, nonce: str) -> Outcome:
        """Whether a channel bears the mark of `nonce`: done with its id, or failed. Discord is asked, not the cache."""
        wanted = layout.mark(nonce)
        for channel in await self._client.http.get_all_guild_channels(int(tenant.id)):
            topic: Any = channel.get("topic")
            if channel["type"] == discord.ChannelType.text.value and (topic or "").split(" ")[-1] == wanted:
                return Outcome(OutcomeState.DONE, ref=str(channel["id"]))
        return Outcome(OutcomeState.FAILED, Worded("it was not made"))

    async def _purpose(self, tenant: Tenant) -> str:
        policy, _ = await self._settings.policy(tenant)
        return Texts(policy.language).gettext("What Beholder finds, for moderators only.")


def _must_be_able(guild: discord.Guild) -> None:
    """Discord lets us allow others only what we have ourselves."""
    held = guild.me.guild_permissions
    needed = {"manage_channels": Worded("Manage Channels"), **{name: TITLES[name] for name in CARD_RIGHTS}}
    if missing := [title for name, title in needed.items() if not getattr(held, name)]:
        raise Refusal(
            Worded(
                "I lack “{rights}”. Give it to my role for a moment, or make a channel yourself and choose it.",
                rights=tuple(missing),
            )
        )


def _overwrites(guild: discord.Guild, action: MakeChannel) -> list[dict[str, Any]]:
    """Everybody out; us, whoever asked and the roles in."""
    view = discord.Permissions(view_channel=True).value
    ours = discord.Permissions(**dict.fromkeys(CARD_RIGHTS, True)).value
    let_in = [_overwrite(role, ROLE, allow=view) for role in action.roles if guild.get_role(int(role))]
    return [
        _overwrite(str(guild.id), ROLE, deny=view),
        _overwrite(str(guild.me.id), MEMBER, allow=ours),
        _overwrite(action.author, MEMBER, allow=view),
        *let_in,
    ]


def _overwrite(whom: str, kind: int, *, allow: int = 0, deny: int = 0) -> dict[str, Any]:
    return {"id": whom, "type": kind, "allow": allow, "deny": deny}
