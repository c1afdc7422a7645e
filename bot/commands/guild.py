"""`beholder guild`: the communities on this instance, as the host keeps them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.commands.console import Stop, say, say_json, show_table
from bot.commands.options import AsJson, ConfigFile
from bot.commands.spending import spending, spent_now
from bot.model import PAID, Entry, JobKind, Membership, Tenant
from policies.model import Mode

if TYPE_CHECKING:
    from bot.store.store import Store

T = TypeVar("T")

app = typer.Typer(help="The servers that the bot is in: who they are, what they may use.", no_args_is_help=True)

Ident = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The server's id, with or without discord: before it; or telegram:-1001234567890."
    ),
]
NONE = "none"
MOST_IMAGES = 10_000_000
DEAREST = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Standing:
    """A guild with what came of it. `images`: those of the last 24 hours, also where nobody judged them. `spent`: of
    each provider that it was granted, in this month."""

    membership: Membership
    mode: Mode
    images: int
    spent: Mapping[str, Decimal]


app.command()(spending)


# --- list -------------------------------------------------------------------------------------------


@app.command(name="list")
def list_guilds(
    everyone: Annotated[bool, typer.Option("--all", help="Also those that the bot has left.")] = False,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """List the servers that the bot is in, or that it stays away from; with --json one object a line."""
    standings = [s for s in _run(config_file, _standings) if everyone or s.membership.present or s.membership.barred]
    if as_json:
        for standing in standings:
            say_json(_shape(standing))
    elif standings:
        titles = ("id", "name", "members", "mode", "24 h", "cases", "a day", "grants", "since")
        show_table(titles, map(_row, standings), whole=("id", "mode"))
    else:
        say("No server is known yet; a bot that runs notes each within seconds of joining.")


async def _standings(store: Store) -> list[Standing]:
    from bot.clock import SystemClock

    since = SystemClock().now() - timedelta(hours=24)
    spent = await spent_now(store)
    return [await _standing(store, known, since, spent) for known in (await store.guilds.every()).values()]


async def _standing(
    store: Store, known: Membership, since: datetime, spent: Mapping[tuple[str, str], Decimal]
) -> Standing:
    policy, _ = await store.settings.policy(known.tenant)
    counts = await store.ledger.counts(known.tenant, since)
    images = sum(n for name, n in counts.items() if name in ("judged", "limited") or name.startswith("unscreened:"))
    paid = {name: spent.get((str(known.tenant), name), Decimal(0)) for name in known.grants}
    return Standing(known, policy.mode, images, paid)


def _row(standing: Standing) -> tuple[str, ...]:
    from bot.texts.markup import clean

    known = standing.membership
    return (
        known.tenant.id,
        clean(known.name, 40),
        "-" if known.members is None else str(known.members),
        standing.mode.value,
        str(standing.images),
        str(known.cases),
        NONE if known.limit is None else str(known.limit),
        ", ".join(f"{name} {_of(standing.spent[name], ceiling)}" for name, ceiling in known.grants.items()) or "-",
        _since(known),
    )


def _of(spent: Decimal, ceiling: str) -> str:
    """As `3.21/20.00`; rounded up, so that nothing spent never reads as nothing."""
    return f"{spent.quantize(Decimal('0.01'), ROUND_CEILING)}/{ceiling}"


def _since(known: Membership) -> str:
    if known.joined_at is None:
        said = "never in it"
    elif known.left_at is None:
        said = f"{known.joined_at:%Y-%m-%d}"
    else:
        said = f"{known.joined_at:%Y-%m-%d}, left {known.left_at:%Y-%m-%d}"
    return f"{said}, stays away" if known.barred else said


def _shape(standing: Standing) -> dict[str, object]:
    known = standing.membership
    return {
        "guild": str(known.tenant),
        "name": known.name,
        "members": known.members,
        "mode": standing.mode.value,
        "images_24h": standing.images,
        "cases": known.cases,
        "limit": known.limit,
        "grants": dict(known.grants),
        "spent": {name: f"{dollars:.6f}" for name, dollars in standing.spent.items()},
        "joined_at": known.joined_at.isoformat() if known.joined_at else None,
        "left_at": known.left_at.isoformat() if known.left_at else None,
        "stays_away": known.barred,
    }


# --- come and go --------------------------------------------------------------------------------------


@app.command()
def leave(
    guild: Ident,
    stay_away: Annotated[
        bool, typer.Option("--stay-away", help="And leave again whenever somebody invites the bot.")
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Leave a server: a bot that runs goes within seconds, else at its next start. What it stored there is kept."""
    tenant = _tenant(guild)

    async def go(store: Store) -> Membership:
        known = await store.guilds.one(tenant)
        if stay_away:
            await store.guilds.bar(tenant, barred=True)
        elif known.present:
            await store.journal.put([_departure(tenant)], lease=False)
        return known

    known = _run(config_file, go)
    if not known.present and not stay_away:
        raise Stop(f"the bot is not in {tenant}; `beholder guild list` shows where it is, --stay-away keeps it out")
    going = f"the bot leaves {tenant} within seconds, or at its next start" if known.present else ""
    away = f"it stays away from {tenant} until `beholder guild allow {tenant.id}`" if stay_away else ""
    say("; ".join(part for part in (going, away) if part))


def _departure(tenant: Tenant) -> Entry:
    from bot.clock import SystemClock

    return Entry(tenant, f"leave:{SystemClock().now().isoformat()}", JobKind.LEAVE, {})


@app.command()
def allow(guild: Ident, config_file: ConfigFile = None) -> None:
    """Let the bot into a server again that it was to stay away from; somebody there has to invite it."""
    tenant = _tenant(guild)
    known = _changed(config_file, tenant, lambda store: store.guilds.bar(tenant, barred=False))
    say(f"the bot may be in {tenant}" if known.barred else f"the bot was not to stay away from {tenant}")


# --- what it may use ------------------------------------------------------------------------------------


@app.command()
def limit(
    guild: Ident,
    images: Annotated[str, typer.Argument(metavar="N|none", help="How many images are looked at in a day.")],
    config_file: ConfigFile = None,
) -> None:
    """Limit how many images are looked at in a day (of UTC); beyond it they are on record as not judged."""
    tenant, most = _tenant(guild), _images(images)
    _changed(config_file, tenant, lambda store: store.guilds.limit(tenant, most))
    say(f"{tenant}: no limit" if most is None else f"{tenant}: {most} images a day")


def _images(text: str) -> int | None:
    if text == NONE:
        return None
    if not re.fullmatch(r"\d{1,8}", text) or int(text) > MOST_IMAGES:
        raise typer.BadParameter(
            f"{text!r} is not a number of images; write a whole number from 0 to {MOST_IMAGES}, or {NONE}",
            param_hint="N",
        )
    return int(text)


@app.command()
def grant(
    guild: Ident,
    provider: Annotated[str, typer.Argument(help=f"A provider that costs money: {', '.join(PAID)}.")],
    ceiling: Annotated[
        str, typer.Argument(metavar="CEILING|none", help="What it may cost in a month (of UTC), in US dollars.")
    ],
    config_file: ConfigFile = None,
) -> None:
    """Let a server use a provider that costs money, up to a ceiling at which it is asked no more until the month ends.

    By the prices that are set: see BEHOLDER_HUAWEI_PRICE and BEHOLDER_HITPAW_CREDIT_PRICE.
    """
    tenant, name, most = _tenant(guild), _provider(provider), _amount(ceiling)

    async def change(store: Store) -> Decimal:
        await store.guilds.grant(tenant, name, most)
        return (await spent_now(store)).get((str(tenant), name), Decimal(0))

    spent = _run(config_file, change)
    if most is None:
        say(f"{tenant}: {name} is not granted")
    else:
        say(f"{tenant}: {name} up to {most} US dollars a month; {_of(spent, most)} spent in this one")


def _provider(name: str) -> str:
    if name in PAID:
        return name
    from bot.config import PROVIDER_NAMES

    why = "costs nothing and needs no grant" if name in PROVIDER_NAMES else "is not a provider that costs money"
    raise typer.BadParameter(f"{name!r} {why}; those are: {', '.join(PAID)}", param_hint="PROVIDER")


def _amount(text: str) -> str | None:
    if text == NONE:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not re.fullmatch(r"\d{1,7}(\.\d{1,2})?", text) or not 0 < amount <= DEAREST:
        raise typer.BadParameter(
            f"{text!r} is not an amount; write one above 0 with a point, for example 20.00, or {NONE}",
            param_hint="CEILING",
        )
    return f"{amount:.2f}"


# --- the store ---------------------------------------------------------------------------------------------


def _tenant(text: str) -> Tenant:
    """Raises BadParameter with the cure."""
    if found := re.fullmatch(r"(?:discord:)?(\d{1,20})", text):
        return Tenant("discord", found[1])
    if found := re.fullmatch(r"(?:telegram:)?(-\d{1,20})", text):
        return Tenant("telegram", found[1])
    raise typer.BadParameter(
        f"{text!r} is not a server's id; write its digits, for example 123456789012345678, or of a Telegram chat "
        "telegram:-1001234567890",
        param_hint="ID",
    )


def _run(config_file: Path | None, work: Callable[[Store], Awaitable[T]]) -> T:
    from bot.commands.settings import settings
    from bot.opening import open_store

    async def within() -> T:
        async with open_store(settings(config_file)) as store:
            return await work(store)

    return asyncio.run(within())


def _changed(config_file: Path | None, tenant: Tenant, change: Callable[[Store], Awaitable[None]]) -> Membership:
    """What was known before the change."""

    async def work(store: Store) -> Membership:
        known = await store.guilds.one(tenant)
        await change(store)
        return known

    return _run(config_file, work)
