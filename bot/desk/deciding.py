"""Decide cases: uphold, overturn, remove; once, whoever presses and however often."""

from __future__ import annotations

from collections.abc import Sequence

from bot.desk import undertakings
from bot.desk.rights import may_decide, may_decide_own, wrote
from bot.desk.turns import Turns
from bot.desk.undertakings import Done
from bot.desk.verbs import ASKS_AGAIN, CLOSES, Verb, understood
from bot.model import Answer, Case, CaseState, Effect, Plan, Presser, Tenant
from bot.ports import Clock, Ledger, Performer, Settings
from bot.texts import decisions, notices
from bot.texts.buttons import confirmation
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.model import Policy


class Deciding:
    """The buttons of cards and notices."""

    def __init__(self, ledger: Ledger, settings: Settings, performer: Performer, clock: Clock, turns: Turns) -> None:
        self._ledger = ledger
        self._settings = settings
        self._performer = performer
        self._clock = clock
        self._turns = turns

    async def press(self, tenant: Tenant, number: int, verb: str, presser: Presser, *, confirmed: bool) -> Answer:
        """See `bot.ports.Desk.press`."""
        if verb == Verb.DETAILS:
            return await self.details(tenant, number, presser)
        policy, _ = await self._settings.policy(tenant)
        voice = Voice.to(tenant, Texts(policy.language))
        if not may_decide(presser, policy):
            return Answer(decisions.not_a_moderator(voice.texts))
        case = await self._ledger.case(tenant, number)
        if case is None:
            return Answer(decisions.no_such_case(number, voice.texts))
        if not understood(case, verb):
            return Answer(decisions.not_offered(number, voice.texts))
        if case.state is not CaseState.OPEN:
            return Answer(decisions.already(case, voice))
        if wrote(presser, case) and not may_decide_own(presser):
            return Answer(decisions.own_post(case, voice.texts))
        pressed = Verb(verb)
        if pressed in ASKS_AGAIN and not confirmed:
            return Answer(decisions.question(case, pressed, voice.texts), confirm=confirmation(pressed, voice.texts))
        async with self._turns.of(case):
            latest = await self._ledger.case(tenant, number) or case  # with what was done to its author meanwhile
            return await self._decide(latest, pressed, presser, policy, voice)

    async def details(self, tenant: Tenant, number: int, presser: Presser) -> Answer:
        """See `bot.ports.Desk.details`."""
        policy, _ = await self._settings.policy(tenant)
        texts = Texts(policy.language)
        case = await self._ledger.case(tenant, number)
        if case is None:
            return Answer(decisions.no_such_case(number, texts))
        if not (wrote(presser, case) or may_decide(presser, policy)):
            return Answer(decisions.not_the_author(texts))
        return Answer(notices.details(case, texts))

    async def _decide(self, case: Case, verb: Verb, presser: Presser, policy: Policy, voice: Voice) -> Answer:
        """The ledger's one commit says who was first; only they go on."""
        plans = undertakings.first(case, verb, policy, voice.texts, self._clock.now())
        decided = await self._ledger.decide_case(case.tenant, case.number, CLOSES[verb], presser.id, plans=plans)
        if decided is None:
            winner = await self._ledger.case(case.tenant, case.number)
            return Answer(decisions.already(winner or case, voice))
        ended = await self._perform(plans, decided.effects[len(decided.effects) - len(plans) :])
        more = undertakings.then(decided, ended, voice.texts)
        if more:
            ended += await self._perform(more, await self._ledger.plan(case.tenant, case.number, more))
        return Answer(decisions.closed(decided, verb, ended, voice), done=True)

    async def _perform(self, plans: Sequence[Plan], effects: Sequence[Effect]) -> list[Done]:
        return list(zip(plans, await self._performer.run(effects), strict=True))
