"""Where other limits hold than the guild's general ones: a change of those changes nothing there."""

from __future__ import annotations

from collections.abc import Iterator

from bot.texts import names
from bot.texts.markup import Voice
from policies.model import Category, Policy, Threshold


def of(policy: Policy, which: Category, voice: Voice) -> list[str]:
    """One line for each place whose own limits for `which` are not the general ones; with a head, or nothing."""
    general = policy.thresholds.get(which)
    told = [_line(where, own, voice) for where, own in _layers(policy, which, voice) if own != general]
    return [voice.texts.gettext("Other limits hold, unchanged by this, for:"), *told] if told else []


def _layers(policy: Policy, which: Category, voice: Voice) -> Iterator[tuple[str, Threshold]]:
    _ = voice.texts.gettext
    if which in policy.drawn:
        yield _("drawings"), policy.drawn[which]
    if which in policy.age_restricted:
        yield _("age-restricted channels"), policy.age_restricted[which]
    for context, limits in policy.contexts.items():
        if which in limits:
            yield _(names.CONTEXTS[context]), limits[which]
    for channel, rule in policy.channels.items():
        if which in rule.thresholds:
            yield voice.markup.channel(channel), rule.thresholds[which]


def _line(where: str, own: Threshold, voice: Voice) -> str:
    return f"• {where}: {names.limits(own, voice.texts)}"
