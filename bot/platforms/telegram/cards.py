"""Moderators' cards: a photo with its words and buttons, or words alone.

A card's reference holds its picture's file_id beside the message id (`10#AgACAg…`): a bot cannot read its own
messages again, and a card's content is protected from being copied. A file_id is neither a secret nor an address, and
of no use to any other bot.
"""

from __future__ import annotations

import html
import io
from dataclasses import dataclass
from typing import Final

from PIL import Image
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.model import Card, Tenant
from bot.platforms.telegram.keys import CardKey
from bot.platforms.telegram.layout import LABEL, MESSAGE, clipped, plain, rich
from bot.texts.lines import length

CAPTION: Final = 1024  # UTF-16 units, after entities are parsed: Telegram's limit
LEAST: Final = 24  # units that are left of a value, however many there are
IN_A_ROW: Final = 2
SANCTION: Final = "sanction"
"""The verb of the button that opens the choice of what can be done to the author."""
JUMP: Final = "https://t.me/c/{chat}/{message}"
SUPERGROUP: Final = "-100"


@dataclass(frozen=True, slots=True)
class CardAt:
    """Which message a card is, and the picture that it was posted with."""

    message: int
    picture: str | None = None

    def __str__(self) -> str:
        return str(self.message) if self.picture is None else f"{self.message}#{self.picture}"

    @classmethod
    def parse(cls, text: str) -> CardAt:
        """Of `CardRef.message` and the like. Raises ValueError for what is no message on Telegram."""
        message, _, picture = text.partition("#")
        return cls(int(message), picture or None)


def words(card: Card, *, pictured: bool) -> str:
    """The card as Telegram's HTML, within its limit. Where it does not fit the longest parts are cut, the others stay
    whole: nothing that was done or decided vanishes."""
    limit = CAPTION if pictured else MESSAGE
    name_of = [clipped(plain(name), LABEL) for name, _ in card.lines]
    title, footer = clipped(plain(card.title), 2 * LABEL), clipped(plain(card.footer), 4 * LABEL)
    fixed = length(title) + length(footer) + 4 + sum(length(name) + 2 for name in name_of)
    seen = [plain(value) for _, value in card.lines]
    most = _share([length(value) for value in seen], limit - fixed)
    parts = [f"<b>{_escaped(title)}</b>", ""]
    for name, (_, value), unmarked in zip(name_of, card.lines, seen, strict=True):
        shown = rich(value) if length(unmarked) <= most else _escaped(clipped(unmarked, most))
        parts.append(f"<b>{_escaped(name)}</b>\n{shown}")
    if footer:
        parts += ["", f"<i>{_escaped(footer)}</i>"]
    return "\n".join(parts)


def _share(lengths: list[int], room: int) -> int:
    """How long each may be so that all fit: the highest mark at which nothing runs over."""
    low, high = LEAST, max([LEAST, *lengths])
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if sum(min(n, middle) for n in lengths) <= room else (low, middle - 1)
    return low


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def keyboard(card: Card, tenant: Tenant, *, open_label: str, prompt: str) -> InlineKeyboardMarkup | None:
    """The card's buttons; they work after a restart, since each says which chat and case it is about. `open_label`
    stands on the one that leads to a post which is still visible, `prompt` on the one that opens what can be done to
    its author."""
    rows = [card.buttons[n : n + IN_A_ROW] for n in range(0, len(card.buttons), IN_A_ROW)]
    keys = [[_button(b.label, CardKey(tenant, card.case, b.verb)) for b in row] for row in rows]
    if card.sanctions:
        keys.append([_button(prompt, CardKey(tenant, card.case, SANCTION))])
    if (url := jump(card)) is not None:
        keys.append([InlineKeyboardButton(clipped(plain(open_label), LABEL), url=url)])
    return InlineKeyboardMarkup(keys) if keys else None


def jump(card: Card) -> str | None:
    """The address of the post, for members; only supergroups and channels have any. Of an album its first part."""
    if card.link is None:
        return None
    chat, _, _ = card.link[0].partition("/")
    message, _, _ = card.link[1].partition("+")
    return JUMP.format(chat=chat.removeprefix(SUPERGROUP), message=message) if chat.startswith(SUPERGROUP) else None


def details(tenant: Tenant, case: int, label: str) -> InlineKeyboardMarkup:
    """The button under a public notice."""
    return InlineKeyboardMarkup([[_button(label, CardKey(tenant, case, "details"))]])


def _button(label: str, key: CardKey) -> InlineKeyboardButton:
    return InlineKeyboardButton(clipped(plain(label), LABEL), callback_data=str(key))


def neutral() -> bytes:
    """What takes the place of a picture that is dropped, as a PNG. editMessageMedia replaces a photo and cannot take
    it away; a new message in its place would be new to everybody, and unknown to the case."""
    blank = io.BytesIO()
    Image.new("RGB", (320, 64), (128, 128, 128)).save(blank, "PNG")
    return blank.getvalue()
