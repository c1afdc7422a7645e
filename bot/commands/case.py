"""`beholder case`: read a guild's cases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands import shapes
from bot.commands.console import Stop, say, say_json, show_table, voice
from bot.commands.options import AsJson, ConfigFile, Guild, tenant
from bot.model import Case, CaseState, Tenant

if TYPE_CHECKING:
    from bot.config import Config

app = typer.Typer(help="The numbered records that a guild's moderators read.", no_args_is_help=True)


@app.command(name="list")
def list_cases(
    guild: Guild,
    state: Annotated[CaseState | None, typer.Option(help="Only cases in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 25,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """List a guild's cases, the newest first; with --json one object a line."""
    owner = tenant(guild)
    cases = asyncio.run(_cases(_settings(config_file), owner, state, limit))
    if as_json:
        for case in cases:
            say_json(shapes.of_case(case))
    elif cases:
        show_table(("case", "state", "opened", "where", "author", "why"), map(_row, cases))
    else:
        say(f"{owner} has no cases{f' that are {state}' if state else ''}.")


@app.command()
def show(
    number: Annotated[int, typer.Argument(min=1, help="The number on its card.")],
    guild: Guild,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Show one case whole."""
    owner = tenant(guild)
    case = asyncio.run(_case(_settings(config_file), owner, number))
    if case is None:
        raise Stop(f"{owner} has no case {number}; `beholder case list --guild {owner}` shows which there are")
    if as_json:
        say_json(shapes.of_case(case))
    else:
        show_table(("", f"case {number} of {owner}"), _lines(case))


def _settings(config_file: Path | None) -> Config:
    from bot.commands.settings import settings

    return settings(config_file)


async def _cases(config: Config, owner: Tenant, state: CaseState | None, limit: int) -> list[Case]:
    from bot.opening import open_store

    async with open_store(config) as store:
        return await store.ledger.cases(owner, state, limit)


async def _case(config: Config, owner: Tenant, number: int) -> Case | None:
    from bot.opening import open_store

    async with open_store(config) as store:
        return await store.ledger.case(owner, number)


def _row(case: Case) -> tuple[str, ...]:
    where = case.place.channel or case.place.context
    return (str(case.number), _state(case), f"{case.opened_at:%Y-%m-%d %H:%M}", where, case.author.id, _why(case))


def _state(case: Case) -> str:
    return f"{case.state} ({case.origin})"


def _why(case: Case) -> str:
    from bot.texts import reasons

    return "\n".join(reasons.sentences(case.decision.reasons, voice()))


def _lines(case: Case) -> list[tuple[str, str]]:
    from bot.texts import names, outcomes, scores

    spoken = voice()
    done = [outcomes.of_effect(e, spoken) for e in case.effects if e.kind in outcomes.SPOKEN_OF]
    lines = [
        ("state", _state(case)),
        ("opened", f"{case.opened_at:%Y-%m-%d %H:%M} UTC"),
        ("where", f"{spoken.texts.gettext(names.CONTEXTS[case.place.context])}, channel {case.place.channel or '-'}"),
        ("message", case.message),
        ("author", f"{case.author.id} ({case.author.kind})"),
        ("why", _why(case)),
        ("scores", "\n".join(scores.of_images(case.images, spoken))),
        ("done", "\n".join(done)),
        ("decided", _decided(case)),
        ("note", case.note),
    ]
    return [(name, value) for name, value in lines if value]


def _decided(case: Case) -> str:
    if case.decided_at is None:
        return ""
    return f"{case.decided_at:%Y-%m-%d %H:%M} UTC by {case.decided_by}"
