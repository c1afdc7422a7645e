"""Handle one event: fetch, screen, decide, restrain, open the case, perform, close.

The order is the promise: nothing is done to a post or a person before the case is on disk, and an
image that could not be judged ends in a visible `unscreened`, never in a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.allowance import Allowance
from bot.caps import Caps
from bot.effects import Effects
from bot.lines import line, where
from bot.looking import Eyes
from bot.model import (
    PUNISHABLE,
    Concluded,
    EffectKind,
    Event,
    History,
    Job,
    Judged,
    Look,
    Media,
    Origin,
    Plan,
    Ruling,
)
from bot.plans import plans_of
from bot.ports import Clock, Journal, Ledger, Likenesses, Lists, Settings
from bot.ports.observing import Observer, Unobserved
from bot.screening import Screener
from bot.spans import Spans
from bot.spent import SpentNotice
from bot.texts import notices
from bot.texts.catalogue import Texts
from bot.waiting import Waiting
from policies import engine
from policies.model import (
    Decision,
    Evidence,
    Mode,
    Policy,
    Reason,
    ReasonCode,
    Seen,
    Standing,
    Suggestion,
)
from policies.restrain import restrain

log = structlog.get_logger("beholder.pipeline")


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What was concluded of one event, on its way to disk. `removed`: what counts towards the cap."""

    event: Event
    policy: Policy
    version: int
    standing: Standing
    images: tuple[Judged, ...]
    decision: Decision
    removed: tuple[str, ...] = ()

    @property
    def observed(self) -> bool:
        """Whether everything that would be done to a post or a member is simulated."""
        return self.policy.mode is Mode.OBSERVE


class Pipeline:
    """One street for every event of every platform."""

    def __init__(
        self,
        *,
        eyes: Eyes,
        screener: Screener,
        journal: Journal,
        ledger: Ledger,
        settings: Settings,
        lists: Lists,
        likenesses: Likenesses,
        effects: Effects,
        caps: Caps,
        clock: Clock,
        waiting: Waiting,
        allowance: Allowance | None = None,
        spent: SpentNotice | None = None,
        observer: Observer = Unobserved(),
    ) -> None:
        self._eyes = eyes
        self._screener = screener
        self._journal = journal
        self._ledger = ledger
        self._settings = settings
        self._lists = lists
        self._likenesses = likenesses
        self._effects = effects
        self._caps = caps
        self._clock = clock
        self._waiting = waiting
        self._allowance = allowance
        self._spent = spent
        self._observer = observer

    async def handle(self, job: Job, event: Event) -> None:
        """Bring `event` to its end. What it raises leaves the job to be tried again."""
        policy, version = await self._settings.policy(event.tenant)
        if policy.mode is Mode.PAUSED:
            await self._conclude_unseen(job, event, version, Reason(ReasonCode.PAUSED))
            return
        if self._allowance is not None and await self._is_limited(job, event, policy, version, self._allowance):
            return
        await self._look(job, event, policy, version)

    async def follow_up(self, job: Job, event: Event) -> None:
        """Judge `event` again now that an answer is in without which it was concluded (`Waiting.follow`).

        It counted for the day when it was judged first. What it raises leaves the job to be tried again.
        """
        policy, version = await self._settings.policy(event.tenant)
        if policy.mode is Mode.PAUSED:
            await self._journal.finish(job)
            return
        await self._look(job, event, policy, version, first=int(job.payload["first"]))

    async def _look(self, job: Job, event: Event, policy: Policy, version: int, *, first: int | None = None) -> None:
        """`first`: the job that concluded it first, if that was another."""
        spans = Spans()
        looks = await self._eyes.look(event, policy, again=job.again or first is not None)
        for look in looks.values():
            spans.merge(look.ms)
        if not looks:
            await self._journal.finish(job)
            log.info("nothing to judge", **where(event))
            return
        looks = self._waiting.exhausted(job, looks)
        with spans.span("decide"):
            judgement = await self._judge(event, policy, version, looks)
        goes = self._goes(judgement)
        if await self._waiting.postponed(job, event, judgement.images, judgement.decision, goes=goes):
            await self._eyes.remember(event, looks)  # next time the id alone may be enough
            return
        await self._waiting.follow(job, event, judgement.images, judgement.decision, first or job.id, goes=goes)
        judgement = self._restrained(judgement)
        await self._hold_evidence(judgement, looks)
        ruling = replace(self._ruling(judgement, spans), follows=first)
        with spans.span("disk"):
            concluded = await self._conclude(job, ruling)
        await self._act(ruling, policy, concluded, looks, spans)

    # --- judging ------------------------------------------------------------------------------

    async def _judge(self, event: Event, policy: Policy, version: int, looks: Mapping[Media, Look]) -> _Judgement:
        history = await self._history(event, policy)
        standing = _standing(event, history, self._clock.now())
        seen = [await self._seen(event, look, history) for look in looks.values()]
        await self._caps.seed(event.tenant)
        each, decision = engine.judge(policy, event.place, seen, standing)
        if policy.suspect_near and decision.suggestion < Suggestion.BLOCK:  # a likeness makes a review at most
            seen = [await self._liken(event, *pair) for pair in zip(seen, looks.values(), strict=True)]
            each, decision = engine.judge(policy, event.place, seen, standing)
        images = tuple(map(_judged, looks, looks.values(), seen, each))
        return _Judgement(event, policy, version, standing, images, decision)

    async def _hold_evidence(self, judgement: _Judgement, looks: dict[Media, Look]) -> None:
        """A verdict that was recalled came without the bytes, and after the deletion there are none to be had: on
        most platforms."""
        decision, worst = judgement.decision, _worst(judgement.images)
        if worst is None or not decision.removes or decision.evidence is Evidence.NONE:
            return
        look = looks[worst.media]
        if look.recalled and not self._eyes.may_wait(judgement.event):
            looks[worst.media] = await self._eyes.with_bytes(judgement.event, worst.media, judgement.policy, look)

    def _restrained(self, judgement: _Judgement) -> _Judgement:
        """Under the action cap. Nothing is awaited between asking what is spent and counting."""
        decision, fresh = self._within_cap(judgement)
        if not decision.removes or decision.is_test or judgement.observed:
            return replace(judgement, decision=decision)
        for sha256 in fresh:
            self._caps.count(judgement.event.tenant, sha256)
        return replace(judgement, decision=decision, removed=fresh)

    def _goes(self, judgement: _Judgement) -> bool:
        """Whether the post is really taken down for what was found, so that nothing else in it matters any more. Not
        for what is only held: an outage never holds thousands (ruling 8)."""
        decision, _ = self._within_cap(judgement)
        return decision.suggestion is Suggestion.BLOCK and decision.removes and not judgement.observed

    def _within_cap(self, judgement: _Judgement) -> tuple[Decision, tuple[str, ...]]:
        """What is left of the decision, and which images would count towards the cap."""
        tenant = judgement.event.tenant
        bad = {i.sha256 or i.media.key for i in judgement.images if i.decision.removes}
        fresh = tuple(sorted(s for s in bad if not self._caps.is_copy(tenant, s)))
        copy = len(fresh) < len(bad)  # a copy never stands because of what it is posted with
        spent, cap = self._caps.spent(tenant), judgement.policy.cap
        return restrain(judgement.decision, spent=spent, cap=cap, copy=copy), fresh

    def _ruling(self, judgement: _Judgement, spans: Spans) -> Ruling:
        event, decision = judgement.event, judgement.decision
        earns = decision.removes and event.author.kind in PUNISHABLE
        struck = {i.sha256 for i in judgement.images if i.sha256 and engine.earns_strike(i.decision)}
        return Ruling(
            event=event,
            standing=judgement.standing,
            images=judgement.images,
            decision=decision,
            policy_version=judgement.version,
            observed=judgement.observed,
            plans=plans_of(event, judgement.policy, decision, self._clock.now()),
            origin=_origin(decision, observed=judgement.observed),
            strikes=tuple(sorted(struck)) if earns else (),
            removed=judgement.removed,
            ms=spans.ms,
        )

    async def _history(self, event: Event, policy: Policy) -> History:
        since = self._clock.now() - timedelta(days=policy.ladder.days)
        return await self._ledger.history(event.tenant, event.author.id, since)

    async def _seen(self, event: Event, look: Look, history: History) -> Seen:
        listed = await self._lists.listed(event.tenant, look.sha256) if look.sha256 else None
        return Seen(look.screenings, listed, struck=look.sha256 in history.struck)

    async def _liken(self, event: Event, seen: Seen, look: Look) -> Seen:
        """With what it looks like, if that is known here."""
        if look.fingerprint is None:
            return seen
        return replace(seen, near=await self._likenesses.near(event.tenant, look.fingerprint, look.sha256))

    async def _conclude(self, job: Job, ruling: Ruling) -> Concluded:
        """A removal that does not come about leaves its place under the cap to another."""
        concluded = None
        try:
            concluded = await self._ledger.conclude(job, ruling)
            return concluded
        finally:
            if concluded is None or concluded.superseded:
                self._caps.release(ruling.event.tenant, ruling.removed)

    async def _conclude_unseen(
        self, job: Job, event: Event, version: int, reason: Reason, plans: tuple[Plan, ...] = ()
    ) -> Concluded:
        """Images of a guild that is paused, or has had its day's share, are not looked at, and that is on record."""
        decision = Decision(Suggestion.UNSCREENED, reasons=(reason,))
        standing = Standing(author=event.author.id, roles=event.author.roles)
        ruling = Ruling(event, standing, (), decision, version, observed=False, plans=plans)
        concluded = await self._ledger.conclude(job, ruling)
        if not (concluded.superseded or concluded.duplicate):
            self._observer.unseen(len(event.media), reason.code)
        log.info(reason.code.value, **where(event))
        return concluded

    async def _is_limited(self, job: Job, event: Event, policy: Policy, version: int, allowance: Allowance) -> bool:
        """Beyond the host's limit for the day; the first time its moderators are told, in the same commit."""
        limit = await allowance.limit(event.tenant)
        if limit is None or allowance.take(job, len(event.media), limit):
            return False
        telling = policy.mod_channel is not None and allowance.tell(event.tenant)
        plans = (_notice_of_limit(policy, limit),) if telling else ()
        concluded = None
        try:
            reason = Reason(ReasonCode.HOST_LIMIT, threshold=float(limit))
            concluded = await self._conclude_unseen(job, event, version, reason, plans)
        finally:
            if telling and (concluded is None or concluded.superseded):
                allowance.untell(event.tenant)
        if not concluded.duplicate:
            await self._effects.run(concluded.effects)
        return True

    # --- acting -------------------------------------------------------------------------------

    async def _act(
        self, ruling: Ruling, policy: Policy, concluded: Concluded, looks: Mapping[Media, Look], spans: Spans
    ) -> None:
        outcomes: dict[str, str] = {}
        if not concluded.duplicate:  # what a first run left unsettled, the sweep of effects takes up
            worst = _worst(ruling.images)

            async def picture(level: Evidence) -> bytes | None:
                if worst is None:
                    return None
                look = looks[worst.media]
                if look.recalled and self._eyes.may_wait(ruling.event):
                    look = await self._eyes.with_bytes(ruling.event, worst.media, policy, look)
                return await self._screener.picture(look, level)

            with spans.span("act"):
                done = await self._effects.run(
                    concluded.effects, observed=ruling.observed, picture=picture, images=ruling.images
                )
            outcomes = {e.kind.value: o.state.value for e, o in zip(concluded.effects, done, strict=True)}
        ms = spans.ms
        log.info("judged", **line(ruling, concluded, outcomes), ms=ms)
        if not (concluded.superseded or concluded.duplicate):
            self._observer.judged(ruling.images, ms)
        await self._eyes.remember(ruling.event, looks)
        if self._spent is not None and not (concluded.superseded or concluded.duplicate):
            await self._spent.tell(ruling.event.tenant, policy, ruling.images)


def _notice_of_limit(policy: Policy, limit: int) -> Plan:
    text = notices.limited(limit, Texts(policy.language))
    return Plan(EffectKind.SAY, {"channel": policy.mod_channel, "text": text, "author": None})


def _standing(event: Event, history: History, now: datetime) -> Standing:
    joined = event.author.joined_at
    return Standing(
        author=event.author.id,
        roles=event.author.roles,
        hours=None if joined is None else (now - joined).total_seconds() / 3600,
        strikes=history.strikes,
        upheld=history.upheld,
        member=event.author.kind in PUNISHABLE,
    )


def _judged(media: Media, look: Look, seen: Seen, decision: Decision) -> Judged:
    return Judged(
        media=media,
        sha256=look.sha256,
        screenings=look.screenings,
        decision=decision,
        width=look.width,
        height=look.height,
        listed=seen.listed,
        struck=seen.struck,
        near=seen.near,
    )


def _worst(images: Sequence[Judged]) -> Judged | None:
    """The image that made the decision: the one a card shows."""
    return max(images, key=lambda i: i.decision.suggestion.severity, default=None)


def _origin(decision: Decision, *, observed: bool) -> Origin | None:
    if not decision.steps:
        return None
    if observed:
        return Origin.OBSERVED
    return Origin.REMOVED if decision.removes else Origin.REVIEW
