"""Colours as a browser shows them, where profile or gamma would make them another picture. In the sandbox.

An ordinary profile moves colours by a few levels, which no model minds; a made-up one can turn a picture
dark, pale or inside out. The transform is tried on a thumbnail and carried out in full only if it matters.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms

Correction = Callable[[Image.Image], Image.Image]

MATTERS = 10.0  # mean change in levels 0..255
_THUMB = (64, 64)
_SCREEN = 2.2  # gamma of sRGB, near enough
_SRGB = ImageCms.createProfile("sRGB")


def correction(source: Image.Image) -> Correction | None:
    """What browsers do to the samples of `source` (an RGB or palette file), or None where it changes little."""
    if source.mode not in {"RGB", "RGBA", "P", "PA"}:
        return None
    profile = source.info.get("icc_profile")
    if profile:
        return _through(profile)
    gamma = source.info.get("gamma")
    if gamma and "srgb" not in source.info and 0.001 < gamma < 100:
        return _bent(1 / (gamma * _SCREEN))
    return None


def corrected(picture: Image.Image, change: Correction | None) -> Image.Image:
    """`picture` (RGB or RGBA) with `change` carried out, if it matters."""
    if change is None:
        return picture
    thumb = picture.convert("RGB").resize(_THUMB, Image.Resampling.BOX, reducing_gap=1.0)
    if np.abs(np.asarray(change(thumb), np.int16) - np.asarray(thumb, np.int16)).mean() < MATTERS:
        return picture
    changed = change(picture.convert("RGB"))
    if picture.mode == "RGBA":
        changed.putalpha(picture.getchannel("A"))
    return changed


def _through(profile: bytes) -> Correction | None:
    try:
        transform = ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), _SRGB, "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # browsers ignore a broken profile, too
    return transform.apply


def _bent(exponent: float) -> Correction:
    table = [round(255 * (level / 255) ** exponent) for level in range(256)] * 3
    return lambda picture: picture.point(table)
