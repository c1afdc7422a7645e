"""From a stream of bytes to screenings: collect, recognise, sandbox, providers."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.media.fetch import collect
from bot.media.intake import Intake
from bot.model import Look, Tenant
from bot.planning import Planner
from bot.spans import Spans
from policies import resolve
from policies.model import Evidence, Place, Policy, Screening, Unscreened
from providers.base import Ask, Image
from providers.router import Router


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may cost before it is given up: bytes read, seconds waited."""

    cap: int = 32 * 1024 * 1024
    deadline: float = 30.0


class Screener:
    """`bot.ports.Screener` over the sandbox and the router.

    Exact bytes that were judged before are not even decoded again: their SHA-256 finds the verdicts.
    Whom to ask, `planner` says for each picture (ruling 13, ruling 20).
    """

    def __init__(self, intake: Intake, router: Router, planner: Planner, limits: Limits = Limits()) -> None:
        self._intake = intake
        self._router = router
        self._planner = planner
        self._limits = limits

    async def look(
        self,
        chunks: AsyncIterator[bytes],
        policy: Policy,
        place: Place,
        *,
        tenant: Tenant | None = None,
        claimed: bool = True,
    ) -> Look:
        """Judge what `chunks` amount to. Raises `Gone` and `Unfetchable` of the stream, nothing else.

        `tenant`: whose picture it is; nobody's is shown to no provider that costs money, but by the host.
        """
        spans = Spans()
        with spans.span("fetch"):
            original = await collect(chunks, cap=self._limits.cap, deadline=self._limits.deadline, claimed=claimed)
        if original is None:
            return Look(sha256="", screenings=(), skipped=True, ms=spans.ms)
        return await self._judge(original, policy, place, tenant, spans)

    async def recall(self, sha256: str, policy: Policy, place: Place, *, tenant: Tenant | None = None) -> Look | None:
        """What is known of these exact bytes without having them, or None."""
        known = await self._known(sha256, policy, place, tenant)
        return None if known is None else Look(sha256=sha256, screenings=known, recalled=True)

    async def out(self, policy: Policy, place: Place, *, tenant: Tenant | None = None) -> tuple[Screening, ...] | None:
        """Why nobody can be asked about a picture of this place now, if so: then it need not be fetched anew."""
        return self._router.out(self._ask(policy, place), await self._planner.plan(policy, place, tenant))

    async def picture(self, look: Look, level: Evidence) -> bytes | None:
        """The evidence for a card at `level`, or None where there is none to show."""
        if level is Evidence.NONE:
            return None
        still = look.still
        if still is None and look.original is not None:
            image = await self._intake.open(look.original)
            still = image.still if isinstance(image, Image) else None
        return None if still is None else await self._intake.picture(still, level)

    async def _judge(self, original: bytes, policy: Policy, place: Place, tenant: Tenant | None, spans: Spans) -> Look:
        sha256 = hashlib.sha256(original).hexdigest()
        known = await self._known(sha256, policy, place, tenant)
        if known is not None:
            return Look(sha256=sha256, screenings=known, original=original, ms=spans.ms)
        out = await self.out(policy, place, tenant=tenant)
        if out is not None:  # not decoded for nothing; its SHA-256 is enough for the guild's lists
            return Look(sha256=sha256, screenings=out, original=original, ms=spans.ms)
        with spans.span("decode"):
            image = await self._intake.open(original)
        if isinstance(image, Unscreened):
            return Look(sha256=sha256, screenings=(image,), ms=spans.ms)
        with spans.span("inference"):
            ask = self._ask(policy, place)
            plan = await self._planner.plan(policy, place, tenant)
            screenings = await self._router.screen(image, ask, plan, test_cards=policy.test_cards)
        return Look(
            sha256=sha256,
            screenings=screenings,
            width=image.width,
            height=image.height,
            still=image.still,
            ms=spans.ms,
        )

    async def _known(
        self, sha256: str, policy: Policy, place: Place, tenant: Tenant | None
    ) -> tuple[Screening, ...] | None:
        ask = self._ask(policy, place)
        plan = await self._planner.plan(policy, place, tenant)
        return await self._router.cached(sha256, ask, plan, test_cards=policy.test_cards)

    def _ask(self, policy: Policy, place: Place) -> Ask:
        return Ask(context=resolve.context(policy, place), categories=resolve.wanted(policy), language=policy.language)
