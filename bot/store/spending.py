"""What paid providers were paid, by tenant, provider and month: `bot.budget.Spending`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.sqlite import insert

from bot.model import Charges, EffectKind, Tenant
from bot.store.database import Database
from bot.store.tables import effects, spending, tenants

MICROS = 1_000_000  # in a dollar
MONTHS = 2  # held in memory

_s = spending.c
_new = insert(spending)
_ADD = _new.on_conflict_do_update(
    index_elements=["tenant", "provider", "month"],
    set_={"calls": _s.calls + _new.excluded.calls, "micros": _s.micros + _new.excluded.micros},
).returning(_s.micros)
_MONTH = select(tenants.c.name, _s.provider, _s.micros).join(tenants).where(_s.month == bindparam("in_"))
_EVERY = (
    select(tenants.c.name, _s.provider, _s.month, _s.calls, _s.micros)
    .join(tenants)
    .order_by(_s.month.desc(), _s.tenant, _s.provider)
)
_SAID = (
    select(effects.c.id)
    .where(effects.c.tenant == bindparam("of"), effects.c.kind == EffectKind.SAY, effects.c.at >= bindparam("since"))
    .where(text("json_extract(effects.body, '$.said') = :what"))
    .limit(1)
)


class SqlSpending:
    """The month is asked for before every paid call, so it is held in memory.

    A sum only grows within its month: of whatever is read, by whoever and however late, the greater one is true.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._books: dict[str, dict[tuple[Tenant, str], int]] = {}
        self._read_in: dict[str, int] = {}  # the generation of the database in which a month was read

    async def month(self, month: str) -> Mapping[tuple[Tenant, str], int]:
        """See `Spending.month`."""
        generation = self._database.generation
        if self._read_in.get(month) != generation:
            rows = await self._database.read(lambda c: c.execute(_MONTH, {"in_": month}).all())
            for name, provider, micros in rows:
                self._note(Tenant.parse(name), provider, month, micros)
            self._read_in[month] = generation
        return self._book(month)

    async def add(self, tenant: Tenant, provider: str, month: str, micros: int) -> int:
        """See `Spending.add`."""
        ident = await self._database.tenants.ensure(tenant)
        row = {"tenant": ident, "provider": provider, "month": month, "calls": 1, "micros": micros}
        total = await self._database.write(lambda c: int(c.execute(_ADD, row).scalar_one()))
        self._note(tenant, provider, month, total)
        return total

    async def every(self) -> list[Charges]:
        """All that was ever paid, the latest month first."""
        rows = await self._database.read(lambda c: c.execute(_EVERY).all())
        return [
            Charges(Tenant.parse(name), provider, month, calls, Decimal(micros) / MICROS)
            for name, provider, month, calls, micros in rows
        ]

    async def said(self, tenant: Tenant, what: str, since: datetime) -> bool:
        """See `bot.spent.Said`."""
        ident = await self._database.tenants.find(tenant)
        if ident is None:
            return False
        asked = {"of": ident, "what": what, "since": since}
        return await self._database.read(lambda c: c.execute(_SAID, asked).first()) is not None

    def _note(self, tenant: Tenant, provider: str, month: str, micros: int) -> None:
        book = self._book(month)
        book[tenant, provider] = max(micros, book.get((tenant, provider), 0))

    def _book(self, month: str) -> dict[tuple[Tenant, str], int]:
        """The same object for ever, so that whoever looks at it sees what is added."""
        book = self._books.setdefault(month, {})
        for old in sorted(self._books)[:-MONTHS]:
            if old != month:
                del self._books[old]
                self._read_in.pop(old, None)
        return book
