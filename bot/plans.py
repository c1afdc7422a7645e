"""What the steps of a decision come to for one event, as effects in the order in which they are done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from bot.model import POSTS, PUNISHABLE, EffectKind, Event, EventKind, Plan
from bot.texts import notices
from bot.texts.catalogue import Texts
from policies.model import Act, Context, Decision, Policy, Step

Steps = dict[Act, Step]

FOR_A_WHILE: Final = ((Act.MUTE_IMAGES, EffectKind.MUTE_IMAGES), (Act.TIMEOUT, EffectKind.TIMEOUT))


def plans_of(event: Event, policy: Policy, decision: Decision, now: datetime) -> tuple[Plan, ...]:
    """The post first, then its author, whoever is told before whoever is thrown out (ruling 19), the card at last."""
    steps = {step.act: step for step in decision.steps}
    return (
        *_removing(event, steps),
        *_restricting(event, policy, steps, now),
        *_telling(event, policy, steps),
        *_expelling(event, policy, steps),
        *_showing(policy, decision, steps),
    )


def _removing(event: Event, steps: Steps) -> Iterator[Plan]:
    if Act.DELETE not in steps:
        return
    at = {"channel": event.place.channel, "message": event.message}
    if event.kind in POSTS:
        yield Plan(EffectKind.DELETE, at)
    elif event.kind is EventKind.REACTION:
        yield Plan(EffectKind.UNREACT, {**at, "emoji": event.media[0].ident})
    elif event.kind is EventKind.COVER and event.place.channel is not None:
        yield Plan(EffectKind.REMOVE_COVER, at)


def _restricting(event: Event, policy: Policy, steps: Steps, now: datetime) -> Iterator[Plan]:
    if event.author.kind not in PUNISHABLE:
        return
    author = event.author.id
    for act, kind in FOR_A_WHILE:
        if step := steps.get(act):
            until = now + timedelta(minutes=step.minutes)
            yield Plan(kind, {"author": author, "until": until.isoformat()})
    if Act.QUARANTINE in steps:  # without a role it is refused, with the cure: never silently left undone
        yield Plan(EffectKind.QUARANTINE, {"author": author, "role": policy.quarantine_role or "", "on": True})


def _telling(event: Event, policy: Policy, steps: Steps) -> Iterator[Plan]:
    """A reaction is too small a thing for a public notice. In direct messages nothing is removed, and who sent it
    hears where it went, if it went anywhere."""
    if Act.WARN not in steps:
        return
    channel, author = event.place.channel, event.author.id
    if event.place.context is Context.MESSAGE:
        if policy.mod_channel and Act.ESCALATE in steps:
            text = notices.passed_on(Texts(policy.language))
            yield Plan(EffectKind.SAY, {"channel": channel, "text": text, "author": None, "said": notices.PASSED_ON})
    elif event.kind in POSTS:
        yield Plan(EffectKind.WARN, {"channel": channel, "author": author})


def _expelling(event: Event, policy: Policy, steps: Steps) -> Iterator[Plan]:
    if event.author.kind not in PUNISHABLE:
        return
    author = event.author.id
    if Act.KICK in steps:
        yield Plan(EffectKind.KICK, {"author": author})
    if Act.BAN in steps:
        yield Plan(EffectKind.BAN, {"author": author, "delete_seconds": policy.ban_delete_seconds})


def _showing(policy: Policy, decision: Decision, steps: Steps) -> Iterator[Plan]:
    if Act.ESCALATE in steps and policy.mod_channel:
        yield Plan(EffectKind.CARD, {"channel": policy.mod_channel, "evidence": decision.evidence})
