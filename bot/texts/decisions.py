"""What a moderator is told after pressing a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.desk.post import Matter, matter
from bot.desk.verbs import CLOSES, Verb
from bot.model import PUNISHABLE, Case, CaseState, EffectKind, Outcome, OutcomeState, Plan
from bot.texts import outcomes
from bot.texts.cards import decided, held_unopened
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import ANSWER, fit
from bot.texts.markup import Voice
from policies.engine import earns_strike

_CLOSED: Final = {
    Verb.REMOVE: mark("Case {number} is closed."),
    Verb.FINE: mark("Case {number} is closed: it's fine."),
    Verb.NOT_ALLOWED: mark("Case {number} is closed: it is not allowed here."),
    Verb.RIGHT: mark("Case {number} is closed: the removal was right."),
    Verb.WRONG: mark("Case {number} is closed: the removal was wrong."),
    Verb.GIVE_BACK: mark("Case {number} is closed: the removal was wrong."),
    Verb.WOULD_BE_RIGHT: mark("Case {number} is closed: it would have been right. Nothing was done."),
    Verb.WOULD_BE_WRONG: mark("Case {number} is closed: it would have been wrong. Nothing was done."),
    Verb.REMOVE_NOW: mark("Case {number} is closed."),
}
_QUESTIONS: Final = {
    Verb.REMOVE: mark("Delete the post? This cannot be undone."),
    Verb.REMOVE_NOW: mark("Delete the post now, although I only watch? This cannot be undone."),
}
_QUESTIONS_ON_A_REACTION: Final = {
    Verb.REMOVE: mark("Take this emoji off the message, whoever reacted with it? This cannot be undone."),
    Verb.REMOVE_NOW: mark(
        "Take this emoji off the message now, although I only watch? Whoever reacted with it loses the reaction. "
        "This cannot be undone."
    ),
}


def not_a_moderator(texts: Texts) -> str:
    """To a presser without the right."""
    return texts.gettext(
        "Only moderators can do this: you need the right to manage messages, or a role that is entrusted with it."
    )


def not_the_author(texts: Texts) -> str:
    """To somebody who asks about another's post."""
    return texts.gettext("Only the author of the post and the moderators can see this.")


def own_post(case: Case, texts: Texts) -> str:
    """To a moderator who would decide about themselves."""
    if matter(case) is not Matter.POST:
        return texts.gettext("This case is about you; another moderator must decide.")
    return texts.gettext("This is your own post; another moderator must decide.")


def no_such_case(number: int, texts: Texts) -> str:
    """To a number that this guild has not given."""
    return texts.gettext("There is no case {number} here.", number=number)


def not_offered(number: int, texts: Texts) -> str:
    """To a verb that the case never had."""
    return texts.gettext("This button does not belong to case {number}. Use the buttons on its card.", number=number)


def already(case: Case, voice: Voice) -> str:
    """To the second presser: who was first."""
    if case.state is CaseState.EXPIRED:
        return voice.texts.gettext("Case {number} is closed: nobody decided in time.", number=case.number)
    return voice.texts.gettext("Already decided {by_whom_and_when}.", by_whom_and_when=decided(case, voice))


def question(case: Case, verb: Verb, texts: Texts) -> str:
    """Before what cannot be undone."""
    asked = _QUESTIONS_ON_A_REACTION if matter(case) is Matter.REACTION else _QUESTIONS
    return texts.gettext(asked[verb])


def closed(case: Case, verb: Verb, ended: Sequence[tuple[Plan, Outcome]], voice: Voice) -> str:
    """What the press has done, and what of it did not work."""
    texts = voice.texts
    lines = [texts.gettext(_CLOSED[verb], number=case.number)]
    if verb in (Verb.GIVE_BACK, Verb.WRONG):
        lines += _put_right(case, texts)
    if verb is Verb.NOT_ALLOWED:
        lines.append(_stays(case, texts))
    if CLOSES[verb] is CaseState.OVERTURNED and _kicked(case):
        lines.append(texts.gettext("They were kicked, which I cannot take back: invite them again."))
    if allowed := _now_allowed(case, verb, texts):
        lines.append(allowed)
    for plan, outcome in ended:
        if plan.kind in outcomes.SPOKEN_OF:
            lines.append(outcomes.sentence(plan.kind, plan.body, outcome, voice))
        elif outcome.state is not OutcomeState.DONE:
            lines.append(outcomes.stale_card(outcome, voice))
    return fit(lines, ANSWER, texts)


def _put_right(case: Case, texts: Texts) -> list[str]:
    """What an overturned removal gives back: only what it had taken."""
    told = []
    if case.author.kind in PUNISHABLE and any(earns_strike(i.decision) for i in case.images if i.sha256):
        told.append(texts.gettext("Its strikes are taken back."))
    if held_unopened(case):
        told.append(texts.gettext("It could not be opened, so I have no copy to give back."))
    return told


def _stays(case: Case, texts: Texts) -> str:
    """What nobody but its owner can change, and what can be done instead."""
    match matter(case):
        case Matter.PROFILE:
            return texts.gettext("Only its owner can take a profile picture down. The card shows what you can do.")
        case Matter.COVER:
            return texts.gettext("Change the picture in the server's settings.")
    return texts.gettext("A direct message cannot be deleted by me.")


def _kicked(case: Case) -> bool:
    kicks = (e.outcome for e in case.effects if e.kind is EffectKind.KICK)
    return any(o is not None and o.state is OutcomeState.DONE for o in kicks)


def _now_allowed(case: Case, verb: Verb, texts: Texts) -> str:
    exact = len({i.sha256 for i in case.images if i.sha256})
    if CLOSES[verb] is not CaseState.OVERTURNED or not exact:
        return ""
    return texts.ngettext(
        "From now on this exact image is allowed here.", "From now on these exact images are allowed here.", exact
    )
