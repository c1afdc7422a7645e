"""Words of ours as Telegram's HTML, and as the plain text of an alert.

The words come ready from `bot.texts`: `**bold**`, `*italic*` and `` `code` `` in our own sentences, links and entities
from `bot.texts.markup.TelegramMarkup` around and in what others wrote. Nothing else passes as a tag.
"""

from __future__ import annotations

import html
import re
from typing import Final

from bot.texts.lines import length

MESSAGE: Final = 4096  # UTF-16 units of a message, after its entities are parsed
ALERT: Final = 200  # characters of an answer to a press
LABEL: Final = 64  # characters on a button, of which clients show fewer

_LINK = r'<a href="(?:tg://user\?id=\d{1,20}|https://t\.me/[\w/+?=-]{1,120})">[^<>]*</a>'
_ENTITY = r"&(?:#\d{1,7}|#x[\da-f]{1,6}|lt|gt|amp|quot);"
_KEPT = re.compile(f"({_LINK}|{_ENTITY})")
_STYLES = (
    (re.compile(r"`([^`\n]+)`"), "code"),
    (re.compile(r"\*\*([^*\n]+)\*\*"), "b"),
    (re.compile(r"(?<![*\w])\*([^*\n]+)\*(?![*\w])"), "i"),
)
_TAG = re.compile(r"<[^<>]*>")


def rich(text: str) -> str:
    """`text` as HTML that Telegram can parse, whatever is in it."""
    safe = "".join(part if n % 2 else html.escape(part, quote=False) for n, part in enumerate(_KEPT.split(text)))
    for style, tag in _STYLES:
        safe = style.sub(rf"<{tag}>\1</{tag}>", safe)
    return safe


def plain(text: str) -> str:
    """`text` without any markup, for where Telegram parses none."""
    return html.unescape(_TAG.sub("", rich(text)))


def clipped(text: str, limit: int) -> str:
    """Plain `text` of at most `limit` UTF-16 units, cut at its end."""
    if length(text) <= limit:
        return text
    while length(text) > limit - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def whole_lines(text: str, limit: int = MESSAGE) -> str:
    """As many whole lines of `text` (not HTML yet) as a message holds: a cut inside one could tear a link apart."""
    if length(text) <= limit:
        return text
    lines = text.split("\n")
    while len(lines) > 1 and length("\n".join(lines)) > limit - 2:
        lines.pop()
    cut = "\n".join(lines)
    return f"{cut}\n…" if length(cut) <= limit - 2 else clipped(plain(cut), limit)
