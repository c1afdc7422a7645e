"""From what providers saw, and what a guild has set, to one decision.

An image's decision is the join of its parts: what the verdicts say, what each missing answer asks
for, what a test card adds, what the guild's own list says. A post's is the join of its images.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from policies.ladder import climb
from policies.merge import FLOORS, Opinions, opinions
from policies.model import (
    NEVER,
    OF_LADDER,
    Act,
    Category,
    Decision,
    Evidence,
    Listed,
    Near,
    Place,
    Policy,
    Reason,
    ReasonCode,
    Remedy,
    Seen,
    Standing,
    Step,
    Suggestion,
    Threshold,
    Thresholds,
    Unscreened,
    UnscreenedReason,
    Verdict,
    WhenSpent,
)
from policies.reasons import canonical, gives
from policies.resolve import actions, exemptions, thresholds

WORTH_A_LOOK = 0.5
"""From here on, on the one scale of all providers, a picture is shown as its category asks (ruling 7)."""

FRAMES = "frames "
"""How the detail of an UNSCREENED reason begins where only some frames were seen: `frames 8/151`."""

_REVEALING = tuple(Evidence)  # none, mosaic, full
_UNNAMED = Evidence.MOSAIC  # of a picture that may show anything


class _Score(NamedTuple):
    """The strongest that was said of one category; label '' where nothing was found in it."""

    confidence: float
    provider: str
    label: str


class _Finding(NamedTuple):
    suggestion: Suggestion
    reason: Reason


def decide(policy: Policy, place: Place, seen: Seen, standing: Standing) -> Decision:
    """What `policy` concludes for one image. Modes and the action cap are not its business."""
    decision = _of_image(policy, place, seen, standing)
    exempt = exemptions(policy, place, standing)
    return _spared(decision, exempt) if exempt else decision


def judge(
    policy: Policy, place: Place, images: Sequence[Seen], standing: Standing
) -> tuple[tuple[Decision, ...], Decision]:
    """Each image's decision, in order, and the one for the whole post with what repeat offences add."""
    decisions = tuple(decide(policy, place, seen, standing) for seen in images)
    # Copies within one post have equal screenings: they earn one strike, as they would one by one.
    struck = {s for s, d in zip(images, decisions, strict=True) if earns_strike(d) and not s.struck}
    climbed = climb(policy.ladder, standing, adds=len(struck))
    whole = join(decisions)
    return decisions, replace(
        whole,
        steps=_canonical((*whole.steps, *climbed.steps)),
        reasons=canonical((*whole.reasons, *climbed.reasons)),
    )


def earns_strike(decision: Decision) -> bool:
    """Whether an image's decision counts against its author: a block that removes and is not a test."""
    return decision.suggestion is Suggestion.BLOCK and decision.removes and not decision.is_test


def join(decisions: Iterable[Decision]) -> Decision:
    """The decision that stands for all: the harshest suggestion, every step, every reason.

    Commutative, associative and idempotent; of nothing it is a pass. The evidence is the least
    revealing among those that show any. `TEST_CARD` says that a card alone made the suggestion, so
    it stays only while nothing else suggests the same: a card beside a bad picture excuses nothing.
    """
    given = tuple(decisions)
    if not given:
        return Decision(Suggestion.PASS)
    worst = max(d.suggestion for d in given)
    made = [d for d in given if d.suggestion is worst]
    marks = made if all(d.is_test for d in made) else []
    reasons = [r for d in given for r in d.reasons if r.code is not ReasonCode.TEST_CARD]
    reasons += [r for d in marks for r in d.reasons if r.code is ReasonCode.TEST_CARD]
    shown = [d.evidence for d in given if d.suggestion in FLOORS] or [d.evidence for d in given]
    return Decision(
        suggestion=worst,
        steps=_canonical(step for d in given for step in d.steps),
        reasons=canonical(reasons),
        evidence=min(shown, key=_REVEALING.index),
    )


def _canonical(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Each act once, at its longest, in the order of `Act`."""
    longest: dict[Act, int] = {}
    for step in steps:
        longest[step.act] = max(step.minutes, longest.get(step.act, 0))
    return tuple(Step(act, longest[act]) for act in Act if act in longest)


def _spared(decision: Decision, exempt: Sequence[Reason]) -> Decision:
    """Never acted on, yet nothing hidden: what would have spoken still says so. Unjudged stays unjudged."""
    unjudged = gives(decision.reasons, ReasonCode.UNSCREENED)
    return Decision(
        Suggestion.UNSCREENED if unjudged else Suggestion.PASS,
        reasons=canonical((*decision.reasons, *exempt)),
    )


def _of_image(policy: Policy, place: Place, seen: Seen, standing: Standing) -> Decision:
    if seen.listed is Listed.ALLOWED:
        return Decision(Suggestion.PASS, reasons=(Reason(ReasonCode.ALLOW_LISTED),))
    said = opinions(seen.screenings)
    limits = thresholds(policy, place, standing, said.medium)
    found = _of_verdicts(policy, place, said, limits)
    parts = [found, *_of_unseen_frames(policy, place, said, found), *_of_spent(policy, place, seen, found)]
    parts += [_of_silence(policy, place, missing) for missing in said.silent]
    if policy.test_cards:
        parts += [
            _of_card(policy, place, card, thresholds(policy, place, standing, card.medium)) for card in said.cards
        ]
    if seen.listed is Listed.BLOCKED:
        parts.append(_conclude(policy, place, [_Finding(Suggestion.BLOCK, Reason(ReasonCode.BLOCK_LISTED))], {}))
    decision = join(parts)
    if policy.suspect_near and seen.near is not None and _matters(seen.near, limits):
        return _suspected(policy, place, decision, seen.near, _scores(said.verdicts))
    return decision


def _matters(near: Near, limits: Thresholds) -> bool:
    """Not where all that was found in the known image is allowed: in an age-restricted channel, as a rule."""
    return not near.categories or any(limits.get(category, NEVER) != NEVER for category in near.categories)


def _suspected(
    policy: Policy, place: Place, decision: Decision, near: Near, scores: Mapping[Category, _Score]
) -> Decision:
    """At least a review, and a card if any follows a review here: on a likeness alone nothing is taken down and nobody
    is spoken to (ruling 9). What was concluded without it stands, with its evidence: what was removed must be
    possible to give back.
    """
    reason = Reason(ReasonCode.NEAR_KNOWN, detail="" if near.case is None else str(near.case))
    told = decision.suggestion in FLOORS
    suspicion = Decision(
        Suggestion.REVIEW,
        (Step(Act.ESCALATE),) if actions(policy, place).review else (),
        (reason,),
        decision.evidence if told else _evidence(policy, near.categories or (None,), scores),
    )
    return join((decision, suspicion))


def _of_verdicts(policy: Policy, place: Place, said: Opinions, limits: Thresholds) -> Decision:
    scores = _scores(said.verdicts)
    findings = [*_by_threshold(limits, scores)]
    if policy.trust_vendor:
        findings += [finding for verdict in said.verdicts for finding in _by_vendor(limits, verdict)]
    if said.verdicts:
        findings += [_not_assessed(category) for category in policy.required - said.assessed]
    return _conclude(policy, place, findings, scores)


def _of_card(policy: Policy, place: Place, card: Verdict, limits: Thresholds) -> Decision:
    """What a test card adds by itself. `join` keeps the mark only where that made the difference.

    A post is taken down to show that it works; nobody is punished for a test.
    """
    scores = _scores((card,))
    decision = _conclude(policy, place, [*_by_threshold(limits, scores)], scores)
    mark = Reason(ReasonCode.TEST_CARD, provider=card.provider)
    steps = tuple(step for step in decision.steps if step.act is not Act.QUARANTINE)
    return replace(decision, steps=steps, reasons=canonical((*decision.reasons, mark)))


def _of_silence(policy: Policy, place: Place, missing: Unscreened) -> Decision:
    """What the guild wants done about an image that nobody could judge (ruling 1)."""
    reason = Reason(ReasonCode.UNSCREENED, provider=missing.provider or None, detail=missing.reason.value)
    return _remedied(policy, place, policy.unscreened.get(missing.reason, Remedy.LEAVE), reason)


def _of_unseen_frames(policy: Policy, place: Place, said: Opinions, found: Decision) -> list[Decision]:
    """Frames that nobody looked at are as good as undecodable: what hides there must not pass.

    What was `found` in those seen stands by itself, and this is only told beside it, unless the guild
    holds what was not judged: a review must not leave up what nothing found would have taken down.
    """
    remedy = policy.unscreened.get(UnscreenedReason.UNDECODABLE, Remedy.LEAVE)
    if found.suggestion >= (Suggestion.BLOCK if remedy is Remedy.HOLD else Suggestion.REVIEW):
        remedy = Remedy.LEAVE
    return [_remedied(policy, place, remedy, _unseen(v)) for v in said.verdicts if v.frames.partly]


def _of_spent(policy: Policy, place: Place, seen: Seen, found: Decision) -> list[Decision]:
    """An image about which a paid provider would have been asked is one in doubt. Where the guild wants to see such
    (ruling 20) it comes before the moderators, unless what was found brings it there anyway."""
    if policy.when_spent is not WhenSpent.REVIEW or found.suggestion >= Suggestion.REVIEW:
        return []
    unpaid = [s for s in seen.screenings if isinstance(s, Unscreened) and s.reason is UnscreenedReason.SPENT]
    findings = [_Finding(Suggestion.REVIEW, Reason(ReasonCode.SPENT, provider=s.provider)) for s in unpaid]
    return [_conclude(policy, place, findings, {})] if findings else []


def _unseen(verdict: Verdict) -> Reason:
    seen, total = verdict.frames.seen, verdict.frames.total
    return Reason(ReasonCode.UNSCREENED, provider=verdict.provider, detail=f"{FRAMES}{seen}/{total}")


def _remedied(policy: Policy, place: Place, remedy: Remedy, reason: Reason) -> Decision:
    if remedy is Remedy.LEAVE:
        return Decision(Suggestion.UNSCREENED, reasons=(reason,))
    if remedy is Remedy.REVIEW:
        return _conclude(policy, place, [_Finding(Suggestion.REVIEW, reason)], {})
    # To hold is to delete and give back on release, so the card needs the whole picture (ruling 8);
    # where even a block deletes nothing, as with avatars, there is only the card.
    held = {Act.ESCALATE, Act.DELETE} & {Act.ESCALATE, *actions(policy, place).block}
    return Decision(Suggestion.REVIEW, _canonical(Step(act) for act in held), (reason,), Evidence.FULL)


# --- the rules, each a finding -------------------------------------------------------------------


def _scores(verdicts: Iterable[Verdict]) -> Mapping[Category, _Score]:
    best: dict[Category, _Score] = {}
    for verdict in verdicts:
        looked_for = [(c, _Score(0.0, verdict.provider, "")) for c in verdict.assessed]
        found = [(x.category, _Score(x.confidence, verdict.provider, x.name)) for x in verdict.labels]
        for category, score in (*looked_for, *found):
            best[category] = max(score, best.get(category, score))
    return best


def _by_threshold(limits: Thresholds, scores: Mapping[Category, _Score]) -> Iterator[_Finding]:
    for category, score in scores.items():
        limit = limits.get(category, NEVER)
        if limit.remove is not None and score.confidence >= limit.remove:
            yield _Finding(Suggestion.BLOCK, _scored(ReasonCode.THRESHOLD_REMOVE, category, score, limit.remove))
        elif limit.review is not None and score.confidence >= limit.review:
            yield _Finding(Suggestion.REVIEW, _scored(ReasonCode.THRESHOLD_REVIEW, category, score, limit.review))


def _by_vendor(limits: Thresholds, verdict: Verdict) -> Iterator[_Finding]:
    """The vendor's own suggestion as a floor, never beyond what the category allows (ruling 3)."""
    if verdict.suggestion not in FLOORS:
        return
    for category, score in _scores((replace(verdict, assessed=frozenset()),)).items():
        floor = min(verdict.suggestion, _allowed(limits.get(category, NEVER)))
        if floor in FLOORS:
            yield _Finding(floor, _floor(floor, verdict, category, score))
    if not verdict.labels and any(limits.get(c, NEVER) != NEVER for c in verdict.assessed or Category):
        # Something is wrong, and no category says that it may be removed: a person looks.
        yield _Finding(Suggestion.REVIEW, _floor(Suggestion.REVIEW, verdict, None, None))


def _floor(floor: Suggestion, verdict: Verdict, category: Category | None, score: _Score | None) -> Reason:
    code = ReasonCode.VENDOR_BLOCK if floor is Suggestion.BLOCK else ReasonCode.VENDOR_REVIEW
    said = str(verdict.suggestion)
    if category is None or score is None:
        return Reason(code, provider=verdict.provider, detail=said)
    return replace(_scored(code, category, score, None), detail=said)


def _allowed(limit: Threshold) -> Suggestion:
    if limit.remove is not None:
        return Suggestion.BLOCK
    return Suggestion.PASS if limit.review is None else Suggestion.REVIEW


def _scored(code: ReasonCode, category: Category, score: _Score, threshold: float | None) -> Reason:
    return Reason(code, category, score.provider, score.label or None, score.confidence, threshold)


def _not_assessed(category: Category) -> _Finding:
    return _Finding(Suggestion.REVIEW, Reason(ReasonCode.NOT_ASSESSED, category))


# --- from findings to a decision -------------------------------------------------------------------


def _conclude(
    policy: Policy, place: Place, findings: Collection[_Finding], scores: Mapping[Category, _Score]
) -> Decision:
    """The harshest finding decides, all give their reasons; nothing found is a pass."""
    if not findings:
        return Decision(Suggestion.PASS)
    suggestion = max(f.suggestion for f in findings)
    wanted = actions(policy, place)
    acts = wanted.block if suggestion is Suggestion.BLOCK else wanted.review
    return Decision(
        suggestion=suggestion,
        steps=_canonical(Step(act) for act in acts if act not in OF_LADDER),
        reasons=canonical(f.reason for f in findings),
        evidence=_evidence(policy, (f.reason.category for f in findings), scores),
    )


def _evidence(policy: Policy, named: Iterable[Category | None], scores: Mapping[Category, _Score]) -> Evidence:
    """The least revealing that any rule which spoke, or anything likely to be seen, asks for."""
    visible = (c for c, score in scores.items() if score.confidence >= WORTH_A_LOOK)
    wanted = (_UNNAMED if c is None else policy.evidence.get(c, Evidence.FULL) for c in {*named, *visible})
    return min(wanted, key=_REVEALING.index)
