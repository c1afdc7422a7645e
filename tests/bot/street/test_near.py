"""Pictures that nearly look like one that was removed, on their way through the street: real pictures, real hashes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image as Pictures

from bot.media.fingerprint import fingerprint
from bot.media.intake import Intake
from bot.model import CaseState, EventKind, MediaKind
from bot.sandbox.pictures import landscape
from bot.store.past import past
from bot.store.retention import sweep
from policies.model import (
    Category,
    Context,
    Frames,
    Label,
    Listed,
    Place,
    Reason,
    ReasonCode,
    Screening,
    Suggestion,
    Unscreened,
    UnscreenedReason,
    Verdict,
    Versions,
)
from policies.replay import replay
from providers.base import Ask, Image
from tests.bot.media.pictures import encoded, opened, photo
from tests.bot.street.world import AWAY, HOME, Judge, Pretended, Street, sha
from tests.clock import FakeClock

BAD = photo(1, (640, 480))
ORIGINAL = encoded(BAD, "PNG")
ELSE = encoded(photo(2, (640, 480)), "JPEG", quality=90)
TOO_LARGE = Unscreened("media", UnscreenedReason.UNDECODABLE, "too large")
LIKE_1 = Reason(ReasonCode.NEAR_KNOWN, detail="1")
RESTRICTED = Place(Context.GROUP_MESSAGE, "7", age_restricted=True)

COPIES: dict[str, Callable[[Pictures.Image], bytes]] = {
    "saved anew": lambda picture: encoded(picture, "JPEG", quality=30),
    "made smaller": lambda picture: encoded(picture.resize((320, 240)), "JPEG", quality=85),
    "cut a little": lambda picture: encoded(picture.crop((12, 9, 628, 471)), "PNG"),
    "another format": lambda picture: encoded(picture, "WEBP", quality=60),
}


class Decoding(Pretended):
    """Real pictures, decoded here and without a sandbox."""

    async def open(self, original: bytes) -> Image:
        self.opened += 1
        picture = opened(original)
        looks = fingerprint(picture.convert("RGB"))
        return Image(sha(original), "png", *picture.size, Frames(), still=original, fingerprint=looks)


class Exact(Judge):
    """A provider that knows some images by their bytes, and finds nothing in any other."""

    def __init__(self) -> None:
        super().__init__("local")
        self.bad = {sha(ORIGINAL)}

    async def screen(self, image: Image, ask: Ask) -> Screening:
        self.asked.append(image.sha256)
        labels = (Label(Category.SEXUAL_EXPLICIT, "porn", 0.95),) if image.sha256 in self.bad else ()
        return Verdict(self.name, labels, self.covers, Versions("1", "1", "1"))


@pytest_asyncio.fixture
async def street(folder: Path, clock: FakeClock) -> AsyncIterator[Street]:
    street = Street(folder, clock, [Exact()])
    street.intake = Decoding()
    async with street:
        await street.policy()
        yield street


async def removed(street: Street) -> None:
    """The original was posted, and is the first case."""
    await street.post(ORIGINAL)
    assert street.suggestions == ["block"]
    street.chat.actions.clear()


def copy(what: str = "saved anew") -> bytes:
    return COPIES[what](BAD)


@pytest.mark.asyncio
async def test_copies_of_a_removed_picture_come_before_the_moderators_and_stay_up(street: Street) -> None:
    await removed(street)
    for number, what in enumerate(COPIES, start=2):
        await street.post(copy(what))
        case = await street.case(number)
        assert (what, case.decision.suggestion, case.decision.reasons) == (what, Suggestion.REVIEW, (LIKE_1,))
        near = case.images[0].near
        assert near is not None
        assert (near.sha256, near.case, near.categories) == (sha(ORIGINAL), 1, frozenset({Category.SEXUAL_EXPLICIT}))
    assert street.chat.done == ["PostCard"] * len(COPIES)
    assert all("nearly looks like an image that was removed here (case #1)" in str(c) for c in street.chat.cards)
    assert street.strikes == 1, "that of the original"


@pytest.mark.asyncio
async def test_every_copy_is_looked_at_itself(street: Street) -> None:
    judge = street.judge
    assert isinstance(judge, Exact)
    await removed(street)
    judge.bad.add(sha(copy()))
    await street.post(copy())
    assert street.suggestions == ["block", "block"]
    spoke = {r.code for r in (await street.case(2)).decision.reasons}
    assert ReasonCode.THRESHOLD_REMOVE in spoke
    assert ReasonCode.NEAR_KNOWN not in spoke, "what goes anyway is not held up by what it looks like"


@pytest.mark.asyncio
async def test_another_picture_and_another_guild_are_nothing(street: Street) -> None:
    await removed(street)
    await street.policy(AWAY)
    await street.post(ELSE)
    await street.post(copy(), tenant=AWAY)
    assert street.suggestions == ["block", "pass", "pass"]


@pytest.mark.asyncio
async def test_an_overturned_case_is_no_example_any_more(street: Street) -> None:
    await removed(street)
    await street.post(copy())
    await street.store.ledger.decide_case(HOME, 1, CaseState.OVERTURNED, "55")
    await street.post(copy("made smaller"))
    await street.post(copy())
    assert street.suggestions == ["block", "review", "pass", "pass"]


@pytest.mark.asyncio
async def test_an_allowed_copy_passes_and_others_are_still_looked_at(street: Street) -> None:
    await removed(street)
    await street.store.lists.put(HOME, sha(copy()), Listed.ALLOWED, "55", "")
    await street.post(copy())
    await street.post(copy("made smaller"))
    assert street.suggestions == ["block", "pass", "review"]


@pytest.mark.asyncio
async def test_what_is_blocked_by_command_is_known_by_its_looks(street: Street) -> None:
    async def stream(picture: bytes) -> AsyncIterator[bytes]:
        yield picture

    assert await street.screener.identify(stream(b"no picture at all")) is None
    blocked = await street.screener.identify(stream(ELSE))
    assert blocked == sha(ELSE)
    assert street.judge.asked == [], "to list an image asks nobody about it"
    await street.store.lists.put(HOME, blocked, Listed.BLOCKED, "55", "raid")
    await street.post(encoded(opened(ELSE), "JPEG", quality=40))
    assert (await street.case()).decision.reasons == (Reason(ReasonCode.NEAR_KNOWN),)
    assert "nearly looks like an image that was removed here" in str(street.chat.cards[0])
    await street.post(ELSE)
    assert street.suggestions == ["review", "block"]


@pytest.mark.asyncio
async def test_what_was_judged_before_is_compared_without_being_decoded_again(street: Street) -> None:
    """Also in another life, and also where not even the bytes come again."""
    avatar = street.media(copy(), kind=MediaKind.AVATAR, immutable=True)
    place = Place(Context.HEAD_IMAGE)
    face = {"kind": EventKind.AVATAR, "place": place, "media": (avatar,)}
    await street.see(street.event(message="a", **face))
    assert street.suggestions == ["pass"]
    await street.post(ORIGINAL)
    street.chat.actions.clear()
    await street.restart()
    street.chat.pictures.pop(avatar.key)
    opened_before = street.intake.opened
    await street.see(street.event(message="b", version="1", **face))
    await street.post(copy())
    assert street.suggestions == ["pass", "block", "review", "review"]
    assert street.intake.opened == opened_before + 1, "for the evidence on the second card"
    assert street.chat.done == ["PostCard", "PostCard"]


@pytest.mark.asyncio
async def test_a_platforms_smaller_copy_stands_for_the_original(street: Street) -> None:
    """What is too large to be decoded is judged by a reduced copy, and is known by that copy's looks."""
    judge = street.judge
    assert isinstance(judge, Exact)
    huge = b"\x89PNG\r\n\x1a\n" + b"too large"
    judge.bad.add(sha(copy("made smaller")))

    class Limited(Decoding):
        async def open(self, original: bytes) -> Image:
            return await super().open(original) if original != huge else TOO_LARGE  # type: ignore[return-value]

    street.intake = Limited()
    await street.restart()
    media = street.media(huge)
    street.chat.reduced[media.key] = copy("made smaller")
    await street.see(street.event(media=(media,)))
    await street.post(copy())
    assert street.suggestions == ["block", "review"]
    assert (await street.case(2)).images[0].near.sha256 == hashlib.sha256(huge).hexdigest()  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_switched_off_and_in_age_restricted_channels_nothing_is_suspected(street: Street) -> None:
    await removed(street)
    await street.post(copy(), place=RESTRICTED)
    await street.policy(suspect_near=False)
    await street.post(copy("made smaller"))
    assert street.suggestions == ["block", "pass", "pass"]


@pytest.mark.asyncio
async def test_what_was_compared_is_on_record_and_replayed(street: Street) -> None:
    await removed(street)
    await street.post(copy())
    posts = await past(street.store.db, HOME, street.clock.now().replace(year=2020))
    policy, _ = await street.store.settings.policy(HOME)
    assert replay(posts, policy).changes == ()
    off = replay(posts, replace(policy, suspect_near=False))
    assert [(c.before.suggestion, c.after.suggestion) for c in off.changes] == [(Suggestion.REVIEW, Suggestion.PASS)]


@pytest.mark.asyncio
async def test_a_removed_picture_is_known_for_as_long_as_its_case(street: Street, clock: FakeClock) -> None:
    await removed(street)
    await clock.advance(100 * 86_400)
    await sweep(street.store.db, clock)
    await street.restart()
    await street.post(copy())
    assert street.suggestions[-1] == "review"
    await clock.advance(81 * 86_400)
    await sweep(street.store.db, clock)
    await street.restart()
    await street.post(copy("made smaller"))
    assert street.suggestions[-1] == "pass"


@pytest.mark.asyncio
async def test_the_whole_way_with_the_real_sandbox(street: Street) -> None:
    """A landscape of the demonstration: removed, then posted again smaller and worse."""
    judge = street.judge
    assert isinstance(judge, Exact)
    picture = landscape(3)
    original = encoded(picture, "PNG")
    judge.bad.add(sha(original))
    async with Intake(workers=1) as intake:
        street.intake = intake  # type: ignore[assignment]
        await street.restart()
        await street.post(original)
        await street.post(encoded(picture.resize((640, 400)), "JPEG", quality=40))
        await street.post(encoded(landscape(4), "JPEG", quality=80))
    assert street.suggestions == ["block", "review", "pass"]
    assert (await street.case(2)).decision.reasons == (LIKE_1,)
