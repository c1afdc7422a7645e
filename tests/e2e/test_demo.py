"""`make demo`: ends by itself, says what it shows, and fails where something did not happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from bot import demo
from bot.sandbox.fates import Expect, Fate, Scene
from bot.sandbox.programme import programme
from bot.sandbox.stage import Stage

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("demo"), pytest.mark.timeout(180)]


async def never(_: object) -> None:
    raise TimeoutError


async def test_it_is_set_up_by_the_wizard_and_all_happens(capsys: pytest.CaptureFixture[str]) -> None:
    assert await demo.demo(once=True, images=None) == 0
    said = " ".join(capsys.readouterr().out.split())
    for page in range(1, 8):
        assert f"({page} of 7) →" in said
    assert "Hello, I am Beholder. I look at the images" in said
    assert "Saved. From now on: enforce" in said
    assert "35 of 35 scenes ended as they had to" in said
    assert 'beholder_guilds{mode="enforce"} 1.0' in said
    assert "✗" not in said


async def test_what_does_not_happen_is_said_and_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shortened(stage: Stage, serial: int = 0) -> Iterator[Scene]:
        yield from islice(programme(stage, serial), 2)
        first = next(programme(stage, 5))
        yield Scene("it snows", None, first.act, replace(Fate(), expects=(Expect("no snow", never),)))

    monkeypatch.setattr(demo, "programme", shortened)
    assert await demo.demo(once=True, images=None) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "no snow" in said
    assert "2 of 3 scenes" in said
