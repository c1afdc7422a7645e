"""Where bytes come from: the original, the platform's own smaller copy, or what is known of an id."""

from __future__ import annotations

import pytest

from bot.looking import Eyes
from bot.model import Event, EventKind, Look, Media, MediaKind
from bot.ports import Gone, Unfetchable
from policies.model import Listed, Unscreened, UnscreenedReason
from tests.bot.street.world import HOME, Judge, Street, sha, shows

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
