"""What people saw on a loopback Discord, kept as pages: for `make pictures` and whoever wants to look."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.entities import Channel, Message
from bot.sandbox.interactions import Answered
from bot.sandbox.loopback import Loopback
from bot.sandbox.markdown import Names
from bot.sandbox.portrait import Shot, page

DESKTOP, PHONE = 640, 400  # px of width


class Album:
    """Makes shots of messages as they stand now, and pages of shots."""

    def __init__(self, discord: Loopback) -> None:
        self._discord = discord

    def post(self, message: Message, opened: str = "") -> Shot:
        """A message in its channel; `opened`: the custom id of a select that was clicked."""
        return Shot(self._discord.world.render(message), opened=opened)

    def answer(self, answered: Answered, used: str = "") -> tuple[Shot, ...]:
        """All that was answered to a press or a command; `used` is what was typed."""
        shots = [Shot(self._discord.world.render(message)) for message in answered.messages]
        return tuple(Shot(shot.message, "" if n else used) for n, shot in enumerate(shots))

    def page(self, shots: Sequence[Shot], channel: Channel | None = None, *, width: int = DESKTOP) -> str:
        """HTML of `shots`, under the name of `channel`."""
        called = channel.name if channel is not None else ""
        return page(shots, self._names(), self._discord.cdn.picture, channel=called, width=width)

    def _names(self) -> Names:
        world = self._discord.world
        return Names(
            world.clock.now(),
            users={user.id: user.global_name or user.name for user in world.users.values()},
            channels={channel.id: channel.name for channel in world.channels.values()},
            roles={role.id: role.name for guild in world.guilds.values() for role in guild.roles.values()},
        )
