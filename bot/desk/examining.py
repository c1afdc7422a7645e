"""The self-check: what the adapter found, and what the desk knows of settings, providers and backlog."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.desk.tuning import Coverage
from bot.model import Answer, Finding
from bot.ports import Clock, Journal
from bot.texts import doctor as words
from bot.texts.catalogue import Texts
from policies.model import NEVER, Category, Policy

LATE: Final = timedelta(minutes=10)  # a job that waits longer wants an explanation


class Examining:
    """What is well and what is not, each with its cure."""

    def __init__(self, journal: Journal, clock: Clock, coverage: Coverage) -> None:
        self._journal = journal
        self._clock = clock
        self._coverage = coverage

    async def examine(self, policy: Policy, findings: Sequence[Finding], texts: Texts) -> Answer:
        """See `bot.ports.Desk.doctor`."""
        own = [
            words.mode(policy.mode, texts),
            words.mod_channel(policy.mod_channel, texts),
            words.providers(sorted(self._coverage), texts),
            words.coverage(self._uncovered(policy), policy.required, texts),
            await self._backlog(texts),
        ]
        return Answer(words.report([*findings, *own], texts))

    def _uncovered(self, policy: Policy) -> tuple[Category, ...]:
        """Categories that the guild wants watched and that no provider here can find."""
        covered = frozenset[Category]().union(*self._coverage.values())
        watched = policy.required | {c for c, limits in policy.thresholds.items() if limits != NEVER}
        return tuple(c for c in Category if c in watched - covered)

    async def _backlog(self, texts: Texts) -> Finding:
        waiting, since = await self._journal.backlog()
        age = timedelta() if since is None else self._clock.now() - since
        return words.backlog(waiting, age, texts, late=age > LATE)
