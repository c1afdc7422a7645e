"""Whose a message is, who wrote it, where it stands: ruling 18, and who is never punished."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model import Author, AuthorKind, EventKind, Tenant
from bot.platforms.telegram.extract import ANONYMOUS, DIRECT, SERVICE, author_of, event_of, place_of, tenant_of, whose
from bot.platforms.telegram.posts import subject_of
from bot.platforms.telegram.spots import Spot, ids_of, post_of
from bot.platforms.telegram.walker import found_in
from policies.model import Context, Place
from tests.bot.platforms.telegram.messages import ANN, DATE, NEWS, TOWN, Json, message, photo

PRIVATE: Json = {"id": 42, "type": "private", "first_name": "Ann"}
GROUP: Json = {"id": -5, "type": "group", "title": "Friends"}
DIRECT_MESSAGES: Json = {"id": -1007, "type": "supergroup", "is_direct_messages": True}


@pytest.mark.parametrize(
    ("chat", "tenant"),
    [
        (TOWN, Tenant("telegram", "-1001")),
        (GROUP, Tenant("telegram", "-5")),
        (NEWS, Tenant("telegram", "-1009")),
        (PRIVATE, DIRECT),
        (DIRECT_MESSAGES, DIRECT),
    ],
)
def test_a_chat_that_can_be_guarded_is_a_tenant_any_other_the_hosts(chat: Json, tenant: Tenant) -> None:
    assert tenant_of(chat) == whose(message(chat=chat)) == tenant


@pytest.mark.parametrize("field", ["business_connection_id", "guest_query_id"])
def test_where_the_bot_is_a_guest_nobody_asked_for_a_guard(field: str) -> None:
    fields: Json = {field: "x"}
    guest = message(**fields)
    assert whose(guest) == DIRECT
    assert place_of(guest).context is Context.MESSAGE


# --- who --------------------------------------------------------------------------------------------


def test_a_member_and_a_bot() -> None:
    assert author_of(message()) == Author("42")
    assert author_of(message(by={**ANN, "is_bot": True})) == Author("42", AuthorKind.BOT)


@pytest.mark.parametrize(
    ("fields", "author"),
    [
        ({"sender_chat": NEWS, "from": {"id": 136817688, "is_bot": True}}, Author("-1009", AuthorKind.CHANNEL)),
        ({"sender_chat": TOWN, "from": {"id": ANONYMOUS, "is_bot": True}}, Author("-1001", AuthorKind.GUILD)),
        (
            {"sender_chat": NEWS, "from": {"id": SERVICE, "is_bot": False}, "is_automatic_forward": True},
            Author("-1009", AuthorKind.GUILD),
        ),
        ({"from": {"id": SERVICE, "is_bot": False}}, Author(str(SERVICE), AuthorKind.GUILD)),
        ({"from": {"id": ANONYMOUS, "is_bot": True}}, Author(str(ANONYMOUS), AuthorKind.GUILD)),
        ({"chat": NEWS, "sender_chat": NEWS, "from": None}, Author("-1009", AuthorKind.GUILD)),
        ({"chat": NEWS, "from": None}, Author("-1009", AuthorKind.GUILD)),
    ],
)
def test_a_foreign_channel_can_be_punished_and_nobody_who_speaks_for_the_chat(fields: Json, author: Author) -> None:
    assert author_of(message(**fields)) == author


# --- where ------------------------------------------------------------------------------------------

FORWARD = message(5, is_automatic_forward=True, sender_chat=NEWS)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, Place(Context.GROUP_MESSAGE, "-1001")),
        ({"chat": GROUP}, Place(Context.GROUP_MESSAGE, "-5")),
        ({"chat": PRIVATE}, Place(Context.MESSAGE, "42")),
        ({"chat": NEWS}, Place(Context.ARTICLE, "-1009")),
        ({"is_topic_message": True, "message_thread_id": 7}, Place(Context.GROUP_MESSAGE, "-1001/7", "-1001")),
        ({"message_thread_id": 7}, Place(Context.GROUP_MESSAGE, "-1001")),  # a mere thread of replies
        ({"reply_to_message": FORWARD}, Place(Context.COMMENT, "-1001")),
        ({"message_thread_id": 5}, Place(Context.COMMENT, "-1001")),
        ({"reply_to_message": message(6)}, Place(Context.GROUP_MESSAGE, "-1001")),
    ],
)
def test_contexts_are_those_of_the_ruling(fields: Json, place: Place) -> None:
    assert place_of(message(**fields), {(-1001, 5)}) == place


def test_a_new_photo_of_the_chat_is_a_cover_by_whoever_set_it() -> None:
    raw = message(new_chat_photo=photo())
    event = event_of(raw, EventKind.MESSAGE, found_in(raw))
    assert (event.kind, event.place) == (EventKind.COVER, Place(Context.ROOM_COVER, "-1001"))
    assert (event.message, event.author) == ("10", Author("42"))


def test_another_new_photo_of_the_chat_is_the_same_subject() -> None:
    subjects = {subject_of(message(n, new_chat_photo=photo(str(n)))) for n in range(2)}
    assert len(subjects) == 1


# --- when -------------------------------------------------------------------------------------------


def test_a_moment_is_that_of_the_message_or_of_its_edit() -> None:
    assert event_of(message(), EventKind.MESSAGE, ()).at == datetime.fromtimestamp(DATE, UTC)
    assert event_of(message(edit_date=DATE + 5), EventKind.EDIT, ()).at == datetime.fromtimestamp(DATE + 5, UTC)


def test_what_is_no_message_is_an_error_of_one_kind() -> None:
    with pytest.raises(KeyError):
        event_of({"message_id": 1}, EventKind.MESSAGE, ())


@pytest.mark.parametrize(
    "raw",
    [
        message(photo=photo()),
        message(media_group_id="g"),
        message(new_chat_photo=photo()),
        message(is_topic_message=True, message_thread_id=7, text="x"),
    ],
)
def test_the_subject_of_a_message_is_that_of_its_event(raw: Json) -> None:
    event = event_of(raw, EventKind.EDIT, found_in(raw), update=7)
    assert subject_of(raw) == event.subject
    assert event.key.startswith(f"{event.subject}@")


# --- as text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "spot"), [("-1001", Spot(-1001)), ("-1001/7", Spot(-1001, 7)), ("42", Spot(42))])
def test_a_spot_is_text_and_back(text: str, spot: Spot) -> None:
    assert Spot.parse(text) == spot
    assert str(spot) == text


@pytest.mark.parametrize("text", ["", "x", "-1001/", "-1001/x", "/7", "1/2/3"])
def test_what_is_no_spot_says_what_would_be(text: str) -> None:
    with pytest.raises(ValueError, match="write its number"):
        Spot.parse(text)


def test_a_post_is_its_parts_in_order_each_once() -> None:
    assert post_of([12, 10, 11, 10]) == "10+11+12"
    assert ids_of("10+11+12") == (10, 11, 12)
    assert ids_of("7") == (7,)
    with pytest.raises(ValueError, match="no message"):
        ids_of("album/7")
