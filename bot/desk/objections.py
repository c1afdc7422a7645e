"""Reading what a person typed: a value, or an objection that says the cure."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable

from bot.texts.catalogue import Texts
from bot.texts.markup import Voice


class Objection(Exception):
    """What was typed cannot be done; `str(objection)` is the answer, in the guild's language."""


def one_of(typed: str, options: Iterable[str], voice: Voice, *, what: str) -> str:
    """The option that was meant: case, blanks and hyphens do not matter. `what` names the kind of thing."""
    known = tuple(options)
    wanted = typed.strip().lower().replace(" ", "_").replace("-", "_")
    if wanted in known:
        return wanted
    _ = voice.texts.gettext
    near = difflib.get_close_matches(wanted, known, n=1)
    hint = _("Did you mean {near}?", near=near[0]) if near else ""
    there_are = _("There are: {options}.", options=", ".join(known))
    nothing = _("{typed} is not {what}.", typed=voice.markup.quote(typed, 40), what=what)
    raise Objection(" ".join(part for part in (nothing, hint, there_are) if part))


def limit(typed: str, texts: Texts, *, what: str) -> float | None:
    """A number from 0 to 1, with point or comma; None for `never`."""
    word = typed.strip().lower()
    if word in {"never", texts.gettext("never").lower()}:
        return None
    number = _number(word)
    if 1 < number <= 100:
        raise Objection(
            texts.gettext(
                "{what} is a number from 0 to 1: for {number} percent write {fraction}.",
                what=what,
                number=f"{number:g}",
                fraction=f"{number / 100:g}",
            )
        )
    if not 0 <= number <= 1:  # not a number at all fails here too
        raise Objection(
            texts.gettext("{what} must be a number from 0 to 1, such as 0.85, or the word never.", what=what)
        )
    return number


def _number(word: str) -> float:
    try:
        return float(word.removesuffix("%").replace(",", "."))
    except ValueError:
        return math.nan
