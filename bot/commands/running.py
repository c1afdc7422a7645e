"""`beholder run` and `beholder demo`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.options import ConfigFile


def run(config_file: ConfigFile = None) -> None:
    """Watch over every platform whose token is set, until stopped."""
    import structlog

    from bot import app, log
    from bot.config import exposed, load

    config = load(config_file, platform=True)
    log.configure(config)
    for warning in exposed(config, config_file):
        structlog.get_logger("beholder").warning(warning)
    asyncio.run(app.run(config))


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End by itself; exit code 0 if all happened as it should.")
    ] = False,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", exists=True, file_okay=False, help="Post your own pictures as well."),
    ] = None,
    providers: Annotated[
        str, typer.Option(metavar="NAMES", help="Show what these change, separated by commas: huawei,hitpaw.")
    ] = "",
    local: Annotated[
        bool, typer.Option("--local/--no-local", help="Whether the local models are asked before them.")
    ] = True,
) -> None:
    """Watch the bot at work against a Discord on this machine; no account and no network is needed.

    The vendors of --providers listen on this machine, too, and what they charge is compared with what the bot counts.
    """
    from bot.demo import demo as show

    names = _vendors(providers, local=local)
    raise typer.Exit(asyncio.run(show(once, images, names, local=local)))


def _vendors(text: str, *, local: bool) -> tuple[str, ...]:
    """The vendors that are named, without the local models. Raises BadParameter with the known names."""
    from bot.config import PROVIDER_NAMES
    from bot.vendors import LOCAL

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if unknown := [name for name in names if name not in PROVIDER_NAMES]:
        raise typer.BadParameter(
            f"{unknown[0]!r} is not a provider; known are: {', '.join(PROVIDER_NAMES)}", param_hint="--providers"
        )
    if not local and LOCAL in names:
        raise typer.BadParameter(f"{LOCAL} is named and excluded; leave one out", param_hint="--providers")
    vendors = tuple(name for name in names if name != LOCAL)
    if not local and not vendors:
        raise typer.BadParameter("without the local models name a vendor with --providers", param_hint="--no-local")
    return vendors
