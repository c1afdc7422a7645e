"""The JSON that commands print: documented in docs/configuration.md, so only ever added to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.model import Case, Effect, Finding, Judged
from policies.model import Decision, Frames, Label, Reason, Screening, Unscreened

Shape = dict[str, Any]


def of_screening(screening: Screening) -> Shape:
    """What one provider answered, or that it did not."""
    if isinstance(screening, Unscreened):
        return {"provider": screening.provider, "unscreened": screening.reason.value}
    versions = screening.versions
    return {
        "provider": screening.provider,
        "suggestion": screening.suggestion,
        "medium": screening.medium.value,
        "assessed": sorted(screening.assessed),
        "labels": [_of_label(x) for x in screening.labels],
        "versions": {"model": versions.model, "mapping": versions.mapping, "preprocessing": versions.preprocessing},
        **_of_frames(screening.frames),
        **({"request_id": screening.request_id} if screening.request_id else {}),
    }


def _of_frames(frames: Frames) -> Shape:
    """How much of an animation was seen; nothing of a still."""
    return {"frames": {"seen": frames.seen, "total": frames.total}} if frames.total > 1 else {}


def _of_label(label: Label) -> Shape:
    return {"category": label.category.value, "name": label.name, "confidence": label.confidence}


def of_decision(decision: Decision) -> Shape:
    """What the policy concludes."""
    return {
        "suggestion": decision.suggestion.value,
        "actions": [step.act.value for step in decision.steps],
        "reasons": [_of_reason(r) for r in decision.reasons],
    }


def _of_reason(reason: Reason) -> Shape:
    """Only what the reason has to say."""
    fields = {
        "code": reason.code.value,
        "category": reason.category,
        "provider": reason.provider,
        "label": reason.label,
        "score": reason.score,
        "threshold": reason.threshold,
        "detail": reason.detail or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def of_case(case: Case) -> Shape:
    """A case as moderators see it."""
    return {
        "guild": str(case.tenant),
        "number": case.number,
        "state": case.state.value,
        "origin": case.origin.value,
        "opened_at": case.opened_at.isoformat(),
        "author": {"id": case.author.id, "kind": case.author.kind.value},
        "place": {"context": case.place.context.value, "channel": case.place.channel},
        "message": case.message,
        "policy_version": case.policy_version,
        "decision": of_decision(case.decision),
        "images": [_of_image(image) for image in case.images],
        "effects": [_of_effect(effect) for effect in case.effects],
        "decided_by": case.decided_by,
        "decided_at": case.decided_at.isoformat() if case.decided_at else None,
        "note": case.note,
    }


def _of_image(image: Judged) -> Shape:
    return {
        "media": image.media.key,
        "sha256": image.sha256,
        "screenings": [of_screening(s) for s in image.screenings],
        "decision": of_decision(image.decision),
    }


def _of_effect(effect: Effect) -> Shape:
    outcome = effect.outcome
    return {
        "kind": effect.kind.value,
        "state": effect.state.value,
        "outcome": outcome.state.value if outcome else None,
        "detail": outcome.detail if outcome else "",
    }


def of_finding(finding: Finding) -> Shape:
    """One line of the self-check; of a vendor also what its probe showed."""
    probe = {} if finding.probe is None else {"probe": asdict(finding.probe)}
    return {"name": finding.name, "ok": finding.ok, "cure": finding.cure, **probe}
