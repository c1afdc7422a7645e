"""What an adapter asks of the desk, room by room.

Every method checks the presser's right itself and answers in words; none raises for what a person typed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from bot.model import Answer, Finding, Presser, Tenant
from policies.model import Listed, Place, Policy

Survey = Callable[[Policy], Awaitable[Sequence[Finding]]]
"""What an adapter finds in a guild, measured by what a policy needs. It may ask the platform."""


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


class Rules(Protocol):
    """One rule after the other, for who may change them."""

    async def actions(self, tenant: Tenant, presser: Presser, when: str, acts: str, context: str | None) -> Answer:
        """What follows a `block` or a `review`: names of acts, `nothing`, or for one context `usual`."""
        ...

    async def quarantine(self, tenant: Tenant, presser: Presser, role: str | None) -> Answer:
        """The role that those in quarantine are given, or none. For who manages the guild."""
        ...

    async def surfaces(self, tenant: Tenant, presser: Presser, surface: str, *, on: bool) -> Answer:
        """Whether a surface is looked at."""
        ...

    async def exempt(
        self, tenant: Tenant, presser: Presser, what: str, *, role: str | None = None, member: str | None = None
    ) -> Answer:
        """`add`, `remove` or `list` whose posts are never acted on."""
        ...

    async def budget(self, tenant: Tenant, presser: Presser, rule: str) -> Answer:
        """What becomes of doubtful images once the money for paid providers is spent: a `WhenSpent` by its name."""
        ...

    async def require(self, tenant: Tenant, presser: Presser, category: str, *, on: bool) -> Answer:
        """Whether an image that nobody assessed for a category is shown to moderators."""
        ...

    async def near(self, tenant: Tenant, presser: Presser, *, on: bool) -> Answer:
        """Whether what nearly looks like an image that was removed or blocked here is shown to moderators."""
        ...


class Places(Protocol):
    """What differs in some places, for who may change the rules."""

    async def context(
        self,
        tenant: Tenant,
        presser: Presser,
        context: str,
        category: str,
        review: str | None,
        remove: str | None,
        *,
        reset: bool = False,
    ) -> Answer:
        """A category's limits in one context; with `reset` and no limits, those that hold everywhere again."""
        ...

    async def channel(
        self,
        tenant: Tenant,
        presser: Presser,
        channel: str,
        *,
        exempt: bool | None = None,
        context: str | None = None,
        category: str | None = None,
        review: str | None = None,
        remove: str | None = None,
        reset: bool = False,
    ) -> Answer:
        """What differs in one channel; nothing given shows it, `reset` forgets it (with a category, only that)."""
        ...


class Exchange(Protocol):
    """Whole policies: what replaces everything is shown first, and taken over at the second press."""

    async def preset(self, tenant: Tenant, presser: Presser, name: str, *, seen: int | None = None) -> Answer:
        """Another preset. `seen`: the version of the rules beside which its change was shown."""
        ...

    async def export(self, tenant: Tenant, presser: Presser) -> Answer:
        """The policy as a YAML file."""
        ...

    async def read_in(self, tenant: Tenant, presser: Presser, content: bytes) -> Answer:
        """A YAML file: all its problems, or what it would change."""
        ...

    async def turn(self, tenant: Tenant, presser: Presser, page: str, control: str) -> Answer:
        """The button below what was shown."""
        ...


class Records(Protocol):
    """Cases, for who may see them; never with a picture."""

    async def view(self, tenant: Tenant, presser: Presser, number: int) -> Answer:
        """One case, with the buttons of its state for who may decide."""
        ...

    async def listing(
        self, tenant: Tenant, presser: Presser, *, state: str | None = None, author: str | None = None
    ) -> Answer:
        """The newest ten."""
        ...

    async def turn(self, tenant: Tenant, presser: Presser, control: str) -> Answer:
        """Older or newer ones."""
        ...


class Images(Protocol):
    """The guild's lists of exact images."""

    async def enlist(
        self,
        tenant: Tenant,
        presser: Presser,
        listed: Listed,
        *,
        pictures: Sequence[AsyncIterator[bytes]] = (),
        case: int | None = None,
        why: str = "",
    ) -> Answer:
        """Block or allow exact images, given as bytes or by a case's number."""
        ...

    async def remove(self, tenant: Tenant, presser: Presser, ident: str) -> Answer:
        """Take one off by how its SHA-256 begins."""
        ...

    async def listing(self, tenant: Tenant, presser: Presser, *, control: str = "") -> Answer:
        """Ten of them; `control`: what a button below said."""
        ...

    async def suggest(self, tenant: Tenant, presser: Presser, typed: str) -> Sequence[tuple[str, str]]:
        """(SHA-256, label) of at most 25 entries; none for who may not see them."""
        ...


class Sanctions(Protocol):
    """What moderators do to the author of a case."""

    async def sanction(
        self, tenant: Tenant, number: int, value: str, presser: Presser, *, confirmed: bool = False
    ) -> Answer:
        """A choice of a card's select (`Card.sanctions`). Once within a case: a second presser is told who did it.
        Throwing somebody out asks again, with a button whose verb is `sanction:` and the value."""
        ...


class Desk(Sanctions, Protocol):
    """What people ask for, on any platform."""

    @property
    def rules(self) -> Rules:
        """The rules, one by one."""
        ...

    @property
    def places(self) -> Places:
        """What differs in some places."""
        ...

    @property
    def exchange(self) -> Exchange:
        """The rules as a whole."""
        ...

    @property
    def records(self) -> Records:
        """The cases."""
        ...

    @property
    def images(self) -> Images:
        """The lists."""
        ...

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
