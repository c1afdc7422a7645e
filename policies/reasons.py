"""Sets of reasons, written in one canonical way so that equal decisions are equal values."""

from __future__ import annotations

from collections.abc import Iterable

from policies.model import Reason, ReasonCode


def canonical(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, in an order that depends on nothing but the reasons."""
    return tuple(sorted(set(reasons), key=lambda r: (r.key, repr(r))))


def gives(reasons: Iterable[Reason], code: ReasonCode) -> bool:
    """Whether a reason of this code is among them."""
    return any(r.code is code for r in reasons)
