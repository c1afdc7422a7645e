"""From a stream of bytes to screenings, and once with real pixels, the real sandbox and the real models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.media.intake import Intake
from bot.planning import Always
from bot.ports import Gone, Unfetchable
from bot.screening import Limits, Screener
from policies.model import Category, Evidence, Mode, Screening, Unscreened, UnscreenedReason, Verdict, Versions
from policies.presets import preset
from providers.base import Ask, Image
from providers.local.provider import LocalProvider
from providers.plans import Together
from providers.router import Router
from providers.testcard import draw
from tests.bot.street.world import GENERAL, Judge, Street, sha, shows

STANDARD = preset("standard")


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.asyncio
async def test_the_same_bytes_are_opened_and_judged_once_however_they_are_cut(street: Street) -> None:
    whole = shows("bad")
    first = await street.screener.look(stream(whole), STANDARD, GENERAL)
    again = await street.screener.look(stream(*(bytes([b]) for b in whole)), STANDARD, GENERAL)
    assert first.screenings == again.screenings
    assert first.sha256 == again.sha256 == sha(whole)
    assert (street.intake.opened, len(street.judge.asked)) == (1, 1)
    assert again.original == whole, "kept for evidence, in memory"


@pytest.mark.asyncio
async def test_a_raid_of_one_picture_is_one_call(street: Street) -> None:
    looks = await asyncio.gather(*(street.screener.look(stream(shows("bad")), STANDARD, GENERAL) for _ in range(100)))
    assert len(street.judge.asked) == 1
    assert len({look.screenings for look in looks}) == 1


@pytest.mark.asyncio
async def test_a_failure_is_never_remembered(street: Street) -> None:
    street.judge.down = True
    look = await street.screener.look(stream(shows("fine")), STANDARD, GENERAL)
    assert [s.reason for s in look.screenings if isinstance(s, Unscreened)] == [UnscreenedReason.OUTAGE]
    assert await street.screener.recall(sha(shows("fine")), STANDARD, GENERAL) is None
    street.judge.down = False
    look = await street.screener.look(stream(shows("fine")), STANDARD, GENERAL)
    assert [type(s) for s in look.screenings] == [Verdict]


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [Gone(), Unfetchable(UnscreenedReason.OUTAGE, "503")])
async def test_what_the_stream_raises_passes_through(street: Street, error: Exception) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise error

    with pytest.raises(type(error)):
        await street.screener.look(broken(), STANDARD, GENERAL)


@pytest.mark.asyncio
async def test_bytes_beyond_the_cap_are_not_kept_and_a_slow_stream_is_given_up(street: Street) -> None:
    screener = Screener(street.intake, street.router, Always(Together(("local",))), Limits(cap=10, deadline=0.01))
    with pytest.raises(Unfetchable) as large:
        await screener.look(stream(b"x" * 6, b"x" * 6), STANDARD, GENERAL)
    assert large.value.reason is UnscreenedReason.UNDECODABLE

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(60)

    with pytest.raises(Unfetchable) as late:
        await screener.look(slow(), STANDARD, GENERAL)
    assert late.value.reason is UnscreenedReason.OUTAGE


@pytest.mark.asyncio
async def test_evidence_comes_from_what_is_there(street: Street) -> None:
    picture = street.screener.picture
    fresh = await street.screener.look(stream(shows("bad")), STANDARD, GENERAL)
    known = await street.screener.look(stream(shows("bad")), STANDARD, GENERAL)
    recalled = await street.screener.recall(sha(shows("bad")), STANDARD, GENERAL)
    assert recalled is not None
    expected = b"mosaic of " + shows("bad")
    assert [await picture(look, Evidence.MOSAIC) for look in (fresh, known, recalled)] == [expected, expected, None]
    assert await picture(fresh, Evidence.NONE) is None
    broken = await street.screener.look(stream(shows("undecodable")), STANDARD, GENERAL)
    assert await picture(broken, Evidence.FULL) is None


@pytest.mark.asyncio
async def test_every_provider_of_the_plan_has_its_screening(street: Street) -> None:
    judges: Sequence[Judge] = (Judge("local"), Judge("second"))
    judges[1].down = True
    router = Router({j.name: j for j in judges}, street.store.verdicts)
    screener = Screener(street.intake, router, Always(Together(("local", "second"))))
    look = await screener.look(stream(shows("fine")), STANDARD, GENERAL)
    assert [(s.provider, type(s)) for s in look.screenings] == [("local", Verdict), ("second", Unscreened)]
    await router.aclose()


class Slow(Judge):
    """Answers when the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def screen(self, image: Image, ask: Ask) -> Screening:
        self.asked.append(image.sha256)
        await self.gate.wait()
        return Verdict(self.name, (), self.covers, Versions("1", "1", "1"))


@pytest.mark.asyncio
async def test_so_many_originals_are_in_memory_and_none_while_a_slow_provider_is_waited_for(street: Street) -> None:
    judge, reading, most = Slow(), 0, 0
    router = Router({"local": judge}, street.store.verdicts)
    screener = Screener(street.intake, router, Always(Together(("local",))), Limits(at_once=2))

    async def stream_of(picture: bytes) -> AsyncIterator[bytes]:
        nonlocal reading, most
        reading, most = reading + 1, max(most, reading + 1)
        await asyncio.sleep(0)
        yield picture
        reading -= 1

    looks = [asyncio.create_task(screener.look(stream_of(shows("fine", n)), STANDARD, GENERAL)) for n in range(9)]
    async with asyncio.timeout(10):
        while len(judge.asked) < len(looks):  # noqa: ASYNC110 - a count, not a signal
            await asyncio.sleep(0.002)
    assert most == 2
    judge.gate.set()
    assert all(look.still and look.original is None for look in await asyncio.gather(*looks))
    await router.aclose()


@pytest.mark.asyncio
async def test_a_real_test_card_goes_the_whole_way_with_real_pixels(street: Street) -> None:
    """The sandbox decodes it, the models look at it, its code is read, the post goes, the mosaic is a JPEG."""
    provider = LocalProvider()
    async with Intake(workers=1) as intake:
        street.intake = intake  # type: ignore[assignment]
        street.judges = (provider,)  # type: ignore[assignment]
        await street.restart()
        await street.policy(mode=Mode.ENFORCE)
        await street.post(draw(Category.SEXUAL_EXPLICIT, 0.95, "JPEG", 800))
        assert street.suggestions == ["block"]
        assert street.chat.done == ["Delete", "Warn", "PostCard"]
        [card] = street.chat.cards
        assert (card.card.picture or b"")[:3] == b"\xff\xd8\xff"
        [image] = (await street.case()).images
        assert (image.width, image.height) == (800, 450)
        assert {s.provider for s in image.screenings} == {"local", "testcard"}
        await street.post(b"\xff\xd8\xff this is no picture at all")
        assert street.suggestions == ["block", "review"]
    await provider.aclose()
