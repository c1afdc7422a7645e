"""Bring an older database to the form that `tables` describes: Alembic, from inside the package."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from bot.store.copies import copied_before
from bot.store.errors import TooNew, restore_hint
from bot.store.schema import MIGRATIONS, revision_of


def migrate(engine: Engine, path: Path, now: datetime) -> Path | None:
    """All missing migrations, in one transaction. Returns the copy that was made of an older form before.

    Raises as `bot.store.schema.upgrade`.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    copy = None
    with ExitStack() as kept, engine.begin() as connection:  # the copy is let go after the commit
        current = revision_of(connection)
        if current is not None:
            _require_known(current, ScriptDirectory.from_config(config), path)
            copy = kept.enter_context(copied_before(path, current, now))  # we hold the lock: nobody else writes
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return copy


def _require_known(revision: str, scripts: ScriptDirectory, path: Path) -> None:
    if revision not in {s.revision for s in scripts.walk_revisions()}:
        raise TooNew(
            f"{path} was made by a newer version of the bot (its schema is {revision}, the latest known here "
            f"is {scripts.get_current_head()}); upgrade the bot, or go back: {restore_hint(path)}"
        )
