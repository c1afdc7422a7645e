"""A guild with a real ledger behind the desk; only the hands and the eyes are pretended."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.desk.desk import Desk
from bot.media.fetch import collect
from bot.model import (
    ABLE,
    Author,
    Capabilities,
    CardRef,
    Case,
    CaseState,
    Effect,
    EffectKind,
    Entry,
    Event,
    EventKind,
    Funds,
    JobKind,
    Judged,
    Look,
    Origin,
    Outcome,
    OutcomeState,
    Plan,
    Presser,
    Ruling,
    Tenant,
)
from bot.ports import Ledger, Link, no_link
from bot.store.codec import event_payload
from bot.store.store import Store
from policies.model import Category, Context, Evidence, Place, Policy, Standing
from tests.bot.cases import GUILD, LOOK, REMOVAL, SEEN, START, image
from tests.clock import FakeClock

ELSEWHERE = Tenant("discord", "200")
COVERAGE = {"local": frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE, Category.ADVERTISING})}
MODERATOR = Presser("55", "Mo", rights=frozenset({"moderate"}))
MANAGER = Presser("66", "Ada", rights=frozenset({"manage"}))
ROLE = Presser("77", "Rolf", roles=frozenset({"900"}))
AUTHOR = Presser("42", "Art")
STRANGER = Presser("88", "Sam", rights=frozenset({"punish"}))
DONE = Outcome(OutcomeState.DONE)


@dataclass
class Hands:
    """`bot.ports.Performer`: settles as told, and keeps the order of what it was asked."""

    ledger: Ledger
    outcomes: dict[EffectKind, Outcome] = field(default_factory=dict)
    performed: list[Effect] = field(default_factory=list)

    async def run(self, effects: Sequence[Effect]) -> tuple[Outcome, ...]:
        return tuple([await self._one(effect) for effect in effects])

    async def _one(self, effect: Effect) -> Outcome:
        outcome = self.outcomes.get(effect.kind, DONE)
        self.performed.append(effect)
        await self.ledger.settle(effect, outcome)
        return outcome

    @property
    def kinds(self) -> list[EffectKind]:
        return [e.kind for e in self.performed]

    def bodies(self, kind: EffectKind) -> list[dict[str, object]]:
        return [dict(e.body) for e in self.performed if e.kind is kind]


@dataclass
class Eyes:
    """`bot.ports.Screener`: sees what it is told to see, or raises it."""

    sees: Look | Exception = field(default_factory=lambda: Look("c" * 64, (SEEN,)))
    asked: list[Policy] = field(default_factory=list)

    async def look(
        self,
        chunks: AsyncIterator[bytes],
        policy: Policy,
        place: Place,
        *,
        tenant: Tenant | None = None,
        joined: datetime | None = None,
        claimed: bool = True,
        link: Link = no_link,
    ) -> Look:
        self.asked.append(policy)
        if isinstance(self.sees, Exception):
            raise self.sees
        return self.sees

    async def identify(self, chunks: AsyncIterator[bytes]) -> str | None:
        if isinstance(self.sees, Exception):
            raise self.sees
        whole = await collect(chunks, cap=1 << 25, deadline=30, claimed=False)
        return None if whole is None else hashlib.sha256(whole).hexdigest()


class World:
    """One guild, its desk, and ways to bring cases about."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.hands = Hands(store.ledger)
        self.eyes = Eyes()
        self.states = dict.fromkeys(COVERAGE, "ok")
        self.funds: dict[str, Funds] = {}
        self.able: dict[str, Capabilities] = {}
        self.desk = Desk(
            ledger=store.ledger,
            settings=store.settings,
            lists=store.lists,
            likenesses=store.likenesses,
            screener=self.eyes,
            performer=self.hands,
            journal=store.journal,
            clock=clock,
            drafts=store.drafts,
            coverage=COVERAGE,
            states=lambda: self.states,
            funds=self._funds,
            capabilities=lambda tenant: self.able.get(tenant.platform, ABLE),
        )
        self._messages = 0

    async def _funds(self, tenant: Tenant) -> dict[str, Funds]:
        return self.funds

    async def policy(self, tenant: Tenant = GUILD, /, **changes: object) -> Policy:
        """Change the guild's policy directly; returns what now holds."""
        policy, _ = await self.store.settings.policy(tenant)
        if changes:
            policy = replace(policy, **changes)  # type: ignore[arg-type]
            await self.store.settings.save(tenant, policy, "host", "policy apply")
        return policy

    async def open(
        self,
        origin: Origin,
        *,
        images: Sequence[Judged] | None = None,
        evidence: Evidence = Evidence.MOSAIC,
        author: Author = Author("42"),
        place: Place = Place(Context.GROUP_MESSAGE, "7"),
        plans: Sequence[Plan] | None = None,
        ends: Outcome = DONE,
        kind: EventKind = EventKind.MESSAGE,
        tenant: Tenant = GUILD,
    ) -> int:
        """A case as the pipeline leaves it: effects done as `ends`, one card posted. Returns its number."""
        self._messages += 1
        message = str(1000 + self._messages) if kind not in (EventKind.AVATAR, EventKind.COVER) else ""
        decision = LOOK if origin is Origin.REVIEW else REMOVAL
        shown = tuple(images if images is not None else [image(self._messages, decision)])
        event = Event(tenant, kind, place, message, str(self._messages), author, tuple(i.media for i in shown), START)
        [job] = await self.store.journal.put(
            [Entry(tenant, event.key, JobKind.EVENT, event_payload(event), event.subject)], lease=True
        )
        if plans is None:
            delete = Plan(EffectKind.DELETE, {"channel": place.channel, "message": message})
            plans = () if origin is Origin.REVIEW else (delete,)
        ruling = Ruling(
            event=event,
            standing=Standing(author.id),
            images=shown,
            decision=decision,
            policy_version=0,
            observed=origin is Origin.OBSERVED,
            plans=tuple(plans),
            origin=origin,
            strikes=tuple(i.sha256 for i in shown) if origin is Origin.REMOVED else (),
        )
        concluded = await self.store.ledger.conclude(job, ruling)
        assert concluded.case is not None
        ended = Outcome(OutcomeState.SIMULATED) if origin is Origin.OBSERVED else ends
        for effect in concluded.effects:
            await self.store.ledger.settle(effect, ended)
        await self.store.ledger.card_posted(tenant, concluded.case, CardRef("9", f"{1000 + self._messages}1", evidence))
        return concluded.case

    async def case(self, number: int) -> Case:
        found = await self.store.ledger.case(GUILD, number)
        assert found is not None
        return found

    async def closed(self, origin: Origin, state: CaseState) -> int:
        """A case that Ann has decided, or nobody in time."""
        number = await self.open(origin)
        if state is not CaseState.OPEN:
            assert await self.store.ledger.decide_case(GUILD, number, state, "99")
        return number


async def nothing() -> AsyncIterator[bytes]:
    """A stream that the pretended eyes never read."""
    yield b""
