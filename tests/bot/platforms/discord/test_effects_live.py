"""The effects table before a Discord that is in trouble: every kind of act ends as it should, once.

discord.py sends neither a 503 nor a connection that was reset again; a row does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.effects import Effects
from bot.model import (
    Author,
    Case,
    Effect,
    EffectKind,
    EffectState,
    Entry,
    Event,
    EventKind,
    JobKind,
    Origin,
    Outcome,
    OutcomeState,
    Plan,
    Ruling,
    TimeoutMember,
)
from bot.sandbox.faults import Break, Fault
from bot.store.codec import event_payload
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.store.store import Store
from policies.model import Context, Evidence, Place, Standing
from tests.bot.cases import LOOK, REMOVAL, image
from tests.bot.platforms.discord.conftest import BriskClock, Live
from tests.bot.platforms.discord.test_actions import MEMBER, MESSAGE, MESSAGES
from tests.bot.platforms.discord.test_deletions import REACTION
from tests.bot.platforms.discord.test_quarantine import ROLE, Court
from tests.bot.platforms.discord.test_sanctions import BAN
from tests.bot.platforms.discord.world import PNG, later

K = EffectKind
ROUTES = {
    K.DELETE: ("DELETE", MESSAGE),
    K.UNREACT: ("DELETE", REACTION),
    K.WARN: ("POST", MESSAGES),
    K.TIMEOUT: ("PATCH", MEMBER),
    K.QUARANTINE: ("PUT", ROLE),
    K.KICK: ("DELETE", MEMBER),
    K.BAN: ("PUT", BAN),
    K.UNBAN: ("DELETE", BAN),
    K.CARD: ("POST", MESSAGES),
    K.EDIT_CARD: ("PATCH", MESSAGE),
    K.SAY: ("POST", MESSAGES),
    K.RESTORE: ("POST", MESSAGES),
}
TROUBLE: dict[str, dict[str, Any]] = {
    "503 for a while": {"status": 503, "times": 5},
    "reset before": {"reset": Break.BEFORE, "times": 5},
    "answer lost": {"reset": Break.AFTER, "times": 1},
}


class Table(Court):
    """A court whose acts go through rows on a real disk."""

    def __init__(self, live: Live, store: Store) -> None:
        super().__init__(live)
        self.store = store
        self.effects = self.life()
        self.bad = self.d.emoji(self.guild, "bad", PNG)
        self.d.react(self.post, self.ann, self.bad)

    def life(self) -> Effects:
        """The performer of a process that has just begun."""
        store = self.store
        return Effects(
            platforms={"discord": self.live.platform},
            ledger=store.ledger,
            settings=store.settings,
            journal=store.journal,
            clock=BriskClock(),
        )

    async def open(self, *plans: Plan) -> tuple[Effect, ...]:
        """A case with these effects, none of them begun."""
        removes = any(p.kind in (K.DELETE, K.UNREACT) for p in plans)
        place = Place(Context.GROUP_MESSAGE, str(self.channel.id))
        shown = image(decision=REMOVAL if removes else LOOK)
        event = Event(
            self.tenant,
            EventKind.MESSAGE,
            place,
            str(self.post.id),
            "1",
            Author(str(self.ann.id)),
            (shown.media,),
            later(0),
        )
        entry = Entry(self.tenant, event.key, JobKind.EVENT, event_payload(event), event.subject)
        [job] = await self.store.journal.put([entry], lease=True)
        origin = Origin.REMOVED if removes else Origin.REVIEW
        ruling = Ruling(
            event, Standing(str(self.ann.id)), (shown,), shown.decision, 0, observed=False, plans=plans, origin=origin
        )
        return (await self.store.ledger.conclude(job, ruling)).effects

    async def case(self) -> Case:
        found = await self.store.ledger.case(self.tenant, 1)
        assert found is not None
        return found

    async def plan(self, kind: EffectKind) -> Plan:
        """What such a row says, with what it needs set up."""
        who, here, mods = str(self.ann.id), str(self.channel.id), str(self.mods.id)
        if kind is K.UNBAN:
            await self.perform(self.ban(case=1))
        card = ""
        if kind in (K.EDIT_CARD, K.RESTORE):
            card = (await self.perform(self.card())).ref or ""
        return {
            K.DELETE: Plan(kind, {"channel": here, "message": str(self.post.id)}),
            K.UNREACT: Plan(
                kind, {"channel": here, "message": str(self.post.id), "emoji": self.bad.strip("<>").split(":")[2]}
            ),
            K.WARN: Plan(kind, {"channel": here, "author": who}),
            K.TIMEOUT: Plan(kind, {"author": who, "until": later(10).isoformat()}),
            K.QUARANTINE: Plan(kind, {"author": who, "role": str(self.role.id), "on": True}),
            K.KICK: Plan(kind, {"author": who}),
            K.BAN: Plan(kind, {"author": who, "delete_seconds": 0}),
            K.UNBAN: Plan(kind, {"author": who, "real": True}),
            K.CARD: Plan(kind, {"channel": mods, "evidence": Evidence.NONE}),
            K.EDIT_CARD: Plan(kind, {"channel": mods, "message": card}),
            K.SAY: Plan(kind, {"channel": here, "text": "hello", "author": who}),
            K.RESTORE: Plan(
                kind, {"channel": here, "author": who, "card_channel": mods, "card_message": card, "real": True}
            ),
        }[kind]

    def happened(self, kind: EffectKind) -> int:
        """How often Discord shows that it was done."""
        members = self.guild.members
        mine = [m for m in self.channel.messages.values() if m.author is self.d.world.bot]
        match kind:
            case K.DELETE:
                return int(self.post.deleted_at is not None)
            case K.UNREACT:
                return int(not self.post.reacted)
            case K.TIMEOUT:
                return int(members[self.ann.id].timeout_until is not None)
            case K.QUARANTINE:
                return self.roles.count(self.role.id)
            case K.KICK:
                return int(self.ann.id not in members)
            case K.BAN:
                return int(self.ann.id in self.guild.bans)
            case K.UNBAN:
                return int(self.ann.id not in self.guild.bans)
            case K.CARD:
                return len(self.mods.messages)
            case K.EDIT_CARD:
                return sum(m.edited_at is not None for m in self.mods.messages.values())
        return len(mine)


@asynccontextmanager
async def table(live: Live, folder: Path) -> AsyncIterator[Table]:
    data = folder / "data"
    data.mkdir(mode=0o700)
    await migrate(None, data_dir=data, clock=BriskClock())
    async with await Database.open(None, data_dir=data, clock=BriskClock(), ballast=64 * 1024) as database:
        table = Table(live, Store(database, BriskClock()))
        await table.in_time()
        client = live.platform.connected
        assert client is not None
        await table.d.until(lambda: client.get_channel(table.mods.id))
        yield table


async def sweep(table: Table, times: int = 1) -> None:
    """As a process that starts anew would: everything is due."""
    for _ in range(times):
        await table.life().sweep()


def test_every_kind_of_act_on_discord_is_here() -> None:
    elsewhere = {K.MUTE_IMAGES, K.REMOVE_COVER}  # Telegram's
    assert set(EffectKind) - set(ROUTES) - elsewhere == {K.PAGE, K.MAKE_CHANNEL}


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ROUTES)
@pytest.mark.parametrize("trouble", TROUBLE)
async def test_trouble_passes_and_it_was_done_once(live: Live, tmp_path: Path, kind: EffectKind, trouble: str) -> None:
    async with table(live, tmp_path) as one:
        plan = await one.plan(kind)
        effects = await one.open(plan)
        fault: Fault = one.d.fail(*ROUTES[kind], **TROUBLE[trouble])
        [first] = await one.effects.run(effects)
        assert fault.struck
        assert first.state is not OutcomeState.REFUSED
        one.d.well_again()
        await sweep(one, 2)
        [settled] = [e for e in (await one.case()).effects if e.kind is kind]
        assert settled.state is EffectState.DONE, settled
        assert settled.outcome is not None
        assert settled.outcome.state is OutcomeState.DONE, settled
        assert one.happened(kind) == 1
        assert await one.store.ledger.unsettled() == ()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (K.DELETE, 10008),
        (K.DELETE, 10003),
        (K.UNREACT, 10008),
        (K.UNREACT, 10014),
        (K.KICK, 10007),
        (K.UNBAN, 10026),
        (K.EDIT_CARD, 10008),
    ],
)
async def test_what_was_to_be_gone_and_is_gone_is_done(live: Live, tmp_path: Path, kind: EffectKind, code: int) -> None:
    async with table(live, tmp_path) as one:
        effects = await one.open(await one.plan(kind))
        one.d.fail(*ROUTES[kind], status=404, body={"message": "Unknown", "code": code})
        [outcome] = await one.effects.run(effects)
        assert (outcome.state, outcome.retry) == (OutcomeState.DONE, False)
        assert await one.store.ledger.unsettled() == ()


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ROUTES)
async def test_what_discord_forbids_is_refused_with_the_cure_and_not_tried_again(
    live: Live, tmp_path: Path, kind: EffectKind
) -> None:
    async with table(live, tmp_path) as one:
        effects = await one.open(await one.plan(kind))
        one.d.fail(*ROUTES[kind], status=403, body={"message": "Missing Permissions", "code": 50013}, times=None)
        [outcome] = await one.effects.run(effects)
        assert (outcome.state, outcome.retry) == (OutcomeState.REFUSED, False)
        assert "check my role" in outcome.detail
        sent = len(one.d.requests)
        await sweep(one)
        assert len(one.d.requests) == sent


@pytest.mark.asyncio
async def test_a_process_that_dies_after_sending_does_not_punish_twice(live: Live, tmp_path: Path) -> None:
    """The row is `sending`: the act is found done, or done again where twice is once."""
    async with table(live, tmp_path) as one:
        plans = [await one.plan(k) for k in (K.DELETE, K.TIMEOUT, K.QUARANTINE, K.BAN)]
        effects = await one.open(*plans)
        case = effects[0].case or 0
        until = datetime.fromisoformat(str(plans[1].body["until"]))
        await one.perform(one.delete())
        await one.perform(TimeoutMember(one.tenant, str(one.ann.id), until, case))
        await one.perform(one.quarantine())
        await one.perform(one.ban(case=case))
        assert all(e.state is EffectState.SENDING for e in effects)
        await sweep(one)
        delete, timeout, quarantine, ban = [e.outcome for e in (await one.case()).effects]
        assert delete == Outcome(OutcomeState.DONE, "already gone")
        assert (timeout, quarantine) == (Outcome(OutcomeState.REFUSED, "they have left the server"),) * 2
        assert ban == Outcome(OutcomeState.DONE, "they are banned already")
        entries = [e.action for e in one.guild.audit_log if e.target == one.ann.id]
        assert entries == [72, 24, 25, 22], "one deletion, one timeout, one role, one ban"


@pytest.mark.asyncio
async def test_a_timeout_that_has_run_out_meanwhile_is_not_given(live: Live, tmp_path: Path) -> None:
    async with table(live, tmp_path) as one:
        plan = Plan(K.TIMEOUT, {"author": str(one.ann.id), "until": (later(0) - timedelta(seconds=1)).isoformat()})
        [outcome] = await one.effects.run(await one.open(plan))
        assert outcome == Outcome(OutcomeState.REFUSED, "the timeout would be over by now")
