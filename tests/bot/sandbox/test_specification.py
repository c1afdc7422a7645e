"""The judge itself: it must be able to find fault."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.sandbox.loopback import Loopback
from bot.sandbox.rest import Exchange
from bot.sandbox.world import Happened
from tests.openapi import Validator, specification_or_skip

CREATE = "/channels/{channel_id}/messages"


@pytest.fixture(autouse=True)
def _specification() -> None:
    specification_or_skip()


def exchange(form: Any, status: int, body: Any, template: str = CREATE) -> Exchange:
    return Exchange("POST", "/x", template, {}, form, {}, None, time.perf_counter(), status=status, body=body)


@pytest.mark.parametrize(
    ("form", "status", "body", "words"),
    [
        ({"content": 5}, 403, {"code": 50013, "message": "x"}, "request POST"),
        ({"content": "x"}, 200, {"id": "1"}, "required property"),
        ({"content": "x"}, 201, {"id": "1"}, "no such status"),
        ({"content": "x"}, 403, {"message": "x"}, "'code' is a required property"),
        ({"content": "x"}, 429, {"message": "x", "retry_after": 1.0, "global": False}, "'code'"),
    ],
)
def test_what_offends_is_named(form: Any, status: int, body: Any, words: str) -> None:
    judge = Validator()
    judge(exchange(form, status, body))
    found = judge.violations()
    assert len(found) >= 1
    assert words in found[0]


def test_what_is_right_passes_and_what_is_not_specified_is_counted() -> None:
    judge = Validator()
    judge(exchange({"content": "x", "sticker_ids": [12]}, 403, {"code": 50013, "message": "x"}))
    judge(exchange({"content": "x"}, 503, "<html>"))
    judge(exchange(None, 200, {}, "/attachments/refresh-urls"))
    judge(exchange({"content": 5}, 400, {"code": 50035, "message": "Invalid Form Body"}))
    assert judge.violations() == []
    assert len(judge.unspecified) == 2
    assert sum(judge.refused.values()) == 1
    assert sum(judge.judged.values()) >= 3


@pytest.mark.asyncio
async def test_events_are_judged_too() -> None:
    async with Loopback() as d:
        judge = Validator().watch(d)
        guild = d.guild()
        post = d.post(d.channel(guild), d.member(guild, "ann"), "x")
        assert judge.violations() == []
        body = {**d.world.render(post), "author": {"id": 5}}
        for listener in d.world.listeners:
            listener(Happened("MESSAGE_CREATE", body, 0.0, guild, post.channel, post))
        assert any("event MESSAGE_CREATE" in v for v in judge.violations())
