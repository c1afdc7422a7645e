"""Bytes come from where Telegram says, by our own hands, and no address leaves the room."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from telegram import Bot

from bot.model import Event, EventKind, Media, MediaKind
from bot.platforms.telegram.extract import event_of
from bot.platforms.telegram.files import Files
from bot.platforms.telegram.walker import LARGE, VIDEO, found_in
from bot.ports import Gone, Unfetchable
from bot.sandbox.faults import Break
from bot.sandbox.telegram.entities import Chat, User
from bot.sandbox.telegram.entities import Json as Body
from bot.sandbox.telegram.loopback import LoopbackTelegram
from policies.model import UnscreenedReason
from tests.bot.sandbox.pictures import picture

JPEG = picture("JPEG", (640, 480))
WEBP = picture("WEBP", (512, 512))


class Town:
    """A chat with the bot in it, and what it is told of posts there."""

    def __init__(self, t: LoopbackTelegram) -> None:
        self.t = t
        self.chat: Chat = t.supergroup()
        t.add_bot(self.chat, "can_delete_messages")
        self.ann: User = t.member(self.chat, "ann")

    def post(self, content: Body) -> Event:
        self.t.post(self.chat, self.ann, content)
        raw = self.t.updates[-1]["message"]
        return event_of(raw, EventKind.MESSAGE, found_in(raw))


@pytest.fixture
def town(t: LoopbackTelegram) -> Town:
    return Town(t)


async def fetched(files: Files, event: Event, media: Media | None = None, *, reduced: bool = False) -> bytes:
    return b"".join([chunk async for chunk in files.fetch(event, media or event.media[0], reduced=reduced)])


async def refused(files: Files, event: Event, media: Media | None = None, *, reduced: bool = False) -> Unfetchable:
    with pytest.raises(Unfetchable) as caught:
        await fetched(files, event, media, reduced=reduced)
    return caught.value


@pytest.mark.asyncio
async def test_a_photo_comes_whole_and_smaller(t: LoopbackTelegram, town: Town, files: Files) -> None:
    event = town.post(t.world.media.photo(JPEG))
    assert await fetched(files, event) == JPEG
    assert 0 < len(await fetched(files, event, reduced=True)) < len(JPEG)
    assert [call.method for call in t.calls if call.method != "getMe"] == ["getFile", "file"] * 2


@pytest.mark.asyncio
async def test_what_an_event_says_is_enough_after_a_restart(t: LoopbackTelegram, town: Town, files: Files) -> None:
    """The reference is on disk with the event; nothing need be remembered."""
    event = town.post(t.world.media.document(WEBP, "x.bin"))
    (media,) = event.media
    assert media.ref == t.updates[-1]["message"]["document"]["file_id"]
    assert t.token not in repr(event)
    assert await fetched(files, event) == WEBP


@pytest.mark.asyncio
async def test_what_is_over_20_mb_is_unsupported_whether_or_not_it_said_so(
    t: LoopbackTelegram, town: Town, files: Files
) -> None:
    told = town.post(t.world.media.document(JPEG, "x.jpg", "image/jpeg", size=30_000_000))
    assert told.media[0].unsupported == LARGE
    untold = replace(told.media[0], unsupported=None, size=None)
    for media in (told.media[0], untold):
        assert (await refused(files, told, media)).reason is UnscreenedReason.UNSUPPORTED


@pytest.mark.asyncio
async def test_what_cannot_be_decoded_is_not_fetched(t: LoopbackTelegram, town: Town, files: Files) -> None:
    event = town.post(t.world.media.video(b"moving"))
    error = await refused(files, event)
    assert (error.reason, error.detail.split()[0]) == (UnscreenedReason.UNSUPPORTED, VIDEO)
    assert t.calls_to("getFile") == []


@pytest.mark.asyncio
async def test_there_is_no_smaller_copy_of_a_document(t: LoopbackTelegram, town: Town, files: Files) -> None:
    """Its thumbnail is the sender's, who may have chosen any."""
    event = town.post(t.world.media.document(JPEG, "x.jpg", "image/jpeg", thumbnail=JPEG))
    assert (await refused(files, event, reduced=True)).reason is UnscreenedReason.UNDECODABLE


@pytest.mark.asyncio
async def test_beyond_the_cap_nothing_more_is_read(t: LoopbackTelegram, town: Town, files: Files) -> None:
    event = town.post(t.world.media.document(b"\0" * 5_000_000))
    assert (await refused(files, event)).reason is UnscreenedReason.UNDECODABLE


@pytest.mark.asyncio
async def test_the_file_of_another_bot_is_none_of_ours(t: LoopbackTelegram, town: Town, files: Files) -> None:
    event = town.post(t.world.media.photo(JPEG))
    stranger = replace(event.media[0], ref="AgACnonsense")
    assert (await refused(files, event, stranger)).reason is UnscreenedReason.UNDECODABLE


@pytest.mark.parametrize("method", ["getFile", "file"])
@pytest.mark.parametrize("trouble", ["500", "404", "403", "reset", "429"])
@pytest.mark.asyncio
async def test_trouble_is_an_outage_and_names_no_address(
    t: LoopbackTelegram,
    town: Town,
    files: Files,
    method: str,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # else python-telegram-bot warns of itself
    event = town.post(t.world.media.photo(JPEG))
    if trouble == "reset":
        t.fail(method, reset=Break.BEFORE, times=None)
    elif trouble == "429":
        t.rate_limit(method, retry_after=3)
    else:
        t.fail(method, status=int(trouble))

    error = await refused(files, event)

    assert error.reason is UnscreenedReason.OUTAGE
    told = "".join(traceback.format_exception(error))
    secret = t.token.partition(":")[2]
    assert secret not in told
    assert t.root not in told


@pytest.mark.asyncio
async def test_a_file_in_the_working_directory_is_never_taken_for_telegrams(
    t: LoopbackTelegram, town: Town, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """python-telegram-bot reads `photos/file_2.jpg` where there is one beside it."""
    event = town.post(t.world.media.photo(JPEG))
    (tmp_path / "photos").mkdir()
    for number in range(9):
        (tmp_path / "photos" / f"file_{number}.jpg").write_bytes(b"shadow")
    monkeypatch.chdir(tmp_path)
    assert await fetched(files, event) == JPEG


@pytest.mark.asyncio
async def test_a_server_that_keeps_its_files_is_named_with_the_cure(
    t: LoopbackTelegram, town: Town, files: Files
) -> None:
    event = town.post(t.world.media.photo(JPEG))
    answer = {"file_id": "x", "file_unique_id": "x", "file_path": "/var/lib/telegram-bot-api/x.jpg"}
    t.fail("getFile", status=200, body={"ok": True, "result": answer})
    error = await refused(files, event)
    assert "without --local" in error.detail


@pytest.mark.parametrize("path", ["../../etc/passwd", "a/../../b", "x y", "https://elsewhere.example/x.jpg", ""])
@pytest.mark.asyncio
async def test_no_path_leads_elsewhere(t: LoopbackTelegram, town: Town, files: Files, path: str) -> None:
    event = town.post(t.world.media.photo(JPEG))
    answer = {"file_id": "x", "file_unique_id": "x", "file_path": path}
    t.fail("getFile", status=200, body={"ok": True, "result": answer})
    await refused(files, event)


# --- custom emoji -----------------------------------------------------------------------------------

EMOJI = Media(MediaKind.EMOJI, "emoji:5", immutable=True)


@pytest.mark.asyncio
async def test_an_emoji_is_asked_for_by_its_id(t: LoopbackTelegram, town: Town, files: Files, bot: Bot) -> None:
    event = town.post(t.world.media.sticker(WEBP))
    raw = t.updates[-1]["message"]["sticker"]
    t.fail("getCustomEmojiStickers", status=200, body={"ok": True, "result": [raw]})
    assert await fetched(files, event, EMOJI) == WEBP
    assert t.calls_to("getCustomEmojiStickers")


@pytest.mark.asyncio
async def test_of_an_emoji_that_moves_its_still_is_looked_at(t: LoopbackTelegram, town: Town, files: Files) -> None:
    event = town.post(t.world.media.sticker(b"lottie", "animated", thumbnail=JPEG))
    raw = t.updates[-1]["message"]["sticker"]
    t.fail("getCustomEmojiStickers", status=200, body={"ok": True, "result": [raw]})
    assert (await fetched(files, event, EMOJI)).startswith(b"\xff\xd8\xff")


@pytest.mark.asyncio
async def test_an_emoji_without_a_still_is_unsupported_and_one_that_is_gone_is_gone(
    t: LoopbackTelegram, town: Town, files: Files
) -> None:
    event = town.post(t.world.media.sticker(b"webm", "video"))
    raw = t.updates[-1]["message"]["sticker"]
    t.fail("getCustomEmojiStickers", status=200, body={"ok": True, "result": [raw]})
    assert (await refused(files, event, EMOJI)).reason is UnscreenedReason.UNSUPPORTED
    t.fail("getCustomEmojiStickers", status=200, body={"ok": True, "result": []})
    with pytest.raises(Gone):
        await fetched(files, event, EMOJI)
