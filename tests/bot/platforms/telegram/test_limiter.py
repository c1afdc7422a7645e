"""Our own pace: writes wait for their turn or are told when it comes; what removes waits for nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import BadRequest, RetryAfter

from bot.platforms.telegram.limiter import PER_MINUTE_IN_A_GROUP, PER_SECOND, Lane, Pace, lane_of
from bot.platforms.telegram.outcomes import seconds_of
from tests.clock import FakeClock

GROUP, OTHER, PERSON = "-100", "-200", "5"


class Api:
    """What is called, when; answers with what stands in `answers`, else True."""

    def __init__(self, clock: FakeClock) -> None:
        self.pace = Pace(clock)
        self._clock = clock
        self.calls: list[tuple[float, str, str]] = []
        self.answers: list[Exception | None] = []

    async def call(self, endpoint: str = "sendMessage", chat: str = GROUP) -> Any:
        async def callback() -> bool:
            self.calls.append((self._clock.monotonic(), endpoint, chat))
            if self.answers and (error := self.answers.pop(0)) is not None:
                raise error
            return True

        return await self.pace.process_request(callback, (), {}, endpoint, {"chat_id": int(chat)}, None)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


@pytest.fixture
def api(clock: FakeClock) -> Api:
    return Api(clock)


@pytest.mark.parametrize(
    ("endpoint", "lane"),
    [
        *((name, Lane.WRITE) for name in ("sendMessage", "sendPhoto", "editMessageCaption", "copyMessage")),
        *((name, Lane.ACT) for name in ("deleteMessage", "deleteMessages", "banChatMember", "restrictChatMember")),
        *((name, Lane.ACT) for name in ("getChatMember", "answerCallbackQuery", "sendChatAction", "deleteChatPhoto")),
    ],
)
def test_only_what_is_written_is_paced(endpoint: str, lane: Lane) -> None:
    assert lane_of(endpoint) is lane


@pytest.mark.asyncio
async def test_a_group_takes_twenty_a_minute_and_the_next_is_told_when(api: Api, clock: FakeClock) -> None:
    for _ in range(PER_MINUTE_IN_A_GROUP):
        await api.call()
    with pytest.raises(RetryAfter) as refused:
        await api.call()
    assert seconds_of(refused.value) == 60
    assert len(api.calls) == PER_MINUTE_IN_A_GROUP
    await clock.sleep(60)
    assert await api.call()


@pytest.mark.asyncio
async def test_a_full_group_holds_nobody_else_up(api: Api) -> None:
    for _ in range(PER_MINUTE_IN_A_GROUP):
        await api.call()
    await api.call(chat=OTHER)
    await api.call(chat=PERSON)
    await api.call("deleteMessage")
    await api.call("banChatMember")
    assert {at for at, _, _ in api.calls} == {0.0}


@pytest.mark.asyncio
async def test_all_together_are_told_when_and_wait_but_a_moment(api: Api, clock: FakeClock) -> None:
    calls = (api.call(chat=str(n + 1)) for n in range(PER_SECOND + 5))
    refused = [e for e in await asyncio.gather(*calls, return_exceptions=True) if isinstance(e, RetryAfter)]
    assert [seconds_of(e) for e in refused] == [1.0] * 5
    await clock.sleep(0.8)
    await api.call(chat="99")
    assert [at for at, _, _ in api.calls] == [0.0] * PER_SECOND + [pytest.approx(1.0)]


@pytest.mark.asyncio
async def test_deletions_overtake_whatever_waits() -> None:
    clock = FakeClock()
    api = Api(clock)
    await asyncio.gather(*(api.call(chat=str(n + 1)) for n in range(PER_SECOND)))
    await clock.advance(0.9)
    waiting = asyncio.create_task(api.call(chat="99"))
    await asyncio.sleep(0)
    await asyncio.gather(*(api.call("deleteMessage") for _ in range(100)))
    assert [endpoint for _, endpoint, _ in api.calls].count("sendMessage") == PER_SECOND
    await clock.advance(1)
    await waiting
    assert [endpoint for _, endpoint, _ in api.calls][-1] == "sendMessage"


@pytest.mark.asyncio
async def test_a_429_is_waited_out_where_it_is_short(api: Api) -> None:
    api.answers = [RetryAfter(3)]
    assert await api.call("deleteMessage")
    assert [at for at, _, _ in api.calls] == [0.0, 3.0]


@pytest.mark.asyncio
async def test_a_429_closes_one_lane_of_one_chat(api: Api, clock: FakeClock) -> None:
    api.answers = [RetryAfter(40)]
    with pytest.raises(RetryAfter):
        await api.call()
    await clock.sleep(10)
    with pytest.raises(RetryAfter) as refused:
        await api.call()
    assert seconds_of(refused.value) == 30  # without asking Telegram again
    assert len(api.calls) == 1
    await api.call("deleteMessage")
    await api.call(chat=OTHER)
    await clock.sleep(30)
    await api.call()
    assert len(api.calls) == 4


@pytest.mark.asyncio
async def test_it_is_not_tried_for_ever(api: Api) -> None:
    api.answers = [RetryAfter(1)] * 9
    with pytest.raises(RetryAfter):
        await api.call("deleteMessage")
    assert len(api.calls) == 3


@pytest.mark.asyncio
async def test_other_errors_pass_through_at_once(api: Api) -> None:
    api.answers = [BadRequest("Chat not found")]
    with pytest.raises(BadRequest):
        await api.call()
    assert len(api.calls) == 1


@given(st.lists(st.tuples(st.sampled_from([GROUP, OTHER, PERSON]), st.floats(0, 5)), max_size=120))
def test_no_window_ever_holds_more_than_telegram_takes(writes: list[tuple[str, float]]) -> None:
    async def run() -> Api:
        clock = FakeClock(auto=True)
        api = Api(clock)
        for chat, pause in writes:
            await clock.sleep(pause)
            try:
                await api.call(chat=chat)
            except RetryAfter:
                continue
        return api

    calls = asyncio.run(run()).calls
    for at, _, _ in calls:
        assert sum(at <= other < at + 1 for other, _, _ in calls) <= PER_SECOND
        for group in (GROUP, OTHER):
            assert sum(at <= other < at + 60 for other, _, chat in calls if chat == group) <= PER_MINUTE_IN_A_GROUP
