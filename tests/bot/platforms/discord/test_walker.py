"""Where images hide beside attachments and embeds: components however deep, stickers, emoji, forwards."""

from __future__ import annotations

from copy import copy
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Media, MediaKind
from bot.platforms.discord import assets
from bot.platforms.discord.walker import EMOJI_LOOKED_AT, TOO_MANY, Found, chosen, found_in, may_show
from policies.model import USUAL_SURFACES, Surface
from tests.bot.platforms.discord import payloads as p

Json = dict[str, Any]
_ids = count(1)
EXTERNAL = "https://images-ext-1.discordapp.net/external/abc/"


def found(**fields: Any) -> tuple[Found, ...]:
    return found_in(p.parsed(p.message(**fields)))


def keys(**fields: Any) -> list[str]:
    return [one.media.key for one in found(**fields)]


# --- components ------------------------------------------------------------------------------------


def media(name: str, **fields: Any) -> Json:
    return {"url": f"https://example.org/{name}", "proxy_url": f"{EXTERNAL}{name}", **fields}


def own(attachment: Json) -> Json:
    url, proxy = attachment["url"], attachment["proxy_url"]
    return {"url": url, "proxy_url": proxy, "attachment_id": attachment["id"], "content_type": "image/png"}


def text(content: str) -> Json:
    return {"type": 10, "id": next(_ids), "content": content}


def thumbnail(shown: Json) -> Json:
    return {"type": 11, "id": next(_ids), "media": shown, "description": None, "spoiler": False}


def section(shown: Json) -> Json:
    return {"type": 9, "id": next(_ids), "components": [text("words")], "accessory": thumbnail(shown)}


def gallery(*shown: Json) -> Json:
    items = [{"media": one, "description": None, "spoiler": False} for one in shown]
    return {"type": 12, "id": next(_ids), "items": items}


def file(shown: Json) -> Json:
    return {"type": 13, "id": next(_ids), "file": shown, "spoiler": False, "name": "f", "size": 1}


def container(*inside: Json) -> Json:
    return {"type": 17, "id": next(_ids), "components": list(inside), "accent_color": None, "spoiler": False}


def test_every_kind_of_component_that_shows_pictures_is_walked_in_order() -> None:
    tree = container(section(media("a.png")), gallery(media("b.png"), media("c.png")), file(media("d.png")))
    shown = found(components=[tree, gallery(media("e.png"))])
    assert [one.url for one in shown] == [f"{EXTERNAL}{n}.png" for n in "abcde"]
    assert {one.media.kind for one in shown} == {MediaKind.EMBED}
    assert all(one.media.claimed and not one.media.immutable for one in shown)


def test_a_file_that_a_component_shows_is_the_same_media_as_the_attachment() -> None:
    cat = p.attachment()
    (listed,) = found(attachments=[cat])
    (shown,) = found(components=[container(gallery(own(cat)))])
    assert shown.media.key == listed.media.key == f"attachment:{cat['id']}"
    assert shown.url == listed.url
    assert shown.media.immutable
    assert [f.media for f in found(attachments=[cat], components=[gallery(own(cat))])] == [listed.media]


@pytest.mark.parametrize(("content_type", "claimed"), [("image/webp", True), ("text/plain", False), (None, False)])
def test_any_file_may_be_shown_and_only_some_claim_to_be_pictures(content_type: str | None, claimed: bool) -> None:
    notes = p.attachment("notes.txt", content_type)
    (one,) = found(components=[file(own(notes) | {"content_type": content_type})])
    assert one.media.claimed is claimed


def test_of_a_video_in_a_component_its_still_is_looked_at_too() -> None:
    clip = p.attachment("a.mp4", "video/mp4")
    mine = found(components=[gallery(own(clip) | {"content_type": "video/mp4"})])
    theirs = found(components=[gallery(media("b.mp4", content_type="video/mp4"))])
    for whole, still in (mine, theirs):
        assert (whole.media.unsupported, still.media.unsupported) == ("video", None)
        assert still.media.key == f"{whole.media.key}:still"
        assert still.url is not None
        assert still.url.endswith("format=webp")


def test_what_discord_has_not_copied_yet_is_named_and_not_fetched_from_its_own_address() -> None:
    early = {"url": "https://example.org/x.png", "loading_state": 1}
    (before,), (after,) = found(components=[gallery(early)]), found(components=[gallery(media("x.png"))])
    assert before.url is None
    assert before.media == after.media


shallow = st.builds(lambda n: media(f"{n}.png"), st.integers(0, 60))
trees = st.recursive(
    st.one_of(
        shallow.map(section), shallow.map(file), st.lists(shallow, min_size=1, max_size=4).map(lambda s: gallery(*s))
    ),
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda inside: container(*inside)),
    max_leaves=25,
)


def pictured(tree: Json) -> list[str]:
    """Independently of the walker: every proxied address in the payload, in order."""
    addresses = [tree["proxy_url"]] if "proxy_url" in tree else []
    for part in tree.values():
        for branch in part if isinstance(part, list) else [part]:
            addresses += pictured(branch) if isinstance(branch, dict) else []
    return addresses


@given(st.lists(trees, max_size=4))
def test_no_picture_in_any_tree_of_components_is_missed_or_doubled(forest: list[Json]) -> None:
    wanted = list(dict.fromkeys(url for tree in forest for url in pictured(tree)))
    assert [one.url for one in found(components=forest)] == wanted


def test_depth_costs_no_stack() -> None:
    """Deeper than Python's stack: what discord.py would never parse must not be our weakness either."""
    message = p.parsed(p.message(components=[container(gallery(media("x.png")))]))
    (tree,) = message.components
    for _ in range(5000):
        around = copy(tree)
        around.children = [tree]  # type: ignore[attr-defined]
        tree = around
    message.components = [tree]
    assert len(found_in(message)) == 1


# --- stickers --------------------------------------------------------------------------------------


def sticker(ident: int, kind: int) -> Json:
    return {"id": str(ident), "name": "s", "format_type": kind}


@pytest.mark.parametrize(
    ("kind", "key", "url"),
    [
        (1, "sticker:7", f"{p.CDN}/stickers/7.png"),
        (2, "sticker:7", f"{p.CDN}/stickers/7.png"),
        (4, "sticker:7:gif", f"{p.MEDIA}/stickers/7.gif"),
    ],
)
def test_stickers_lie_where_discord_says_they_do(kind: int, key: str, url: str) -> None:
    (one,) = found(sticker_items=[sticker(7, kind)])
    assert one.media == Media(MediaKind.STICKER, key, claimed=True, immutable=True)
    assert one.url == url == assets.address(one.media)


def test_a_lottie_sticker_is_named_as_what_nobody_looks_at() -> None:
    (one,) = found(sticker_items=[sticker(7, 3)])
    assert (one.media.unsupported, one.url) == ("lottie", None)


# --- emoji -----------------------------------------------------------------------------------------


def test_custom_emoji_in_words_are_pictures_and_others_are_not() -> None:
    words = "😀 :smile: <:cat:11> <a:dog:12><:cat:11> <@5> <#6> <:x:> <id:customize> </check:13> <t:14:R>"
    assert keys(content=words) == ["emoji:11", "emoji:12:animated"]
    assert [one.url for one in found(content=words)] == [
        f"{p.CDN}/emojis/11.webp?size=1024",
        f"{p.CDN}/emojis/12.webp?size=1024&animated=true",
    ]


def test_an_animated_emoji_written_as_a_still_one_is_another_picture() -> None:
    """Its first frame may be harmless: one verdict must not stand for both."""
    assert len(set(keys(content="<:x:11> <a:x:11>"))) == 2


def test_emoji_are_found_wherever_discord_draws_them() -> None:
    embed = {"title": "<:a:1>", "description": "<:b:2>", "fields": [{"name": "<:c:3>", "value": "<:d:4>"}]}
    button = {"type": 2, "id": 1, "style": 1, "custom_id": "x", "emoji": {"id": "6", "name": "f", "animated": True}}
    option = {"label": "l", "value": "v", "emoji": {"id": "7", "name": "g"}}
    select = {"type": 3, "id": 2, "custom_id": "y", "options": [option]}
    rows = [{"type": 1, "id": 3, "components": [button]}, {"type": 1, "id": 4, "components": [select]}]
    components = [text("<:e:5>"), *rows]
    assert keys(embeds=[embed], components=components) == [
        *("emoji:5", "emoji:1", "emoji:2", "emoji:3", "emoji:4"),
        *("emoji:6:animated", "emoji:7"),
    ]


def test_a_polls_answers_may_show_emoji() -> None:
    answers = [{"answer_id": 1, "poll_media": {"text": "yes", "emoji": {"id": "9", "name": "y"}}}]
    poll = {"question": {"text": "?"}, "answers": answers, "expiry": p.WHEN, "layout_type": 1}
    assert keys(poll=poll | {"allow_multiselect": False}) == ["emoji:9"]


def test_beyond_a_number_of_emoji_the_rest_is_counted_as_not_looked_at() -> None:
    words = "".join(f"<:e:{n}>" for n in range(1, EMOJI_LOOKED_AT + 4))
    shown = found(content=words)
    assert len(shown) == EMOJI_LOOKED_AT + 3
    assert [one.media.unsupported for one in shown[EMOJI_LOOKED_AT:]] == [TOO_MANY] * 3
    assert {one.media.unsupported for one in shown[:EMOJI_LOOKED_AT]} == {None}


@given(st.text(max_size=200))
def test_no_words_break_the_search(words: str) -> None:
    message = p.parsed(p.message(content=words))
    assert found_in(message) == () or may_show(message)


# --- forwards and choices --------------------------------------------------------------------------


def test_a_forward_shows_all_of_it() -> None:
    inner = p.snapshot(
        content="<:cat:11>",
        attachments=[p.attachment()],
        embeds=[{"image": p.picture("e.png")}],
        sticker_items=[sticker(7, 1)],
        components=[container(gallery(media("c.png")))],
    )
    shown = found(message_reference={"type": 1, "channel_id": "5", "message_id": "6"}, message_snapshots=[inner])
    kinds = [MediaKind.ATTACHMENT, MediaKind.EMBED, MediaKind.EMBED, MediaKind.STICKER, MediaKind.EMOJI]
    assert [one.media.kind for one in shown] == kinds


def test_a_guild_chooses_stickers_and_emoji_and_cannot_unchoose_the_rest() -> None:
    everything = found(
        content="<:cat:11>",
        sticker_items=[sticker(7, 1)],
        attachments=[p.attachment()],
        embeds=[{"image": p.picture("e")}],
    )
    always = {MediaKind.ATTACHMENT, MediaKind.EMBED}
    for surfaces, more in (
        (frozenset(), set()),
        (USUAL_SURFACES, {MediaKind.STICKER}),
        (frozenset({Surface.EMOJI}), {MediaKind.EMOJI}),
        (frozenset(Surface), {MediaKind.STICKER, MediaKind.EMOJI}),
    ):
        assert {one.media.kind for one in chosen(everything, surfaces)} == always | more


@pytest.mark.parametrize(
    ("fields", "may"),
    [
        ({}, False),
        ({"content": "only words"}, False),
        ({"content": "<:cat:11>"}, True),
        ({"sticker_items": [sticker(7, 1)]}, True),
        ({"components": [gallery(media("x.png"))]}, True),
        ({"attachments": [p.attachment()]}, True),
    ],
)
def test_most_messages_need_no_walk(fields: Json, may: bool) -> None:
    message = p.parsed(p.message(**fields))
    assert may_show(message) is may
    assert bool(found_in(message)) is may


# --- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("media", "path"),
    [
        (assets.face(MediaKind.AVATAR, "avatars/1/abc"), "avatars/1/abc.webp?size=1024"),
        (assets.face(MediaKind.AVATAR, "avatars/1/a_abc"), "avatars/1/a_abc.webp?size=1024&animated=true"),
        (assets.face(MediaKind.AVATAR, "guilds/2/users/1/avatars/x"), "guilds/2/users/1/avatars/x.webp?size=1024"),
        (assets.face(MediaKind.BANNER, "banners/1/abc"), "banners/1/abc.webp?size=1024"),
        (assets.face(MediaKind.COVER, "icons/2/a_abc"), "icons/2/a_abc.webp?size=1024&animated=true"),
    ],
)
def test_the_key_alone_says_where_the_bytes_are(media: Media, path: str) -> None:
    assert assets.address(media) == f"{p.CDN}/{path}"
    assert media.immutable
    reduced = assets.address(media, reduced=True)
    assert reduced.startswith(f"{p.CDN}/{path.partition('?')[0]}?")
    assert "animated" not in reduced


def test_whichever_banner_somebody_has_stands_for_no_bytes() -> None:
    assert not assets.banner_of("5").immutable
