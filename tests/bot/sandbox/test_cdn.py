"""The CDN and the media proxy: signatures, expiry, copies in another size."""

from __future__ import annotations

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.sandbox import wire_messages
from bot.sandbox.cdn import LIFETIME
from bot.sandbox.entities import Message
from bot.sandbox.loopback import Loopback
from bot.sandbox.pictures import animation
from tests.bot.sandbox.pictures import PNG, picture
from tests.clock import FakeClock

pytestmark = pytest.mark.asyncio


async def get(url: str) -> tuple[int, bytes, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.read(), answer.headers["Content-Type"]


def posted(d: Loopback, content: bytes = PNG, name: str = "a.png") -> tuple[Message, dict[str, Any]]:
    guild = d.guild()
    message = d.post(d.channel(guild), d.member(guild, "ann"), files=[(name, content, "image/png")])
    shown: dict[str, Any] = d.world.render(message)["attachments"][0]
    return message, shown


async def test_an_attachment_is_there_only_with_its_signature_while_it_holds_and_the_message_stands() -> None:
    clock = FakeClock()
    async with Loopback(clock=clock) as d:
        message, shown = posted(d)
        assert await get(shown["url"]) == (200, PNG, "image/png")
        for spoilt in (shown["url"].partition("?")[0], shown["url"].replace("hm=", "hm=0"), shown["url"] + "hm=1&ex=1"):
            status, body, _ = await get(spoilt)
            assert (status, body) == (
                (404, b"This content is no longer available.") if "&ex=1" not in spoilt else (200, PNG)
            )
        await clock.advance(LIFETIME + 1)
        assert (await get(shown["url"]))[0] == 404
        fresh = d.world.render(message)["attachments"][0]
        assert (await get(fresh["url"]))[0] == 200
        d.delete(message)
        assert (await get(fresh["url"]))[0] == 404


async def test_a_signature_is_good_for_one_file_only() -> None:
    async with Loopback() as d:
        (_, one), (_, two) = posted(d), posted(d)
        mixed = two["url"].partition("?")[0] + "?" + one["url"].partition("?")[2]
        assert (await get(mixed))[0] == 404


async def test_the_media_proxy_gives_smaller_copies_in_other_formats() -> None:
    async with Loopback() as d:
        _, shown = posted(d, picture(size=(400, 200)))
        status, body, kind = await get(shown["proxy_url"] + "width=100&height=100&format=webp")
        with Image.open(io.BytesIO(body)) as copy:
            assert (status, kind, copy.format, copy.size) == (200, "image/webp", "WEBP", (100, 50))
        assert (await get(shown["proxy_url"]))[1] == picture(size=(400, 200))
        _, rubbish = posted(d, b"no picture at all")
        assert "width" not in rubbish
        assert (await get(rubbish["proxy_url"] + "width=100"))[0] == 415
        assert (await get(rubbish["url"]))[1] == b"no picture at all"


async def test_what_an_embed_shows_comes_from_the_proxy_and_never_from_its_own_host() -> None:
    async with Loopback() as d:
        embed = d.embed("https://evil.example/dir/x.png", PNG, where="image")
        assert embed["image"]["proxy_url"].startswith(d.media_url + "/external/")
        assert await get(embed["image"]["proxy_url"]) == (200, PNG, "image/png")
        icon = d.embed("https://evil.example/i.png", PNG, where="author")
        guild = d.guild()
        shown = d.world.render(d.post(d.channel(guild), d.owner(guild), embeds=[icon]))["embeds"][0]["author"]
        assert (await get(shown["proxy_icon_url"]))[1] == PNG
        assert (await get(d.world.signer.external("https://evil.example/unknown.png")))[0] == 404


async def test_avatars_icons_stickers_and_emojis_in_the_format_that_is_asked_for() -> None:
    async with Loopback() as d:
        guild = d.guild()
        ann = d.member(guild, "ann")
        d.avatar(ann, PNG)
        d.avatar(ann, PNG, guild=guild)
        d.icon(guild, PNG)
        sticker, emoji = d.sticker(guild, "wave", PNG), d.emoji(guild, "cat", PNG)
        gif = d.sticker(guild, "gif", picture("GIF"), format_type=4)
        stem = emoji.rpartition(":")[2].rstrip(">")
        for path in (
            f"avatars/{ann.id}/{ann.avatar}.png",
            f"guilds/{guild.id}/users/{ann.id}/avatars/{ann.avatar}.png",
            f"icons/{guild.id}/{guild.icon}.png",
            f"stickers/{sticker['id']}.png",
            f"emojis/{stem}.png",
        ):
            assert await get(f"{d.cdn_url}/{path}") == (200, PNG, "image/png"), path
        assert (await get(f"{d.media_url}/stickers/{gif['id']}.gif"))[2] == "image/gif"
        _, body, _ = await get(f"{d.cdn_url}/avatars/{ann.id}/{ann.avatar}.webp?size=16")
        with Image.open(io.BytesIO(body)) as copy:
            assert (copy.format, copy.size) == ("WEBP", (16, 12))
        assert (await get(f"{d.cdn_url}/avatars/{ann.id}/unknown.png"))[0] == 404


async def test_an_animation_keeps_its_frames_as_webp_where_it_is_asked_to() -> None:
    async with Loopback() as d:
        moving = animation(4, 1, picture("PNG"), (64, 48))
        ident = d.emoji(d.guild(), "wild", moving, animated=True).rpartition(":")[2].rstrip(">")
        for query, frames in (("?size=1024&animated=true", 4), ("?size=1024", 1), ("", 1)):
            _, body, kind = await get(f"{d.cdn_url}/emojis/{ident}.webp{query}")
            with Image.open(io.BytesIO(body)) as copy:
                assert (kind, copy.format, getattr(copy, "n_frames", 1)) == ("image/webp", "WEBP", frames)


async def test_names_are_made_safe_and_spoilers_marked() -> None:
    async with Loopback() as d:
        message, shown = posted(d, name="../a b?c.png")
        assert shown["filename"] == ".._a_b_c.png"
        assert (await get(shown["url"]))[0] == 200
        assert not message.attachments[0].is_spoiler
        assert wire_messages.attachment(posted(d, name="SPOILER_x.png")[0].attachments[0], d.world.signer.attachment)[
            "size"
        ]
