"""What one guild has set, listed or filed is out of every other guild's reach, whoever asks there."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from bot.model import Answer, Origin, Presser
from bot.ports import desk as ports
from bot.store.tables import cases, drafts, effects, lists, policies
from policies.model import Listed
from policies.presets import preset
from tests.bot.cases import GUILD
from tests.bot.desk.world import ELSEWHERE, World

STRANGER = Presser("66", "Ada", rights=frozenset({"manage", "moderate", "punish", "kick", "ban", "roles"}))
HASH = "ab" * 32
SECRET = "only guild 100 may read this"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


async def picture() -> AsyncIterator[bytes]:
    yield PNG


Ask = Callable[[World], Awaitable[object]]
ASKED: dict[str, Ask] = {
    "rules.actions": lambda w: w.desk.rules.actions(ELSEWHERE, STRANGER, "block", "delete", None),
    "rules.quarantine": lambda w: w.desk.rules.quarantine(ELSEWHERE, STRANGER, "5"),
    "rules.surfaces": lambda w: w.desk.rules.surfaces(ELSEWHERE, STRANGER, "emoji", on=True),
    "rules.exempt": lambda w: w.desk.rules.exempt(ELSEWHERE, STRANGER, "add", member="5"),
    "rules.near": lambda w: w.desk.rules.near(ELSEWHERE, STRANGER, on=False),
    "rules.budget": lambda w: w.desk.rules.budget(ELSEWHERE, STRANGER, "review"),
    "rules.require": lambda w: w.desk.rules.require(ELSEWHERE, STRANGER, "hate", on=True),
    "places.context": lambda w: w.desk.places.context(ELSEWHERE, STRANGER, "album", "hate", "0.1", None),
    "places.channel": lambda w: w.desk.places.channel(ELSEWHERE, STRANGER, "7", exempt=True),
    "exchange.preset": lambda w: w.desk.exchange.preset(ELSEWHERE, STRANGER, "family", seen=0),
    "exchange.export": lambda w: w.desk.exchange.export(ELSEWHERE, STRANGER),
    "exchange.read_in": lambda w: w.desk.exchange.read_in(ELSEWHERE, STRANGER, b"preset: family"),
    "exchange.turn": lambda w: w.desk.exchange.turn(ELSEWHERE, STRANGER, "import", "save.0"),
    "records.view": lambda w: w.desk.records.view(ELSEWHERE, STRANGER, 1),
    "records.listing": lambda w: w.desk.records.listing(ELSEWHERE, STRANGER),
    "records.turn": lambda w: w.desk.records.turn(ELSEWHERE, STRANGER, "older.9.any.any"),
    "images.enlist": lambda w: w.desk.images.enlist(ELSEWHERE, STRANGER, Listed.ALLOWED, pictures=[picture()]),
    "images.enlist of a case": lambda w: w.desk.images.enlist(ELSEWHERE, STRANGER, Listed.ALLOWED, case=1),
    "images.remove": lambda w: w.desk.images.remove(ELSEWHERE, STRANGER, HASH),
    "images.listing": lambda w: w.desk.images.listing(ELSEWHERE, STRANGER),
    "images.suggest": lambda w: w.desk.images.suggest(ELSEWHERE, STRANGER, ""),
    "show_policy": lambda w: w.desk.show_policy(ELSEWHERE, STRANGER),
    "pause": lambda w: w.desk.pause(ELSEWHERE, STRANGER, resume=False),
}


async def furnish(world: World) -> None:
    """A guild that has set, listed, filed and half imported something."""
    await world.open(Origin.REVIEW)
    await world.store.lists.put(GUILD, HASH, Listed.BLOCKED, "55", SECRET)
    await world.store.settings.save(GUILD, replace(preset("strict"), cap=4711), "55", SECRET)
    told = await world.desk.exchange.read_in(GUILD, STRANGER, b"preset: art")
    assert told.page is not None


async def rows(world: World) -> list[object]:
    db = world.store.db
    ident = await db.tenants.ensure(GUILD)
    kept: list[object] = []
    for table in (cases, drafts, effects, lists, policies):
        query = table.select().where(table.c.tenant == ident)
        kept.append(await db.read(lambda c, q=query: [tuple(row) for row in c.execute(q)]))  # type: ignore[misc]
    return kept


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ASKED)
async def test_a_stranger_with_every_right_elsewhere_sees_and_changes_nothing_here(world: World, name: str) -> None:
    await furnish(world)
    before = await rows(world)
    assert all(before[1:2] + before[3:])
    told = await ASKED[name](world)
    assert await rows(world) == before
    shown = repr(told) + (told.file[1].decode() if isinstance(told, Answer) and told.file else "")
    typed = {"images.remove": HASH[:8]}.get(name)
    for secret in {SECRET, HASH[:8], "<@42>", "4711"} - {typed}:
        assert secret not in shown, shown


def test_every_question_of_the_new_rooms_is_asked_by_a_stranger() -> None:
    rooms = {"rules": ports.Rules, "places": ports.Places, "exchange": ports.Exchange}
    rooms |= {"records": ports.Records, "images": ports.Images}
    every = {
        f"{room}.{question}"
        for room, port in rooms.items()
        for question, _ in inspect.getmembers(port, inspect.isfunction)
        if not question.startswith("_")
    }
    assert every <= set(ASKED)
    assert len(every) == 20
