"""`beholder guild spending`: what paid providers were paid, and for whom."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from bot.commands.console import say, say_json, show_table
from bot.commands.options import AsJson, ConfigFile
from bot.model import Charges

if TYPE_CHECKING:
    from bot.store.store import Store


def spending(as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """List what paid providers were paid, by server, provider and month (of UTC), in US dollars; the latest first.

    The host's own pictures (`beholder screen`, `beholder doctor`) stand under host:console. With --json one object a
    line.
    """
    paid = asyncio.run(_every(config_file))
    if as_json:
        for charges in paid:
            say_json(_shape(charges))
    elif paid:
        show_table(("month", "id", "provider", "calls", "US dollars"), map(_row, paid), whole=("month", "id"))
    else:
        say("Nothing was spent yet.")


async def _every(config_file: Path | None) -> list[Charges]:
    from bot.commands.settings import settings
    from bot.opening import open_store

    async with open_store(settings(config_file)) as store:
        return await store.spending.every()


def _row(charges: Charges) -> tuple[str, ...]:
    return charges.month, str(charges.tenant), charges.provider, str(charges.calls), f"{charges.dollars:.4f}"


def _shape(charges: Charges) -> dict[str, object]:
    return {
        "guild": str(charges.tenant),
        "provider": charges.provider,
        "month": charges.month,
        "calls": charges.calls,
        "dollars": f"{charges.dollars:.6f}",
    }


async def spent_now(store: Store) -> dict[tuple[str, str], Decimal]:
    """What was paid in this month, by guild and provider."""
    from bot.budget import month_of
    from bot.clock import SystemClock

    month = month_of(SystemClock().now())
    return {(str(c.tenant), c.provider): c.dollars for c in await store.spending.every() if c.month == month}
