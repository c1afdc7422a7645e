"""Pictures under our own links, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.config import Config
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.web.health import Web
from bot.web.relay import HEADERS, Relay
from policies.model import Screening, Suggestion, Unscreened, UnscreenedReason, Verdict
from providers.base import Publisher, Record, Ticket
from providers.errors import Crowded, UnsupportedFormat
from providers.guard import Guard
from providers.latecomers import Latecomers
from providers.tickets import MemoryTickets
from tests.bot.web.test_health import Patient
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import ASK, KEY, jpeg, picture, provider_of

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(auto=True)


class Shop:
    """A web server with a relay; links lead to its real port."""

    def __init__(self, clock: FakeClock, **bounds: int) -> None:
        self.relay = Relay("http://127.0.0.1:1", clock, **bounds)

    async def ask(self, link: str, method: str = "GET") -> Answer:
        async with aiohttp.ClientSession() as session, session.request(method, link) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, await answer.read()


@pytest_asyncio.fixture
async def shop(clock: FakeClock) -> AsyncIterator[Shop]:
    shop = Shop(clock)
    async with Web(Config(web_port=0), Patient(), routes=shop.relay.routes) as web:
        shop.relay._base = f"http://127.0.0.1:{web.port}"
        yield shop


def publisher_of(relay: Relay) -> Publisher:
    """Type-checked, not run: it is the port."""
    return relay


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "ending"), [("image/jpeg", ".jpg"), ("image/png", ".png"), ("image/webp", ".webp")])
async def test_a_link_serves_the_still_while_it_is_open(shop: Shop, kind: str, ending: str) -> None:
    async with shop.relay.publish(picture(still_type=kind), seconds=60) as link:
        assert link.endswith(ending)
        assert "?" not in link
        status, headers, body = await shop.ask(link)
        assert (status, body, headers["content-type"]) == (200, jpeg(1), kind)
        for name, value in HEADERS.items():
            assert headers[name.lower()] == value
        status, headers, body = await shop.ask(link, "HEAD")
        assert (status, body, headers["content-length"]) == (200, b"", str(len(jpeg(1))))
    assert (await shop.ask(link))[0] == 404
    assert shop.relay.open == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_it_is_there_to_be_read(shop: Shop, method: str) -> None:
    async with shop.relay.publish(picture(), seconds=60) as link:
        assert (await shop.ask(link, method))[0] == 405


@pytest.mark.asyncio
async def test_a_link_ends_with_its_seconds_whoever_holds_it_open(shop: Shop, clock: FakeClock) -> None:
    async with shop.relay.publish(picture(), seconds=60) as link:
        await clock.sleep(59)
        assert (await shop.ask(link))[0] == 200
        await clock.sleep(2)
        assert (await shop.ask(link))[0] == 404
        async with shop.relay.publish(picture(), seconds=60):
            assert shop.relay.open == 1, "what has expired holds no memory"


@pytest.mark.asyncio
async def test_expired_forged_and_unknown_look_the_same(shop: Shop) -> None:
    async with shop.relay.publish(picture(), seconds=60) as link:
        head, signed, name = link.rsplit("/", 2)
        expires, _, signature = signed.partition(".")
        forged = [
            f"{head}/{int(expires) + 1}.{signature}/{name}",
            f"{head}/{expires}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}/{name}",
            f"{head}/{expires}./{name}",
            f"{head}/{expires}.{signature}/{'0' * 32}.jpg",
            f"{head}/{expires}.{signature}/{name[:-4]}.png",
            f"{head}/x.%C3%A4/{name}",
        ]
        answers = [await shop.ask(f) for f in forged]
        assert {(status, body) for status, _, body in answers} == {(404, b"")}
        shapes = [{k: v for k, v in headers.items() if k != "date"} for _, headers, _ in answers]
        assert all(shape == shapes[0] for shape in shapes)
        assert (await shop.ask(link))[0] == 200


@pytest.mark.asyncio
async def test_names_are_random_and_say_nothing(shop: Shop) -> None:
    async with AsyncExitStack() as stack:
        links = [await stack.enter_async_context(shop.relay.publish(picture(), seconds=60)) for _ in range(50)]
        assert len({link.rsplit("/", 1)[1] for link in links}) == 50
        assert not any(picture().sha256[-8:] in link for link in links)


@pytest.mark.asyncio
async def test_one_link_is_not_read_for_ever_and_strangers_do_not_disturb_it(shop: Shop, clock: FakeClock) -> None:
    async with shop.relay.publish(picture(), seconds=600) as link, shop.relay.publish(picture(), seconds=600) as other:
        head = link.rsplit("/", 2)[0]
        strangers = [(await shop.ask(f"{head}/1.ab/{n:032x}.jpg"))[0] for n in range(70)]
        assert (strangers[0], strangers[-1]) == (404, 429)
        found = [(await shop.ask(link))[0] for _ in range(14)]
        assert found == [200] * 12 + [429] * 2
        assert (await shop.ask(other))[0] == 200
        await clock.sleep(3)
        assert (await shop.ask(link))[0] == 200


@pytest.mark.asyncio
async def test_memory_is_bounded(clock: FakeClock) -> None:
    few = Relay("https://x.example", clock, most=2)
    small = Relay("https://x.example", clock, most_bytes=len(jpeg(1)) + 10)
    async with AsyncExitStack() as stack:
        for relay, fits in ((few, 2), (small, 1)):
            for _ in range(fits):
                await stack.enter_async_context(relay.publish(picture(), seconds=60))
            with pytest.raises(Crowded, match="Too many pictures"):
                await stack.enter_async_context(relay.publish(picture(), seconds=60))
    async with few.publish(picture(), seconds=60):
        assert few.open == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("changes", [{"still": b""}, {"still_type": "text/html"}, {"still_type": "image/svg+xml"}])
async def test_nothing_but_a_still_is_shown(clock: FakeClock, changes: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedFormat):
        async with Relay("https://x.example", clock).publish(picture(**changes), seconds=60):
            pass


@pytest.mark.parametrize("url", ["", "http://bot.example", "bot.example", "https://", "https://x/?a=1", "http://[::1"])
def test_an_address_that_no_vendor_should_be_given(clock: FakeClock, url: str) -> None:
    with pytest.raises(ValueError, match="BEHOLDER_PUBLIC_URL must begin with https"):
        Relay(url, clock)


def test_a_path_in_front_is_kept(clock: FakeClock) -> None:
    assert Relay("https://x.example/bot/", clock)._base == "https://x.example/bot"


# --- with the vendor ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_vendor_fetches_from_us_and_then_the_link_is_gone(shop: Shop, clock: FakeClock) -> None:
    async with HitPaw(KEY, clock=clock, usual=Script(result="high")) as vendor:
        provider = provider_of(vendor.url, clock, delivery="relay", publisher=shop.relay)
        found = await provider.screen(picture(), ASK)
        assert isinstance(found, Verdict)
        assert found.suggestion is Suggestion.BLOCK
        [link] = vendor.fetched
        assert link.startswith(shop.relay._base)
        assert (await shop.ask(link))[0] == 404
        assert vendor.asked("/storage") == []
        await provider.aclose()


@pytest.mark.asyncio
async def test_after_a_restart_the_picture_is_gone_and_uploaded_once(shop: Shop, clock: FakeClock) -> None:
    async with HitPaw(KEY, clock=clock) as vendor:
        tickets = MemoryTickets()
        vendor.script(Script(seconds=60, late=True))
        before = provider_of(vendor.url, clock, delivery="relay", publisher=shop.relay, tickets=tickets)
        assert isinstance(await before.screen(picture(), ASK), Unscreened)
        await before.aclose()
        assert shop.relay.open == 0
        await clock.sleep(60)
        after = provider_of(vendor.url, clock, delivery="relay", publisher=shop.relay, tickets=tickets)
        [waiting] = await tickets.waiting()
        told = await after.resume(waiting.ticket)
        assert isinstance(told, Unscreened)
        assert (told.reason, "uploaded once instead" in told.detail) == (UnscreenedReason.OUTAGE, True)
        assert isinstance(await after.screen(picture(), ASK), Verdict)
        assert (len(vendor.charges), len(vendor.asked("/storage"))) == (2, 1)
        await after.aclose()


@pytest.mark.asyncio
async def test_links_that_a_restart_ended_do_not_pause_the_vendor(shop: Shop, clock: FakeClock) -> None:
    async with HitPaw(KEY, clock=clock) as vendor:
        tickets = MemoryTickets()
        vendor.script(*[Script(seconds=60, late=True)] * 6)
        before = provider_of(vendor.url, clock, delivery="relay", publisher=shop.relay, tickets=tickets)
        for n in range(6):
            assert isinstance(await before.screen(picture(n), ASK), Unscreened)
        await before.aclose()
        await clock.sleep(60)
        guard = Guard(
            provider_of(vendor.url, clock, delivery="relay", publisher=shop.relay, tickets=tickets), clock=FakeClock()
        )
        ended: list[Screening] = []

        async def hear(ticket: Ticket, screening: Screening) -> None:
            ended.append(screening)

        late = Latecomers({"hitpaw": guard}, tickets, clock, hear)
        await late.look()
        await clock.sleep(30)
        await late.look()
        assert [s.reason for s in ended if isinstance(s, Unscreened)] == [UnscreenedReason.OUTAGE] * 6
        assert not guard.paused
        assert isinstance(await guard.screen(picture(0), ASK), Verdict)
        await guard.aclose()


@pytest.mark.asyncio
async def test_a_full_relay_does_not_pause_the_vendor(shop: Shop, clock: FakeClock) -> None:
    shop.relay._most = 0
    async with HitPaw(KEY, clock=clock) as vendor:
        guard = Guard(provider_of(vendor.url, clock, delivery="relay", publisher=shop.relay), clock=FakeClock())
        for n in range(6):
            with pytest.raises(Crowded):
                await guard.screen(picture(n), ASK)
        assert (guard.paused, guard.record, guard.out()) == (False, Record(), None)
        shop.relay._most = 1
        assert isinstance(await guard.screen(picture(0), ASK), Verdict)
        await guard.aclose()
