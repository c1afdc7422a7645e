"""Carry out recorded effects, once: the hands of the pipeline and the desk.

An effect is a row before it is an act (ruling 14). Idempotent ones are simply sent again after a
doubt; a message of ours is first looked up by its nonce, and where that cannot be told it ends as
`unknown` and is shown, never sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

import structlog
from cachetools import LRUCache

from bot.desk.post import REMOVALS
from bot.model import (
    IDEMPOTENT,
    Action,
    CardRef,
    Case,
    CaseState,
    Delete,
    EditCard,
    Effect,
    EffectKind,
    EffectState,
    Entry,
    JobKind,
    Judged,
    MakeChannel,
    Origin,
    Outcome,
    OutcomeState,
    PostCard,
    PostPage,
    Quarantine,
    RemoveCover,
    RemoveMember,
    Restore,
    Say,
    Tenant,
    TimeoutMember,
    Unban,
    Unreact,
    Warn,
)
from bot.platforms.simulated import Simulated
from bot.ports import Clock, Hands, Journal, Ledger, Platform, Settings
from bot.ports.observing import Observer, Unobserved
from bot.store.codec import PAGE
from bot.texts.cards import card
from bot.texts.catalogue import Texts
from policies.model import Evidence, Mode
from policies.wording import Worded

log = structlog.get_logger("beholder.effects")

Picture = Callable[[Evidence], Awaitable[bytes | None]]

GIVE_UP = 20  # attempts, over some six hours
RETRY_FIRST = 15.0  # seconds; twice as long after each attempt
RETRY_LONGEST = 1800.0
QUICK_TRIES = 3
PICTURES = 64  # that are kept while a platform lets no card through
GUILDS_AT_ONCE = 16  # in one sweep
ON_PEOPLE = frozenset(
    {EffectKind.MUTE_IMAGES, EffectKind.TIMEOUT, EffectKind.QUARANTINE, EffectKind.KICK, EffectKind.BAN}
)
FOR_A_WHILE = frozenset({EffectKind.MUTE_IMAGES, EffectKind.TIMEOUT})
AFTER_REMOVAL = ON_PEOPLE | {EffectKind.WARN}
HAPPENED = frozenset({OutcomeState.DONE, OutcomeState.SIMULATED})
TO_ONE_PERSON = ON_PEOPLE | {EffectKind.UNBAN}
ASKED_FOR = frozenset({EffectKind.MAKE_CHANNEL})
"""Whoever asked waits for the answer and asks again if they still want it: it is never made up for later."""
ON_PEOPLE_AND_POSTS = ON_PEOPLE | REMOVALS | {EffectKind.WARN}


class Hopeless(Exception):
    """An effect that can never be done, however often it is tried."""


class Effects:
    """`bot.ports.Performer` over the platforms."""

    def __init__(
        self,
        *,
        platforms: Mapping[str, Platform],
        ledger: Ledger,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        evidence_days: int = 7,
        observer: Observer = Unobserved(),
    ) -> None:
        self._platforms = platforms
        self._ledger = ledger
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._evidence_days = evidence_days
        self._observer = observer
        self._simulated = Simulated()
        self._busy: set[int] = set()
        self._people: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._fresh: dict[tuple[Tenant, int | None], Sequence[Judged]] = {}  # with what is never on disk
        self._pictures: LRUCache[int, Picture] = LRUCache(PICTURES)  # of cards that are tried again, in memory only
        self._due: dict[int, float] = {}  # effects that are tried again, and when; after a restart all are due

    async def run(
        self,
        effects: Sequence[Effect],
        *,
        observed: bool | None = None,
        picture: Picture | None = None,
        images: Sequence[Judged] = (),
    ) -> tuple[Outcome, ...]:
        """Perform in order, each settled on disk before the next.

        `observed` is whether the case was opened in observe mode, where the caller knows (it spares
        a read between the decision and the deletion); `picture` gives the evidence; `images` are the case's as
        they were just judged, with what was read from them, which only the card may show (ruling 21).
        """
        self._busy.update(e.id for e in effects)
        fresh = {(e.tenant, e.case): images for e in effects if images}
        self._fresh.update(fresh)
        try:
            return tuple([await self._supervised(e, self._one(e, picture, observed)) for e in effects])
        finally:
            self._busy.difference_update(e.id for e in effects)
            for case in fresh:
                self._fresh.pop(case, None)

    async def sweep(self) -> int:
        """Take up what an earlier process, or a failed attempt of this one, left unsettled.

        Each guild's in their order; no guild waits for another, whose channel may answer late or not at all.
        """
        left: dict[Tenant, list[Effect]] = {}
        for effect in await self._left():
            left.setdefault(effect.tenant, []).append(effect)
        at_once = asyncio.Semaphore(GUILDS_AT_ONCE)
        sweeps = [self._take_up(effects, at_once) for effects in left.values()]
        for error in await asyncio.gather(*sweeps, return_exceptions=True):
            if error is not None:  # the disk's: told once all others have had their turn
                raise error
        return sum(map(len, left.values()))

    async def _take_up(self, effects: Sequence[Effect], at_once: asyncio.Semaphore) -> None:
        async with at_once:
            for effect in effects:
                self._busy.add(effect.id)
                try:
                    await self._supervised(effect, self._resume(effect))
                finally:
                    self._busy.discard(effect.id)

    async def _left(self) -> list[Effect]:
        """What is due and in nobody's hands. Looked at twice, since what was concluded at the moment of the
        first look is in somebody's hands by the second."""
        before = {e.id for e in await self._ledger.unsettled()}
        again = await self._ledger.unsettled()
        now = self._clock.monotonic()
        return [e for e in again if e.id in before - self._busy and self._due.get(e.id, now) <= now]

    async def _supervised(self, effect: Effect, doing: Awaitable[Outcome]) -> Outcome:
        """Whatever one effect throws costs that effect only. As its row was left, the sweep takes it up."""
        try:
            return await doing
        except Hopeless as error:
            outcome = Outcome(OutcomeState.FAILED, str(error))
            await self._settle(effect, outcome)
        except Exception as error:
            outcome = Outcome(OutcomeState.FAILED, type(error).__name__, retry=True)
            log.error("effect failed", guild=str(effect.tenant), effect=effect.kind.value, exc_info=error)
        return outcome

    async def _resume(self, effect: Effect) -> Outcome:
        if effect.kind in ASKED_FOR:
            raise Hopeless("nobody waits for it any more")
        if effect.state is EffectState.SENDING and effect.kind not in IDEMPOTENT:
            platform = self._platforms[effect.tenant.platform]
            found = await platform.find(effect.tenant, str(effect.body.get("channel", "")), _nonce(effect))
            if found.state is OutcomeState.UNKNOWN:
                if not found.retry:  # else it stays as it is, and is looked for again
                    await self._settle(effect, found)
                return found
            if found.state is OutcomeState.DONE:  # with all the evidence that it may show
                await self._done(effect, found, _level(effect))
                return found
        return await self._one(effect, None, None, again=True)

    async def _withdrawn(self, effect: Effect) -> bool:
        """Nobody is punished on stale facts: what automation or a press began, a moderator may have overturned."""
        if not (_automatic(effect) or _punishes(effect)) or effect.case is None:
            return False
        return (await self._case(effect)).state is CaseState.OVERTURNED

    # --- one effect ---------------------------------------------------------------------------

    async def _one(
        self, effect: Effect, picture: Picture | None, observed: bool | None, *, again: bool = False
    ) -> Outcome:
        async with self._turn(effect):
            return await self._in_turn(effect, picture, observed, again)

    def _turn(self, effect: Effect) -> AbstractAsyncContextManager[object]:
        """What is done to a person is done one after the other: whatever lifts a ban comes before that ban, which then
        is not wanted any more, or after it, and finds it."""
        if effect.kind not in TO_ONE_PERSON:
            return nullcontext()
        return self._people.setdefault((str(effect.tenant), str(effect.body["author"])), asyncio.Lock())

    async def _in_turn(self, effect: Effect, picture: Picture | None, observed: bool | None, again: bool) -> Outcome:
        if (unwanted := await self._unwanted(effect, again=again)) is not None:
            await self._settle(effect, unwanted)
            return unwanted
        hands = await self._hands(effect, observed)
        picture = picture or self._pictures.pop(effect.id, None)
        action, level = await self._action(effect, picture)
        if again:
            action = _again(action)
        if effect.kind not in IDEMPOTENT:
            await self._ledger.sending([effect])
        outcome = await self._perform(hands, action)
        if effect.kind in ASKED_FOR:
            outcome = replace(outcome, retry=False)
        if outcome.state is OutcomeState.DONE:
            await self._done(effect, outcome, level)
        else:
            if outcome.retry and picture is not None and effect.kind is EffectKind.CARD:
                self._pictures[effect.id] = picture
            await self._settle(effect, outcome)
        return outcome

    async def _unwanted(self, effect: Effect, *, again: bool) -> Outcome | None:
        """Why it shall not be done now, if so: decided otherwise or paused since, or the post still stands."""
        if (again or _punishes(effect)) and await self._withdrawn(effect):
            return Outcome(OutcomeState.REFUSED, Worded("the case was decided otherwise meanwhile"))
        if _automatic(effect):
            policy, _ = await self._settings.policy(effect.tenant)
            if policy.mode is Mode.PAUSED:
                return Outcome(OutcomeState.REFUSED, Worded("I was paused meanwhile"))
        return await self._premature(effect)

    async def _premature(self, effect: Effect) -> Outcome | None:
        """Nobody is told of a removal, or punished by a rule for a post, that did not come about."""
        if effect.kind not in AFTER_REMOVAL or effect.case is None or _pressed_on_people(effect):
            return None
        removals = [e for e in (await self._case(effect)).effects if e.kind in REMOVALS]
        if not removals or any(e.outcome and e.outcome.state in HAPPENED for e in removals):
            return None
        waits = any(e.state in (EffectState.TODO, EffectState.SENDING) for e in removals)
        state = OutcomeState.FAILED if waits else OutcomeState.REFUSED
        return Outcome(state, Worded("the post was not removed"), retry=waits)

    async def _perform(self, hands: Hands, action: Action) -> Outcome:
        """A few quick tries, while the evidence is still at hand; the sweep goes on later.

        `retry` is said of a message of ours only where it was certainly not posted, or its nonce
        keeps a second one from being posted. Where the platform says when, nobody waits for it here.
        """
        outcome = await hands.perform(action)
        for attempt in range(1, QUICK_TRIES):
            if not outcome.retry or outcome.after:
                break
            await self._clock.sleep(0.5 * 2**attempt)
            outcome = await hands.perform(_again(action))
        return outcome

    async def _hands(self, effect: Effect, observed: bool | None) -> Hands:
        """In observe, whatever would be done to a member or a post is simulated; cards are real."""
        if _automatic(effect):
            if observed is None:
                observed = (await self._case(effect)).origin is Origin.OBSERVED
            if observed:
                return self._simulated
        return self._platforms[effect.tenant.platform]

    async def _case(self, effect: Effect) -> Case:
        case = None if effect.case is None else await self._ledger.case(effect.tenant, effect.case)
        if case is None:
            raise Hopeless(f"case {effect.case} does not exist any more")
        return case

    # --- from rows to actions -----------------------------------------------------------------

    async def _action(self, effect: Effect, picture: Picture | None) -> tuple[Action, Evidence]:
        """The action a row stands for, and how much of the picture it shows."""
        if effect.kind in (EffectKind.CARD, EffectKind.EDIT_CARD):
            return await self._card_action(effect, picture)
        return _plain_action(effect), Evidence.NONE

    async def _card_action(self, effect: Effect, picture: Picture | None) -> tuple[Action, Evidence]:
        body, tenant = effect.body, effect.tenant
        case = await self._case(effect)
        case = _as_judged(case, self._fresh.get((tenant, effect.case), ()))
        policy, _ = await self._settings.policy(tenant)
        since = self._clock.now() - timedelta(days=policy.ladder.days)
        history = await self._ledger.history(tenant, case.author.id, since)
        level = _level(effect)
        shown = None if picture is None else await _evidence(picture, level)
        lost = picture is None and effect.kind is EffectKind.CARD and case.origin is Origin.REMOVED
        rendered = card(
            case,
            history,
            policy,
            picture=shown,
            lost_picture=lost and level is not Evidence.NONE,
            texts=Texts(policy.language),
            can=self._platforms[tenant.platform].capabilities,
        )
        channel = str(body["channel"])
        if effect.kind is EffectKind.CARD:
            return PostCard(tenant, channel, rendered, effect.nonce), level if shown else Evidence.NONE
        drop = bool(body.get("drop_picture", True))
        return EditCard(tenant, channel, str(body["message"]), rendered, drop), Evidence.NONE

    # --- what follows -------------------------------------------------------------------------

    async def _done(self, effect: Effect, outcome: Outcome, level: Evidence) -> None:
        if effect.kind is EffectKind.CARD and effect.case is not None and outcome.ref:
            ref = CardRef(str(effect.body["channel"]), outcome.ref, level)
            await self._ledger.card_posted(effect.tenant, effect.case, ref)
        if follow := await self._follow_up(effect, outcome, level):
            await self._journal.put([follow], lease=False)
        await self._settle(effect, outcome)  # at last: whatever is cut short before is made up for by the sweep

    async def _follow_up(self, effect: Effect, outcome: Outcome, level: Evidence) -> Entry | None:
        """Notices of ours are taken back, evidence expires: as jobs, so that a restart forgets neither."""
        channel = effect.body.get("channel")
        if outcome.ref is None:
            return None
        if effect.kind is EffectKind.WARN:
            policy, _ = await self._settings.policy(effect.tenant)
            if not policy.notice_seconds:
                return None
            at = self._clock.now() + timedelta(seconds=policy.notice_seconds)
            payload = {"channel": channel, "message": outcome.ref}
            return Entry(effect.tenant, f"retract:{effect.nonce}", JobKind.RETRACT, payload, run_at=at)
        if effect.kind is EffectKind.CARD and level is not Evidence.NONE:
            at = self._clock.now() + timedelta(days=self._evidence_days)
            payload = {"case": effect.case}
            return Entry(effect.tenant, f"evidence:{effect.nonce}", JobKind.FORGET_EVIDENCE, payload, run_at=at)
        return None

    async def _settle(self, effect: Effect, outcome: Outcome) -> None:
        if outcome.retry and effect.attempts + 1 >= GIVE_UP:
            given_up = Worded("given up after {count} attempts: {why}", count=GIVE_UP, why=outcome.detail)
            outcome = Outcome(outcome.state, given_up)
        self._due.pop(effect.id, None)
        if outcome.retry:
            pause = max(min(RETRY_FIRST * 2**effect.attempts, RETRY_LONGEST), outcome.after)
            self._due[effect.id] = self._clock.monotonic() + pause
        state = EffectState.UNKNOWN if outcome.state is OutcomeState.UNKNOWN else EffectState.DONE
        await self._ledger.settle(effect, await self._told(effect, outcome), state=state)
        self._observer.settled(effect.kind, outcome)
        if outcome.state in (OutcomeState.FAILED, OutcomeState.REFUSED, OutcomeState.UNKNOWN):
            log.warning(
                "effect not done",
                guild=str(effect.tenant),
                case=effect.case,
                effect=effect.kind.value,
                outcome=outcome.state.value,
                detail=outcome.detail,
                again=outcome.retry,
            )

    async def _told(self, effect: Effect, outcome: Outcome) -> Outcome:
        """As its case will say it: in the guild's language. The log stays English."""
        if not isinstance(outcome.detail, Worded):
            return outcome
        policy, _ = await self._settings.policy(effect.tenant)
        return replace(outcome, detail=str(Texts(policy.language).said(outcome.detail)))


def _as_judged(case: Case, fresh: Sequence[Judged]) -> Case:
    """`case` with all that was read from its images, while that is known."""
    same = [i.sha256 for i in fresh] == [i.sha256 for i in case.images]
    return replace(case, images=tuple(fresh)) if same else case


def _automatic(effect: Effect) -> bool:
    """Done to a post or a person by a rule, not by a moderator's press."""
    return effect.kind in ON_PEOPLE_AND_POSTS and effect.case is not None and not effect.body.get("real")


def _pressed_on_people(effect: Effect) -> bool:
    """What a moderator does to a person, or takes back from them, hangs on nothing but their press."""
    return effect.kind in ON_PEOPLE and bool(effect.body.get("real"))


def _punishes(effect: Effect) -> bool:
    """Whether it does something to a person, rather than take it back."""
    if effect.kind in FOR_A_WHILE:
        return effect.body.get("until") is not None
    return effect.kind in ON_PEOPLE and (effect.kind is not EffectKind.QUARANTINE or bool(effect.body.get("on")))


def _again(action: Action) -> Action:
    """`action`, of which an earlier try may have been carried out."""
    return replace(action, again=True) if isinstance(action, Quarantine) and action.on else action


def _level(effect: Effect) -> Evidence:
    """How much of the picture a card is meant to show."""
    return Evidence(effect.body.get("evidence", Evidence.NONE))


async def _evidence(picture: Picture, level: Evidence) -> bytes | None:
    """The picture, if it can be had: a card without it is better than none."""
    try:
        return await picture(level)
    except Exception as error:
        log.error("no evidence", exc_info=error)
        return None


def _plain_action(effect: Effect) -> Action:
    body, tenant, case = effect.body, effect.tenant, effect.case or 0
    channel = str(body.get("channel", ""))
    match effect.kind:
        case EffectKind.DELETE:
            return Delete(tenant, channel, str(body["message"]), case)
        case EffectKind.UNREACT:
            return Unreact(tenant, channel, str(body["message"]), str(body["emoji"]), case)
        case EffectKind.REMOVE_COVER:
            return RemoveCover(tenant, channel, str(body["message"]), case)
        case EffectKind.WARN:
            return Warn(tenant, channel, str(body["author"]), case, effect.nonce)
        case EffectKind.SAY:
            return Say(tenant, channel, str(body["text"]), effect.nonce, body.get("author"))
        case EffectKind.RESTORE:
            card_at = (str(body["card_channel"]), str(body["card_message"]))
            return Restore(tenant, channel, str(body["author"]), *card_at, case, effect.nonce)
    return _on_a_person(effect) if effect.kind in TO_ONE_PERSON else _setting_up(effect)


def _on_a_person(effect: Effect) -> Action:
    body, tenant, case = effect.body, effect.tenant, effect.case or 0
    author, by = str(body["author"]), (body.get("actor"), bool(body.get("entrusted")))
    match effect.kind:
        case EffectKind.TIMEOUT | EffectKind.MUTE_IMAGES:
            until, given = _moment(body["until"]), _moment(body.get("given"))
            images_only = effect.kind is EffectKind.MUTE_IMAGES
            return TimeoutMember(tenant, author, until, case, given, *by, images_only=images_only)
        case EffectKind.QUARANTINE:
            return Quarantine(tenant, author, str(body["role"]), bool(body["on"]), case, *by)
        case EffectKind.KICK | EffectKind.BAN:
            reach = int(body.get("delete_seconds", 0))
            return RemoveMember(tenant, author, effect.kind is EffectKind.BAN, case, reach, *by)
    return Unban(tenant, author, case)


def _setting_up(effect: Effect) -> Action:
    body, tenant = effect.body, effect.tenant
    match effect.kind:
        case EffectKind.PAGE:
            return PostPage(tenant, str(body["channel"]), PAGE.unpack(body["page"]), effect.nonce)
        case EffectKind.MAKE_CHANNEL:
            roles = tuple(str(role) for role in body["roles"])
            return MakeChannel(tenant, str(body["name"]), str(body["author"]), roles, _nonce(effect))
        case _:
            raise Hopeless(f"nothing is known of how to do {effect.kind.value}")


def _nonce(effect: Effect) -> str:
    """What is made for good, such as a channel, is known again by whatever asked for it: asked twice, made once."""
    return str(effect.body.get("key", effect.nonce))


def _moment(text: object) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text))
