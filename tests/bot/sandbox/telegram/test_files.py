"""Files: ids, the 20 MB limit, how long a path works, whose token opens it."""

from __future__ import annotations

import pytest

from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.files import DOWNLOAD_LIMIT, Unreadable
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.pictures import PNG, picture
from tests.bot.sandbox.telegram.raw import Raw
from tests.clock import FakeClock


@pytest.fixture
def town(t: LoopbackTelegram) -> Chat:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages")
    return chat


@pytest.fixture
def ann(t: LoopbackTelegram, town: Chat) -> User:
    return t.member(town, "ann")


@pytest.mark.asyncio
async def test_a_file_is_fetched_by_its_path_for_an_hour(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User, clock: FakeClock
) -> None:
    t.post(town, ann, t.world.media.document(PNG, "cat.png", "image/png"))
    document = t.updates[-1]["message"]["document"]
    unique = document["file_unique_id"]
    secret = f"{t.root}/file/bot{t.token}/{t.world.files.find(unique).path}"
    async with raw.session.get(secret) as answer:
        assert answer.status == 404  # nobody has asked for its path
    found = await raw.ok("getFile", file_id=document["file_id"])
    url = f"{t.root}/file/bot{t.token}/{found['file_path']}"
    async with raw.session.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)
    async with raw.session.get(f"{t.root}/file/bot123:wrong/{found['file_path']}") as answer:
        assert answer.status == 401
    await clock.advance(3601)
    async with raw.session.get(url) as answer:
        assert answer.status == 404
    assert [call.status for call in t.calls_to("file")] == [404, 200, 401, 404]
    assert t.token not in str(t.calls)


@pytest.mark.asyncio
async def test_what_is_over_twenty_megabytes_cannot_be_had(
    t: LoopbackTelegram, raw: Raw, town: Chat, ann: User
) -> None:
    for size, too_big in ((DOWNLOAD_LIMIT, False), (DOWNLOAD_LIMIT + 1, True)):
        t.post(town, ann, t.world.media.document(b"x", "big.png", "image/png", size=size))
        document = t.updates[-1]["message"]["document"]
        assert document["file_size"] == size
        status, body = await raw.call("getFile", file_id=document["file_id"])
        assert (status == 400) is too_big
        if too_big:
            assert body["description"] == "Bad Request: file is too big"
    assert "invalid file_id" in await raw.refused("getFile", file_id="nonsense")


@pytest.mark.asyncio
async def test_a_photo_is_a_jpeg_whatever_was_uploaded(t: LoopbackTelegram, raw: Raw, town: Chat, ann: User) -> None:
    small = picture("JPEG", (100, 80))
    for content, kept in ((small, True), (PNG, False)):
        t.photo(town, ann, content)
        largest = t.updates[-1]["message"]["photo"][-1]
        path = (await raw.ok("getFile", file_id=largest["file_id"]))["file_path"]
        async with raw.session.get(f"{t.root}/file/bot{t.token}/{path}") as answer:
            body = await answer.read()
        assert body.startswith(b"\xff\xd8")
        assert (body == content) is kept
        assert len(body) == largest["file_size"]
    with pytest.raises(Unreadable):
        t.photo(town, ann, b"no picture")


@pytest.mark.asyncio
async def test_the_same_bytes_again_are_another_file(t: LoopbackTelegram, town: Chat, ann: User) -> None:
    for _ in range(2):
        t.photo(town, ann, PNG)
    first, second = (u["message"]["photo"][-1]["file_unique_id"] for u in t.updates[-2:])
    assert first != second
