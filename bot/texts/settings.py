"""A guild's settings in words, and what is said when they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.model import Finding
from bot.texts import coverage as seen
from bot.texts import doctor, names, rules
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.lines import ANSWER, PAGE, fit
from bot.texts.markup import Voice
from policies.cautious import SURE, cautious, unbridled
from policies.model import NEVER, Category, Ladder, Mode, Policy, Remedy, Rung, Threshold
from policies.presets import PRESETS, preset


def not_a_manager(texts: Texts) -> str:
    """To a presser without the right."""
    return texts.gettext("Only someone who may manage this server can change its settings.")


# --- modes -------------------------------------------------------------------------------------


def mode_set(before: Policy, after: Policy, texts: Texts) -> str:
    """The mode that now holds; one that acts without a channel for its cards says so."""
    _ = texts.gettext
    mode = _(names.MODES[after.mode])
    if before.mode is after.mode:
        return _("Nothing to change, the mode is: {mode}.", mode=mode)
    text = _("From now on: {mode}.", mode=mode)
    if after.mode is Mode.PAUSED:
        return text + " " + _("Images posted meanwhile are not looked at later either. To go on: /pause resume:True.")
    if after.mod_channel is None:
        return text + " " + _("Moderators have no channel for cards yet: run /setup.")
    return text


def announced(policy: Policy, who: str, voice: Voice) -> str:
    """For the moderators' channel: I stand still, or I go on."""
    _ = voice.texts.gettext
    person = voice.markup.person(who)
    if policy.mode is Mode.PAUSED:
        return _("{person} has paused me: I look at no image until somebody gives /pause resume:True.", person=person)
    return _("{person} has ended the pause. The mode is: {mode}.", person=person, mode=_(names.MODES[policy.mode]))


def not_announced(channel: str, voice: Voice) -> str:
    """To who paused or resumed, where the moderators could not be told."""
    return voice.texts.gettext(
        "I could not say so in {channel}: tell the moderators yourself, and run /doctor.",
        channel=voice.markup.channel(channel),
    )


def paused_since(paused: tuple[datetime, str], voice: Voice) -> str:
    """Since when, and by whom."""
    at, by = paused
    return voice.texts.gettext(
        "paused since {at}, by {person}", at=voice.markup.moment(at), person=voice.markup.person(by)
    )


def not_paused(policy: Policy, texts: Texts) -> str:
    """To who resumes what runs."""
    _ = texts.gettext
    return _("I am not paused. The mode is: {mode}.", mode=_(names.MODES[policy.mode]))


def mode_unknown(texts: Texts) -> str:
    """After a pause that did not say from which mode."""
    return texts.gettext("I do not know the mode before the pause, so I only watch. To act: /policy mode enforce.")


# --- thresholds ----------------------------------------------------------------------------------


def threshold_set(which: Category, before: Threshold, after: Threshold, texts: Texts) -> str:
    """The new limits beside the old."""
    _ = texts.gettext
    what, now = names.category(which, texts), names.limits(after, texts)
    if before == after:
        return _("Nothing to change. {what}: {now}.", what=what, now=now)
    return _("From now on {what}: {now}. Before: {before}.", what=what, now=now, before=names.limits(before, texts))


def neither_threshold(texts: Texts) -> str:
    """To a change that changes nothing."""
    return texts.gettext("Give review, remove or both: a number from 0 to 1, or the word never.")


def out_of_order(which: Category, review: float, remove: float, texts: Texts) -> str:
    """To limits of which the milder lies above the harsher."""
    return texts.gettext(
        "{what}: review ({review:g}) must not be above remove ({remove:g}). Lower review or raise remove.",
        what=names.category(which, texts),
        review=review,
        remove=remove,
    )


def nobody_looks_for(which: Category, texts: Texts) -> str:
    """A threshold that nothing can reach."""
    return texts.gettext(
        "No provider here looks for {what}, so this changes nothing until the host adds one.",
        what=names.category(which, texts),
    )


# --- setup ---------------------------------------------------------------------------------------


def set_up(before: Policy, after: Policy, findings: Sequence[Finding], coverage: Coverage, voice: Voice) -> str:
    """What now holds, what it cannot see, and what is still missing for it to work."""
    _ = voice.texts.gettext
    lines = [
        _("Saved. From now on: {mode}.", mode=_(names.MODES[after.mode])),
        _("Preset {preset}: {meaning}", preset=after.preset, meaning=_(names.PRESETS[after.preset])),
        _("Cards go to {channel}.", channel=voice.markup.channel(after.mod_channel or "")),
        *seen.lines(coverage, voice.texts),
    ]
    if before.preset == after.preset and _differs(after):
        lines.append(_("What you had changed in this preset is kept."))
    if before.preset != after.preset and _differs(before):
        lines.append(_("What you had changed in the preset {preset} no longer holds.", preset=before.preset))
    lines += _begun_carefully(after, voice.texts)
    missing = [f for f in findings if not f.ok]
    if missing:
        lines += [_("Still missing:"), *(doctor.line(f) for f in missing)]
    else:
        lines.append(_("I have every right that I need here. To try it, post a test card."))
    return fit(lines, ANSWER, voice.texts)


def _begun_carefully(policy: Policy, texts: Texts) -> list[str]:
    """That acting began with higher limits than the preset's own."""
    if policy.mode is not Mode.ENFORCE or unbridled(policy) == policy:
        return []
    return [
        texts.gettext(
            "To begin with I remove nothing below {sure}, also where {preset} would: moderators are shown it.",
            sure=names.score(SURE),
            preset=policy.preset,
        )
    ]


def _differs(policy: Policy) -> bool:
    """Whether the guild changed the preset's limits. That acting began with higher ones is no change of its own."""
    if policy.preset not in PRESETS:
        return False
    usual = preset(policy.preset)
    return policy.thresholds not in (usual.thresholds, cautious(usual).thresholds)


# --- the whole policy -----------------------------------------------------------------------------


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
        *seen.lines(coverage, voice.texts),
        *_threshold_lines(policy, voice.texts),
        *_override_lines(policy, voice),
        *_action_lines(policy, voice),
        *_unjudged_lines(policy, voice.texts),
        _ladder_line(policy.ladder, voice.texts),
        _("At most {cap} images are removed in an hour; beyond that, moderators decide.", cap=policy.cap),
        *rules.staff(policy, voice),
    ]
    return fit([line for line in lines if line], PAGE, voice.texts)


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


def _threshold_lines(policy: Policy, texts: Texts) -> list[str]:
    usual = preset(policy.preset).thresholds if policy.preset in PRESETS else policy.thresholds
    return [_threshold_line(c, policy.thresholds, usual, texts) for c in Category]


def _threshold_line(
    which: Category, own: Mapping[Category, Threshold], usual: Mapping[Category, Threshold], texts: Texts
) -> str:
    now, preset_has = own.get(which, NEVER), usual.get(which, NEVER)
    line = f"• {names.category(which, texts)}: {names.limits(now, texts)}"
    if now == preset_has:
        return line
    return line + " " + texts.gettext("(preset: {limits})", limits=names.limits(preset_has, texts))


def _override_lines(policy: Policy, voice: Voice) -> list[str]:
    texts = voice.texts
    lines = []
    if policy.drawn:
        lines.append(texts.ngettext("Drawings: {count} own limit.", "Drawings: {count} own limits.", len(policy.drawn)))
    if policy.age_restricted:
        own = len(policy.age_restricted)
        lines.append(
            texts.ngettext(
                "Age-restricted channels: {count} own limit.", "Age-restricted channels: {count} own limits.", own
            )
        )
    if policy.channels:
        own = len(policy.channels)
        lines.append(
            texts.ngettext("{count} channel has its own rules.", "{count} channels have their own rules.", own)
        )
    if exempt := len(policy.exempt.roles) + len(policy.exempt.authors):
        lines.append(
            texts.ngettext("{count} role or member is exempt.", "{count} roles or members are exempt.", exempt)
        )
    return lines


def _action_lines(policy: Policy, voice: Voice) -> list[str]:
    """What follows, what is looked at besides, what must be looked for."""
    texts = voice.texts
    _ = texts.gettext
    lines = [
        _(
            "{what}: {acts}.",
            what=rules.what_follows("block", None, texts),
            acts=rules.acts(policy.actions.block, texts),
        ),
        _(
            "{what}: {acts}.",
            what=rules.what_follows("review", None, texts),
            acts=rules.acts(policy.actions.review, texts),
        ),
        rules.own_actions(policy.context_actions, texts),
        _("Looked at, beside attachments and previews: {what}.", what=rules.surfaces(policy.surfaces, texts)),
    ]
    if policy.required:
        lines.append(_("Required: {what}.", what=rules.categories(policy.required, texts)))
    if policy.quarantine_role is not None:
        lines.append(_("Quarantine role: {role}.", role=voice.markup.role(policy.quarantine_role)))
    return lines


def _unjudged_lines(policy: Policy, texts: Texts) -> list[str]:
    """Only what is not simply left and counted: the rest goes without saying."""
    _ = texts.gettext
    return [
        _("Not judged ({why}): {remedy}.", why=_(names.UNSCREENED[reason]), remedy=_(names.REMEDIES[remedy]))
        for reason, remedy in policy.unscreened.items()
        if remedy is not Remedy.LEAVE
    ]


def _ladder_line(ladder: Ladder, texts: Texts) -> str:
    if not ladder.rungs:
        return ""
    steps = "; ".join(_rung(rung, texts) for rung in ladder.rungs)
    days = texts.ngettext("{count} day", "{count} days", ladder.days)
    return texts.gettext("Repeated removals within {days}: {steps}.", days=days, steps=steps)


def _rung(rung: Rung, texts: Texts) -> str:
    act = texts.gettext(names.ACTS[rung.act])
    if rung.minutes:
        act = texts.gettext("{act} for {span}", act=act, span=names.span(rung.minutes, texts))
    return texts.gettext("at {strikes}, {act}", strikes=rung.strikes, act=act)
