"""Laws of the sandbox's parts, whatever the numbers."""

from __future__ import annotations

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.telegram.entities import Bot, User
from bot.sandbox.telegram.errors import ApiError
from bot.sandbox.telegram.formatting import found, parse, units
from bot.sandbox.telegram.inbox import Inbox
from bot.sandbox.telegram.limits import Flood
from bot.sandbox.telegram.wire import file_id, for_bot, unique_of
from tests.clock import FakeClock

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
WORD = st.text("abcXYZ019-_", min_size=1, max_size=20)


class Moved(FakeClock):
    """A clock that is set."""

    def to(self, seconds: float) -> None:
        self._move(seconds - self.monotonic())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 4)), max_size=60), st.booleans())
def test_no_window_ever_holds_more_than_its_limit(steps: list[tuple[float, int]], group: bool) -> None:
    clock, passed = Moved(), []
    flood, now = Flood(clock, per_second=5, per_minute_in_group=8), 0.0
    for wait, messages in steps:
        now += wait / 10
        clock.to(now)
        try:
            flood.count(1, group=group, messages=messages)
        except ApiError:
            continue
        passed += [now] * messages
    for length, most in ((1.0, 5), *([(60.0, 8)] if group else [])):
        for start in passed:
            assert sum(start <= at < start + length for at in passed) <= most


@settings(max_examples=30)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=60))
def test_who_waits_as_long_as_told_gets_through(quarters: list[int]) -> None:
    clock, now = Moved(), 0.0
    flood = Flood(clock, per_second=3, per_minute_in_group=8)
    for quarter in quarters:
        now += quarter / 4
        clock.to(now)
        try:
            flood.count(1, group=True)
        except ApiError as refused:
            now += refused.body["parameters"]["retry_after"]
            clock.to(now)
            flood.count(1, group=True)


@settings(max_examples=30)
@given(TEXT, st.sampled_from(["b", "i", "u", "s", "tg-spoiler", "blockquote"]), TEXT, TEXT)
def test_an_entity_covers_just_what_stood_between_its_tags(before: str, tag: str, inside: str, after: str) -> None:
    shown, entities = parse(
        f"{html.escape(before)}<{tag}>{html.escape(inside)}</{tag}>{html.escape(after)}", "HTML", None
    )
    assert shown == before + inside + after
    marked = [e for e in entities if e["type"] not in ("bot_command", "mention", "hashtag", "url")]
    assert [(e["offset"], e["length"]) for e in marked] == ([(units(before), units(inside))] if inside else [])


@settings(max_examples=30)
@given(TEXT, st.sampled_from(["/help", "@somebody", "https://a.example/x", "#tag"]))
def test_what_is_found_is_cut_out_by_its_offsets(before: str, word: str) -> None:
    text = f"{before} {word}"
    last = found(text)[-1]
    packed = text.encode("utf-16-le")
    cut = packed[last["offset"] * 2 : (last["offset"] + last["length"]) * 2].decode("utf-16-le")
    assert cut.endswith(word)


@pytest.mark.asyncio
async def test_however_it_polls_a_bot_sees_everything_once_confirmed_in_order() -> None:
    for step in range(1, 8):
        inbox = Inbox(FakeClock())
        for n in range(20):
            inbox.put("message", {"n": n})
        seen, offset = [], 0
        while found_ := await inbox.poll(offset, step, 0, None):
            taken = found_[: max(1, step // 2)]
            seen += [u["message"]["n"] for u in taken]
            offset = taken[-1]["update_id"] + 1
        assert seen == list(range(20))


@settings(max_examples=30)
@given(WORD, st.integers(1, 2**40), st.integers(1, 2**40))
def test_a_file_id_leads_back_for_its_own_bot_only(unique: str, mine: int, more: int) -> None:
    me, other = (Bot(User(n, "b", is_bot=True), "t") for n in (mine, mine + more))
    assert unique_of(me, file_id(me, unique)) == unique
    assert unique_of(other, file_id(me, unique)) is None
    tree = {"photo": [{"file_unique_id": unique}], "file_id": "kept"}
    assert for_bot(tree, me) == {
        "photo": [{"file_unique_id": unique, "file_id": file_id(me, unique)}],
        "file_id": "kept",
    }
    assert tree == {"photo": [{"file_unique_id": unique}], "file_id": "kept"}


@settings(max_examples=30)
@given(TEXT)
def test_any_nonsense_is_no_file_id(text: str) -> None:
    me = Bot(User(1, "b", is_bot=True), "t")
    assert unique_of(me, text) is None
    assert unique_of(me, f"AgAC{text}") is None
