"""The journal against a model of it: whatever the order of calls, no job is lost, doubled or revived."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.model import Entry, Job, JobKind, Tenant
from bot.store.database import NAME, Database
from bot.store.journal import SqlJournal
from tests.bot.store.conftest import SMALL_BALLAST
from tests.bot.store.samples import START
from tests.clock import FakeClock

T = TypeVar("T")

TENANTS = [Tenant("discord", "1"), Tenant("discord", "2"), Tenant("telegram", "1")]
JobId = tuple[Tenant, str]


@dataclass
class Known:
    state: str
    run_at: datetime
    attempts: int = 0


class Leases(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock(START)
        self.model: dict[JobId, Known] = {}
        self.held: dict[JobId, Job] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        shutil.copy(self.template, self.folder / NAME)
        self.start()

    def start(self) -> None:
        opening = Database.open(None, data_dir=self.folder, clock=self.clock, ballast=SMALL_BALLAST)
        self.database = self.run(opening)
        self.journal = SqlJournal(self.database, self.clock)

    @rule(
        keys=st.lists(st.tuples(st.sampled_from(TENANTS), st.sampled_from("abcdef")), min_size=1, max_size=4),
        lease=st.booleans(),
        delay=st.integers(0, 20),
    )
    def put(self, keys: list[JobId], lease: bool, delay: int) -> None:
        run_at = self.clock.now() + timedelta(seconds=delay)
        entries = [Entry(t, k, JobKind.RAW, {"k": k}, run_at=run_at) for t, k in keys]
        made = self.run(self.journal.put(entries, lease=lease))
        new = list(dict.fromkeys(k for k in keys if k not in self.model))
        assert [(j.tenant, j.key) for j in made] == new
        for job in made:
            self.model[job.tenant, job.key] = Known("leased" if lease else "todo", run_at)
            if lease:
                self.held[job.tenant, job.key] = job

    @rule(limit=st.integers(1, 5))
    def take(self, limit: int) -> None:
        due = [k for k, x in self.model.items() if x.state == "todo" and x.run_at <= self.clock.now()]
        jobs = self.run(self.journal.take(limit))
        taken = [(j.tenant, j.key) for j in jobs]
        assert len(taken) == len(set(taken)) == min(limit, len(due))
        assert set(taken) <= set(due)
        if limit >= len({t for t, _ in due}):
            assert {t for t, _ in taken} == {t for t, _ in due}  # nobody is passed over
        for job in jobs:
            assert job.attempts == self.model[job.tenant, job.key].attempts
            self.model[job.tenant, job.key].state = "leased"
            self.held[job.tenant, job.key] = job

    @precondition(lambda self: self.held)
    @rule(choice=st.randoms(use_true_random=False), how=st.sampled_from(["finish", "bury", "retry"]))
    def end(self, choice: Any, how: str) -> None:
        key = choice.choice(sorted(self.held, key=str))
        job, known = self.held.pop(key), self.model[key]
        if how == "finish":
            self.run(self.journal.finish(job))
            known.state = "done"
        elif how == "bury":
            self.run(self.journal.bury(job, "why not"))
            known.state = "dead"
        else:
            known.run_at, known.state = self.clock.now() + timedelta(seconds=5), "todo"
            known.attempts += 1
            self.run(self.journal.retry(job, known.run_at, "later"))

    @rule(seconds=st.integers(1, 10))
    def wait(self, seconds: int) -> None:
        self.run(self.clock.advance(seconds))

    @rule()
    def restart(self) -> None:
        self.run(self.database.close())
        self.start()
        assert self.run(self.journal.recover()) == len(self.held)
        for key in self.held:
            self.model[key] = Known("todo", self.clock.now(), self.model[key].attempts)
        self.held.clear()

    @invariant()
    def the_backlog_is_what_the_model_says(self) -> None:
        if hasattr(self, "journal"):
            count, _ = self.run(self.journal.backlog())
            assert count == sum(x.state in {"todo", "leased"} for x in self.model.values())

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)


def test_no_order_of_calls_loses_or_doubles_a_job(template: Path) -> None:
    machine = type("Machine", (Leases,), {"template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
