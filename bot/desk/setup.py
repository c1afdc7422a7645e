"""The one way of saving a setup, at the wizard's end and by the options of the command alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.desk.amending import Amending, Amendment
from bot.desk.draft import Draft
from bot.desk.objections import Objection, one_of
from bot.model import Answer, Finding, Presser, Tenant
from bot.ports import Clock, Journal
from bot.texts import settings as words
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from bot.welcome import reminder
from policies.cautious import cautious
from policies.model import Mode, Policy
from policies.presets import PRESETS

WHY: Final = "setup"
CHOICES: Final = (Mode.ENFORCE, Mode.OBSERVE)


class Setup:
    """From choices to a policy in force, and a reminder where it only watches."""

    def __init__(self, amending: Amending, journal: Journal, clock: Clock, coverage: Coverage) -> None:
        self._amending = amending
        self._journal = journal
        self._clock = clock
        self._coverage = coverage

    async def at_once(
        self,
        tenant: Tenant,
        presser: Presser,
        *,
        chosen: str,
        mod_channel: str,
        mode: str,
        findings: Sequence[Finding],
        voice: Voice,
    ) -> Answer:
        """See `bot.ports.Desk.setup`."""
        _ = voice.texts.gettext
        name = one_of(chosen, PRESETS, voice, what=_("a preset"))
        wanted = Mode(one_of(mode, CHOICES, voice, what=_("a mode to start in")))
        if not mod_channel.strip():
            raise Objection(_("Choose the channel in which moderators will see cards."))
        done = await self.save(tenant, presser, Draft(preset=name, mod_channel=mod_channel.strip()), wanted)
        return Answer(self.told(done, findings, voice), done=done.before != done.after)

    async def save(self, tenant: Tenant, presser: Presser, draft: Draft, mode: Mode) -> Amendment:
        """One new version of the policy. Acting begins with what is all but certain (`policies.cautious`)."""

        def change(old: Policy) -> Policy:
            chosen = replace(draft.onto(old), mode=mode)
            return cautious(chosen) if mode is Mode.ENFORCE else chosen

        done = await self._amending.amend(tenant, change, presser.id, WHY)
        if mode is Mode.OBSERVE:
            await self._journal.put([reminder(tenant, done.version, self._clock.now())], lease=False)
        return done

    def told(self, done: Amendment, findings: Sequence[Finding], voice: Voice) -> str:
        """What now holds, in words."""
        return words.set_up(done.before, done.after, findings, self._coverage, voice)
