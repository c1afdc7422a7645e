"""`make demo`: ends by itself, says what it shows, and fails where something did not happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from bot import demo
from bot.sandbox import vendors
from bot.sandbox.fates import Expect, Fate, Scene
from bot.sandbox.opinions import opinions
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
    assert "44 of 44 scenes ended as they had to" in said
    assert 'beholder_guilds{mode="enforce"} 2.0' in said
    assert "✗" not in said


async def test_what_does_not_happen_is_said_and_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shortened(stage: Stage, serial: int = 0) -> Iterator[Scene]:
        yield from islice(programme(stage, serial), 2)
        first = next(programme(stage, 5))
        yield Scene("it snows", None, first.act, replace(Fate(), expects=(Expect("no snow", never),)))

    monkeypatch.setattr(demo, "programme", shortened)
    monkeypatch.setattr(demo, "town_scenes", lambda *_: iter(()))
    assert await demo.demo(once=True, images=None) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "no snow" in said
    assert "2 of 3 scenes" in said


# --- with vendors ---------------------------------------------------------------------------------------------------


async def test_what_vendors_change_is_shown_and_the_books_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert await demo.demo(once=True, images=None, names=("huawei", "hitpaw")) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "beholder guild grant" in said
    assert "14 of 14 scenes ended as they had to" in said
    assert "✗" not in said
    assert "huawei 5 5 15 categories US$ 0.0180 US$ 0.0108" in said, "three requests met the pulled plug"
    assert "hitpaw 5 5 25 credits US$ 0.0250 US$ 0.0000 US$ 0.0250 ✓" in said


async def test_without_local_models_and_with_rekognition(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("openai", "custom", "rekognition")
    assert await demo.demo(once=True, images=None, names=names, local=False) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "9 of 9 scenes ended as they had to" in said
    assert "openai 2 2 nothing US$ 0.0000 US$ 0.0000 US$ 0.0000 ✓" in said


async def test_a_cost_that_the_bot_counts_otherwise_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As if the vendor charged a cent more than it says."""
    kept = vendors.Vendors.books.fget  # type: ignore[attr-defined]
    dearer = property(lambda self: {name: replace(b, cost=b.cost + 0.01) for name, b in kept(self).items()})
    monkeypatch.setattr(vendors.Vendors, "books", dearer)
    monkeypatch.setattr(demo, "opinions", lambda *args: islice(opinions(*args), 2))
    assert await demo.demo(once=True, images=None, names=("huawei",)) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "✗ they differ" in said
    assert "NOT as it should be" in said
