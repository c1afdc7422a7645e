"""Pictures drawn for the tests, and what it means that a view shows one of them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image

from providers.base import VIEW_SIDE, View


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
