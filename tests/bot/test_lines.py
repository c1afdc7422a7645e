"""What the log line and `--json` say of frames."""

from __future__ import annotations

import pytest

from bot.commands import shapes
from bot.lines import _screening
from policies.model import Category, Frames, Label, Verdict, Versions


def of(frames: Frames) -> Verdict:
    label = Label(Category.HATE, "flag", 0.12345)
    return Verdict("local", (label,), frozenset(Category), Versions("m", "n", "p"), frames=frames)


@pytest.mark.parametrize("shape", [shapes.of_screening, _screening])
def test_frames_are_told_of_animations_alone(shape: object) -> None:
    assert callable(shape)
    assert shape(of(Frames(118, 151)))["frames"] == {"seen": 118, "total": 151}
    assert shape(of(Frames(12, 12)))["frames"] == {"seen": 12, "total": 12}
    assert "frames" not in shape(of(Frames()))
