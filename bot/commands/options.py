"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from bot.model import Tenant

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings as lines NAME=value; the environment wins over them."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Guild = Annotated[
    str, typer.Option("--guild", metavar="PLATFORM:ID", help="discord: and a server's id, or telegram: and a chat's.")
]


def tenant(guild: str) -> Tenant:
    """The guild that was named. Raises BadParameter with the cure."""
    if not re.fullmatch(r"discord:(\d{1,20}|dm)|telegram:(-?\d{1,15}|dm)", guild):
        raise typer.BadParameter(
            f"{guild!r} is not a guild; write discord: and the server's id, for example discord:123456789012345678, "
            "or telegram: and the chat's, for example telegram:-1001234567890",
            param_hint="--guild",
        )
    return Tenant.parse(guild)
