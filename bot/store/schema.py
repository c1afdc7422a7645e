"""Bring a database to the form that `tables` describes: Alembic, from inside the package."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from bot.store.errors import TooNew, restore_hint


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, path: Path) -> None:
    """All missing migrations, in one transaction. Raises `TooNew` for a later version's database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.begin() as connection:
        current = revision_of(connection)
        if current == scripts.get_current_head():
            return
        if current is not None and current not in {s.revision for s in scripts.walk_revisions()}:
            raise TooNew(
                f"{path} was made by a newer version of the bot (its schema is {current}, the latest known here "
                f"is {scripts.get_current_head()}); upgrade the bot, or go back: {restore_hint(path)}"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
