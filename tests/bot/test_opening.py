"""What is known of the providers without asking them again."""

from __future__ import annotations

import pytest

from bot.opening import WORKS, Watched
from providers.base import Ask
from providers.errors import Denied, ProviderError, ServerFault
from providers.guard import Guard
from providers.local.models import Models, Sessions
from providers.local.provider import LocalProvider
from tests.clock import FakeClock
from tests.providers.samples import Scripted, image, sessions

MISSING = Denied("The weights cannot be read: install the locked requirements again")


class Weights:
    """The loader of the models; without the files it says their cure."""

    def __init__(self) -> None:
        self.are_there = False

    def __call__(self) -> Sessions:
        if not self.are_there:
            raise MISSING
        return sessions()


@pytest.mark.asyncio
async def test_models_that_cannot_be_loaded_are_unavailable_until_they_answer() -> None:
    weights, clock = Weights(), FakeClock()
    local = LocalProvider(Models(weights, threads=1))
    guard = Guard(local, clock=clock)
    watched = Watched({"local": guard}, {"local": local})
    assert watched.health() == {"local": WORKS}
    with pytest.raises(Denied):
        await watched.warm()
    assert watched.health() == {"local": f"unavailable: {MISSING}"}
    with pytest.raises(Denied):
        await guard.screen(image(), Ask(account="host"))
    assert watched.health() == {"local": f"unavailable: {MISSING}"}
    weights.are_there = True
    await guard.screen(image(), Ask(account="another"))
    assert watched.health() == {"local": WORKS}
    await guard.aclose()


@pytest.mark.asyncio
async def test_one_failure_is_not_an_illness_and_half_of_the_last_calls_are() -> None:
    provider = Scripted(ServerFault("down"))
    guard = Guard(provider, clock=FakeClock())
    watched = Watched({"scripted": guard}, {"scripted": provider})
    await watched.warm()  # nothing to load
    for expected in (WORKS, WORKS, WORKS, WORKS, "paused"):
        with pytest.raises(ProviderError):
            await guard.screen(image(), Ask(account="host"))
        assert watched.health()["scripted"].startswith(expected)
