"""Raw messages and files of Telegram, as small as tests need them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
TOWN: Json = {"id": -1001, "type": "supergroup", "title": "Town"}
NEWS: Json = {"id": -1009, "type": "channel", "title": "News"}
ANN: Json = {"id": 42, "is_bot": False, "first_name": "Ann"}
DATE = 1_764_000_000


def message(ident: int = 10, chat: Json = TOWN, by: Json | None = ANN, **fields: Any) -> Json:
    """A field of None is left out."""
    body = {"message_id": ident, "date": DATE, "chat": chat, "from": by, **fields}
    return {name: value for name, value in body.items() if value is not None}


def file(name: str, **fields: Any) -> Json:
    return {"file_id": f"id-{name}", "file_unique_id": name, **fields}


def photo(name: str = "a", *, sides: tuple[int, ...] = (90, 320, 1280)) -> list[Json]:
    """In sizes, smallest first; the largest has the name itself."""
    names = [*(f"{name}-{side}" for side in sides[:-1]), name]
    return [file(n, width=s, height=s, file_size=s * 10) for n, s in zip(names, sides, strict=True)]


def document(name: str = "d", **fields: Any) -> Json:
    return file(name, file_size=1000, **fields)


def video(name: str = "v", **fields: Any) -> Json:
    return file(name, width=480, height=270, duration=2, **fields)


def sticker(name: str = "s", *, animated: bool = False, moving: bool = False, **fields: Any) -> Json:
    return file(name, type="regular", width=512, height=512, is_animated=animated, is_video=moving, **fields)
