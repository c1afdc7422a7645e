"""What a moderator can do to an author, as the select of a card says it, and what they are told after choosing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.desk.sanctions import Sanction, offered
from bot.model import Button, Capabilities, Case, Effect, Option, Outcome, OutcomeState, Plan
from bot.texts import outcomes
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import ANSWER, fit
from bot.texts.markup import Voice
from policies.model import Act, Policy

SANCTION: Final = "sanction"
"""How the verb of a confirming button begins: `sanction:ban:0`."""

_HOUR, _DAY = 60, 24 * 60  # minutes
_RIGHTS: Final = {
    Act.WARN: mark("time members out"),
    Act.MUTE_IMAGES: mark("time members out"),
    Act.TIMEOUT: mark("time members out"),
    Act.QUARANTINE: mark("manage roles"),
    Act.KICK: mark("kick members"),
    Act.BAN: mark("ban members"),
}
_MEANINGS: Final = {
    Act.WARN: mark("Tells them in the channel, without saying what was found"),
    Act.MUTE_IMAGES: mark("They can write, but post no images"),
    Act.TIMEOUT: mark("They can read, but not write"),
    Act.QUARANTINE: mark("Gives them the quarantine role"),
    Act.KICK: mark("They can come back with an invitation"),
}
_QUESTIONS: Final = {
    Act.KICK: mark("{sanction}: {person}? This cannot be taken back."),
    Act.BAN: mark("{sanction}: {person}? If the case is overturned later, the ban is lifted; deleted posts stay gone."),
}


def options(case: Case, policy: Policy, can: Capabilities, texts: Texts) -> tuple[Option, ...]:
    """The entries of the select, mild to harsh; none where nothing is to be done."""
    return tuple(Option(s.value, label(s, texts), meaning(s, texts)) for s in offered(case, policy, can))


def label(sanction: Sanction, texts: Texts) -> str:
    """What it is called."""
    _ = texts.gettext
    match sanction.act:
        case Act.WARN:
            return _("Warn")
        case Act.MUTE_IMAGES:
            return _("No images for {span}", span=_span(sanction.amount, texts))
        case Act.TIMEOUT:
            return _("Time out for {span}", span=_span(sanction.amount, texts))
        case Act.QUARANTINE:
            return _("Quarantine")
        case Act.KICK:
            return _("Kick")
    return _ban(sanction.amount // 3600, texts)


def meaning(sanction: Sanction, texts: Texts) -> str:
    """What it does to them, in a few words."""
    if sanction.act in _MEANINGS:
        return texts.gettext(_MEANINGS[sanction.act])
    if not sanction.amount:
        return texts.gettext("Their posts stay")
    return texts.gettext("In every channel, pictures or not")


def prompt(texts: Texts) -> str:
    """What stands in the select before anything is chosen."""
    return texts.gettext("Do something about the author")


def _ban(hours: int, texts: Texts) -> str:
    if not hours:
        return texts.gettext("Ban")
    if hours % 24:
        return texts.ngettext(
            "Ban, and delete posts of the last hour", "Ban, and delete posts of the last {count} hours", hours
        )
    return texts.ngettext(
        "Ban, and delete posts of the last day", "Ban, and delete posts of the last {count} days", hours // 24
    )


def _span(minutes: int, texts: Texts) -> str:
    if minutes % _DAY == 0:
        return texts.ngettext("{count} day", "{count} days", minutes // _DAY)
    if minutes % _HOUR == 0:
        return texts.ngettext("{count} hour", "{count} hours", minutes // _HOUR)
    return texts.ngettext("{count} minute", "{count} minutes", minutes)


# --- answers ------------------------------------------------------------------------------------


def no_right(sanction: Sanction, texts: Texts) -> str:
    """To a presser who must not."""
    return texts.gettext(
        "You cannot do this: you need the right to {right}, or a role that this server trusts with punishing.",
        right=texts.gettext(_RIGHTS[sanction.act]),
    )


def oneself(texts: Texts) -> str:
    """To a moderator who is the author."""
    return texts.gettext("This case is about you. Another moderator must act on it.")


def not_offered(case: Case, texts: Texts) -> str:
    """To a choice of an old card, or of one that was never made."""
    return texts.gettext(
        "This cannot be done, or not any more, for case {number}. Its card shows what can.", number=case.number
    )


def done_already(effect: Effect, voice: Voice) -> str:
    """To the second presser: what stands, and by whom."""
    return outcomes.of_effect(effect, voice)


def question(case: Case, sanction: Sanction, voice: Voice) -> str:
    """Before somebody is thrown out."""
    return voice.texts.gettext(
        _QUESTIONS[sanction.act],
        sanction=label(sanction, voice.texts),
        person=voice.markup.person(case.author.id),
    )


def confirmation(sanction: Sanction, texts: Texts) -> Button:
    """The second press."""
    return Button(f"{SANCTION}:{sanction.value}", texts.gettext("Yes, do it"), "red")


def ended(done: Sequence[tuple[Plan, Outcome]], voice: Voice) -> tuple[str, bool]:
    """What the press has done, and what of it did not work; and whether it was done."""
    lines, worked = [], False
    for plan, outcome in done:
        if plan.kind in outcomes.SPOKEN_OF:
            lines.append(outcomes.sentence(plan.kind, plan.body, outcome, voice))
            worked = outcome.state is OutcomeState.DONE
        elif outcome.state is not OutcomeState.DONE:
            lines.append(outcomes.stale_card(outcome, voice))
    return fit(lines, ANSWER, voice.texts), worked
