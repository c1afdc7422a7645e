"""The middle of the street with a real store, real policies and a real router; only the ends are pretended.

A picture is a few bytes that say what they show (`shows("bad", 1)`); the chat is a community that
outlives every restart of the bot.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from bot.allowance import Allowance
from bot.budget import Budget
from bot.caps import Caps
from bot.chores import Chores
from bot.desk.announcing import Announcing
from bot.effects import Effects
from bot.firstdays import FirstDays
from bot.late import Late
from bot.looking import Eyes
from bot.media.intake import Intake
from bot.model import (
    Action,
    Author,
    Capabilities,
    Case,
    EditCard,
    Effect,
    Event,
    EventKind,
    Job,
    JobKind,
    Media,
    MediaKind,
    Outcome,
    OutcomeState,
    PostCard,
    PostPage,
    Restore,
    Say,
    Tenant,
    Warn,
)
from bot.outages import Outages
from bot.pipeline import Pipeline
from bot.planning import Always, HostsPlan, Planner, by_grant
from bot.ports import Gone, Submit, Unfetchable
from bot.screening import Screener
from bot.spent import SpentNotice
from bot.store.codec import event_from
from bot.store.database import Database
from bot.store.store import Store
from bot.waiting import Waiting
from bot.work import Work
from policies.model import (
    Act,
    Category,
    Context,
    Evidence,
    Frames,
    Label,
    Mode,
    Place,
    Policy,
    Screening,
    Unscreened,
    UnscreenedReason,
    Verdict,
    Versions,
)
from providers.base import Ask, Image, Provider, Ticket
from providers.bills import charge
from providers.errors import BadRequest, ProviderError, Unavailable
from providers.guard import Guard
from providers.paid import Paid
from providers.plans import Together
from providers.router import Router
from tests.clock import FakeClock

HOME = Tenant("discord", "100")
AWAY = Tenant("discord", "200")
GENERAL = Place(Context.GROUP_MESSAGE, "7")
MODS = "9"
ANN = Author("42")
SMALL_BALLAST = 64 * 1024
DONE = Outcome(OutcomeState.DONE)
LATER = Outcome(OutcomeState.FAILED, "not now", retry=True)
REFUSED = Outcome(OutcomeState.REFUSED, "I lack the right")

SCORES: Mapping[str, tuple[Category, float]] = {
    "bad": (Category.SEXUAL_EXPLICIT, 0.95),
    "doubtful": (Category.SEXUAL_EXPLICIT, 0.6),
    "hateful": (Category.HATE, 0.97),
    "weak": (Category.SEXUAL_EXPLICIT, 0.4),
}


def shows(what: str, serial: int = 0, *, card: str = "") -> bytes:
    """A picture of `what`: a key of `SCORES`, `fine`, or the value of an `UnscreenedReason`.
    `card`: a QR code on it, for example `sexual_explicit:0.9`."""
    return f"{what}|{serial}|{card}".encode()


def sha(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


class Pretended(Intake):
    """An intake that reads the words of such pictures, and makes evidence of them in words."""

    def __init__(self) -> None:
        super().__init__(workers=1)
        self.opened = 0
        self.breaks: Exception | None = None

    async def open(self, original: bytes) -> Image | Unscreened:
        self.opened += 1
        what, _, card = original.decode().split("|")
        if what in list(UnscreenedReason):
            return Unscreened("media", UnscreenedReason(what), "as told")
        codes = (f"beholder:test:{card}",) if card else ()
        return Image(sha(original), "png", 640, 480, Frames(), still=original, codes=codes)

    async def picture(self, still: bytes, level: Evidence) -> bytes | None:
        if self.breaks is not None:
            raise self.breaks
        return f"{level.value} of {still.decode()}".encode()


class Judge:
    """A provider that reads a picture's words. `down`: it cannot be reached; `fails`: what it ends with instead."""

    covers = frozenset(Category)
    version = "1/1/1"

    def __init__(self, name: str = "local") -> None:
        self.name = name
        self.down = False
        self.fails: ProviderError | None = None
        self.asked: list[str] = []

    def cache_key(self, ask: Ask) -> str:
        return ""

    async def screen(self, image: Image, ask: Ask) -> Screening:
        self.asked.append(image.sha256)
        if self.down:
            raise Unavailable(f"{self.name} is down")
        if self.fails is not None:
            raise self.fails
        what = image.still.decode().partition("|")[0]
        labels = (Label(SCORES[what][0], what, SCORES[what][1]),) if what in SCORES else ()
        return Verdict(self.name, labels, self.covers, Versions("1", "1", "1"))

    async def resume(self, ticket: Ticket) -> Screening:
        raise BadRequest("nothing is pending")

    async def aclose(self) -> None: ...


class PaidJudge(Judge):
    """One that costs a dollar a picture."""

    async def price(self, image: Image, ask: Ask) -> Decimal:
        return Decimal(1)

    async def screen(self, image: Image, ask: Ask) -> Screening:
        charge(Decimal(1))
        return await super().screen(image, ask)


Bytes = bytes | Gone | Unfetchable


@dataclass
class Chat:
    """`bot.ports.Platform`: a community, with what stands in its channels. Answers as scripted, else well."""

    name: str = "discord"
    capabilities: Capabilities = Capabilities(frozenset(Act), private_notice=True, history=True, evidence=True)
    pictures: dict[str, Bytes] = field(default_factory=dict)
    reduced: dict[str, Bytes] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    script: dict[type, list[Outcome | Exception]] = field(default_factory=dict)  # by action; when empty: done
    found: Outcome | None = None  # what `find` says, if not the truth
    posted: list[tuple[type, str, str]] = field(default_factory=list)  # action, nonce, id
    sought: list[str] = field(default_factory=list)
    witness: Callable[[Action], object] = lambda action: None
    gate: asyncio.Event | None = None  # what every action waits for
    fetched: list[str] = field(default_factory=list)  # keys of media

    async def run(self, submit: Submit) -> None:
        raise NotImplementedError

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        self.fetched.append(media.key)
        content = (self.reduced if reduced else self.pictures).get(media.key, Gone())
        if isinstance(content, Exception):
            raise content
        yield content

    async def perform(self, action: Action) -> Outcome:
        self.witness(action)
        self.actions.append(action)
        if self.gate is not None:
            await self.gate.wait()
        if scripted := self.script.get(type(action)):
            answer = scripted.pop(0)
            if isinstance(answer, Exception):
                raise answer
            if answer.state is not OutcomeState.DONE:
                return answer
        return self._post(action) if isinstance(action, Warn | PostCard | PostPage | Say | Restore) else DONE

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        self.sought.append(nonce)
        if self.found is not None:
            return self.found
        ids = [ident for _, known, ident in self.posted if known == nonce]
        return Outcome(OutcomeState.DONE, ref=ids[0]) if ids else Outcome(OutcomeState.FAILED, "it was not posted")

    def _post(self, action: Warn | PostCard | PostPage | Say | Restore) -> Outcome:
        ident = str(5000 + len(self.posted))
        self.posted.append((type(action), action.nonce, ident))
        return Outcome(OutcomeState.DONE, ref=ident)

    def of(self, kind: type) -> list[Any]:
        """The actions of one kind that were asked for."""
        return [a for a in self.actions if isinstance(a, kind)]

    @property
    def done(self) -> list[str]:
        """What was asked for, by name, in order."""
        return [type(a).__name__ for a in self.actions]

    @property
    def cards(self) -> list[PostCard]:
        return self.of(PostCard)

    @property
    def edits(self) -> list[EditCard]:
        return self.of(EditCard)


def as_it_is(port: Any) -> Any:
    return port


class Street:
    """One life of the bot after another, in one folder, beside one chat."""

    def __init__(self, folder: Path, clock: FakeClock, providers: Sequence[Judge] = ()) -> None:
        self.folder = folder
        self.clock = clock
        self.chat = Chat()
        self.intake = Pretended()
        self.judges = tuple(providers) or (Judge(),)
        self.ceiling: Decimal | None = None
        self.guarded = False  # whether the judges stand behind guards, as they do in the bot
        self.guards: dict[str, Guard] = {}
        self._serial = 1000
        self.store: Store

    @property
    def judge(self) -> Judge:
        return self.judges[0]

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self.router.aclose()
        await self.store.close()

    async def begin(self, wrap: Callable[[Any], Any] = as_it_is) -> None:
        """A new life: everything that only memory holds is new. `wrap` is put around every port."""
        database = await Database.open(None, data_dir=self.folder, clock=self.clock, ballast=SMALL_BALLAST)
        self.store = store = Store(database, self.clock)
        self.budget = Budget(store.guilds, store.spending, self.clock, ceiling=self.ceiling)
        self.guards = {j.name: Guard(j, clock=self.clock) for j in self.judges} if self.guarded else {}
        self.router = Router({j.name: self._payable(j) for j in self.judges}, store.verdicts)
        self.screener = Screener(self.intake, self.router, self._planner(), fingerprints=store.fingerprints)
        journal, ledger, lists, settings = (wrap(p) for p in (store.journal, store.ledger, store.lists, store.settings))
        platforms = {self.chat.name: wrap(self.chat)}
        self.effects = Effects(platforms=platforms, ledger=ledger, settings=settings, journal=journal, clock=self.clock)
        self.waiting = Waiting(journal, self.clock, self.guards)
        self.outages = Outages(
            providers=self.guards,
            waiting=self.waiting,
            book=wrap(store.outages),
            settings=settings,
            performer=self.effects,
            clock=self.clock,
        )
        self.late = Late({j.name: j for j in self.judges}, store.verdicts, self.waiting.arrived)
        self.pipeline = Pipeline(
            eyes=Eyes(platforms, self.screener, lists),
            screener=self.screener,
            journal=journal,
            ledger=ledger,
            settings=settings,
            lists=lists,
            likenesses=wrap(store.likenesses),
            effects=self.effects,
            caps=Caps(ledger, self.clock),
            clock=self.clock,
            waiting=self.waiting,
            allowance=Allowance(store.guilds, ledger, self.clock),
            spent=SpentNotice(Announcing(ledger, self.effects), store.spending, self.clock),
        )
        chores = Chores(platforms=platforms, journal=journal, ledger=ledger, effects=self.effects)
        days = FirstDays(
            settings=settings,
            ledger=ledger,
            journal=journal,
            performer=self.effects,
            clock=self.clock,
            coverage={j.name: j.covers for j in self.judges},
            capabilities=lambda tenant: platforms[tenant.platform].capabilities,
        )
        handlers = {
            JobKind.GREET: days.greet,
            JobKind.REMIND: days.remind,
            JobKind.EVENT: self._event,
            JobKind.FOLLOW_UP: self._follow_up,
            JobKind.RETRACT: chores.retract,
            JobKind.FORGET_EVIDENCE: chores.forget_evidence,
        }
        self.work = Work(journal, handlers, self.clock, workers=4)

    def _payable(self, judge: Judge) -> Provider:
        provider = self.guards.get(judge.name, judge)
        return Paid(provider, judge, self.budget) if isinstance(judge, PaidJudge) else provider

    def _planner(self) -> Planner:
        """The host's, where one of the judges costs money."""
        if not any(isinstance(j, PaidJudge) for j in self.judges):
            return Always(Together(tuple(j.name for j in self.judges)))
        coverage = {j.name: j.covers for j in self.judges}
        return HostsPlan(coverage, by_grant(self.store.guilds), low=self.budget.low, clock=self.clock)

    async def restart(self, wrap: Callable[[Any], Any] = as_it_is) -> None:
        """What is in memory is lost; older leases are void."""
        await self.aclose()
        await self.begin(wrap)
        await self.store.journal.recover()
        await self.waiting.begin()

    async def _event(self, job: Job) -> None:
        await self.pipeline.handle(job, event_from(job.payload))

    async def _follow_up(self, job: Job) -> None:
        await self.pipeline.follow_up(job, event_from(job.payload))

    # --- what happens ---------------------------------------------------------------------------

    async def policy(self, tenant: Tenant = HOME, **changes: Any) -> Policy:
        """Change a guild's policy; by default in `enforce`, with a moderators' channel."""
        before, version = await self.store.settings.policy(tenant)
        fresh = {"mode": Mode.ENFORCE, "mod_channel": MODS} if version == 0 else {}
        policy = replace(before, **{**fresh, **changes})
        await self.store.settings.save(tenant, policy, "host", "a test")
        return policy

    def event(self, *pictures: Bytes, message: str = "", **changes: Any) -> Event:
        """A post that shows `pictures`, not yet seen by the bot."""
        media = tuple(self.media(p) for p in pictures)
        self._serial += 1
        fields: dict[str, Any] = {
            "tenant": HOME,
            "kind": EventKind.MESSAGE,
            "place": GENERAL,
            "message": message or str(self._serial),
            "version": "0",
            "author": ANN,
            "media": media,
            "at": self.clock.now(),
        }
        return Event(**(fields | changes))

    def media(self, picture: Bytes, **changes: Any) -> Media:
        self._serial += 1
        key = f"attachment:{self._serial}"
        self.chat.pictures[key] = picture
        return replace(Media(MediaKind.ATTACHMENT, key), **changes)

    async def see(self, *events: Event) -> None:
        """As the adapter does it, and then all that is due."""
        await self.work.submit(events)
        await self.work_off()

    async def post(self, *pictures: Bytes, **changes: Any) -> Event:
        """Post, and judge."""
        event = self.event(*pictures, **changes)
        await self.see(event)
        return event

    async def work_off(self) -> None:
        """All that is in hand or due."""
        self.work._take_in(await self.store.journal.take(100))
        while len(self.work._turns):
            job = self.work._turns.next()
            await self.work._supervised(job)
            self.work._turns.done(job)

    async def later(self, seconds: float) -> None:
        """Let time pass, then do what has fallen due."""
        await self.clock.advance(seconds)
        await self.work_off()

    async def rounds(self, seconds: float, step: float = 10.0) -> None:
        """Let time pass in steps, with everything that looks again and again."""
        for _ in range(round(seconds / step)):
            await self.clock.advance(step)
            await self.waiting.look()
            await self.outages.look()
            await self.work_off()

    async def abandoned(self, *pictures: Bytes, **changes: Any) -> tuple[Effect, ...]:
        """A post of which the case was written, and then the process ended: what was to be done."""
        run = self.effects.run
        concluded: list[Effect] = []

        async def end(effects: Sequence[Effect], **kwargs: Any) -> tuple[Outcome, ...]:
            concluded.extend(effects)
            raise asyncio.CancelledError

        self.effects.run = end  # type: ignore[method-assign]
        with suppress(asyncio.CancelledError):
            await self.post(*pictures, **changes)
        self.effects.run = run  # type: ignore[method-assign]
        return tuple(concluded)

    async def sweep(self, seconds: float = 60.0) -> int:
        """Let time pass, then take up what is unsettled."""
        await self.clock.advance(seconds)
        return await self.effects.sweep()

    # --- what is on record ----------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the file beside the bot, as another process would."""
        connection = sqlite3.connect(f"file:{self.folder / 'beholder.db'}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    async def case(self, number: int = 1, tenant: Tenant = HOME) -> Case:
        found = await self.store.ledger.case(tenant, number)
        assert found is not None
        return found

    async def empty(self, table: str) -> None:
        """As if nothing had ever been written there."""
        await self.store.db.write(partial(Connection.exec_driver_sql, statement=f"DELETE FROM {table}"))

    @property
    def suggestions(self) -> list[str]:
        """Of all decisions, oldest first."""
        return [s for (s,) in self.rows("SELECT suggestion FROM decisions ORDER BY id")]

    @property
    def cases(self) -> int:
        [(count,)] = self.rows("SELECT count(*) FROM cases")
        return int(count)

    @property
    def strikes(self) -> int:
        [(count,)] = self.rows("SELECT count(*) FROM strikes")
        return int(count)

    def jobs(self, kind: str = "event") -> list[str]:
        """States of the journal's jobs of one kind, oldest first."""
        return [s for (s,) in self.rows("SELECT state FROM jobs WHERE kind = ? ORDER BY id", kind)]

    def effects_of(self, kind: str) -> list[tuple[str, int]]:
        """(state, attempts) of each effect of one kind, oldest first."""
        return self.rows("SELECT state, attempts FROM effects WHERE kind = ? ORDER BY id", kind)
