"""The first hour: from an invited bot to a protected community, page by page.

What was chosen lies in a draft on disk, one for each person, and nothing holds before the last page. A page can
be pressed again after a restart, or long after another was shown: it is always drawn anew from the draft and from
the policy as it is at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from bot.desk import steps
from bot.desk.amending import Amending
from bot.desk.draft import SETUP, Draft
from bot.desk.rights import may_manage
from bot.desk.setup import WHY, Setup
from bot.model import Answer, Capabilities, EffectKind, OutcomeState, Plan, Presser, Recipient, Tenant
from bot.ports import Drafts, Ledger, Performer, Settings
from bot.ports.desk import Survey
from bot.texts import firstdays
from bot.texts import settings as words
from bot.texts import wizard as told
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from policies.cautious import cautious, unbridled
from policies.model import Duty, Mode, Policy
from policies.presets import PRESETS

FINISHES: Final = {steps.PROTECT: Mode.ENFORCE, steps.WATCH: Mode.OBSERVE}
STAFF: Final = {duty.value: duty for duty in Duty}

Note = Callable[[Voice], str]
"""What is said above a page."""


class Wizard:
    """`bot.ports.desk.Wizard`."""

    def __init__(
        self,
        *,
        settings: Settings,
        drafts: Drafts,
        ledger: Ledger,
        performer: Performer,
        amending: Amending,
        setup: Setup,
        coverage: Coverage,
        capabilities: Callable[[Tenant], Capabilities],
        recipients: Sequence[Recipient] = (),
    ) -> None:
        self._capabilities = capabilities
        self._recipients = recipients
        self._settings = settings
        self._drafts = drafts
        self._ledger = ledger
        self._performer = performer
        self._amending = amending
        self._setup = setup
        self._coverage = coverage
        self._turns: WeakValueDictionary[tuple[Tenant, str], asyncio.Lock] = WeakValueDictionary()

    async def open(
        self,
        tenant: Tenant,
        presser: Presser,
        *,
        survey: Survey,
        preset: str | None = None,
        mod_channel: str | None = None,
    ) -> Answer:
        """See `bot.ports.desk.Wizard.open`."""
        if refused := await self._refused(tenant, presser):
            return refused
        async with self._turn_of(tenant, presser):
            draft, begun = await self._draft(tenant, presser)
            draft = replace(draft, preset=preset or draft.preset, mod_channel=mod_channel or draft.mod_channel)
            return await self._shown(tenant, presser, draft, survey, told.goes_on if begun else told.no_note)

    async def turn(
        self, tenant: Tenant, presser: Presser, page: str, control: str, values: Sequence[str], *, survey: Survey
    ) -> Answer:
        """See `bot.ports.desk.Wizard.turn`."""
        if page == firstdays.WELCOME or (page, control) == (firstdays.REMINDER, firstdays.SET_UP):
            return await self.open(tenant, presser, survey=survey)
        if refused := await self._refused(tenant, presser):
            return refused
        if page == firstdays.REMINDER:
            return await self._reminded(tenant, presser, control)
        async with self._turn_of(tenant, presser):
            if page == steps.DONE:
                return await self._afterwards(tenant, presser, control)
            draft, begun = await self._draft(tenant, presser)
            if not begun:
                return await self._shown(tenant, presser, draft, survey, told.begun_anew)
            return await self._step(tenant, presser, replace(draft, page=page), control, values, survey)

    # --- steps ----------------------------------------------------------------------------------

    async def _step(
        self, tenant: Tenant, presser: Presser, draft: Draft, control: str, values: Sequence[str], survey: Survey
    ) -> Answer:
        note: Note = told.no_note
        able = self._capabilities(tenant)
        pages = steps.order(able)
        if control == steps.MAKE and able.rooms:
            draft, note = await self._make_channel(tenant, presser, draft)
        elif control in FINISHES:
            if (await self._prospect(tenant, draft)).mod_channel is not None:
                return await self._finish(tenant, presser, draft, FINISHES[control], survey)
            draft, note = replace(draft, page=steps.CHANNEL), told.no_channel
        elif control == steps.NEXT and draft.page == steps.CHANNEL:
            missing = (await self._prospect(tenant, draft)).mod_channel is None
            draft, note = (draft, told.no_channel) if missing else (steps.moved(draft, control, pages), told.no_note)
        else:
            policy = await self._prospect(tenant, draft)
            draft = steps.moved(_chosen(draft, policy, control, values, self._coverage), control, pages)
        return await self._shown(tenant, presser, draft, survey, note)

    async def _make_channel(self, tenant: Tenant, presser: Presser, draft: Draft) -> tuple[Draft, Note]:
        """On disk before it is asked for; nobody but those who are to see cards gets in."""
        await self._drafts.keep(tenant, presser.id, SETUP, draft.body())
        policy, voice = await self._guild(tenant)
        roles = frozenset[str]().union(*draft.onto(policy).staff.values())
        body = {
            "name": told.channel_name(voice.texts),
            "author": presser.id,
            "roles": sorted(roles),
            "key": draft.key,
        }
        effects = await self._ledger.plan(tenant, None, [Plan(EffectKind.MAKE_CHANNEL, body)])
        (outcome,) = await self._performer.run(effects)
        if outcome.state is OutcomeState.DONE and outcome.ref:
            return replace(draft, mod_channel=outcome.ref), partial(told.made, outcome.ref)
        return draft, partial(told.not_made, outcome.detail)

    async def _finish(self, tenant: Tenant, presser: Presser, draft: Draft, mode: Mode, survey: Survey) -> Answer:
        done = await self._setup.save(tenant, presser, draft, mode)
        await self._drafts.drop(tenant, presser.id, SETUP)
        _, voice = await self._guild(tenant)
        text = self._setup.told(done, await survey(done.after), voice)
        return Answer(text, done=done.before != done.after, page=steps.done(done.after, text, voice))

    async def _afterwards(self, tenant: Tenant, presser: Presser, control: str) -> Answer:
        """The preset's own limits, where acting began more carefully."""
        _, voice = await self._guild(tenant)
        if control != steps.OWN:
            return Answer(told.nothing_to_do(voice.texts))
        done = await self._amending.amend(tenant, unbridled, presser.id, f"{WHY}, own limits")
        text = told.own_limits(done.before, done.after, voice.texts)
        return Answer(text, done=done.before != done.after, page=steps.done(done.after, text, voice))

    # --- the reminder -----------------------------------------------------------------------------

    async def _reminded(self, tenant: Tenant, presser: Presser, control: str) -> Answer:
        """Protect now, or go on watching. Pressed a second time it says what holds, and changes nothing."""

        def protect(old: Policy) -> Policy:
            return replace(cautious(old), mode=Mode.ENFORCE) if old.mode is Mode.OBSERVE else old

        policy, voice = await self._guild(tenant)
        if control == firstdays.KEEP:
            text = firstdays.goes_on(policy, presser.id, voice)
            return Answer(text, page=firstdays.answered(text, voice.texts))
        done = await self._amending.amend(tenant, protect, presser.id, f"{WHY}, after watching")
        text = firstdays.protects(done.before, done.after, presser.id, voice)
        return Answer(text, done=done.before != done.after, page=firstdays.answered(text, voice.texts))

    # --- pages ------------------------------------------------------------------------------------

    async def _shown(self, tenant: Tenant, presser: Presser, draft: Draft, survey: Survey, note: Note) -> Answer:
        """Keep the draft, then show its page."""
        able = self._capabilities(tenant)
        pages = steps.order(able)
        draft = replace(draft, page=draft.page if draft.page in pages else pages[0])
        await self._drafts.keep(tenant, presser.id, SETUP, draft.body())
        policy, voice = await self._guild(tenant)
        after = draft.onto(policy)
        findings = await survey(after) if draft.page in steps.SURVEYED else ()
        page = steps.page(
            draft.page, after, findings, self._coverage, voice, note(voice), able=able, recipients=self._recipients
        )
        return Answer(page.text, page=page)

    async def _refused(self, tenant: Tenant, presser: Presser) -> Answer | None:
        _, voice = await self._guild(tenant)
        return None if may_manage(presser) else Answer(words.not_a_manager(voice.texts))

    async def _draft(self, tenant: Tenant, presser: Presser) -> tuple[Draft, bool]:
        kept = await self._drafts.kept(tenant, presser.id, SETUP)
        return (Draft(), False) if kept is None else (Draft.of(kept), True)

    async def _prospect(self, tenant: Tenant, draft: Draft) -> Policy:
        policy, _ = await self._guild(tenant)
        return draft.onto(policy)

    async def _guild(self, tenant: Tenant) -> tuple[Policy, Voice]:
        policy, _ = await self._settings.policy(tenant)
        return policy, Voice.to(tenant, Texts(policy.language))

    def _turn_of(self, tenant: Tenant, presser: Presser) -> asyncio.Lock:
        """Two presses of one person are taken one after the other."""
        return self._turns.setdefault((tenant, presser.id), asyncio.Lock())


def _chosen(draft: Draft, policy: Policy, control: str, values: Sequence[str], coverage: Coverage) -> Draft:
    """`draft` with what one control says. What no page offers changes nothing."""
    match draft.page, control:
        case steps.PRESET, "preset" if values and values[0] in PRESETS:
            return replace(draft, preset=values[0])
        case steps.CHANNEL, "channel" if values:
            return replace(draft, mod_channel=values[0])
        case steps.STAFF, _ if control in STAFF:
            return draft.entrusting(STAFF[control], frozenset(values))
        case steps.EXEMPT, "roles":
            return replace(draft, exempt=frozenset(values))
        case steps.EXEMPT, steps.SUGGESTED:
            return replace(draft, exempt=policy.exempt.roles | steps.moderators(policy))
        case steps.PROVIDERS, "providers":
            every = set(values) >= set(coverage)  # and whoever the host adds later, too
            return replace(draft, providers=() if every else tuple(v for v in values if v in coverage))
    return draft
