"""Which guild the host means."""

from __future__ import annotations

import pytest
import typer

from bot.commands.options import tenant
from bot.model import Tenant


@pytest.mark.parametrize("named", ["discord:1", "discord:dm", "telegram:-1001234567890", "telegram:dm", "telegram:42"])
def test_a_guild_of_either_platform_is_taken(named: str) -> None:
    platform, _, number = named.partition(":")
    assert tenant(named) == Tenant(platform, number)


@pytest.mark.parametrize("named", ["discord:-1", "telegram:town", "telegram:", "matrix:1", "-1001234567890"])
def test_anything_else_is_refused_with_an_example(named: str) -> None:
    with pytest.raises(typer.BadParameter, match="telegram:-100"):
        tenant(named)
