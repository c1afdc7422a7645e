"""What the self-check says: one line a finding, the cure beside what is not well."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from bot.model import Finding, Funds
from bot.texts import names
from bot.texts.catalogue import Texts
from bot.texts.lines import ANSWER, fit
from policies.model import Category, Mode, UnscreenedReason, WhenSpent


def report(findings: Sequence[Finding], texts: Texts, *, notes: Sequence[str] = ()) -> str:
    """What is not well first; then `notes`, which are neither well nor ill."""
    bad = [f for f in findings if not f.ok]
    good = [f for f in findings if f.ok]
    summary = texts.ngettext("{count} thing needs attention.", "{count} things need attention.", len(bad))
    head = summary if bad else texts.gettext("All is well.")
    return fit([head, *map(line, bad), *(f"• {note}" for note in notes), *map(line, good)], ANSWER, texts)


def line(finding: Finding) -> str:
    """One finding."""
    if finding.ok:
        return f"✓ {finding.name}"
    return f"✗ {finding.name}: {finding.cure}" if finding.cure else f"✗ {finding.name}"


def mode(which: Mode, texts: Texts, *, since: str = "") -> Finding:
    """Watching only is well, standing still is not. `since`: of a pause, in words."""
    _ = texts.gettext
    name = _("mode, {mode}", mode=since or _(names.MODES[which]))
    cures = {
        Mode.PAUSED: _("no image is looked at; to go on: /pause resume:True"),
    }
    return Finding(name, ok=which not in cures, cure=cures.get(which, ""))


def mod_channel(channel: str | None, texts: Texts) -> Finding:
    """Without a channel nobody sees a card."""
    _ = texts.gettext
    return Finding(_("Moderators' channel"), ok=channel is not None, cure=_("choose one with /setup"))


def providers(states: Mapping[str, str], texts: Texts) -> list[Finding]:
    """Those that work, and each that does not with what is wrong with it. Without one nothing can be judged."""
    _ = texts.gettext
    if not states:
        return [Finding(_("providers"), ok=False, cure=_("the host must list at least one in BEHOLDER_PROVIDERS"))]
    working = sorted(name for name, state in states.items() if state == "ok")
    ill = {name: state for name, state in states.items() if state != "ok"}
    told = [Finding(_("providers: {names}", names=", ".join(working)), ok=True)] if working else []
    return [*told, *(Finding(_("provider {name}", name=name), ok=False, cure=ill[name]) for name in sorted(ill))]


def not_found_but_required(required: Collection[Category], texts: Texts) -> list[Finding]:
    """What the guild requires and nobody here can find: every image is shown to moderators then."""
    _ = texts.gettext
    if not required:
        return []
    cure = _("every image is shown to moderators; the host must add a provider, or do not require it")
    name = _("required but not looked for by any provider: {what}", what=_categories(required, texts))
    return [Finding(name, ok=False, cure=cure)]


def not_looked_for(uncovered: Collection[Category], texts: Texts) -> list[str]:
    """What has a threshold that nothing can reach: not an illness, and not a protection either."""
    if not uncovered:
        return []
    return [texts.gettext("not looked for by any provider here: {what}", what=_categories(uncovered, texts))]


def _categories(some: Collection[Category], texts: Texts) -> str:
    return "; ".join(names.category(c, texts) for c in Category if c in some)


def budgets(funds: Mapping[str, Funds], rule: WhenSpent, texts: Texts) -> list[str]:
    """What is left this month for each paid provider; an empty budget is no illness, the rule says what follows."""
    _ = texts.gettext
    lines = []
    for name, one in sorted(funds.items()):
        if one.ceiling is None or one.left is None:
            continue
        left, ceiling = f"{one.left:.2f}", f"{one.ceiling:.2f}"
        lines.append(_("{name}: {left} of {ceiling} US dollars left this month", name=name, left=left, ceiling=ceiling))
        if one.reaches(Decimal(1)):
            lines[-1] = _("{budget}; now {rule}", budget=lines[-1], rule=_(names.WHEN_SPENT[rule]))
    return lines


# --- what came of the images ----------------------------------------------------------------------


def lately(counts: Mapping[str, int], texts: Texts) -> str:
    """What came of the last day's images; those that nobody judged by why."""
    _, judged = texts.gettext, counts.get("judged", 0)
    said = [
        texts.ngettext("{count} image judged", "{count} images judged", judged),
        _("{count} removed", count=counts.get("removed", 0)),
        texts.ngettext("{count} case for the moderators", "{count} cases for the moderators", counts.get("cases", 0)),
        _not_judged(counts, texts),
    ]
    if limited := counts.get("limited", 0):
        said.append(
            texts.ngettext(
                "{count} not looked at, since the host's limit for a day was reached",
                "{count} not looked at, since the host's limit for a day was reached",
                limited,
            )
        )
    return _("in the last 24 hours: {counts}", counts=", ".join(said))


def _not_judged(counts: Mapping[str, int], texts: Texts) -> str:
    missing = {r: counts[f"unscreened:{r}"] for r in UnscreenedReason if f"unscreened:{r}" in counts}
    if not missing:
        return texts.gettext("none left unjudged")
    whys = "; ".join(f"{texts.gettext(names.UNSCREENED[reason])}: {count}" for reason, count in missing.items())
    return texts.gettext("{count} not judged ({whys})", count=sum(missing.values()), whys=whys)


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
