"""How a picture gets to the vendor, and what is never shown to one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script, Stored
from policies.model import Frames, Suggestion, Verdict
from providers.base import LINK, Ask, Image
from providers.errors import BadRequest, Crowded, Refused, Unavailable, UnsupportedFormat
from providers.hitpaw import Delivery, HitPawProvider, HitPawSettings
from providers.hitpaw.codes import Unfetched
from providers.hitpaw.delivery import direct_link
from providers.tickets import MemoryTickets
from tests.clock import FakeClock
from tests.providers.hitpaw.samples import ASK, KEY, Make, jpeg, picture

DISCORD = ("https://cdn.discordapp.com/", "https://media.discordapp.net/")
GOOD = "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=66aa&is=66ab&hm=ff00&"
TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


# --- upload -----------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_upload_is_presigned_put_and_fetched(vendor: HitPaw, provider: HitPawProvider) -> None:
    vendor.usual = Script(result="mid")
    found = await provider.screen(picture(), ASK)
    assert isinstance(found, Verdict)
    assert found.suggestion is Suggestion.REVIEW
    [presign], [put], [submit] = (vendor.asked(p) for p in ("/api/oss/presign-put", "/storage", "/api/image-nsfw"))
    name = presign.body["filename"]
    assert (len(name), name[-4:], presign.body["content_type"]) == (36, ".jpg", "image/jpeg")
    assert (put.method, put.body, put.headers["Content-Type"]) == ("PUT", jpeg(1), "image/jpeg")
    assert "Apikey" not in put.headers, "the storage never sees the key"
    assert submit.body == {"file_url": vendor.fetched[0]}
    assert [charge.credits for charge in vendor.charges] == [5]


@pytest.mark.asyncio
async def test_names_are_random_and_never_the_users(vendor: HitPaw, provider: HitPawProvider) -> None:
    await provider.screen(picture(1), ASK)
    await provider.screen(picture(2), ASK)
    names = [r.body["filename"] for r in vendor.asked("/api/oss/presign-put")]
    assert len(set(names)) == 2
    assert not any(picture(n).sha256[:16] in name for n in (1, 2) for name in names)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [403, 500, 429])
async def test_a_place_that_takes_nothing_is_replaced(vendor: HitPaw, provider: HitPawProvider, status: int) -> None:
    vendor.fail("/storage", status=status)
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert len(vendor.asked("/api/oss/presign-put")) == 2
    assert len(vendor.charges) == 1


@pytest.mark.asyncio
async def test_a_storage_that_never_takes_it_is_an_outage_and_costs_nothing(
    vendor: HitPaw, provider: HitPawProvider
) -> None:
    vendor.fail("/storage", status=403, times=None)
    with pytest.raises(Unavailable, match="storage answered 403"):
        await provider.screen(picture(), ASK)
    assert vendor.charges == []


@pytest.mark.asyncio
async def test_no_picture_goes_where_anybody_can_read_along(vendor: HitPaw, provider: HitPawProvider) -> None:
    place = {"upload_url": "http://oss.example/x", "access_url": "https://x/y.jpg", "content_type": "image/jpeg"}
    vendor.fail("/api/oss/presign-put", answer={"code": 0, "data": place}, times=None)
    with pytest.raises(Exception, match="not under https"):
        await provider.screen(picture(), ASK)
    assert vendor.asked("/storage") == []


@pytest.mark.asyncio
@pytest.mark.parametrize("changes", [{"still_type": "image/gif"}, {"still_type": ""}, {"still": b""}])
@pytest.mark.parametrize("by", [Delivery.UPLOAD, Delivery.RELAY])
async def test_what_the_vendor_does_not_take_is_refused_before_it_costs(
    vendor: HitPaw, make: Make, changes: dict[str, Any], by: Delivery
) -> None:
    provider = make(delivery=by, publisher=Window())
    with pytest.raises(UnsupportedFormat, match="JPEG, PNG and WebP"):
        await provider.screen(picture(**changes), ASK)
    assert vendor.requests == []


# --- relay (bot/web/relay.py has tests of its own) -----------------------------------------------------------


class Window:
    """A publisher that shows a picture lying in the vendor's own shop window."""

    def __init__(self, url: str = "https://unused.example/x.jpg", *, full: bool = False) -> None:
        self.url = url
        self.full = full
        self.open = self.shown = 0

    @asynccontextmanager
    async def publish(self, image: Image, *, seconds: float) -> AsyncIterator[str]:
        if self.full:
            raise Crowded("too many pictures are published already; it is asked again.")
        self.open += 1
        self.shown += 1
        try:
            yield self.url
        finally:
            self.open -= 1


def in_window(vendor: HitPaw) -> str:
    """A link under which the vendor finds a picture."""
    vendor.stored["w/x.jpg"] = Stored("image/jpeg", 0, jpeg(1), 10**12)
    return f"{vendor.url}/files/w/x.jpg"


@pytest.mark.asyncio
async def test_a_relayed_picture_stands_until_the_job_ends(vendor: HitPaw, make: Make) -> None:
    window = Window(in_window(vendor))
    provider = make(delivery="relay", publisher=window)
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert (window.shown, window.open) == (1, 0)
    assert vendor.asked("/storage") == [], "nothing was left at the vendor's"


@pytest.mark.asyncio
async def test_a_pending_job_keeps_its_picture_until_it_is_resumed(
    vendor: HitPaw, make: Make, clock: FakeClock
) -> None:
    window, tickets = Window(in_window(vendor)), MemoryTickets()
    provider = make(delivery="relay", publisher=window, tickets=tickets)
    vendor.script(Script(seconds=120, late=True))
    await provider.screen(picture(), ASK)
    assert window.open == 1
    await clock.sleep(120)
    [waiting] = await tickets.waiting("hitpaw")
    assert isinstance(await provider.resume(waiting.ticket), Verdict)
    assert window.open == 0


@pytest.mark.asyncio
async def test_a_submit_that_fails_takes_the_picture_back(vendor: HitPaw, make: Make) -> None:
    window = Window(in_window(vendor))
    provider = make(delivery="relay", publisher=window)
    vendor.fail("/api/image-nsfw", code=110402001)
    with pytest.raises(Exception, match="credits are spent"):
        await provider.screen(picture(), ASK)
    assert window.open == 0


@pytest.mark.asyncio
async def test_closing_takes_every_picture_back(vendor: HitPaw, make: Make) -> None:
    window = Window(in_window(vendor))
    provider = make(delivery="relay", publisher=window)
    vendor.script(Script(seconds=None))
    await provider.screen(picture(), ASK)
    assert window.open == 1
    await provider.aclose()
    assert window.open == 0


@pytest.mark.asyncio
async def test_a_full_relay_is_an_outage(vendor: HitPaw, make: Make) -> None:
    with pytest.raises(Unavailable, match="too many pictures"):
        await make(delivery="relay", publisher=Window(full=True)).screen(picture(), ASK)


def test_a_relay_without_a_publisher_cannot_be_made(clock: FakeClock) -> None:
    settings = HitPawSettings(KEY, delivery=Delivery.RELAY)
    with pytest.raises(ValueError, match="set BEHOLDER_PUBLIC_URL, or choose upload"):
        HitPawProvider(settings, tickets=MemoryTickets(), clock=clock)


# --- a link that the vendor cannot use -------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [100400001, 110400007, 110400012])
async def test_a_link_that_is_not_taken_is_replaced_by_one_upload(vendor: HitPaw, make: Make, code: int) -> None:
    window = Window(in_window(vendor))
    provider = make(delivery="relay", publisher=window)
    vendor.fail("/api/image-nsfw", code=code)
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert (len(vendor.asked("/storage")), len(vendor.charges), window.open) == (1, 1, 0)
    assert provider.tally["fallen_back"] == 1


@pytest.mark.asyncio
async def test_a_job_that_fails_on_its_link_is_replaced_by_one_upload(vendor: HitPaw, make: Make) -> None:
    provider = make(delivery="relay", publisher=Window(in_window(vendor)))
    vendor.script(Script(end="ERROR"))
    assert isinstance(await provider.screen(picture(), ASK), Verdict)
    assert (len(vendor.asked("/storage")), len(vendor.charges)) == (1, 2)


@pytest.mark.asyncio
async def test_whoever_wants_nothing_to_lie_at_the_vendors_can_have_that(vendor: HitPaw, make: Make) -> None:
    provider = make(delivery="relay", publisher=Window(in_window(vendor)), fall_back=False)
    vendor.script(Script(end="ERROR"))
    with pytest.raises(UnsupportedFormat):
        await provider.screen(picture(1), ASK)
    vendor.fail("/api/image-nsfw", code=110400012)
    with pytest.raises(Refused, match="choose the delivery upload"):
        await provider.screen(picture(2), ASK)
    with pytest.raises(UnsupportedFormat):
        await provider.screen(picture(1), ASK)
    assert (vendor.asked("/storage"), len(vendor.charges)) == ([], 1)


@pytest.mark.asyncio
async def test_an_upload_that_fails_is_not_paid_for_again(vendor: HitPaw, provider: HitPawProvider) -> None:
    vendor.script(Script(end="ERROR"))
    for _ in range(3):
        with pytest.raises(UnsupportedFormat, match="look at it yourself"):
            await provider.screen(picture(), ASK)
    assert len(vendor.charges) == 1


# --- direct --------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_of_an_animation_the_vendor_is_shown_our_sheet_of_frames_and_not_the_original(
    vendor: HitPaw, make: Make
) -> None:
    link, moving = in_window(vendor), replace(picture(), frames=Frames(8, 120))
    await make(delivery="direct").screen(moving, Ask(options=((LINK, link),)))
    [call] = vendor.asked("/api/image-nsfw")
    assert call.body != {"file_url": link}


@pytest.mark.asyncio
async def test_a_direct_link_goes_to_the_vendor_and_is_not_kept(vendor: HitPaw, make: Make) -> None:
    tickets, link = MemoryTickets(), in_window(vendor)
    provider = make(delivery="direct", tickets=tickets)
    vendor.script(Script(seconds=None))
    await provider.screen(picture(), Ask(options=((LINK, link),)))
    assert vendor.asked("/api/image-nsfw")[0].body == {"file_url": link}
    [waiting] = await tickets.waiting()
    assert waiting.ticket.ask.options == ()
    assert link not in str(waiting)


def test_a_link_is_no_part_of_what_is_asked() -> None:
    """Else it would be stored with a verdict's key, and every copy of an image would be another ask."""
    plain = Ask(options=(("biz_type", "strict"),))
    assert Ask(options=(("biz_type", "strict"), (LINK, GOOD))).key == plain.key != ASK.key


@pytest.mark.asyncio
async def test_a_vendor_that_stumbles_over_the_query_gets_an_upload(vendor: HitPaw, make: Make) -> None:
    """A naive look for the ending finds `.jpg?ex=…` in every link of Discord's."""
    vendor._naive = True
    provider = make(delivery="direct")
    found = await provider.screen(picture(), Ask(options=((LINK, in_window(vendor) + "?ex=1&is=2&hm=3"),)))
    assert isinstance(found, Verdict)
    assert (len(vendor.asked("/storage")), len(vendor.charges)) == (1, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("options", [(), ((LINK, ""),), ((LINK, "{}/files/a.gif"),)])
async def test_without_a_usable_link_it_is_uploaded_unless_that_is_switched_off(
    vendor: HitPaw, make: Make, options: tuple[tuple[str, str], ...]
) -> None:
    ask = Ask(options=tuple((name, link.format(vendor.url)) for name, link in options))
    with pytest.raises(Refused, match="upload or relay"):
        await make(delivery="direct", fall_back=False).screen(picture(), ask)
    assert vendor.requests == []
    assert isinstance(await make(delivery="direct").screen(picture(), ask), Verdict)
    assert (len(vendor.asked("/storage")), len(vendor.charges)) == (1, 1)


@pytest.mark.asyncio
@pytest.mark.parametrize("link", [f"https://api.telegram.org/file/bot{TOKEN}/a.jpg", "https://evil.example/a.jpg"])
async def test_a_link_that_must_not_be_shown_ends_it_and_reaches_nobody(vendor: HitPaw, make: Make, link: str) -> None:
    with pytest.raises(BadRequest, match="choose another delivery"):
        await make(delivery="direct").screen(picture(), Ask(options=((LINK, link),)))
    assert vendor.requests == []


@pytest.mark.parametrize(
    "link",
    [
        GOOD,
        "https://media.discordapp.net/attachments/1/2/cat.webp?width=400",
        "https://cdn.discordapp.com/avatars/1/a_b.jpeg",
        "https://CDN.discordapp.com/attachments/1/2/CAT.JPG",
    ],
)
def test_links_that_may_be_shown(link: str) -> None:
    assert direct_link(link, DISCORD) == link


@pytest.mark.parametrize(
    "link",
    [
        f"https://api.telegram.org/file/bot{TOKEN}/photos/file_1.jpg",
        f"https://API.Telegram.org:443/file/bot{TOKEN}/photos/file_1.jpg",
        f"https://api.telegram.org/file%2Fbot{TOKEN.replace(':', '%3A')}/photos/file_1.jpg",
        f"https://api.telegram.org/file%252Fbot{TOKEN.replace(':', '%253a')}/x.jpg",
        f"https://cdn.discordapp.com/external/https/api.telegram.org/file/bot{TOKEN}/x.jpg",
        f"https://cdn.discordapp.com/x.jpg?from=/bot{TOKEN}/",
        f"https://proxy.example/bot{TOKEN}/x.jpg",
        f"https://me:you@api.telegram.org/file/BOT{TOKEN}/x.jpg",
        "https://api.telegram.org/x.jpg",
        "//api.telegram.org/x.jpg",
    ],
)
def test_nothing_of_telegrams_is_shown(link: str) -> None:
    with pytest.raises(BadRequest, match="holds the bot's token is never shown") as caught:
        direct_link(link, (*DISCORD, "https://proxy.example/"))
    assert TOKEN[:9] not in str(caught.value)


@pytest.mark.parametrize(
    "link",
    [
        "http://cdn.discordapp.com/a.jpg",
        "https://cdn.discordapp.com.evil.example/a.jpg",
        "https://cdn.discordapp.com@evil.example/a.jpg",
        "https://evil.example\\@cdn.discordapp.com/a.jpg",
        "https://cdn.discordapp.com:8443/a.jpg",
        "https://cdn.discordapp.com:x/a.jpg",
        "https://user@cdn.discordapp.com/a.jpg",
        "https://cdn.discordapp.com/a.jpg#x",
        "https://cdn.discordapp.com/../a.jpg",
        "https://cdn.discordapp.com/%2e%2e/a.jpg",
        "https://cdn.discordapp.com/a b.jpg",
        "https://cdn.discordapp.com/ä.jpg",
        "https://127.0.0.1/a.jpg",
        "file:///etc/passwd.jpg",
        "cdn.discordapp.com/a.jpg",
        "https://[::1/a.jpg",
    ],
)
def test_no_other_place_is_shown(link: str) -> None:
    with pytest.raises(BadRequest, match="no place that may be shown"):
        direct_link(link, DISCORD)


def test_a_place_may_have_a_path() -> None:
    places = ("http://127.0.0.1:99/cdn/",)
    assert direct_link("http://127.0.0.1:99/cdn/a.jpg", places)
    with pytest.raises(BadRequest):
        direct_link("http://127.0.0.1:99/api/a.jpg", places)


@pytest.mark.parametrize("link", ["https://cdn.discordapp.com/unknown", "https://cdn.discordapp.com/a.gif?x=.jpg"])
def test_an_ending_that_the_vendor_does_not_take_is_refused_before_it_costs(link: str) -> None:
    with pytest.raises(Unfetched, match=r"\.jpg, \.jpeg, \.png or \.webp"):
        direct_link(link, DISCORD)


PIECES = st.lists(
    st.sampled_from(
        ["https://", "http://", "//", "api.telegram.org", "cdn.discordapp.com", "/", "file", "\\", "@", "?"]
    )
    | st.sampled_from([".jpg", ".png", ":443", "..", "%2f", "#", " ", "photos", "BOT", "telegram.org."])
    | st.just(f"/bot{TOKEN}")
    | st.text(max_size=4),
    max_size=9,
)


@given(PIECES, st.integers(0, 3))
@example(["https://", "cdn.discordapp.com", f"/bot{TOKEN}", "/x", ".jpg"], 0)
def test_no_token_and_no_host_of_telegrams_ever_gets_through(pieces: list[str], layers: int) -> None:
    link = "".join(pieces)
    for _ in range(layers):
        link = quote(link, safe=":/.?")
    try:
        shown = direct_link(link, DISCORD)
    except Refused as error:
        assert TOKEN not in str(error)  # noqa: PT017
        return
    assert TOKEN not in shown
    assert shown.lower().startswith(DISCORD)


# --- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", " ", "a b", "ä", "line\nbreak", "a\tb"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="copy it again") as caught:
        HitPawSettings(key)
    assert not key.strip() or key not in str(caught.value)


@pytest.mark.parametrize("url", ["http://api-base.hitpaw.com", "ftp://x", "x", "", "https://", "http://[::1"])
def test_the_key_is_not_sent_where_anybody_can_read_along(url: str) -> None:
    with pytest.raises(ValueError, match="https://"):
        HitPawSettings(KEY, url=url)


@pytest.mark.parametrize("place", ["https://api.telegram.org/", "http://x.example/", "https://x.example/cdn"])
def test_places_of_direct_links_are_checked_too(place: str) -> None:
    with pytest.raises(ValueError, match="never Telegram's"):
        HitPawSettings(KEY, direct_from=(place,))


@pytest.mark.parametrize("changes", [{"soft_deadline": 0.0}, {"credit_price": -1.0}])
def test_numbers_that_make_no_sense(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="soft_deadline"):
        HitPawSettings(KEY, **changes)  # type: ignore[arg-type]


def test_a_key_is_not_in_its_settings_repr() -> None:
    assert KEY not in repr(HitPawSettings(KEY))
    assert HitPawSettings(KEY).task_cost == pytest.approx(0.005)
