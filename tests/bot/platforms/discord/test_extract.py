"""Where images hide: real discord.py objects made of gateway payloads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import AuthorKind, Event, EventKind, Media, MediaKind, Tenant
from bot.platforms.discord.extract import event_of
from bot.platforms.discord.walker import REDUCED_SIDE, Found, found_in
from policies.model import Context, Place
from tests.bot.platforms.discord import payloads as p


def found(**fields: Any) -> tuple[Found, ...]:
    return found_in(p.parsed(p.message(**fields)))


def event(channel: int = p.TEXT, kind: EventKind = EventKind.MESSAGE, **fields: Any) -> Event:
    message = p.parsed(p.message(channel, **{"attachments": [p.attachment()], **fields}))
    made = event_of(message, found_in(message), kind)
    assert made is not None
    return made


# --- attachments ------------------------------------------------------------------------------------


def test_an_attachment_is_known_by_its_id_and_fetched_whole() -> None:
    cat = p.attachment("cat.png", width=4000, height=1000)
    (one,) = found(attachments=[cat])
    assert one.media == Media(MediaKind.ATTACHMENT, f"attachment:{cat['id']}", True, True, 123)
    assert one.url == cat["url"]
    assert one.reduced == f"{cat['proxy_url']}&format=webp&width={REDUCED_SIDE}&height={REDUCED_SIDE // 4}"


@pytest.mark.parametrize(
    ("name", "content_type", "claimed"),
    [
        ("a.png", "image/png", True),
        ("a", "image/webp", True),
        ("a.JPEG", None, True),
        ("a.heic", "application/octet-stream", True),
        ("a.txt", "text/plain", False),
        ("a.dat", None, False),
    ],
)
def test_an_attachment_claims_to_be_an_image_by_type_or_name(
    name: str, content_type: str | None, claimed: bool
) -> None:
    (one,) = found(attachments=[p.attachment(name, content_type)])
    assert (one.media.claimed, one.media.unsupported) == (claimed, None)


@pytest.mark.parametrize(("name", "content_type"), [("a.mp4", "video/mp4"), ("a.bin", "video/webm"), ("a.MOV", None)])
def test_of_a_video_its_still_is_looked_at_too(name: str, content_type: str | None) -> None:
    clip = p.attachment(name, content_type)
    whole, still = found(attachments=[clip])
    assert (whole.media.unsupported, whole.media.key) == ("video", f"attachment:{clip['id']}")
    assert (still.media.unsupported, still.media.key) == (None, f"attachment:{clip['id']}:still")
    assert not still.media.claimed, "bytes that turn out to be no picture are no broken picture"
    assert still.url == f"{clip['proxy_url']}&format=webp"


def test_a_picture_called_video_by_name_alone_is_still_looked_at() -> None:
    (one,) = found(attachments=[p.attachment("a.mp4", "image/png")])
    assert one.media.unsupported is None


# --- embeds -----------------------------------------------------------------------------------------


def test_every_place_of_an_embed_is_found_and_only_by_discords_own_copy() -> None:
    author, footer = p.picture("author.png"), p.picture("footer.png")
    embed = {
        "type": "rich",
        "image": p.picture("image.png", width=10, height=20),
        "thumbnail": p.picture("thumb.png"),
        "author": {"name": "n", "icon_url": author["url"], "proxy_icon_url": author["proxy_url"]},
        "footer": {"text": "t", "icon_url": footer["url"], "proxy_icon_url": footer["proxy_url"]},
    }
    shown = found(embeds=[embed])
    assert [f.media.key.rpartition(":")[2] for f in shown] == ["image", "thumbnail", "author", "footer"]
    assert all(f.media.kind is MediaKind.EMBED and not f.media.immutable for f in shown)
    for one in shown:
        assert one.url is not None
        assert one.reduced is not None
        assert one.url.startswith("https://images-ext-1.discordapp.net/")
        assert one.reduced.startswith("https://images-ext-1.discordapp.net/")


def test_an_embed_that_is_not_proxied_yet_is_named_but_never_fetched_from_its_own_address() -> None:
    (early,) = found(embeds=[{"image": p.picture("x.png", proxied=False)}])
    (late,) = found(embeds=[{"image": p.picture("x.png")}])
    assert (early.url, early.reduced) == (None, None)
    assert early.media == late.media


def test_the_signature_of_discords_cdn_is_no_part_of_a_name_but_a_strangers_query_is() -> None:
    def key(url: str) -> str:
        (one,) = found(embeds=[{"image": {"url": url, "proxy_url": url}}])
        return one.media.key

    ours = f"{p.CDN}/attachments/1/2/a.png"
    assert key(f"{ours}?ex=1&is=2&hm=3") == key(f"{ours}?ex=4&is=5&hm=6") == key(ours)
    assert key(f"{ours}?ex=1&v=2") != key(ours)
    assert key("https://evil.example/attachments/1/2/a.png?hm=1") != key(
        "https://evil.example/attachments/1/2/a.png?hm=2"
    )


def test_a_moving_embed_is_named_and_its_thumbnail_looked_at() -> None:
    video = p.picture("cat.mp4")
    whole = found(embeds=[{"type": "gifv", "thumbnail": p.picture("cat.png"), "video": video}])
    assert [(f.media.unsupported, f.media.key.rpartition(":")[2]) for f in whole] == [
        (None, "thumbnail"),
        ("video", "video"),
    ]
    bare = found(embeds=[{"type": "gifv", "video": video}])
    assert [f.media.unsupported for f in bare] == ["video", None]
    assert not bare[1].media.claimed
    assert bare[1].url == f"{video['proxy_url']}?format=webp"


def test_a_player_of_another_site_is_no_unjudged_video() -> None:
    embed = {"type": "video", "thumbnail": p.picture("thumb.jpg"), "video": p.picture("player", proxied=False)}
    assert [f.media.key.rpartition(":")[2] for f in found(embeds=[embed])] == ["thumbnail"]


@given(st.text(max_size=40))
def test_no_address_that_a_stranger_writes_breaks_the_search(url: str) -> None:
    shown = found(embeds=[{"image": {"url": f"http://{url}", "proxy_url": "https://images-ext-1.discordapp.net/x"}}])
    assert len(shown) == 1


# --- forwards, doubles, nothing -----------------------------------------------------------------------


def test_a_forward_carries_its_images_in_its_snapshot() -> None:
    cat = p.attachment()
    reference = {"type": 1, "channel_id": "5", "message_id": "6"}
    inner = p.snapshot(attachments=[cat], embeds=[{"image": p.picture("e.png")}])
    shown = found(message_reference=reference, message_snapshots=[inner])
    assert [f.media.kind for f in shown] == [MediaKind.ATTACHMENT, MediaKind.EMBED]
    assert shown[0].media.key == f"attachment:{cat['id']}"


def test_the_same_picture_twice_is_one() -> None:
    embed = {"image": p.picture("x.png")}
    assert len(found(embeds=[embed, embed])) == 1


def test_what_shows_nothing_is_no_event() -> None:
    message = p.parsed(p.message(content="words", embeds=[{"type": "rich", "title": "only text"}]))
    assert event_of(message, found_in(message), EventKind.MESSAGE) is None


# --- versions -----------------------------------------------------------------------------------------


def test_an_embed_that_arrives_late_makes_a_new_version_of_the_same_subject() -> None:
    cat = p.attachment()
    before = event(id="77", attachments=[cat])
    after = event(id="77", attachments=[cat], embeds=[{"image": p.picture("x.png")}])
    again = event(id="77", attachments=[cat], kind=EventKind.EDIT)
    assert before.subject == after.subject
    assert before.key != after.key
    assert before.key == again.key


def test_an_edit_makes_a_new_version_and_is_timed_by_it() -> None:
    cat = p.attachment()
    before = event(id="77", attachments=[cat])
    after = event(id="77", attachments=[cat], edited_timestamp="2026-01-02T04:00:00+00:00")
    assert before.version != after.version
    assert after.at > before.at


def test_a_fresh_signature_makes_no_new_version() -> None:
    cat = p.attachment()
    resigned = cat | {"url": cat["url"].replace("hm=ab", "hm=cd")}
    assert event(id="77", attachments=[cat]).version == event(id="77", attachments=[resigned]).version


# --- where and who --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "ident", "context", "parent", "age_restricted"),
    [
        (p.TEXT, "7", Context.GROUP_MESSAGE, None, False),
        (p.VOICE, "7", Context.GROUP_MESSAGE, None, False),
        (p.NSFW, "7", Context.GROUP_MESSAGE, None, True),
        (p.COMMENTS, "7", Context.COMMENT, str(p.TEXT), False),
        (p.NSFW_THREAD, "7", Context.COMMENT, str(p.NSFW), True),
        (p.POST, str(p.POST), Context.ARTICLE, str(p.FORUM), False),
        (p.POST, "7", Context.COMMENT, str(p.FORUM), False),
        (p.COMMENTS, str(p.COMMENTS), Context.COMMENT, str(p.TEXT), False),
        (999_999, "7", Context.GROUP_MESSAGE, None, False),
    ],
)
def test_contexts(channel: int, ident: str, context: Context, parent: str | None, age_restricted: bool) -> None:
    seen = event(channel, id=ident)
    place = seen.place
    assert seen.tenant == Tenant("discord", str(p.GUILD))
    assert (place.context, place.channel, place.parent) == (context, str(channel), parent)
    assert place.age_restricted is age_restricted


def test_a_direct_message_is_the_hosts_own() -> None:
    message = p.parsed(p.message(555, attachments=[p.attachment()], guild_id=..., member=...))
    seen = event_of(message, found_in(message), EventKind.MESSAGE)
    assert seen is not None
    assert str(seen.tenant) == "discord:dm"
    assert seen.place == Place(Context.MESSAGE, "555")
    assert (seen.author.id, seen.author.roles, seen.author.joined_at) == (str(p.MEMBER), frozenset(), None)


def test_a_guild_that_is_not_cached_is_still_the_tenant() -> None:
    seen = event(999, guild_id="4242")
    assert str(seen.tenant) == "discord:4242"
    assert seen.place.context is Context.GROUP_MESSAGE


def test_the_author_with_roles_and_joining() -> None:
    author = event().author
    assert (author.id, author.kind, author.roles) == (str(p.MEMBER), AuthorKind.MEMBER, frozenset({str(p.ROLE)}))
    assert author.joined_at is not None
    assert author.joined_at.year == 2026


def test_bots_and_webhooks_are_authors_like_anybody() -> None:
    assert event(author=p.user(9, bot=True)).author.kind is AuthorKind.BOT
    webhook = event(author=p.user(8, bot=True), webhook_id="8", member=...).author
    assert (webhook.kind, webhook.id, webhook.roles) == (AuthorKind.WEBHOOK, "8", frozenset())
