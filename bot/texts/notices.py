"""What members are told: in public without any category (ruling 19), in private with the reasons."""

from __future__ import annotations

from typing import Final

from bot.desk.post import Matter, Post, matter, post
from bot.model import Case, CaseState, EffectKind, OutcomeState
from bot.texts import names
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import ANSWER, fit
from bot.texts.markup import Voice
from policies.model import Category, ReasonCode, Suggestion, WhenSpent

PASSED_ON: Final = "passed_on"
WARNING: Final = "warning"
"""What the `said` of an effect of kind `say` can be, for whoever reads of it later; without it an invitation."""

_AFTERWARDS: Final = {
    CaseState.OPEN: mark("Such checks can be wrong. A moderator can still look at it and give it back."),
    CaseState.UPHELD: mark("A moderator has looked at it and found the removal right."),
    CaseState.OVERTURNED: mark("A moderator has looked at it: the removal was a mistake. You may post it again."),
    CaseState.EXPIRED: mark("Such checks can be wrong. If you think this one was, ask a moderator."),
}


def removed(texts: Texts) -> str:
    """The public notice after a removal."""
    return texts.gettext("An image was removed.")


def passed_on(texts: Texts) -> str:
    """To who sent an image in a direct message that breaks the host's rules."""
    return texts.gettext("That image is not allowed. The people who run me have been told.")


def warning(texts: Texts) -> str:
    """To an author, from the moderators, where all can read it: it names no category either."""
    return texts.gettext("The moderators warn you: such images are not allowed here.")


def limited(limit: int, texts: Texts) -> str:
    """To the moderators, once a day, when the host's limit is reached."""
    return texts.ngettext(
        "Whoever runs me lets me look at {count} image a day here, and that is used up: until midnight UTC no further "
        "image is looked at.",
        "Whoever runs me lets me look at {count} images a day here, and they are used up: until midnight UTC no "
        "further image is looked at.",
        limit,
    )


def spent(rule: WhenSpent, texts: Texts) -> str:
    """To the moderators, once a month, when the money for a paid provider is used up."""
    _ = texts.gettext
    return _(
        "Whoever runs me pays for a second look at doubtful images, up to a limit a month, and that is used up: until "
        "the first of next month (UTC) the rule here is: {rule}. To change it: /policy budget.",
        rule=_(names.WHEN_SPENT[rule]),
    )


def invitation(texts: Texts) -> str:
    """To an author whose picture was wrongly removed and of which no full copy was kept."""
    return texts.gettext("Your image was removed by mistake, sorry. You may post it again.")


def details(case: Case, texts: Texts) -> str:
    """Why a post was removed, for its author: what it was taken for, not how to get past the check."""
    _ = texts.gettext
    voice = Voice.to(case.tenant, texts)
    if post(case) is Post.STANDS:
        return _("Case {number}: your image has not been removed.", number=case.number)
    if matter(case) is Matter.REACTION:
        return fit([_reaction(case, voice), *_why(case, texts)], ANSWER, texts)
    return fit([_where(case, voice), *_why(case, texts), _afterwards(case, texts)], ANSWER, texts)


def _afterwards(case: Case, texts: Texts) -> str:
    if case.state is CaseState.OVERTURNED and _restored(case):
        return texts.gettext("A moderator has looked at it: the removal was a mistake. It has been posted again.")
    return texts.gettext(_AFTERWARDS[case.state])


def _restored(case: Case) -> bool:
    restored = (e.outcome for e in case.effects if e.kind is EffectKind.RESTORE)
    return any(o is not None and o.state is OutcomeState.DONE for o in restored)


def _where(case: Case, voice: Voice) -> str:
    _ = voice.texts.gettext
    at = voice.markup.moment(case.opened_at)
    if case.place.channel is None:
        return _("Case {number}: your image was removed, {at}.", number=case.number, at=at)
    channel = voice.markup.channel(case.place.channel)
    return _("Case {number}: your image in {channel} was removed, {at}.", number=case.number, channel=channel, at=at)


def _reaction(case: Case, voice: Voice) -> str:
    return voice.texts.gettext(
        "Case {number}: your reaction in {channel} was taken off, {at}.",
        number=case.number,
        channel=voice.markup.channel(case.place.channel or ""),
        at=voice.markup.moment(case.opened_at),
    )


def _why(case: Case, texts: Texts) -> list[str]:
    _ = texts.gettext
    reasons = case.decision.reasons
    lines = [_("Automatic check: it looked like {what}.", what=names.category(c, texts)) for c in _seen(case)]
    if any(r.code is ReasonCode.BLOCK_LISTED for r in reasons):
        lines.append(_("The moderators do not want this exact image here."))
    if not lines and any(r.code is ReasonCode.UNSCREENED for r in reasons):
        lines.append(_("The automatic check could not judge it."))
    if case.decision.is_test:
        lines.append(_("It was a test card. It counts for nothing."))
    return lines


_FOUND: Final = frozenset(
    {ReasonCode.THRESHOLD_REMOVE, ReasonCode.THRESHOLD_REVIEW, ReasonCode.VENDOR_BLOCK, ReasonCode.VENDOR_REVIEW}
)


def _seen(case: Case) -> tuple[Category, ...]:
    """The categories that weighed most: those that removed it, or if none did, those that raised it."""
    reasons = [r for r in case.decision.reasons if r.code in _FOUND and r.category is not None]
    if case.decision.suggestion is Suggestion.BLOCK:
        hard = [r for r in reasons if r.code in (ReasonCode.THRESHOLD_REMOVE, ReasonCode.VENDOR_BLOCK)]
        reasons = hard or reasons
    found = {r.category for r in reasons}
    return tuple(c for c in Category if c in found)
