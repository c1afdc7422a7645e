"""Rows -> the nouns of `bot.model`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, Select, select

from bot.model import CardRef, Case, Effect, Tenant
from bot.store.tables import cards, cases, decisions, effects

CASES: Select[tuple[object, ...]] = select(
    cases,
    decisions.c.event,
    decisions.c.images,
    decisions.c.decision.label("decided"),
    decisions.c.policy_version,
).join(decisions)


def effect_of(row: RowMapping, tenant: Tenant, number: int | None) -> Effect:
    """One row of `effects`."""
    return Effect(
        id=row["id"],
        tenant=tenant,
        case=number,
        kind=row["kind"],
        body=row["body"],
        state=row["state"],
        nonce=row["nonce"],
        attempts=row["attempts"],
        outcome=row["outcome"],
    )


def cases_of(connection: Connection, tenant: Tenant, rows: Sequence[RowMapping]) -> list[Case]:
    """Rows of `CASES`, each whole: with its effects and its cards."""
    ids = [row["id"] for row in rows]
    planned = connection.execute(select(effects).where(effects.c.case.in_(ids)).order_by(effects.c.id)).mappings().all()
    posted = connection.execute(select(cards).where(cards.c.case.in_(ids)).order_by(cards.c.id)).mappings().all()
    return [
        _case_of(
            row,
            tenant,
            [e for e in planned if e["case"] == row["id"]],
            [c for c in posted if c["case"] == row["id"]],
        )
        for row in rows
    ]


def _case_of(row: RowMapping, tenant: Tenant, planned: Sequence[RowMapping], posted: Sequence[RowMapping]) -> Case:
    event = row["event"]
    return Case(
        tenant=tenant,
        number=row["number"],
        state=row["state"],
        origin=row["origin"],
        opened_at=row["opened_at"],
        author=event.author,
        place=event.place,
        message=event.message,
        images=row["images"],
        decision=row["decided"],
        policy_version=row["policy_version"],
        effects=tuple(effect_of(e, tenant, row["number"]) for e in planned),
        cards=tuple(CardRef(c["channel"], c["message"], c["evidence"]) for c in posted),
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        note=row["note"],
        kind=event.kind,
    )
