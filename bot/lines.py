"""The one log line of an event: who reads it sees what was seen, concluded and done."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import Concluded, Event, Ruling
from policies.model import Reason, Screening, Unscreened


def where(event: Event) -> dict[str, str | None]:
    """Which event it is about."""
    place = event.place
    return {
        "guild": str(event.tenant),
        "kind": event.kind.value,
        "context": place.context.value,
        "channel": place.channel,
        "message": event.message,
    }


def line(ruling: Ruling, concluded: Concluded, outcomes: Mapping[str, str]) -> dict[str, object]:
    """Everything about an event that was judged. No URL, no name, no text of anybody's."""
    return {
        **where(ruling.event),
        "case": concluded.case,
        "superseded": concluded.superseded,
        "suggestion": ruling.decision.suggestion.value,
        "reasons": [_reason(r) for r in ruling.decision.reasons],
        "screenings": [_screening(s) for image in ruling.images for s in image.screenings],
        "observed": ruling.observed,
        "outcomes": dict(outcomes),
    }


def _reason(reason: Reason) -> dict[str, object]:
    fields = {name: getattr(reason, name) for name in Reason.__slots__}
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _screening(screening: Screening) -> dict[str, object]:
    if isinstance(screening, Unscreened):
        return {"provider": screening.provider, "unscreened": screening.reason.value, "detail": screening.detail}
    labels: dict[str, float] = {}
    for label in screening.labels:
        category = label.category.value
        labels[category] = max(round(label.confidence, 4), labels.get(category, 0.0))
    seen, total = screening.frames.seen, screening.frames.total
    frames = {"frames": {"seen": seen, "total": total}} if total > 1 else {}
    return {"provider": screening.provider, "labels": labels, **frames}
