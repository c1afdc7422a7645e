"""What an adapter asks of the desk, room by room.

Every method checks the presser's right itself and answers in words; none raises for what a person typed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from bot.model import Answer, Finding, Presser, Tenant
from policies.model import Place, Policy

Survey = Callable[[Policy], Sequence[Finding]]
"""What an adapter finds in a guild, measured by what a policy needs."""


class Wizard(Protocol):
    """The first hour, page by page, for who manages the guild. `survey` is the adapter's self-check."""

    async def open(
        self,
        tenant: Tenant,
        presser: Presser,
        *,
        survey: Survey,
        preset: str | None = None,
        mod_channel: str | None = None,
    ) -> Answer:
        """The page that the presser was at, or the first; what is given counts as chosen there."""
        ...

    async def turn(
        self, tenant: Tenant, presser: Presser, page: str, control: str, values: Sequence[str], *, survey: Survey
    ) -> Answer:
        """A press on a page of the wizard, on the greeting or on the reminder. The answer's page takes its place."""
        ...


class Desk(Protocol):
    """What people ask for, on any platform."""

    @property
    def wizard(self) -> Wizard:
        """The first hour."""
        ...

    async def press(
        self, tenant: Tenant, number: int, verb: str, presser: Presser, *, confirmed: bool = False
    ) -> Answer:
        """A button on a card. A second presser is told who decided."""
        ...

    async def details(self, tenant: Tenant, number: int, presser: Presser) -> Answer:
        """Why a post was removed, for its author (and moderators) alone."""
        ...

    async def setup(
        self, tenant: Tenant, presser: Presser, *, preset: str, mod_channel: str, mode: str, findings: Sequence[Finding]
    ) -> Answer:
        """Save preset, moderators' channel and mode, and say what is still missing."""
        ...

    async def show_policy(self, tenant: Tenant, presser: Presser) -> Answer:
        """The guild's policy in words."""
        ...

    async def set_mode(self, tenant: Tenant, presser: Presser, mode: str) -> Answer:
        """`enforce`, `observe` or `paused`."""
        ...

    async def set_threshold(
        self, tenant: Tenant, presser: Presser, category: str, review: str | None, remove: str | None
    ) -> Answer:
        """A number 0..1 or `never`; None leaves that one as it is."""
        ...

    async def pause(self, tenant: Tenant, presser: Presser, *, resume: bool) -> Answer:
        """The kill switch; resuming goes back to the mode before."""
        ...

    async def check(self, tenant: Tenant, presser: Presser, place: Place, chunks: AsyncIterator[bytes]) -> Answer:
        """Judge a picture without acting: scores by provider and the rule that would fire."""
        ...

    async def doctor(self, tenant: Tenant, presser: Presser, findings: Sequence[Finding]) -> Answer:
        """What is well and what is not, each with its cure."""
        ...
