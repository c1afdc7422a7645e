"""Looking ahead: once, under the policy that counts, and leaving nothing behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from bot.allowance import Allowance
from bot.foresight import MOST, Foresight
from bot.model import Author, Event, EventKind, Look, Media, MediaKind, Tenant
from bot.ports import Link, Lists, Platform, Settings, no_link
from bot.screening import Screener
from policies.model import Context, Mode, Place, Policy
from policies.presets import preset

STANDARD = replace(preset("standard"), mode=Mode.ENFORCE)


def event(n: int = 1, kind: EventKind = EventKind.MESSAGE) -> Event:
    return Event(
        tenant=Tenant("here", "1"),
        kind=kind,
        place=Place(Context.GROUP_MESSAGE, "10"),
        message=str(n),
        version="0",
        author=Author("7"),
        media=(Media(MediaKind.ATTACHMENT, f"attachment:{n}", immutable=True),),
        at=datetime(2026, 11, 1, tzinfo=UTC),
    )


class Here:
    """Platform, screener, lists and settings in one: what was asked of each is written down."""

    def __init__(self) -> None:
        self.policy_now = STANDARD
        self.looked: list[Policy] = []
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.broken: Exception | None = None

    async def policy(self, tenant: Tenant) -> tuple[Policy, int]:
        return self.policy_now, 1

    async def known(self, platform: str, key: str) -> str | None:
        self.asked.append(key)
        return None

    def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> str:
        return event.message

    async def look(
        self,
        chunks: str,
        policy: Policy,
        place: Place,
        *,
        tenant: Tenant | None = None,
        joined: datetime | None = None,
        claimed: bool = True,
        link: Link = no_link,
    ) -> Look:
        self.looked.append(policy)
        await self.gate.wait()
        if self.broken is not None:
            raise self.broken
        return Look(sha256=chunks, screenings=())


class Share:
    """What of the day's images is left: everything, or nothing."""

    def __init__(self) -> None:
        self.gone = True

    async def used_up(self, tenant: Tenant) -> bool:
        return self.gone


def foresight(here: Here, share: Share | None = None) -> Foresight:
    platforms = cast("dict[str, Platform]", {"here": here})
    allowance = cast("Allowance | None", share)
    return Foresight(platforms, cast("Screener", here), cast("Lists", here), cast("Settings", here), allowance)


@pytest.mark.asyncio
async def test_what_was_begun_is_not_looked_at_again() -> None:
    here = Here()
    eyes = foresight(here)
    eyes.begin(event())
    await _turns()
    assert here.looked == [STANDARD], "it does not wait to be asked"
    looks = await eyes.look(event(), STANDARD)
    assert [look.sha256 for look in looks.values()] == ["1"]
    assert len(here.looked) == 1
    await eyes.look(event(), STANDARD)
    assert len(here.looked) == 2, "it counts once"


@pytest.mark.asyncio
async def test_a_policy_that_changed_meanwhile_is_the_one_that_counts() -> None:
    here = Here()
    eyes = foresight(here)
    eyes.begin(event())
    await _turns()
    other = preset("strict")
    await eyes.look(event(), other)
    assert here.looked == [STANDARD, other]


@pytest.mark.asyncio
async def test_a_paused_guilds_pictures_are_not_looked_at() -> None:
    here = Here()
    here.policy_now = replace(STANDARD, mode=Mode.PAUSED)
    eyes = foresight(here)
    eyes.begin(event())
    await _turns()
    assert here.looked == []


@pytest.mark.asyncio
async def test_what_was_not_begun_for_want_of_a_share_is_no_look_once_there_is_one_again() -> None:
    here, share = Here(), Share()
    eyes = foresight(here, share)
    eyes.begin(event())
    await _turns()
    assert here.looked == []
    share.gone = False  # the host has raised the limit, or midnight has passed
    looks = await eyes.look(event(), STANDARD)
    assert len(looks) == len(here.looked) == 1, "else a picture would pass unseen"


@pytest.mark.asyncio
async def test_no_more_than_a_few_at_once_and_each_but_once() -> None:
    here = Here()
    here.gate.clear()
    eyes = foresight(here)
    for n in (*range(MOST + 3), 0):
        eyes.begin(event(n))
    await _turns()
    assert len(here.looked) == MOST
    for n in range(MOST):
        eyes.forget(event(n).tenant, event(n).key)
    eyes.begin(event(50))
    await _turns()
    assert len(here.looked) == MOST + 1, "what is forgotten makes room"
    eyes.forget(event(50).tenant, event(50).key)


@pytest.mark.asyncio
async def test_what_is_forgotten_ends_at_once_and_says_nothing() -> None:
    here, told = Here(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    here.gate.clear()
    eyes = foresight(here)
    eyes.begin(event())
    await _turns()
    (glance,) = [t for t in asyncio.all_tasks() if t.get_name() == "glance"]
    eyes.forget(event().tenant, event().key)
    eyes.forget(event().tenant, event().key)
    await _turns()
    assert glance.cancelled()
    here.broken = ZeroDivisionError()
    here.gate.set()
    eyes.begin(event())
    await _turns()
    eyes.forget(event().tenant, event().key)
    await _turns()
    assert told == []


@pytest.mark.asyncio
async def test_what_a_look_raised_reaches_whoever_needs_it() -> None:
    here = Here()
    here.broken = ZeroDivisionError("surprise")
    eyes = foresight(here)
    eyes.begin(event())
    with pytest.raises(ZeroDivisionError, match="surprise"):
        await eyes.look(event(), STANDARD)
    here.broken = None
    assert await eyes.look(event(), STANDARD), "the next try begins anew"


@pytest.mark.asyncio
@pytest.mark.parametrize(("kind", "asked"), [(EventKind.MESSAGE, []), (EventKind.EDIT, ["attachment:1"])])
async def test_an_upload_is_new_by_nature_but_an_edit_may_show_what_is_known(kind: EventKind, asked: list[str]) -> None:
    here = Here()
    await foresight(here).look(event(kind=kind), STANDARD)
    assert here.asked == asked


async def _turns() -> None:
    """A few turns of the loop: whatever can go on has gone on."""
    for _ in range(5):
        await asyncio.sleep(0)
