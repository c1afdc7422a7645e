"""Which of Discord's addresses a vendor may be shown: of Discord's two file hosts alone, and only while it is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.looking import Eyes
from bot.media.fetch import Allow
from bot.media.intake import Intake
from bot.model import Author, Event, EventKind, Media, MediaKind, Tenant
from bot.opening import NoVerdicts
from bot.planning import Always
from bot.platforms.discord import assets
from bot.platforms.discord.config import DiscordConfig
from bot.platforms.discord.fetching import where
from bot.platforms.discord.urls import Urls
from bot.platforms.discord.walker import Found
from bot.ports import Lists
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.screening import Screener
from policies.model import Category, Context, Place, Verdict
from policies.presets import DEFAULT, preset
from providers.hitpaw import Delivery, HitPawProvider, HitPawSettings
from providers.hitpaw.delivery import direct_link
from providers.links import shown
from providers.plans import Together
from providers.router import Router
from providers.testcard import draw
from providers.tickets import MemoryTickets
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_live import guild_of
from tests.bot.platforms.discord.world import PNG

EVENT = Event(
    Tenant("discord", "1"),
    EventKind.MESSAGE,
    Place(Context.GROUP_MESSAGE, "2"),
    "3",
    "1",
    Author("4"),
    (),
    datetime(2026, 1, 1, tzinfo=UTC),
)


async def posted(live: Live, content: bytes = PNG) -> Event:
    d, guild = live.discord, guild_of(live)
    d.post(d.channel(guild), d.member(guild, "ann"), files=[("cat.png", content, "image/png")])
    (event,) = await live.seen(1)
    return event


@pytest.mark.asyncio
async def test_the_signed_address_of_an_attachment_is_one_that_a_vendor_can_fetch(live: Live) -> None:
    event = await posted(live)
    link = live.platform.link(event, event.media[0])
    assert link is not None
    assert direct_link(link, (f"{live.discord.cdn_url}/",)) == link
    async with aiohttp.ClientSession() as stranger, stranger.get(link) as answer:
        assert await answer.read() == PNG


class Unlisted:
    """`bot.ports.Lists` that knows of nothing."""

    async def known(self, platform: str, key: str) -> None:
        return None


@pytest.mark.asyncio
async def test_hitpaw_fetches_the_original_from_discord_and_nothing_is_uploaded(live: Live) -> None:
    """From a post to the vendor's own request, over real sockets; the job is taken on before anything else happens."""
    event, clock = await posted(live, draw(Category.SEXUAL_EXPLICIT, 0.9)), SystemClock()
    async with HitPaw(clock=clock, usual=Script(seconds=0)) as vendor, Intake(workers=1) as intake:
        settings = HitPawSettings(
            vendor.key, url=vendor.url, delivery=Delivery.DIRECT, direct_from=(f"{live.discord.cdn_url}/",)
        )
        router = Router({"hitpaw": HitPawProvider(settings, tickets=MemoryTickets(), clock=clock)}, NoVerdicts())
        screener = Screener(intake, router, Always(Together(("hitpaw",))))
        platforms, lists = {"discord": live.platform}, cast("Lists", Unlisted())
        [direct] = (await Eyes(platforms, screener, lists, links=platforms).look(event, preset(DEFAULT))).values()
        assert vendor.asked("/api/image-nsfw")[0].body == {"file_url": live.platform.link(event, event.media[0])}
        assert vendor.asked("/storage") == []
        await router.aclose()
    assert any(isinstance(s, Verdict) and s.provider == "hitpaw" for s in direct.screenings)


@pytest.mark.asyncio
async def test_what_is_not_known_any_more_is_known_again_once_it_was_fetched(live: Live) -> None:
    event = await posted(live)
    live.platform.forget_urls()
    assert live.platform.link(event, event.media[0]) is None
    await live.fetched(event)
    assert live.platform.link(event, event.media[0]) is not None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    [
        "https://images-ext-1.discordapp.net/external/abc/https/evil.example/a.jpg",
        "https://evil.example/a.jpg",
        "{cdn}.evil.example/a.jpg",
        "{cdn}/../a.jpg",
        "",
    ],
)
async def test_what_lies_elsewhere_is_not_shown(live: Live, url: str) -> None:
    event = await posted(live)
    found = Found(event.media[0], url.format(cdn=live.discord.cdn_url), None)
    live.platform._urls.remember(event.place.channel or "", event.message, [found])
    assert live.platform.link(event, event.media[0]) is None


@pytest.mark.parametrize(
    "media",
    [
        assets.lottie(1),
        assets.banner_of("2"),
        assets.face(MediaKind.AVATAR, "avatars/3/"),
        Media(MediaKind.ATTACHMENT, "attachment:4"),
    ],
)
def test_what_has_no_address_has_no_link(media: Media) -> None:
    assert where(Urls(), EVENT, media) is None


def test_an_asset_is_at_its_own_address() -> None:
    face = assets.face(MediaKind.AVATAR, "avatars/3/abc")
    assert where(Urls(), EVENT, face) == assets.address(face)


def test_the_file_hosts_are_no_others_than_are_fetched_from() -> None:
    config = DiscordConfig("token", cdn_url="https://cdn.example/below/")
    assert config.file_hosts == ("https://cdn.example/below", "https://media.discordapp.net")
    assert set(config.file_hosts) < set(config.hosts)
    assert all(Allow.parse(host) for host in config.file_hosts)
    assert shown("https://cdn.example/below/a.jpg", (f"{config.file_hosts[0]}/",))
