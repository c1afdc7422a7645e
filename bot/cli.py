"""The command line: `beholder`, also `python -m bot`.

Exit codes: 0 done, 1 cannot go on (one sentence with the cure on standard error), 2 wrong usage.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup

from bot import __version__
from bot.commands import case, doctor, guild, init, policy, running, screen, upkeep
from bot.commands.console import Stop, complain, say

# Errors that say their own cure, by the module that defines them. A module that was not imported cannot
# have raised anything, so none is imported here only to be named.
_KNOWN = {
    "bot.config": "ConfigError",
    "bot.platforms.discord.supervisor": "Fatal",
    "bot.platforms.telegram.polling": "Fatal",
    "bot.store.errors": "StoreError",
    "bot.web.health": "WebError",
    "policies.form": "PolicyError",
}


def _known() -> tuple[type[Exception], ...]:
    raised = (getattr(sys.modules[module], name) for module, name in _KNOWN.items() if module in sys.modules)
    return (Stop, *raised)


class _Commands(TyperGroup):
    """Turns errors that say their cure into one sentence and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except _known() as error:  # looked up only once something was raised
            complain(str(error))
            raise typer.Exit(1) from None


app = typer.Typer(
    name="beholder",
    cls=_Commands,
    help="Beholder looks at the images that people post in chat communities and acts by each community's rules.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and with them secrets
)
app.command()(running.run)
app.command()(running.demo)
app.command()(screen.screen)
app.command()(init.init)
app.command()(doctor.doctor)
app.add_typer(policy.app, name="policy")
app.add_typer(case.app, name="case")
app.add_typer(guild.app, name="guild")
app.command()(upkeep.testcard)
app.command()(upkeep.migrate)
app.command()(upkeep.backup)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"beholder {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        _forgive(stream)
    app()


def _forgive(stream: TextIO) -> None:
    """A terminal that lacks a character shows its number instead of stopping the command."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
