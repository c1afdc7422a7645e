"""An album on its whole way: one case, one card, every part removed, late ones too; what is known costs no call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.model import (
    Author,
    AuthorKind,
    CaseState,
    Delete,
    Event,
    EventKind,
    Media,
    MediaKind,
    RemoveMember,
    Tenant,
    Warn,
)
from policies.model import Act, Context, Ladder, Mode, Place, Rung
from tests.bot.street.world import MODS, Street, shows
from tests.clock import FakeClock

TOWN = Tenant("telegram", "-1001")
PLACE = Place(Context.GROUP_MESSAGE, "-1001")


@pytest_asyncio.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    life = Street(tmp_path, FakeClock())
    life.chat.name = "telegram"
    async with life:
        await life.policy(TOWN)
        yield life


def media(street: Street, name: str, what: str = "fine", serial: int = 0) -> Media:
    """A picture under an id of Telegram's."""
    key = f"file:{name}"
    street.chat.pictures[key] = shows(what, serial)
    return Media(MediaKind.FILE, key, immutable=True, ref=f"id-{name}")


def album(street: Street, *parts: Media, first: int = 10, **fields: Any) -> Event:
    ids = "+".join(str(first + n) for n in range(len(parts)))
    event = street.event(tenant=TOWN, place=PLACE, message=ids, version=ids, album="g", **fields)
    return replace(event, media=parts)


def deleted(street: Street) -> list[str]:
    return [action.message for action in street.chat.of(Delete)]


@pytest.mark.asyncio
async def test_parts_that_come_together_are_one_case_and_one_deletion(street: Street) -> None:
    a, b = media(street, "a", "bad"), media(street, "b")
    await street.work.submit([album(street, a), album(street, a, b)])
    await street.work_off()
    assert deleted(street) == ["10+11"]
    assert (street.cases, len(street.chat.cards), street.strikes) == (1, 1, 1)


@pytest.mark.asyncio
async def test_a_late_part_goes_although_it_is_clean_and_nobody_hears_of_it_again(street: Street) -> None:
    a, b, c = media(street, "a", "bad"), media(street, "b"), media(street, "c")
    await street.see(album(street, a, b))
    await street.see(album(street, a, b, c))
    assert deleted(street) == ["10+11", "10+11+12"]
    assert (street.cases, len(street.chat.cards), len(street.chat.of(Warn)), street.strikes) == (1, 1, 1, 1)


@pytest.mark.asyncio
async def test_a_late_part_goes_after_a_restart_too(street: Street) -> None:
    a, b = media(street, "a", "bad"), media(street, "b")
    await street.see(album(street, a))
    await street.restart()
    street.chat.pictures.clear()  # not even the bytes of what was removed can be had
    street.chat.pictures["file:b"] = shows("fine", 1)
    await street.see(album(street, a, b))
    assert deleted(street) == ["10", "10+11"]
    assert street.cases == 1


@pytest.mark.asyncio
async def test_a_late_part_that_is_bad_is_told_on_the_same_card(street: Street) -> None:
    a, b = media(street, "a", "bad", 1), media(street, "b", "bad", 2)
    await street.see(album(street, a))
    await street.see(album(street, a, b))
    assert (street.cases, len(street.chat.cards), len(street.chat.edits), street.strikes) == (1, 1, 1, 2)
    case = await street.case(1, TOWN)
    assert [image.media for image in case.images] == [a, b]


@pytest.mark.asyncio
async def test_a_doubtful_album_waits_for_a_moderator_with_one_card(street: Street) -> None:
    a, b = media(street, "a", "doubtful", 1), media(street, "b", "doubtful", 2)
    await street.see(album(street, a))
    await street.see(album(street, a, b))
    assert deleted(street) == []
    assert (street.cases, len(street.chat.cards), len(street.chat.edits)) == (1, 1, 1)
    assert (await street.case(1, TOWN)).message == "10+11"


@pytest.mark.asyncio
async def test_while_it_only_watches_an_album_is_one_case(street: Street) -> None:
    await street.policy(TOWN, mode=Mode.OBSERVE)
    a, b = media(street, "a", "bad", 1), media(street, "b")
    await street.see(album(street, a))
    await street.see(album(street, a, b))
    assert deleted(street) == []
    assert (street.cases, len(street.chat.cards)) == (1, 1)


@pytest.mark.asyncio
async def test_while_paused_late_parts_stay(street: Street) -> None:
    a, b = media(street, "a", "bad"), media(street, "b")
    await street.see(album(street, a))
    await street.policy(TOWN, mode=Mode.PAUSED)
    await street.see(album(street, a, b))
    assert deleted(street) == ["10"]


@pytest.mark.asyncio
async def test_a_known_file_costs_neither_a_download_nor_a_provider(street: Street) -> None:
    """Sent on it keeps its id, also as a new message: unlike what is uploaded with its post."""
    a = media(street, "a", "bad")
    await street.see(replace(street.event(tenant=TOWN, place=PLACE, message="5"), media=(a,)))
    del street.chat.pictures["file:a"]
    asked = len(street.judge.asked)
    await street.see(replace(street.event(tenant=TOWN, place=PLACE, message="6"), media=(a,)))
    assert deleted(street) == ["5", "6"]
    assert len(street.judge.asked) == asked
    assert street.intake.opened == 1


# --- channels ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_channel_that_posts_in_a_group_earns_strikes_and_is_banned(street: Street) -> None:
    await street.policy(TOWN, ladder=Ladder(rungs=(Rung(1, Act.BAN),), automatic_removal=True))
    channel = Author("-1007", AuthorKind.CHANNEL)
    for n in range(2):
        post = street.event(tenant=TOWN, place=PLACE, message=str(n), author=channel)
        await street.see(replace(post, media=(media(street, str(n), "bad", n),)))
        if n == 0:
            await street.store.ledger.decide_case(TOWN, 1, CaseState.UPHELD, "mod")
    assert street.strikes == 2
    assert [a.author for a in street.chat.of(RemoveMember)] == ["-1007"]


@pytest.mark.asyncio
async def test_the_chats_own_posts_go_and_nobody_is_punished(street: Street) -> None:
    itself = Author("-1001", AuthorKind.GUILD)
    post = street.event(tenant=TOWN, place=PLACE, message="1", author=itself)
    await street.see(replace(post, media=(media(street, "a", "bad"),)))
    assert deleted(street) == ["1"]
    assert street.strikes == 0


@pytest.mark.asyncio
async def test_the_photo_of_a_chat_is_shown_to_moderators(street: Street) -> None:
    post = street.event(tenant=TOWN, place=Place(Context.ROOM_COVER, "-1001"), message="1", kind=EventKind.COVER)
    await street.see(replace(post, media=(replace(media(street, "a", "bad"), kind=MediaKind.COVER),)))
    assert [card.channel for card in street.chat.cards] == [MODS]
