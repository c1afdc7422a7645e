"""What the commits of cases have in common: effects, the images of a case, and what its author earns."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from bot.model import IDEMPOTENT, Effect, EffectState, Judged, Plan, Ruling, Tenant
from bot.store.prepared import Prepared
from bot.store.tables import StrikeState, effects, removals, strikes, subjects
from policies.model import Suggestion

SUBJECT = Prepared(insert(subjects))
_PLAN = Prepared(insert(effects).returning(effects.c.id))
_STRIKE = Prepared(insert(strikes).on_conflict_do_nothing())
_REMOVE = Prepared(insert(removals))

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Filed:
    """What new effects belong to. `row` and `number` are those of the case, `decision` a row's id."""

    tenant: Tenant
    id: int
    at: datetime
    row: int | None = None
    number: int | None = None
    decision: int | None = None


def plan(connection: Connection, filed: Filed, plans: Sequence[Plan]) -> tuple[Effect, ...]:
    """New effects, in the order of `plans`."""
    return tuple(_planned(connection, filed, each) for each in plans)


def hour_of(at: datetime) -> int:
    """Whole hours since 1970."""
    return int(at.timestamp()) // HOUR


def subject_of(tenant: int, case: int, ruling: Ruling, image: Judged) -> dict[str, Any]:
    """The row of one image of a case."""
    event = ruling.event
    return {
        "tenant": tenant,
        "case": case,
        "message": event.post,
        "author": event.author.id,
        "context": event.place.context,
        "channel": event.place.channel,
        "media": image.media.key,
        "sha256": image.sha256,
        "flagged": is_flagged(image),
    }


def is_flagged(image: Judged) -> bool:
    """Whether what was found in it is why there is a case."""
    return image.decision.suggestion >= Suggestion.REVIEW


def earn(connection: Connection, ruling: Ruling, filed: Filed) -> None:
    """The strikes of its author, and what counts towards the cap.

    Images whose bytes never came (no SHA-256) earn nothing: nobody could void it.
    """
    earned = {"tenant": filed.id, "author": ruling.event.author.id, "hour": hour_of(filed.at), "at": filed.at}
    _STRIKE.each(connection, (earned | {"sha256": s, "state": StrikeState.ALIVE} for s in ruling.strikes if s))
    _REMOVE.each(connection, ({"tenant": filed.id, "sha256": s, "at": filed.at} for s in ruling.removed if s))


def _planned(connection: Connection, filed: Filed, wanted: Plan) -> Effect:
    nonce, state = _nonce(), _birth(wanted)
    row = {
        "tenant": filed.id,
        "case": filed.row,
        "decision": filed.decision,
        "nonce": nonce,
        "kind": wanted.kind,
        "body": wanted.body,
        "state": state,
        "at": filed.at,
    }
    ((ident,),) = _PLAN.run(connection, row)
    return Effect(ident, filed.tenant, filed.number, wanted.kind, wanted.body, state, nonce)


def _nonce() -> str:
    """Discord takes 25 characters. Random, so that a restored backup never repeats one."""
    return f"b{secrets.token_hex(10)}"


def _birth(plan: Plan) -> EffectState:
    return EffectState.SENDING if plan.kind in IDEMPOTENT else EffectState.TODO
