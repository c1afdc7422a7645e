"""An album that grows after its case was opened: it stays one case with one card, and late parts go where the
first ones went.

Late parts make a newer version of the post (`Event.album`), judged whole again. If there is a case already, it takes
over what the newer version adds: its decision, its images, and what was not done for the case before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from bot.model import CaseState, EffectKind, Origin, Plan, Ruling
from bot.store.prepared import Prepared
from bot.store.tables import cards, cases, effects, subjects

_LATEST = Prepared(
    select(cases.c.id, cases.c.number, cases.c.origin, cases.c.decision)
    .join(subjects, subjects.c.case == cases.c.id)
    .where(
        subjects.c.tenant == bindparam("of"),
        subjects.c.message == bindparam("post"),
        subjects.c.channel == bindparam("channel"),
        (cases.c.state == CaseState.OPEN) | (cases.c.state == CaseState.UPHELD),
    )
    .order_by(cases.c.number.desc())
    .limit(1)
)
_IMAGES = Prepared(
    select(subjects.c.media, subjects.c.sha256, subjects.c.flagged).where(
        subjects.c.tenant == bindparam("of"), subjects.c.case == bindparam("row")
    )
)
_EFFECTS = Prepared(
    select(effects.c.kind, effects.c.body).where(
        effects.c.tenant == bindparam("of"), effects.c.case == bindparam("row")
    )
)
_CARDS = Prepared(
    select(cards.c.channel, cards.c.message)
    .where(cards.c.tenant == bindparam("of"), cards.c.case == bindparam("row"))
    .order_by(cards.c.id)
)
_TAKE_OVER = (
    update(cases)
    .where(cases.c.tenant == bindparam("of"), cases.c.id == bindparam("row"))
    .values(decision=bindparam("newer"), origin=bindparam("becomes"))
)
_FOLLOW = (
    update(effects)
    .where(effects.c.tenant == bindparam("of"), effects.c.decision == bindparam("older"))
    .values(decision=bindparam("newer"))
)


@dataclass(frozen=True, slots=True)
class Before:
    """The case of the same album that stands. `row` and `decision` are rows' ids; `images` the SHA-256 (else the key)
    of what was flagged, `media` the keys of all; `acts` what was planned for it, `cards` where its cards are."""

    row: int
    number: int
    origin: Origin
    decision: int
    removed: bool
    images: frozenset[str]
    media: frozenset[str]
    acts: frozenset[EffectKind]
    cards: Sequence[tuple[str, str]]


def before(connection: Connection, tenant: int, ruling: Ruling) -> Before | None:
    """The case that `ruling` would make grow; None for a post that is no album, was not looked at or has none."""
    event = ruling.event
    if not event.album or not ruling.images:
        return None
    asked = {"of": tenant, "post": event.post, "channel": event.place.channel}
    found = _LATEST.run(connection, asked)
    if not found:
        return None
    ((row, number, origin, decision),) = found
    this = {"of": tenant, "row": row}
    images = _IMAGES.run(connection, this)
    acts = _EFFECTS.run(connection, this)
    deletions = [body for kind, body in acts if kind is EffectKind.DELETE]
    return Before(
        row=row,
        number=number,
        origin=origin,
        decision=decision,
        removed=any(origin is not Origin.OBSERVED or body.get("real") for body in deletions),
        images=frozenset(sha256 or media for media, sha256, flagged in images if flagged),
        media=frozenset(media for media, _, _ in images),
        acts=frozenset(kind for kind, _ in acts),
        cards=[(channel, message) for channel, message in _CARDS.run(connection, this)],
    )


def take_over(connection: Connection, tenant: int, case: Before, ruling: Ruling, decision: int) -> None:
    """From now on the case is of the newer version, as far as that finds anything; nothing is taken out of it.

    Its effects follow, since they go when their decision is forgotten.
    """
    if ruling.origin is None:
        return
    becomes = ruling.origin if ruling.origin is Origin.REMOVED else case.origin
    values = {"of": tenant, "row": case.row, "newer": decision, "older": case.decision, "becomes": becomes}
    connection.execute(_TAKE_OVER, values)
    connection.execute(_FOLLOW, values)


def further(case: Before, ruling: Ruling, flagged: Collection[str]) -> Iterator[Plan]:
    """What is to be done now and was not done for the case before. Nobody is told, or punished, twice the same way.

    `flagged`: the SHA-256 (else the key) of what the newer version was found bad for.
    """
    at = {"channel": ruling.event.place.channel, "message": ruling.event.message}
    removes = case.removed or any(p.kind is EffectKind.DELETE for p in ruling.plans)
    if removes and not (ruling.observed and EffectKind.DELETE in case.acts):
        yield Plan(EffectKind.DELETE, at)  # every part that is known by now; those that are gone stay gone
    if not case.images >= set(flagged) or (ruling.origin is Origin.REMOVED and case.origin is not Origin.REMOVED):
        yield from (p for p in ruling.plans if p.kind not in case.acts | {EffectKind.DELETE})
        for channel, message in case.cards:
            yield Plan(EffectKind.EDIT_CARD, {"channel": channel, "message": message, "drop_picture": False})
