"""The jobs of a guild's first days: say hello, and after three days tell what watching has shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.model import Entry, JobKind, Tenant

REMIND_AFTER: Final = timedelta(hours=72)


def greeting(tenant: Tenant, channel: str | None, joined_at: datetime | None) -> Entry:
    """Say hello in `channel`, once for each time that the bot joins. None: there is nowhere to say it."""
    joined = "" if joined_at is None else joined_at.isoformat()
    return Entry(tenant, f"greet:{joined}", JobKind.GREET, {"channel": channel})


def reminder(tenant: Tenant, version: int, now: datetime, channel: str | None = None) -> Entry:
    """What watching under this version of the policy has shown, in three days: once for each version.

    `channel` is where it is told if the guild has no moderators' channel by then.
    """
    payload = {"policy_version": version, "channel": channel}
    return Entry(tenant, f"remind:{version}", JobKind.REMIND, payload, run_at=now + REMIND_AFTER)
