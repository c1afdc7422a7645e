"""Stills, views, evidence and fingerprints, as far as they are arithmetic."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures

from bot.likeness import near
from bot.media import looks
from bot.media.fingerprint import fingerprint
from bot.media.gallery import Frame
from tests.bot.media.pictures import apart, encoded, opened, photo

sides = st.integers(24, 1_000_000)


@given(sides, sides, st.integers(0, 11))
def test_windows_cover_the_long_side_and_stay_inside(width: int, height: int, most: int) -> None:
    boxes = looks.windows((width, height), most)
    long, short = max(width, height), min(width, height)
    if long <= looks.TALL * short or most < 2:
        assert boxes == []
        return
    spans = [(b[0], b[2]) if width >= height else (b[1], b[3]) for b in boxes]
    assert 2 <= len(spans) <= most
    assert spans[0][0] == 0
    assert spans[-1][1] == long
    assert all(end - start >= min(short, long) for start, end in spans)
    assert all(after[0] < before[1] for before, after in pairwise(spans))  # no gaps
    assert all(0 <= b[0] < b[2] <= width and 0 <= b[1] < b[3] <= height for b in boxes)


@settings(max_examples=30, deadline=None)
@given(st.integers(24, 9000), st.integers(24, 9000))
def test_a_still_is_within_what_vendors_take(width: int, height: int) -> None:
    if width * height > 4_000_000:
        width = max(24, 4_000_000 // height)
    still = looks.still([Frame(0, Pictures.new("RGB", (width, height), "teal"))])
    assert min(still.size) >= 20
    assert max(still.size) <= 6000
    if max(width, height) <= 2.5 * min(width, height):
        assert max(still.size) <= 1600
        assert still.width / still.height == pytest.approx(width / height, rel=0.05)


def test_a_still_of_pure_noise_stays_below_five_megabytes() -> None:
    noise = Pictures.fromarray(np.random.default_rng(1).integers(0, 255, (2500, 2500, 3), dtype=np.uint8))
    still = looks.jpeg(noise)
    assert len(still) < 5_000_000
    assert opened(still).size == (2500, 2500)


def test_views_never_exceed_twelve() -> None:
    for count in range(1, 9):
        for mode in ("RGB", "RGBA"):
            if mode == "RGBA" and count > 6:
                continue
            pictures = [Pictures.new(mode, (100, 900), (9, 9, 9, 90)[: len(mode)]) for _ in range(count)]
            views = looks.views([Frame(n, p) for n, p in enumerate(pictures)])
            assert len(views) <= 12
            assert {v.frame for v in views} == set(range(count))


# --- evidence --------------------------------------------------------------------------------------


def test_a_mosaic_holds_no_more_than_its_blocks() -> None:
    fine = photo(1, (1200, 800))
    checker = np.indices((800, 1200)).sum(axis=0) % 40 < 20
    detailed = Pictures.fromarray(np.where(checker[..., None], np.asarray(fine), 255 - np.asarray(fine)))
    coarse = looks.mosaic(detailed)
    assert max(coarse.size) <= 640
    blocks = coarse.resize((24, 16), Pictures.Resampling.NEAREST)
    again = blocks.resize(coarse.size, Pictures.Resampling.NEAREST)
    assert np.array_equal(np.asarray(coarse), np.asarray(again))


def test_two_pictures_that_differ_only_in_detail_have_the_same_mosaic() -> None:
    plain = Pictures.new("RGB", (960, 960), (128, 128, 128))
    fine = Pictures.fromarray(np.where(np.indices((960, 960)).sum(axis=0) % 2, 255, 1).astype(np.uint8)).convert("RGB")
    assert apart(looks.mosaic(plain), looks.mosaic(fine)) < 1


# --- fingerprints ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_copies_are_near_and_others_are_not(seed: int) -> None:
    picture = photo(seed, (640, 480))
    original = fingerprint(picture)
    smaller = picture.resize((320, 240))
    worse = opened(encoded(smaller, "JPEG", quality=20))
    assert not original.flat
    assert near(original, fingerprint(smaller))
    assert near(original, fingerprint(worse))
    assert not near(original, fingerprint(photo(seed + 100, (640, 480))))
    assert not near(original, fingerprint(picture.transpose(Pictures.Transpose.ROTATE_180)))


@pytest.mark.parametrize("name", ["black", "gradient", "faint"])
def test_flat_pictures_match_nothing_not_even_themselves(name: str) -> None:
    flat = {
        "black": Pictures.new("RGB", (300, 300)),
        "gradient": Pictures.linear_gradient("L").convert("RGB"),
        "faint": Pictures.eval(photo(), lambda level: 120 + level // 40),
    }[name]
    print_ = fingerprint(flat)
    assert print_.flat
    assert not near(print_, print_)


def test_hashes_are_of_sixty_four_bits() -> None:
    prints = [fingerprint(photo(n)) for n in range(20)]
    assert all(0 <= p.phash < 2**64 and 0 <= p.dhash < 2**64 for p in prints)
    assert len({p.phash for p in prints}) == len({p.dhash for p in prints}) == 20
