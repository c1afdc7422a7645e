"""`beholder testcard`, `migrate` and `backup`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.console import Stop, say
from bot.commands.options import ConfigFile
from policies.model import Category

if TYPE_CHECKING:
    from bot.config import Config

_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def testcard(
    category: Annotated[Category, typer.Argument(help="What the card is to be taken for.", show_choices=True)],
    confidence: Annotated[float, typer.Argument(min=0.0, max=1.0, help="How sure, from 0 to 1.")],
    file: Annotated[Path, typer.Argument(help="Where to write it; its ending, .png or .jpg, chooses the format.")],
) -> None:
    """Draw a harmless picture that any deployment flags on purpose, to test the real path with."""
    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        raise typer.BadParameter(f"{file.name!r} must end in .png, .jpg or .jpeg", param_hint="FILE")
    from providers.testcard import draw

    _write(file, draw(category, confidence, kind))
    say(f"{file}: post it, and it is taken for {category} at {confidence:g}")


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Stop(f"{file} cannot be written ({error.strerror}); name another place") from None


def migrate(config_file: ConfigFile = None) -> None:
    """Make the database, or bring it to this version's form. `run` does so by itself."""
    from bot.clock import SystemClock
    from bot.commands.settings import settings
    from bot.store.migrate import bring_up

    config = settings(config_file)
    done = asyncio.run(bring_up(config.database_url, data_dir=config.data_dir, clock=SystemClock()))
    say(f"{config.database} is at revision {done.revision}")
    if done.copy is not None:
        say(f"what it was before is kept in {done.copy}")


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the copy; it must not exist yet.")],
    config_file: ConfigFile = None,
) -> None:
    """Copy the database into FILE, consistently, also while the bot runs."""
    from bot.commands.settings import settings

    asyncio.run(_back_up(settings(config_file), file))
    say(f"{file} is a copy of the database, readable by you alone")


async def _back_up(config: Config, file: Path) -> None:
    from bot.opening import open_store

    if not config.database.exists():
        raise Stop(f"there is no database at {config.database}; check BEHOLDER_DATA_DIR, or --config FILE")
    async with open_store(config) as store:
        try:
            await store.db.backup(file)
        except FileExistsError:
            raise Stop(f"{file} exists; name a file that does not") from None
