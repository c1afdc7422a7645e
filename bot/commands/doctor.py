"""`beholder doctor`: what is well and what is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from bot.commands import shapes
from bot.commands.console import say_json, show_table
from bot.commands.options import AsJson, ConfigFile
from bot.model import Finding


def doctor(as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """Check everything the bot needs and say the cure of what is wrong; then the exit code is 1."""
    findings = _findings(config_file)
    if as_json:
        say_json([shapes.of_finding(f) for f in findings])
    else:
        show_table(("", "what", "cure"), (("ok" if f.ok else "NOT OK", f.name, f.cure) for f in findings))
    if not all(f.ok for f in findings):
        raise typer.Exit(1)


def _findings(config_file: Path | None) -> list[Finding]:
    from bot.commands.settings import settings
    from bot.config import ConfigError
    from bot.doctor import examine

    try:
        config = settings(config_file)
    except ConfigError as error:
        return [Finding("configuration", ok=False, cure=problem) for problem in error.problems]
    return [Finding("configuration", ok=True), *asyncio.run(examine(config, config_file))]
