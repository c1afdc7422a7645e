"""Hostile bytes -> the frames worth looking at. Runs in the sandbox only; the parent never imports it.

The ladder: Pillow as strict as it is; then, only if that fails, Pillow told to make do with truncated
files (many of which browsers show as a picture all the same), and what that gives is marked damaged.

A damaged picture is judged by what could be decoded, however little: browsers decode with the same
libraries (libjpeg, libpng and zlib, libwebp, dav1d), go no further in the file, and leave blank what we
leave blank, so nobody is shown what was not judged. Where that is not certain it is no pass: if what is
left is flat (`sandbox`), or if an animation breaks off before its end (fewer frames `seen` than `total`).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

# Each plug-in is imported by name: Pillow's own discovery would load the parsers of all forty formats.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)
from pillow_heif import options as heif_options
from pillow_heif import register_heif_opener

from bot.media.colours import corrected, correction
from bot.media.gallery import KEPT_SIDE, Frame, Gallery
from bot.media.reel import Budget, route, walk
from bot.media.sniff import Kind

PIXELS = 25_000_000  # a frame decoded in full (ruling 15)
JPEG_PIXELS = 200_000_000  # a JPEG is decoded at 1/2, 1/4 or 1/8 until it is below PIXELS
BLOCK = 1024 * 1024  # Pillow's memory is reused in such blocks, ...
BLOCKS = 24  # ... so many of them: mapping fresh pages costs as much as decoding into them
SMALLEST = 24  # px a side; open_nsfw calls a single pixel 40 % explicit (facts: models.md §5)
DRAFT_LONG = 1600  # a JPEG is never decoded below this (long side) and ...
DRAFT_SHORT = 512  # ... this (short side, for the tiles of tall pictures)

FORMATS = {
    "jpeg": ("JPEG",),
    "png": ("PNG",),
    "gif": ("GIF",),
    "webp": ("WEBP",),
    "bmp": ("BMP",),
    "tiff": ("TIFF",),
    "avif": ("AVIF",),
    "heif": ("HEIF",),
}

# What Pillow 13 was seen to raise on 14,943 broken files (facts: reliability.md §0), and their kin.
DECODER_ERRORS = (
    OSError,
    ValueError,
    ArithmeticError,
    LookupError,
    SyntaxError,
    TypeError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Warning,
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({_UPRIGHT[turn] for turn in (5, 6, 7, 8)})
_LEAPING = frozenset({"gif", "heif", "tiff"})  # APNG, WebP and AVIF build each frame on the one before
_ORIENTATION = 0x0112  # EXIF tag
_DEEP = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})

register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
heif_options.DECODE_THREADS = 1
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
Image.core.set_block_size(BLOCK)  # type: ignore[attr-defined]
Image.core.set_blocks_max(BLOCKS)  # type: ignore[attr-defined]


class Oversized(Exception):
    """More pixels than may be decoded."""


class Tiny(Exception):
    """Too few pixels to judge."""


@dataclass(frozen=True, slots=True)
class Film:
    """What was decoded: the frames chosen, the upright size of the original, how much was seen.

    `damaged`: the file is broken, and what could not be decoded was not seen.
    """

    frames: tuple[Frame, ...]
    width: int
    height: int
    seen: int = 1
    total: int = 1
    damaged: bool = False


def decode(original: bytes, kind: Kind) -> Film:
    """Decode `original`. Raises `Oversized`, `Tiny`, or one of `DECODER_ERRORS` if no rung bears."""
    Image.MAX_IMAGE_PIXELS = JPEG_PIXELS if kind.name == "jpeg" else PIXELS
    budget = Budget()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parsers warn in the words of the file
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _walk(original, kind, budget, lenient=False)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise Oversized(str(error)) from None
        except DECODER_ERRORS:
            with _making_do():
                return _walk(original, kind, budget, lenient=True)


@contextmanager
def _making_do() -> Iterator[None]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _walk(original: bytes, kind: Kind, budget: Budget, *, lenient: bool) -> Film:
    stream = io.BytesIO(original)
    with Image.open(stream, formats=FORMATS[kind.name]) as source:
        width, height = source.size
        if min(width, height) < SMALLEST:
            raise Tiny(f"{width} x {height} pixels")
        _draft(source)
        turn = _UPRIGHT.get(_orientation(source))
        length = _length(source, kind, lenient=lenient)
        reel = route(length, budget, leaping=kind.name in _LEAPING) if length else walk(budget)
        gallery = Gallery()
        change = correction(source)
        ended = False
        try:
            for index in reel:
                picture = _picture(source, index, turn)
                own = picture if length == 1 else _own(picture, source)
                del picture  # not held in full while the next one is drawn
                gallery.add(index, corrected(own, change))
        except DECODER_ERRORS as error:
            if not (gallery.seen and lenient):
                raise
            ended = isinstance(error, EOFError) or stream.tell() == len(original)
        total = length or _guessed(source, gallery.seen, ended=ended)
    if turn in _SIDEWAYS:
        width, height = height, width
    return Film(gallery.choose(), width, height, seen=gallery.seen, total=total, damaged=lenient)


def _draft(source: ImageFile.ImageFile) -> None:
    """Have libjpeg scale down while decoding, as far as nothing we need is lost."""
    long, short = max(source.size), min(source.size)
    scale = max(DRAFT_LONG / long, DRAFT_SHORT / short)
    if source.format in {"JPEG", "MPO"} and scale < 1:
        source.draft(source.mode, (max(1, int(source.width * scale)), max(1, int(source.height * scale))))
    if source.width * source.height > PIXELS:
        raise Oversized(f"{source.width} x {source.height} pixels are more than {PIXELS // 1_000_000} million")


def _orientation(source: Image.Image) -> int:
    try:
        return int(source.getexif().get(_ORIENTATION, 1))
    except DECODER_ERRORS:
        return 1  # broken EXIF turns nothing: neither do browsers


def _length(source: Image.Image, kind: Kind, *, lenient: bool) -> int | None:
    """How many frames there are; None if that is only found out by walking. Of an MPO only the first is shown."""
    if kind.name == "jpeg":
        return 1
    return None if lenient else max(1, int(getattr(source, "n_frames", 1)))


def _guessed(source: ImageFile.ImageFile, seen: int, *, ended: bool) -> int:
    """How many frames a broken file has: as it says itself; a GIF says nothing, and has no more once it ended."""
    if isinstance(source, GifImagePlugin.GifImageFile):
        return seen if ended else seen + 1
    try:
        return max(seen, int(getattr(source, "n_frames", 1)))
    except DECODER_ERRORS:
        return seen + 1


def _picture(source: ImageFile.ImageFile, index: int, turn: Image.Transpose | None) -> Image.Image:
    if index:
        _seek(source, index)
        if source.width * source.height > PIXELS:
            raise Oversized(f"frame {index} has {source.width} x {source.height} pixels")
    source.load()
    plain = _plain(source)
    return plain if turn is None else plain.transpose(turn)


def _own(picture: Image.Image, source: ImageFile.ImageFile) -> Image.Image:
    """`picture`, no larger than it needs to be, and untouched by what comes next, which is drawn over `source`."""
    factor = max(picture.size) // KEPT_SIDE
    if factor > 1 and min(picture.size) >= factor:
        return picture.reduce(factor)
    return picture.copy() if picture is source else picture


def _seek(source: ImageFile.ImageFile, index: int) -> None:
    """Go on to a frame. Those of a GIF that are leapt over are not drawn: it shows over what was drawn last."""
    if isinstance(source, GifImagePlugin.GifImageFile):
        for skipped in range(source.tell() + 1, index):
            source._seek(skipped, update_image=False)  # as Pillow itself does to count them
    source.seek(index)


def _plain(source: Image.Image) -> Image.Image:
    """RGB or RGBA of eight bits, whatever `source` is; `source` itself if it is that already."""
    if source.mode in _DEEP:
        source = Image.fromarray((np.asarray(source) >> 8).astype(np.uint8))  # convert("L") would clip to white
    elif source.mode in {"I", "F"}:
        source = _stretched(source)
    if not source.has_transparency_data:
        return source if source.mode == "RGB" else source.convert("RGB")
    layered = source.convert("RGBA")
    opaque = layered.getchannel("A").getextrema() == (255, 255)
    return layered.convert("RGB") if opaque else layered


def _stretched(source: Image.Image) -> Image.Image:
    """32-bit samples have no agreed white: from the darkest to the brightest of this picture."""
    samples = np.nan_to_num(np.asarray(source, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = float(samples.min()), float(samples.max())
    return Image.fromarray(((samples - low) * (255.0 / ((high - low) or 1.0))).astype(np.uint8))
