"""Policy files on the host's own disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.commands.console import Stop
from bot.yamls import Unreadable, parse

MOST = 1 << 20  # bytes: no policy is that long


def read(file: Path) -> dict[str, Any]:
    """The mapping in `file`. Raises Stop with the line and the cure."""
    try:
        if file.stat().st_size > MOST:
            raise Stop(f"{file} is not a policy: it is larger than {MOST >> 20} MB")
        return parse(file.read_bytes())
    except OSError as error:
        raise Stop(f"{file} cannot be read ({error.strerror}); check the path and its permissions") from None
    except Unreadable as error:
        raise Stop(f"{file} cannot be read: {error}") from None
