"""What hangs on a message, as HTML: attachments, embeds and components, the old kind and the new."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from bot.sandbox.entities import Json
from bot.sandbox.markdown import Names, html, inline

STYLES: Final = {1: "blue", 2: "grey", 3: "green", 4: "red", 5: "grey", 6: "blue"}
LINK: Final = 5
HINTS: Final = {3: "Make a selection", 5: "Select a user", 6: "Select a role", 7: "Select", 8: "Select a channel"}
SPOILER: Final = 1 << 3


@dataclass(frozen=True, slots=True)
class Show:
    """What ids are called, and where pictures are: `address` of one as the page may load it, '' for none. `opened`:
    the custom id of the select that the reader has clicked."""

    names: Names
    address: Callable[[str], str]
    opened: str = ""


def image(url: str, show: Show, *, spoiler: bool = False, kind: str = "picture", about: str = "") -> str:
    """A picture, blurred until clicked if it is a spoiler."""
    address = show.address(url)
    shown = f'<img src="{escape(address)}" alt="{escape(about)}">' if address else '<div class="lost">🖼</div>'
    if spoiler:
        return f'<div class="{kind} spoiler">{shown}<span>SPOILER</span></div>'
    return f'<div class="{kind}">{shown}</div>'


def attachment(of: Json, show: Show) -> str:
    """A picture, or the box of a file."""
    spoiler = of["filename"].startswith("SPOILER_") or bool(int(of.get("flags") or 0) & SPOILER)
    if str(of.get("content_type") or "").startswith("image/"):
        return image(of["url"], show, spoiler=spoiler, about=of.get("description") or "")
    return _file(of["filename"], of["size"])


def _file(name: str | None, size: int | None) -> str:
    weight = f"{(size or 0) / 1000:.1f} kB"
    return f'<div class="file">📄 <span><a>{escape(name or "file")}</a><br><small>{weight}</small></span></div>'


# --- embeds -------------------------------------------------------------------------------------------


def embed(of: Json, show: Show) -> str:
    """A box with a coloured bar."""
    names = show.names
    colour = f"#{of['color']:06x}" if of.get("color") else "#1e1f22"
    thumbnail = image(of["thumbnail"]["url"], show, kind="thumbnail") if of.get("thumbnail") else ""
    picture = image(of["image"]["url"], show) if of.get("image") else ""
    title = f"<h4>{inline(of['title'], names)}</h4>" if of.get("title") else ""
    words = f'<div class="content">{html(of["description"], names)}</div>' if of.get("description") else ""
    author = f'<div class="by">{escape(of["author"]["name"])}</div>' if of.get("author") else ""
    fields = "".join(_field(field, names) for field in of.get("fields") or ())
    return (
        f'<section class="embed" style="border-color: {colour}">{thumbnail}{author}{title}{words}'
        f"{f'<dl>{fields}</dl>' if fields else ''}{picture}{_footer(of, names)}</section>"
    )


def _field(field: Json, names: Names) -> str:
    kind = "inline" if field.get("inline") else "line"
    return f'<div class="{kind}"><dt>{inline(field["name"], names)}</dt><dd>{html(field["value"], names)}</dd></div>'


def _footer(of: Json, names: Names) -> str:
    at = of.get("timestamp")
    said = [(of.get("footer") or {}).get("text"), at and names.moment(datetime.fromisoformat(at))]
    told = " • ".join(escape(part) for part in said if part)
    return f"<footer>{told}</footer>" if told else ""


# --- components ---------------------------------------------------------------------------------------


def component(of: Json, show: Show) -> str:
    """Any component, with those inside it. What is not known shows its number."""
    draw = _COMPONENTS.get(of["type"])
    return draw(of, show) if draw else f'<div class="unknown">component {of["type"]}</div>'


def _inside(of: Json, show: Show) -> str:
    return "".join(component(inner, show) for inner in of.get("components") or ())


def _row(of: Json, show: Show) -> str:
    return f'<div class="row">{_inside(of, show)}</div>'


def _button(of: Json, show: Show) -> str:
    off = " off" if of.get("disabled") else ""
    emoji = (of.get("emoji") or {}).get("name") or ""
    label = " ".join(part for part in (emoji, of.get("label") or "") if part)
    out = ' <i class="out">↗\ufe0e</i>' if of["style"] == LINK else ""
    return f'<span class="button {STYLES.get(of["style"], "grey")}{off}">{escape(label)}{out}</span>'


def _select(of: Json, show: Show) -> str:
    chosen = [o["label"] for o in of.get("options") or () if o.get("default")]
    chosen += [_named(value, of["type"], show.names) for value in of.get("default_values") or ()]
    hint = of.get("placeholder") or HINTS[of["type"]]
    many = int(of.get("max_values") or 1) > 1
    shown = "".join(f"<b>{escape(c)}</b>" for c in chosen) if many else escape(", ".join(chosen))
    off = " off" if of.get("disabled") else ""
    words = shown if chosen else f"<em>{escape(hint)}</em>"
    closed = f'<div class="select{off}"><span>{words}</span><i>⌄</i></div>'
    return (
        f'<div class="choice">{closed}{_menu(of)}</div>' if show.opened and show.opened == of["custom_id"] else closed
    )


def _menu(of: Json) -> str:
    """What a select offers, as it drops down."""
    offered = [(o["label"], o.get("description") or "") for o in of.get("options") or ()]
    entries = "".join(f"<li>{escape(label)}<small>{escape(about)}</small></li>" for label, about in offered)
    return f'<ul class="menu">{entries}</ul>'


def _named(value: Json, kind: int, names: Names) -> str:
    called: Mapping[str, Callable[[int], str]] = {
        "user": names.user,
        "role": names.role,
        "channel": names.channel,
    }
    return called[value["type"]](int(value["id"]))


def _text(of: Json, show: Show) -> str:
    return f'<div class="content">{html(of["content"], show.names)}</div>'


def _section(of: Json, show: Show) -> str:
    beside = component(of["accessory"], show) if of.get("accessory") else ""
    return f'<div class="section"><div>{_inside(of, show)}</div>{beside}</div>'


def _thumbnail(of: Json, show: Show) -> str:
    return _media(of, show, "thumbnail")


def _media(of: Json, show: Show, kind: str = "picture") -> str:
    about = of.get("description") or ""
    return image(of["media"]["url"], show, spoiler=bool(of.get("spoiler")), kind=kind, about=about)


def _gallery(of: Json, show: Show) -> str:
    return f'<div class="gallery">{"".join(_media(item, show) for item in of["items"])}</div>'


def _document(of: Json, show: Show) -> str:
    return _file(of.get("name"), of.get("size"))


def _separator(of: Json, show: Show) -> str:
    seen = "line" if of.get("divider", True) else "gap"
    return f'<div class="separator {seen} {"wide" if of.get("spacing") == 2 else ""}"></div>'


def _container(of: Json, show: Show) -> str:
    colour: Any = of.get("accent_color")
    bar = f"border-left: 4px solid #{colour:06x}" if colour is not None else ""
    veil = " veiled" if of.get("spoiler") else ""
    return f'<section class="container{veil}" style="{bar}">{_inside(of, show)}</section>'


_COMPONENTS: Final[Mapping[int, Callable[[Json, Show], str]]] = {
    1: _row,
    2: _button,
    3: _select,
    5: _select,
    6: _select,
    7: _select,
    8: _select,
    9: _section,
    10: _text,
    11: _thumbnail,
    12: _gallery,
    13: _document,
    14: _separator,
    17: _container,
}
