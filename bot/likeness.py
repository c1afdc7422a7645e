"""Which of many known images another one nearly looks like.

Two pictures are near when both hashes differ in at most `NEAR` bits: found in 91-95 % of re-encoded or
slightly cropped copies, 0.08 % false pairs on 278 images (docs/decisions/0006-near.md). Near is a suspicion
only, never a pass and never a deletion (ruling 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from policies.model import Near
from providers.base import Fingerprint

NEAR: Final = 10
"""Bits of each hash."""

Hashes = npt.NDArray[np.uint64]

_NONE: Final[Hashes] = np.zeros((2, 0), dtype=np.uint64)


def near(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether the two may show the same; flat pictures match nothing."""
    if one.flat or other.flat:
        return False
    return (one.phash ^ other.phash).bit_count() <= NEAR and (one.dhash ^ other.dhash).bit_count() <= NEAR


class Gallery:
    """Known images with their fingerprints, packed so that all are compared at once."""

    def __init__(self) -> None:
        self._known: dict[str, Near] = {}
        self._shas: list[str] = []
        self._hashes = _NONE  # row 0: phash, row 1: dhash; columns in the order of `_shas`

    def __len__(self) -> int:
        return len(self._shas)

    def hang(self, pictures: Iterable[tuple[Near, Fingerprint]]) -> None:
        """Take them in, but for flat ones. Of what is there already, the first word stands."""
        fresh: dict[str, tuple[Near, Fingerprint]] = {}
        for known, prints in pictures:
            if known.sha256 not in self._known and not prints.flat:
                fresh.setdefault(known.sha256, (known, prints))
        if not fresh:
            return
        more = [[f.phash for _, f in fresh.values()], [f.dhash for _, f in fresh.values()]]
        self._hashes = np.concatenate([self._hashes, np.array(more, dtype=np.uint64)], axis=1)
        self._shas += fresh
        self._known |= {sha256: known for sha256, (known, _) in fresh.items()}

    def nearest(self, fingerprint: Fingerprint, sha256: str) -> Near | None:
        """The one that it looks like most, other than itself; of several alike, the one that was hung first."""
        if fingerprint.flat or not self._shas:
            return None
        own = np.array([[fingerprint.phash], [fingerprint.dhash]], dtype=np.uint64)
        distances = np.bitwise_count(self._hashes ^ own).max(axis=0)
        for place in _ascending(distances):
            if self._shas[place] != sha256:
                return replace(self._known[self._shas[place]], distance=int(distances[place]))
        return None


def _ascending(distances: npt.NDArray[np.uint8]) -> Iterator[int]:
    """Where those stand that are near enough, the nearest first."""
    (places,) = np.nonzero(distances <= NEAR)
    yield from (int(p) for p in places[np.argsort(distances[places], kind="stable")])
