"""What the self-check says: one line a finding, the cure beside what is not well."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from bot.model import Finding
from bot.texts import names
from bot.texts.catalogue import Texts
from bot.texts.lines import ANSWER, fit
from policies.model import Category, Mode


def report(findings: Sequence[Finding], texts: Texts) -> str:
    """What is not well first."""
    bad = [f for f in findings if not f.ok]
    good = [f for f in findings if f.ok]
    summary = texts.ngettext("{count} thing is not well.", "{count} things are not well.", len(bad))
    head = summary if bad else texts.gettext("All is well.")
    return fit([head, *(line(f) for f in (*bad, *good))], ANSWER, texts)


def line(finding: Finding) -> str:
    """One finding."""
    if finding.ok:
        return f"✓ {finding.name}"
    return f"✗ {finding.name}: {finding.cure}" if finding.cure else f"✗ {finding.name}"


def mode(which: Mode, texts: Texts) -> Finding:
    """Watching only is well, standing still is not."""
    _ = texts.gettext
    name = _("mode, {mode}", mode=_(names.MODES[which]))
    cures = {
        Mode.PAUSED: _("no image is looked at; to go on: /pause resume"),
    }
    return Finding(name, ok=which not in cures, cure=cures.get(which, ""))


def mod_channel(channel: str | None, texts: Texts) -> Finding:
    """Without a channel nobody sees a card."""
    _ = texts.gettext
    return Finding(_("a channel for moderators' cards"), ok=channel is not None, cure=_("choose one with /setup"))


def providers(found: Sequence[str], texts: Texts) -> Finding:
    """Without a provider nothing can be judged."""
    _ = texts.gettext
    name = _("providers: {names}", names=", ".join(found)) if found else _("providers")
    return Finding(name, ok=bool(found), cure=_("the host must list at least one in BEHOLDER_PROVIDERS"))


def coverage(uncovered: Collection[Category], required: Collection[Category], texts: Texts) -> Finding:
    """Categories that nobody here can find. Only what the guild requires makes it unwell: every image
    is shown to moderators then."""
    _ = texts.gettext
    if not uncovered:
        return Finding(_("every category with a threshold is looked for"), ok=True)
    missing = sorted(set(uncovered) & set(required))
    if missing:
        listed = "; ".join(names.category(c, texts) for c in missing)
        cure = _("every image is shown to moderators; the host must add a provider, or do not require it")
        return Finding(_("required but not looked for by any provider: {what}", what=listed), ok=False, cure=cure)
    listed = "; ".join(names.category(c, texts) for c in uncovered)
    return Finding(_("not looked for by any provider here: {what}", what=listed), ok=True)


def backlog(waiting: int, age: timedelta, texts: Texts, *, late: bool) -> Finding:
    """Images that wait to be judged, and how long the oldest has."""
    _ = texts.gettext
    if not waiting:
        return Finding(_("no image waits"), ok=True)
    minutes = int(age.total_seconds() // 60)
    count = texts.ngettext("{count} image waits", "{count} images wait", waiting)
    oldest = texts.ngettext("the oldest {count} minute", "the oldest {count} minutes", minutes)
    cure = _("a provider may be out; nothing is lost, it goes on by itself; ask the host to look at the log")
    return Finding(f"{count}, {oldest}", ok=not late, cure=cure)
