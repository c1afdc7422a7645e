"""Pictures that are no attachments: avatars, icons, stickers, emojis, what embeds show."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from bot.sandbox import acts, wire
from bot.sandbox.cdn import digest, dimensions
from bot.sandbox.entities import Guild, Json, User
from bot.sandbox.world import World


class Faces:
    """The facade's share that puts pictures on the CDN's unsigned paths and on the media proxy."""

    world: World

    def embed(self, url: str, picture: bytes, *, where: str = "image", kind: str = "rich", **more: Any) -> Json:
        """An embed that shows `picture`, which lies at the foreign `url`; served by the media proxy only.

        `where`: `image`, `thumbnail`, `author` or `footer`; `more`: further keys of the embed.
        """
        self.world.external[digest(url)] = (picture, "image/png" if picture[:4] == b"\x89PNG" else "image/jpeg")
        if where in ("author", "footer"):
            return {"type": kind, **more, where: {"name": "a", "text": "a", "icon_url": url}}
        size = dimensions(picture) or (0, 0)
        shown = {"url": url, "proxy_url": self.world.signer.external(url), "width": size[0], "height": size[1]}
        return {"type": kind, "url": url, **more, where: shown}

    def avatar(self, user: User, picture: bytes | None, *, guild: Guild | None = None) -> None:
        """Somebody changes their avatar, everywhere or (with `guild`) in one guild."""
        hashed = hashlib.md5(picture, usedforsecurity=False).hexdigest() if picture else None
        if guild:
            member = guild.members[user.id]
            if picture:
                self._asset(f"guilds/{guild.id}/users/{user.id}/avatars/{hashed}", picture)
            acts.change_member(self.world, guild, member, {"avatar": hashed})
            return
        if picture:
            self._asset(f"avatars/{user.id}/{hashed}", picture)
        user.avatar = hashed
        for place in self.world.guilds.values():
            if user.id in place.members:
                acts.change_member(self.world, place, place.members[user.id], {})

    def icon(self, guild: Guild, picture: bytes) -> None:
        """The guild gets another icon."""
        guild.icon = hashlib.md5(picture, usedforsecurity=False).hexdigest()
        self._asset(f"icons/{guild.id}/{guild.icon}", picture)
        self.world.emit("GUILD_UPDATE", wire.guild(guild), guild=guild)

    def sticker(self, guild: Guild, name: str, picture: bytes, *, format_type: int = 1) -> Json:
        """A custom sticker; `format_type` 1 PNG, 2 APNG, 3 Lottie, 4 GIF."""
        kinds = {1: "image/png", 2: "image/png", 3: "application/json", 4: "image/gif"}
        sticker: Json = {
            "id": str(self.world.ids.next()),
            "name": name,
            "tags": name,
            "type": 2,
            "format_type": format_type,
            "description": None,
            "available": True,
            "guild_id": str(guild.id),
        }
        self.world.assets[f"stickers/{sticker['id']}"] = (picture, kinds[format_type])
        guild.stickers[int(sticker["id"])] = sticker
        body: Mapping[str, Any] = {"guild_id": str(guild.id), "stickers": list(guild.stickers.values())}
        self.world.emit("GUILD_STICKERS_UPDATE", dict(body), guild=guild)
        return sticker

    def emoji(self, guild: Guild, name: str, picture: bytes, *, animated: bool = False) -> str:
        """A custom emoji; returns how it is written in a text."""
        ident = self.world.ids.next()
        self._asset(f"emojis/{ident}", picture)
        guild.emojis[ident] = {
            "id": str(ident),
            "name": name,
            "roles": [],
            "require_colons": True,
            "managed": False,
            "animated": animated,
            "available": True,
        }
        body = {"guild_id": str(guild.id), "emojis": list(guild.emojis.values())}
        self.world.emit("GUILD_EMOJIS_UPDATE", body, guild=guild)
        return f"<{'a' if animated else ''}:{name}:{ident}>"

    def _asset(self, stem: str, picture: bytes) -> None:
        kinds = {b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}
        self.world.assets[stem] = (picture, kinds.get(picture[:4], "image/jpeg"))
