"""No tenant ever sees, counts or changes what is another's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest
from sqlalchemy import LargeBinary, Table, select

from bot import ports
from bot.model import (
    CardRef,
    CaseState,
    Effect,
    EffectKind,
    EffectState,
    History,
    Job,
    Outcome,
    OutcomeState,
    Plan,
    Watched,
)
from bot.store.past import past
from bot.store.store import Store
from bot.store.tables import SHARED, cards, cases, drafts, effects, jobs, lists, metadata, policies, strikes
from policies.model import Evidence, Listed
from policies.presets import preset
from tests.bot.store.samples import AWAY, HOME, START, entry, event, remove, sha

Call = Callable[[Store, Job, Effect], Awaitable[object]]
DONE = Outcome(OutcomeState.DONE)

ASKED: dict[str, tuple[Call, object]] = {
    "history": (lambda s, j, e: s.ledger.history(AWAY, "ann", START), History()),
    "removed_since": (lambda s, j, e: s.ledger.removed_since(AWAY, START), []),
    "counts": (lambda s, j, e: s.ledger.counts(AWAY, START), {"judged": 0, "removed": 0, "cases": 0}),
    "watched": (lambda s, j, e: s.ledger.watched(AWAY, START), Watched()),
    "kept": (lambda s, j, e: s.drafts.kept(AWAY, "mod", "setup"), None),
    "backlog": (lambda s, j, e: s.journal.backlog(AWAY), (0, None)),
    "case": (lambda s, j, e: s.ledger.case(AWAY, 1), None),
    "cases": (lambda s, j, e: s.ledger.cases(AWAY), []),
    "past": (lambda s, j, e: past(s.db, AWAY, START), []),
    "policy": (lambda s, j, e: s.settings.policy(AWAY), (preset("standard"), 0)),
    "versions": (lambda s, j, e: s.settings.versions(AWAY), []),
    "listed": (lambda s, j, e: s.lists.listed(AWAY, sha("a")), None),
    "entries": (lambda s, j, e: s.lists.entries(AWAY), []),
}
CHANGED: dict[str, Call] = {
    "decide_case": lambda s, j, e: s.ledger.decide_case(AWAY, 1, CaseState.OVERTURNED, "stranger"),
    "plan": lambda s, j, e: s.ledger.plan(AWAY, 1, [Plan(EffectKind.RESTORE, {})]),
    "follow": lambda s, j, e: s.ledger.follow(replace(j, tenant=AWAY), [Plan(EffectKind.PAGE, {})]),
    "keep": lambda s, j, e: s.drafts.keep(AWAY, "mod", "setup", {"page": "stolen"}),
    "drop": lambda s, j, e: s.drafts.drop(AWAY, "mod", "setup"),
    "card_posted": lambda s, j, e: s.ledger.card_posted(AWAY, 1, CardRef("9", "9", Evidence.FULL)),
    "sending": lambda s, j, e: s.ledger.sending([replace(e, tenant=AWAY)]),
    "settle": lambda s, j, e: s.ledger.settle(replace(e, tenant=AWAY), DONE, state=EffectState.DONE),
    "finish": lambda s, j, e: s.journal.finish(replace(j, tenant=AWAY)),
    "retry": lambda s, j, e: s.journal.retry(replace(j, tenant=AWAY), START, "stolen"),
    "bury": lambda s, j, e: s.journal.bury(replace(j, tenant=AWAY), "stolen"),
    "put": lambda s, j, e: s.lists.put(AWAY, sha("a"), None, "stranger", ""),
    "save": lambda s, j, e: s.settings.save(AWAY, preset("relaxed"), "stranger", ""),
}
REFUSED = {"plan", "card_posted"}
OF_NO_TENANT = {"recover", "hasten", "awaited", "take", "unsettled", "known", "know"}  # of the host, or of exact bytes
TOLD_APART = {"conclude"}  # test_ledger: a job cannot conclude another guild's event

KEPT: list[Table] = [cases, cards, drafts, effects, jobs, lists, policies, strikes]


async def rows_of_home(store: Store) -> dict[str, list[tuple[object, ...]]]:
    ident = await store.db.tenants.ensure(HOME)
    kept = {}
    for table in KEPT:
        query = select(table).where(table.c.tenant == ident)
        kept[table.name] = [tuple(row) for row in await store.db.read(lambda c, q=query: c.execute(q).all())]  # type: ignore[misc]
    return kept


async def furnish(store: Store) -> tuple[Job, Effect]:
    """A home with something of everything, and a stranger's empty one."""
    await remove(store)
    await store.lists.put(HOME, sha("a"), Listed.BLOCKED, "mod", "")
    await store.settings.save(HOME, preset("strict"), "mod", "")
    await store.drafts.keep(HOME, "mod", "import", {"preset": "strict"})
    await store.drafts.keep(HOME, "mod", "setup", {"page": "setup_staff"})
    await store.db.tenants.ensure(AWAY)
    (job,) = await store.journal.put([entry(event("waiting"))], lease=True)
    effect = next(e for e in await store.ledger.unsettled() if e.state is EffectState.TODO)
    return job, effect


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ASKED)
async def test_a_stranger_is_told_nothing(store: Store, name: str) -> None:
    ask, nothing = ASKED[name]
    assert await ask(store, *await furnish(store)) == nothing


@pytest.mark.asyncio
@pytest.mark.parametrize("name", CHANGED)
async def test_a_stranger_changes_nothing(store: Store, name: str) -> None:
    job, effect = await furnish(store)
    before = await rows_of_home(store)
    assert all(before[t.name] for t in KEPT if t is not cards)
    with pytest.raises(LookupError, match="discord:2 has no case 1") if name in REFUSED else nullcontext():
        assert not await CHANGED[name](store, job, effect) or name == "save"
    assert await rows_of_home(store) == before


def test_every_method_of_the_ports_is_held_against_a_stranger() -> None:
    every = {
        name
        for port in (ports.Journal, ports.Ledger, ports.Settings, ports.Lists, ports.Drafts)
        for name, _ in inspect.getmembers(port, inspect.isfunction)
        if not name.startswith("_")
    }
    assert every == (set(ASKED) - {"past"}) | set(CHANGED) | OF_NO_TENANT | TOLD_APART


def test_every_row_names_its_tenant() -> None:
    for table in metadata.sorted_tables:
        if table.name in SHARED:
            assert "tenant" not in table.c
            continue
        column = table.c.tenant
        assert not column.nullable, table.name
        assert [key.target_fullname for key in column.foreign_keys] == ["tenants.id"], table.name


def test_no_column_could_hold_a_picture() -> None:
    columns = [c for t in metadata.sorted_tables for c in t.c]
    assert len(columns) > 80
    assert not [c for c in columns if isinstance(c.type.dialect_impl, LargeBinary) or "BLOB" in str(c.type.compile())]


def test_what_is_shared_holds_no_persons_id() -> None:
    for table in metadata.sorted_tables:
        if table.name in SHARED:
            assert not {"author", "by", "message", "channel", "decided_by"} & set(table.c.keys())
