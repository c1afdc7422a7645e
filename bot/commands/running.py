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
) -> None:
    """Watch the bot at work against a Discord on this machine; no account and no network is needed."""
    from bot.demo import demo as show

    raise typer.Exit(asyncio.run(show(once, images)))
