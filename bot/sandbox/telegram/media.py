"""The kinds of message that show a picture, each as the fields that the Bot API's `Message` has for it.

Only what bots are told: a story has no file, a paid preview neither. Files have no `file_id` here.
"""

from __future__ import annotations

from pathlib import PurePath
from secrets import randbits
from typing import Literal

from bot.sandbox.telegram.entities import Chat, Json
from bot.sandbox.telegram.files import Files
from bot.sandbox.telegram.wire import chat

StickerKind = Literal["static", "animated", "video"]
_STICKERS = {"static": ".webp", "animated": ".tgs", "video": ".webm"}


class Media:
    """Makes content of bytes."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def photo(self, content: bytes, *, spoiler: bool = False) -> Json:
        """A photo in its sizes; raises `Unreadable`."""
        return {"photo": self._files.photo(content)} | ({"has_media_spoiler": True} if spoiler else {})

    def document(
        self,
        content: bytes,
        name: str = "file.bin",
        mime: str | None = "application/octet-stream",
        *,
        thumbnail: bytes | None = None,
        size: int | None = None,
    ) -> Json:
        """A file as it is; name and type are whatever its sender says."""
        file = self._files.put(content, "documents", PurePath(name).suffix, size)
        body = {"file_unique_id": file.unique, "file_name": name, "file_size": file.size}
        if mime:
            body["mime_type"] = mime
        return self._kept({"document": body | self._thumbnail(thumbnail)})

    def sticker(
        self, content: bytes, kind: StickerKind = "static", *, thumbnail: bytes | None = None, pack: str = "pack"
    ) -> Json:
        """A WEBP, a gzipped lottie or a WEBM."""
        file = self._files.put(content, "stickers", _STICKERS[kind])
        body = {
            "file_unique_id": file.unique,
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": kind == "animated",
            "is_video": kind == "video",
            "set_name": pack,
            "emoji": "🙂",
            "file_size": file.size,
        }
        return {"sticker": body | self._thumbnail(thumbnail)}

    def animation(
        self, content: bytes, *, name: str = "x.mp4", mime: str = "video/mp4", thumbnail: bytes | None = None
    ) -> Json:
        """A GIF or a silent video; Telegram says it twice, as `animation` and as `document`."""
        moving = self._moving(content, "animations", PurePath(name).suffix, thumbnail)
        body = moving | {"file_name": name, "mime_type": mime}
        document = {key: value for key, value in body.items() if key not in ("width", "height", "duration")}
        return self._kept({"animation": body, "document": document})

    def video(
        self,
        content: bytes,
        *,
        thumbnail: bytes | None = None,
        cover: bytes | None = None,
        spoiler: bool = False,
    ) -> Json:
        """A video; its cover is a picture that its sender chose."""
        body = self._moving(content, "videos", ".mp4", thumbnail) | {"mime_type": "video/mp4"}
        if cover is not None:
            body["cover"] = self._files.photo(cover)
        return self._kept({"video": body}) | ({"has_media_spoiler": True} if spoiler else {})

    def video_note(self, content: bytes, *, thumbnail: bytes | None = None) -> Json:
        """A round video."""
        body = self._moving(content, "video_notes", ".mp4", thumbnail)
        del body["width"], body["height"]
        return {"video_note": body | {"length": 240}}

    def live_photo(self, content: bytes, still: bytes) -> Json:
        """A photo that moves; `photo` is there too."""
        sizes = self._files.photo(still)
        body = self._moving(content, "videos", ".mp4", None) | {"photo": sizes}
        return {"live_photo": body, "photo": sizes}

    def paid(self, content: bytes | None, stars: int = 5) -> Json:
        """A picture that costs stars; None: bots are shown a preview without a file."""
        if content is None:
            item: Json = {"type": "preview", "width": 640, "height": 480}
        else:
            item = {"type": "photo", "photo": self._files.photo(content)}
        return {"paid_media": {"star_count": stars, "paid_media": [item]}}

    def story(self, teller: Chat) -> Json:
        """A story of `teller`: bots are told that there is one, no more."""
        return {"story": {"chat": chat(teller), "id": 1}}

    def poll(self, question: str, options: list[str], pictures: dict[int, bytes] | None = None) -> Json:
        """A poll; `pictures`: by the number of the option that shows it, -1 for the poll's own."""
        pictures = pictures or {}
        rows: list[Json] = [{"persistent_id": str(n), "text": text, "voter_count": 0} for n, text in enumerate(options)]
        body: Json = {
            "id": str(randbits(62)),
            "question": question,
            "options": rows,
            "total_voter_count": 0,
            "type": "regular",
        }
        body |= dict.fromkeys(("is_closed", "allows_multiple_answers", "allows_revoting", "members_only"), False)
        body["is_anonymous"] = True
        for number, content in pictures.items():
            shown = {"photo": self._files.photo(content)}
            (body if number < 0 else rows[number])["media"] = shown
        return {"poll": body}

    def rich(self, text: str, *pictures: bytes) -> Json:
        """A rich message: a paragraph, then its pictures, several of them as a collage."""
        blocks = [{"type": "photo", "photo": self._files.photo(picture)} for picture in pictures]
        shown: list[Json] = [{"type": "collage", "blocks": blocks}] if len(blocks) > 1 else list(blocks)
        return {"rich_message": {"blocks": [{"type": "paragraph", "text": text}, *shown]}}

    def _kept(self, content: Json) -> Json:
        """`content`, which can be sent once more by the id of its file."""
        for body in content.values():
            self._files.shown[body["file_unique_id"]] = content
        return content

    def _moving(self, content: bytes, folder: str, suffix: str, thumbnail: bytes | None) -> Json:
        file = self._files.put(content, folder, suffix)
        body = {"file_unique_id": file.unique, "width": 480, "height": 270, "duration": 2, "file_size": file.size}
        return body | self._thumbnail(thumbnail)

    def _thumbnail(self, content: bytes | None) -> Json:
        return {"thumbnail": self._files.thumbnail(content)} if content is not None else {}
