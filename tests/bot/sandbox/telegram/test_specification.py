"""The judge must be able to find fault; the builder must reach every picture; two libraries must read it."""

from __future__ import annotations

from typing import Any

import aiogram.types
import pytest
import telegram
from aiohttp import ClientSession

from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.sandbox.telegram.raw import Raw
from tests.botapi import Builder, along, image_paths, specification_or_skip

MESSAGE: dict[str, Any] = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}


@pytest.fixture(autouse=True)
def _specification() -> None:
    specification_or_skip()


@pytest.mark.parametrize(
    ("method", "params", "files", "words"),
    [
        ("sendMessage", {"chat_id": 1, "text": "x", "txt": "y"}, set(), "unknown parameter txt"),
        ("sendMessage", {"chat_id": 1}, set(), 'parameter "text" is required'),
        ("sendMessage", {"chat_id": 1, "text": 5}, set(), "5 is no String"),
        ("sendMessage", {"chat_id": [1], "text": "x"}, set(), "chat_id"),
        ("sendMessage", {"chat_id": "1", "text": "x", "protect_content": "maybe"}, set(), "no Boolean"),
        (
            "sendMessage",
            {"chat_id": "1", "text": "x", "reply_parameters": '{"message": 1}'},
            set(),
            "unknown field message",
        ),
        ("sendMessage", {"chat_id": "1", "text": "x"}, {"photo"}, "unknown file photo"),
        ("deleteMessages", {"chat_id": 1, "message_ids": ["x"]}, set(), "message_ids[0]"),
        ("deleteMessages", {"chat_id": 1, "message_ids": 7}, set(), "no array"),
        ("sendMediaGroup", {"chat_id": 1, "media": [{"type": "photo"}]}, set(), "media is missing"),
        ("setMyCommands", {"commands": [{"command": "x"}]}, set(), "description is missing"),
        ("setMyCommands", {"commands": [], "scope": {"type": "everywhere"}}, set(), "scope"),
    ],
)
def test_what_offends_is_named(method: str, params: dict[str, Any], files: set[str], words: str) -> None:
    found = specification_or_skip().request(method, params, files)
    assert len(found) >= 1
    assert words in found[0]


@pytest.mark.parametrize(
    ("method", "params", "files"),
    [
        ("sendMessage", {"chat_id": "-100", "text": "5", "disable_notification": "true"}, set()),
        (
            "sendMessage",
            {"chat_id": "@town", "text": "[1]", "reply_markup": '{"inline_keyboard": [[{"text": "x"}]]}'},
            set(),
        ),
        ("sendPhoto", {"chat_id": 1}, {"photo"}),
        ("sendPhoto", {"chat_id": 1, "photo": "attach://a"}, {"a"}),
        ("sendMediaGroup", {"chat_id": 1, "media": '[{"type": "photo", "media": "attach://a"}]'}, {"a"}),
        ("getUpdates", {"offset": "5", "allowed_updates": '["message"]'}, set()),
        ("getSomethingNew", {"x": 1}, set()),
    ],
)
def test_what_is_right_passes(method: str, params: dict[str, Any], files: set[str]) -> None:
    assert specification_or_skip().request(method, params, files) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"date": "today"}, "date"),
        ({"fotos": []}, "unknown field fotos"),
        ({"chat": {"id": 1}}, "type is missing"),
        ({"photo": {}}, "no array"),
        ({"photo": [{"file_id": "x"}]}, "file_unique_id is missing"),
        ({"forward_origin": {"type": "user", "date": 1}}, "forward_origin"),
        ({"rich_message": {"blocks": [{"type": "photo", "photo": 1}]}}, "photo"),
    ],
)
def test_an_updates_faults_are_named(more: dict[str, Any], words: str) -> None:
    found = specification_or_skip().update({"update_id": 1, "message": MESSAGE | more})
    assert any(words in fault for fault in found)
    assert specification_or_skip().update({"update_id": 1, "message": MESSAGE}) == []


@pytest.mark.asyncio
async def test_what_offends_is_refused_and_recorded() -> None:
    async with LoopbackTelegram(specification=specification_or_skip()) as t, ClientSession() as session:
        raw = Raw(t, session)
        assert "unknown parameter colour" in await raw.refused("getMe", colour="red")
        assert t.calls[-1].effect is False
        t.inject({"message": MESSAGE | {"colour": "red"}})
        assert t.violations == ["getMe: unknown parameter colour", "Update.message: unknown field colour"]
        t.poison()
        assert len(t.violations) == 2


def test_the_updates_one_can_ask_for() -> None:
    kinds = specification_or_skip().update_types
    assert {"message", "chat_member", "callback_query"} <= kinds
    assert "update_id" not in kinds


def test_there_is_a_message_for_every_path_and_no_path_is_lost() -> None:
    paths = image_paths()
    assert len(paths) == 171
    builder, faults = Builder(specification_or_skip()), []
    for path in paths:
        message, unique = builder.along(path)
        faults += specification_or_skip().value("Message", message, path)
        assert str(message).count(f"'{unique}'") == 1, path
    assert faults == []


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("Message.photo[]", ["photo", 0]),
        ("Message.poll.options[].media.photo[]", ["poll", "options", 0, "media", "photo", 0]),
        (
            "Message.paid_media.paid_media[]<PaidMediaVideo>.video.cover[]",
            ["paid_media", "paid_media", 0, "video", "cover", 0],
        ),
    ],
)
def test_the_file_is_where_the_path_leads(path: str, keys: list[Any]) -> None:
    message, unique = along(path)
    here: Any = message
    for key in keys:
        here = here[key]
    assert here["file_unique_id"] == unique


def test_unmodified_libraries_read_every_one_of_them() -> None:
    for path in image_paths():
        message, unique = along(path)
        update = {"update_id": 1, "message": message}
        read = telegram.Update.de_json(update, None)
        assert read.message is not None, path
        assert unique in read.to_json(), path
        parsed = aiogram.types.Update.model_validate(update)
        assert unique in parsed.model_dump_json(), path
