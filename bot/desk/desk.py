"""`bot.ports.Desk`: who is asking, may they, and in which language; the rooms beside it do the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bot.desk.amending import Amending
from bot.desk.announcing import Announcing
from bot.desk.changing import Changing
from bot.desk.checking import Checking
from bot.desk.deciding import Deciding
from bot.desk.examining import Examining, FundsOf, States, no_funds
from bot.desk.exchange import Exchange
from bot.desk.gate import Gate
from bot.desk.images import Images
from bot.desk.modes import Modes
from bot.desk.objections import Objection
from bot.desk.places import Places
from bot.desk.records import Records
from bot.desk.rights import may_decide, may_manage, may_read, may_tune
from bot.desk.rules import Rules
from bot.desk.sanctioning import CapabilitiesOf, Sanctioning
from bot.desk.setup import Setup
from bot.desk.tuning import Tuning
from bot.desk.turns import Turns
from bot.desk.wizard import Wizard
from bot.model import ABLE, Answer, Finding, Presser, Recipient, Tenant
from bot.ports import Clock, Drafts, Journal, Ledger, Likenesses, Lists, Performer, Screener, Settings
from bot.texts import decisions, refusals
from bot.texts import settings as words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from policies.model import Place, Policy


class Desk:
    """What people ask for, on any platform. `coverage`: what each provider here can find, by name; `states`:
    how each is at the moment, `ok` or what is wrong with it; `capabilities`: what each platform can do, all if not
    said; `recipients`: who outside of this machine is shown pictures; `funds`: what is left for paid providers."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        settings: Settings,
        lists: Lists,
        likenesses: Likenesses,
        screener: Screener,
        performer: Performer,
        journal: Journal,
        clock: Clock,
        drafts: Drafts,
        coverage: Coverage,
        states: States | None = None,
        funds: FundsOf = no_funds,
        capabilities: CapabilitiesOf = lambda _: ABLE,
        recipients: Sequence[Recipient] = (),
    ) -> None:
        amending, turns = Amending(settings), Turns()
        self._settings = settings
        self._deciding = Deciding(ledger, settings, performer, clock, turns)
        self._sanctioning = Sanctioning(ledger, settings, performer, clock, turns, capabilities)
        self._modes = Modes(settings, amending, Announcing(ledger, performer))
        self._tuning = Tuning(settings, amending, self._modes, coverage)
        self._setup = Setup(amending, journal, clock, coverage)
        self.wizard = Wizard(
            settings=settings,
            drafts=drafts,
            ledger=ledger,
            performer=performer,
            amending=amending,
            setup=self._setup,
            coverage=coverage,
            capabilities=capabilities,
            recipients=recipients,
        )
        self._checking = Checking(screener, lists, likenesses)
        states = states or (lambda: dict.fromkeys(coverage, "ok"))
        self._examining = Examining(
            journal=journal,
            ledger=ledger,
            modes=self._modes,
            clock=clock,
            coverage=coverage,
            states=states,
            funds=funds,
            recipients=recipients,
        )
        gate = Gate(settings)
        changing = Changing(amending, coverage)
        self.rules = Rules(gate, changing)
        self.places = Places(gate, changing)
        self.exchange = Exchange(gate, settings, amending, drafts, coverage)
        self.records = Records(gate, ledger, clock)
        self.images = Images(gate, lists, ledger, screener)

    # --- cases ----------------------------------------------------------------------------------

    async def press(
        self, tenant: Tenant, number: int, verb: str, presser: Presser, *, confirmed: bool = False
    ) -> Answer:
        """A button on a card. A second presser is told who decided."""
        return await self._deciding.press(tenant, number, verb, presser, confirmed=confirmed)

    async def sanction(
        self, tenant: Tenant, number: int, value: str, presser: Presser, *, confirmed: bool = False
    ) -> Answer:
        """A choice of a card's select: what a moderator does to the author of a case."""
        return await self._sanctioning.press(tenant, number, value, presser, confirmed=confirmed)

    async def details(self, tenant: Tenant, number: int, presser: Presser) -> Answer:
        """Why a post was removed, for its author (and moderators) alone."""
        return await self._deciding.details(tenant, number, presser)

    async def check(self, tenant: Tenant, presser: Presser, place: Place, chunks: AsyncIterator[bytes]) -> Answer:
        """Judge a picture without acting: scores by provider and the rule that would fire."""
        policy, voice = await self._guild(tenant)
        if not may_decide(presser, policy):
            return Answer(decisions.not_a_moderator(voice.texts))
        return await self._checking.check(tenant, policy, place, chunks, voice)

    # --- settings -------------------------------------------------------------------------------

    async def setup(
        self, tenant: Tenant, presser: Presser, *, preset: str, mod_channel: str, mode: str, findings: Sequence[Finding]
    ) -> Answer:
        """Save preset, moderators' channel and mode, and say what is still missing."""

        async def save(voice: Voice) -> Answer:
            choices = {"chosen": preset, "mod_channel": mod_channel, "mode": mode}
            return await self._setup.at_once(tenant, presser, **choices, findings=findings, voice=voice)

        return await self._as_manager(tenant, presser, save)

    async def set_mode(self, tenant: Tenant, presser: Presser, mode: str) -> Answer:
        """`enforce`, `observe` or `paused`."""
        return await self._as_tuner(tenant, presser, lambda voice: self._modes.set(tenant, presser, mode, voice))

    async def set_threshold(
        self, tenant: Tenant, presser: Presser, category: str, review: str | None, remove: str | None
    ) -> Answer:
        """A number 0..1 or `never`; None leaves that one as it is."""
        return await self._as_tuner(
            tenant, presser, lambda voice: self._tuning.set(tenant, presser, category, review, remove, voice)
        )

    async def pause(self, tenant: Tenant, presser: Presser, *, resume: bool) -> Answer:
        """The kill switch; resuming goes back to the mode before."""
        switch = self._modes.resume if resume else self._modes.pause
        return await self._as_tuner(tenant, presser, lambda voice: switch(tenant, presser, voice))

    # --- looking --------------------------------------------------------------------------------

    async def show_policy(self, tenant: Tenant, presser: Presser) -> Answer:
        """The guild's policy in words."""
        policy, voice = await self._guild(tenant)
        if not may_read(presser, policy):
            return Answer(decisions.not_a_moderator(voice.texts))
        return await self._tuning.show(tenant, voice)

    async def doctor(self, tenant: Tenant, presser: Presser, findings: Sequence[Finding]) -> Answer:
        """What is well and what is not, each with its cure."""
        policy, voice = await self._guild(tenant)
        if not may_read(presser, policy):
            return Answer(decisions.not_a_moderator(voice.texts))
        return await self._examining.examine(tenant, policy, findings, voice)

    async def _as_manager(
        self, tenant: Tenant, presser: Presser, change: Callable[[Voice], Awaitable[Answer]]
    ) -> Answer:
        """Make `change` for who may; what was mistyped becomes an answer."""
        _, voice = await self._guild(tenant)
        if not may_manage(presser):
            return Answer(words.not_a_manager(voice.texts))
        return await self._listening(change, voice)

    async def _as_tuner(self, tenant: Tenant, presser: Presser, change: Callable[[Voice], Awaitable[Answer]]) -> Answer:
        """Make `change` for who may change the rules."""
        policy, voice = await self._guild(tenant)
        if not may_tune(presser, policy):
            return Answer(refusals.not_a_tuner(voice.texts))
        return await self._listening(change, voice)

    async def _listening(self, change: Callable[[Voice], Awaitable[Answer]], voice: Voice) -> Answer:
        try:
            return await change(voice)
        except Objection as objection:
            return Answer(str(objection))

    async def _guild(self, tenant: Tenant) -> tuple[Policy, Voice]:
        policy, _ = await self._settings.policy(tenant)
        return policy, Voice.to(tenant, Texts(policy.language))
