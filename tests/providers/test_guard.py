"""The guard on a clock that moves when told: what pauses whom, for how long, and what never does."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from providers.base import Ask
from providers.errors import (
    BadCredentials,
    BadRequest,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    Timeout,
    Unavailable,
)
from providers.guard import LEAST_LONGEST, Breaker, Guard, Pace
from tests.clock import FakeClock
from tests.providers.samples import VERDICT, Scripted, image, settle, ticket

DOWN = ServerFault("it is down")


def guard(provider: Scripted, clock: FakeClock, *, concurrency: int = 8, deadline: float = 10.0) -> Guard:
    return Guard(provider, clock=clock, concurrency=concurrency, deadline=deadline, breaker=Breaker())


async def ask(guarded: Guard, account: str = "host") -> object:
    return await guarded.screen(image(), Ask(account=account))


async def outcome(guarded: Guard, account: str = "host") -> object:
    """The verdict or the error."""
    try:
        return await ask(guarded, account)
    except ProviderError as error:
        return error


async def break_it(guarded: Guard) -> None:
    for _ in range(5):
        with pytest.raises(ServerFault):
            await ask(guarded)


# --- the breaker ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_after_five_failures_nobody_is_sent_into_the_wall() -> None:
    provider, clock = Scripted(DOWN), FakeClock()
    guarded = guard(provider, clock)
    await break_it(guarded)
    with pytest.raises(Unavailable, match=r"scripted is paused after 5 failures; tries again at 12:00:30 UTC\."):
        await ask(guarded)
    await clock.advance(29.9)
    assert isinstance(await outcome(guarded, "another account"), Unavailable)
    assert provider.calls == 5


@pytest.mark.asyncio
async def test_it_says_whether_all_calls_are_paused() -> None:
    provider, clock = Scripted(*[DOWN] * 5, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    paused = [guarded.paused]
    await break_it(guarded)
    paused.append(guarded.paused)
    await clock.advance(30)
    assert await outcome(guarded) is VERDICT
    assert [*paused, guarded.paused] == [False, True, False]


@pytest.mark.asyncio
async def test_it_says_whether_the_last_call_was_answered() -> None:
    refused, limited, denied = BadRequest("not this one"), RateLimited("slower", 1.0), BadCredentials("wrong key")
    guarded = guard(Scripted(VERDICT, DOWN, refused, denied, limited), FakeClock())
    said = [guarded.record.answers]
    for account in "abcde":
        await outcome(guarded, account)
        said.append(guarded.record.answers)
    assert said == [None, True, False, True, False, False]


@pytest.mark.asyncio
async def test_four_failures_do_not_stop_the_fifth_call() -> None:
    guarded = guard(Scripted(*[DOWN] * 4, VERDICT), FakeClock())
    assert [await outcome(guarded) for _ in range(5)] == [*[DOWN] * 4, VERDICT]


@pytest.mark.asyncio
async def test_one_call_tries_it_out_and_opens_the_way() -> None:
    provider, clock = Scripted(*[DOWN] * 5, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    await break_it(guarded)
    await clock.advance(30)
    gate = provider.hold()
    probe = asyncio.create_task(ask(guarded))
    await settle()
    with pytest.raises(Unavailable, match="tries again when the one call that is trying it out has ended"):
        await ask(guarded)
    gate.set()
    assert await probe == VERDICT
    assert [await ask(guarded) for _ in range(5)] == [VERDICT] * 5


@pytest.mark.asyncio
async def test_the_log_says_once_when_it_pauses_and_when_it_is_back() -> None:
    provider, clock = Scripted(*[DOWN] * 5, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    with capture_logs() as logs:
        await break_it(guarded)
        for _ in range(10):
            await outcome(guarded)
        await clock.advance(30)
        await ask(guarded)
    assert [(line["provider"], line["state"]) for line in logs] == [
        ("scripted", "open"),
        ("scripted", "half_open"),
        ("scripted", "closed"),
    ]


@pytest.mark.asyncio
async def test_each_failed_try_doubles_the_pause_up_to_ten_minutes() -> None:
    provider, clock = Scripted(DOWN), FakeClock()
    guarded = guard(provider, clock)
    await break_it(guarded)
    for pause in (30, 60, 120, 240, 480, 600, 600):
        await clock.advance(pause - 1)
        calls = provider.calls
        assert "is paused" in str(await outcome(guarded))
        assert provider.calls == calls
        await clock.advance(1)
        assert await outcome(guarded) is DOWN


@pytest.mark.asyncio
async def test_an_outage_of_half_an_hour() -> None:
    """Asked every second, a dead vendor hears of us a dozen times, and is back in use within ten minutes."""
    provider, clock = Scripted(DOWN), FakeClock()
    guarded = guard(provider, clock)
    for _ in range(1800):
        assert isinstance(await outcome(guarded), Unavailable)
        await clock.advance(1)
    assert 5 < provider.calls <= 12
    provider.answers = [VERDICT]
    back = clock.monotonic()
    while await outcome(guarded) != VERDICT:
        await clock.advance(1)
    assert clock.monotonic() - back <= 600


@pytest.mark.asyncio
async def test_a_cancelled_try_does_not_wedge_it() -> None:
    provider, clock = Scripted(*[DOWN] * 5, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    await break_it(guarded)
    await clock.advance(30)
    provider.hold()
    probe = asyncio.create_task(ask(guarded))
    await settle()
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert guarded.out() is None, "the way is free for the next"
    provider.gate = None
    assert await ask(guarded) == VERDICT


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([VERDICT, BadRequest("this image"), RateLimited("slow", 0.0)]), max_size=60))
def test_answers_never_pause_a_provider_however_unwelcome(answers: list[object]) -> None:
    """A flood of hostile images that are all refused must not switch screening off for everybody."""

    async def run() -> None:
        provider, clock = Scripted(*answers, VERDICT), FakeClock()  # type: ignore[arg-type]
        guarded = guard(provider, clock)
        for answer in answers:
            assert await outcome(guarded) == answer
            await clock.advance(LEAST_LONGEST)
        assert await ask(guarded) == VERDICT

    asyncio.run(run())


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [Garbled("no JSON"), Timeout("late"), ServerFault("500"), Unavailable("gone")])
async def test_illness_pauses(error: ProviderError) -> None:
    provider = Scripted(error)
    guarded = guard(provider, FakeClock())
    answers = [await outcome(guarded) for _ in range(6)]
    assert answers[:5] == [error] * 5
    assert "is paused" in str(answers[5])


@pytest.mark.asyncio
async def test_a_bug_passes_through_and_counts() -> None:
    guarded = guard(Scripted(KeyError("bug")), FakeClock())
    for _ in range(5):
        with pytest.raises(KeyError):
            await ask(guarded)
    with pytest.raises(Unavailable, match="paused after 5 failures"):
        await ask(guarded)


# --- accounts ---------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [BadCredentials("the key is wrong: renew it"), QuotaSpent("top it up")])
async def test_a_denied_account_pauses_alone(error: ProviderError) -> None:
    provider, clock = Scripted(error, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    assert await outcome(guarded, "guild") is error
    for _ in range(20):
        again = await outcome(guarded, "guild")
        assert type(again) is type(error)
        assert str(again) == str(error)
    assert provider.calls == 1
    assert await ask(guarded, "host") == VERDICT
    await clock.advance(300)
    assert await ask(guarded, "guild") == VERDICT


@pytest.mark.asyncio
async def test_a_rate_limited_account_comes_back_when_it_was_told_to() -> None:
    provider, clock = Scripted(RateLimited("slow down", retry_after=7), VERDICT), FakeClock()
    guarded = guard(provider, clock)
    await outcome(guarded)
    await clock.advance(3)
    again = await outcome(guarded)
    assert isinstance(again, RateLimited)
    assert again.retry_after == 4
    assert await ask(guarded, "guild") == VERDICT
    await clock.advance(4)
    assert await ask(guarded) == VERDICT


@pytest.mark.asyncio
async def test_a_vendor_cannot_send_us_away_for_ever() -> None:
    provider, clock = Scripted(RateLimited("come back next year", retry_after=3e7), VERDICT), FakeClock()
    guarded = guard(provider, clock)
    await outcome(guarded)
    await clock.advance(3600)
    assert await ask(guarded) == VERDICT


@pytest.mark.asyncio
@pytest.mark.parametrize(("said", "pauses"), [(0.0, [5, 10, 20, 40, 80, 160, 300, 300]), (30.0, [30, 30, 30, 40, 80])])
async def test_one_that_wants_calls_at_once_and_turns_them_away_is_asked_less_and_less(
    said: float, pauses: list[float]
) -> None:
    early = RateLimited("slow down", said)
    provider, clock = Scripted(*[early] * len(pauses), VERDICT, RateLimited("slow down", 0.0), VERDICT), FakeClock()
    guarded = guard(provider, clock)
    for n, pause in enumerate(pauses):
        assert await outcome(guarded) is early
        await clock.advance(pause - 0.1)
        assert guarded.out() is not None
        await outcome(guarded)
        assert provider.calls == n + 1
        await clock.advance(0.2)
        assert guarded.out() is None
    assert await ask(guarded) == VERDICT
    await outcome(guarded)
    await clock.advance(5)
    assert await ask(guarded) == VERDICT, "an answer in between, and it begins anew"


@pytest.mark.asyncio
async def test_a_burst_that_is_turned_away_pauses_once() -> None:
    provider, clock = Scripted(*[RateLimited("slow down", 0.0)] * 8, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    gate = provider.hold()
    burst = [asyncio.create_task(outcome(guarded)) for _ in range(8)]
    await settle()
    gate.set()
    await asyncio.gather(*burst)
    assert provider.calls == 8
    await clock.advance(5)
    assert await ask(guarded) == VERDICT


@pytest.mark.asyncio
async def test_those_in_the_queue_learn_from_the_first() -> None:
    provider = Scripted(BadCredentials("the key is wrong"))
    guarded = guard(provider, FakeClock(), concurrency=1)
    gate = provider.hold()
    queue = [asyncio.create_task(outcome(guarded)) for _ in range(10)]
    await settle()
    gate.set()
    assert {type(answer) for answer in await asyncio.gather(*queue)} == {BadCredentials}
    assert provider.calls == 1


# --- time and room ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_call_that_hangs_ends_at_its_deadline() -> None:
    provider, clock = Scripted(VERDICT), FakeClock()
    guarded = guard(provider, clock, deadline=10)
    provider.hold()
    call = asyncio.create_task(ask(guarded))
    await settle()
    await clock.advance(9.9)
    assert not call.done()
    await clock.advance(0.2)
    with pytest.raises(Timeout, match="scripted gave no answer in 10 seconds"):
        await call
    assert provider.running == 0


@pytest.mark.asyncio
async def test_a_call_that_ended_leaves_no_alarm_behind() -> None:
    guarded = guard(Scripted(VERDICT, DOWN), FakeClock())
    for _ in range(5):
        await outcome(guarded)
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.asyncio
async def test_a_timeout_of_the_provider_itself_is_not_mistaken_for_ours() -> None:
    guarded = guard(Scripted(TimeoutError("its own socket")), FakeClock())
    with pytest.raises(TimeoutError, match="its own socket"):
        await ask(guarded)


@pytest.mark.asyncio
async def test_waiting_for_a_turn_is_not_the_providers_fault() -> None:
    provider, clock = Scripted(VERDICT), FakeClock()
    guarded = guard(provider, clock, concurrency=1, deadline=10)
    gate = provider.hold()
    first, second = asyncio.create_task(ask(guarded)), asyncio.create_task(ask(guarded))
    await settle()
    await clock.advance(9)
    gate.set()
    await first
    gate.clear()
    await settle()
    await clock.advance(9)
    gate.set()
    assert await second == VERDICT


@pytest.mark.asyncio
async def test_no_more_than_so_many_at_once() -> None:
    provider = Scripted(VERDICT)
    guarded = guard(provider, FakeClock(), concurrency=3)
    gate = provider.hold()
    calls = [asyncio.create_task(ask(guarded)) for _ in range(10)]
    await settle()
    assert provider.running == 3
    calls[0].cancel()
    calls[9].cancel()  # one that waits
    await settle()
    assert provider.running == 3
    gate.set()
    await asyncio.gather(*calls, return_exceptions=True)
    assert (provider.most, provider.calls, provider.running) == (3, 9, 0)


@pytest.mark.asyncio
async def test_turns_come_at_even_distances() -> None:
    clock = FakeClock()
    pace, began = Pace(4, clock), []

    async def one() -> None:
        await pace.turn()
        began.append(clock.monotonic())

    calls = [asyncio.create_task(one()) for _ in range(5)]
    await settle()
    await clock.advance(10)
    await asyncio.gather(*calls)
    assert began == [0.0, 0.25, 0.5, 0.75, 1.0]
    await one()
    assert began[-1] == 10.0


@pytest.mark.asyncio
async def test_a_guarded_provider_keeps_its_pace() -> None:
    provider, clock = Scripted(VERDICT), FakeClock()
    guarded = Guard(provider, clock=clock, per_second=2)
    calls = [asyncio.create_task(ask(guarded)) for _ in range(4)]
    await settle()
    assert provider.calls == 1
    await clock.advance(1)
    await settle()
    assert provider.calls == 3
    await clock.advance(1)
    assert await asyncio.gather(*calls) == [VERDICT] * 4


@pytest.mark.parametrize("per_second", [0, -1, float("nan")])
def test_a_pace_that_never_moves_is_refused(per_second: float) -> None:
    with pytest.raises(ValueError, match="per_second must be above 0"):
        Guard(Scripted(), clock=FakeClock(), per_second=per_second)


@pytest.mark.asyncio
async def test_pending_jobs_are_guarded_too() -> None:
    provider, clock = Scripted(VERDICT), FakeClock()
    guarded = guard(provider, clock)
    with pytest.raises(BadRequest, match="no such job"):
        await guarded.resume(ticket("scripted"))
    provider.answers = [DOWN]
    assert [await outcome(guarded) for _ in range(4)] == [DOWN] * 4
    with pytest.raises(Unavailable, match="is paused"):
        await guarded.resume(ticket("scripted"))


@pytest.mark.asyncio
async def test_a_guard_speaks_for_its_provider_and_closes_it() -> None:
    provider = Scripted()
    guarded = guard(provider, FakeClock())
    assert (guarded.name, guarded.covers, guarded.version) == (provider.name, provider.covers, provider.version)
    assert guarded.cache_key(Ask()) == provider.cache_key(Ask())
    await guarded.aclose()
    assert provider.closed == 1


# --- what is known without asking -----------------------------------------------------------------


@pytest.mark.asyncio
async def test_it_is_known_to_be_out_until_a_call_may_try_it_out() -> None:
    provider, clock = Scripted(*[DOWN] * 6, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    assert (guarded.out(), guarded.trouble) == (None, "")
    await break_it(guarded)
    assert (guarded.out() is not None, guarded.trouble) == (True, "it is down")
    await clock.advance(29.9)
    assert guarded.out() is not None
    await clock.advance(0.1)
    assert guarded.out() is None, "the next call would be made"
    assert await outcome(guarded) is DOWN
    await clock.advance(59.9)
    assert guarded.out() is not None, "for twice as long"
    await clock.advance(0.1)
    assert await outcome(guarded) is VERDICT
    assert (guarded.out(), guarded.trouble) == (None, "")


@pytest.mark.asyncio
async def test_while_one_call_tries_it_out_no_other_is_made() -> None:
    provider, clock = Scripted(*[DOWN] * 5, VERDICT), FakeClock()
    guarded = guard(provider, clock)
    await break_it(guarded)
    await clock.advance(30)
    gate = provider.hold()
    probe = asyncio.create_task(ask(guarded))
    await settle()
    assert guarded.out() is not None
    gate.set()
    await probe
    assert guarded.out() is None


@pytest.mark.asyncio
@pytest.mark.parametrize(("error", "seconds"), [(RateLimited("slower", 20.0), 20.0), (QuotaSpent("top up"), 300.0)])
async def test_an_account_that_is_turned_away_is_known_to_be_out_and_no_other(
    error: ProviderError, seconds: float
) -> None:
    clock = FakeClock()
    guarded = guard(Scripted(error, VERDICT), clock)
    await outcome(guarded, "poor")
    assert (guarded.out("poor") is not None, guarded.out("rich")) == (True, None)
    await clock.advance(seconds)
    assert guarded.out("poor") is None


@pytest.mark.asyncio
async def test_only_a_call_that_was_really_made_is_a_try() -> None:
    provider, clock = Scripted(*[DOWN] * 5, RateLimited("slower", 5.0)), FakeClock()
    guarded = guard(provider, clock)
    tried = [e.tried for e in [await outcome(guarded) for _ in range(6)] if isinstance(e, ProviderError)]
    assert tried == [True] * 5 + [False]
    await clock.advance(30)
    turned_away = await outcome(guarded)
    assert isinstance(turned_away, RateLimited)
    assert not turned_away.tried


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.booleans(), st.floats(0, 700)), max_size=40))
def test_whoever_is_not_known_to_be_out_is_really_asked(steps: list[tuple[bool, float]]) -> None:
    """And nobody else: what `out` says is what the next call meets."""

    async def run() -> None:
        clock = FakeClock()
        provider = Scripted(*[DOWN if down else VERDICT for down, _ in steps], VERDICT)
        guarded = guard(provider, clock)
        for _, seconds in steps:
            known, before = guarded.out(), provider.calls
            await outcome(guarded)
            assert (known is None) == (provider.calls == before + 1)
            await clock.advance(seconds)

    with capture_logs():
        asyncio.run(run())
