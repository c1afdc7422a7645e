"""The communities on this instance, as the host keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bot.model.events import Tenant
from providers.names import COSTS_MONEY

PAID = tuple(name for name, costs in COSTS_MONEY.items() if costs)
"""Providers that cost money: off for a guild until the host grants them (ruling 20)."""

HOST = Tenant("host", "console")
"""Whose the pictures are that the host looks at on the command line."""


@dataclass(frozen=True, slots=True)
class Funds:
    """A budget in one month, in US dollars. `ceiling` None: there is none. `spent`: what is on record, and what calls
    that run at this moment may cost."""

    spent: Decimal
    ceiling: Decimal | None = None

    @property
    def left(self) -> Decimal | None:
        """What may still be spent, never below 0; None for any amount."""
        return None if self.ceiling is None else max(Decimal(0), self.ceiling - self.spent)

    def reaches(self, share: Decimal) -> bool:
        """Whether so much of the ceiling is spent."""
        return self.ceiling is not None and self.spent >= share * self.ceiling


@dataclass(frozen=True, slots=True)
class Charges:
    """What a paid provider was paid for one tenant's images in one month: so many calls, together `dollars`."""

    tenant: Tenant
    provider: str
    month: str
    calls: int
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Recipient:
    """A provider outside of this machine that is shown pictures. `delivery`: how it gets them, where there is a choice
    (docs/providers/); `region`: where it is, if that is known."""

    provider: str
    delivery: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """A guild that the bot is in at this moment, as the platform tells. `available` False: an outage hides it,
    and nothing but its id is known. `speaks_in` finds the channel for a greeting, None where the bot may not speak.
    """

    tenant: Tenant
    name: str = ""
    members: int | None = None
    joined_at: datetime | None = None
    available: bool = True
    speaks_in: Callable[[], str | None] = field(default=lambda: None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """One guild in the host's register. `name` is user-made. `cases` is the number of its latest case.

    `limit`: images looked at in a day, None for no limit. `grants`: a paid provider and its ceiling a month,
    as text in US dollars.
    """

    tenant: Tenant
    name: str = ""
    members: int | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    barred: bool = False
    limit: int | None = None
    grants: Mapping[str, str] = field(default_factory=dict)
    cases: int = 0

    @property
    def present(self) -> bool:
        """Whether the bot is in it, as far as is known."""
        return self.joined_at is not None and self.left_at is None
