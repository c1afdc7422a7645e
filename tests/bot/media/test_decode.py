"""What an image hides, and what of it reaches the models. In this process: the sandbox has its own tests."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageCms, ImageDraw, PngImagePlugin

from bot.likeness import near
from bot.media.sandbox import read
from policies.model import Unscreened, UnscreenedReason
from providers.base import VIEW_SIDE, Image
from tests.bot.media.pictures import (
    apart,
    drawn_in_alpha,
    encoded,
    film,
    opened,
    photo,
    png_header,
    qr,
    refused,
    seen_in,
    shows,
    taken,
)

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
DARK = (0x31, 0x33, 0x38)


# --- every ordinary kind ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_every_kind_shows_its_picture(kind: str, mode: str) -> None:
    picture = photo().convert(mode)
    original = encoded(picture, kind)
    image = taken(original)
    assert image.sha256 == hashlib.sha256(original).hexdigest()
    assert image.kind == kind.lower()
    assert (image.width, image.height) == picture.size
    assert (image.frames.seen, image.frames.total) == (1, 1)
    assert [(v.what, v.frame) for v in image.views] == [("whole", 0)]
    assert shows(image.views[0], picture)
    assert apart(opened(image.still), picture) < 8
    assert image.still_type == "image/jpeg"
    assert not image.damaged


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("CMYK", "JPEG"), ("P", "PNG"), ("1", "PNG"), ("LA", "PNG"), ("YCbCr", "JPEG"), ("CMYK", "TIFF"), ("P", "GIF")],
)
def test_every_mode_shows_its_picture(mode: str, kind: str) -> None:
    picture = photo().convert("L").convert(mode) if mode in {"1", "LA"} else photo().convert(mode)
    image = taken(encoded(picture, kind))
    assert len(image.views) == 1
    assert apart(seen_in(image.views[0]), picture.convert("RGB")) < 12


def test_sixteen_bits_are_not_clipped_to_white() -> None:
    grey = np.asarray(photo().convert("L"), dtype=np.uint16)
    image = taken(encoded(Pictures.fromarray(grey * 256 + 17), "PNG"))
    assert shows(image.views[0], photo().convert("L"))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_wide_samples_are_stretched(mode: str) -> None:
    wide = np.asarray(photo().convert("L"), dtype=np.int32) * 70_000 if mode == "I" else None
    samples = np.asarray(photo().convert("L"), dtype=np.float32) / 255 if wide is None else wide
    image = taken(encoded(Pictures.fromarray(samples), "TIFF"))
    assert apart(seen_in(image.views[0]), photo().convert("L")) < 20


def test_no_metadata_leaves_with_the_still() -> None:
    exif = Pictures.Exif()
    exif[0x010E] = "a secret place"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a secret place")
    icc = b"a secret place" + bytes(200)
    for original in (
        encoded(photo(), "JPEG", exif=exif, comment=b"a secret place", icc_profile=icc),
        encoded(photo(), "PNG", pnginfo=text),
        encoded(photo(), "WEBP", exif=exif, xmp=b"a secret place"),
    ):
        assert b"a secret place" in original or b"secret" in original
        still = taken(original).still
        assert b"secret" not in still
        with Pictures.open(io.BytesIO(still)) as source:
            assert set(source.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


# --- traps: what models see must be what people see ----------------------------------------------------


def test_a_picture_drawn_in_alpha_is_seen_on_white() -> None:
    image = taken(encoded(drawn_in_alpha((0, 0, 0)), "PNG"))
    light, dark = image.views
    assert (light.what, dark.what) == ("whole", "dark")
    assert shows(light, photo().convert("L"))
    assert apart(opened(image.still), photo().convert("L")) < 10


def test_a_picture_drawn_in_white_alpha_is_seen_on_dark_and_in_the_still() -> None:
    image = taken(encoded(drawn_in_alpha((255, 255, 255)), "WEBP", lossless=True, exact=True))
    light, dark = image.views
    assert np.asarray(seen_in(light)).min() == 255
    assert np.asarray(seen_in(dark)).std() > 20
    assert np.asarray(opened(image.still)).std() > 20


def test_colours_under_full_transparency_are_not_seen() -> None:
    hidden = photo().convert("RGBA")
    hidden.putalpha(0)
    image = taken(encoded(hidden, "PNG"))
    assert [seen_in(v).getcolors() for v in image.views] == [
        [(VIEW_SIDE * VIEW_SIDE, (255, 255, 255))],
        [(VIEW_SIDE * VIEW_SIDE, DARK)],
    ]


def test_transparency_that_changes_nothing_costs_no_second_look() -> None:
    rounded = photo().convert("RGBA")
    rounded.putpixel((0, 0), (0, 0, 0, 0))
    assert [v.what for v in taken(encoded(rounded, "PNG")).views] == ["whole"]


def test_a_transparent_palette_colour_counts_as_transparency() -> None:
    picture = Pictures.new("P", (100, 100), 0)
    picture.putpalette([0, 0, 0, 200, 30, 30])
    ImageDraw.Draw(picture).rectangle((30, 30, 70, 70), fill=1)
    image = taken(encoded(picture, "PNG", transparency=0))
    assert [v.what for v in image.views] == ["whole", "dark"]
    assert seen_in(image.views[0]).getpixel((5, 5)) == (255, 255, 255)
    assert seen_in(image.views[1]).getpixel((5, 5)) == DARK


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_applied_before_anything_looks(turn: int) -> None:
    back = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[turn]  # Pillow's transposes that store it turned
    upright = photo(size=(320, 200))
    stored = upright if back is None else upright.transpose(Pictures.Transpose(back))
    exif = Pictures.Exif()
    exif[0x0112] = turn
    image = taken(encoded(stored, "JPEG", exif=exif, quality=95))
    assert (image.width, image.height) == (320, 200)
    assert shows(image.views[0], upright)
    assert apart(opened(image.still), upright) < 8


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of bad inputs is not beside this checkout")
@pytest.mark.parametrize("name", ["Landscape", "Portrait"])
def test_eighteen_orientations_are_one_picture(name: str) -> None:
    prints = [taken((CORPUS / "exif-orientation" / f"{name}_{n}.jpg").read_bytes()).fingerprint for n in range(9)]
    assert all(p is not None and not p.flat for p in prints)
    assert all(near(p, prints[1]) for p in prints if p and prints[1])


def test_broken_exif_turns_nothing() -> None:
    original = encoded(photo(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff\x01\x00")
    assert shows(taken(original).views[0], photo())


def test_a_photo_in_the_middle_of_a_tall_picture_gets_a_look_of_its_own() -> None:
    tall = Pictures.new("RGB", (512, 8000), (250, 250, 250))
    inner = photo(3, (512, 512))
    tall.paste(inner, (0, 3700))
    image = taken(encoded(tall, "PNG"))
    tiles = [v for v in image.views if v.what.startswith("tile:")]
    assert len(tiles) == 11
    contrasts = [np.asarray(seen_in(t)).std() for t in tiles]
    assert max(contrasts) > 0.7 * np.asarray(inner).std()
    assert apart(seen_in(image.views[0]), inner) > 30  # the whole alone would not have shown it
    assert opened(image.still).width >= 350  # nor would a still of 1600 px


def test_a_wide_transparent_picture_is_tiled_on_both_grounds_within_bounds() -> None:
    wide = Pictures.new("RGBA", (4000, 200), (0, 0, 0, 0))
    wide.paste(photo(2, (200, 200)), (3000, 0))
    image = taken(encoded(wide, "PNG"))
    assert len(image.views) <= 12
    assert {v.what for v in image.views} >= {"whole", "dark", "tile:0", "tile:3", "tile:3:dark"}


@pytest.mark.parametrize("size", [(24, 24), (24, 20_000), (20_000, 24), (6000, 4000), (30, 5000)])
def test_extreme_sizes_give_stills_that_vendors_take(size: tuple[int, int]) -> None:
    image = taken(encoded(photo(1, size), "BMP"))
    assert (image.width, image.height) == size


@pytest.mark.parametrize("size", [(1, 1), (23, 500), (500, 23), (2, 4000)])
def test_tiny_pictures_are_not_judged(size: tuple[int, int]) -> None:
    assert f"{size[0]} x {size[1]}" in refused(encoded(photo(1, size), "PNG"), UnscreenedReason.TINY).detail


def with_gamma(original: bytes, gamma: int) -> bytes:
    body = b"gAMA" + struct.pack(">I", gamma)
    return original[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + original[33:]


def test_a_picture_hidden_by_gamma_is_seen_as_browsers_show_it() -> None:
    shown = photo(1).convert("L").convert("RGB")
    stored = shown.point([round(255 * (level / 255) ** 4) for level in range(256)] * 3)  # much too dark
    assert apart(stored, shown) > 40
    image = taken(with_gamma(encoded(stored, "PNG"), round(100_000 * 4 / 2.2)))
    assert apart(seen_in(image.views[0]), shown) < 20
    assert apart(opened(image.still), shown) < 20


def test_a_picture_hidden_by_its_colour_profile_is_seen_as_browsers_show_it() -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = (slice(profile.index(tag) + 4, profile.index(tag) + 8) for tag in (b"rXYZ", b"bXYZ"))
    profile[red], profile[blue] = profile[blue], profile[red]
    shown = photo(1)
    stored = Pictures.merge("RGB", shown.split()[::-1])
    for kind in ("PNG", "JPEG", "WEBP"):
        image = taken(encoded(stored, kind, icc_profile=bytes(profile)))
        assert apart(seen_in(image.views[0]), shown) < 12
    assert apart(stored, shown) > 25


@pytest.mark.parametrize("profile", [b"", b"rubbish", bytes(128), b"\xff" * 4000])
def test_a_broken_profile_changes_nothing(profile: bytes) -> None:
    assert shows(taken(encoded(photo(), "PNG", icc_profile=profile)).views[0], photo())


def test_ordinary_gamma_changes_nothing() -> None:
    plain = encoded(photo(), "PNG")
    assert taken(with_gamma(plain, 45_455)).views == taken(plain).views


# --- damage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_truncated_picture_is_judged_by_what_is_left_and_says_so(kind: str) -> None:
    original = encoded(photo(1, (400, 400)), kind)
    image = taken(original[: len(original) * 7 // 10])
    assert image.damaged
    top = (0, 0, VIEW_SIDE, VIEW_SIDE // 3)
    expected = photo(1, (400, 400)).resize((VIEW_SIDE, VIEW_SIDE))
    assert apart(seen_in(image.views[0]).crop(top), expected.crop(top)) < 8


def test_a_bad_checksum_does_not_hide_a_picture() -> None:
    original = bytearray(encoded(photo(), "PNG", dpi=(72, 72)))
    original[original.index(b"pHYs") + 5] ^= 0xFF
    image = taken(bytes(original))
    assert image.damaged
    assert shows(image.views[0], photo())


def test_a_wreck_that_shows_nothing_is_no_pass() -> None:
    original = encoded(photo(1, (400, 400)), "PNG")
    refused(original[:90], UnscreenedReason.UNDECODABLE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF"])
def test_cut_anywhere_there_is_an_answer(kind: str) -> None:
    original = encoded(photo(1, (64, 64)), kind)
    for end in range(16, len(original), max(1, len(original) // 40)):
        answer = read(original[:end])
        assert isinstance(answer, Image | Unscreened)
        assert not isinstance(answer, Unscreened) or answer.reason is UnscreenedReason.UNDECODABLE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF"])
def test_with_any_byte_flipped_there_is_an_answer(kind: str) -> None:
    original = encoded(photo(1, (48, 48)), kind)
    random = np.random.default_rng(7)
    for place in random.integers(12, len(original), 40):
        changed = bytearray(original)
        changed[place] ^= int(random.integers(1, 256))
        assert isinstance(read(bytes(changed)), Image | Unscreened)


def test_an_errors_own_words_stay_inside() -> None:
    detail = refused(b"\x89PNG\r\n\x1a\n" + b"canary" * 20, UnscreenedReason.UNDECODABLE).detail
    assert detail.startswith("broken png (")
    assert "canary" not in detail


# --- bombs: by their headers, before a pixel is decoded ---------------------------------------------------


@pytest.mark.parametrize("size", [(8000, 8000), (10_000, 10_000), (65_535, 65_535), (5001, 5000)])
def test_too_many_pixels_are_refused_by_the_header(size: tuple[int, int]) -> None:
    assert "too large" in refused(png_header(*size), UnscreenedReason.UNDECODABLE).detail


def test_gif_webp_and_tiff_bombs_are_refused_by_their_headers() -> None:
    gif = bytearray(encoded(photo(), "GIF"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    bmp = bytearray(encoded(photo(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 30_000, 30_000)
    for original in (bytes(gif), bytes(bmp)):
        assert "too large" in refused(original, UnscreenedReason.UNDECODABLE).detail


def test_a_large_photograph_is_decoded_small() -> None:
    original = encoded(photo(1, (7200, 4800)), "JPEG", quality=60)  # 34.6 megapixels
    image = taken(original)
    assert (image.width, image.height) == (7200, 4800)
    assert max(opened(image.still).size) == 1600
    assert shows(image.views[0], photo(1, (360, 240)))


def test_a_jpeg_beyond_all_reason_is_refused() -> None:
    original = bytearray(encoded(photo(), "JPEG"))
    frame = original.index(b"\xff\xc0")
    original[frame + 5 : frame + 9] = struct.pack(">HH", 60_000, 60_000)
    assert "too large" in refused(bytes(original), UnscreenedReason.UNDECODABLE).detail


# --- codes -------------------------------------------------------------------------------------------------


def test_codes_are_read_in_pictures_and_inverted() -> None:
    poster = photo(1, (900, 700))
    poster.paste(qr("https://example.com/join"), (600, 400))
    assert taken(encoded(poster, "JPEG")).codes == ("https://example.com/join",)
    inverted = Pictures.eval(qr("dark"), lambda level: 255 - level)
    assert taken(encoded(inverted, "PNG")).codes == ("dark",)


def test_codes_are_read_in_late_frames_and_far_down_tall_pictures() -> None:
    frames = [photo(n, (300, 300)) for n in range(9)] + [qr("late", 300)]
    assert taken(film(frames, "PNG", duration=40, compress_level=1)).codes == ("late",)
    tall = Pictures.new("RGB", (400, 7000), "white")
    tall.paste(qr("deep"), (80, 6000))
    assert taken(encoded(tall, "PNG")).codes == ("deep",)


def test_codes_are_bounded_and_each_is_told_once() -> None:
    wall = Pictures.new("RGB", (1500, 900), "white")
    for n in range(12):
        wall.paste(
            qr(f"code {n // 2}" if n < 4 else "x" * 600 if n == 4 else f"code {n}", 200), (n % 6 * 250, n // 6 * 400)
        )
    codes = taken(encoded(wall, "PNG")).codes
    assert len(codes) == len(set(codes)) <= 8
    assert max(map(len, codes)) <= 512


def test_an_ordinary_photo_has_no_codes() -> None:
    assert taken(encoded(photo(1, (1200, 800)), "JPEG")).codes == ()
