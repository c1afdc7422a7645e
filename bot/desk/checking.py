"""Judge a picture for a moderator, without acting on anything."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.model import Answer, Tenant
from bot.ports import Gone, Likenesses, Lists, Screener, Unfetchable
from bot.texts import checks
from bot.texts.markup import Voice
from policies.engine import judge
from policies.model import Place, Policy, Seen, Standing

NOBODY = Standing(author="", member=False)
"""The check is about the picture: nobody's roles, strikes or youth in the guild play a part."""


class Checking:
    """What would happen to this picture, and why."""

    def __init__(self, screener: Screener, lists: Lists, likenesses: Likenesses) -> None:
        self._screener = screener
        self._lists = lists
        self._likenesses = likenesses

    async def check(
        self, tenant: Tenant, policy: Policy, place: Place, chunks: AsyncIterator[bytes], voice: Voice
    ) -> Answer:
        """See `bot.ports.Desk.check`."""
        try:
            look = await self._screener.look(chunks, policy, place, tenant=tenant)
        except Gone:
            return Answer(checks.gone(voice.texts))
        except Unfetchable as error:
            return Answer(checks.unfetchable(error.reason, error.detail, voice))
        if look.skipped:
            return Answer(checks.no_image(voice.texts))
        entries = await self._lists.entries(tenant, prefix=look.sha256, limit=1) if look.sha256 else []
        entry = entries[0] if entries else None
        prints = look.fingerprint
        near = await self._likenesses.near(tenant, prints, look.sha256) if prints is not None else None
        seen = Seen(look.screenings, entry.listed if entry else None, near=near)
        _, decision = judge(policy, place, [seen], NOBODY)
        return Answer(checks.report(look.screenings, decision, policy, voice, entry=entry))
