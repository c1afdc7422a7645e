"""Animations: a bad frame is found wherever it stands, at a bounded price."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageFile

from bot.media import frames, reel
from bot.media.reel import CPU_SECONDS
from bot.media.sandbox import read
from policies.model import Unscreened
from tests.bot.media.pictures import apart, drawn_in_alpha, encoded, film, opened, photo, seen_in, shows, taken


class Machine:
    """One on which each frame takes the same processor time: what there is time for is exact, and the same anywhere."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds_a_frame = self._now = 0.0
        self._draw = frames._picture
        monkeypatch.setattr(frames, "_picture", self._picture)
        monkeypatch.setattr(reel, "time", self)

    def process_time(self) -> float:
        return self._now

    def _picture(self, source: ImageFile.ImageFile, index: int, turn: Pictures.Transpose | None) -> Pictures.Image:
        self._now += self.seconds_a_frame
        return self._draw(source, index, turn)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def with_one_bad(total: int, position: int, *, drifting: bool) -> list[Pictures.Image]:
    calm = photo(1, (96, 48))
    frames = []
    for n in range(total):
        left = n * 32 // total if drifting else 0
        frame = calm.crop((left, 0, left + 64, 48))
        spot = (n % 64, n // 64)
        red, *others = np.asarray(frame)[spot[1], spot[0]].tolist()
        frame.putpixel(spot, (red ^ 8, *others))  # no two alike: encoders merge those
        frames.append(frame)
    frames[position] = photo(99, (64, 48))
    return frames


@pytest.mark.parametrize("total", [10, 100, 521])
@pytest.mark.parametrize("where", ["second", "middle", "last"])
@pytest.mark.parametrize("drifting", [False, True])
def test_one_bad_frame_is_always_among_the_views(total: int, where: str, drifting: bool) -> None:
    position = {"second": 1, "middle": total // 2, "last": total - 1}[where]
    frames = with_one_bad(total, position, drifting=drifting)
    image = taken(film(frames, "PNG", duration=40, compress_level=1))
    assert (image.frames.seen, image.frames.total) == (total, total)
    shown = [v for v in image.views if v.frame == position]
    assert shown
    assert apart(seen_in(shown[0]), photo(99, (64, 48))) < 12
    assert len(image.views) <= 8
    assert image.views[0].frame == 0


def test_frames_that_all_show_the_same_are_one_view() -> None:
    image = taken(film(with_one_bad(30, 0, drifting=False)[1:], "PNG", duration=40))
    assert len(image.views) == 1
    assert image.frames.total == 29


def test_many_different_frames_are_bounded_and_keep_first_and_last() -> None:
    image = taken(film([photo(n, (64, 64)) for n in range(40)], "PNG", duration=40))
    assert [v.frame for v in image.views][:: len(image.views) - 1] == [0, 39]
    assert len(image.views) == 8
    sheet = opened(image.still)
    assert sheet.width >= 3 * 64  # vendors get all eight on one sheet
    assert sheet.height >= 3 * 64


def test_a_transparent_animation_is_seen_on_both_grounds_within_bounds() -> None:
    frames = [drawn_in_alpha((0, 0, 0)).rotate(30 * n).resize((96, 72)) for n in range(12)]
    image = taken(film(frames, "WEBP", lossless=True, duration=40))
    assert len({v.frame for v in image.views}) == 6
    assert {v.what for v in image.views} == {"whole", "dark"}


def test_the_clean_default_image_of_an_apng_does_not_hide_its_frames() -> None:
    frames = [photo(5, (64, 64)), photo(6, (64, 64))]
    original = film([Pictures.new("RGB", (64, 64), "white"), *frames], "PNG", default_image=True, duration=40)
    image = taken(original)
    assert any(shows(v, frames[0]) for v in image.views)
    assert any(shows(v, frames[1]) for v in image.views)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_one_bad_frame_is_found_in_other_kinds_too(kind: str) -> None:
    image = taken(film(with_one_bad(60, 31, drifting=True), kind, duration=40))
    assert image.frames.seen == image.frames.total >= 30  # these encoders merge frames that are alike
    assert any(v.frame > 0 and apart(seen_in(v), photo(99, (64, 48))) < 12 for v in image.views)


def test_a_black_first_frame_hides_nothing() -> None:
    image = taken(film([Pictures.new("RGB", (64, 64)), photo(7, (64, 64))], "GIF", duration=40))
    assert any(apart(seen_in(v), photo(7, (64, 64))) < 12 for v in image.views)


def test_a_very_long_animation_says_how_much_was_seen(machine: Machine) -> None:
    machine.seconds_a_frame = CPU_SECONDS / 20.5
    image = taken(film([photo(n, (64, 64)) for n in range(60)], "PNG", duration=40))
    assert (image.frames.seen, image.frames.total) == (20, 60)
    assert image.frames.partly
    assert not image.damaged


def test_a_bad_last_frame_is_found_where_not_all_can_be_looked_at(machine: Machine) -> None:
    machine.seconds_a_frame = CPU_SECONDS / 20.5
    calm = [Pictures.new("RGB", (128, 96), (3 * n, 255 - 3 * n, 90)).quantize(4) for n in range(80)]
    bad = photo(99, (128, 96)).quantize(64)
    image = taken(film([*calm, bad], "GIF", duration=40, optimize=False))
    assert 15 <= image.frames.seen <= 20
    assert image.frames.total == 81
    last = image.views[-1]
    assert last.frame == 80
    assert apart(seen_in(last), photo(99, (128, 96))) < 12


def test_few_large_frames_are_all_looked_at() -> None:
    calm = [Pictures.new("P", (2450, 2450), n) for n in range(9)]
    for n, frame in enumerate(calm):
        frame.putpalette([level * (n + 3) % 256 for level in range(768)])
    bad = photo(99, (245, 245)).quantize(32).resize((2450, 2450), Pictures.Resampling.NEAREST)
    image = taken(film([*calm, bad], "GIF", duration=200, disposal=2, optimize=False))
    assert (image.frames.seen, image.frames.total) == (10, 10)
    assert image.views[-1].frame == 9
    assert apart(seen_in(image.views[-1]), bad) < 12


def test_a_broken_still_is_seen_in_full() -> None:
    for kind in ("PNG", "WEBP", "BMP"):
        original = encoded(photo(1, (64, 64)), kind)
        answer = read(original[: len(original) * 9 // 10])
        assert isinstance(answer, Unscreened) or not answer.frames.partly


def test_an_animation_broken_in_the_middle_is_only_partly_seen() -> None:
    original = bytearray(film([photo(n, (64, 64)) for n in range(10)], "PNG", duration=40))
    control = [n for n in range(len(original)) if original[n : n + 4] == b"fcTL"][5]
    original[control + 4 : control + 8] = b"\0\0\0\x63"  # its number in the sequence: Pillow goes no further
    image = taken(bytes(original))
    assert image.damaged
    assert image.frames.seen == 5
    assert image.frames.partly


def test_an_animation_cut_off_keeps_what_came_before() -> None:
    original = film([photo(n, (64, 64)) for n in range(10)], "GIF", duration=40)
    image = taken(original[: len(original) * 6 // 10])
    assert image.damaged
    assert 3 <= image.frames.seen <= 7
    assert not image.frames.partly  # where the file ends, so do browsers
