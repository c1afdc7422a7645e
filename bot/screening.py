"""From a stream of bytes to screenings: collect, recognise, sandbox, providers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.media.fetch import collect
from bot.media.intake import Intake
from bot.model import Look, Tenant
from bot.planning import Planner
from bot.ports import Fingerprints, Link, no_link
from bot.spans import Spans
from policies import resolve
from policies.model import Evidence, Place, Policy, Screening, Unscreened
from providers.base import LINK, Ask, Fingerprint, Image
from providers.plans import Plan
from providers.router import Router


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may cost before it is given up: bytes read, seconds waited."""

    cap: int = 32 * 1024 * 1024
    deadline: float = 30.0
    at_once: int = 16  # images fetched and decoded; not counting those of which a provider has yet to tell


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Whom to ask about a picture, by which rules, and for whom."""

    policy: Policy
    place: Place
    tenant: Tenant | None
    plan: Plan

    @property
    def ask(self) -> Ask:
        return Ask(
            context=resolve.context(self.policy, self.place),
            categories=resolve.wanted(self.policy),
            language=self.policy.language,
            payer="" if self.tenant is None else str(self.tenant),
        )


class Forgotten:
    """`bot.ports.Fingerprints` for a process without a database: there is nothing that could be looked like."""

    def keep(self, sha256: str, fingerprint: Fingerprint) -> None:
        """Not kept."""

    async def of(self, sha256: str) -> None:
        """Nothing."""


class Screener:
    """`bot.ports.Screener` over the sandbox and the router.

    Exact bytes that were judged before are not even decoded again: their SHA-256 finds the verdicts, and what they
    look like.
    Whom to ask, `planner` says for each picture (ruling 13, ruling 20).
    """

    def __init__(
        self,
        intake: Intake,
        router: Router,
        planner: Planner,
        limits: Limits = Limits(),
        *,
        fingerprints: Fingerprints = Forgotten(),
    ) -> None:
        self._intake = intake
        self._fingerprints = fingerprints
        self._router = router
        self._planner = planner
        self._limits = limits
        self._originals = asyncio.Semaphore(limits.at_once)

    async def look(
        self,
        chunks: AsyncIterator[bytes],
        policy: Policy,
        place: Place,
        *,
        tenant: Tenant | None = None,
        joined: datetime | None = None,
        claimed: bool = True,
        link: Link = no_link,
    ) -> Look:
        """Judge what `chunks` amount to. Raises `Gone` and `Unfetchable` of the stream, nothing else.

        `tenant`: whose picture it is, and whose budget pays; nobody's is shown to no provider that costs money, but
        by the host. `joined`: since when its author is a member, if ever. `link`: where a vendor may fetch it, asked
        for once the bytes are there.
        """
        spans = Spans()
        async with self._originals:
            with spans.span("fetch"):
                original = await collect(chunks, cap=self._limits.cap, deadline=self._limits.deadline, claimed=claimed)
            if original is None:
                return Look(sha256="", screenings=(), skipped=True, ms=spans.ms)
            plan = await self._planner.plan(policy, place, tenant, joined=joined)
            wanted = _Wanted(policy, place, tenant, plan)
            opened = await self._open(original, wanted, spans)
            del original  # not held over the question, which a slow vendor answers late
        return opened if isinstance(opened, Look) else await self._ask(opened, wanted, spans, link)

    async def recall(
        self,
        sha256: str,
        policy: Policy,
        place: Place,
        *,
        tenant: Tenant | None = None,
        joined: datetime | None = None,
    ) -> Look | None:
        """What is known of these exact bytes without having them, or None."""
        plan = await self._planner.plan(policy, place, tenant, joined=joined)
        known = await self._known(sha256, _Wanted(policy, place, tenant, plan))
        if known is None:
            return None
        return Look(sha256=sha256, screenings=known, recalled=True, fingerprint=await self._fingerprints.of(sha256))

    async def identify(self, chunks: AsyncIterator[bytes]) -> str | None:
        """The SHA-256 of what `chunks` amount to, None if that is no image. Nobody is asked about it, but what it
        looks like is known afterwards, if it can be decoded at all. Raises as `look` does."""
        original = await collect(chunks, cap=self._limits.cap, deadline=self._limits.deadline, claimed=False)
        if original is None:
            return None
        sha256 = hashlib.sha256(original).hexdigest()
        if await self._fingerprints.of(sha256) is None:
            image = await self._intake.open(original)
            if isinstance(image, Image) and image.fingerprint is not None:
                self._fingerprints.keep(sha256, image.fingerprint)
        return sha256

    def learn(self, look: Look) -> None:
        """What these exact bytes look like was seen on another copy of them: it is known under their SHA-256 too."""
        if look.sha256 and look.fingerprint is not None:
            self._fingerprints.keep(look.sha256, look.fingerprint)

    async def out(
        self, policy: Policy, place: Place, *, tenant: Tenant | None = None, joined: datetime | None = None
    ) -> tuple[Screening, ...] | None:
        """Why nobody can be asked about a picture of this place now, if so: then it need not be fetched anew."""
        plan = await self._planner.plan(policy, place, tenant, joined=joined)
        return self._router.out(_Wanted(policy, place, tenant, plan).ask, plan)

    async def picture(self, look: Look, level: Evidence) -> bytes | None:
        """The evidence for a card at `level`, or None where there is none to show."""
        if level is Evidence.NONE:
            return None
        still = look.still
        if still is None and look.original is not None:
            image = await self._intake.open(look.original)
            still = image.still if isinstance(image, Image) else None
        return None if still is None else await self._intake.picture(still, level)

    async def _open(self, original: bytes, wanted: _Wanted, spans: Spans) -> Look | Image:
        """The image that somebody is to be asked about; or all there is to say of it."""
        sha256 = hashlib.sha256(original).hexdigest()
        known = await self._known(sha256, wanted)
        if known is not None:
            prints = await self._fingerprints.of(sha256)
            return Look(sha256=sha256, screenings=known, original=original, fingerprint=prints, ms=spans.ms)
        out = self._router.out(wanted.ask, wanted.plan)
        if out is not None:  # not decoded for nothing; its SHA-256 is enough for the guild's lists
            return Look(sha256=sha256, screenings=out, original=original, ms=spans.ms)
        with spans.span("decode"):
            image = await self._intake.open(original)
        if isinstance(image, Unscreened):
            return Look(sha256=sha256, screenings=(image,), ms=spans.ms)
        if image.fingerprint is not None:
            self._fingerprints.keep(sha256, image.fingerprint)
        return image

    async def _ask(self, image: Image, wanted: _Wanted, spans: Spans, link: Link) -> Look:
        with spans.span("inference"):
            ask = _linked(wanted.ask, link())
            screenings = await self._router.screen(image, ask, wanted.plan, test_cards=wanted.policy.test_cards)
        return Look(
            sha256=image.sha256,
            screenings=screenings,
            width=image.width,
            height=image.height,
            still=image.still,
            fingerprint=image.fingerprint,
            ms=spans.ms,
        )

    async def _known(self, sha256: str, wanted: _Wanted) -> tuple[Screening, ...] | None:
        return await self._router.cached(sha256, wanted.ask, wanted.plan, test_cards=wanted.policy.test_cards)


def _linked(ask: Ask, link: str | None) -> Ask:
    """`ask`, with where the platform keeps the image: no part of what is asked."""
    return ask if link is None else replace(ask, options=(*ask.options, (LINK, link)))
