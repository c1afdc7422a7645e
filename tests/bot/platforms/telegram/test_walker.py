"""What of a message is an image, what stands for what, and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Media, MediaKind
from bot.platforms.telegram.walker import (
    EMOJI_LOOKED_AT,
    LARGE,
    LARGEST,
    LOTTIE,
    PAID,
    STORY,
    TOO_MANY,
    VIDEO,
    Found,
    chosen,
    found_in,
    may_show,
)
from policies.model import Surface
from tests.bot.platforms.telegram.messages import ANN, TOWN, Json, document, file, message, photo, sticker, video


def found(**fields: Any) -> dict[str, Media]:
    """By `file_unique_id`, or the whole key of what is no file."""
    return {f.media.key.removeprefix("file:"): f.media for f in found_in(message(**fields))}


def unsupported(**fields: Any) -> dict[str, str | None]:
    return {name: media.unsupported for name, media in found(**fields).items()}


# --- photos -----------------------------------------------------------------------------------------


def test_a_photo_is_one_picture_at_its_largest_with_a_smaller_copy() -> None:
    (one,) = found_in(message(photo=photo("a")))
    assert one.media == Media(MediaKind.FILE, "file:a", immutable=True, size=12800)
    assert one.media.ref == "id-a id-a-320"
    assert one.alike == {"a-90", "a-320"}


@given(st.permutations(photo("a")))
def test_the_order_of_the_sizes_means_nothing(sizes: list[Json]) -> None:
    (one,) = found_in(message(photo=sizes))
    assert one.media.key == "file:a"
    assert one.media.ref == "id-a id-a-320"


def test_a_photo_in_one_size_has_no_smaller_copy() -> None:
    (one,) = found_in(message(photo=photo("a", sides=(90,))))
    assert one.media.ref == "id-a"


def test_a_live_photo_is_its_still_once_and_a_video() -> None:
    still = photo("still")
    assert unsupported(live_photo=video("v", photo=still), photo=still) == {"v": VIDEO, "still": None}


# --- documents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "claimed"),
    [
        ({"mime_type": "image/png"}, True),
        ({"mime_type": "application/octet-stream", "file_name": "x.PNG"}, True),
        ({"mime_type": "application/octet-stream", "file_name": "x.bin"}, False),
        ({"mime_type": "video/mp4", "file_name": "x.mp4"}, False),
        ({}, False),
    ],
)
def test_a_document_is_looked_at_whatever_it_claims_to_be(fields: Json, claimed: bool) -> None:
    """What does not claim to be an image is sniffed: its first bytes decide."""
    media = found(document=document("d", **fields))["d"]
    assert (media.claimed, media.unsupported) == (claimed, None)


def test_the_thumbnail_of_a_document_is_its_senders_and_looked_at_by_itself() -> None:
    """It is shown in the chat, and may be quite another picture."""
    thumbnail = file("t", width=90, height=90)
    media = found(document=document("d", mime_type="image/png", thumbnail=thumbnail))
    assert set(media) == {"d", "t"}
    assert media["d"].ref == "id-d"  # what the sender chose never stands for what cannot be read


@pytest.mark.parametrize(("size", "said"), [(LARGEST, None), (LARGEST + 1, LARGE)])
def test_what_telegram_gives_no_bot_is_named_and_its_thumbnail_looked_at(size: int, said: str | None) -> None:
    thumbnail = file("t", width=90, height=90)
    assert unsupported(document=file("d", file_size=size, thumbnail=thumbnail)) == {"d": said, "t": None}


def test_how_much_a_bot_is_given_can_be_said() -> None:
    (one,) = found_in(message(document=document("d")), largest=999)
    assert one.media.unsupported == LARGE


# --- what moves -------------------------------------------------------------------------------------


def test_of_a_video_the_still_and_the_cover_are_looked_at() -> None:
    qualities = [file("q", width=1280, height=720, codec="h264")]
    clip = video("v", thumbnail=file("t", width=320, height=180), cover=photo("c"), qualities=qualities)
    (moving,) = [f for f in found_in(message(video=clip)) if f.media.unsupported]
    assert moving.alike == {"q"}
    assert unsupported(video=clip) == {"v": VIDEO, "t": None, "c": None}


@pytest.mark.parametrize("first", ["animation", "document"])
def test_an_animation_that_is_said_to_be_a_document_too_is_one(first: str) -> None:
    gif = video("v", mime_type="video/mp4", thumbnail=file("t", width=320, height=180))
    twin = {k: v for k, v in gif.items() if k not in ("width", "height", "duration")}
    both = {"animation": gif, "document": twin}
    assert unsupported(**dict(sorted(both.items(), reverse=first == "document"))) == {"v": VIDEO, "t": None}


def test_a_gif_that_is_one_is_decoded() -> None:
    assert unsupported(animation=video("g", mime_type="image/gif")) == {"g": None}


def test_of_sound_only_the_cover_is_a_picture() -> None:
    song = file("m", duration=200, title="x", thumbnail=file("t", width=320, height=320))
    assert unsupported(audio=song, voice=file("w", duration=3)) == {"t": None}


def test_a_round_video() -> None:
    note = file("n", length=240, duration=3, thumbnail=file("t", width=320, height=320))
    assert unsupported(video_note=note) == {"n": VIDEO, "t": None}


# --- stickers and emoji -----------------------------------------------------------------------------


def test_a_still_sticker_is_looked_at_once() -> None:
    (one,) = found_in(message(sticker=sticker("s", thumbnail=file("t", width=128, height=128))))
    assert one == Found(Media(MediaKind.STICKER, "file:s", immutable=True), frozenset({"t"}))


@pytest.mark.parametrize(("kind", "said"), [({"animated": True}, LOTTIE), ({"moving": True}, VIDEO)])
def test_of_a_sticker_that_moves_its_still_is_looked_at(kind: Json, said: str) -> None:
    media = found(sticker=sticker("s", thumbnail=file("t", width=128, height=128), **kind))
    assert {name: (m.kind, m.unsupported) for name, m in media.items()} == {
        "s": (MediaKind.STICKER, said),
        "t": (MediaKind.STICKER, None),
    }


def test_what_is_played_around_a_premium_sticker_is_named() -> None:
    assert unsupported(sticker=sticker("s", premium_animation=file("p"))) == {"s": None, "p": LOTTIE}


def emoji(*idents: str) -> list[Json]:
    return [{"type": "custom_emoji", "offset": 0, "length": 2, "custom_emoji_id": ident} for ident in idents]


def test_custom_emoji_are_found_in_words_captions_quotes_and_polls_each_once() -> None:
    media = found(
        caption_entities=emoji("1"),
        quote={"text": "x", "entities": emoji("2", "1")},
        poll={"question_entities": emoji("3"), "options": [{"text_entities": emoji("4")}]},
        rich_message={"blocks": [{"type": "paragraph", "text": {"type": "custom_emoji", "custom_emoji_id": "5"}}]},
    )
    assert sorted(media) == [f"emoji:{n}" for n in "12345"]
    assert all(m.kind is MediaKind.EMOJI and m.immutable for m in media.values())


def test_beyond_so_many_emoji_they_are_only_counted() -> None:
    said = list(unsupported(entities=emoji(*map(str, range(EMOJI_LOOKED_AT + 2)))).values())
    assert said == [None] * EMOJI_LOOKED_AT + [TOO_MANY] * 2


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        ({"sticker": sticker()}, Surface.STICKERS),
        ({"entities": emoji("1")}, Surface.EMOJI),
        ({"new_chat_photo": photo()}, Surface.COVERS),
    ],
)
def test_some_are_looked_at_by_choice(fields: Json, by: Surface) -> None:
    every = found_in(message(**fields))
    assert chosen(every, {by}) == every
    assert chosen(every, set(Surface) - {by}) == ()


def test_photos_always_are() -> None:
    every = found_in(message(photo=photo()))
    assert chosen(every, ()) == every


# --- what bots are only told of ---------------------------------------------------------------------


def test_a_story_and_a_paid_preview_are_named() -> None:
    preview = {"type": "preview", "width": 640, "height": 480}
    media = unsupported(story={"chat": TOWN, "id": 3}, paid_media={"star_count": 1, "paid_media": [preview]})
    assert media == {"story:-1001/3": STORY, "paid:640x480:None": PAID}


# --- how deep, and what not -------------------------------------------------------------------------


def test_a_rich_message_is_walked_however_deep() -> None:
    block: Json = {"type": "photo", "photo": photo("deep")}
    for _ in range(3000):
        block = {"type": "details", "blocks": [block]}
    assert list(found(rich_message={"blocks": [block]})) == ["deep"]


def test_fields_of_tomorrow_are_walked_too() -> None:
    assert list(found(hologram={"layers": [{"picture": photo("h")}, {"thing": document("d")}]})) == ["h", "d"]


@pytest.mark.parametrize(
    "fields",
    [
        {"reply_to_message": message(photo=photo())},
        {"pinned_message": message(photo=photo())},
        {"suggested_post_paid": {"suggested_post_message": message(photo=photo())}},
        {"passport_data": {"data": [{"front_side": document()}]}},
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "icon": {"custom_emoji_id": "1"}}]]}},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_copies_of_other_messages_and_what_is_no_picture_are_not_walked(fields: Json) -> None:
    assert found(**fields) == {}


def test_a_reply_to_another_chat_shows_what_it_replies_to() -> None:
    reply = {"origin": {"type": "user", "date": 1, "sender_user": ANN}, "chat": TOWN, "message_id": 3}
    assert list(found(external_reply={**reply, "photo": photo("quoted")})) == ["quoted"]


def test_words_are_not_even_walked() -> None:
    assert not may_show(message(text="hello"))
    assert may_show(message(text="hello", entities=[]))


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["photo", "document", "x", "width", "is_animated"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), json, max_size=3), st.integers(0, 4))
def test_a_picture_is_found_wherever_it_hangs(noise: Json, depth: int) -> None:
    node: Json = {"pictures": photo("here"), **{f"_{k}": v for k, v in noise.items()}}
    for level in range(depth):
        node = {f"level{level}": [node, noise]}
    assert "here" in found(thing=node)
