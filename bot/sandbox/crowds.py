"""Communities as large as the large ones are, of which nothing is made before it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zlib import crc32

from bot.sandbox.entities import CATEGORY, Channel, Crowd, Guild, Json, Overwrite, Role, User
from bot.sandbox.members import Members
from bot.sandbox.permissions import Permission

YEAR = timedelta(days=365)
A_CATEGORY = 10  # channels that hang under one


class Crowds(Members):
    """The facade's share that founds large guilds and lets people of their crowds speak."""

    def community(
        self,
        name: str,
        size: int,
        *,
        channels: int = 60,
        roles: int = 30,
        emojis: int = 50,
        stickers: int = 15,
        faces: Sequence[bytes] = (),
    ) -> Guild:
        """A guild of `size` people, its owner and the bot, that nobody is told of one part at a time:
        found it before the bot comes.

        `faces`: PNGs of which each person wears one; their avatar hashes are all different all the same.
        """
        guild = self.guild(name)
        guild.crowd = Crowd(self._reserve(size), size, self.world.clock.now() - YEAR)
        for number in range(roles):
            role = Role(self.world.ids.next(), f"role {number}", 0, number % 40 + 1)
            guild.roles[role.id] = role
        self._channels(guild, channels)
        for number in range(emojis):
            emoji = self._expression(f"emoji{number}")
            guild.emojis[int(emoji["id"])] = {**emoji, "require_colons": True, "animated": number % 3 == 0}
        for number in range(stickers):
            sticker = {**self._expression(f"sticker{number}"), "type": 2, "format_type": 1, "tags": "smile"}
            guild.stickers[int(sticker["id"])] = {**sticker, "description": None, "guild_id": str(guild.id)}
        if faces:
            self.world.painter = _Faces(faces)
        return guild

    def someone(self, guild: Guild, number: int) -> User:
        """The `number`-th of the crowd, who from now on is a member like any. LookupError without a crowd."""
        if guild.crowd is None:
            raise LookupError(f"{guild.name} has no crowd")
        met = guild.members.get(guild.crowd.first + number)
        if met is None:
            met = guild.crowd.member(number)
            guild.members[met.user.id] = met
            self.world.users[met.user.id] = met.user
        return met.user

    def _reserve(self, size: int) -> int:
        """The first of `size` ids that nothing else will get."""
        first = self.world.ids.next()
        self.world.ids.skip(size)
        return first

    def _channels(self, guild: Guild, count: int) -> None:
        """Text channels under categories, each with the overwrites that channels tend to have."""
        roles = list(guild.roles)
        parent = None
        for number in range(count):
            kind = CATEGORY if number % A_CATEGORY == 0 else 0
            made = Channel(self.world.ids.next(), f"channel-{number}", kind, guild, position=number, topic="A topic.")
            if kind == CATEGORY:
                parent = made.id
            else:
                made.parent_id = parent
            made.overwrites = {
                r: Overwrite(r, False, deny=int(Permission.MENTION_EVERYONE)) for r in (roles[0], roles[-1])
            }
            self.world.channels[made.id] = guild.channels[made.id] = made

    def _expression(self, name: str) -> Json:
        return {"id": str(self.world.ids.next()), "name": name, "roles": [], "managed": False, "available": True}


class _Faces:
    """Which of a few faces a path on the CDN shows."""

    def __init__(self, faces: Sequence[bytes]) -> None:
        self._faces = faces

    def __call__(self, stem: str) -> tuple[bytes, str] | None:
        kind, _, rest = stem.partition("/")
        return (self._faces[crc32(rest.encode()) % len(self._faces)], "image/png") if kind == "avatars" else None
