"""What follows from a finding, as it is typed, changed and told: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.desk.objections import Objection, one_of
from bot.texts import rules as words
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies import form
from policies.model import Act, Actions, Context, Place, Policy, frozen
from policies.resolve import CARD_ONLY, WORN, actions

WHEN: Final = ("block", "review")
USUAL: Final = "usual"  # for a context: what holds everywhere
NONE: Final = "nothing"
CHANNEL: Final = "1"  # of a place that stands for all channels


def acts_of(typed: str, voice: Voice, *, usual: bool) -> tuple[Act, ...] | None:
    """None: as everywhere. The order is the order in which it is done."""
    parts = typed.replace(",", " ").replace("+", " ").split()
    if parts == [USUAL] and usual:
        return None
    if parts == [NONE]:
        return ()
    if parts == [USUAL]:
        raise Objection(words.usual_needs_a_context(voice.texts))
    known = [act.value for act in form.BY_RULE]
    wanted = {one_of(part, known, voice, what=voice.texts.gettext("an action")) for part in parts}
    if not wanted:
        raise Objection(voice.texts.gettext("There are: {options}.", options=", ".join([*known, NONE])))
    return tuple(act for act in form.BY_RULE if act in wanted)


def with_actions(old: Policy, when: str, where: Context | None, wanted: tuple[Act, ...] | None, voice: Voice) -> Policy:
    """`old` where `wanted` (None: as everywhere) follows. Raises Objection for acts that do not go together."""
    base = _own_actions(old, where)
    made = None if wanted is None else replace(base, **{when: wanted})
    if made is not None:
        _sound(made, voice)
    if where is None:
        return old if made is None else replace(old, actions=made)
    others = {c: a for c, a in old.context_actions.items() if c is not where}
    return replace(old, context_actions=frozen(others if made is None else {**others, where: made}))


def _own_actions(policy: Policy, where: Context | None) -> Actions:
    """What holds in a context before anything is set for it."""
    if where is None:
        return policy.actions
    return policy.context_actions.get(where, CARD_ONLY if where in WORN else policy.actions)


def _sound(made: Actions, voice: Voice) -> None:
    """The policy's own rules on what goes together."""
    try:
        form.load({"actions": {"block": [a.value for a in made.block], "review": [a.value for a in made.review]}})
    except form.PolicyError as error:
        raise Objection(words.wrong_actions(error.problems, voice)) from None


def said(policy: Policy, when: str, where: Context | None, texts: Texts) -> str:
    """What follows there, in words."""
    own = policy.actions if where is None else policy.context_actions.get(where)
    if own is None and where in WORN:
        own = CARD_ONLY
    return words.same_everywhere(own, when, texts)


def mind(policy: Policy, when: str, where: Context | None, texts: Texts) -> Sequence[str]:
    """What is set for a context and cannot be done there; what a general change leaves alone."""
    if where is None:
        return (words.own_actions(policy.context_actions, texts),)
    channel = None if where in WORN else CHANNEL
    wanted, possible = _own_actions(policy, where), actions(policy, Place(where, channel))
    lost = [act for act in getattr(wanted, when) if act not in getattr(possible, when)]
    return (words.cannot_be_done(lost, where, texts),) if lost else ()
