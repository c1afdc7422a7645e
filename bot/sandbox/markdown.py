"""Discord's markdown as HTML: the part of it that bots write, and nothing that the text brings along as HTML.

https://support.discord.com/hc/en-us/articles/210298617 and
https://discord.com/developers/docs/reference#message-formatting
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Final

_INLINE: Final = re.compile(
    r"""
      (?P<escape> \\(?:[^\w\s]|_) )
    | (?P<code> (`+) .+? \3 )
    | (?P<user> <@!?\d+> ) | (?P<channel> <\#\d+> ) | (?P<role> <@&\d+> )
    | (?P<command> </[^:<>]+:\d+> ) | (?P<moment> <t:-?\d+(?::[tTdDfFR])?> ) | (?P<emoji> <a?:\w+:\d+> )
    | (?P<link> \[(?:\\.|[^\\\]])+\]\(https?://[^\s)]+\) ) | (?P<address> <?https?://[^\s<>]+>? )
    | (?P<bold> \*\*(?:\\.|[^\\])+?\*\*(?!\*) ) | (?P<underline> __(?:\\.|[^\\])+?__(?!_) )
    | (?P<strike> ~~(?:\\.|[^\\])+?~~ ) | (?P<spoiler> \|\|(?:\\.|[^\\])+?\|\| )
    | (?P<star> \*(?=\S)(?:\\.|[^\\*])+?(?<=\S)\* ) | (?P<italic> (?<!\w)_(?:\\.|[^\\_])+?_(?!\w) )
    """,
    re.VERBOSE | re.DOTALL,
)
_WRAPPED: Final = {
    "bold": ("strong", 2),
    "underline": ("u", 2),
    "strike": ("s", 2),
    "star": ("em", 1),
    "italic": ("em", 1),
}
_FENCE: Final = re.compile(r"```(?:\w*\n)?(.+?)```", re.DOTALL)
_LINE: Final = re.compile(r"(?P<mark>\#{1,3}|-\#|>|[-*](?=\s))\s(?P<rest>.*)|(?P<plain>.*)", re.DOTALL)
_HEADINGS: Final = {"#": "h1", "##": "h2", "###": "h3"}
_STYLES: Final = {
    "t": "%H:%M",
    "T": "%H:%M:%S",
    "d": "%d/%m/%Y",
    "D": "%-d %B %Y",
    "f": "%-d %B %Y %H:%M",
    "F": "%A, %-d %B %Y %H:%M",
}
_SPANS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called, and what time it is for the reader."""

    now: datetime
    users: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)

    def user(self, ident: int) -> str:
        """As Discord shows a mention."""
        return f"@{self.users.get(ident, 'unknown-user')}"

    def channel(self, ident: int) -> str:
        """As Discord shows a link to a channel."""
        return f"#{self.channels.get(ident, 'unknown')}"

    def role(self, ident: int) -> str:
        """As Discord shows a mention of a role."""
        return f"@{self.roles.get(ident, 'unknown-role')}"

    def moment(self, at: datetime, style: str = "f") -> str:
        """A point in time in one of Discord's styles, as a reader in UTC has it."""
        return self._ago(at) if style == "R" else at.astimezone(UTC).strftime(_STYLES[style])

    def _ago(self, at: datetime) -> str:
        seconds = (self.now - at).total_seconds()
        for length, name in _SPANS:
            count = int(abs(seconds) // length)
            if count:
                words = f"{count} {name}{'' if count == 1 else 's'}"
                return f"{words} ago" if seconds > 0 else f"in {words}"
        return "a few seconds ago" if seconds >= 0 else "in a few seconds"


def html(text: str, names: Names) -> str:
    """A message's text with code blocks, headings, lists, quotes and small print."""
    parts = _FENCE.split(text)
    return "".join(
        f"<pre>{escape(part)}</pre>" if number % 2 else _blocks(part, names) for number, part in enumerate(parts)
    )


def inline(text: str, names: Names) -> str:
    """One line's markup: what embeds' titles and fields' names may have too."""
    return "".join(_pieces(text, names))


def _blocks(text: str, names: Names) -> str:
    lines = [_LINE.fullmatch(line) for line in text.strip("\n").split("\n")] if text.strip("\n") else []
    return "".join(
        _block(mark, [m["rest"] if mark else m["plain"] for m in found if m], names)
        for mark, found in groupby(lines, key=lambda m: (m and m["mark"]) or "")
    )


def _block(mark: str, lines: list[str], names: Names) -> str:
    shown = [inline(line, names) for line in lines]
    if mark in _HEADINGS:
        return "".join(f"<{_HEADINGS[mark]}>{line}</{_HEADINGS[mark]}>" for line in shown)
    if mark == "-#":
        return "".join(f"<small>{line}</small>" for line in shown)
    if mark == ">":
        return f"<blockquote>{'<br>'.join(shown)}</blockquote>"
    if mark:
        return f"<ul>{''.join(f'<li>{line}</li>' for line in shown)}</ul>"
    return f"<p>{'<br>'.join(shown)}</p>"


def _pieces(text: str, names: Names) -> Iterator[str]:
    at = 0
    for found in _INLINE.finditer(text):
        yield escape(text[at : found.start()])
        yield _piece(found, names)
        at = found.end()
    yield escape(text[at:])


def _piece(found: re.Match[str], names: Names) -> str:
    kind, text = found.lastgroup or "", found[0]
    if kind in _WRAPPED:
        tag, width = _WRAPPED[kind]
        return f"<{tag}>{inline(text[width:-width], names)}</{tag}>"
    return _PIECES[kind](text, names)


def _link(text: str, names: Names) -> str:
    label, _, address = text[1:-1].rpartition("](")
    return f'<a href="{escape(address)}">{inline(label, names)}</a>'


def _address(text: str, names: Names) -> str:
    bare = escape(text.strip("<>"))
    return f'<a href="{bare}">{bare}</a>'


def _moment(text: str, names: Names) -> str:
    _, seconds, *style = text.strip("<>").split(":")
    shown = names.moment(datetime.fromtimestamp(int(seconds), UTC), *style)
    return f"<time>{escape(shown)}</time>"


def _mention(shown: str) -> str:
    return f'<span class="mention">{escape(shown)}</span>'


def _ident(text: str) -> int:
    return int(re.sub(r"\D", "", text))


_PIECES: Final[Mapping[str, Callable[[str, Names], str]]] = {
    "escape": lambda text, names: escape(text[1:]),
    "code": lambda text, names: f"<code>{escape(text.strip('`'))}</code>",
    "user": lambda text, names: _mention(names.user(_ident(text))),
    "channel": lambda text, names: _mention(names.channel(_ident(text))),
    "role": lambda text, names: _mention(names.role(_ident(text))),
    "command": lambda text, names: _mention(text[1:].rpartition(":")[0]),
    "moment": _moment,
    "emoji": lambda text, names: f'<span class="emoji">:{escape(text.split(":")[1])}:</span>',
    "link": _link,
    "address": _address,
    "spoiler": lambda text, names: f'<span class="hidden">{inline(text[2:-2], names)}</span>',
}
