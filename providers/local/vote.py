"""What two models' scores mean together: pure arithmetic.

A is Yahoo's open_nsfw (one number: pornographic or not; trained on photographs), B is nsfwjs
MobileNetV2-Mid (five classes that sum to one). Their mistakes hardly correlate: of 941 ordinary
pictures A alone calls 2 and B alone 8 pornographic at 0.5, their mean none (its maximum was 0.485).
No recall is claimed: none was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from policies.model import Category, Label, Medium

DRAWN_ABOVE = 0.5
WORTH_A_LOOK = 0.3  # of the vote; 0.5 on the one scale
QR_CONFIDENCE = 0.6  # a QR code alone is no proof of an advertisement

# From the vote to the one scale of all providers (ruling 3): 10 of the 941 ordinary pictures reach the
# first knee, none comes near the second.
SCALE = ((0.0, 0.0), (WORTH_A_LOOK, 0.5), (0.75, 0.85), (1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Scores:
    """What the two models say of one view, each 0..1: `nsfw` is A's, the other five are B's."""

    nsfw: float
    drawing: float
    hentai: float
    neutral: float
    porn: float
    sexy: float

    def __post_init__(self) -> None:
        for field in fields(self):
            score = getattr(self, field.name)
            if not (math.isfinite(score) and -1e-4 <= score <= 1.0001):
                raise ValueError(f"{field.name} must be in 0..1, not {score!r}")

    @property
    def drawn(self) -> bool:
        """Whether B takes it for a drawing."""
        return self.drawing + self.hentai > DRAWN_ABOVE

    @property
    def vote(self) -> float:
        """How surely it is pornographic, 0..1: the mean of both, of a drawing B's word alone (A never saw any)."""
        b = self.porn + self.hentai
        return _clamp(b if self.drawn else (self.nsfw + b) / 2)


def confidence(vote: float) -> float:
    """`vote` (0..1) on the one scale of all providers, linear between the points of `SCALE`."""
    for (x0, y0), (x1, y1) in pairwise(SCALE):
        if vote <= x1:
            return y0 + (vote - x0) / (x1 - x0) * (y1 - y0)
    return 1.0


def labels(views: Sequence[Scores], *, advert: bool) -> tuple[Label, ...]:
    """The labels of an image from all its views: the maximum counts. Raises ValueError without a view.

    `sexual_suggestive` is B's word alone and taken as it is. `advert`: a QR code was found.
    """
    worst = max(views, key=lambda s: s.vote)
    found = (
        Label(Category.SEXUAL_EXPLICIT, "hentai" if worst.drawn else "porn", confidence(worst.vote)),
        Label(Category.SEXUAL_SUGGESTIVE, "sexy", _clamp(max(s.sexy for s in views))),
    )
    return (*found, Label(Category.ADVERTISING, "qr_code", QR_CONFIDENCE)) if advert else found


def medium(views: Sequence[Scores]) -> Medium:
    """Drawn only if every view worth a look is, or the worst one where none is.

    So a photograph cannot borrow the mildness of a guild towards drawings by standing beside one.
    """
    telling = [s for s in views if s.vote >= WORTH_A_LOOK] or [max(views, key=lambda s: s.vote)]
    return Medium.DRAWN if all(s.drawn for s in telling) else Medium.PHOTO


def _clamp(score: float) -> float:
    """Float32 sums of a softmax stray from 0..1 by a few millionths."""
    return min(1.0, max(0.0, score))
