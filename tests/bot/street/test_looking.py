"""Where bytes come from: the original, the platform's own smaller copy, or what is known of an id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.looking import Eyes
from bot.model import Event, EventKind, Look, Media, MediaKind, Tenant
from bot.ports import Gone, Unfetchable
from policies.model import Listed, Screening, Unscreened, UnscreenedReason
from providers.base import LINK, Ask, Image
from tests.bot.street.world import HOME, Judge, Street, sha, shows
from tests.clock import FakeClock

TOO_LARGE = Unfetchable(UnscreenedReason.UNDECODABLE, "larger than 32 MB")
OUT = Unfetchable(UnscreenedReason.OUTAGE, "the host says 503")


async def look(street: Street, event: Event) -> dict[Media, Look]:
    eyes = Eyes({"discord": street.chat}, street.screener, street.store.lists)
    policy, _ = await street.store.settings.policy(HOME)
    return await eyes.look(event, policy)


async def one(street: Street, event: Event) -> Look:
    [only] = (await look(street, event)).values()
    return only


def reason(seen: Look) -> UnscreenedReason:
    [screening] = seen.screenings
    assert isinstance(screening, Unscreened)
    return screening.reason


@pytest.mark.asyncio
@pytest.mark.parametrize("original", [TOO_LARGE, shows("undecodable")])
async def test_what_is_over_our_limits_is_seen_in_the_platforms_smaller_copy(
    street: Street, original: bytes | Unfetchable
) -> None:
    event = street.event(original)
    street.chat.reduced[event.media[0].key] = shows("bad")
    seen = await one(street, event)
    assert not isinstance(seen.screenings[0], Unscreened)
    assert seen.still == shows("bad"), "the evidence is what was seen"
    assert seen.sha256 == (sha(original) if isinstance(original, bytes) else "")


@pytest.mark.asyncio
async def test_the_copys_own_bytes_are_on_no_list(street: Street) -> None:
    """Two originals may have one reduced copy: that it is allowed for one says nothing of the other."""
    await street.store.lists.put(HOME, sha(shows("bad")), Listed.ALLOWED, "mo", "a test")
    event = street.event(shows("undecodable"))
    street.chat.reduced[event.media[0].key] = shows("bad")
    await street.see(event)
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
@pytest.mark.parametrize("copy", [Gone(), OUT, TOO_LARGE, shows("undecodable"), shows("tiny")])
async def test_where_no_copy_helps_the_original_stays_undecodable(
    street: Street, copy: bytes | Gone | Unfetchable
) -> None:
    event = street.event(TOO_LARGE)
    street.chat.reduced[event.media[0].key] = copy
    assert reason(await one(street, event)) is UnscreenedReason.UNDECODABLE


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("original", "expected"),
    [(OUT, UnscreenedReason.OUTAGE), (shows("tiny"), UnscreenedReason.TINY)],
)
async def test_a_copy_is_asked_for_only_where_it_may_help(
    street: Street, original: bytes | Unfetchable, expected: UnscreenedReason
) -> None:
    event = street.event(original)
    street.chat.reduced[event.media[0].key] = shows("fine")
    assert reason(await one(street, event)) is expected


@pytest.mark.asyncio
async def test_an_id_that_never_changes_is_fetched_once(street: Street) -> None:
    sticker = street.media(shows("bad"), kind=MediaKind.STICKER, key="sticker:1", immutable=True)
    street.chat.pictures["sticker:1"] = shows("bad")
    await street.see(street.event(media=(sticker,)))
    street.chat.pictures["sticker:1"] = Gone()
    await street.see(street.event(media=(sticker,)))
    assert street.suggestions == ["block", "block"]
    assert len(street.judge.asked) == 1


@pytest.mark.asyncio
async def test_an_id_is_known_on_its_own_platform_only(street: Street) -> None:
    await street.store.lists.know("telegram", "sticker:1", sha(shows("fine")))
    sticker = street.media(shows("bad"), kind=MediaKind.STICKER, key="sticker:1", immutable=True)
    street.chat.pictures["sticker:1"] = shows("bad")
    await street.see(street.event(media=(sticker,)))
    assert street.suggestions == ["block"]


@pytest.mark.asyncio
async def test_a_known_id_whose_verdict_is_outdated_is_fetched_again(street: Street) -> None:
    sticker = street.media(shows("fine"), kind=MediaKind.STICKER, key="sticker:1", immutable=True)
    street.chat.pictures["sticker:1"] = shows("fine")
    await street.see(street.event(media=(sticker,)))
    newer = Judge()
    newer.version = "2/1/1"
    street.judges = (newer,)
    await street.restart()
    await street.see(street.event(media=(sticker,)))
    assert newer.asked == [sha(shows("fine"))]


@pytest.mark.asyncio
async def test_an_id_whose_bytes_may_change_is_never_taken_for_known(street: Street) -> None:
    embed = street.media(shows("fine"), kind=MediaKind.EMBED, key="embed:1")
    street.chat.pictures["embed:1"] = shows("fine")
    await street.see(street.event(media=(embed,)))
    street.chat.pictures["embed:1"] = shows("bad")
    await street.see(street.event(media=(embed,), kind=EventKind.EDIT))
    assert street.suggestions == ["pass", "block"]


@pytest.mark.asyncio
async def test_an_error_that_nobody_foresaw_is_no_verdict(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(original: bytes) -> None:
        raise ZeroDivisionError

    event = street.event(shows("fine"), shows("bad"))
    monkeypatch.setattr(street.intake, "open", broken)
    await street.see(event)
    assert (street.suggestions, street.jobs()) == ([], ["todo"])
    monkeypatch.undo()
    await street.later(5)
    assert street.suggestions == ["block"]


# --- links that a vendor may be shown -----------------------------------------------------------------------


class Shown(Judge):
    """A judge that writes down which links it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str | None] = []

    async def screen(self, image: Image, ask: Ask) -> Screening:
        self.links.append(dict(ask.options).get(LINK))
        return await super().screen(image, ask)


@dataclass
class Keeper:
    """`bot.ports.Links` of a platform that says this of every image; how often it was asked."""

    says: str | None
    asked: int = 0

    def link(self, event: Event, media: Media) -> str | None:
        self.asked += 1
        return self.says


SIGNED = "https://cdn.discordapp.com/attachments/1/2/a.jpg?ex=1&is=2&hm=3"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"


def kept_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def shown(tmp_path: Path, platform: str, links: Mapping[str, Keeper], *contents: bytes) -> list[str | None]:
    judge = Shown()
    async with Street(tmp_path, FakeClock(), [judge]) as street:
        policy, _ = await street.store.settings.policy(HOME)
        eyes = Eyes({platform: street.chat}, street.screener, street.store.lists, links=links)
        for content in contents:
            event = street.event(content)
            await eyes.look(replace(event, tenant=Tenant(platform, HOME.id)), policy)
    return judge.links


@pytest.mark.asyncio
async def test_a_platforms_link_goes_along_where_a_vendor_wants_it(tmp_path: Path) -> None:
    keeper = Keeper(SIGNED)
    assert await shown(tmp_path, "discord", {"discord": keeper}, shows("bad"), shows("bad")) == [SIGNED]
    assert keeper.asked == 1, "what is known of these bytes needs none"


@pytest.mark.asyncio
async def test_nobody_is_asked_for_one_where_none_is_wanted(tmp_path: Path) -> None:
    assert await shown(tmp_path, "discord", {}, shows("bad")) == [None]


@pytest.mark.asyncio
async def test_of_what_was_only_seen_reduced_no_link_is_handed_on(tmp_path: Path) -> None:
    judge = Shown()
    async with Street(tmp_path, FakeClock(), [judge]) as street:
        policy, _ = await street.store.settings.policy(HOME)
        event = street.event(TOO_LARGE)
        street.chat.reduced[event.media[0].key] = shows("bad")
        eyes = Eyes({"discord": street.chat}, street.screener, street.store.lists, links={"discord": Keeper(SIGNED)})
        await eyes.look(event, policy)
    assert judge.links == [None]


@pytest.mark.asyncio
@pytest.mark.parametrize("platform", ["telegram", "discord"])
@pytest.mark.parametrize(
    "says",
    [
        f"https://api.telegram.org/file/bot{TOKEN}/photos/file_1.jpg",
        f"http://127.0.0.1:8081/file/bot{TOKEN}/photos/file_1.jpg",
        f"https://files.example/file%2Fbot{TOKEN.replace(':', '%3A')}/photos/file_1.jpg",
        f"https://files.example/FILE/BOT{TOKEN}/file_1.jpg",
        f"https://files.example/a.jpg?with={TOKEN.replace(':', '%253a')}",
        "https://api.telegram.org/file/a.jpg",
    ],
)
async def test_whatever_a_platform_says_no_token_goes_further(tmp_path: Path, platform: str, says: str) -> None:
    assert await shown(tmp_path, platform, {platform: Keeper(says)}, shows("bad")) == [None]


@pytest.mark.asyncio
async def test_the_link_is_in_nothing_that_is_kept(tmp_path: Path) -> None:
    await shown(tmp_path, "discord", {"discord": Keeper(SIGNED)}, shows("bad"), shows("doubtful"))
    assert b"cdn.discordapp.com" not in kept_in(tmp_path)
