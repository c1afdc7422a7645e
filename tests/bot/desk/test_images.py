"""Lists of exact images: by the bytes, by a case, by their short names."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from bot.desk.images import AT_ONCE
from bot.model import Answer, Author, Button, Look, Origin, Presser
from bot.ports import Gone, Unfetchable
from bot.texts.catalogue import Texts
from bot.texts.decisions import not_a_moderator
from policies.model import (
    Context,
    Decision,
    Duty,
    Listed,
    Mode,
    Place,
    Suggestion,
    UnscreenedReason,
    frozen,
)
from tests.bot.cases import GUILD, LOOK, SEEN, image
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, World, nothing

SEER = Presser("79", "Sia", roles=frozenset({"902"}))
MAX = Presser("67", "Max", rights=frozenset({"manage", "moderate"}))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def broken(error: Exception) -> AsyncIterator[bytes]:
    yield PNG[:4]
    raise error


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def block(world: World, *pictures: bytes, why: str = "", presser: Presser = MODERATOR) -> Answer:
    streams = [stream(p[:3], p[3:]) for p in pictures]
    return await world.desk.images.enlist(GUILD, presser, Listed.BLOCKED, pictures=streams, why=why)


async def listed(world: World, digest: str) -> Listed | None:
    return await world.store.lists.listed(GUILD, digest)


# --- block and allow --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_image_is_blocked_by_all_of_its_bytes(world: World) -> None:
    told = await block(world, PNG, why="seen in a raid")
    assert told.done
    assert f"`{sha256(PNG)[:8]}` is blocked." in told.text
    assert "From now on exact copies of it count as breaking the rules" in told.text
    assert await listed(world, sha256(PNG)) is Listed.BLOCKED
    [entry] = await world.store.lists.entries(GUILD)
    assert (entry.by, entry.why) == (MODERATOR.id, "seen in a raid")


@pytest.mark.asyncio
async def test_to_block_what_is_allowed_says_so_and_the_other_way_round(world: World) -> None:
    await block(world, PNG)
    told = await world.desk.images.enlist(GUILD, MAX, Listed.ALLOWED, pictures=[stream(PNG)])
    assert f"is allowed. Until now it was blocked, by <@{MODERATOR.id}>" in told.text
    assert await listed(world, sha256(PNG)) is Listed.ALLOWED
    told = await block(world, PNG)
    assert f"is blocked. Until now it was allowed, by <@{MAX.id}>" in told.text


@pytest.mark.asyncio
async def test_who_blocked_it_first_keeps_the_word(world: World) -> None:
    await block(world, PNG, why="first")
    told = await block(world, PNG, why="second", presser=MAX)
    assert f"was blocked already, by <@{MODERATOR.id}>" in told.text
    [entry] = await world.store.lists.entries(GUILD)
    assert (entry.by, entry.why) == (MODERATOR.id, "first")


@pytest.mark.asyncio
async def test_several_images_at_once_but_not_without_end(world: World) -> None:
    pictures = [PNG + bytes([n]) for n in range(AT_ONCE + 3)]
    await block(world, *pictures)
    assert len(await world.store.lists.entries(GUILD, limit=50)) == AT_ONCE


@pytest.mark.asyncio
async def test_of_a_case_the_images_that_were_found_are_listed(world: World) -> None:
    passed = Decision(Suggestion.PASS)
    number = await world.open(Origin.REVIEW, images=[image(1, LOOK), image(2, passed), image(3, LOOK, sha256="")])
    told = await world.desk.images.enlist(GUILD, MODERATOR, Listed.BLOCKED, case=number)
    assert told.done
    [entry] = await world.store.lists.entries(GUILD)
    assert (entry.sha256, entry.why) == (f"{1:064x}", "case 1")


@pytest.mark.asyncio
async def test_a_case_without_a_picture_a_strangers_and_ones_own(world: World) -> None:
    number = await world.open(Origin.REVIEW, images=[image(1, LOOK, sha256="")])
    enlist = world.desk.images.enlist
    told = await enlist(GUILD, MODERATOR, Listed.BLOCKED, case=number)
    assert "never reached me" in told.text
    assert "no case 77" in (await enlist(GUILD, MODERATOR, Listed.BLOCKED, case=77)).text
    other = await world.open(Origin.REVIEW)
    assert "no case 2" in (await enlist(ELSEWHERE, MODERATOR, Listed.BLOCKED, case=other)).text
    own = await world.open(Origin.REVIEW, author=Author(MODERATOR.id))
    assert not (await enlist(GUILD, MODERATOR, Listed.ALLOWED, case=own)).done
    assert await world.store.lists.entries(GUILD) == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        ([], "Attach a picture"),
        ([stream(b"just words")], "That is not an image"),
        ([stream()], "That is not an image"),
        ([broken(Gone("x"))], "no longer there"),
        ([broken(Unfetchable(UnscreenedReason.OUTAGE, "503"))], "Try again in a minute"),
        ([broken(Unfetchable(UnscreenedReason.UNDECODABLE, "too large"))], "I cannot take this picture"),
    ],
)
async def test_what_cannot_be_listed_is_objected_to(
    world: World, pictures: list[AsyncIterator[bytes]], said: str
) -> None:
    told = await world.desk.images.enlist(GUILD, MODERATOR, Listed.BLOCKED, pictures=pictures)
    assert said in told.text
    assert not told.done
    assert await world.store.lists.entries(GUILD) == []


@pytest.mark.asyncio
async def test_while_only_watching_it_says_so(world: World) -> None:
    assert "I only watch" in (await block(world, PNG)).text
    await world.policy(mode=Mode.ENFORCE)
    assert "I only watch" not in (await block(world, PNG + b"2")).text


@pytest.mark.asyncio
async def test_only_who_may_decide_lists_and_who_may_see_reads(world: World) -> None:
    await world.policy(staff=frozen({Duty.SEE: frozenset({"902"})}))
    await block(world, PNG)
    refused = Answer(not_a_moderator(Texts()))
    for presser in (AUTHOR, SEER):
        assert await block(world, PNG + b"2", presser=presser) == refused
        assert await world.desk.images.remove(GUILD, presser, sha256(PNG)) == refused
    assert await world.desk.images.listing(GUILD, AUTHOR) == refused
    assert await world.desk.images.suggest(GUILD, AUTHOR, "") == []
    assert sha256(PNG)[:8] in (await world.desk.images.listing(GUILD, SEER)).text
    assert len(await world.desk.images.suggest(GUILD, SEER, "")) == 1


# --- list and remove ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_list_says_who_why_and_when_and_turns_by_ten(world: World) -> None:
    for n in range(23):
        await world.clock.advance(1)
        await world.store.lists.put(GUILD, f"{n:064x}"[::-1], Listed.BLOCKED, "55", f"*why* {n}")
    told = await world.desk.images.listing(GUILD, MODERATOR)
    assert told.page is not None
    lines = told.page.text.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("`61000000` · blocked · <@55> · <t:")
    assert "\\*why\\* 22" in lines[0]
    pages = [told]
    while older := [
        b.verb for b in (pages[-1].page or told.page).controls if isinstance(b, Button) and b.label == "Older"
    ]:
        pages.append(await world.desk.images.listing(GUILD, MODERATOR, control=older[0]))
    assert [len((p.page or told.page).text.splitlines()) for p in pages] == [10, 10, 3]
    (back,) = [b for b in (pages[-1].page or told.page).controls if isinstance(b, Button)]
    assert (back.label, back.verb) == ("Newer", "10")


@pytest.mark.asyncio
async def test_what_overturning_allowed_is_listed_and_can_be_taken_off(world: World) -> None:
    await world.policy(mode=Mode.ENFORCE)
    number = await world.open(Origin.REVIEW)
    await world.desk.press(GUILD, number, "fine", MODERATOR)
    told = await world.desk.images.listing(GUILD, MODERATOR)
    assert "allowed" in told.text
    assert f"case {number} was overturned" in told.text
    [(value, label)] = await world.desk.images.suggest(GUILD, MODERATOR, "")
    assert label.startswith(f"{value[:8]} · allowed · case")
    told = await world.desk.images.remove(GUILD, MODERATOR, value)
    assert told.text == f"`{value[:8]}` is no longer allowed. It is judged like any other image again."
    assert await world.store.lists.entries(GUILD) == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "is not the short name"),
        ("abc", "is not the short name"),
        ("@everyone", "is not the short name"),
        ("ffffffff", "No image on the lists here is called"),
        ("aaaa", "Several images on the lists begin with aaaa"),
    ],
)
async def test_a_name_that_means_no_one_image_is_objected_to(world: World, typed: str, said: str) -> None:
    for end in "12":
        await world.store.lists.put(GUILD, "a" * 63 + end, Listed.BLOCKED, "55", "")
    told = await world.desk.images.remove(GUILD, MODERATOR, typed)
    assert said in told.text
    assert "@everyone" not in told.text
    assert len(await world.store.lists.entries(GUILD)) == 2


@pytest.mark.asyncio
async def test_a_short_name_is_enough_however_it_is_copied(world: World) -> None:
    await block(world, PNG)
    assert (await world.desk.images.remove(GUILD, MODERATOR, f" `{sha256(PNG)[:8].upper()}` ")).done
    assert await listed(world, sha256(PNG)) is None


@pytest.mark.asyncio
async def test_suggestions_are_within_discords_limits(world: World) -> None:
    for n in range(30):
        await world.store.lists.put(GUILD, f"{n:064x}"[::-1], Listed.BLOCKED, "55", "w" * 300)
    found = await world.desk.images.suggest(GUILD, MODERATOR, "no digits")
    assert len(found) == 25
    assert all(len(label) <= 100 and len(value) <= 100 for value, label in found)
    assert [v[:2] for v, _ in await world.desk.images.suggest(GUILD, MODERATOR, "a0")] == ["a0"]


# --- guilds and checks --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_another_guild_sees_and_changes_nothing(world: World) -> None:
    await block(world, PNG)
    elsewhere = world.desk.images
    told = await elsewhere.listing(ELSEWHERE, MANAGER)
    assert told.text == "No image is listed."
    assert await elsewhere.suggest(ELSEWHERE, MANAGER, "") == []
    assert not (await elsewhere.remove(ELSEWHERE, MODERATOR, sha256(PNG))).done
    assert await listed(world, sha256(PNG)) is Listed.BLOCKED
    assert await world.store.lists.listed(ELSEWHERE, sha256(PNG)) is None


@pytest.mark.asyncio
@pytest.mark.parametrize("which", Listed)
async def test_a_check_says_that_an_image_is_listed_and_by_whom(world: World, which: Listed) -> None:
    await world.store.lists.put(GUILD, "c" * 64, which, "55", "because")
    world.eyes.sees = Look("c" * 64, (SEEN,))
    told = await world.desk.check(GUILD, MODERATOR, Place(Context.GROUP_MESSAGE, "7"), nothing())
    assert f"On the lists here: `cccccccc` · {which} · <@55>" in told.text
    assert "/images remove cccccccc" in told.text
    assert ("would be removed" in told.text) is (which is Listed.BLOCKED)
