"""What is said when a rule changes: what holds now, what held before, and what of it may surprise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bot.model import Button, Page
from bot.texts import names
from bot.texts.catalogue import Texts, mark
from bot.texts.changes import points, warnings
from bot.texts.coverage import Coverage
from bot.texts.lines import ANSWER, PAGE, fit
from bot.texts.markup import Voice
from policies.model import (
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Duty,
    Exemptions,
    Policy,
    Surface,
    Threshold,
    WhenSpent,
)

PRESET, IMPORT = "preset", "import"
"""Names of the pages that ask before a whole policy is taken over."""

LONGEST_PROBLEM: Final = 450  # characters of one that an answer shows

_PRESET_KEEPS: Final = mark(
    "Kept: mode, moderators' channel, staff, exemptions, channels, contexts, required categories and quarantine role."
)
_KINDS: Final = {"block": mark("what breaks the rules"), "review": mark("what needs a look")}


def changed(what: str, before: str, after: str, texts: Texts) -> str:
    """The one line of every change."""
    if before == after:
        return texts.gettext("Nothing to change. {what}: {now}.", what=what, now=after)
    return texts.gettext("{what}: {now}. Before: {before}.", what=what, now=after, before=before)


def answer(lines: Iterable[str], texts: Texts) -> str:
    """Lines of an answer, as many as fit."""
    return fit([line for line in lines if line], ANSWER, texts)


def surprises(before: Policy, after: Policy, coverage: Coverage, texts: Texts) -> list[str]:
    """What the change itself has brought about that its author may not think of."""
    known = set(warnings(before, texts, coverage))
    return [_warned(w, texts) for w in warnings(after, texts, coverage) if w not in known]


def _warned(warning: str, texts: Texts) -> str:
    return texts.gettext("⚠ Mind: {warning}.", warning=warning)


# --- single rules ---------------------------------------------------------------------------------


def acts(some: Sequence[Act], texts: Texts) -> str:
    """Acts in words, in their order."""
    return "; ".join(texts.gettext(names.ACTS[act]) for act in some) or texts.gettext("nothing")


def what_follows(when: str, context: Context | None, texts: Texts) -> str:
    """The head of a change of actions."""
    _ = texts.gettext
    kind = _(_KINDS[when])
    if context is None:
        return _("What follows from {kind}", kind=kind)
    return _("What follows from {kind} ({context})", kind=kind, context=_(names.CONTEXTS[context]))


def cannot_be_done(lost: Sequence[Act], context: Context, texts: Texts) -> str:
    """What is set and has no effect in a context."""
    _ = texts.gettext
    return _(
        "⚠ Mind: with this ({context}) I cannot {acts}; the rest holds.",
        context=_(names.CONTEXTS[context]),
        acts=acts(lost, texts),
    )


def own_actions(contexts: Iterable[Context], texts: Texts) -> str:
    """Contexts that a change of the general actions leaves as they are."""
    own = "; ".join(texts.gettext(names.CONTEXTS[c]) for c in contexts)
    return texts.gettext("Set apart from this: {contexts}.", contexts=own) if own else ""


def same_everywhere(actions: Actions | None, when: str, texts: Texts) -> str:
    """What one context sets of its own, or that it sets nothing."""
    if actions is None:
        return texts.gettext("as everywhere")
    return acts(actions.block if when == "block" else actions.review, texts)


def usual_needs_a_context(texts: Texts) -> str:
    """To `as everywhere`, said of everywhere."""
    return texts.gettext("“As everywhere” is for one context: name it too. Nothing was changed.")


def wrong_actions(problems: Iterable[str], voice: Voice) -> str:
    """Acts that do not go together."""
    return "\n".join(voice.markup.quote(voice.texts.said(problem), 300) for problem in problems)


def limits_or_general(own: Threshold | None, general: Threshold, texts: Texts) -> str:
    """Limits as a place has them: its own, or those that hold everywhere."""
    if own is not None:
        return names.limits(own, texts)
    return texts.gettext("{limits} (as everywhere)", limits=names.limits(general, texts))


def channel_rule(rule: ChannelRule | None, texts: Texts) -> str:
    """One channel's own rules in a line."""
    _ = texts.gettext
    if rule is None or rule == ChannelRule():
        return _("as everywhere")
    parts = [_("exempt: nothing here is acted on")] if rule.exempt else []
    if rule.context is not None:
        parts.append(_("judged as: {context}", context=_(names.CONTEXTS[rule.context])))
    parts += [f"{names.category(c, texts)}: {names.limits(limits, texts)}" for c, limits in rule.thresholds.items()]
    return "; ".join(parts)


def exempt(exemptions: Exemptions, voice: Voice) -> str:
    """Whose posts are never acted on."""
    some = [*map(voice.markup.role, sorted(exemptions.roles)), *map(voice.markup.person, sorted(exemptions.authors))]
    return ", ".join(some) or voice.texts.gettext("nobody")


def everyone_is_exempt(texts: Texts) -> str:
    """An exemption of the role that everybody has."""
    return texts.gettext("That role is everyone's: nothing would be acted on at all. To stop me, use /pause.")


def categories(some: Iterable[Category], texts: Texts) -> str:
    """Categories in words, in the order of severity."""
    chosen = set(some)
    return "; ".join(names.category(c, texts) for c in Category if c in chosen) or texts.gettext("none")


def surfaces(some: Iterable[Surface], texts: Texts) -> str:
    """Surfaces in words."""
    chosen = set(some)
    return "; ".join(texts.gettext(names.SURFACES[s]) for s in Surface if s in chosen) or texts.gettext("none")


def when_spent(rule: WhenSpent, texts: Texts) -> str:
    """What follows once a budget is spent."""
    return texts.gettext(names.WHEN_SPENT[rule])


def near(on: bool, texts: Texts) -> str:
    """What becomes of an image that nearly looks like a known one."""
    return texts.gettext("shown to moderators") if on else texts.gettext("nothing special")


def role(ident: str | None, voice: Voice) -> str:
    """A role, or none."""
    return voice.texts.gettext("none") if ident is None else voice.markup.role(ident)


def staff(policy: Policy, voice: Voice) -> list[str]:
    """Which roles are entrusted with what; nothing where none is."""
    _ = voice.texts.gettext
    return [
        _("May {duty}: {roles}.", duty=_(names.DUTIES[d]), roles=", ".join(map(voice.markup.role, sorted(roles))))
        for d in Duty
        if (roles := policy.staff.get(d))
    ]


def reach_commands(texts: Texts) -> str:
    """To who entrusts roles: Discord shows commands by permission unless told otherwise."""
    return texts.gettext(
        "Discord shows /setup, /policy, /pause and /doctor to those who may manage the server, and my other commands"
        " to those who may manage messages. To show them to an entrusted role too: Server Settings → Integrations →"
        " my name → the command → Add Roles or Members."
    )


# --- whole policies ---------------------------------------------------------------------------------


def switching(
    before: Policy, after: Policy, lost: Sequence[str], version: int, coverage: Coverage, voice: Voice
) -> Page:
    """What another preset would change."""
    _ = voice.texts.gettext
    lines = [
        _(names.PRESETS[after.preset]),
        "",
        _(_PRESET_KEEPS),
        *([_("Lost, for you had changed it: {what}.", what=", ".join(f"`{name}`" for name in lost))] if lost else []),
        "",
        *_difference(before, after, coverage, voice),
    ]
    button = Button(f"{after.preset}.{version}", _("Switch to {preset}", preset=after.preset), "blue")
    title = _("From {old} to {new}", old=before.preset, new=after.preset)
    return Page(PRESET, title, fit(lines, PAGE, voice.texts), (button,))


def importing(before: Policy, after: Policy, version: int, coverage: Coverage, voice: Voice) -> Page:
    """What a file would change."""
    _ = voice.texts.gettext
    lines = [_("Nothing is saved yet."), "", *_difference(before, after, coverage, voice)]
    if before.staff != after.staff and after.staff:
        lines.append(reach_commands(voice.texts))
    button = Button(f"save.{version}", _("Save it"), "blue")
    return Page(IMPORT, _("What this file changes"), fit(lines, PAGE, voice.texts), (button,))


def _difference(before: Policy, after: Policy, coverage: Coverage, voice: Voice) -> list[str]:
    """Warnings first: the list of changes may be long, and is cut at its end."""
    warned = [_warned(w, voice.texts) for w in warnings(after, voice.texts, coverage)]
    return [*warned, voice.texts.gettext("It changes:"), *points(before, after)]


def taken_over(before: Policy, after: Policy, version: int, coverage: Coverage, voice: Voice) -> str:
    """After a whole policy was saved."""
    _ = voice.texts.gettext
    lines = [
        _("Saved as version {version}. The mode is: {mode}.", version=version, mode=_(names.MODES[after.mode])),
        *_difference(before, after, coverage, voice),
    ]
    return answer(lines, voice.texts)


def already_so(texts: Texts) -> str:
    """To a change of nothing."""
    return texts.gettext("Nothing to change: that is how it is already.")


def overtaken(texts: Texts) -> str:
    """To a second press, after the rules have moved on."""
    return texts.gettext("The rules have been changed meanwhile, so nothing was saved. Look at it again first.")


def not_kept(texts: Texts) -> str:
    """To a press on a file that is not there any more."""
    return texts.gettext("That file was saved already, or is too old. Import it again.")


def unreadable(fault: str, voice: Voice) -> str:
    """A file that is no YAML, or too much of it."""
    said = voice.markup.quote(voice.texts.said(fault), 300)
    return voice.texts.gettext("I cannot read that file: {fault}. Nothing was changed.", fault=said)


def too_large(limit: int, texts: Texts) -> str:
    """A file that no policy needs."""
    return texts.gettext("The file is larger than {limit} KB: no policy is that long.", limit=limit >> 10)


def refused(problems: Sequence[str], voice: Voice) -> str:
    """Everything that is wrong with a file."""
    texts = voice.texts
    head = texts.ngettext(
        "Nothing was changed: {count} thing in the file is wrong.",
        "Nothing was changed: {count} things in the file are wrong.",
        len(problems),
    )
    return answer([head, *(f"• {voice.markup.quote(texts.said(p), LONGEST_PROBLEM)}" for p in problems)], texts)


def exported(texts: Texts) -> str:
    """Beside the file."""
    return texts.gettext(
        "This is the whole policy; what equals its preset is left out. Change it and give it back with /policy import."
    )
