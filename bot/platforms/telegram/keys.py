"""What a button's `callback_data` says: whose case or page it is and what is asked, in at most 64 bytes.

Numbers of cases are a chat's own and pages are about one chat, so every key names the guarded chat, wherever the
button stands. A client may send any data with a press (core.telegram.org/bots/api#callbackquery): a key gives no
right, it only says what is asked; the desk checks the presser's right in the chat that it names.

c:<chat>:<number>:<verb>                   a card's button; with `!` at its end the second press of what asks again
p:<chat>:<page>.<control>:<mark><value>    a page's control; what the marks mean stands at `Mark`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.model import Tenant

LONGEST: Final = 64  # bytes of callback_data

PAGES: Final = {
    "setup_preset": "sp",
    "setup_staff": "ss",
    "setup_channel": "sc",
    "setup_exempt": "se",
    "setup_providers": "sv",
    "setup_check": "sh",
    "setup_finish": "sf",
    "setup_done": "sd",
    "welcome": "w",
    "reminder": "r",
    "cases": "c",
    "listed": "l",
    "preset": "ps",
    "import": "im",
    "settings": "st",
}
"""Pages by their short names, which are never given to another page: old messages keep their buttons."""
_PAGE_OF: Final = {short: page for page, short in PAGES.items()}

_CHAT = r"(?P<chat>-?\d{1,15}|dm)"
_VERB = r"(?P<verb>[a-z_]{1,32}(?::[a-z_]+(?::\d{1,9})?)?)"
_CARD = re.compile(rf"c:{_CHAT}:(?P<number>\d{{1,12}}):{_VERB}(?P<sure>!?)")
_PAGE = re.compile(rf"p:{_CHAT}:(?P<page>[a-z]{{1,2}})\.(?P<control>[\w.-]{{1,48}})(?::(?P<mark>[+?=-])(?P<value>.*))?")


class Mark(StrEnum):
    """What a press on one entry of a choice does. Which entries of several are chosen is read from these marks, on the
    message's own keyboard."""

    ADD = "+"
    DROP = "-"
    TAKE = "="  # this one alone
    SHARE = "?"  # the person shares a chat of theirs


@dataclass(frozen=True, slots=True)
class CardKey:
    """A button of a card or a notice. `verb`: of `bot.desk.verbs.Verb`, or `sanction` with or without its value."""

    tenant: Tenant
    number: int
    verb: str
    sure: bool = False

    def __str__(self) -> str:
        return f"c:{self.tenant.id}:{self.number}:{self.verb}{'!' if self.sure else ''}"


@dataclass(frozen=True, slots=True)
class PageKey:
    """A control of a page. `mark` None: a button."""

    tenant: Tenant
    page: str
    control: str
    mark: Mark | None = None
    value: str = ""

    def __str__(self) -> str:
        choice = "" if self.mark is None else f":{self.mark}{self.value}"
        return f"p:{self.tenant.id}:{PAGES[self.page]}.{self.control}{choice}"


Key = CardKey | PageKey


def read(data: str) -> Key | None:
    """What is asked; None for what no button of ours carries."""
    if found := _CARD.fullmatch(data):
        return CardKey(Tenant("telegram", found["chat"]), int(found["number"]), found["verb"], bool(found["sure"]))
    found = _PAGE.fullmatch(data)
    if found is None or found["page"] not in _PAGE_OF:
        return None
    mark = None if found["mark"] is None else Mark(found["mark"])
    return PageKey(
        Tenant("telegram", found["chat"]), _PAGE_OF[found["page"]], found["control"], mark, found["value"] or ""
    )
