"""The way into every room: who is asking, may they, and in which language; what was mistyped becomes an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.desk.objections import Objection
from bot.desk.rights import may_decide, may_read, may_see, may_tune
from bot.model import Answer, Presser, Tenant
from bot.ports import Settings
from bot.texts import decisions, refusals
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.model import Policy

Inside = Callable[[Policy, Voice], Awaitable[Answer]]


class Gate:
    """One door for each right; behind it nobody asks again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def guild(self, tenant: Tenant) -> tuple[Policy, Voice]:
        """What a guild has set, and how it is spoken to."""
        policy, _ = await self._settings.policy(tenant)
        return policy, Voice.to(tenant, Texts(policy.language))

    async def tuning(self, tenant: Tenant, presser: Presser, inside: Inside) -> Answer:
        """For who may change the rules."""
        return await self._through(tenant, presser, may_tune, refusals.not_a_tuner, inside)

    async def reading(self, tenant: Tenant, presser: Presser, inside: Inside) -> Answer:
        """For who may read the rules."""
        return await self._through(tenant, presser, may_read, decisions.not_a_moderator, inside)

    async def seeing(self, tenant: Tenant, presser: Presser, inside: Inside) -> Answer:
        """For who may read cases and lists."""
        return await self._through(tenant, presser, may_see, decisions.not_a_moderator, inside)

    async def deciding(self, tenant: Tenant, presser: Presser, inside: Inside) -> Answer:
        """For who may decide what is done about images."""
        return await self._through(tenant, presser, may_decide, decisions.not_a_moderator, inside)

    async def _through(
        self,
        tenant: Tenant,
        presser: Presser,
        allowed: Callable[[Presser, Policy], bool],
        refusal: Callable[[Texts], str],
        inside: Inside,
    ) -> Answer:
        policy, voice = await self.guild(tenant)
        if not allowed(presser, policy):
            return Answer(refusal(voice.texts))
        try:
            return await inside(policy, voice)
        except Objection as objection:
            return Answer(str(objection))
