"""The configuration of commands that do their work and end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.config import Config


def settings(file: Path | None) -> Config:
    """Load it and log to standard error: warnings only, unless a level was asked for. Raises ConfigError."""
    from bot import log
    from bot.config import LogLevel, load

    config = load(file)
    log.configure(config, level=config.log_level if "log_level" in config.model_fields_set else LogLevel.WARNING)
    return config
