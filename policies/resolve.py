"""Which of a guild's rules hold for one post: its context, its thresholds, its exemptions."""

from __future__ import annotations

from collections.abc import Set

from policies.model import (
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Medium,
    Newcomers,
    Place,
    Policy,
    Reason,
    ReasonCode,
    Standing,
    Threshold,
    Thresholds,
)

CARD_ONLY = Actions(block=(Act.ESCALATE,), review=(Act.ESCALATE,))
"""What follows from an avatar or a cover unless the guild sets something else (ruling 4)."""

WORN = frozenset({Context.HEAD_IMAGE, Context.ROOM_COVER})
OF_POSTS = frozenset({Act.DELETE, Act.WARN})
"""What needs a post that can be taken down."""

DIGITS = 9  # of a lowered threshold: 0.85 - 0.1 is 0.75, not 0.7499999999999999


def channel_rules(policy: Policy, place: Place) -> tuple[ChannelRule, ...]:
    """The rules of a place, the weaker first: a thread's parent, then the channel itself."""
    ids = (place.parent, place.channel)
    return tuple(policy.channels[i] for i in ids if i is not None and i in policy.channels)


def context(policy: Policy, place: Place) -> Context:
    """The context in which images of `place` are judged: a channel may set another (ruling 18)."""
    own = [rule.context for rule in channel_rules(policy, place) if rule.context is not None]
    return own[-1] if own else place.context


def actions(policy: Policy, place: Place) -> Actions:
    """What follows a block and a review in `place`: what is set for its context, less what cannot be done there.

    An avatar or a cover (no channel) can be neither deleted nor its removal be told; in direct messages nothing
    of others can be deleted, and nobody is a member (ruling 13).
    """
    where = context(policy, place)
    wanted = policy.context_actions.get(where, CARD_ONLY if where in WORN else policy.actions)
    if place.channel is None:
        return _without(wanted, OF_POSTS)
    return _without(wanted, {Act.DELETE, Act.QUARANTINE}) if place.context is Context.MESSAGE else wanted


def _without(wanted: Actions, impossible: Set[Act]) -> Actions:
    if impossible.isdisjoint((*wanted.block, *wanted.review)):
        return wanted
    return Actions(*(tuple(a for a in acts if a not in impossible) for acts in (wanted.block, wanted.review)))


def thresholds(policy: Policy, place: Place, standing: Standing, medium: Medium = Medium.UNKNOWN) -> Thresholds:
    """The thresholds that one image meets.

    Each layer replaces the one before, category by category: the guild's, the context's, those of
    age-restricted channels, the channel's own, those for drawings; newcomers meet what comes out
    lowered. What is off in age-restricted channels stays off there for drawings too, unless the
    channel itself says otherwise.
    """
    layers = {**policy.thresholds, **policy.contexts.get(context(policy, place), {})}
    if place.age_restricted:
        layers |= policy.age_restricted
    own = {c: t for rule in channel_rules(policy, place) for c, t in rule.thresholds.items()}
    layers |= own
    if medium is Medium.DRAWN:
        layers |= {c: t for c, t in policy.drawn.items() if c in own or not _off(policy, place, c)}
    if is_newcomer(policy.newcomers, standing):
        layers = {c: _lowered(t, policy.newcomers.margin) for c, t in layers.items()}
    return layers


def is_newcomer(newcomers: Newcomers, standing: Standing) -> bool:
    """Whether the author joined less than `newcomers.hours` ago. Who never joined is none."""
    return standing.hours is not None and standing.hours < newcomers.hours


def wanted(policy: Policy) -> frozenset[Category]:
    """The categories from which something could follow anywhere, and those that somebody must have looked for."""
    channels = (rule.thresholds for rule in policy.channels.values())
    layers = (policy.thresholds, *policy.contexts.values(), policy.age_restricted, policy.drawn, *channels)
    return policy.required | {c for layer in layers for c, limit in layer.items() if limit != NEVER}


def exemptions(policy: Policy, place: Place, standing: Standing) -> tuple[Reason, ...]:
    """Why this post is never acted on; empty for one that may be. `detail` is the role or channel."""
    found = [Reason(ReasonCode.EXEMPT_ROLE, detail=role) for role in sorted(standing.roles & policy.exempt.roles)]
    if standing.author in policy.exempt.authors:
        found.append(Reason(ReasonCode.EXEMPT_AUTHOR))
    if any(rule.exempt for rule in channel_rules(policy, place)):
        found.append(Reason(ReasonCode.EXEMPT_CHANNEL, detail=place.channel or ""))
    return tuple(found)


def _off(policy: Policy, place: Place, category: Category) -> bool:
    return place.age_restricted and policy.age_restricted.get(category) == NEVER


def _lowered(threshold: Threshold, margin: float) -> Threshold:
    return Threshold(_less(threshold.review, margin), _less(threshold.remove, margin))


def _less(value: float | None, margin: float) -> float | None:
    return None if value is None else max(0.0, round(value - margin, DIGITS))
