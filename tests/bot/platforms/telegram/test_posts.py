"""Albums are one post, edits count where they change a picture, and what is tried again is the same again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Event, EventKind, Media, MediaKind, Tenant
from bot.platforms.telegram.posts import Posts, meant
from bot.ports import Part
from policies.model import Context, Surface
from tests.bot.platforms.telegram.messages import ANN, NEWS, Json, document, file, message, photo, sticker

ALL = frozenset(Surface)
MESSAGE, EDIT = EventKind.MESSAGE, EventKind.EDIT


class MemoryAlbums:
    """`bot.ports.Albums`. `broken`: the disk fails."""

    def __init__(self) -> None:
        self.noted: dict[tuple[Tenant, str, str], dict[int, tuple[Media, ...]]] = {}
        self.commits = 0
        self.broken = False

    async def join(self, parts: Sequence[Part]) -> None:
        if self.broken:
            raise OSError("disk full")
        self.commits += bool(parts)
        for part in parts:
            self.noted.setdefault((part.tenant, part.channel, part.album), {})[part.message] = part.media

    async def parts(self, tenant: Tenant, channel: str, album: str) -> Mapping[int, tuple[Media, ...]]:
        return self.noted.get((tenant, channel, album), {})


class Chat:
    """What a chat tells, and what becomes of it; each with the next `update_id`."""

    def __init__(self) -> None:
        self.albums = MemoryAlbums()
        self.update = 0
        self.restart()

    def restart(self) -> None:
        self.posts = Posts(self.albums)

    async def hear(self, raw: Json, kind: EventKind = MESSAGE, surfaces: frozenset[Surface] = ALL) -> Event | None:
        """One update, from the wire to its event; None where it stops on the way."""
        self.update += 1
        if not self.posts.notice(raw, kind, update=self.update):
            return None
        await self.posts.persist()
        return await self.posts.event(raw, kind, surfaces, update=self.update)


def keys(event: Event | None) -> list[str]:
    assert event is not None
    return [m.key.removeprefix("file:") for m in event.media]


def part(ident: int, name: str | None = None, **fields: Any) -> Json:
    shown = {"photo": photo(name)} if name else {"audio": file(str(ident), duration=1)}
    return message(ident, media_group_id="g", **shown, **fields)


# --- messages ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_picture_is_an_event_and_words_are_none() -> None:
    chat = Chat()
    event = await chat.hear(message(7, photo=photo("a")))
    assert keys(event) == ["a"]
    assert event is not None
    assert (event.kind, event.message, event.subject) == (MESSAGE, "7", "-1001/7")
    assert await chat.hear(message(8, text="hello")) is None


@pytest.mark.asyncio
async def test_what_the_guild_does_not_want_looked_at_is_no_event() -> None:
    chat = Chat()
    assert await chat.hear(message(sticker=sticker()), surfaces=frozenset()) is None
    assert keys(await chat.hear(message(sticker=sticker("s")), surfaces=frozenset({Surface.STICKERS}))) == ["s"]


@pytest.mark.asyncio
async def test_the_same_update_again_is_the_same_event_again() -> None:
    """Telegram tells again what was not acknowledged, and what failed is tried again."""
    chat = Chat()
    raw = message(photo=photo("b"))
    await chat.hear(message(photo=photo("a")))
    first = await chat.hear(raw, EDIT)
    assert chat.posts.notice(raw, EDIT, update=chat.update)
    chat.restart()
    assert await chat.posts.event(raw, EDIT, ALL, update=chat.update) == first


# --- edits ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_edit_that_swaps_the_picture_is_a_newer_version_of_the_post() -> None:
    chat = Chat()
    first = await chat.hear(message(photo=photo("a")))
    second = await chat.hear(message(photo=photo("b"), edit_date=1), EDIT)
    assert first is not None
    assert second is not None
    assert keys(second) == ["b"]
    assert second.kind is EDIT
    assert second.subject == first.subject
    assert second.version != first.version


@pytest.mark.asyncio
async def test_an_edit_of_the_words_is_none_and_does_not_supersede_the_verdict() -> None:
    chat = Chat()
    await chat.hear(message(photo=photo("a"), caption="x"))
    assert await chat.hear(message(photo=photo("a"), caption="y", edit_date=1), EDIT) is None


@pytest.mark.asyncio
async def test_an_edit_that_takes_the_picture_away_supersedes_what_is_being_judged_of_it() -> None:
    chat = Chat()
    await chat.hear(message(photo=photo("a")))
    emptied = message(text="z", edit_date=1)
    assert chat.posts.notice(emptied, EDIT, update=9)
    assert await chat.posts.event(emptied, EDIT, ALL, update=9) is None


@pytest.mark.asyncio
async def test_after_a_restart_an_edit_is_looked_at_once_more() -> None:
    chat = Chat()
    await chat.hear(message(photo=photo("a")))
    chat.restart()
    assert keys(await chat.hear(message(photo=photo("a"), edit_date=1), EDIT)) == ["a"]
    assert await chat.hear(message(photo=photo("a"), edit_date=2), EDIT) is None


@pytest.mark.asyncio
async def test_a_picture_that_comes_back_within_a_second_is_new_each_time() -> None:
    chat = Chat()
    seen = [await chat.hear(message(photo=photo(name), edit_date=1), EDIT) for name in "abab"]
    assert [keys(event) for event in seen] == [["a"], ["b"], ["a"], ["b"]]
    assert len({event.key for event in seen if event}) == 4


@given(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=8))
@pytest.mark.asyncio
async def test_every_change_is_news_and_nothing_else_is(shown: list[str]) -> None:
    chat, last = Chat(), ""
    for name in shown:
        told = await chat.hear(message(photo=photo(name)), EDIT)
        assert (told is not None) == (name != last)
        last = name


# --- albums -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_each_part_makes_a_newer_version_of_the_whole() -> None:
    chat = Chat()
    seen = [await chat.hear(part(n, name)) for n, name in ((10, "a"), (11, "b"), (12, "c"))]
    assert [event.message for event in seen if event] == ["10", "10+11", "10+11+12"]
    assert keys(seen[-1]) == ["a", "b", "c"]
    assert len({event.subject for event in seen if event}) == 1
    assert len({event.version for event in seen if event}) == 3
    assert {event.album for event in seen if event} == {"g"}


@pytest.mark.asyncio
async def test_of_parts_that_came_together_any_event_has_all() -> None:
    """Whichever is judged at last, none of them is superseded unseen; and they are one commit."""
    chat = Chat()
    raw = [part(n, f"p{n}") for n in range(10, 20)]
    for update, one in enumerate(raw):
        assert chat.posts.notice(one, MESSAGE, update=update)
    await chat.posts.persist()
    assert chat.albums.commits == 1
    chat.restart()
    for update, one in enumerate(raw):
        event = await chat.posts.event(one, MESSAGE, ALL, update=update)
        assert keys(event) == [f"p{n}" for n in range(10, 20)]


@pytest.mark.asyncio
async def test_a_part_without_a_picture_belongs_to_what_is_removed() -> None:
    chat = Chat()
    assert await chat.hear(part(10)) is None
    event = await chat.hear(part(11, "b"))
    assert event is not None
    assert (event.message, keys(event)) == ("10+11", ["b"])


@pytest.mark.asyncio
async def test_a_part_that_is_edited_changes_the_whole() -> None:
    chat = Chat()
    await chat.hear(part(10, "a"))
    await chat.hear(part(11, "b"))
    assert await chat.hear(part(10, "a", caption="words"), EDIT) is None
    event = await chat.hear(part(10, "c"), EDIT)
    assert event is not None
    assert (event.message, keys(event), event.kind) == ("10+11", ["c", "b"], EDIT)


@pytest.mark.asyncio
async def test_the_same_album_elsewhere_is_another_one() -> None:
    """A channel's album is forwarded into its discussion group with the same name."""
    chat = Chat()
    await chat.hear(part(10, "a", chat=NEWS, sender_chat=NEWS))
    event = await chat.hear(part(20, "a", is_automatic_forward=True, sender_chat=NEWS))
    assert event is not None
    assert event.message == "20"


@pytest.mark.asyncio
async def test_parts_are_not_forgotten_while_the_disk_fails() -> None:
    chat = Chat()
    chat.albums.broken = True
    chat.posts.notice(part(10, "a"), MESSAGE, update=1)
    with pytest.raises(OSError, match="disk full"):
        await chat.posts.persist()
    chat.albums.broken = False
    await chat.posts.persist()
    assert keys(await chat.posts.event(part(11, "b"), MESSAGE, ALL, update=2)) == ["a", "b"]


@pytest.mark.asyncio
async def test_of_an_album_only_what_is_wanted_is_judged() -> None:
    chat = Chat()
    emoji = [{"type": "custom_emoji", "custom_emoji_id": "1"}]
    event = await chat.hear(part(10, "a", caption_entities=emoji), surfaces=ALL - {Surface.EMOJI})
    assert event is not None
    assert [m.kind for m in event.media] == [MediaKind.FILE]


# --- discussions and polls --------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_comment_deep_in_the_thread_of_a_channels_post_is_one() -> None:
    chat = Chat()
    await chat.hear(message(5, is_automatic_forward=True, sender_chat=NEWS, text="news"))
    deep = message(9, photo=photo(), message_thread_id=5, reply_to_message=message(8))
    event = await chat.hear(deep)
    assert event is not None
    assert event.place.context is Context.COMMENT


@pytest.mark.asyncio
async def test_a_comment_tells_of_its_thread_whether_or_not_it_shows_anything() -> None:
    chat = Chat()
    forward = message(5, is_automatic_forward=True, sender_chat=NEWS)
    await chat.hear(message(6, text="first", message_thread_id=5, reply_to_message=forward))
    event = await chat.hear(message(9, photo=photo(), message_thread_id=5))
    assert event is not None
    assert event.place.context is Context.COMMENT


@pytest.mark.asyncio
async def test_an_option_that_is_added_to_a_poll_is_an_edit_of_the_poll_by_whoever_added_it() -> None:
    chat = Chat()
    bob = {**ANN, "id": 43}
    poll = message(10, poll={"options": [{"text": "a"}]})
    await chat.hear(poll)
    grown = message(10, poll={"options": [{"text": "a"}, {"text": "b", "media": {"photo": photo("b")}}]})
    event = await chat.hear(message(12, poll_option_added={"poll_message": grown}, by=bob))
    assert event is not None
    assert (event.message, event.kind, event.author.id, keys(event)) == ("10", EDIT, "43", ["b"])


def test_a_poll_that_is_not_shown_has_no_pictures() -> None:
    hidden = message(12, poll_option_added={"poll_message": {"message_id": 10, "date": 0, "chat": NEWS}})
    assert meant(hidden, MESSAGE) == (hidden, MESSAGE)


@pytest.mark.asyncio
async def test_a_document_keeps_what_fetches_it() -> None:
    event = await Chat().hear(message(document=document("d", mime_type="image/png")))
    assert event is not None
    assert event.media[0].ref == "id-d"
