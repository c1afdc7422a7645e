"""The router: everybody of the plan is asked once, nothing is asked twice, nothing it meets escapes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from policies.model import Category, Context, Detail, DetailKind, Unscreened, UnscreenedReason, Verdict
from providers.base import Ask, Image
from providers.errors import BadCredentials, BadRequest, Garbled, ProviderError, RateLimited, ServerFault
from providers.guard import Guard
from providers.plans import Together
from providers.router import Key, Memory, Router
from tests.clock import FakeClock
from tests.providers.samples import VERDICT, Scripted, image, settle

ASK = Ask()
PLAN = Together(("scripted",))
CARD = ("beholder:test:hate:0.9",)
OUTAGE, UNDECODABLE = UnscreenedReason.OUTAGE, UnscreenedReason.UNDECODABLE


class Shelf:
    """`providers.base.Verdicts` in a dict; `broken` fails, with a secret in the words."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[tuple[str, str, str, str], Verdict] = {}
        self.broken = broken
        self.reads = self.writes = 0

    async def get(self, sha256: str, provider: str, version: str, ask: str) -> Verdict | None:
        self.reads += 1
        self._check()
        await asyncio.sleep(0)
        return self.kept.get((sha256, provider, version, ask))

    async def put(self, sha256: str, version: str, ask: str, verdict: Verdict) -> None:
        self.writes += 1
        self._check()
        await asyncio.sleep(0)
        self.kept.setdefault((sha256, verdict.provider, version, ask), verdict)

    def _check(self) -> None:
        if self.broken:
            raise OSError("hunter2")


def router(*providers: Scripted, shelf: Shelf | None = None) -> Router:
    return Router({p.name: p for p in providers}, shelf or Shelf())


def other(name: str, *answers: Verdict | Exception) -> Scripted:
    return Scripted(*(answers or (replace(VERDICT, provider=name),)), name=name)


# --- who is asked -------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_everybody_of_the_plan_answers_in_its_order() -> None:
    one, two, three = other("one"), other("two"), other("three")
    screenings = await router(one, two, three).screen(image(), ASK, Together(("two", "one", "two")))
    assert [s.provider for s in screenings] == ["two", "one"]
    assert (one.calls, two.calls, three.calls) == (1, 1, 0)


@pytest.mark.asyncio
async def test_a_test_card_is_read_beside_any_plan_and_stops_nobody() -> None:
    provider = Scripted()
    screenings = await router(provider).screen(image(codes=CARD), ASK, PLAN)
    assert [s.provider for s in screenings] == ["scripted", "testcard"]
    assert isinstance(screenings[1], Verdict)
    assert screenings[1].confidence(Category.HATE) == 0.9


@pytest.mark.asyncio
async def test_a_guild_can_switch_test_cards_off() -> None:
    ours = router(Scripted())
    picture = image(codes=CARD)
    assert await ours.screen(picture, ASK, PLAN, test_cards=False) == (VERDICT,)
    assert await ours.cached(picture.sha256, ASK, PLAN, test_cards=False) == (VERDICT,)
    assert await ours.cached(picture.sha256, ASK, PLAN) is None  # nobody has looked for one yet


@pytest.mark.asyncio
async def test_an_image_without_a_card_gets_no_answer_from_the_card_reader() -> None:
    """Beside a provider that failed, an empty verdict would make the image look judged."""
    screenings = await router(Scripted(ServerFault("down"))).screen(image(), ASK, PLAN)
    assert screenings == (Unscreened("scripted", OUTAGE, "down"),)
    (verdict,) = await router().screen(image(), ASK, Together(("testcard",)))  # unless it is all that was asked for
    assert isinstance(verdict, Verdict)
    assert verdict.assessed == frozenset()


@pytest.mark.asyncio
async def test_a_name_nobody_bears_is_an_outage_that_lists_the_others() -> None:
    (screening,) = await router(Scripted()).screen(image(), ASK, Together(("huawai",)))
    assert isinstance(screening, Unscreened)
    assert screening.reason is OUTAGE
    assert screening.detail == "No provider here is named huawai; there are: scripted, testcard."
    assert await router(Scripted()).cached("ab" * 32, ASK, Together(("huawai",))) is None


def test_a_plan_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one provider"):
        Together(())


# --- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ServerFault("500"), OUTAGE),
        (RateLimited("429", 3), OUTAGE),
        (BadCredentials("renew the key"), OUTAGE),
        (Garbled("no JSON"), OUTAGE),
        (BadRequest("too odd"), UNDECODABLE),
    ],
)
async def test_each_error_is_one_unscreened_and_spares_the_others(
    error: ProviderError, reason: UnscreenedReason
) -> None:
    screenings = await router(other("bad", error), Scripted()).screen(image(), ASK, Together(("bad", "scripted")))
    assert screenings == (Unscreened("bad", reason, str(error), tried=error.tried), VERDICT)


@pytest.mark.asyncio
async def test_a_bug_in_a_provider_is_an_outage_and_its_words_stay_unsaid() -> None:
    with capture_logs() as logs:
        (screening,) = await router(Scripted(KeyError("Bearer hunter2"))).screen(image(), ASK, PLAN)
    assert isinstance(screening, Unscreened)
    assert (screening.reason, screening.provider) == (OUTAGE, "scripted")
    assert "KeyError" in screening.detail
    assert logs == [{"event": "provider_crashed", "log_level": "error", "provider": "scripted", "error": "KeyError"}]
    assert "hunter2" not in f"{logs}{screening}"


@pytest.mark.asyncio
async def test_a_provider_whose_own_task_was_cancelled_does_not_cancel_us() -> None:
    with capture_logs():
        (screening,) = await router(Scripted(asyncio.CancelledError())).screen(image(), ASK, PLAN)
    assert isinstance(screening, Unscreened)
    assert screening.reason is OUTAGE


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [ServerFault("down"), Unscreened("scripted", UnscreenedReason.PENDING, ticket="7")])
async def test_what_is_no_verdict_is_not_kept(answer: Exception | Unscreened) -> None:
    provider, shelf = Scripted(answer, VERDICT), Shelf()
    ours = router(provider, shelf=shelf)
    (first,) = await ours.screen(image(), ASK, PLAN)
    assert isinstance(first, Unscreened)
    assert await ours.cached(image().sha256, ASK, PLAN) is None
    assert await ours.screen(image(), ASK, PLAN) == (VERDICT,)
    assert provider.calls == 2


# --- what is known ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_same_bytes_are_judged_once() -> None:
    provider = Scripted()
    ours = router(provider)
    assert await ours.cached(image().sha256, ASK, PLAN) is None
    for _ in range(3):
        assert await ours.screen(image(), ASK, PLAN) == (VERDICT,)
    assert await ours.cached(image().sha256, ASK, PLAN) == (VERDICT,)
    assert provider.calls == 1


@pytest.mark.asyncio
async def test_cached_equals_screened_card_and_all() -> None:
    ours = router(Scripted(), other("two"))
    plan, picture = Together(("two", "scripted")), image(codes=CARD)
    screened = await ours.screen(picture, ASK, plan)
    assert await ours.cached(picture.sha256, ASK, plan) == screened
    assert len(screened) == 3


@pytest.mark.asyncio
async def test_what_was_read_from_an_image_is_for_whoever_asked_and_is_not_kept() -> None:
    told = replace(VERDICT, cost=0.002, details=(Detail(DetailKind.TEXT, "my number is 555"),))
    shelf = Shelf()
    ours = router(other("vendor", replace(told, provider="vendor")), shelf=shelf)
    plan = Together(("vendor",))
    assert await ours.screen(image(), ASK, plan) == (replace(told, provider="vendor"),)
    await settle()
    bare = replace(VERDICT, provider="vendor")
    assert [v for v in shelf.kept.values() if v.provider == "vendor"] == [bare]
    assert await ours.screen(image(), ASK, plan) == (bare,)
    assert await ours.cached(image().sha256, ASK, plan, test_cards=False) == (bare,)


@pytest.mark.asyncio
async def test_half_known_is_unknown() -> None:
    ours = router(Scripted(), other("two"))
    await ours.screen(image(), ASK, PLAN)
    assert await ours.cached(image().sha256, ASK, Together(("scripted", "two"))) is None


@pytest.mark.asyncio
async def test_what_was_known_before_a_restart_is_known_after_it() -> None:
    shelf, provider = Shelf(), Scripted(ServerFault("must not be asked"))
    before = router(Scripted(), shelf=shelf)
    await before.screen(image(), ASK, PLAN)
    await before.aclose()
    after = router(provider, shelf=shelf)
    assert await after.cached(image().sha256, ASK, PLAN) == (VERDICT,)
    assert await after.screen(image(), ASK, PLAN) == (VERDICT,)
    assert provider.calls == 0
    reads = shelf.reads
    await after.cached(image().sha256, ASK, PLAN)
    assert shelf.reads == reads  # now from memory


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["bytes", "version", "ask"])
async def test_other_bytes_another_version_another_ask_are_judged_anew(what: str) -> None:
    provider = Scripted()
    ours = router(provider)
    await ours.screen(image(), ASK, PLAN)
    picture, ask = image(), ASK
    if what == "bytes":
        picture = image(sha256="cd" * 32)
    elif what == "version":
        provider.version = "m/2/1"
    else:
        ask = Ask(context=Context.HEAD_IMAGE)
    assert await ours.cached(picture.sha256, ask, PLAN) is None
    await ours.screen(picture, ask, PLAN)
    assert provider.calls == 2


@pytest.mark.asyncio
async def test_what_a_provider_does_not_heed_does_not_ask_it_again() -> None:
    provider = Scripted()  # heeds the context alone
    ours = router(provider)
    await ours.screen(image(), ASK, PLAN)
    await ours.screen(image(), Ask(language="de"), PLAN)
    assert provider.calls == 1


@pytest.mark.asyncio
async def test_a_raid_of_one_image_is_one_call() -> None:
    provider, shelf = Scripted(), Shelf()
    ours = router(provider, shelf=shelf)
    gate = provider.hold()
    raid = [asyncio.create_task(ours.screen(image(), ASK, PLAN)) for _ in range(50)]
    await settle()
    for waiter in (raid[0], raid[7]):
        waiter.cancel()
    await settle()
    gate.set()
    answers = await asyncio.gather(*raid, return_exceptions=True)
    assert [isinstance(a, asyncio.CancelledError) for a in answers].count(True) == 2
    assert [a for a in answers if a == (VERDICT,)] == [(VERDICT,)] * 48
    await ours.aclose()
    assert (provider.calls, shelf.writes) == (1, 2)  # the provider's verdict and the card reader's


@pytest.mark.asyncio
async def test_when_all_have_left_the_provider_is_left_alone() -> None:
    provider = Scripted()
    ours = router(provider)
    provider.hold()
    waiting = asyncio.create_task(ours.screen(image(), ASK, PLAN))
    await settle()
    waiting.cancel()
    await settle()
    assert (provider.calls, provider.running) == (1, 0)
    provider.gate = None
    assert await ours.screen(image(), ASK, PLAN) == (VERDICT,)


# --- the store ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_broken_store_costs_no_verdict() -> None:
    shelf, provider = Shelf(broken=True), Scripted()
    ours = router(provider, shelf=shelf)
    with capture_logs() as logs:
        assert await ours.screen(image(), ASK, PLAN) == (VERDICT,)
        assert await ours.cached("cd" * 32, ASK, PLAN) is None
        await ours.aclose()
    assert {(line["event"], line["error"]) for line in logs} == {("verdict_store_failed", "OSError")}
    assert "hunter2" not in str(logs)
    assert await ours.screen(image(), ASK, PLAN) == (VERDICT,)  # known in memory all the same
    assert provider.calls == 1


@pytest.mark.asyncio
async def test_memory_is_bounded_and_what_falls_out_is_on_the_shelf() -> None:
    shelf = Shelf()
    memory = Memory(shelf, size=10)
    keys = [Key(f"{n:064x}", VERDICT.provider, "v", "") for n in range(100)]
    for key in keys:
        memory.keep(key, VERDICT)
    await memory.flush()
    assert shelf.writes == 100
    assert await memory.get(keys[99]) == VERDICT
    assert shelf.reads == 0
    assert await memory.get(keys[0]) == VERDICT
    assert shelf.reads == 1


@pytest.mark.asyncio
async def test_a_disk_that_stands_still_does_not_fill_the_memory() -> None:
    class Stuck(Shelf):
        going = asyncio.Event()

        async def put(self, sha256: str, version: str, ask: str, verdict: Verdict) -> None:
            self.writes += 1
            await self.going.wait()

    stuck = Stuck()
    memory = Memory(stuck)
    for n in range(3000):
        memory.keep(Key(f"{n:064x}", "scripted", "v", ""), VERDICT)
    await settle()
    assert stuck.writes == 1024
    stuck.going.set()
    await memory.flush()


@pytest.mark.asyncio
async def test_closing_closes_every_provider_and_twice_is_once() -> None:
    one, two = other("one"), other("two")
    ours = router(one, two)
    await ours.aclose()
    await ours.aclose()
    assert (one.closed, two.closed) == (2, 2)


@pytest.mark.asyncio
async def test_images_of_one_flood_do_not_mix() -> None:
    """Each image's answer is its own, whatever runs at the same time."""

    class Echo(Scripted):
        async def screen(self, image: Image, ask: Ask) -> Verdict:
            await asyncio.sleep(0)
            return replace(VERDICT, request_id=image.sha256)

    ours = router(Echo())
    pictures = [image(sha256=f"{n % 40:064x}") for n in range(200)]
    answers = await asyncio.gather(*(ours.screen(p, ASK, PLAN) for p in pictures))
    assert [a[0].request_id for a in answers if isinstance(a[0], Verdict)] == [p.sha256 for p in pictures]


# --- known to be out ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_plan_is_out_where_everybody_in_it_is_known_to_be() -> None:
    clock = FakeClock()
    guards = {n: Guard(other(n, ServerFault("down")), clock=clock) for n in ("one", "two")}
    routed = Router({**guards, "well": other("well", VERDICT)}, Shelf())
    assert routed.out(ASK, Together(("one", "two"))) is None
    with capture_logs():
        for n in range(5):
            await routed.screen(image(sha256=f"{n:064x}"), ASK, Together(("one", "two")))
    out = routed.out(ASK, Together(("one", "two")))
    assert out is not None
    assert [(s.provider, s.reason, s.tried) for s in out if isinstance(s, Unscreened)] == [
        ("one", OUTAGE, False),
        ("two", OUTAGE, False),
    ]
    assert routed.out(ASK, Together(("one", "well"))) is None
    assert routed.out(ASK, Together(("nobody",))) is None
