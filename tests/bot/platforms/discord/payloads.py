"""Gateway payloads as Discord sends them, and discord.py's real objects made of them."""

from __future__ import annotations

from itertools import count
from typing import Any

import discord

from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.privileges import Privileges
from bot.platforms.discord.supervisor import IdentifyBudget
from tests.bot.platforms.discord.world import Bytes, HandClock, MemorySettings, RememberingDesk

Json = dict[str, Any]

BOT = 1
APPLICATION = 2
GUILD, TEXT, NSFW, FORUM, VOICE = 100, 101, 102, 103, 104
COMMENTS, POST, NSFW_THREAD = 111, 113, 112
MEMBER, ROLE = 50, 60
CDN, MEDIA = "https://cdn.discordapp.com", "https://media.discordapp.net"
SIGNED = "ex=6a&is=69&hm=ab"
WHEN = "2026-01-02T03:04:05.000000+00:00"

_ids = count(10_000)


def user(ident: int = MEMBER, **fields: Any) -> Json:
    return {"id": str(ident), "username": f"u{ident}", "discriminator": "0", "avatar": None, **fields}


def member(*roles: int) -> Json:
    return {"roles": [str(r) for r in roles], "joined_at": WHEN, "deaf": False, "mute": False, "flags": 0}


def attachment(name: str = "cat.png", content_type: str | None = "image/png", **fields: Any) -> Json:
    ident = next(_ids)
    path = f"/attachments/{TEXT}/{ident}/{name}?{SIGNED}"
    payload = {"id": str(ident), "filename": name, "size": 123, "url": CDN + path, "proxy_url": MEDIA + path, **fields}
    return payload if content_type is None else payload | {"content_type": content_type}


def picture(name: str, *, proxied: bool = True, **fields: Any) -> Json:
    url = f"https://example.org/{name}"
    external = f"https://images-ext-1.discordapp.net/external/abc/https/example.org/{name}"
    return {"url": url, **({"proxy_url": external} if proxied else {}), **fields}


def snapshot(**fields: Any) -> Json:
    inner = {"type": 0, "content": "", "embeds": [], "attachments": [], "timestamp": WHEN, "edited_timestamp": None}
    return {"message": inner | fields}


def message(channel: int = TEXT, **fields: Any) -> Json:
    payload = {
        "id": str(next(_ids)),
        "channel_id": str(channel),
        "guild_id": str(GUILD),
        "author": user(),
        "member": member(ROLE),
        "content": "",
        "timestamp": WHEN,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
    } | fields
    return {name: value for name, value in payload.items() if value is not ...}


def _channel(ident: int, kind: int, **fields: Any) -> Json:
    return {"id": str(ident), "type": kind, "name": f"c{ident}", "position": 0, "permission_overwrites": [], **fields}


def _thread(ident: int, parent: int) -> Json:
    metadata = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": WHEN, "locked": False}
    return {
        "id": str(ident),
        "parent_id": str(parent),
        "guild_id": str(GUILD),
        "type": 11,
        "name": "t",
        "owner_id": str(MEMBER),
        "member_count": 1,
        "message_count": 1,
        "thread_metadata": metadata,
    }


def guild() -> Json:
    role = {"color": 0, "hoist": False, "managed": False, "mentionable": False, "permissions": str(1 << 10)}
    return {
        "id": str(GUILD),
        "name": "Guild",
        "owner_id": "999",
        "roles": [
            role | {"id": str(GUILD), "name": "@everyone", "position": 0},
            role | {"id": str(ROLE), "name": "r", "position": 1},
        ],
        "emojis": [],
        "members": [{"user": user(BOT, bot=True), **member()}],
        "channels": [
            _channel(TEXT, 0),
            _channel(NSFW, 0, nsfw=True),
            _channel(FORUM, 15),
            _channel(VOICE, 2, bitrate=64000, user_limit=0),
        ],
        "threads": [_thread(COMMENTS, TEXT), _thread(POST, FORUM), _thread(NSFW_THREAD, NSFW)],
    }


def client(**fields: Any) -> BeholderClient:
    """A client that knows itself and one guild, and is connected to nothing."""

    async def unseen(message: discord.Message, kind: Any) -> None:
        raise AssertionError("nothing was expected")

    async def unshown(appearance: Any) -> None:
        """Faces are no matter here."""

    async def unreacted(payload: discord.RawReactionActionEvent, channel: discord.abc.Snowflake) -> None:
        raise AssertionError("nothing was expected")

    def uncleared(message: int, emoji: int | None) -> None:
        raise AssertionError("nothing was expected")

    made = BeholderClient(
        desk=RememberingDesk(),
        settings=MemorySettings(),
        source=Bytes(),
        identifies=IdentifyBudget(HandClock()),
        privileges=Privileges(),
        **(
            {"seen": unseen, "shown": unshown, "reacted": unreacted, "cleared": uncleared}
            | {"application_id": APPLICATION}
            | fields
        ),
    )
    state = made._connection
    state.user = discord.ClientUser(state=state, data=user(BOT, bot=True))  # type: ignore[arg-type]
    state._add_guild_from_data(guild())  # type: ignore[arg-type]
    return made


def parsed(payload: Json, owner: BeholderClient | None = None) -> discord.Message:
    """The message as discord.py's own parser makes it of a gateway event."""
    state = (owner or client())._connection
    channel, _ = state._get_guild_channel(payload)  # type: ignore[arg-type]
    return discord.Message(state=state, channel=channel, data=payload)  # type: ignore[arg-type]
