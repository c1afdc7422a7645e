"""A whole policy read out: in sections, the most asked first, as short as a phone is small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.model import PAID
from bot.texts import coverage as seen
from bot.texts import names, rules
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.lines import PAGE, fit
from bot.texts.markup import Voice
from bot.texts.settings import paused_since
from policies.ladder import REMOVAL
from policies.model import NEVER, Category, Ladder, Policy, Remedy, Rung, Threshold, WhenSpent
from policies.presets import PRESETS, preset


def read_out(
    policy: Policy,
    version: int,
    changed: tuple[datetime, str] | None,
    coverage: Coverage,
    voice: Voice,
    *,
    paused: tuple[datetime, str] | None = None,
) -> str:
    """Everything that is set, the most asked first. `changed`: when and by whom the last time; `paused`: the same
    of a pause that lasts."""
    _ = voice.texts.gettext
    lines = [
        _("Mode: {mode}.", mode=paused_since(paused, voice) if paused else _(names.MODES[policy.mode])),
        _preset_line(policy, version, changed, voice),
        _channel_line(policy, voice),
        *_section(_("What I look for"), _sight_lines(policy, coverage, voice.texts)),
        *_section(_("What I do"), _action_lines(policy, coverage, voice)),
        *_section(_("Where it differs"), _override_lines(policy, voice.texts)),
        *_section(_("Who may do what"), rules.staff(policy, voice)),
    ]
    return fit(lines, PAGE, voice.texts)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    """`lines` below their heading; nothing where there are none."""
    told = [line for line in lines if line]
    return ["", f"**{title}**", *told] if told else []


def _preset_line(policy: Policy, version: int, changed: tuple[datetime, str] | None, voice: Voice) -> str:
    _ = voice.texts.gettext
    if changed is None:
        return _("Preset: {preset}. Nothing was changed yet.", preset=policy.preset)
    at, by = changed
    return _(
        "Preset: {preset}. Version {version}, by {person}, {at}.",
        preset=policy.preset,
        version=version,
        person=voice.markup.person(by),
        at=voice.markup.moment(at),
    )


def _channel_line(policy: Policy, voice: Voice) -> str:
    _ = voice.texts.gettext
    if policy.mod_channel is None:
        return _("Cards go nowhere yet: run /setup.")
    return _("Cards go to {channel}.", channel=voice.markup.channel(policy.mod_channel))


def _sight_lines(policy: Policy, coverage: Coverage, texts: Texts) -> list[str]:
    """What can be found, from which confidence on, and where."""
    _ = texts.gettext
    lines = [
        *seen.lines(coverage, texts),
        *_threshold_lines(policy, coverage, texts),
        _("Looked at, beside attachments and previews: {what}.", what=rules.surfaces(policy.surfaces, texts)),
    ]
    if policy.required:
        lines.append(_("Required: {what}.", what=rules.categories(policy.required, texts)))
    alike = rules.near(policy.suspect_near, texts)
    return [*lines, _("What nearly looks like an image that was removed or blocked here: {what}.", what=alike)]


def _threshold_lines(policy: Policy, coverage: Coverage, texts: Texts) -> list[str]:
    """Limits that something here can reach, and those that the guild has set itself: the others mean nothing here."""
    usual = preset(policy.preset).thresholds if policy.preset in PRESETS else policy.thresholds
    found = frozenset[Category]().union(*coverage.values())
    told = [c for c in Category if c in found or policy.thresholds.get(c, NEVER) != usual.get(c, NEVER)]
    return [_threshold_line(c, policy.thresholds, usual, texts) for c in told]


def _threshold_line(
    which: Category, own: Mapping[Category, Threshold], usual: Mapping[Category, Threshold], texts: Texts
) -> str:
    now, preset_has = own.get(which, NEVER), usual.get(which, NEVER)
    line = f"• {names.category(which, texts)}: {names.limits(now, texts)}"
    if now == preset_has:
        return line
    return line + " " + texts.gettext("(preset: {limits})", limits=names.limits(preset_has, texts))


def _override_lines(policy: Policy, texts: Texts) -> list[str]:
    """Places, kinds of picture and people for which something else holds."""
    lines = []
    if own := len(policy.drawn):
        lines.append(texts.ngettext("Drawings: {count} own limit.", "Drawings: {count} own limits.", own))
    if own := len(policy.age_restricted):
        lines.append(
            texts.ngettext(
                "Age-restricted channels: {count} own limit.", "Age-restricted channels: {count} own limits.", own
            )
        )
    if own := len(policy.channels):
        lines.append(
            texts.ngettext("{count} channel has its own rules.", "{count} channels have their own rules.", own)
        )
    if exempt := len(policy.exempt.roles) + len(policy.exempt.authors):
        lines.append(
            texts.ngettext("{count} role or member is exempt.", "{count} roles or members are exempt.", exempt)
        )
    return [*lines, rules.own_actions(policy.context_actions, texts)]


def _action_lines(policy: Policy, coverage: Coverage, voice: Voice) -> list[str]:
    """What follows from a finding, from a missing answer, from repetition."""
    texts = voice.texts
    _ = texts.gettext
    lines = [
        _("{what}: {acts}.", what=rules.what_follows(kind, None, texts), acts=rules.acts(acts, texts))
        for kind, acts in (("block", policy.actions.block), ("review", policy.actions.review))
    ]
    if policy.quarantine_role is not None:
        lines.append(_("Quarantine role: {role}.", role=voice.markup.role(policy.quarantine_role)))
    return [
        *lines,
        *_unjudged_lines(policy, texts),
        _spent_line(policy, coverage, texts),
        _ladder_line(policy.ladder, texts),
        _("At most {cap} images are removed in an hour; beyond that, moderators decide.", cap=policy.cap),
    ]


def _unjudged_lines(policy: Policy, texts: Texts) -> list[str]:
    """Only what is not simply left and counted: the rest goes without saying."""
    _ = texts.gettext
    return [
        _("Not judged ({why}): {remedy}.", why=_(names.UNSCREENED[reason]), remedy=_(names.REMEDIES[remedy]))
        for reason, remedy in policy.unscreened.items()
        if remedy is not Remedy.LEAVE
    ]


def _spent_line(policy: Policy, coverage: Coverage, texts: Texts) -> str:
    """Where something here costs money, or the guild has chosen a rule."""
    if policy.when_spent is WhenSpent.LOCAL and coverage.keys().isdisjoint(PAID):
        return ""
    rule = rules.when_spent(policy.when_spent, texts)
    return texts.gettext("When the money for paid providers is used up: {rule}.", rule=rule)


def _ladder_line(ladder: Ladder, texts: Texts) -> str:
    if not ladder.rungs:
        return ""
    steps = "; ".join(_rung(rung, ladder, texts) for rung in ladder.rungs)
    days = texts.ngettext("{count} day", "{count} days", ladder.days)
    return texts.gettext("Repeated removals within {days}: {steps}.", days=days, steps=steps)


def _rung(rung: Rung, ladder: Ladder, texts: Texts) -> str:
    """What throws somebody out is only proposed, unless the guild has switched more on (ruling 4)."""
    act = texts.gettext(names.ACTS[rung.act])
    if rung.minutes:
        act = texts.gettext("{act} for {span}", act=act, span=names.span(rung.minutes, texts))
    if rung.act in REMOVAL and not ladder.automatic_removal:
        return texts.gettext("at {strikes}, ask the moderators whether to {act}", strikes=rung.strikes, act=act)
    return texts.gettext("at {strikes}, {act}", strikes=rung.strikes, act=act)
