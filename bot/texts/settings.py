"""A guild's settings in words, and what is said when they change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model import Finding
from bot.texts import coverage as seen
from bot.texts import doctor, names
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.lines import ANSWER, fit
from bot.texts.markup import Voice
from policies.cautious import SURE, cautious, unbridled
from policies.model import Category, Mode, Policy, Threshold
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
