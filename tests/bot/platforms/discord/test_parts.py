"""Small parts: configuration, memory of addresses, fetching, layout, what is ours, and closing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.media.fetch import Allow, Fetcher
from bot.model import Card, Event, EventKind, Media, MediaKind
from bot.platforms.discord import layout
from bot.platforms.discord.config import DiscordConfig, repoint
from bot.platforms.discord.extract import event_of
from bot.platforms.discord.fetching import Fetching
from bot.platforms.discord.limits import clipped, units
from bot.platforms.discord.urls import OVERHEAD, Spot, Urls
from bot.platforms.discord.walker import Found, found_in
from bot.ports import Gone, Unfetchable
from policies.model import UnscreenedReason
from tests.bot.platforms.discord import payloads as p
from tests.bot.platforms.discord.world import PNG, Bytes

# --- configuration ------------------------------------------------------------------------------------------


def test_the_token_is_never_shown() -> None:
    assert "s3cret" not in repr(DiscordConfig("s3cret"))
    assert "s3cret" not in str(DiscordConfig("s3cret"))


def test_repointing_reaches_every_address_of_discord_py() -> None:
    repoint(DiscordConfig("t", "http://127.0.0.1:1/api/v10/", "ws://127.0.0.1:2/gateway/", "http://127.0.0.1:3/cdn"))
    assert discord.http.Route("GET", "/users/@me").url == "http://127.0.0.1:1/api/v10/users/@me"
    assert str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:2/gateway/"
    assert discord.asset.Asset.BASE == "http://127.0.0.1:3/cdn"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3", True),
        ("https://media.discordapp.net/attachments/1/2/a.png?format=webp", True),
        ("https://images-ext-1.discordapp.net/external/abc/https/example.org/a.png", True),
        ("https://images-ext-2.discordapp.net/external/abc/https/example.org/a.png", True),
        ("http://cdn.discordapp.com/attachments/1/2/a.png", False),
        ("https://cdn.discordapp.com.evil.example/a.png", False),
        ("https://images-ext-1.discordapp.net/other", False),
        ("https://example.org/a.png", False),
        ("http://127.0.0.1/a.png", False),
    ],
)
def test_only_discords_own_hosts_are_fetched_from(url: str, allowed: bool) -> None:
    rules = [Allow.parse(host) for host in DiscordConfig("t").hosts]
    assert Fetcher(rules).permits(url) is allowed


def test_elsewhere_only_the_configured_hosts_are() -> None:
    config = DiscordConfig("t", cdn_url="http://127.0.0.1:3/cdn", media_url="http://127.0.0.1:3/media")
    rules = [Allow.parse(host) for host in config.hosts]
    assert Fetcher(rules).permits("http://127.0.0.1:3/media/x")
    assert not Fetcher(rules).permits("https://images-ext-1.discordapp.net/external/x")


def test_the_client_keeps_neither_messages_nor_members() -> None:
    client = p.client()
    assert client._connection._messages is None
    assert client._connection.member_cache_flags == discord.MemberCacheFlags.none()
    mentions: Any = client.allowed_mentions
    assert mentions.to_dict() == {"parse": []}


# --- what is ours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "ours"),
    [
        ({"author": p.user(p.BOT, bot=True)}, True),
        ({"author": p.user(77, bot=True), "webhook_id": "77", "application_id": str(p.APPLICATION)}, True),
        ({"author": p.user(p.APPLICATION, bot=True), "webhook_id": str(p.APPLICATION)}, True),
        ({"author": p.user(77, bot=True), "webhook_id": "77", "application_id": "78"}, False),
        ({"author": p.user(77, bot=True)}, False),
        ({}, False),
    ],
)
def test_our_own_posts_and_nobody_elses(fields: dict[str, Any], ours: bool) -> None:
    client = p.client()
    assert client.is_own(p.parsed(p.message(**fields), client)) is ours


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble", [None, discord.InvalidData("unknown channel type"), RuntimeError("Session is closed"), TimeoutError()]
)
async def test_of_a_channel_that_is_not_cached_discord_is_asked(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    """Where it does not answer, the post is looked at all the same."""
    found = trouble is None
    seen: list[Event] = []

    async def remember(message: discord.Message, kind: EventKind) -> None:
        event = event_of(message, found_in(message), kind)
        assert event is not None
        seen.append(event)

    client = p.client(seen=remember)
    guild = client.get_guild(p.GUILD)
    assert guild is not None
    thread = guild.get_thread(p.NSFW_THREAD)

    async def fetch(self: discord.Guild, ident: int) -> object:
        if trouble is not None:
            raise trouble
        return thread

    monkeypatch.setattr(discord.Guild, "fetch_channel", fetch)
    await client.on_message(p.parsed(p.message(999, attachments=[p.attachment()]), client))
    (event,) = seen
    assert event.place.age_restricted is found
    assert event.place.parent == (str(p.NSFW) if found else None)


@pytest.mark.asyncio
async def test_closing_what_never_started_is_harmless() -> None:
    client = p.client()
    await client.close()
    await client.close()


# --- the memory of addresses ---------------------------------------------------------------------------------


def _found(key: str, url: str | None = "https://x") -> Found:
    return Found(Media(MediaKind.ATTACHMENT, key), url)


def test_the_memory_is_bounded_and_forgets_the_least_used() -> None:
    urls = Urls(memory=3 * (OVERHEAD + 20))
    for n in range(3):
        urls.remember("c", "m", [_found(f"k{n}")])
    assert urls.find(Spot("c", "m", "k0")) is not None
    urls.remember("c", "m", [_found("k3")])
    assert urls.find(Spot("c", "m", "k1")) is None
    assert urls.find(Spot("c", "m", "k0")) is not None
    assert len(urls) == 3


def test_what_has_no_address_or_a_giant_one_is_not_kept() -> None:
    urls = Urls(memory=2000)
    urls.remember("c", "m", [_found("none", None), _found("giant", "x" * 5000)])
    assert len(urls) == 0


def test_the_same_key_elsewhere_is_another_spot() -> None:
    urls = Urls()
    urls.remember("c", "m", [_found("k")])
    assert urls.find(Spot("c", "other", "k")) is None
    assert urls.find(Spot("other", "m", "k")) is None


# --- fetching ------------------------------------------------------------------------------------------------


def _event(**fields: Any) -> tuple[Event, discord.Message]:
    message = p.parsed(p.message(**fields))
    event = event_of(message, found_in(message), EventKind.MESSAGE)
    assert event is not None
    return event, message


async def _all(fetching: Fetching, event: Event, index: int = 0, *, reduced: bool = False) -> bytes:
    return b"".join([chunk async for chunk in fetching.fetch(event, event.media[index], reduced=reduced)])


@pytest.mark.asyncio
async def test_a_video_is_not_fetched() -> None:
    event, _ = _event(attachments=[p.attachment("a.mp4", "video/mp4")])
    with pytest.raises(Unfetchable) as raised:
        await _all(Fetching(p.client(), urls=Urls(), source=Bytes()), event)
    assert raised.value.reason is UnscreenedReason.UNSUPPORTED


@pytest.mark.asyncio
async def test_the_reduced_copy_comes_from_the_media_proxy() -> None:
    event, message = _event(attachments=[p.attachment(width=2048, height=2048)])
    (found,) = found_in(message)
    urls = Urls()
    urls.remember(str(p.TEXT), event.message, [found])
    source = Bytes({str(found.reduced): PNG})
    assert await _all(Fetching(p.client(), urls=urls, source=source), event, reduced=True) == PNG
    assert source.asked[0].startswith(p.MEDIA)


@pytest.mark.asyncio
async def test_a_picture_that_left_its_message_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    event, message = _event(attachments=[p.attachment()])
    fetching = Fetching(p.client(), urls=Urls(), source=Bytes())
    emptied = p.parsed(p.message(id=str(message.id)))

    async def again(spot: Spot) -> discord.Message:
        return emptied

    monkeypatch.setattr(fetching, "_message", again)
    with pytest.raises(Gone):
        await _all(fetching, event)


@pytest.mark.asyncio
@pytest.mark.parametrize("reduced", [False, True])
@pytest.mark.parametrize("remembered", [False, True])
async def test_a_picture_that_its_host_lost_while_the_message_stands_is_an_outage(
    monkeypatch: pytest.MonkeyPatch, remembered: bool, reduced: bool
) -> None:
    event, message = _event(attachments=[p.attachment()])
    urls = Urls()
    if remembered:
        urls.remember(str(p.TEXT), event.message, found_in(message))
    source = Bytes()
    fetching = Fetching(p.client(), urls=urls, source=source)

    async def again(spot: Spot) -> discord.Message:
        return message

    monkeypatch.setattr(fetching, "_message", again)
    with pytest.raises(Unfetchable) as raised:
        await _all(fetching, event, reduced=reduced)
    assert raised.value.reason is UnscreenedReason.OUTAGE
    assert "the message stands" in raised.value.detail
    assert len(source.asked) == 1 + remembered


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("said", "told"),
    [
        (UnscreenedReason.UNDECODABLE, UnscreenedReason.UNSUPPORTED),
        (UnscreenedReason.OUTAGE, UnscreenedReason.OUTAGE),
    ],
)
@pytest.mark.parametrize(
    "shown",
    [
        {"attachments": [p.attachment("a.mp4", "video/mp4")]},
        {"embeds": [{"type": "gifv", "video": p.picture("cat.mp4")}]},
    ],
)
async def test_a_still_that_the_proxy_refuses_is_unsupported_like_its_video(
    said: UnscreenedReason, told: UnscreenedReason, shown: dict[str, Any]
) -> None:
    event, message = _event(**shown)
    urls = Urls()
    urls.remember(str(p.TEXT), event.message, found_in(message))

    class Refusing(Bytes):
        async def stream(self, url: str) -> AsyncIterator[bytes]:
            if url:
                raise Unfetchable(said, "the host says 415")
            yield b""

    with pytest.raises(Unfetchable) as raised:
        await _all(Fetching(p.client(), urls=urls, source=Refusing()), event, index=1)
    assert raised.value.reason is told
    assert "415" in raised.value.detail


@pytest.mark.asyncio
async def test_an_embed_without_discords_copy_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    event, message = _event(embeds=[{"image": p.picture("x.png", proxied=False)}])
    source = Bytes()
    fetching = Fetching(p.client(), urls=Urls(), source=source)

    async def again(spot: Spot) -> discord.Message:
        return message

    monkeypatch.setattr(fetching, "_message", again)
    with pytest.raises(Unfetchable) as raised:
        await _all(fetching, event)
    assert raised.value.reason is UnscreenedReason.OUTAGE
    assert source.asked == []


# --- layout --------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(1, 40))
def test_cutting_counts_as_discord_does_and_keeps_what_fits(text: str, limit: int) -> None:
    cut = clipped(text, limit)
    assert units(cut) <= limit
    if cut != text:
        assert cut.endswith("…")
        assert text.startswith(cut[:-1])


lines = st.lists(st.tuples(st.text(max_size=400), st.text(max_size=2000)), max_size=30)


@given(st.text(max_size=400), lines, st.text(max_size=3000))
@example("t" * 400, [("n" * 400, "v" * 2000)] * 30, "f" * 3000)
@example("😀" * 400, [("😀" * 200, "😀" * 700)] * 30, "😀" * 3000)
@example("", [(" ", "")], "")
def test_every_card_keeps_discords_limits_and_its_mark(title: str, lines: list[tuple[str, str]], footer: str) -> None:
    embed = layout.embed_of(Card(12, title, tuple(lines), footer=footer), "b345")
    fields = [(str(f.name), str(f.value)) for f in embed.fields]
    texts = [embed.title or "", embed.footer.text or "", *(text for field in fields for text in field)]
    assert sum(units(text) for text in texts) <= 6000
    assert len(fields) <= 25
    assert all(1 <= units(name) <= 256 and 1 <= units(value) <= 1024 for name, value in fields)
    assert (embed.footer.text or "").endswith("b345")
    assert layout.embed_of(Card(12, title or "t", tuple(lines)), None).footer.text is None


@given(st.text(max_size=60))
def test_a_mark_is_a_valid_nonce_and_stays_itself(nonce: str) -> None:
    mark = layout.mark(nonce)
    assert len(mark) <= 25
    assert layout.mark(mark) == mark


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_a_mark_is_a_number_that_discord_takes_and_gives_to_nothing_else(one: str, other: str) -> None:
    """It numbers a message's components from 1, and there are forty at most."""
    assert 40 < layout.number(one) < 2**31
    assert (layout.number(one) == layout.number(other)) is (layout.mark(one) == layout.mark(other))
