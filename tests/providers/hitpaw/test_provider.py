"""The whole provider against a HitPaw on loopback: verdicts, what is no verdict, and what it costs."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest
from structlog.testing import capture_logs

from bot.sandbox.faults import Break
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from policies.model import Category, Frames, Suggestion, Unscreened, UnscreenedReason, Verdict, kept
from providers.base import Ask, Image, TicketState
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    Refused,
    Unavailable,
)
from providers.hitpaw import HitPawProvider
from providers.hitpaw.codes import CODES, Unreceived
from providers.http import Http
from providers.plans import Together
from providers.router import Router
from providers.tickets import MemoryTickets
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import ASK, KEY, Make, picture, provider_of
from tests.providers.test_router import Shelf

SUBMIT, STATUS = "/api/image-nsfw", "/api/task-status"
PENDING = UnscreenedReason.PENDING


# --- verdicts -------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("result", "confidence", "suggestion"),
    [("low", 0.1, Suggestion.PASS), ("mid", 0.5, Suggestion.REVIEW), ("high", 0.9, Suggestion.BLOCK)],
)
async def test_a_verdict(
    vendor: HitPaw, provider: HitPawProvider, result: str, confidence: float, suggestion: Suggestion
) -> None:
    vendor.script(Script(result=result))
    found = await provider.screen(picture(frames=Frames(8, 120)), ASK)
    assert isinstance(found, Verdict)
    assert (found.confidence(Category.SEXUAL_EXPLICIT), found.suggestion) == (confidence, suggestion)
    assert found.frames == Frames(8, 120)
    assert found.cost == pytest.approx(0.005)
    assert found.request_id == vendor.charges[0].job


@pytest.mark.asyncio
async def test_every_status_on_the_way_is_waited_through(vendor: HitPaw, provider: HitPawProvider) -> None:
    way = ("WAITING", "PENDING", "INPUT_PREPARING", "CONVERTING", "CONVERT_COMPLETED", "OUTPUT_SAVING", "OUTPUT_SAVED")
    vendor.script(Script(seconds=20, on_the_way=(*way, "SOMETHING_NEW"), result="mid"))
    with capture_logs() as logs:
        assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert [(line["event"], line["status"]) for line in logs] == [("hitpaw_unknown_status", "SOMETHING_NEW")]
    assert provider.tally["unknown_status"] >= 1


@pytest.mark.asyncio
async def test_the_status_nsfw_is_a_review(vendor: HitPaw, provider: HitPawProvider) -> None:
    vendor.script(Script(end="NSFW", result=""))
    found = await provider.screen(picture(), ASK)
    assert isinstance(found, Verdict)
    assert found.suggestion is Suggestion.REVIEW


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["ERROR", "REJECT"])
async def test_a_job_that_fails_is_the_images_trouble(vendor: HitPaw, provider: HitPawProvider, end: str) -> None:
    vendor.script(Script(end=end))
    with pytest.raises(Refused):
        await provider.screen(picture(), ASK)
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["ERROR_INTERRUPTION", "TIMEOUT", "CANCEL", "COMPLETED"])
async def test_a_job_that_is_broken_off_is_the_vendors_and_gets_one_more(
    vendor: HitPaw, provider: HitPawProvider, clock: FakeClock, end: str
) -> None:
    vendor.usual = Script(end=end, empties=99)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await provider.screen(picture(), ASK)
    requests = len(vendor.requests)
    for _ in range(5):
        left = await provider.screen(picture(), ASK)
        assert isinstance(left, Unscreened), "an image that nobody is asked about says nothing of the vendor's health"
        assert (left.reason, left.ticket) == (UnscreenedReason.OUTAGE, None)
    assert (len(vendor.charges), len(vendor.requests)) == (2, requests), "not one more, however often it is asked"
    vendor.usual = Script(result="low")
    await clock.sleep(25 * 3600)
    assert isinstance(await provider.screen(picture(), ASK), Verdict)


@pytest.mark.asyncio
async def test_a_result_that_comes_late_to_a_completed_job_is_waited_for(
    vendor: HitPaw, provider: HitPawProvider
) -> None:
    vendor.script(Script(empties=2, result="high"))
    assert isinstance(await provider.screen(picture(), ASK), Verdict)


@pytest.mark.asyncio
async def test_a_job_not_known_at_first_is_asked_again(vendor: HitPaw, provider: HitPawProvider) -> None:
    vendor.script(Script(lag=3, result="low"))
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert len(vendor.charges) == 1


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("code", sorted(CODES))
async def test_every_code_at_submit(vendor: HitPaw, provider: HitPawProvider, code: int) -> None:
    vendor.fail(SUBMIT, code=code, times=None)
    with pytest.raises(ProviderError) as caught:
        await provider.screen(picture(), ASK)
    assert isinstance(caught.value, CODES[code].error)
    assert vendor.charges == []
    certain = code not in (100500006, 100500007)
    assert provider.tally[TicketState.DOUBTFUL] == (0 if certain else 2)
    again = issubclass(CODES[code].error, (Unreceived, RateLimited))
    assert len(vendor.asked(SUBMIT)) == (3 if again else 1 if certain else 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("code", sorted(CODES))
async def test_every_code_while_waiting(vendor: HitPaw, provider: HitPawProvider, code: int) -> None:
    """The host's trouble is said, a failed job is failed; all else passes, and the job is paid for once."""
    vendor.fail(STATUS, code=code, times=2)
    try:
        found: object = await provider.screen(picture(), ASK)
    except ProviderError as error:
        found = error
    assert len(vendor.charges) == 1
    if issubclass(CODES[code].error, Denied):
        assert isinstance(found, Denied)
        vendor.well_again()
        assert isinstance(await provider.screen(picture(), ASK), Verdict), "the job is still there"
    else:
        assert isinstance(found, Refused if code == 110400003 else Verdict)
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
async def test_a_wrong_key(vendor: HitPaw, make: Make) -> None:
    with pytest.raises(BadCredentials, match="copy the key again"):
        await make(api_key="another").screen(picture(), ASK)


@pytest.mark.asyncio
async def test_credits_run_out(vendor: HitPaw, provider: HitPawProvider) -> None:
    vendor.balance = 9
    assert isinstance(await provider.screen(picture(1), ASK), Verdict)
    with pytest.raises(QuotaSpent, match="up to five minutes"):
        await provider.screen(picture(2), ASK)
    assert (len(vendor.charges), vendor.balance) == (1, 4)


@pytest.mark.asyncio
async def test_a_picture_of_too_many_pixels(vendor: HitPaw, provider: HitPawProvider) -> None:
    vendor.fail(SUBMIT, code=110400009)
    with pytest.raises(Refused, match="so many pixels"):
        await provider.screen(picture(), ASK)


@pytest.mark.asyncio
async def test_asked_too_often_is_waited_out(vendor: HitPaw, provider: HitPawProvider, clock: FakeClock) -> None:
    vendor.fail(SUBMIT, status=429, headers={"Retry-After": "3"})
    vendor.fail(STATUS, status=429, body={"code": 100429000}, headers={"Retry-After": "4"})
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert 3.0 in clock.slept
    assert clock.slept[-2] + clock.slept[-1] == pytest.approx(4.0), "between two questions, as the vendor asked for"
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 502},
        {"status": 500, "code": 100500000},
        {"answer": "<html>fine</html>"},
        {"answer": {"code": 200, "data": None}},
        {"answer": {"code": 200, "data": {"job_id": "another", "status": "COMPLETED"}}},
        {"answer": {}},
        {"torn": True},
        {"reset": Break.BEFORE},
        {"reset": Break.AFTER},
        {"delay": 3.0},
    ],
    ids=str,
)
async def test_trouble_in_asking_costs_nothing(
    vendor: HitPaw, provider: HitPawProvider, trouble: dict[str, object]
) -> None:
    vendor.script(Script(seconds=3, result="high"))
    vendor.fail(STATUS, times=3, **trouble)  # type: ignore[arg-type]
    found = await provider.screen(picture(), ASK)
    assert isinstance(found, Verdict)
    assert found.suggestion is Suggestion.BLOCK
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(("path", "charged", "doubtful"), [(STATUS, 1, 0), (SUBMIT, 2, 1)])
async def test_a_body_that_does_not_come_is_given_up(
    vendor: HitPaw, make: Make, path: str, charged: int, doubtful: int
) -> None:
    gate = asyncio.Event()
    vendor.fail(path, stalled=gate)
    provider = make(http=Http("HitPaw", deadline=0.3))
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert (len(vendor.charges), provider.tally[TicketState.DOUBTFUL]) == (charged, doubtful)
    gate.set()


# --- charges --------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("trouble", "charged"),
    [
        ({"status": 502}, 1),
        ({"reset": Break.BEFORE}, 1),
        ({"reset": Break.AFTER}, 2),
        ({"torn": True}, 2),
        ({"answer": "<html>fine</html>"}, 2),
        ({"answer": {"code": 200, "data": {"consume_coins": 5}}}, 2),
    ],
    ids=str,
)
async def test_a_submit_without_an_answer_is_made_again_once_and_counted(
    vendor: HitPaw, make: Make, clock: FakeClock, trouble: dict[str, object], charged: int
) -> None:
    tickets = MemoryTickets()
    provider = make(tickets=tickets)
    vendor.fail(SUBMIT, **trouble)  # type: ignore[arg-type]
    with capture_logs() as logs:
        assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert len(vendor.charges) == charged
    assert [line["event"] for line in logs] == ["hitpaw_doubtful_charge"]
    assert provider.tally[TicketState.DOUBTFUL] == 1
    spent = await tickets.spent(clock.now().replace(year=2000))
    assert spent.sure == pytest.approx(0.005)
    assert spent.doubtful == pytest.approx(0.005)


@pytest.mark.asyncio
async def test_a_submit_that_is_never_answered_is_made_twice_a_call_and_in_three_calls_a_day(
    vendor: HitPaw, provider: HitPawProvider
) -> None:
    vendor.fail(SUBMIT, reset=Break.AFTER, times=None)
    for n in range(3):
        with pytest.raises(Unavailable):
            await provider.screen(picture(), ASK)
        assert len(vendor.asked(SUBMIT)) == 2 * (n + 1)
    vendor.well_again()
    left = await provider.screen(picture(), ASK)
    assert isinstance(left, Unscreened)
    assert (left.reason, len(vendor.asked(SUBMIT))) == (UnscreenedReason.OUTAGE, 6)
    assert "left for a day" in left.detail


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [{"status": 429}, {"code": 100500000}, {"code": 100429000}])
async def test_what_was_certainly_not_taken_on_is_no_doubt(
    vendor: HitPaw, provider: HitPawProvider, trouble: dict[str, object]
) -> None:
    vendor.fail(SUBMIT, times=2, **trouble)  # type: ignore[arg-type]
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert (len(vendor.charges), provider.tally[TicketState.DOUBTFUL]) == (1, 0)


@pytest.mark.asyncio
async def test_a_vendor_that_is_not_there_costs_nothing(clock: FakeClock) -> None:
    provider = provider_of("http://127.0.0.1:1", clock)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await provider.screen(picture(), ASK)
    assert provider.tally[TicketState.DOUBTFUL] == 0
    await provider.aclose()


@pytest.mark.asyncio
async def test_the_same_bytes_are_paid_for_once_also_without_a_cache(vendor: HitPaw, provider: HitPawProvider) -> None:
    first = await provider.screen(picture(), ASK)
    again = await asyncio.gather(*(provider.screen(picture(), Ask(language="zh")) for _ in range(20)))
    assert isinstance(first, Verdict)
    assert {*again} == {kept(first)}, "and counted once"
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
async def test_many_at_once_without_a_router_are_one_job(vendor: HitPaw, provider: HitPawProvider) -> None:
    found = await asyncio.gather(*(provider.screen(picture(), ASK) for _ in range(30)))
    assert len(set(found)) == 1
    assert (len(vendor.charges), len(vendor.asked("/storage"))) == (1, 1)


@pytest.mark.asyncio
async def test_500_copies_of_one_image_in_20_channels_are_one_paid_call(vendor: HitPaw, make: Make) -> None:
    """Asked as 20 channels would, some of them of other contexts and in other languages."""
    vendor.usual = Script(seconds=6, result="high")
    router = Router({"hitpaw": make()}, Shelf())
    asks = [Ask(language=language) for language in ("en", "zh") for _ in range(10)]
    posts = (router.screen(picture(), asks[n % 20], Together(("hitpaw",))) for n in range(500))
    answers = await asyncio.gather(*posts)
    assert len({a[0] for a in answers}) == 1
    assert isinstance(answers[0][0], Verdict)
    assert len(vendor.charges) == 1
    await router.aclose()


@pytest.mark.asyncio
async def test_whoever_gives_up_waiting_leaves_the_job_to_be_kept(vendor: HitPaw, make: Make) -> None:
    """A deadline that ends in the middle of a submit must not lose what was paid for."""
    tickets = MemoryTickets()
    provider = make(tickets=tickets)
    gate, reached = asyncio.Event(), asyncio.Event()
    opened = tickets.opened

    async def slowly(receipt: object) -> None:
        reached.set()
        await gate.wait()
        await opened(receipt)  # type: ignore[arg-type]

    tickets.opened = slowly  # type: ignore[method-assign]
    impatient = asyncio.create_task(provider.screen(picture(), ASK))
    await reached.wait()
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    gate.set()
    await provider.aclose()
    assert len(await tickets.waiting()) == 1
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
async def test_a_job_that_could_not_be_kept_is_not_asked_about_and_not_paid_for_again(
    vendor: HitPaw, make: Make
) -> None:
    tickets = MemoryTickets()
    provider = make(tickets=tickets)
    opened = tickets.opened

    async def full(receipt: object) -> None:
        raise Unavailable("the disk is full")

    tickets.opened = full  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(Unavailable, match="disk is full"):
            await provider.screen(picture(), ASK)
    assert (len(vendor.charges), vendor.asked(STATUS)) == (1, [])
    tickets.opened = opened  # type: ignore[method-assign]
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert len(vendor.charges) == 1


# --- the soft deadline ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_after_the_soft_deadline_it_is_pending_with_a_ticket(
    vendor: HitPaw, make: Make, clock: FakeClock
) -> None:
    tickets = MemoryTickets()
    provider = make(tickets=tickets, soft_deadline=20)
    vendor.script(Script(seconds=900, result="high"))
    found = await provider.screen(picture(), ASK)
    assert isinstance(found, Unscreened)
    assert (found.reason, found.ticket) == (PENDING, vendor.charges[0].job)
    assert clock.monotonic() == pytest.approx(20, abs=0.2)
    again = await provider.screen(picture(), ASK)
    assert (again, len(vendor.charges)) == (found, 1)
    [waiting] = await tickets.waiting("hitpaw")
    still = await provider.resume(waiting.ticket)
    assert still == found
    await clock.sleep(900)
    late = await provider.resume(waiting.ticket)
    assert isinstance(late, Verdict)
    assert late.suggestion is Suggestion.BLOCK
    assert late.cost == 0.005
    assert await provider.resume(waiting.ticket) == kept(late), "asked twice, answered twice, paid once"
    assert await tickets.waiting() == ()
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
async def test_a_stuck_job_is_given_up_after_the_vendors_eight_days(
    vendor: HitPaw, make: Make, clock: FakeClock
) -> None:
    tickets = MemoryTickets()
    provider = make(tickets=tickets)
    vendor.script(Script(seconds=None))
    await provider.screen(picture(), ASK)
    [waiting] = await tickets.waiting()
    await clock.sleep(7 * 24 * 3600)
    assert isinstance(await provider.resume(waiting.ticket), Unscreened)
    await clock.sleep(2 * 24 * 3600)
    told = await provider.resume(waiting.ticket)
    assert isinstance(told, Unscreened)
    assert (told.reason, "no longer knows it" in told.detail) == (UnscreenedReason.OUTAGE, True)
    assert await tickets.waiting() == ()
    with pytest.raises(BadRequest, match="ended without an answer"):
        await provider.resume(waiting.ticket)


@pytest.mark.asyncio
async def test_a_job_that_the_vendor_forgot_is_lost(vendor: HitPaw, make: Make, clock: FakeClock) -> None:
    tickets = MemoryTickets()
    provider = make(tickets=tickets)
    vendor.script(Script(seconds=None))
    await provider.screen(picture(), ASK)
    vendor.jobs.clear()
    await clock.sleep(60)
    with pytest.raises(Unavailable, match="no longer knows it"):
        await provider.screen(picture(), ASK)
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert len(vendor.charges) == 2


@pytest.mark.asyncio
async def test_a_ticket_that_only_its_bearer_knows_is_good_too(vendor: HitPaw, make: Make) -> None:
    tickets = MemoryTickets()
    provider = make(tickets=tickets, soft_deadline=2)
    vendor.script(Script(seconds=3, result="mid"))
    await provider.screen(picture(), ASK)
    [waiting] = await tickets.waiting()
    other = make(tickets=MemoryTickets())
    assert isinstance(await other.resume(waiting.ticket), Unscreened)


# --- secrets ------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_key_is_in_no_log_and_no_traceback(
    vendor: HitPaw, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = make(http=Http("HitPaw", deadline=5.0))
    said: list[str] = [repr(provider), str(vars(provider)["_settings"])]
    echo = {"code": 110400000, "message": f"api_key {KEY} is not valid"}
    troubles: list[dict[str, object]] = [
        {"status": 400, "body": echo},
        {"answer": f"<html>{KEY}</html>", "times": 2},
        {"reset": Break.AFTER, "times": 2},
        {"torn": True, "times": 2},
    ]
    for n, trouble in enumerate(troubles):
        vendor.fail(SUBMIT, **trouble)  # type: ignore[arg-type]
        with capture_logs() as logs, pytest.raises((BadCredentials, Unavailable, Garbled)) as caught:
            await provider.screen(picture(n), ASK)
        said += ["".join(traceback.format_exception(caught.value)), str(logs)]
    assert isinstance(await provider.screen(picture(9), ASK), Verdict)
    assert len(caplog.records) > 10, "it did log"
    assert KEY not in "\n".join([*said, caplog.text, *(str(r.__dict__) for r in caplog.records)])


def test_no_image_is_in_its_repr() -> None:
    assert b"JFIF" not in repr(picture()).encode()
    assert isinstance(picture(), Image)
