"""A guild's lists of exact images in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bot.model import Button, ListEntry, Page
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import ANSWER, PAGE, fit
from bot.texts.markup import Voice, clean
from policies.model import Listed, Mode, Policy

LISTED: Final = "listed"
SHORT: Final = 8  # digits of a SHA-256 that stand for it
SHORTEST: Final = 4  # that somebody may type
LABEL: Final = 90
_KINDS: Final = {Listed.BLOCKED: mark("blocked"), Listed.ALLOWED: mark("allowed")}
_FROM_NOW: Final = {
    Listed.BLOCKED: mark("From now on exact copies of it count as breaking the rules here, whatever they show."),
    Listed.ALLOWED: mark("From now on exact copies of it are let through here, whatever they show."),
}


def short(sha256: str) -> str:
    """What an entry is called."""
    return sha256[:SHORT]


def kind(listed: Listed, texts: Texts) -> str:
    """Which list."""
    return texts.gettext(_KINDS[listed])


def nothing_named(texts: Texts) -> str:
    """To who lists nothing."""
    return texts.gettext("Attach a picture, or give the link of a message or the number of a case.")


def never_came(number: int, texts: Texts) -> str:
    """A case whose picture nobody could load."""
    return texts.gettext("The picture of case {number} never reached me, so it cannot be listed.", number=number)


def no_image(texts: Texts) -> str:
    """To who lists something else."""
    return texts.gettext("That is not an image, so it cannot be listed.")


def enlisted(listed: Listed, before: Mapping[str, ListEntry | None], policy: Policy, voice: Voice) -> str:
    """What is listed now, and what was said of it before."""
    _ = voice.texts.gettext
    lines = [_became(sha256, listed, old, voice) for sha256, old in before.items()]
    lines.append(_(_FROM_NOW[listed]))
    lines.append(_("A copy that was cut, resized or saved anew is another image to me."))
    if listed is Listed.BLOCKED and policy.mode is Mode.OBSERVE:
        lines.append(_("At the moment I only watch, so I would only show it."))
    return fit(lines, ANSWER, voice.texts)


def _became(sha256: str, listed: Listed, old: ListEntry | None, voice: Voice) -> str:
    _ = voice.texts.gettext
    ident, now = short(sha256), kind(listed, voice.texts)
    if old is None:
        return _("`{ident}` is {now}.", ident=ident, now=now)
    was = {"was": kind(old.listed, voice.texts), "by": voice.markup.person(old.by), "at": voice.markup.moment(old.at)}
    if old.listed is listed:
        return _("`{ident}` was {was} already, by {by}, {at}.", ident=ident, **was)
    return _("`{ident}` is {now}. Until now it was {was}, by {by}, {at}.", ident=ident, now=now, **was)


def taken_off(entry: ListEntry, voice: Voice) -> str:
    """An entry less."""
    return voice.texts.gettext(
        "`{ident}` is no longer {was}. It is judged like any other image again.",
        ident=short(entry.sha256),
        was=kind(entry.listed, voice.texts),
    )


def no_ident(typed: str, voice: Voice) -> str:
    """What cannot be an entry's name."""
    return voice.texts.gettext(
        "{typed} is not the short name of an image, such as 3f2a91bc. /images list shows them.",
        typed=voice.markup.quote(typed, 40),
    )


def no_such_entry(typed: str, voice: Voice) -> str:
    """What is on no list."""
    typed = voice.markup.quote(typed, 40)
    return voice.texts.gettext("No image on the lists here is called {typed}. /images list shows them.", typed=typed)


def several_begin_so(begins: str, texts: Texts) -> str:
    """A name that is too short."""
    return texts.gettext("Several images on the lists begin with {begins}: give more of its digits.", begins=begins)


def suggestion(entry: ListEntry, texts: Texts) -> str:
    """One entry in a menu: plain, since menus know no markup."""
    why = clean(entry.why, LABEL)
    return clean(" · ".join(p for p in (short(entry.sha256), kind(entry.listed, texts), why) if p), LABEL)


def page(entries: Sequence[ListEntry], newer: str | None, older: str | None, voice: Voice) -> Page:
    """Some of the lists, the newest first."""
    _ = voice.texts.gettext
    lines = [line(entry, voice) for entry in entries] or [_("No image is listed.")]
    turns = ((newer, _("Newer")), (older, _("Older")))
    buttons = tuple(Button(first, label) for first, label in turns if first is not None)
    return Page(LISTED, _("Listed images"), fit(lines, PAGE, voice.texts), buttons)


def line(entry: ListEntry, voice: Voice) -> str:
    """One entry: which, why, by whom, when."""
    why = voice.markup.quote(entry.why, 120) if entry.why else ""
    said = (kind(entry.listed, voice.texts), voice.markup.person(entry.by), voice.markup.moment(entry.at), why)
    return f"`{short(entry.sha256)}` · " + " · ".join(part for part in said if part)


def on_a_list(entry: ListEntry, voice: Voice) -> str:
    """Beside the answer of a check."""
    return voice.texts.gettext(
        "On the lists here: {entry}. To take it off: /images remove {ident}.",
        entry=line(entry, voice),
        ident=short(entry.sha256),
    )
