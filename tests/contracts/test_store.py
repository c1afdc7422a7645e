"""The store is what the pipeline, the desk and the providers ask for."""

from __future__ import annotations

import inspect

import pytest

from bot.ports import Drafts, Journal, Ledger, Lists, Settings
from bot.store.drafts import SqlDrafts
from bot.store.journal import SqlJournal
from bot.store.ledger import SqlLedger
from bot.store.lists import SqlLists
from bot.store.settings import SqlSettings
from bot.store.store import Store
from bot.store.tickets import SqlTickets
from bot.store.verdicts import SqlVerdicts
from providers.base import Tickets, Verdicts


def ports_of(store: Store) -> tuple[Journal, Ledger, Settings, Lists, Drafts, Verdicts, Tickets]:
    """Type-checked, not run: each field is its port."""
    return store.journal, store.ledger, store.settings, store.lists, store.drafts, store.verdicts, store.tickets


@pytest.mark.parametrize(
    ("port", "kept"),
    [
        (Journal, SqlJournal),
        (Ledger, SqlLedger),
        (Settings, SqlSettings),
        (Lists, SqlLists),
        (Drafts, SqlDrafts),
        (Verdicts, SqlVerdicts),
        (Tickets, SqlTickets),
    ],
)
def test_every_method_takes_what_its_port_says_under_the_same_names(port: type, kept: type) -> None:
    asked = {n: m for n, m in inspect.getmembers(port, inspect.isfunction) if not n.startswith("_")}
    assert asked
    for name, method in asked.items():
        made = inspect.signature(getattr(kept, name)).parameters
        for parameter in inspect.signature(method).parameters.values():
            assert parameter.name in made, f"{kept.__name__}.{name} has no {parameter.name}"
            assert parameter.default == made[parameter.name].default
