"""What a verb does to the world, as plans: pure, so that every combination can be tested.

All of it is recorded with the decision, in one commit, except what depends on whether a restoration
worked: no card loses the picture that is still needed. What a person pressed is real, in observe mode too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from bot.desk.post import Matter, Post, holds, matter, post, removable
from bot.desk.verbs import CLOSES, REMOVING, Verb
from bot.model import AuthorKind, CardRef, Case, CaseState, EffectKind, Judged, Outcome, OutcomeState, Plan
from bot.texts.catalogue import Texts
from bot.texts.notices import invitation
from policies.model import Act, Evidence, Policy, Verdict
from policies.resolve import actions

Done = tuple[Plan, Outcome]

CARD_SIDE: Final = 1280  # px: larger evidence is reduced to it (bot.media.looks)


def first(case: Case, verb: Verb, policy: Policy, texts: Texts, now: datetime) -> tuple[Plan, ...]:
    """What is recorded with the decision: the post first, then its author, at last every card is closed."""
    if verb in REMOVING:
        return (*_removal(case, policy), *_closing(case, keep=False))
    lifted = _lifting(case, now) if CLOSES[verb] is CaseState.OVERTURNED else ()
    given = (*lifted, *_giving_back(case, texts)) if verb is Verb.GIVE_BACK else lifted
    return given if _restores(given) else (*given, *_closing(case, keep=False))


def then(case: Case, ended: Sequence[Done], texts: Texts) -> tuple[Plan, ...]:
    """What follows from how a restoration went."""
    if not _restores(plan for plan, _ in ended):
        return ()
    follow = _invitation(case, texts) if any(_is_lost(plan, outcome) for plan, outcome in ended) else ()
    return (*follow, *_closing(case, keep=any(_needs_picture(plan, outcome) for plan, outcome in ended)))


def _restores(plans: Iterable[Plan]) -> bool:
    return any(plan.kind is EffectKind.RESTORE for plan in plans)


def _removal(case: Case, policy: Policy) -> tuple[Plan, ...]:
    """The notice is not sent if the deletion fails: whoever performs sees to that. Of a reaction none is sent."""
    at = {"channel": case.place.channel, "message": case.message}
    if matter(case) is Matter.REACTION:
        return (_real(EffectKind.UNREACT, **at, emoji=case.images[0].media.ident),)
    if matter(case) is Matter.COVER and removable(case):
        return (_real(EffectKind.REMOVE_COVER, **at),)
    if matter(case) is not Matter.POST:
        return ()
    deletion = _real(EffectKind.DELETE, **at)
    notice = _real(EffectKind.WARN, channel=case.place.channel, author=case.author.id)
    return (deletion, notice) if _warns(case, policy) else (deletion,)


def _giving_back(case: Case, texts: Texts) -> tuple[Plan, ...]:
    """The picture itself where a card still holds all of it, otherwise an invitation."""
    if matter(case) is not Matter.POST or post(case) is Post.STANDS:
        return ()
    kept = full_copy(case)
    if kept is None:
        return _invitation(case, texts)
    return (
        _real(
            EffectKind.RESTORE,
            channel=case.place.channel,
            author=case.author.id,
            card_channel=kept.channel,
            card_message=kept.message,
        ),
    )


def full_copy(case: Case) -> CardRef | None:
    """The card that holds everything that was removed. A card shows one picture, not moving and in no more than
    `CARD_SIDE`: of several, of an animation and of a larger picture, that is not all."""
    full = [c for c in case.cards if c.evidence is Evidence.FULL]
    return full[-1] if full and len(case.images) == 1 and _fits_a_card(case.images[0]) else None


def _fits_a_card(image: Judged) -> bool:
    """Whether its evidence is as good as itself. What nobody could look at is of unknown extent."""
    frames = [s.frames.total for s in image.screenings if isinstance(s, Verdict)]
    return set(frames) == {1} and 0 < max(image.width, image.height) <= CARD_SIDE


def _invitation(case: Case, texts: Texts) -> tuple[Plan, ...]:
    author = case.author.id if case.author.kind is AuthorKind.MEMBER else None
    return (_real(EffectKind.SAY, channel=case.place.channel, text=invitation(texts), author=author),)


def _lifting(case: Case, now: datetime) -> tuple[Plan, ...]:
    """Lift what this case did to its author, by a rule or by a press. What others did, or did since, stays.

    A kick has nothing to be lifted.
    """
    who = case.author.id
    restricted = [(k, _restricted(case, k, now)) for k in (EffectKind.TIMEOUT, EffectKind.MUTE_IMAGES)]
    lifted = [_real(kind, author=who, until=None, given=end.isoformat()) for kind, end in restricted if end]
    if role := _quarantined(case):
        lifted.append(_real(EffectKind.QUARANTINE, author=who, role=role, on=False))
    if any(e.kind is EffectKind.BAN and holds(e) for e in case.effects):
        lifted.append(_real(EffectKind.UNBAN, author=who))
    return tuple(lifted)


def _restricted(case: Case, kind: EffectKind, now: datetime) -> datetime | None:
    """When the last one that was given ends, where it still runs: a later one replaces the one before."""
    given = [e for e in case.effects if e.kind is kind and e.body["until"] and holds(e)]
    end = datetime.fromisoformat(str(given[-1].body["until"])) if given else now
    return end if end > now else None


def _quarantined(case: Case) -> str | None:
    """The role that was given, unless it was theirs before: then another case or a person gave it."""
    given = (e for e in case.effects if e.kind is EffectKind.QUARANTINE and e.body["on"] and holds(e))
    ours = (e for e in given if e.outcome is None or e.outcome.state is not OutcomeState.DONE or e.outcome.ref)
    return next((str(e.body["role"]) for e in ours), None)


def _warns(case: Case, policy: Policy) -> bool:
    return Act.WARN in actions(policy, case.place).block


def _is_lost(plan: Plan, outcome: Outcome) -> bool:
    """A restoration that will not happen any more."""
    ended_badly = outcome.state in (OutcomeState.REFUSED, OutcomeState.FAILED) and not outcome.retry
    return plan.kind is EffectKind.RESTORE and ended_badly


def _needs_picture(plan: Plan, outcome: Outcome) -> bool:
    """A restoration that is tried again, or of which nobody knows, takes the picture from the card."""
    return plan.kind is EffectKind.RESTORE and (outcome.retry or outcome.state is OutcomeState.UNKNOWN)


def _closing(case: Case, *, keep: bool) -> tuple[Plan, ...]:
    """Every card of the case loses its buttons and, unless it is needed, its picture (ruling 7)."""
    return tuple(
        Plan(EffectKind.EDIT_CARD, {"channel": c.channel, "message": c.message, "drop_picture": not keep})
        for c in case.cards
    )


def _real(kind: EffectKind, **body: Any) -> Plan:
    return Plan(kind, {**body, "real": True})
