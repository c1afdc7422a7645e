"""Which of a guild's rules hold for one post: its context, its thresholds, its exemptions."""

from __future__ import annotations

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
"""What follows from an avatar unless the guild sets something else (ruling 4)."""

DIGITS = 9  # of a lowered threshold: 0.85 - 0.1 is 0.75, not 0.7499999999999999


def channel_rules(policy: Policy, place: Place) -> tuple[ChannelRule, ...]:
    """The rules of a place, the weaker first: a thread's parent, then the channel itself."""
    ids = (place.parent, place.channel)
    return tuple(policy.channels[i] for i in ids if i is not None and i in policy.channels)


def context(policy: Policy, place: Place) -> Context:
    """The context in which images of `place` are judged: a channel may set another (ruling 18)."""
    own = [rule.context for rule in channel_rules(policy, place) if rule.context is not None]
    return own[-1] if own else place.context


def actions(policy: Policy, where: Context) -> Actions:
    """What follows a block and a review in a context."""
    return policy.context_actions.get(where, CARD_ONLY if where is Context.HEAD_IMAGE else policy.actions)


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
