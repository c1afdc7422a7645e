"""What the host knows and wants of the communities on this instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.model import Membership, Presence, Tenant


class Register(Protocol):
    """One row a guild. Reads come from memory; what another process writes is seen within a second."""

    async def one(self, tenant: Tenant) -> Membership:
        """What is known of a guild; all defaults for one that was never seen."""
        ...

    async def every(self) -> Mapping[Tenant, Membership]:
        """All that were ever seen or spoken of, the longest known first."""
        ...

    async def arrived(self, present: Sequence[Presence], *, greeted: frozenset[Tenant] = frozenset()) -> None:
        """The bot is in these guilds. In one commit; also for guilds that only changed their name or size."""
        ...

    async def left(self, tenants: Sequence[Tenant]) -> None:
        """The bot is in these no more. What they stored is kept until retention takes it."""
        ...

    async def bar(self, tenant: Tenant, barred: bool) -> None:
        """Whether the bot shall leave and stay away."""
        ...

    async def limit(self, tenant: Tenant, images: int | None) -> None:
        """How many images are looked at in a day; None: no limit."""
        ...

    async def grant(self, tenant: Tenant, provider: str, ceiling: str | None) -> None:
        """What a paid provider may cost in a month; None takes the grant back."""
        ...


class Door(Protocol):
    """What an adapter asks about guilds (`bot.door.Door`)."""

    async def looks_at(self, tenant: Tenant) -> bool:
        """Whether what happens there is looked at: not in a guild that the host does not want. Never raises for
        a disk that fails: no post is lost for want of the register."""
        ...

    async def follow(self, present: Sequence[Presence]) -> list[Presence]:
        """Bring the register up to `present`, which is every guild the bot is in; returns those to be left."""
        ...


class Moves(Protocol):
    """A guild whose platform gives it another id, as Telegram does when a group becomes a supergroup."""

    async def rekey(self, old: Tenant, new: Tenant) -> None:
        """What was kept of `old` is kept of `new` from now on, in one commit; `old` still finds it, so that jobs and
        effects under way go on. What `new` had collected already joins it: its cases are numbered after the others,
        its settings, being the later ones, hold. Policies that name the chat name the new one. Idempotent."""
        ...
