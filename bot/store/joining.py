"""A late answer, as a commit: it joins the case of its post instead of opening another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from bot.model import POSTS, CaseState, Concluded, EffectKind, Origin, Plan, Ruling
from bot.store.filing import SUBJECT, Filed, earn, is_flagged, plan, subject_of
from bot.store.prepared import Prepared
from bot.store.tables import cards, cases, decisions, effects, strikes, subjects
from policies.model import Decision

_NO_MORE = Prepared(
    update(decisions)
    .where(decisions.c.tenant == bindparam("of"), decisions.c.job == bindparam("first"))
    .where(decisions.c.id != bindparam("mine"))
    .values(superseded=True)
    .returning(decisions.c.id)
)
_JOINABLE = Prepared(
    select(
        *(cases.c.id, cases.c.number, cases.c.origin, cases.c.state, cases.c.opened_at),
        *(decisions.c.decision, decisions.c.job),
    )
    .join(decisions, decisions.c.id == cases.c.decision)
    .where(
        cases.c.tenant == bindparam("of"),
        (cases.c.state == CaseState.OPEN) | (cases.c.state == CaseState.UPHELD),
        (decisions.c.job == bindparam("first"))
        | cases.c.id.in_(
            select(subjects.c.case).where(
                subjects.c.tenant == bindparam("of"),
                subjects.c.message == bindparam("message"),
                subjects.c.message != "",
                subjects.c.channel == bindparam("channel"),
            )
        ),
    )
    .order_by(cases.c.id.desc())
)
_OF_CASE = (subjects.c.tenant == bindparam("of"), subjects.c.case == bindparam("row"))
_BAD = Prepared(select(subjects.c.media).where(*_OF_CASE, subjects.c.flagged))
_FLAG = Prepared(
    update(subjects)
    .where(*_OF_CASE, subjects.c.media == bindparam("which"))
    .values(flagged=bindparam("bad"))
    .returning(subjects.c.id)
)
_RAISE = Prepared(
    update(cases)
    .where(cases.c.tenant == bindparam("of"), cases.c.id == bindparam("row"))
    .values(origin=bindparam("origin_"), decision=bindparam("decided"))
    .returning(cases.c.id)
)
_KINDS = Prepared(
    select(effects.c.kind, effects.c.body).where(
        effects.c.tenant == bindparam("of"), effects.c.case == bindparam("row")
    )
)
_SHOWN = Prepared(
    select(cards.c.channel, cards.c.message).where(cards.c.tenant == bindparam("of"), cards.c.case == bindparam("row"))
)
_STRUCK = Prepared(
    select(strikes.c.sha256).where(
        strikes.c.tenant == bindparam("of"),
        strikes.c.author == bindparam("author"),
        strikes.c.at >= bindparam("since"),
    )
)


def supersede(connection: Connection, first: int, filed: Filed) -> None:
    """What was concluded without the late answer stands no more, so that each image counts once."""
    _NO_MORE.run(connection, {"of": filed.id, "first": first, "mine": filed.decision})


def join(connection: Connection, ruling: Ruling, origin: Origin, filed: Filed) -> Concluded | None:
    """A late answer joins the case of its post, if one stands: one post, one case, one card.

    What is to be done now and was not then is added; a post that was taken down before, or about which a moderator has
    decided, is only told to be worse: nobody is punished again for it.
    """
    before = _case_of(connection, ruling, filed)
    if before is None:
        return None
    filed = replace(filed, row=before.row, number=before.number)
    if not before.is_less_than(ruling, origin):
        return Concluded(before.number, ())
    watched = before.origin is Origin.OBSERVED and not ruling.observed  # nothing was really done then
    stays = before.origin is Origin.REMOVED or (before.upheld and not watched)
    of = {"of": filed.id, "row": before.row}
    _RAISE.run(connection, of | {"origin_": before.origin if stays else origin, "decided": filed.decision})
    for image in ruling.images:
        if not _FLAG.run(connection, of | {"which": image.media.key, "bad": is_flagged(image)}):
            SUBJECT.each(connection, [subject_of(filed.id, before.row, ruling, image)])
    made = plan(connection, filed, _added(connection, ruling, of, nothing=stays, watched=watched))
    if not ruling.observed:
        struck = {sha256 for (sha256,) in _STRUCK.run(connection, of | _hers(ruling) | {"since": before.at})}
        earn(connection, replace(ruling, strikes=tuple(s for s in ruling.strikes if s not in struck)), filed)
    return Concluded(before.number, made)


@dataclass(frozen=True, slots=True)
class _Before:
    """The case that a late answer joins."""

    row: int
    number: int
    origin: Origin
    upheld: bool
    at: datetime
    decision: Decision
    bad: frozenset[str]  # keys of the media that are why there is a case

    def is_less_than(self, ruling: Ruling, origin: Origin) -> bool:
        """Whether `ruling` says more: a harsher conclusion, or another image."""
        worse = ruling.decision.suggestion > self.decision.suggestion
        removes = origin is Origin.REMOVED and self.origin is not Origin.REMOVED
        return worse or removes or not {i.media.key for i in ruling.images if is_flagged(i)} <= self.bad


def _case_of(connection: Connection, ruling: Ruling, filed: Filed) -> _Before | None:
    """The one that the first judgement opened, or, where that was of a later version of a known post, joined."""
    event = ruling.event
    message = event.post if event.kind in POSTS else ""
    asked = {"of": filed.id, "first": ruling.follows, "message": message, "channel": event.place.channel}
    keys = {image.media.key for image in ruling.images}
    for row, number, origin, state, at, decision, job in _JOINABLE.run(connection, asked):
        bad = frozenset(media for (media,) in _BAD.run(connection, {"of": filed.id, "row": row}))
        if job == ruling.follows or bad & keys:
            return _Before(row, number, origin, state is CaseState.UPHELD, at, decision, bad)
    return None


def _added(
    connection: Connection, ruling: Ruling, of: Mapping[str, Any], *, nothing: bool, watched: bool
) -> list[Plan]:
    """What was not planned for the case yet, and at last its cards anew; the picture on them stays. `watched`: of
    what was planned then, cards and what a moderator pressed for alone were no simulation."""
    had = _KINDS.run(connection, of)
    planned = {kind for kind, body in had if not watched or kind is EffectKind.CARD or body.get("real")}
    new = [] if nothing else [p for p in ruling.plans if p.kind not in planned and p.kind is not EffectKind.CARD]
    shown = [{"channel": channel, "message": message} for channel, message in _SHOWN.run(connection, of)]
    edits = [Plan(EffectKind.EDIT_CARD, {**card, "drop_picture": False}) for card in shown]
    card = [p for p in ruling.plans if p.kind is EffectKind.CARD and EffectKind.CARD not in planned]
    return [*new, *edits, *card]


def _hers(ruling: Ruling) -> dict[str, Any]:
    return {"author": ruling.event.author.id}
