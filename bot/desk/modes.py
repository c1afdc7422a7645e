"""Modes: watch, act, or stand still; and the way back from standing still."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.desk.amending import Amending, Amendment
from bot.desk.announcing import Announcing
from bot.desk.objections import Objection, one_of
from bot.model import Answer, Presser, Tenant
from bot.ports import Settings
from bot.texts import settings as words
from bot.texts.markup import Voice
from policies.model import Mode, Policy

PAUSED_FROM: Final = "pause, from "
RESUMED: Final = "resume"
SET: Final = "mode "
TUNED: Final = "threshold "
RULES: Final = "rules: "
LEAVE_THE_MODE: Final = (TUNED, RULES)  # how versions begin that leave the mode alone
LOOK_BACK = 200  # versions: a pause may lie before many other changes


class Modes:
    """The switch, and the kill switch."""

    def __init__(self, settings: Settings, amending: Amending, announcing: Announcing) -> None:
        self._settings = settings
        self._amending = amending
        self._announcing = announcing

    async def set(self, tenant: Tenant, presser: Presser, mode: str, voice: Voice) -> Answer:
        """See `bot.ports.Desk.set_mode`."""
        wanted = Mode(one_of(mode, Mode, voice, what=voice.texts.gettext("a mode")))
        if wanted is Mode.PAUSED:
            return await self.pause(tenant, presser, voice)
        done = await self._switch(tenant, presser, wanted, f"{SET}{wanted}")
        return await self._told(tenant, presser, done, voice)

    async def pause(self, tenant: Tenant, presser: Presser, voice: Voice) -> Answer:
        """Stand still; the version says from which mode, so that a restart does not forget it."""
        policy, _ = await self._settings.policy(tenant)
        done = await self._switch(tenant, presser, Mode.PAUSED, f"{PAUSED_FROM}{policy.mode}")
        return await self._told(tenant, presser, done, voice)

    async def resume(self, tenant: Tenant, presser: Presser, voice: Voice) -> Answer:
        """Back to the mode before the pause, or where nobody knows it, to watching only."""
        history = await self._settings.versions(tenant, LOOK_BACK)
        before = mode_before_pause(why for _, _, _, why in history)

        def awake(policy: Policy) -> Policy:
            if policy.mode is not Mode.PAUSED:
                raise Objection(words.not_paused(policy, voice.texts))
            return replace(policy, mode=before or Mode.OBSERVE)

        done = await self._amending.amend(tenant, awake, presser.id, RESUMED)
        answer = await self._told(tenant, presser, done, voice)
        return answer if before else replace(answer, text=f"{answer.text}\n{words.mode_unknown(voice.texts)}")

    async def paused(self, tenant: Tenant) -> tuple[datetime, str] | None:
        """Since when the guild is paused and by whom, where that is known."""
        policy, _ = await self._settings.policy(tenant)
        if policy.mode is not Mode.PAUSED:
            return None
        history = await self._settings.versions(tenant, LOOK_BACK)
        newest = next((v for v in history if not v[3].startswith(LEAVE_THE_MODE)), None)
        return newest[1:3] if newest is not None and newest[3].startswith(PAUSED_FROM) else None

    async def _told(self, tenant: Tenant, presser: Presser, done: Amendment, voice: Voice) -> Answer:
        """A pause and its end are said in the moderators' channel too, so that nobody forgets the one or misses
        the other."""
        answer = _answer(done, voice)
        channel, changed = done.after.mod_channel, done.before.mode is not done.after.mode
        if channel is None or not changed or Mode.PAUSED not in (done.before.mode, done.after.mode):
            return answer
        text = words.announced(done.after, presser.id, voice)
        if await self._announcing.say(tenant, channel, text):
            return answer
        return replace(answer, text=f"{answer.text}\n{words.not_announced(channel, voice)}")

    async def _switch(self, tenant: Tenant, presser: Presser, mode: Mode, why: str) -> Amendment:
        return await self._amending.amend(tenant, lambda policy: replace(policy, mode=mode), presser.id, why)


def mode_before_pause(whys: Iterable[str]) -> Mode | None:
    """The mode from which the guild was paused. `whys` say what made each version, newest first.

    None where something else, such as a policy file, may have changed the mode since.
    """
    newest = next((why for why in whys if not why.startswith(LEAVE_THE_MODE)), "")
    word = newest.removeprefix(PAUSED_FROM)
    return Mode(word) if newest.startswith(PAUSED_FROM) and word in {Mode.ENFORCE, Mode.OBSERVE} else None


def _answer(done: Amendment, voice: Voice) -> Answer:
    return Answer(words.mode_set(done.before, done.after, voice.texts), done=done.before != done.after)
