"""Do something to the author of a case, by a moderator's press: once, by who may, and with their name on it."""

from __future__ import annotations

from collections.abc import Callable

from bot.desk.rights import has_right, may_punish, wrote
from bot.desk.sanctions import ASKS_AGAIN, BY_VALUE, Sanction, given, offered, plans
from bot.desk.turns import Turns
from bot.model import Answer, Capabilities, Case, Presser, Tenant
from bot.ports import Clock, Ledger, Performer, Settings
from bot.texts import decisions
from bot.texts import sanctions as words
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.model import Policy

CapabilitiesOf = Callable[[Tenant], Capabilities]
"""What the platform of a tenant can do."""


class Sanctioning:
    """The select of a card. See `bot.ports.desk.Sanctions`."""

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        performer: Performer,
        clock: Clock,
        turns: Turns,
        capabilities: CapabilitiesOf,
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._performer = performer
        self._clock = clock
        self._turns = turns
        self._capabilities = capabilities

    async def press(self, tenant: Tenant, number: int, value: str, presser: Presser, *, confirmed: bool) -> Answer:
        """See `bot.ports.desk.Sanctions.sanction`."""
        policy, _ = await self._settings.policy(tenant)
        voice = Voice.to(tenant, Texts(policy.language))
        case = await self._ledger.case(tenant, number)
        if case is None:
            return Answer(decisions.no_such_case(number, voice.texts))
        sanction = BY_VALUE.get(value)
        if sanction is None:
            return Answer(words.not_offered(case, voice.texts))
        if not may_punish(presser, policy, sanction.act):
            return Answer(words.no_right(sanction, voice.texts))
        if wrote(presser, case):
            return Answer(words.oneself(voice.texts))
        async with self._turns.of(case):
            latest = await self._ledger.case(tenant, number) or case
            if (why := self._objection(latest, sanction, policy, voice)) is not None:
                return Answer(why)
            if sanction.act in ASKS_AGAIN and not confirmed:
                question = words.question(latest, sanction, voice)
                return Answer(question, confirm=words.confirmation(sanction, voice.texts))
            return await self._do(latest, sanction, presser, policy, voice)

    def _objection(self, case: Case, sanction: Sanction, policy: Policy, voice: Voice) -> str | None:
        """Why not, or not any more; the same twice within a case is told by whom it was done."""
        if (effect := given(case, sanction)) is not None:
            return words.done_already(effect, voice)
        if sanction in offered(case, policy, self._capabilities(case.tenant)):
            return None
        return words.not_offered(case, voice.texts)

    async def _do(self, case: Case, sanction: Sanction, presser: Presser, policy: Policy, voice: Voice) -> Answer:
        """Recorded before it is done; then every card tells who did what."""
        wanted = plans(
            case,
            sanction,
            policy,
            voice.texts,
            self._clock.now(),
            by=presser.id,
            entrusted=not has_right(presser, sanction.act),
        )
        effects = await self._ledger.plan(case.tenant, case.number, wanted)
        ended = list(zip(wanted, await self._performer.run(effects), strict=True))
        text, done = words.ended(ended, voice)
        return Answer(text, done=done)
