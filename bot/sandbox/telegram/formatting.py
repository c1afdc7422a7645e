"""Text and its entities: what Telegram finds in plain text, and the HTML that bots send.

Offsets and lengths are in UTF-16 code units, as in the Bot API. Markdown is refused as an unknown
parse mode is: Beholder writes HTML.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from bot.sandbox.telegram.entities import Json
from bot.sandbox.telegram.errors import bad

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,32}(?:@\w{3,32})?)"
    r"|(?<!\w)(?P<mention>@\w{3,32})"
    r"|(?<!\w)(?P<hashtag>#\w+)"
)
_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def found(text: str) -> list[Json]:
    """The commands, mentions, hashtags and addresses that Telegram marks by itself."""
    return [
        {"type": match.lastgroup, "offset": units(text[: match.start()]), "length": units(match.group())}
        for match in _FOUND.finditer(text)
    ]


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities: list[Json] = []
        self._open: list[tuple[str, Json]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        kind = "spoiler" if tag == "span" and given.get("class") == "tg-spoiler" else _TAGS.get(tag)
        if kind is None:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {self.getpos()[1]}')
        entity: Json = {"type": kind, "offset": units(self.text), "length": 0}
        if kind == "text_link":
            entity["url"] = given.get("href") or ""
        if kind == "custom_emoji":
            entity["custom_emoji_id"] = given.get("emoji-id") or ""
        if kind == "blockquote" and "expandable" in given:
            entity["type"] = "expandable_blockquote"
        self._open.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {self.getpos()[1]}")
        _, entity = self._open.pop()
        entity["length"] = units(self.text) - entity["offset"]
        if entity["length"]:
            self.entities.append(entity)

    def handle_data(self, data: str) -> None:
        self.text += data

    def finish(self) -> None:
        self.close()
        if self._open:
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{self._open[-1][0]}\"")


def parse(text: str, mode: str | None, given: list[Json] | None) -> tuple[str, list[Json]]:
    """The text that is shown and its entities; 400 for what Telegram cannot parse."""
    if not mode:
        return text, (given if given is not None else found(text))
    if mode.lower() != "html":
        raise bad("unsupported parse_mode")
    html = _Html()
    html.feed(text)
    html.finish()
    taken = [
        (e["offset"], e["offset"] + e["length"]) for e in html.entities if e["type"] in ("text_link", "code", "pre")
    ]
    free = [e for e in found(html.text) if not any(a <= e["offset"] < b for a, b in taken)]
    return html.text, sorted(html.entities + free, key=lambda e: (e["offset"], -e["length"]))
