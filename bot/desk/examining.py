"""The self-check: what the adapter found, and what the desk knows of settings, providers and images."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.desk.modes import Modes
from bot.model import Answer, Finding, Funds, Recipient, Tenant
from bot.ports import Clock, Journal, Ledger
from bot.texts import doctor as words
from bot.texts import privacy
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from bot.texts.settings import paused_since
from policies.model import NEVER, Category, Policy

LATE: Final = timedelta(minutes=10)  # a job that waits longer wants an explanation
LATELY: Final = timedelta(hours=24)

States = Callable[[], Mapping[str, str]]
"""How the providers are: of each `ok`, or what is wrong with it, in words."""


FundsOf = Callable[[Tenant], Awaitable[Mapping[str, Funds]]]
"""What a guild's moderators may know of its budgets: of each paid provider that it was granted."""


async def no_funds(tenant: Tenant) -> Mapping[str, Funds]:
    """Where nobody keeps a budget."""
    return {}


class Examining:
    """What is well and what is not, each with its cure."""

    def __init__(
        self,
        *,
        journal: Journal,
        ledger: Ledger,
        modes: Modes,
        clock: Clock,
        coverage: Coverage,
        states: States,
        funds: FundsOf,
        recipients: Sequence[Recipient] = (),
    ) -> None:
        self._recipients = recipients
        self._journal = journal
        self._modes = modes
        self._ledger = ledger
        self._clock = clock
        self._coverage = coverage
        self._states = states
        self._funds = funds

    async def examine(self, tenant: Tenant, policy: Policy, findings: Sequence[Finding], voice: Voice) -> Answer:
        """See `bot.ports.Desk.doctor`."""
        texts, paused = voice.texts, await self._modes.paused(tenant)
        uncovered = self._uncovered(policy)
        required = policy.required & set(uncovered)
        own = [
            words.mode(policy.mode, texts, since=paused_since(paused, voice) if paused else ""),
            words.mod_channel(policy.mod_channel, texts),
            *words.providers(self._states(), texts),
            *words.not_found_but_required(required, texts),
            await self._backlog(tenant, texts),
        ]
        told = {finding.name for finding in findings}  # the platform knows more of the channel than whether it is set
        own = [finding for finding in own if finding.name not in told]
        lately = await self._ledger.counts(tenant, self._clock.now() - LATELY)
        shown = privacy.lines(self._recipients, texts, policy.providers)
        budgets = words.budgets(await self._funds(tenant), policy.when_spent, texts)
        unsought = words.not_looked_for(set(uncovered) - required, texts)
        notes = [words.lately(lately, texts), *budgets, *unsought, *shown]
        return Answer(words.report([*findings, *own], texts, notes=notes))

    def _uncovered(self, policy: Policy) -> tuple[Category, ...]:
        """Categories that the guild wants watched and that no provider here can find."""
        covered = frozenset[Category]().union(*self._coverage.values())
        watched = policy.required | {c for c, limits in policy.thresholds.items() if limits != NEVER}
        return tuple(c for c in Category if c in watched - covered)

    async def _backlog(self, tenant: Tenant, texts: Texts) -> Finding:
        waiting, since = await self._journal.backlog(tenant)
        age = timedelta() if since is None else self._clock.now() - since
        return words.backlog(waiting, age, texts, late=age > LATE)
