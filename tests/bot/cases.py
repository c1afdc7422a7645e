"""Cases as they come out of the ledger, for what only reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.model import (
    Author,
    Case,
    CaseState,
    Effect,
    EffectKind,
    EffectState,
    Judged,
    Media,
    MediaKind,
    Origin,
    Outcome,
    OutcomeState,
    Tenant,
)
from policies.model import (
    Act,
    Category,
    Context,
    Decision,
    Evidence,
    Frames,
    Label,
    Medium,
    Place,
    Reason,
    ReasonCode,
    Step,
    Suggestion,
    Verdict,
    Versions,
)

GUILD = Tenant("discord", "100")
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
BLOCK = (Step(Act.DELETE), Step(Act.WARN), Step(Act.ESCALATE))
FOUND = Reason(ReasonCode.THRESHOLD_REMOVE, Category.SEXUAL_EXPLICIT, "local", "porn", 0.93, 0.85)
SEEN = Verdict(
    provider="local",
    labels=(Label(Category.SEXUAL_EXPLICIT, "porn", 0.93), Label(Category.SEXUAL_SUGGESTIVE, "sexy", 0.21)),
    assessed=frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE, Category.ADVERTISING}),
    versions=Versions("1", "1", "1"),
    medium=Medium.PHOTO,
    frames=Frames(8, 120),
)
REMOVAL = Decision(Suggestion.BLOCK, BLOCK, (FOUND,), Evidence.MOSAIC)
LOOK = Decision(Suggestion.REVIEW, (Step(Act.ESCALATE),), (FOUND,), Evidence.MOSAIC)


def image(number: int = 1, decision: Decision = REMOVAL, **changes: Any) -> Judged:
    fields: dict[str, Any] = {
        "media": Media(MediaKind.ATTACHMENT, f"attachment:{number}", immutable=True),
        "sha256": f"{number:064x}",
        "screenings": (SEEN,),
        "decision": decision,
        "width": 640,
        "height": 480,
    }
    return Judged(**(fields | changes))


def effect(kind: EffectKind, state: OutcomeState | None = OutcomeState.DONE, detail: str = "", **body: Any) -> Effect:
    outcome = None if state is None else Outcome(state, detail)
    settled = EffectState.TODO if state is None else EffectState.DONE
    return Effect(1, GUILD, 12, kind, {"channel": "7", **body}, settled, "nonce", outcome=outcome)


def case(origin: Origin = Origin.REMOVED, state: CaseState = CaseState.OPEN, **changes: Any) -> Case:
    decision = LOOK if origin is Origin.REVIEW else REMOVAL
    done = {
        Origin.REMOVED: (effect(EffectKind.DELETE), effect(EffectKind.WARN)),
        Origin.OBSERVED: (effect(EffectKind.DELETE, OutcomeState.SIMULATED),),
        Origin.REVIEW: (),
    }
    closed = {} if state is CaseState.OPEN else {"decided_by": "55", "decided_at": START}
    fields: dict[str, Any] = {
        "tenant": GUILD,
        "number": 12,
        "state": state,
        "origin": origin,
        "opened_at": START,
        "author": Author("42"),
        "place": Place(Context.GROUP_MESSAGE, "7"),
        "message": "900",
        "images": (image(decision=decision),),
        "decision": decision,
        "policy_version": 1,
        "effects": done[origin],
        "cards": (),
        **closed,
    }
    return Case(**(fields | changes))
