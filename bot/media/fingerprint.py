"""Perceptual hashes: a DCT hash and a gradient hash of 64 bits each, in numpy. `bot.likeness` compares them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from providers.base import Fingerprint

_SIDE = 32
_FLAT_SPREAD = 6.0  # standard deviation of grey levels below which there is nothing to match on
_FLAT_BEND = 0.8  # mean second difference below which it is a plain gradient

Grey = npt.NDArray[np.float64]


def _cosines(side: int) -> Grey:
    """The matrix of the discrete cosine transform (type II), unscaled."""
    k, x = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    return np.cos(np.pi * k * (2 * x + 1) / (2 * side))


_DCT = _cosines(_SIDE)


def fingerprint(picture: Image.Image) -> Fingerprint:
    """The hashes of an RGB or grey picture."""
    grey = picture.resize((4 * _SIDE, 4 * _SIDE), Image.Resampling.BILINEAR, reducing_gap=1.5).convert("L")
    square = np.asarray(grey.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR), dtype=np.float64)
    waves = (_DCT @ square @ _DCT.T)[:8, :8]
    strip = np.asarray(grey.resize((9, 8), Image.Resampling.BILINEAR), dtype=np.int16)
    return Fingerprint(
        phash=_bits(waves > np.median(waves)),
        dhash=_bits(strip[:, 1:] > strip[:, :-1]),
        flat=_flat(square),
    )


def _bits(mask: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(mask).tobytes(), "big")


def _flat(square: Grey) -> bool:
    bend = np.abs(np.diff(square, 2, axis=0)).mean() + np.abs(np.diff(square, 2, axis=1)).mean()
    return bool(square.std() < _FLAT_SPREAD or bend < _FLAT_BEND)
