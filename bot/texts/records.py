"""Cases in a line each, and one whole without its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.model import Button, Card, Case, CaseState, Origin, Page
from bot.texts import names
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import ANSWER, PAGE, fit
from bot.texts.markup import Voice

CASES: Final = "cases"
STATES: Final = {
    CaseState.OPEN: mark("open"),
    CaseState.UPHELD: mark("upheld"),
    CaseState.OVERTURNED: mark("overturned"),
    CaseState.EXPIRED: mark("nobody decided in time"),
}
_ORIGINS: Final = {
    Origin.REMOVED: mark("removed"),
    Origin.REVIEW: mark("to be looked at"),
    Origin.OBSERVED: mark("only watched"),
}
_TURNS: Final = {"older": mark("Older"), "newer": mark("Newer")}
_SEVERAL: Final = 2  # categories that a line names


def state(which: CaseState, texts: Texts) -> str:
    """A state in plain words."""
    return texts.gettext(STATES[which])


def leads(case: Case, voice: Voice) -> tuple[str, str]:
    """A line of a case: where its card stands."""
    _ = voice.texts.gettext
    if not case.cards:
        return "", ""
    newest = case.cards[-1]
    return _("Card"), voice.markup.jump(case.tenant.id, newest.channel, newest.message, _("in the moderators' channel"))


def spoken(card: Card, texts: Texts) -> str:
    """A card as plain lines, for who shows no cards."""
    return fit([card.title, *(f"{name}: {value}" for name, value in card.lines)], ANSWER, texts)


def page(
    cases: Sequence[Case],
    controls: Sequence[tuple[str, str]],
    which: CaseState | None,
    author: str | None,
    voice: Voice,
) -> Page:
    """Some cases, the newest first, with the ways to the others."""
    _ = voice.texts.gettext
    title = _("Cases") if which is None else _("Cases: {state}", state=state(which, voice.texts))
    head = [_("By {person}:", person=voice.markup.person(author))] if author is not None else []
    lines = [*head, *(_line(case, voice) for case in cases)] if cases else [*head, _("There are none.")]
    buttons = tuple(Button(control, _(_TURNS[direction])) for direction, control in controls)
    return Page(CASES, title, fit(lines, PAGE, voice.texts), buttons)


def _line(case: Case, voice: Voice) -> str:
    """Number (leading to its card), how it stands, where, who, what, when."""
    _ = voice.texts.gettext
    number = f"#{case.number}"
    if case.cards:
        number = voice.markup.jump(case.tenant.id, case.cards[-1].channel, case.cards[-1].message, number)
    where = "" if case.place.channel is None else voice.markup.channel(case.place.channel)
    parts = [
        number,
        _(STATES[case.state]),
        _(_ORIGINS[case.origin]),
        where or _(names.CONTEXTS[case.place.context]),
        voice.markup.person(case.author.id),
        _found(case, voice.texts),
        voice.markup.moment(case.opened_at),
    ]
    return " · ".join(part for part in parts if part)


def _found(case: Case, texts: Texts) -> str:
    """The categories that its reasons name."""
    found = {r.category for r in case.decision.reasons if r.category is not None}
    told = [names.category(c, texts) for c in names.CATEGORIES if c in found][:_SEVERAL]
    return ", ".join(told)
