"""From the wire to the deletion: albums, edits, what is known, a topic, the photo of a chat."""

from __future__ import annotations

import pytest

from bot.model import EventKind
from bot.sandbox.telegram.entities import Chat, Message, User
from bot.sandbox.telegram.entities import Json as Body
from policies.model import ChannelRule, Mode
from tests.bot.platforms.telegram.conftest import House, tenant
from tests.bot.street.world import shows


def content(house: House, what: str) -> Body:
    house.serial += 1
    return house.t.world.media.document(shows(what, house.serial), "a.png", "image/png")


def album(house: House, town: Chat, ann: User, *what: str) -> list[Message]:
    return house.t.album(town, ann, [content(house, each) for each in what])


@pytest.mark.asyncio
async def test_of_an_album_with_one_bad_picture_all_goes_in_one_case(house: House, town: Chat, ann: User) -> None:
    parts = album(house, town, ann, "fine", "bad", "fine")
    for part in parts:
        await house.gone(part)
    await house.settled()
    case = await house.street.case(1, tenant(town))
    assert house.street.cases == 1
    assert case.message == "+".join(str(part.id) for part in parts)
    assert len(case.images) == 3


@pytest.mark.asyncio
async def test_a_late_part_of_a_removed_album_goes_too(house: House, town: Chat, ann: User) -> None:
    (first,) = album(house, town, ann, "bad")
    await house.gone(first)
    await house.settled()
    late = house.t.post(town, ann, content(house, "fine"), album=first.album)
    await house.gone(late)
    await house.settled()
    assert (house.street.cases, house.street.strikes) == (1, 1)


@pytest.mark.asyncio
async def test_an_album_of_clean_pictures_stays(house: House, town: Chat, ann: User) -> None:
    parts = album(house, town, ann, "fine", "fine")
    await house.settled()
    assert [part.deleted_at for part in parts] == [None, None]
    assert house.street.cases == 0


@pytest.mark.asyncio
async def test_an_edit_that_swaps_the_picture_is_judged(house: House, town: Chat, ann: User) -> None:
    message = house.post(town, ann, "fine")
    await house.settled()
    house.t.edit(message, caption="other words")
    await house.settled()
    judged = len(house.street.suggestions)
    house.t.edit(message, content(house, "bad"))
    await house.gone(message)
    await house.settled()
    assert (judged, len(house.street.suggestions)) == (1, 2)
    case = await house.street.case(1, tenant(town))
    assert case.kind is EventKind.EDIT


@pytest.mark.asyncio
async def test_what_is_sent_on_costs_neither_a_call_nor_a_verdict(house: House, town: Chat, ann: User) -> None:
    message = house.post(town, ann, "fine")
    await house.settled()
    await house.remembered()
    asked, verdicts = len(house.t.calls_to("getFile")), len(house.street.judge.asked)
    house.t.forward(message, town, ann)
    await house.settled()
    assert house.street.suggestions == ["pass", "pass"]
    assert len(house.t.calls_to("getFile")) == asked == 1
    assert len(house.street.judge.asked) == verdicts


@pytest.mark.asyncio
async def test_a_post_in_a_topic_is_judged_by_the_rules_of_that_topic(house: House, ann: User) -> None:
    forum = house.t.supergroup(forum=True)
    house.t.add_bot(forum, "can_delete_messages")
    house.t.join(forum, ann)
    topic = house.t.topic(forum, house.t.owner(forum), "cats")
    rules = {f"{forum.id}/{topic}": ChannelRule(exempt=True)}
    await house.street.policy(tenant(forum), mode=Mode.ENFORCE, mod_channel=None, channels=rules)

    spared = house.post(forum, ann, thread_id=topic)
    await house.gone(house.post(forum, ann))
    await house.settled()

    assert spared.deleted_at is None
