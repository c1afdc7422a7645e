"""What people see in Discord, as an HTML page: made from the very JSON that the API gives for a message.

Roughly as Discord lays it out, in its dark theme. Everything in a message is text to us: nothing of it
reaches the page as HTML, and nothing is loaded from anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

from bot.sandbox import parts
from bot.sandbox.entities import Json
from bot.sandbox.markdown import Names, html, inline
from bot.sandbox.parts import Show

EPHEMERAL: Final = 1 << 6
COMMAND: Final = 2  # the type of an interaction by a slash command or a menu
STYLE: Final = Path(__file__).with_name("portrait.css")
FACES: Final = ("#5865f2", "#3ba55c", "#faa61a", "#ed4245", "#eb459e", "#747f8d")
Pictures = Callable[[str], tuple[bytes, str] | None]
"""An address -> its bytes and their type, or None where nothing is to be had."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One message on the page. `used`: what the reader did to get it, such as `/setup`; `opened`: the custom id of
    the select that they have clicked."""

    message: Json
    used: str = ""
    opened: str = ""


def page(shots: Sequence[Shot], names: Names, pictures: Pictures, *, channel: str = "", width: int = 640) -> str:
    """A whole page of messages, `width` px wide, under the name of their channel."""
    show = Show(names, lambda address: _embedded(pictures(address)))
    head = f"<header><b>#</b> {escape(channel)}</header>" if channel else ""
    body = "".join(message(shot, replace(show, opened=shot.opened)) for shot in shots)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">'
        f"<title>{escape(channel or 'Discord')}</title><style>{STYLE.read_text()}</style></head>"
        f'<body style="width: {width}px">{head}<main>{body}</main></body></html>'
    )


def message(shot: Shot, show: Show) -> str:
    """One message with all that hangs on it."""
    said = shot.message
    hidden = bool(int(said.get("flags") or 0) & EPHEMERAL)
    kept = "".join(
        [
            _content(said, show),
            *(parts.attachment(a, show) for a in said.get("attachments") or ()),
            *(parts.embed(e, show) for e in said.get("embeds") or ()),
            *(parts.component(c, show) for c in said.get("components") or ()),
            _only_you() if hidden else "",
        ]
    )
    return (
        f'<article class="{"ephemeral" if hidden else ""}">{_above(shot, show)}{_face(said["author"])}'
        f'<div class="said">{_byline(said, show.names)}{kept}</div></article>'
    )


def _content(said: Json, show: Show) -> str:
    edited = ' <span class="edited">(edited)</span>' if said.get("edited_timestamp") and said["content"] else ""
    return f'<div class="content">{html(said["content"], show.names)}{edited}</div>' if said["content"] else ""


def _above(shot: Shot, show: Show) -> str:
    """The line over a message that answers: who used which command, or whose post it replies to."""
    interaction = shot.message.get("interaction_metadata") or {}
    replied = shot.message.get("referenced_message")
    if replied:
        who, what = _called(replied["author"]), inline(replied["content"] or "Click to see attachment", show.names)
    elif shot.used and interaction.get("type", COMMAND) == COMMAND:
        who, what = _called(interaction.get("user") or {"username": "you"}), f"used <i>{escape(shot.used)}</i>"
    else:
        return ""
    return f'<div class="above"><i class="hook"></i><b>{escape(who)}</b> {what}</div>'


def _face(author: Json) -> str:
    name = _called(author)
    colour = FACES[int(author["id"]) % len(FACES)] if not author.get("bot") else FACES[0]
    return f'<div class="face" style="background: {colour}">{escape(name[:1].upper())}</div>'


def _byline(said: Json, names: Names) -> str:
    author = said["author"]
    tag = '<span class="tag">APP</span>' if author.get("bot") else ""
    at = datetime.fromisoformat(said["timestamp"])
    return f'<div class="byline"><b>{escape(_called(author))}</b>{tag}<time>{escape(names.moment(at))}</time></div>'


def _called(author: Json) -> str:
    return str(author.get("global_name") or author["username"])


def _only_you() -> str:
    return '<div class="only">Only you can see this · <a>Dismiss message</a></div>'


def _embedded(found: tuple[bytes, str] | None) -> str:
    """A picture as an address that holds it."""
    return "" if found is None else f"data:{found[1]};base64,{b64encode(found[0]).decode()}"
