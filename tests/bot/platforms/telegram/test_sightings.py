"""Faces and photos of chats: asked for once a day, told once, never lost."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from telegram import Bot

from bot.model import AuthorKind, Event, EventKind, MediaKind
from bot.platforms.telegram.extract import tenant_of
from bot.platforms.telegram.files import Files
from bot.platforms.telegram.sightings import AGAIN, Sightings, is_inside
from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from policies.model import Context, Mode, Policy, Surface
from policies.presets import preset
from tests.bot.platforms.discord.world import MemoryFaces
from tests.bot.platforms.telegram.messages import ANN, TOWN, Json, message
from tests.bot.sandbox.pictures import picture
from tests.clock import FakeClock

SET_UP = dataclasses.replace(preset("standard"), mod_channel="9", mode=Mode.ENFORCE)
FACE, OTHER = picture("JPEG", (200, 200)), picture("JPEG", (200, 200), "red")
ASKED = "getUserProfilePhotos"


class Street:
    """Sightings in front of a seen-table, and what came of them. `broken`: the disk fails."""

    def __init__(self, t: LoopbackTelegram, bot: Bot, clock: FakeClock) -> None:
        self.t, self.bot, self.clock = t, bot, clock
        self.events: list[Event] = []
        self.faces = MemoryFaces()
        self.broken = False
        self.chat: Chat = t.supergroup()
        t.add_bot(self.chat, "can_delete_messages")
        self.restart()

    def restart(self) -> None:
        self.sightings = Sightings(self.bot, self.faces, self.clock, self._submit)

    async def _submit(self, events: Sequence[Event]) -> None:
        if self.broken:
            raise OSError("disk full")
        self.events.extend(events)

    async def write(self, who: User, policy: Policy = SET_UP) -> list[Event]:
        """What is told when `who` writes."""
        self.t.say(self.chat, who, "hello")
        before = len(self.events)
        await self.sightings.see_author(self.t.updates[-1]["message"], policy)
        return self.events[before:]

    def asked(self, method: str = ASKED) -> int:
        return len(self.t.calls_to(method))


@pytest_asyncio.fixture
async def street(t: LoopbackTelegram, bot: Bot, clock: FakeClock) -> AsyncIterator[Street]:
    yield Street(t, bot, clock)


@pytest.fixture
def ann(t: LoopbackTelegram, street: Street) -> User:
    who = t.member(street.chat, "ann")
    t.change_photo(who, FACE)
    return who


# --- those who write --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_face_is_an_event_of_its_own_and_can_be_fetched(street: Street, ann: User, files: Files) -> None:
    (told,) = await street.write(ann)
    assert (told.kind, told.message, told.place.context) == (EventKind.AVATAR, "", Context.HEAD_IMAGE)
    assert (told.author.id, told.author.kind) == (str(ann.id), AuthorKind.MEMBER)
    assert (told.media[0].kind, told.media[0].immutable) == (MediaKind.AVATAR, True)
    assert b"".join([chunk async for chunk in files.fetch(told, told.media[0])]) == FACE


@pytest.mark.asyncio
async def test_nobody_is_asked_again_that_day_also_after_a_restart(street: Street, ann: User) -> None:
    await street.write(ann)
    assert await street.write(ann) == []
    street.restart()
    assert await street.write(ann) == []
    assert street.asked() == 1


@pytest.mark.asyncio
async def test_the_next_day_a_new_face_is_told_and_the_same_is_not(
    street: Street, ann: User, t: LoopbackTelegram, clock: FakeClock
) -> None:
    await street.write(ann)
    await clock.advance(AGAIN.total_seconds())
    assert await street.write(ann) == []
    t.change_photo(ann, OTHER)
    await clock.advance(AGAIN.total_seconds())
    (told,) = await street.write(ann)
    assert street.asked() == 3
    assert told.subject == street.events[0].subject
    assert told.version != street.events[0].version


@pytest.mark.asyncio
async def test_a_face_that_was_taken_off_supersedes_the_verdict_on_it(
    street: Street, ann: User, clock: FakeClock
) -> None:
    await street.write(ann)
    ann.photos.clear()
    await clock.advance(AGAIN.total_seconds())
    (told,) = await street.write(ann)
    assert told.media == ()
    assert told.subject == street.events[0].subject


@pytest.mark.asyncio
async def test_whoever_hides_their_face_is_asked_once_and_told_never(street: Street, ann: User) -> None:
    ann.hides_photos = True
    assert await street.write(ann) == []
    assert await street.write(ann) == []
    assert street.asked() == 1


@pytest.mark.parametrize(
    "policy",
    [
        dataclasses.replace(SET_UP, mode=Mode.PAUSED),
        dataclasses.replace(SET_UP, mod_channel=None),
        dataclasses.replace(SET_UP, surfaces=frozenset({Surface.BANNERS})),
    ],
    ids=["paused", "not set up", "not wanted"],
)
@pytest.mark.asyncio
async def test_where_nobody_would_hear_of_it_nobody_is_asked(street: Street, ann: User, policy: Policy) -> None:
    assert await street.write(ann, policy) == []
    assert street.asked() == 0
    assert len(await street.write(ann)) == 1


@pytest.mark.asyncio
async def test_what_telegram_did_not_answer_is_asked_at_the_next_sight(
    street: Street, ann: User, t: LoopbackTelegram
) -> None:
    t.fail(ASKED, status=500)
    assert await street.write(ann) == []
    assert len(await street.write(ann)) == 1


@pytest.mark.asyncio
async def test_what_did_not_reach_the_journal_is_told_at_the_next_sight(street: Street, ann: User) -> None:
    street.broken = True
    with pytest.raises(OSError, match="disk full"):
        await street.write(ann)
    street.broken = False
    assert len(await street.write(ann)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"sender_chat": TOWN, "from": {"id": 1087968824, "is_bot": True}},
        {"from": None, "sender_chat": TOWN},
        {"chat": {"id": 42, "type": "private"}},
        {"from": {"id": 777000, "is_bot": False}},
    ],
    ids=["anonymous", "channel", "private", "telegram"],
)
@pytest.mark.asyncio
async def test_who_has_no_face_of_their_own_here_is_not_asked(street: Street, fields: Json) -> None:
    without_covers = dataclasses.replace(SET_UP, surfaces=frozenset({Surface.AVATARS}))
    await street.sightings.see_author(message(**fields), without_covers)
    assert (street.asked(), street.asked("getChat")) == (0, 0)


@pytest.mark.asyncio
async def test_the_bot_itself_is_not_looked_at(street: Street, bot: Bot) -> None:
    await street.sightings.see_author(message(by=bot.bot.to_dict()), SET_UP)
    assert street.asked() == 0


# --- those who come ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_whoever_joins_is_looked_at_whether_or_not_they_were_that_day(
    street: Street, ann: User, t: LoopbackTelegram
) -> None:
    await street.write(ann)
    t.change_photo(ann, OTHER)
    changed = joining(street, ann, "left", "member")
    await street.sightings.see_member(changed, SET_UP)
    assert len(street.events) == 2
    await street.sightings.see_member(joining(street, ann, "member", "administrator"), SET_UP)
    assert street.asked() == 2


@pytest.mark.asyncio
async def test_whoever_asks_to_join_is_looked_at(street: Street, t: LoopbackTelegram) -> None:
    bob = t.user("bob")
    t.change_photo(bob, FACE)
    request = {"chat": {"id": street.chat.id, "type": "supergroup"}, "from": {**ANN, "id": bob.id}}
    await street.sightings.see_applicant(request, SET_UP)
    assert [e.author.id for e in street.events] == [str(bob.id)]


def joining(street: Street, who: User, before: str, now: str) -> Json:
    user = {"id": who.id, "is_bot": False, "first_name": who.name}
    old, new = ({"status": status, "user": user} for status in (before, now))
    chat = {"id": street.chat.id, "type": "supergroup"}
    return {"chat": chat, "from": user, "old_chat_member": old, "new_chat_member": new}


@pytest.mark.parametrize(
    ("member", "inside"),
    [
        ({"status": "creator"}, True),
        ({"status": "member"}, True),
        ({"status": "restricted", "is_member": True}, True),
        ({"status": "restricted", "is_member": False}, False),
        ({"status": "left"}, False),
        ({"status": "kicked"}, False),
    ],
)
def test_who_is_in_a_chat(member: Json, inside: bool) -> None:
    assert is_inside(member) is inside


# --- chats ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_photo_of_a_chat_is_its_cover(street: Street, t: LoopbackTelegram, files: Files) -> None:
    t.change_chat_photo(street.chat, t.owner(street.chat), FACE)
    chat = {"id": street.chat.id, "type": "supergroup"}
    await street.sightings.see_chat(chat, SET_UP)
    await street.sightings.see_chat(chat, SET_UP)
    (told,) = street.events
    assert (told.kind, told.place.context, told.tenant) == (EventKind.COVER, Context.ROOM_COVER, tenant_of(chat))
    assert told.author.kind is AuthorKind.GUILD
    assert b"".join([chunk async for chunk in files.fetch(told, told.media[0])]) == FACE
    assert street.asked("getChat") == 1


@pytest.mark.asyncio
async def test_a_chat_without_a_photo_tells_nothing(street: Street) -> None:
    await street.sightings.see_chat({"id": street.chat.id, "type": "supergroup"}, SET_UP)
    assert street.events == []
