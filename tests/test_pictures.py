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
    assert "Set up</span>" in pages["greeting"]
    assert "I only watch: nothing is removed" in pages["greeting"], "it is the one of before the setup"
    for number, name in enumerate(("setup-1-preset", "setup-2-staff", "setup-6-check", "setup-7-finish")):
        assert f"({(1, 2, 6, 7)[number]} of 7)" in pages[name]
        assert "You were in the middle of this" not in pages[name]
    assert "@Moderators" in pages["setup-2-staff"]
    assert "without it, posts that break the rules stay up." in pages["setup-6-check"]
    assert "still missing" not in pages["setup-7-finish"]
    assert "<li>Kick<small>" in pages["sanctions"]
    assert "2 would have been removed" in pages["reminder"]
    assert "called 1 right and 0 wrong; 1 they have not decided" in pages["reminder"]
    public = pages["notice"].partition("Only you")[0].rpartition("<article class=")[0]
    assert "explicit" not in public, "a public notice names no category"


def test_what_is_empty_below_is_cut_off() -> None:
    window = Image.new("RGB", (1000, 900), (49, 51, 56))
    window.paste((255, 0, 0), (10, 10, 50, 100))
    assert pictures._cut(window, 400).size == (800, 100 + pictures.MARGIN)
    assert pictures._cut(Image.new("RGB", (1000, 900)), 400).height == pictures.MARGIN
