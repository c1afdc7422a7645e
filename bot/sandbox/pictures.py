"""Pictures for the demo and the tests: drawn, harmless, the same for the same seed."""

from __future__ import annotations

import io
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SKIES = [((255, 176, 124), (74, 78, 140)), ((214, 234, 248), (93, 146, 208)), ((250, 219, 160), (120, 160, 190))]


def landscape(seed: int = 0, size: tuple[int, int] = (1280, 800)) -> Image.Image:
    """Hills under a sky, with a sun and film grain: enough detail to weigh what a photograph weighs."""
    rng = random.Random(seed)
    width, height = size
    low, high = SKIES[seed % len(SKIES)]
    ramp = np.linspace(0, 1, height)[:, None, None]
    sky = np.array(high) * (1 - ramp) + np.array(low) * ramp
    picture = Image.fromarray(np.broadcast_to(sky, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    x, y, r = rng.randint(width // 5, width * 4 // 5), rng.randint(height // 8, height // 3), height // 14
    draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 244, 214))
    for layer in range(5):
        _hills(draw, rng, size, layer)
    return _grain(picture.filter(ImageFilter.GaussianBlur(1.2)), seed)


def _hills(draw: ImageDraw.ImageDraw, rng: random.Random, size: tuple[int, int], layer: int) -> None:
    width, height = size
    base = height * (0.42 + 0.13 * layer)
    steps = [base + rng.uniform(-1, 1) * height * 0.09 for _ in range(9)]
    xs = np.arange(0, width + 8, 8)
    ys = np.interp(xs, np.linspace(0, width, len(steps)), steps)
    shade = tuple(int(c * (1 - 0.17 * layer)) for c in (110, 150, 112))
    draw.polygon([*zip(xs.tolist(), ys.tolist(), strict=True), (width, height), (0, height)], fill=shade)


def _grain(picture: Image.Image, seed: int) -> Image.Image:
    pixels = np.asarray(picture).astype(np.int16)
    noise = np.random.default_rng(seed).normal(0, 5, pixels.shape)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    """`picture` as JPEG bytes."""
    return _save(picture, "JPEG", quality=quality)


def png(picture: Image.Image) -> bytes:
    """`picture` as PNG bytes."""
    return _save(picture, "PNG")


def animation(frames: int, bad_at: int, bad: bytes, size: tuple[int, int] = (480, 300)) -> bytes:
    """A GIF of `frames` frames of a moving sun, in which frame `bad_at` shows the picture `bad`."""
    ground = landscape(2, size)
    pictures = []
    for n in range(frames):
        frame = ground.copy()
        x = size[0] * n // frames
        ImageDraw.Draw(frame).ellipse((x, 30, x + 40, 70), fill=(255, 240, 200))
        pictures.append(frame)
    pictures[bad_at] = Image.open(io.BytesIO(bad)).convert("RGB").resize(size)
    kept = [p.quantize(64, method=Image.Quantize.FASTOCTREE) for p in pictures]
    return _save(kept[0], "GIF", save_all=True, append_images=kept[1:], duration=60, loop=0)


def rubbish(seed: int = 0, size: int = 4096) -> bytes:
    """Bytes that begin like a PNG and are none."""
    return b"\x89PNG\r\n\x1a\n" + random.Random(seed).randbytes(size)


def _save(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
