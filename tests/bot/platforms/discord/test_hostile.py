"""Whatever people call themselves and write, every request pings nobody it should not and breaks out of nothing.

Every kind of act is performed with hostile names and texts, and the real requests are looked at.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.model import CaseState, EffectKind, History, OutcomeState, Plan, PostCard
from bot.platforms.discord.outcomes import REASON, mark_of, reason_of, reason_of_all
from bot.sandbox.rest import Exchange
from bot.texts.cards import card
from bot.texts.catalogue import Texts
from policies.presets import preset
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_actions import MEMBER, MESSAGE, MESSAGES
from tests.bot.platforms.discord.test_deletions import BULK
from tests.bot.platforms.discord.test_effects_live import ROUTES, Table, table
from tests.bot.platforms.discord.test_quarantine import ROLE
from tests.bot.platforms.discord.test_sanctions import BAN
from tests.bot.texts.test_cards import monster

K = EffectKind
HOSTILE = "@everyone @here <@&1> <@1> ||x|| **b** `c` \u202eevil\u2066 [a](https://e.example)\nX-Evil: 1\r\n😀"
LOGGED = {MESSAGE: {"DELETE"}, BULK: {"POST"}, MEMBER: {"PATCH", "DELETE"}, ROLE: {"PUT", "DELETE"}}
LOGGED[BAN] = {"PUT", "DELETE"}
SPEAKING = {(MESSAGES, "POST"), (MESSAGE, "PATCH")}
ARMED = re.compile(r"@everyone|@here|<@&1>|<@1>|\]\(https?:|\u202e")


@pytest_asyncio.fixture
async def one(live: Live, tmp_path: Path) -> AsyncIterator[Table]:
    """Everybody and everything has a hostile name, moderators and roles too."""
    async with table(live, tmp_path) as made:
        for user in (made.ann, made.mod, made.helper):
            user.name = user.global_name = HOSTILE[:32]
            made.guild.members[user.id].nick = HOSTILE[:32]
        made.guild.name = made.channel.name = made.role.name = HOSTILE[:32]
        made.d.rest.log.clear()
        yield made


def logged(table: Table) -> list[Exchange]:
    """Requests that Discord writes into a guild's audit log."""
    return [r for r in table.d.requests if r.method in LOGGED.get(r.template, ())]


def spoken(table: Table) -> list[Exchange]:
    return [r for r in table.d.requests if (r.template, r.method) in SPEAKING]


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ROUTES)
@pytest.mark.parametrize("pressed", [False, True])
async def test_every_act_names_its_case_and_pings_only_whom_it_addresses(
    one: Table, kind: EffectKind, pressed: bool
) -> None:
    plan = await one.plan(kind)
    one.d.rest.log.clear()
    by = {"actor": str(one.mod.id), "real": True} if pressed else {}
    body = {**plan.body, **by, **({"text": HOSTILE} if kind is K.SAY else {})}
    [outcome] = await one.effects.run(await one.open(Plan(kind, body)))
    assert outcome.state is OutcomeState.DONE, outcome
    for request in logged(one):
        assert request.reason is not None, f"{request.method} {request.template} is logged without a reason"
        assert request.reason.startswith("Beholder case 1: ")
        assert len(request.reason) <= REASON
        assert request.reason.isprintable()
        by_name = kind in (K.TIMEOUT, K.QUARANTINE, K.KICK, K.BAN) and pressed
        assert (str(one.mod.id) in request.reason) is by_name
    for request in spoken(one):
        addressed = [one.ann.id] if kind in (K.WARN, K.SAY) else []
        allowed = {"parse": [], "users": addressed} if addressed else {"parse": []}
        assert request.form["allowed_mentions"] == allowed
    assert logged(one) or spoken(one) or kind is K.UNREACT, "a reaction taken off is in no audit log"


@pytest.mark.asyncio
@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.UPHELD])
async def test_a_card_on_which_everything_is_hostile_is_as_harmless_as_any(one: Table, state: CaseState) -> None:
    rules = dataclasses.replace(preset("standard"), quarantine_role=str(one.role.id))
    hostile = dataclasses.replace(monster(), state=state, note=HOSTILE, decided_by=HOSTILE)
    rendered = card(hostile, History(), rules, picture=None, lost_picture=True, texts=Texts())
    outcome = await one.perform(PostCard(one.tenant, str(one.mods.id), rendered, "n1"))
    assert outcome.state is OutcomeState.DONE
    (request,) = spoken(one)
    assert request.form["allowed_mentions"] == {"parse": []}
    shown = json.dumps({k: request.form.get(k) for k in ("content", "embeds", "components")}, ensure_ascii=False)
    assert not ARMED.search(shown), ARMED.search(shown)


def test_a_reason_fits_whatever_goes_into_it() -> None:
    assert len(reason_of(10**12, "x" * 600, "9" * 20)) == REASON
    many = reason_of_all(range(1, 101), "images removed")
    assert len(reason_of_all(range(10**10, 10**10 + 100), "images removed")) == REASON
    assert many.startswith("Beholder cases 1, 2, 3, ")
    assert len(many) <= REASON
    assert reason_of_all([7, 7], "images removed") == "Beholder case 7: images removed"


def test_a_case_with_a_number_of_its_own_is_never_taken_for_another() -> None:
    assert not reason_of(71, "x").startswith(mark_of(7))
    assert reason_of(7, "x").startswith(mark_of(7))
