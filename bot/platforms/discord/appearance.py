"""How members and guilds look: avatars, banners, icons, and what of them is new.

A payload tells all of it by hashes, wherever the person turns up: when they join, when they change it, with
everything they write. So no privileged intent is needed to see the faces of those who take part; with the members
intent they are seen before. A webhook's face counts too: people see it beside every post, and whoever knows the
webhook's address can set it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import discord

from bot.model import Author, AuthorKind, Event, EventKind, Media, MediaKind, Tenant
from bot.platforms.discord import assets
from bot.platforms.discord.extract import author_of, guild_id_of, tenant_of
from bot.platforms.discord.walker import digest
from bot.ports import UNKNOWN, News
from policies.model import Context, Place, Surface


@dataclass(frozen=True, slots=True)
class Slot:
    """One place for a picture: what kind it is, which choice of a guild it belongs to, its path on the CDN."""

    kind: MediaKind
    surface: Surface
    path: str


AVATAR, GUILD_AVATAR, BANNER, GUILD_BANNER = "avatar", "guild_avatar", "banner", "guild_banner"
OF_MEMBERS = {
    AVATAR: Slot(MediaKind.AVATAR, Surface.AVATARS, "avatars/{owner}/{hash}"),
    GUILD_AVATAR: Slot(MediaKind.AVATAR, Surface.AVATARS, "guilds/{guild}/users/{owner}/avatars/{hash}"),
    BANNER: Slot(MediaKind.BANNER, Surface.BANNERS, "banners/{owner}/{hash}"),
    GUILD_BANNER: Slot(MediaKind.BANNER, Surface.BANNERS, "guilds/{guild}/users/{owner}/banners/{hash}"),
}
OF_GUILDS = {
    "icon": Slot(MediaKind.COVER, Surface.COVERS, "icons/{guild}/{hash}"),
    "guild_banner": Slot(MediaKind.COVER, Surface.COVERS, "banners/{guild}/{hash}"),
    "splash": Slot(MediaKind.COVER, Surface.COVERS, "splashes/{guild}/{hash}"),
    "discovery_splash": Slot(MediaKind.COVER, Surface.COVERS, "discovery-splashes/{guild}/{hash}"),
}


@dataclass(frozen=True, slots=True)
class Appearance:
    """What `author` (a guild: itself) shows at a moment: by slot the hash, '' for the platform's own default.

    `joined`: they joined just now, so whatever they show is news.
    """

    guild: int
    author: Author
    shown: Mapping[str, str]
    joined: bool = False

    @property
    def tenant(self) -> Tenant:
        """The tenant in which it is seen."""
        return tenant_of(self.guild)

    @property
    def is_cover(self) -> bool:
        """Whether it is a guild's own."""
        return self.author.kind is AuthorKind.GUILD

    @property
    def context(self) -> Context:
        """By ruling 18."""
        return Context.ROOM_COVER if self.is_cover else Context.HEAD_IMAGE

    def limited_to(self, surfaces: frozenset[Surface]) -> Mapping[str, str]:
        """What of it a guild wants looked at, by slot. A webhook's faces change with every post: each is a slot."""
        shown = {name: face for name, face in self.shown.items() if self._slot(name).surface in surfaces}
        if self.author.kind is not AuthorKind.WEBHOOK:
            return shown
        return {f"{AVATAR}:{face}": face for name, face in shown.items() if name == AVATAR and face}

    def events(self, shown: Mapping[str, str], news: News, at: datetime) -> list[Event]:
        """What is to be judged of `shown`: an event for each picture, so that none supersedes another one.

        What was taken off is told too: it supersedes the verdict on what was there. The version changes with
        each change.
        """
        fresh = news.slots | {name for name, face in shown.items() if face and self.joined}
        return [self._event(self._media(name, shown[name]), news, at) for name in sorted(fresh)]

    def _event(self, media: Media, news: News, at: datetime) -> Event:
        since = "" if news.since is None else news.since.isoformat()
        joined = str(self.author.joined_at) if self.joined else ""
        return Event(
            tenant=self.tenant,
            kind=EventKind.COVER if self.is_cover else EventKind.AVATAR,
            place=Place(self.context),
            message="",
            version=digest("\n".join([media.key, since, joined])),
            author=self.author,
            media=(media,),
            at=at,
        )

    def _media(self, name: str, face: str) -> Media:
        if face == UNKNOWN:
            return assets.banner_of(self.author.id)
        slot = self._slot(name)
        return assets.face(slot.kind, slot.path.format(guild=self.guild, owner=self.author.id, hash=face))

    def _slot(self, name: str) -> Slot:
        return (OF_GUILDS if self.is_cover else OF_MEMBERS)[name.partition(":")[0]]


def of_post(message: discord.Message) -> Appearance | None:
    """The face beside a post; None in direct messages, where nobody but the host's own bot sees it."""
    guild, person = guild_id_of(message), message.author
    if guild is None:
        return None
    shown = {AVATAR: person._avatar or ""} | ({} if message.webhook_id is not None else {BANNER: UNKNOWN})
    if isinstance(person, discord.Member):
        shown = {AVATAR: person._user._avatar or "", BANNER: UNKNOWN}
        shown |= {GUILD_AVATAR: person._avatar or "", GUILD_BANNER: person._banner or ""}
    return Appearance(guild, author_of(message), shown)


def of_member(payload: Mapping[str, Any], *, joined: bool) -> Appearance:
    """The face in a payload about a member: discord.py tells of no change of those it has not cached.

    Raises KeyError or ValueError for a payload that is none.
    """
    user = payload["user"]
    since = payload.get("joined_at")
    author = Author(
        id=str(int(user["id"])),
        kind=AuthorKind.BOT if user.get("bot") else AuthorKind.MEMBER,
        roles=frozenset(str(role) for role in payload.get("roles") or ()),
        joined_at=datetime.fromisoformat(since) if since else None,
    )
    shown = {
        AVATAR: user.get("avatar") or "",
        BANNER: user.get("banner") or UNKNOWN,  # left out more often than not, also where there is one
        GUILD_AVATAR: payload.get("avatar") or "",
        GUILD_BANNER: payload.get("banner") or "",
    }
    return Appearance(int(payload["guild_id"]), author, shown, joined)


def of_guild(payload: Mapping[str, Any]) -> Appearance | None:
    """The covers in a payload about a guild; None if it says nothing of them, as during an outage."""
    if payload.get("unavailable") or "icon" not in payload:
        return None
    ident = int(payload["id"])
    fields = {"icon": "icon", "guild_banner": "banner", "splash": "splash", "discovery_splash": "discovery_splash"}
    shown = {name: payload.get(field) or "" for name, field in fields.items()}
    return Appearance(ident, Author(str(ident), AuthorKind.GUILD), shown)
