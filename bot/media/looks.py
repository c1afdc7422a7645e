"""Decoded frames -> what others look at: the still, the views, the codes, the evidence. Runs in the sandbox."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence

import numpy as np
import zxingcpp
from PIL import Image, ImageStat

from bot.media.gallery import Frame
from providers.base import VIEW_SIDE, View

VIEWS = 12
TALL = 2.5  # beyond this aspect a picture is also looked at in tiles
STILL_SIDE = 1600
STILL_AREA = STILL_SIDE * STILL_SIDE
STILL_LONGEST = 6000
STILL_SHORTEST = 20
STILL_BYTES = 5_000_000
CELL = 512  # px; a frame on the contact sheet of an animation
GAP = 8
GAP_RATIO = 1.5  # how far Pillow may average blocks before it interpolates: 0.7 levels of 255 off, twice as fast
EVIDENCE_SIDE = 1280
MOSAIC_BLOCKS = 24
MOSAIC_SIDE = 640
_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
CODES = 8
CODE_LENGTH = 512

WHITE = (255, 255, 255)
DARK = (0x31, 0x33, 0x38)  # the background of Discord's dark theme
_VISIBLE = 16  # levels by which a pixel must differ between the two grounds ...
_SHARE = 0.002  # ... in this share of pixels, for the ground to matter

Size = tuple[int, int]


def on(picture: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    """`picture` as RGB, laid on `ground` where it is transparent."""
    if picture.mode == "RGB":
        return picture
    laid = Image.new("RGB", picture.size, ground)
    laid.paste(picture, (0, 0), picture)
    return laid


def best(picture: Image.Image) -> Image.Image:
    """`picture` on white or dark, whichever shows more of it: a drawing in white is nothing on white."""
    if picture.mode == "RGB":
        return picture
    return max((on(picture, WHITE), on(picture, DARK)), key=lambda p: sum(ImageStat.Stat(p).var))


# --- views ------------------------------------------------------------------------------------------


def views(frames: Sequence[Frame]) -> tuple[View, ...]:
    """At most `VIEWS` looks: every frame whole, on dark too where that matters, and tiles of tall ones."""
    grounds = 2 if any(f.picture.mode == "RGBA" for f in frames) else 1
    tiles = VIEWS // grounds // len(frames) - 1
    return tuple(view for frame in frames for view in _views(frame, tiles))


def _views(frame: Frame, tiles: int) -> Iterator[View]:
    yield from _looks(frame, None, "whole", "dark")
    for n, box in enumerate(windows(frame.picture.size, tiles)):
        yield from _looks(frame, box, f"tile:{n}", f"tile:{n}:dark")


def _looks(frame: Frame, box: tuple[int, int, int, int] | None, light: str, dark: str) -> Iterator[View]:
    square = frame.picture.resize((VIEW_SIDE, VIEW_SIDE), Image.Resampling.BILINEAR, box=box, reducing_gap=GAP_RATIO)
    on_white = on(square, WHITE)
    yield View(on_white.tobytes(), frame.index, light)
    if square.mode == "RGBA" and _differ(on_white, on_dark := on(square, DARK)):
        yield View(on_dark.tobytes(), frame.index, dark)


def _differ(one: Image.Image, other: Image.Image) -> bool:
    apart = np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max(axis=2)
    return bool((apart > _VISIBLE).mean() > _SHARE)


def windows(size: Size, most: int) -> list[tuple[int, int, int, int]]:
    """Boxes that cover a tall or wide picture along its long side, overlapping by a quarter; else none."""
    long, short = max(size), min(size)
    if long <= TALL * short or most < 2:
        return []
    count = min(most, math.ceil((long / short - 1) / 0.75) + 1)
    length = max(short, math.ceil(long / (1 + 0.75 * (count - 1))))
    starts = [round(i * (long - length) / (count - 1)) for i in range(count)]
    if size[0] >= size[1]:
        return [(s, 0, s + length, short) for s in starts]
    return [(0, s, short, s + length) for s in starts]


# --- the still ---------------------------------------------------------------------------------------


def still(frames: Sequence[Frame]) -> Image.Image:
    """The picture for vendors, cards and fingerprints; of an animation, a contact sheet of its chosen frames.

    Vendors then see all of them in one call (ruling 15).
    """
    if len(frames) == 1:
        return _padded(_fitted(best(frames[0].picture)))
    return _padded(_sheet([best(_within(f.picture, CELL)) for f in frames]))


def jpeg(picture: Image.Image, quality: int = 85, most: int = STILL_BYTES) -> bytes:
    """A plain JPEG below `most` bytes, without metadata."""
    picture.info.clear()  # Pillow would pass on the comment of the original
    while True:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() < most or quality <= 10:
            return out.getvalue()
        quality -= 15


def _fitted(picture: Image.Image) -> Image.Image:
    """Long side to 1600; tall pictures keep the same area instead, or nothing could be recognised."""
    long, short = max(picture.size), min(picture.size)
    scale = STILL_SIDE / long if long <= TALL * short else math.sqrt(STILL_AREA / (long * short))
    return _scaled(picture, min(1.0, max(scale, STILL_SHORTEST / short), STILL_LONGEST / long))


def _within(picture: Image.Image, side: int) -> Image.Image:
    return _scaled(picture, min(1.0, side / max(picture.size)))


def _scaled(picture: Image.Image, scale: float) -> Image.Image:
    if scale >= 1.0:
        return picture
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _padded(picture: Image.Image) -> Image.Image:
    """At least 20 px a side, which is what vendors ask for."""
    size = (max(picture.width, STILL_SHORTEST), max(picture.height, STILL_SHORTEST))
    if size == picture.size:
        return picture
    padded = Image.new("RGB", size, WHITE)
    padded.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return padded


def _sheet(pictures: Sequence[Image.Image]) -> Image.Image:
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    width, height = max(p.width for p in pictures), max(p.height for p in pictures)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), WHITE)
    for n, picture in enumerate(pictures):
        sheet.paste(picture, (n % columns * (width + GAP), n // columns * (height + GAP)))
    return sheet


# --- codes and evidence -------------------------------------------------------------------------------


def codes(pictures: Sequence[Image.Image]) -> tuple[str, ...]:
    """The texts of QR codes in `pictures`, each once: at most 8, of at most 512 characters."""
    found: dict[str, None] = {}
    for picture in pictures:
        read = zxingcpp.read_barcodes(np.asarray(picture.convert("L")), formats=_QR)
        found.update((code.text[:CODE_LENGTH], None) for code in read if code.text)
    return tuple(found)[:CODES]


def mosaic(picture: Image.Image) -> Image.Image:
    """`picture` in 24 blocks along its long side: colours and layout remain, nothing can be recognised."""
    scale = MOSAIC_BLOCKS / max(picture.size)
    blocks = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    factor = MOSAIC_SIDE // MOSAIC_BLOCKS
    coarse = picture.resize(blocks, Image.Resampling.BOX)
    return coarse.resize((blocks[0] * factor, blocks[1] * factor), Image.Resampling.NEAREST)


def reduced(picture: Image.Image) -> Image.Image:
    """`picture` at evidence size."""
    return _within(picture, EVIDENCE_SIDE)
