"""Pages as inline keyboards: each option of a choice is a button, and so is whatever can be pressed.

What is chosen of several is read from the message's own keyboard, where each button says whether pressing it adds or
drops its option: so a page needs no memory, and a press on an old one means what its presser saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.model import Button, Choose, Control, Page, Pick, PickKind, Tenant
from bot.platforms.telegram.keys import Mark, PageKey, read
from bot.platforms.telegram.layout import LABEL, clipped, plain, rich, whole_lines

IN_A_ROW = 2  # buttons; labels of three are cut on a phone
ONE, ONE_OF = "🔘", "⚪️"
SOME, SOME_OF = "☑️", "⬜️"


@dataclass(frozen=True, slots=True)
class Laid:
    """A message: its text in Telegram's HTML, and what can be pressed below."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None


def laid(page: Page, tenant: Tenant) -> Laid:
    """`page` about the chat of `tenant`."""
    choices = [line for c in page.controls if isinstance(c, Choose) for line in ("", *_told(c))]
    text = "\n".join([f"**{page.title}**", "", page.text, *choices])
    return Laid(rich(whole_lines(text)), keyboard(page, tenant))


def _told(choice: Choose) -> Iterator[str]:
    """What a choice is about: more than fits on its buttons."""
    yield f"**{choice.prompt}**"
    for option in choice.options:
        if option.description:
            yield f"• {option.label}: {option.description}"


def keyboard(page: Page, tenant: Tenant) -> InlineKeyboardMarkup | None:
    """What can be pressed: choices first, the buttons at the end. Roles and members are no lists of Telegram's."""
    rows = [row for control in page.controls for row in _rows(control, page.name, tenant)]
    buttons = [_button(c, page.name, tenant) for c in page.controls if isinstance(c, Button)]
    rows += [buttons[n : n + IN_A_ROW] for n in range(0, len(buttons), IN_A_ROW)]
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button, page: str, tenant: Tenant) -> InlineKeyboardButton:
    return _pressable(button.label, PageKey(tenant, page, button.verb))


def _rows(control: Control, page: str, tenant: Tenant) -> Iterator[list[InlineKeyboardButton]]:
    if isinstance(control, Pick) and control.kind is PickKind.CHANNEL:
        yield [_pressable(control.prompt, PageKey(tenant, page, control.name, Mark.SHARE))]
    if not isinstance(control, Choose):
        return
    several = control.most > 1
    for option in control.options:
        if several:
            mark, sign = (Mark.DROP, SOME) if option.chosen else (Mark.ADD, SOME_OF)
        else:
            mark, sign = Mark.TAKE, ONE if option.chosen else ONE_OF
        yield [_pressable(f"{sign} {option.label}", PageKey(tenant, page, control.name, mark, option.value))]


def _pressable(label: str, key: PageKey) -> InlineKeyboardButton:
    return InlineKeyboardButton(clipped(plain(label), LABEL), callback_data=str(key))


# --- what a press says ------------------------------------------------------------------------------


def stands_under(shown: InlineKeyboardMarkup | None, data: str) -> bool:
    """Whether a button of the message says `data`: a client may send what it likes."""
    return shown is not None and data in {b.callback_data for row in shown.inline_keyboard for b in row}


def values(key: PageKey, shown: InlineKeyboardMarkup) -> list[str]:
    """What is chosen once `key` was pressed on the keyboard that was shown."""
    if key.mark is Mark.TAKE:
        return [key.value]
    if key.mark not in (Mark.ADD, Mark.DROP):
        return []
    chosen = [other.value for other in _beside(key, shown) if other.mark is Mark.DROP]
    return [*chosen, key.value] if key.mark is Mark.ADD else [value for value in chosen if value != key.value]


def _beside(key: PageKey, shown: InlineKeyboardMarkup) -> Iterator[PageKey]:
    for button in (button for row in shown.inline_keyboard for button in row):
        other = read(button.callback_data) if isinstance(button.callback_data, str) else None
        if isinstance(other, PageKey) and (other.page, other.control) == (key.page, key.control):
            yield other
