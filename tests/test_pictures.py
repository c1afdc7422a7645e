"""The pictures in the documentation show what the bot says now: their pages are made here, without a browser."""

from __future__ import annotations

import pytest
from PIL import Image

from bot.sandbox.album import DESKTOP
from tools import pictures


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.timeout(240)
async def test_every_scene_makes_a_page_of_the_real_bots_own_messages() -> None:
    pages = await pictures.pages(list(pictures.SCENES), DESKTOP)
    assert list(pages) == list(pictures.SCENES)
    for name, page in pages.items():
        assert 'class="tag">APP' in page, name
        assert 'class="unknown"' not in page, name
        assert 'class="lost"' not in page, name
        assert "unknown-user" not in page, name
    for name in ("card-removed", "card-review", "card-observed"):
        assert "<span>SPOILER</span>" in pages[name], "nobody is hit unprepared"
        assert 'class="button' in pages[name]
    assert "picture" not in pages["card-closed"].partition("<main>")[2].partition("<section")[0], "evidence is gone"
    assert "Only you can see this" in pages["notice"]
    public = pages["notice"].partition("Only you")[0].rpartition("<article class=")[0]
    assert "explicit" not in public, "a public notice names no category"


def test_what_is_empty_below_is_cut_off() -> None:
    window = Image.new("RGB", (1000, 900), (49, 51, 56))
    window.paste((255, 0, 0), (10, 10, 50, 100))
    assert pictures._cut(window, 400).size == (800, 100 + pictures.MARGIN)
    assert pictures._cut(Image.new("RGB", (1000, 900)), 400).height == pictures.MARGIN
