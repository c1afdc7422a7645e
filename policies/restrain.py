"""The action cap: over it a removal becomes a review, never a silent drop (ruling 5)."""

from __future__ import annotations

from dataclasses import replace

from policies.model import Act, Decision, Reason, ReasonCode, Step, Suggestion
from policies.reasons import canonical, gives

_OF_REMOVAL = frozenset({ReasonCode.LADDER, ReasonCode.PROPOSED})


def restrain(decision: Decision, *, spent: int, cap: int, copy: bool) -> Decision:
    """What is left of `decision` after `spent` of `cap` distinct images were removed this hour.

    A new removal beyond the cap becomes a review with a card: nothing is deleted, nobody warned or
    punished. Copies of an image already judged (`copy`) and block-listed images pass freely. The
    reason's `score` is what was spent, its `threshold` the cap.
    """
    if not decision.removes or copy or spent < cap or gives(decision.reasons, ReasonCode.BLOCK_LISTED):
        return decision
    kept = (r for r in decision.reasons if r.code not in _OF_REMOVAL)
    capped = Reason(ReasonCode.CAP_REACHED, score=float(spent), threshold=float(cap))
    return replace(
        decision,
        suggestion=min(decision.suggestion, Suggestion.REVIEW),
        steps=(Step(Act.ESCALATE),),
        reasons=canonical((*kept, capped)),
    )
