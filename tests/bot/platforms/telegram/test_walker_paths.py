"""Every way from a message to a file with a picture is walked: the specification's list, and a sample of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model import MediaKind
from bot.platforms.telegram.walker import LOTTIE, VIDEO, found_in
from tests.bot.platforms.telegram.messages import document, file, message, photo, sticker, video
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


# --- a sample that is always here -------------------------------------------------------------------

SAMPLE: list[tuple[str, dict[str, Any]]] = [
    ("photo", {"photo": photo("x")}),
    ("document", {"document": document("x")}),
    ("animation", {"animation": video("v", thumbnail=photo("x", sides=(90,))[0])}),
    ("video cover", {"video": video("v", cover=photo("x"))}),
    ("audio cover", {"audio": file("m", duration=9, thumbnail=photo("x", sides=(90,))[0])}),
    ("live photo", {"live_photo": video("v", photo=photo("x"))}),
    ("paid", {"paid_media": {"star_count": 5, "paid_media": [{"type": "photo", "photo": photo("x")}]}}),
    ("poll", {"poll": {"media": {"photo": photo("x")}}}),
    ("option", {"poll": {"options": [{"text": "a"}, {"text": "b", "media": {"photo": photo("x")}}]}}),
    ("explanation", {"poll": {"explanation_media": {"sticker": sticker("x")}}}),
    (
        "collage",
        {"rich_message": {"blocks": [{"type": "collage", "blocks": [{"type": "photo", "photo": photo("x")}]}]}},
    ),
    ("quoted poll", {"external_reply": {"poll": {"options": [{"media": {"photo": photo("x")}}]}}}),
    ("chat photo", {"new_chat_photo": photo("x")}),
    ("game", {"game": {"title": "g", "photo": photo("x")}}),
    ("background", {"chat_background_set": {"type": {"type": "wallpaper", "document": document("x")}}}),
    ("gift", {"unique_gift": {"gift": {"model": {"sticker": sticker("x")}}}}),
    ("shared users", {"users_shared": {"users": [{"user_id": 1, "photo": photo("x")}]}}),
]


@pytest.mark.parametrize("fields", [fields for _, fields in SAMPLE], ids=[name for name, _ in SAMPLE])
def test_the_sample_is_walked(fields: dict[str, Any]) -> None:
    assert "file:x" in {f.media.key for f in found_in(message(**fields)) if f.media.unsupported is None}
