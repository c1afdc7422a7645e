"""Every rule that can speak, as one plain sentence (ruling 17)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.texts import names
from bot.texts.catalogue import mark
from bot.texts.markup import Voice
from policies.engine import FRAMES
from policies.model import Act, Reason, ReasonCode, Suggestion, UnscreenedReason

_SENTENCES: Final = {
    ReasonCode.THRESHOLD_REMOVE: mark("{what}: {score}{source}, removed from {threshold}"),
    ReasonCode.THRESHOLD_REVIEW: mark("{what}: {score}{source}, to be looked at from {threshold}"),
    ReasonCode.VENDOR_BLOCK: mark("{what}: {provider} itself advises removal"),
    ReasonCode.VENDOR_REVIEW: mark("{what}: {provider} itself advises that somebody looks"),
    ReasonCode.NOT_ASSESSED: mark("{what}: nobody looked for it, and that is required here"),
    ReasonCode.NEAR_KNOWN: mark("it nearly looks like an image that was removed here{like}"),
    ReasonCode.SPENT: mark("the budget for {provider} is spent, and the others are in doubt"),
    ReasonCode.UNSCREENED: mark("not judged: {unscreened}"),
    ReasonCode.BLOCK_LISTED: mark("this exact image is on the block list"),
    ReasonCode.ALLOW_LISTED: mark("this exact image is on the allow list"),
    ReasonCode.EXEMPT_ROLE: mark("the author's role {role} is exempt"),
    ReasonCode.EXEMPT_AUTHOR: mark("the author is exempt"),
    ReasonCode.EXEMPT_CHANNEL: mark("this channel is exempt"),
    ReasonCode.TEST_CARD: mark("a test card"),
    ReasonCode.CAP_REACHED: mark("the limit of {threshold} removed images per hour is reached, so moderators decide"),
    ReasonCode.HOST_LIMIT: mark("the host looks at no more than {threshold} images a day from here"),
    ReasonCode.LADDER: mark("strike {strikes}: {act}"),
    ReasonCode.PROPOSED: mark("strike {strikes} would be enough to {act}"),
    ReasonCode.PAUSED: mark("paused: nothing is looked at"),
}

_FRAMES: Final = re.compile(rf"{FRAMES}(?P<seen>[0-9]+)/(?P<total>[0-9]+)")

_SOFTENED: Final = mark("{what}: {provider} itself advises removal, but this is never removed without a moderator")


def sentence(reason: Reason, voice: Voice) -> str:
    """What rule spoke, on which score, against which threshold."""
    texts = voice.texts
    return texts.gettext(
        _SOFTENED if _is_softened(reason) else _SENTENCES[reason.code],
        what=_what(reason, voice),
        score="" if reason.score is None else names.score(reason.score),
        threshold=names.threshold(reason.threshold, texts),
        source=_source(reason, voice),
        provider=voice.markup.quote(reason.provider or texts.gettext("a provider"), 40),
        unscreened=_unscreened(reason, voice),
        act=_act(reason, voice),
        strikes=f"{reason.score or 0:.0f}",
        role=voice.markup.role(reason.detail),
        like=_like(reason, voice),
    )


def sentences(reasons: Sequence[Reason], voice: Voice) -> list[str]:
    """Each once, as points of a list."""
    return list(dict.fromkeys(f"• {sentence(r, voice)}" for r in reasons))


def _is_softened(reason: Reason) -> bool:
    """The vendor said block where the guild allows no more than a review (ruling 3)."""
    return reason.code is ReasonCode.VENDOR_REVIEW and reason.detail == Suggestion.BLOCK


def _what(reason: Reason, voice: Voice) -> str:
    return names.category(reason.category, voice.texts) if reason.category else voice.texts.gettext("the whole image")


def _source(reason: Reason, voice: Voice) -> str:
    """` (provider: the provider's own word)`."""
    said = [voice.markup.quote(part, 40) for part in (reason.provider, reason.label) if part]
    return f" ({': '.join(said)})" if said else ""


def _unscreened(reason: Reason, voice: Voice) -> str:
    """The engine names the kind of `Unscreened` in the detail, or how many frames were seen."""
    if frames := _FRAMES.fullmatch(reason.detail):
        return voice.texts.ngettext(
            "only {seen} of {count} frame could be looked at",
            "only {seen} of {count} frames could be looked at",
            int(frames["total"]),
            seen=int(frames["seen"]),
        )
    try:
        return voice.texts.gettext(names.UNSCREENED[UnscreenedReason(reason.detail)])
    except ValueError:
        return voice.markup.quote(reason.detail, 120)


def _like(reason: Reason, voice: Voice) -> str:
    """The case of the image that it looks like, if there was one: its number is in the detail."""
    return voice.texts.gettext(" (case #{number})", number=reason.detail) if reason.detail else ""


def _act(reason: Reason, voice: Voice) -> str:
    """The ladder names the act in the detail."""
    try:
        return voice.texts.gettext(names.ACTS[Act(reason.detail)])
    except ValueError:
        return voice.markup.quote(reason.detail, 60)
