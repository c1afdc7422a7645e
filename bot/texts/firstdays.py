"""What a guild is told in its first days: the greeting, and after three days what watching has shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.model import Button, Capabilities, Page, Recipient, Watched
from bot.texts import names, privacy, wizard
from bot.texts import settings as words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage, lines
from bot.texts.lines import fit
from bot.texts.markup import Voice
from policies.model import Category, Mode, Policy

WELCOME: Final = "welcome"
REMINDER: Final = "reminder"
SET_UP: Final = "setup"
PROTECT: Final = "protect"
KEEP: Final = "keep"
TEXT: Final = 3000


def welcome(
    policy: Policy,
    version: int,
    coverage: Coverage,
    texts: Texts,
    recipients: Sequence[Recipient] = (),
    *,
    able: Capabilities,
) -> Page:
    """Who I am, what I do by myself, what I can see, what I keep, and who else is shown pictures. `able`: where there
    are roles, they say what I see and who sets me up."""
    _ = texts.gettext
    known = _("I was here before, and what was set then still holds: {mode}.", mode=_(names.MODES[policy.mode]))
    fresh = _("Until somebody sets me up I only watch: nothing is removed, nobody is punished.")
    said = [
        _("I look at the images that are posted here, so that moderators do not have to see everything first."),
        known if version else fresh,
        "",
        _("Setting me up takes five minutes: press *Set up*, or type /setup. Whoever may manage the server can do it.")
        if able.roles
        else _("Setting me up takes five minutes: press *Set up*. Admins who may change this chat's info can do it."),
        "",
        *lines(coverage, texts),
        "",
        _("I see only channels that my role may see, and no direct messages between members.")
        if able.roles
        else _("I see only this chat, and nothing that members write to each other."),
        _("I store numbers that stand for people, messages and images, and how sure I was. I never store a picture."),
        *privacy.lines(recipients, texts, policy.providers),
    ]
    return Page(WELCOME, _("Hello, I am Beholder"), fit(said, TEXT, texts), (Button(SET_UP, _("Set up"), "blue"),))


def reminder(watched: Watched, policy: Policy, texts: Texts) -> Page:
    """What would have happened, and the ways to go on: to be set up first, where nobody has done that."""
    _ = texts.gettext
    said = [
        _("So far I have only watched here. This is what would have happened:"),
        texts.ngettext("• {count} image looked at", "• {count} images looked at", watched.looked),
        _("• {count} would have been removed{by}", count=watched.removed, by=_by(watched.removed_by, texts)),
        _("• {count} would have been shown to moderators{by}", count=watched.shown, by=_by(watched.shown_by, texts)),
        texts.ngettext("• {count} nobody could judge", "• {count} nobody could judge", watched.unjudged),
        _moderators_said(watched, texts),
        *wizard.careful(policy, texts),
    ]
    set_up = () if policy.mod_channel else (Button(SET_UP, _("Set up"), "blue"),)
    controls = (*set_up, Button(PROTECT, _("Protect now"), "green"), Button(KEEP, _("Keep watching")))
    return Page(REMINDER, _("I am still only watching"), fit(said, TEXT, texts), controls)


def _by(counts: Mapping[Category, int], texts: Texts) -> str:
    if not counts:
        return ""
    return " (" + "; ".join(f"{names.category(c, texts)}: {counts[c]}" for c in Category if c in counts) + ")"


def _moderators_said(watched: Watched, texts: Texts) -> str:
    _ = texts.gettext
    if not watched.right + watched.wrong:
        return _("Moderators have not said yet whether I was right: the buttons on my cards are for that.")
    return _(
        "Of my cards, moderators called {right} right and {wrong} wrong; {undecided} they have not decided.",
        right=watched.right,
        wrong=watched.wrong,
        undecided=watched.undecided,
    )


def answered(text: str, texts: Texts) -> Page:
    """The reminder once somebody has decided: no buttons any more."""
    return Page(REMINDER, texts.gettext("Decided"), text)


def goes_on(policy: Policy, by: str, voice: Voice) -> str:
    """Who wants to go on watching; what holds if it was switched meanwhile."""
    _ = voice.texts.gettext
    if policy.mode is not Mode.OBSERVE:
        return words.mode_set(policy, policy, voice.texts)
    return _(
        "{person} lets me go on watching. To let me act later: /policy mode enforce.", person=voice.markup.person(by)
    )


def protects(before: Policy, after: Policy, by: str, voice: Voice) -> str:
    """Who has let me act, and from which limits on."""
    if before == after:
        return words.mode_set(before, after, voice.texts)
    who = voice.texts.gettext("{person} lets me act.", person=voice.markup.person(by))
    return "\n".join([who, words.mode_set(before, after, voice.texts), *wizard.careful_now(before, after, voice.texts)])
