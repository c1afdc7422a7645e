"""The host is told which walls around the decoders are missing."""

from __future__ import annotations

import pytest

from bot.doctor import walls
from bot.media.sandbox import Confinement


def test_all_walls_are_well() -> None:
    assert walls(Confinement(no_network=True, no_new_privileges=True, memory=1, cpu_seconds=3)).ok


@pytest.mark.parametrize(
    ("confinement", "words"),
    [
        (Confinement(no_network=False, no_new_privileges=True, memory=1, cpu_seconds=3), ["unshare"]),
        (Confinement(no_network=True, no_new_privileges=False, memory=1, cpu_seconds=3), ["NO_NEW_PRIVS"]),
        (None, ["unshare", "NO_NEW_PRIVS"]),
    ],
)
def test_a_missing_wall_says_its_cure(confinement: Confinement | None, words: list[str]) -> None:
    finding = walls(confinement)
    assert not finding.ok
    assert [w for w in ("unshare", "NO_NEW_PRIVS") if w in finding.cure] == words
