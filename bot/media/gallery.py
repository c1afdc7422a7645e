"""Which frames of an animation to look at: those that differ most. Runs in the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

KEPT = 16  # frames held while walking through an animation
KEPT_SIDE = 1024  # px; frames of an animation are held no larger
THUMB = 32  # px a side; all frames are compared at this size
SAME = 1.5  # root mean square of levels 0..255 below which two thumbnails show the same


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, upright, RGB or (where something shines through) RGBA."""

    index: int
    picture: Image.Image


Thumb = npt.NDArray[np.float32]


class Gallery:
    """Keeps the frames that differ most from each other, in bounded memory, given each frame once.

    A frame unlike all others is never the one that is let go. The picture of a still stays in full.
    """

    def __init__(self) -> None:
        self.seen = 0
        self._kept: list[Frame] = []
        self._thumbs: Thumb = np.empty((0, THUMB * THUMB * 4), np.float32)
        self._apart: Thumb = np.empty((0, 0), np.float32)  # how far each kept frame is from each other one
        self._last: Frame | None = None

    def add(self, index: int, picture: Image.Image) -> None:
        """Look at the next frame, the `index`-th of the animation."""
        frame = self._last = Frame(index, picture)
        self.seen += 1
        if self.seen == 1:
            self._kept = [frame]
            return
        if self.seen == 2:
            first = self._kept.pop()
            self._keep(_shrunk(first), _thumb(first.picture))
        self._keep_if_new(frame)

    def choose(self) -> tuple[Frame, ...]:
        """The first, the last and those most different, in their order: at most 8, or 6 if any is transparent."""
        if self._last is None or self.seen == 1:
            return tuple(self._kept)
        self._keep_if_new(self._last, room=1)
        most = 6 if any(f.picture.mode == "RGBA" for f in self._kept) else 8
        return tuple(self._kept[i] for i in sorted(_spread(self._thumbs, most)))

    def _keep_if_new(self, frame: Frame, room: int = 0) -> None:
        thumb = _thumb(frame.picture)
        if _distances(self._thumbs, thumb).min() < SAME:
            return
        self._keep(frame, thumb)
        if len(self._kept) > KEPT + room:
            self._let_go_of_one()
        if self._kept[-1] is frame:  # most frames of a long animation are let go again: shrinking them would cost most
            self._kept[-1] = _shrunk(frame)

    def _keep(self, frame: Frame, thumb: Thumb) -> None:
        distances = _distances(self._thumbs, thumb)
        self._kept.append(frame)
        self._thumbs = np.vstack([self._thumbs, thumb])
        self._apart = np.pad(self._apart, (0, 1), constant_values=np.inf)
        self._apart[-1, :-1] = self._apart[:-1, -1] = distances

    def _let_go_of_one(self) -> None:
        """The one that is closest to another; never the first."""
        position = 1 + int(self._apart.min(axis=1)[1:].argmin())
        del self._kept[position]
        self._thumbs = np.delete(self._thumbs, position, axis=0)
        self._apart = np.delete(np.delete(self._apart, position, axis=0), position, axis=1)


def _thumb(picture: Image.Image) -> Thumb:
    """What is visible, as colour times opacity beside opacity: hidden colours under full transparency count nothing."""
    small = picture.resize((THUMB, THUMB), Image.Resampling.BOX, reducing_gap=1.0).convert("RGBA")
    levels: npt.NDArray[Any] = np.asarray(small, dtype=np.float32)
    opacity = levels[:, :, 3:] / 255.0
    return np.concatenate([levels[:, :, :3] * opacity, levels[:, :, 3:]], axis=2).reshape(1, -1)


def _distances(thumbs: Thumb, thumb: Thumb) -> npt.NDArray[np.float32]:
    distances: npt.NDArray[np.float32] = np.sqrt(np.square(thumbs - thumb).mean(axis=1))
    return distances


def _spread(thumbs: Thumb, most: int) -> list[int]:
    """Farthest-point choice: the first, the last, then whatever is farthest from all chosen."""
    chosen = [0] if len(thumbs) == 1 else [0, len(thumbs) - 1]
    apart = np.min([_distances(thumbs, thumbs[i]) for i in chosen], axis=0)
    while len(chosen) < min(most, len(thumbs)) and apart.max() >= SAME:
        chosen.append(int(apart.argmax()))
        apart = np.minimum(apart, _distances(thumbs, thumbs[chosen[-1]]))
    return chosen


def _shrunk(frame: Frame) -> Frame:
    picture = frame.picture
    if max(picture.size) <= KEPT_SIDE:
        return frame
    scale = KEPT_SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return Frame(frame.index, picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0))
