"""What stands on the buttons."""

from __future__ import annotations

from typing import Final

from bot.desk.verbs import ASKS_AGAIN, Verb
from bot.model import Button
from bot.texts.catalogue import Texts, mark

_LABELS: Final = {
    Verb.REMOVE: (mark("Remove"), "red"),
    Verb.FINE: (mark("It's fine"), "green"),
    Verb.NOT_ALLOWED: (mark("Not allowed"), "red"),
    Verb.RIGHT: (mark("Right"), "green"),
    Verb.WRONG: (mark("Wrong"), "grey"),
    Verb.GIVE_BACK: (mark("Wrong, give back"), "grey"),
    Verb.WOULD_BE_RIGHT: (mark("Would be right"), "green"),
    Verb.WOULD_BE_WRONG: (mark("Would be wrong"), "grey"),
    Verb.REMOVE_NOW: (mark("Remove now"), "red"),
    Verb.DETAILS: (mark("Details"), "grey"),
}


def button(verb: Verb, texts: Texts) -> Button:
    """The button for `verb` as cards and notices show it."""
    label, style = _LABELS[verb]
    return Button(verb, texts.gettext(label), style, confirm=verb in ASKS_AGAIN)


def confirmation(verb: Verb, texts: Texts) -> Button:
    """The second press of a verb that asks again."""
    return Button(verb, texts.gettext("Yes, remove it"), "red")
