"""Handle one event: fetch, screen, decide, restrain, open the case, perform, close.

The order is the promise: nothing is done to a post or a person before the case is on disk, and an
image that could not be judged ends in a visible `unscreened`, never in a pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from bot.caps import Caps
from bot.effects import Effects
from bot.model import (
    AuthorKind,
    Concluded,
    EffectKind,
    Event,
    Job,
    Judged,
    Look,
    Media,
    Origin,
    Plan,
    Ruling,
)
from bot.ports import Clock, Gone, Journal, Ledger, Lists, Platform, Settings, Unfetchable
from bot.screening import Screener
from bot.spans import Spans
from policies import engine
from policies.model import (
    Act,
    Decision,
    Evidence,
    Mode,
    Policy,
    Reason,
    ReasonCode,
    Screening,
    Seen,
    Standing,
    Suggestion,
    Unscreened,
    UnscreenedReason,
)
from policies.restrain import restrain

log = structlog.get_logger("beholder.pipeline")

MEDIA = "media"  # the name under which "the bytes never came" is filed
RETRY_FIRST = timedelta(seconds=5)
RETRY_LONGEST = timedelta(minutes=30)
RETRIES = 12  # together a little over three hours


class Pipeline:
    """One street for every event of every platform."""

    def __init__(
        self,
        *,
        platforms: Mapping[str, Platform],
        screener: Screener,
        journal: Journal,
        ledger: Ledger,
        settings: Settings,
        lists: Lists,
        effects: Effects,
        caps: Caps,
        clock: Clock,
    ) -> None:
        self._platforms = platforms
        self._screener = screener
        self._journal = journal
        self._ledger = ledger
        self._settings = settings
        self._lists = lists
        self._effects = effects
        self._caps = caps
        self._clock = clock

    async def handle(self, job: Job, event: Event) -> None:
        """Bring `event` to its end. Raises `StoreError`s only; the job stays leased then."""
        policy, version = await self._settings.policy(event.tenant)
        spans = Spans()
        with spans.span("total"):
            if policy.mode is Mode.PAUSED:
                await self._conclude_paused(job, event, version)
                return
            looks = await self._look_at_all(event, policy)
            if looks is None:
                await self._journal.finish(job)
                log.info("gone", **_where(event))
                return
            for look in looks.values():
                spans.merge(look.ms)
            shown = {media: look for media, look in looks.items() if not look.skipped}
            if not shown:
                await self._journal.finish(job)
                log.info("no image", **_where(event))
                return
            if await self._postponed(job, event, shown):
                return
            await self._judge(job, event, policy, version, shown, spans)

    # --- looking ------------------------------------------------------------------------------

    async def _look_at_all(self, event: Event, policy: Policy) -> dict[Media, Look] | None:
        """A look at every image of the post, side by side; None if the post is gone."""
        try:
            looks = await asyncio.gather(*(self._look(event, media, policy) for media in event.media))
        except Gone:
            return None
        return dict(zip(event.media, looks, strict=True))

    async def _look(self, event: Event, media: Media, policy: Policy) -> Look:
        if media.unsupported:
            return _unseen(UnscreenedReason.UNSUPPORTED, media.unsupported)
        if media.immutable and (known := await self._lists.known(event.tenant.platform, media.key)):
            look = await self._screener.recall(known, policy, event.place)
            if look is not None:
                return look
        look = await self._fetch_and_look(event, media, policy)
        if media.immutable and look.sha256:
            await self._lists.know(event.tenant.platform, media.key, look.sha256)
        return look

    async def _fetch_and_look(self, event: Event, media: Media, policy: Policy) -> Look:
        """The original; where that is over our limits, the platform's own reduced copy."""
        platform = self._platforms[event.tenant.platform]
        first: Unfetchable | None = None
        for reduced in (False, True):
            try:
                chunks = platform.fetch(event, media, reduced=reduced)
                look = await self._screener.look(chunks, policy, event.place, claimed=media.claimed)
            except Unfetchable as error:
                first = first or error
                if error.reason is UnscreenedReason.OUTAGE:
                    break
                continue
            if not (reduced is False and _worth_reducing(look)):
                return look
            first = Unfetchable(UnscreenedReason.UNDECODABLE, _why(look))
        assert first is not None
        return _unseen(first.reason, first.detail)

    async def _postponed(self, job: Job, event: Event, looks: Mapping[Media, Look]) -> bool:
        """An outage is retried from disk, unless what was seen already decides (ruling 1)."""
        out = [s for look in looks.values() for s in look.screenings if _is_outage(s)]
        answered = all(any(not isinstance(s, Unscreened) for s in look.screenings) for look in looks.values())
        if not out or answered or job.attempts >= RETRIES:
            return False
        wait = min(RETRY_FIRST * 2**job.attempts, RETRY_LONGEST)
        await self._journal.retry(job, self._clock.now() + wait, "outage: " + "; ".join(_why_each(out)))
        log.warning("postponed", attempt=job.attempts + 1, seconds=wait.total_seconds(), **_where(event))
        return True

    # --- judging ------------------------------------------------------------------------------

    async def _judge(
        self, job: Job, event: Event, policy: Policy, version: int, looks: Mapping[Media, Look], spans: Spans
    ) -> None:
        with spans.span("decide"):
            standing = await self._standing(event, policy)
            seen = [await self._seen(event, look) for look in looks.values()]
            await self._caps.seed(event.tenant)
            each, decision = engine.judge(policy, event.place, seen, standing)
            images = tuple(_judged(m, x, d) for (m, x), d in zip(looks.items(), each, strict=True))
            observed = policy.mode is Mode.OBSERVE
            fresh = self._fresh(event, images)
            decision = restrain(decision, spent=self._caps.spent(event.tenant), cap=policy.cap, copy=not fresh)
            if decision.removes and not observed and not decision.is_test:
                for sha256 in fresh:
                    self._caps.count(event.tenant, sha256)
            ruling = self._ruling(event, policy, version, standing, images, decision, fresh, spans)
        with spans.span("disk"):
            concluded = await self._ledger.conclude(job, ruling)
        await self._act(ruling, concluded, looks, spans)

    def _fresh(self, event: Event, images: Sequence[Judged]) -> tuple[str, ...]:
        """Distinct images of this post that are being removed and were not before, this hour."""
        bad = {i.sha256 or i.media.key for i in images if i.decision.removes}
        return tuple(sorted(s for s in bad if not self._caps.is_copy(event.tenant, s)))

    def _ruling(
        self,
        event: Event,
        policy: Policy,
        version: int,
        standing: Standing,
        images: tuple[Judged, ...],
        decision: Decision,
        fresh: tuple[str, ...],
        spans: Spans,
    ) -> Ruling:
        observed = policy.mode is Mode.OBSERVE
        earns = decision.removes and not decision.is_test and event.author.kind is AuthorKind.MEMBER
        return Ruling(
            event=event,
            standing=standing,
            images=images,
            decision=decision,
            policy_version=version,
            observed=observed,
            plans=self._plans(event, policy, decision),
            origin=_origin(decision, observed=observed),
            strikes=tuple(sorted({i.sha256 for i in images if i.decision.removes and i.sha256})) if earns else (),
            removed=fresh if decision.removes and not observed and not decision.is_test else (),
            ms=spans.ms,
        )

    def _plans(self, event: Event, policy: Policy, decision: Decision) -> tuple[Plan, ...]:
        """What the steps of a decision come to for this post, in the order in which they are done."""
        channel, author = event.place.channel, event.author.id
        acts = {step.act: step for step in decision.steps}
        plans = []
        if Act.DELETE in acts:
            plans.append(Plan(EffectKind.DELETE, {"channel": channel, "message": event.message}))
        if (step := acts.get(Act.TIMEOUT)) and event.author.kind is AuthorKind.MEMBER:
            until = self._clock.now() + timedelta(minutes=step.minutes)
            plans.append(Plan(EffectKind.TIMEOUT, {"author": author, "until": until.isoformat()}))
        if Act.WARN in acts:
            plans.append(Plan(EffectKind.WARN, {"channel": channel, "author": author}))
        if Act.ESCALATE in acts and policy.mod_channel:
            plans.append(Plan(EffectKind.CARD, {"channel": policy.mod_channel, "evidence": decision.evidence}))
        return tuple(plans)

    async def _standing(self, event: Event, policy: Policy) -> Standing:
        now = self._clock.now()
        history = await self._ledger.history(event.tenant, event.author.id, now - timedelta(days=policy.ladder.days))
        joined = event.author.joined_at
        return Standing(
            author=event.author.id,
            roles=event.author.roles,
            hours=None if joined is None else (now - joined).total_seconds() / 3600,
            strikes=history.strikes,
            upheld=history.upheld,
            member=event.author.kind is AuthorKind.MEMBER,
        )

    async def _seen(self, event: Event, look: Look) -> Seen:
        listed = await self._lists.listed(event.tenant, look.sha256) if look.sha256 else None
        return Seen(screenings=look.screenings, listed=listed)

    async def _conclude_paused(self, job: Job, event: Event, version: int) -> None:
        """A paused guild's images are not looked at, and that is on record."""
        decision = Decision(Suggestion.UNSCREENED, reasons=(Reason(ReasonCode.PAUSED),))
        standing = Standing(author=event.author.id, roles=event.author.roles)
        ruling = Ruling(event, standing, (), decision, version, observed=False, plans=())
        await self._ledger.conclude(job, ruling)
        log.info("paused", **_where(event))

    # --- acting -------------------------------------------------------------------------------

    async def _act(self, ruling: Ruling, concluded: Concluded, looks: Mapping[Media, Look], spans: Spans) -> None:
        outcomes: dict[str, str] = {}
        if not concluded.duplicate:  # what a first run left unsettled, the sweep of effects takes up
            worst = _worst(ruling.images)

            async def picture(level: Evidence) -> bytes | None:
                return None if worst is None else await self._screener.picture(looks[worst.media], level)

            with spans.span("act"):
                done = await self._effects.run(concluded.effects, observed=ruling.observed, picture=picture)
            outcomes = {e.kind.value: o.state.value for e, o in zip(concluded.effects, done, strict=True)}
        log.info("judged", **_line(ruling, concluded, outcomes), ms=spans.ms)


def _unseen(reason: UnscreenedReason, detail: str) -> Look:
    return Look(sha256="", screenings=(Unscreened(MEDIA, reason, detail),))


def _worth_reducing(look: Look) -> bool:
    """Whether a platform's own resized copy may be readable where the original was not."""
    return any(isinstance(s, Unscreened) and s.reason is UnscreenedReason.UNDECODABLE for s in look.screenings)


def _why(look: Look) -> str:
    return "; ".join(_why_each(look.screenings))


def _why_each(screenings: Sequence[Screening]) -> list[str]:
    return [f"{s.provider}: {s.detail}" for s in screenings if isinstance(s, Unscreened)]


def _is_outage(screening: Screening) -> bool:
    return isinstance(screening, Unscreened) and screening.reason is UnscreenedReason.OUTAGE


def _judged(media: Media, look: Look, decision: Decision) -> Judged:
    return Judged(media, look.sha256, look.screenings, decision, look.width, look.height)


def _worst(images: Sequence[Judged]) -> Judged | None:
    """The image that made the decision: the one a card shows."""
    return max(images, key=lambda i: i.decision.suggestion.severity, default=None)


def _origin(decision: Decision, *, observed: bool) -> Origin | None:
    if not decision.steps:
        return None
    if observed:
        return Origin.OBSERVED
    return Origin.REMOVED if decision.removes else Origin.REVIEW


def _where(event: Event) -> dict[str, str | None]:
    place = event.place
    return {
        "guild": str(event.tenant),
        "kind": event.kind.value,
        "context": place.context.value,
        "channel": place.channel,
        "message": event.message,
    }


def _line(ruling: Ruling, concluded: Concluded, outcomes: Mapping[str, str]) -> dict[str, object]:
    """The one log line of an event: who reads it sees what was seen, concluded and done."""
    return {
        **_where(ruling.event),
        "case": concluded.case,
        "superseded": concluded.superseded,
        "suggestion": ruling.decision.suggestion.value,
        "reasons": [_reason(r) for r in ruling.decision.reasons],
        "screenings": [_screening(s) for image in ruling.images for s in image.screenings],
        "observed": ruling.observed,
        "outcomes": dict(outcomes),
    }


def _reason(reason: Reason) -> dict[str, object]:
    fields = {name: getattr(reason, name) for name in Reason.__slots__}
    return {name: value for name, value in fields.items() if value not in (None, "")}


def _screening(screening: Screening) -> dict[str, object]:
    if isinstance(screening, Unscreened):
        return {"provider": screening.provider, "unscreened": screening.reason.value, "detail": screening.detail}
    labels = {}
    for label in screening.labels:
        category = label.category.value
        labels[category] = max(round(label.confidence, 4), labels.get(category, 0.0))
    return {"provider": screening.provider, "labels": labels}
