"""The second commit of a message: decision, case, effects and strikes, together or not at all (ruling 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, select, text, update
from sqlalchemy.dialects.sqlite import insert

from bot.model import (
    POSTS,
    CaseState,
    Concluded,
    EventKind,
    Job,
    Origin,
    Ruling,
)
from bot.store import codec, growing
from bot.store.filing import SUBJECT, Filed, earn, is_flagged, plan, subject_of
from bot.store.joining import join, supersede
from bot.store.journal import FINISH
from bot.store.prepared import Prepared
from bot.store.rows import effect_of
from bot.store.tables import cases, decisions, effects, jobs, subjects, tenants

_NEWER = exists().where(
    jobs.c.tenant == bindparam("of"),
    jobs.c.subject == bindparam("about"),
    text("jobs.subject <> ''"),
    jobs.c.id > bindparam("after"),
    text("jobs.state <> 'dead'"),
)
_DECIDE = Prepared(
    insert(decisions)
    .values(superseded=select(_NEWER).scalar_subquery())
    .on_conflict_do_nothing(index_elements=["job"])
    .returning(decisions.c.id, decisions.c.superseded)
)
_NUMBER = Prepared(
    update(tenants).where(tenants.c.id == bindparam("of")).values(cases=tenants.c.cases + 1).returning(tenants.c.cases)
)
_OPEN_CASE = Prepared(insert(cases).returning(cases.c.id))
_FINISH = Prepared(FINISH)
_BEFORE = (
    select(decisions.c.id, decisions.c.superseded, cases.c.number)
    .outerjoin(cases)
    .where(decisions.c.job == bindparam("job"), decisions.c.tenant == bindparam("of"))
)
_PLANNED = select(effects).where(effects.c.decision == bindparam("decided")).order_by(effects.c.id)

_CASES_OF_MESSAGE = Prepared(
    select(cases.c.number, cases.c.origin, subjects.c.sha256, subjects.c.media)
    .join(cases)
    .where(
        subjects.c.tenant == bindparam("of"),
        subjects.c.message == bindparam("message"),
        subjects.c.channel == bindparam("channel"),
        subjects.c.flagged,
        (cases.c.state == CaseState.OPEN) | (cases.c.state == CaseState.UPHELD),
    )
)


def conclude(connection: Connection, tenant: int, job: Job, ruling: Ruling, at: datetime, *, done: bool) -> Concluded:
    """See `Ledger.conclude`."""
    made = _DECIDE.run(connection, _decision(tenant, job, ruling, at))
    if not made:
        concluded = _concluded_before(connection, tenant, job)
    else:
        ((row, superseded),) = made
        if superseded:
            concluded = Concluded(case=None, effects=(), superseded=True)
        else:
            concluded = _record(connection, ruling, Filed(job.tenant, tenant, at, decision=row))
    if done:
        _FINISH.run(connection, {"job": job.id, "of": tenant})
    return concluded


def _decision(tenant: int, job: Job, ruling: Ruling, at: datetime) -> dict[str, Any]:
    event = ruling.event
    return {
        "of": tenant,
        "about": job.subject if ruling.follows is None else event.subject,
        "after": job.id if ruling.follows is None else ruling.follows,
        "tenant": tenant,
        "job": job.id,
        "at": at,
        "context": event.place.context,
        "channel": event.place.channel,
        "author": event.author.id,
        "suggestion": ruling.decision.suggestion,
        "policy_version": ruling.policy_version,
        "observed": ruling.observed,
        "schema": codec.VERSION,
        "event": event,
        "standing": ruling.standing,
        "images": ruling.images,
        "decision": ruling.decision,
        "ms": ruling.ms,
    }


def _concluded_before(connection: Connection, tenant: int, job: Job) -> Concluded:
    before = connection.execute(_BEFORE, {"job": job.id, "of": tenant}).one()
    planned = connection.execute(_PLANNED, {"decided": before.id}).mappings()
    again = tuple(effect_of(row, job.tenant, before.number) for row in planned)
    return Concluded(before.number, again, superseded=before.superseded, duplicate=True)


def _record(connection: Connection, ruling: Ruling, filed: Filed) -> Concluded:
    if ruling.follows is not None:
        supersede(connection, ruling.follows, filed)
    elif (case := growing.before(connection, filed.id, ruling)) is not None:
        return _grown(connection, ruling, filed, case)
    if ruling.origin is not None:
        if ruling.follows is not None and (joined := join(connection, ruling, ruling.origin, filed)) is not None:
            return joined
        if _may_be_again(ruling) and (before := _dealt_with(connection, ruling, filed)) is not None:
            return Concluded(before, ())
        filed = _open_case(connection, ruling, ruling.origin, filed)
    made = plan(connection, filed, ruling.plans)
    if not ruling.observed:
        earn(connection, ruling, filed)
    return Concluded(filed.number, made)


def _grown(connection: Connection, ruling: Ruling, filed: Filed, case: growing.Before) -> Concluded:
    """Images that the case knew already earn nothing again."""
    filed = replace(filed, row=case.row, number=case.number)
    growing.take_over(connection, filed.id, case, ruling, filed.decision or 0)
    if ruling.origin is not None:
        late = (image for image in ruling.images if image.media.key not in case.media)
        SUBJECT.each(connection, (subject_of(filed.id, case.row, ruling, image) for image in late))
    flagged = {i.sha256 or i.media.key for i in ruling.images if is_flagged(i)}
    made = plan(connection, filed, tuple(growing.further(case, ruling, flagged)))
    if not ruling.observed:
        earn(connection, replace(ruling, strikes=tuple(s for s in ruling.strikes if s not in case.images)), filed)
    return Concluded(case.number, made)


def _may_be_again(ruling: Ruling) -> bool:
    """A reaction that was taken off can be put there again, and is taken off again; a card for it stands already."""
    kind = ruling.event.kind
    return kind in POSTS or (kind is EventKind.REACTION and ruling.origin is not Origin.REMOVED)


def _dealt_with(connection: Connection, ruling: Ruling, filed: Filed) -> int | None:
    """The case of this message that knows these images already, unless more is to be done now than then.

    An edit of the words, or an embed that arrives late, is a new version of the message, to be judged
    anew; it is no new offence.
    """
    event = ruling.event
    known: dict[tuple[int, Origin], set[str]] = {}
    asked = {"of": filed.id, "message": event.post, "channel": event.place.channel}
    for number, origin, sha256, media in _CASES_OF_MESSAGE.run(connection, asked):
        known.setdefault((number, origin), set()).add(sha256 or media)
    wanted = {i.sha256 or i.media.key for i in ruling.images if is_flagged(i)}
    for (number, origin), images in known.items():
        if wanted <= images and (origin is ruling.origin or origin is Origin.REMOVED):
            return number
    return None


def _open_case(connection: Connection, ruling: Ruling, origin: Origin, filed: Filed) -> Filed:
    ((number,),) = _NUMBER.run(connection, {"of": filed.id})
    case = {
        "tenant": filed.id,
        "number": number,
        "state": CaseState.OPEN,
        "origin": origin,
        "decision": filed.decision,
        "opened_at": filed.at,
        "author": ruling.event.author.id,
    }
    ((row,),) = _OPEN_CASE.run(connection, case)
    SUBJECT.each(connection, (subject_of(filed.id, row, ruling, image) for image in ruling.images))
    return Filed(filed.tenant, filed.id, filed.at, row, number, filed.decision)
