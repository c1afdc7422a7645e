"""What Discord refuses in a message (400 code 50035), and what it makes of embeds and components."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from bot.sandbox.entities import Attachment, Json
from bot.sandbox.errors import invalid_form
from bot.sandbox.wire_messages import OWN

CONTENT_LIMIT = 2000
EMBED_TOTAL = 6000
FILE_LIMIT = 10 * 1024 * 1024
IS_COMPONENTS_V2 = 1 << 15
_EMBED_LIMITS = (("title", 256), ("description", 4096), ("footer.text", 2048), ("author.name", 256))
_FIELD_LIMITS = (("name", 256), ("value", 1024))
_PICTURES = ("image", "thumbnail", "video")
BUTTON, CONTAINER, SECTION, THUMBNAIL, GALLERY, FILE = 2, 17, 9, 11, 12, 13
LINK = 5


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that comes with a message."""

    filename: str
    content: bytes
    content_type: str | None = None
    description: str | None = None
    spoiler: bool = False


def check(form: Json) -> None:
    """Raise what Discord would answer to a message of this form."""
    _shorter(form.get("content"), CONTENT_LIMIT, "content")
    embeds = form.get("embeds") or []
    _fewer(embeds, 10, "embeds")
    for index, embed in enumerate(embeds):
        _check_embed(embed, f"embeds.{index}")
    if sum(map(_letters, embeds)) > EMBED_TOTAL:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    _check_components(form.get("components") or [], bool(int(form.get("flags") or 0) & IS_COMPONENTS_V2))
    _shorter(str(form.get("nonce") or ""), 25, "nonce")


def _shorter(text: str | None, limit: int, field: str) -> None:
    if text and len(text) > limit:
        raise invalid_form(field, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _fewer(items: Sequence[Any], limit: int, field: str) -> None:
    if len(items) > limit:
        raise invalid_form(field, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _part(tree: Json, dotted: str) -> str | None:
    part: Any = tree
    for key in dotted.split("."):
        part = part.get(key) or {}
    return part if isinstance(part, str) else None


def _check_embed(embed: Json, where: str) -> None:
    for dotted, limit in _EMBED_LIMITS:
        _shorter(_part(embed, dotted), limit, f"{where}.{dotted}")
    fields = embed.get("fields") or []
    _fewer(fields, 25, f"{where}.fields")
    for index, field in enumerate(fields):
        for name, limit in _FIELD_LIMITS:
            if not field.get(name):
                raise invalid_form(f"{where}.fields.{index}.{name}", "BASE_TYPE_REQUIRED", "This field is required")
            _shorter(field[name], limit, f"{where}.fields.{index}.{name}")


def _letters(embed: Json) -> int:
    texts = [_part(embed, dotted) or "" for dotted, _ in _EMBED_LIMITS]
    texts += [field.get(name, "") for field in embed.get("fields") or [] for name, _ in _FIELD_LIMITS]
    return sum(map(len, texts))


def _check_components(components: list[Json], v2: bool) -> None:
    _fewer(components, 40 if v2 else 5, "components")
    seen: set[str] = set()
    for component in walk(components):
        kind = component["type"]
        if kind == 1:
            _fewer(component["components"], 5, "components")
        if kind >= SECTION and kind != 18 and not v2:
            raise invalid_form("components", "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).')
        _shorter(component.get("label"), 80, "components")
        _shorter(component.get("custom_id"), 100, "components")
        if custom_id := component.get("custom_id"):
            if custom_id in seen:
                raise invalid_form(
                    "components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
                )
            seen.add(custom_id)


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """Every component, outer ones first."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        for single in ("accessory", "component"):
            if single in component:
                yield component[single]


class Unfolding:
    """Turns what was sent into what is shown: own files found, foreign ones proxied, ids given."""

    def __init__(self, attachments: Sequence[Attachment], external: Callable[[str], str], cdn: str) -> None:
        self._by_name = {a.filename: a for a in attachments}
        self._by_path = {a.path: a for a in attachments}
        self._external = external
        self._cdn = cdn + "/"

    def embeds(self, embeds: Sequence[Json]) -> list[Json]:
        """As shown."""
        return [self._embed(embed) for embed in embeds]

    def _embed(self, embed: Json) -> Json:
        shown = {"type": "rich", **{key: value for key, value in embed.items() if value is not None}}
        for picture in _PICTURES:
            if picture in shown:
                shown[picture] = {**shown[picture], **self._media(shown[picture])}
        for owner in ("author", "footer"):
            if url := (shown.get(owner) or {}).get("icon_url"):
                shown[owner] = {**shown[owner], **_icon(self._media({"url": url}))}
        return shown

    def _media(self, media: Json) -> Json:
        url = media["url"]
        if own := self._own(url):
            size = {"width": own.width, "height": own.height} if own.width else {}
            return {"url": OWN + own.path, "content_type": own.content_type or "application/octet-stream", **size}
        return {"url": url, "proxy_url": media.get("proxy_url") or self._external(url)}

    def _own(self, url: str) -> Attachment | None:
        if url.startswith("attachment://"):
            return self._by_name.get(url.removeprefix("attachment://"))
        if url.startswith(self._cdn):
            return self._by_path.get(url.removeprefix(self._cdn).partition("?")[0])
        return None

    def components(self, components: Sequence[Json]) -> list[Json]:
        """As shown: numbered in order, media unfurled."""
        self._number = 0
        return [self._component(component) for component in components]

    def _component(self, component: Json) -> Json:
        self._number += 1
        shown = {key: value for key, value in component.items() if value is not None}
        shown["id"] = shown.get("id") or self._number
        if "components" in shown:
            shown["components"] = [self._component(inner) for inner in shown["components"]]
        if "default_values" in shown:  # ids may be sent as numbers, and are told as text
            shown["default_values"] = [{**chosen, "id": str(chosen["id"])} for chosen in shown["default_values"]]
        if "accessory" in shown:
            shown["accessory"] = self._component(shown["accessory"])
        if "default_values" in shown:  # a snowflake may come as a number; it is given back as text
            shown["default_values"] = [{**chosen, "id": str(chosen["id"])} for chosen in shown["default_values"]]
        return self._with_media(shown)

    def _with_media(self, shown: Json) -> Json:
        kind = shown["type"]
        if kind == CONTAINER:
            return {"accent_color": None, "spoiler": False, **shown}
        if kind == GALLERY:
            items = [
                {"description": None, "spoiler": False, **i, "media": self._unfurl(i["media"])} for i in shown["items"]
            ]
            return {**shown, "items": items}
        if kind == THUMBNAIL:
            return {"description": None, "spoiler": False, **shown, "media": self._unfurl(shown["media"])}
        if kind == FILE:
            own = self._own(shown["file"]["url"])
            named = {"name": own.filename, "size": len(own.content)} if own else {"name": None, "size": None}
            return {"spoiler": False, **shown, **named, "file": self._unfurl(shown["file"])}
        return shown

    def _unfurl(self, media: Json) -> Json:
        own = self._own(media["url"])
        body = {"id": str(own.id if own else crc32(media["url"].encode())), **self._media(media)}
        return {**body, "attachment_id": str(own.id)} if own else body


def _icon(media: Json) -> Json:
    return {"icon_url": media["url"], "proxy_icon_url": media.get("proxy_url", media["url"])}
