"""Pictures drawn for the tests, and what it means that a view shows one of them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image
from pillow_heif import register_heif_opener

from bot.media.sandbox import read
from policies.model import Unscreened, UnscreenedReason
from providers.base import VIEW_SIDE, View
from providers.base import Image as Taken

register_heif_opener()  # to draw such files; whoever reads them registers for themselves


def photo(seed: int = 1, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Something like a photograph: smooth, colourful, different for each seed."""
    grain = np.random.default_rng(seed).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(grain).resize(size, Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def film(pictures: Sequence[Image.Image], kind: str, **options: Any) -> bytes:
    return encoded(pictures[0], kind, save_all=True, append_images=list(pictures[1:]), **options)


def qr(text: str, side: int = 240) -> Image.Image:
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    bits = Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(code, scale=4)))
    return bits.convert("RGB").resize((side, side), Image.Resampling.NEAREST)


def seen_in(view: View) -> Image.Image:
    return Image.frombytes("RGB", (VIEW_SIDE, VIEW_SIDE), view.pixels)


def apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference in levels 0..255, both squashed to the same square."""
    a, b = (np.asarray(p.convert("RGB").resize((64, 64), Image.Resampling.BILINEAR), np.float32) for p in (one, other))
    return float(np.abs(a - b).mean())


def shows(view: View, picture: Image.Image) -> bool:
    return apart(seen_in(view), picture) < 8


def opened(picture: bytes) -> Image.Image:
    with Image.open(io.BytesIO(picture)) as source:
        return source.convert("RGB")


def drawn_in_alpha(colour: tuple[int, int, int]) -> Image.Image:
    """All pixels of one colour; the picture is in the opacity alone."""
    picture = Image.new("RGBA", (320, 240), (*colour, 0))
    picture.putalpha(photo().convert("L").point(lambda level: 255 - level))
    return picture


def png_header(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def taken(original: bytes) -> Taken:
    image = read(original)
    assert isinstance(image, Taken), image
    assert all(len(v.pixels) == VIEW_SIDE * VIEW_SIDE * 3 for v in image.views)
    assert 1 <= len(image.views) <= 12
    still = opened(image.still)
    assert min(still.size) >= 20
    assert max(still.size) <= 6000
    assert len(image.still) < 5_000_000
    return image


def refused(original: bytes, reason: UnscreenedReason) -> Unscreened:
    answer = read(original)
    assert isinstance(answer, Unscreened), answer
    assert (answer.provider, answer.reason) == ("media", reason)
    return answer
