"""One bad post's life, broken at every step in every way: in the end everything happened once."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import shutil
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bot.model import Delete, PostCard, TimeoutMember, Warn
from tests.bot.street.world import Street, shows
from tests.clock import FakeClock

LATER = FakeClock().now() + timedelta(hours=2)


class Harm(StrEnum):
    """What happens at the Nth await on a port. `raise` and `cancel` are seen by the code, a kill by nobody."""

    RAISE_BEFORE = "raise before"
    RAISE_AFTER = "raise after"
    CANCEL = "cancel"
    KILL_BEFORE = "kill before"
    KILL_AFTER = "kill after"


class Killed(BaseException):
    """The process ends here."""


class Broken(Exception):
    """An error that nobody foresaw."""


class Fate:
    """Counts the awaits on all ports during one life, and strikes once."""

    def __init__(self, harm: Harm, nth: int) -> None:
        self._harm = harm
        self._nth = nth
        self._count = 0
        self.struck = ""
        self.over = False

    @property
    def ends_the_process(self) -> bool:
        """An error of the journal after the commit too: only a restart can tell that the job is there."""
        unseen = self._harm is Harm.RAISE_AFTER and self.struck == "put"
        return bool(self.struck) and (unseen or self._harm not in (Harm.RAISE_BEFORE, Harm.RAISE_AFTER))

    def around(self, port: Any) -> Any:
        return Mortal(port, self)

    async def meet(self, name: str, call: Callable[[], Awaitable[Any]]) -> Any:
        self._count += 1
        if self._count != self._nth or self.over:
            return await call()
        self.struck = name
        match self._harm:
            case Harm.RAISE_BEFORE:
                raise Broken(name)
            case Harm.KILL_BEFORE:
                raise Killed(name)
            case Harm.CANCEL:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                return await call()
        await call()
        raise Broken(name) if self._harm is Harm.RAISE_AFTER else Killed(name)


class Mortal:
    """A port of which every coroutine meets its fate."""

    def __init__(self, port: Any, fate: Fate) -> None:
        self._port = port
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not inspect.iscoroutinefunction(value):
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._fate.meet(name, lambda: value(*args, **kwargs))

        return call


async def live(street: Street, fate: Fate) -> None:
    """Post; whoever breaks off begins again, and the platform delivers again what was never taken."""
    event = street.event(shows("bad", 2))
    life = asyncio.create_task(street.see(event))
    await asyncio.wait([life])
    fate.over = True
    if not life.cancelled():
        assert life.exception() is None or isinstance(life.exception(), Broken | Killed)
    if fate.ends_the_process:
        await street.restart()
    await street.see(event)
    for _ in range(4):
        await street.later(10)
        await street.sweep()


def assert_all_happened_once(street: Street, where: str) -> None:
    chat = street.chat
    kinds = [kind for kind, _, _ in chat.posted]
    assert kinds.count(Warn) == 1, where
    assert kinds.count(PostCard) == 1, where
    assert chat.of(Delete), where
    assert len({a.message for a in chat.of(Delete)}) == 1, where
    assert len({a.until for a in chat.of(TimeoutMember)}) == 1, where
    assert street.rows("SELECT kind, state FROM effects ORDER BY id") == [
        (kind, "done") for kind in ("delete", "timeout", "warn", "card")
    ], where
    assert street.rows("SELECT json_extract(outcome, '$.state') FROM effects GROUP BY 1") == [("done",)], where
    assert street.rows("SELECT count(*), count(DISTINCT decision) FROM cases") == [(1, 1)], where
    assert street.rows("SELECT count(*) FROM cards") == [(1,)], where
    assert street.strikes == 2, where
    assert street.suggestions == ["block"], where
    assert street.jobs() == ["done"], where
    assert street.jobs("retract") == ["todo"], where
    assert street.rows("SELECT count(DISTINCT sha256) FROM removals") == [(1,)], where


@pytest.mark.asyncio
@pytest.mark.parametrize("harm", Harm)
async def test_a_life_broken_at_any_step_ends_well(harm: Harm, tmp_path: Path, folder: Path) -> None:
    await _prepare(folder)
    steps = []
    for nth in itertools.count(1):
        fate = Fate(harm, nth)
        street = Street(tmp_path / str(nth), FakeClock(LATER, auto=True))
        shutil.copytree(folder, street.folder)
        await street.begin(fate.around)
        async with aclosing(street):
            await live(street, fate)
            assert_all_happened_once(street, f"{harm} at await {nth}, {fate.struck or 'nowhere'}")
        if not fate.struck:
            break
        steps.append(fate.struck)
    assert {"put", "policy", "conclude", "perform", "sending", "settle", "card_posted"} <= set(steps)


async def _prepare(folder: Path) -> None:
    """A guild in which the author has one strike already, so that the next one also leads to a timeout."""
    async with Street(folder, FakeClock(auto=True)) as street:
        await street.policy(notice_seconds=3600)
        await street.post(shows("bad", 1))
        assert street.strikes == 1
        for table in ("cards", "effects", "subjects", "cases", "decisions", "jobs", "removals"):
            await street.empty(table)
