"""Every way from a message to a file with a picture is walked: the specification's list, and a sample of it."""

from __future__ import annotations

import pytest

from bot.model import MediaKind
from bot.platforms.telegram.walker import LOTTIE, VIDEO, found_in
from tests.botapi import PATHS, along, image_paths

UNDECODED = {"Animation": VIDEO, "Video": VIDEO, "VideoNote": VIDEO, "LivePhoto": VIDEO, "File": LOTTIE}
"""Types whose file is named as unsupported; what is to be judged of them hangs beside."""


def kinds() -> dict[str, str]:
    """The type at the end of each path."""
    return dict(line.split() for line in PATHS.read_text().splitlines() if line.startswith("Message."))


@pytest.mark.parametrize("path", image_paths() or [pytest.param("", marks=pytest.mark.skip("no list of paths here"))])
def test_each_path_of_the_specification_is_walked(path: str) -> None:
    message, unique = along(path)

    found = found_in(message)

    mine = [f for f in found if f.media.key == f"file:{unique}" or unique in f.alike]
    assert len(mine) == 1
    if mine[0].media.key == f"file:{unique}":
        assert mine[0].media.unsupported == UNDECODED.get(kinds()[path])
        assert mine[0].media.ref.split()[0] == f"file-{unique.rpartition('-')[2]}"
    if "new_chat_photo" in path:
        assert mine[0].media.kind is MediaKind.COVER
    elif ".sticker" in path:
        assert mine[0].media.kind is MediaKind.STICKER
