"""Modes: watch, act, or stand still; and the way back from standing still."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.desk.amending import Amending, Amendment
from bot.desk.objections import Objection, one_of
from bot.model import Answer, Presser, Tenant
from bot.ports import Settings
from bot.texts import settings as words
from bot.texts.markup import Voice
from policies.model import Mode, Policy

PAUSED_FROM: Final = "pause, from "
RESUMED: Final = "resume"
SET: Final = "mode "
TUNED: Final = "threshold "  # versions that leave the mode alone
LOOK_BACK = 200  # versions: a pause may lie before many other changes


class Modes:
    """The switch, and the kill switch."""

    def __init__(self, settings: Settings, amending: Amending) -> None:
        self._settings = settings
        self._amending = amending

    async def set(self, tenant: Tenant, presser: Presser, mode: str, voice: Voice) -> Answer:
        """See `bot.ports.Desk.set_mode`."""
        wanted = Mode(one_of(mode, Mode, voice, what=voice.texts.gettext("a mode")))
        if wanted is Mode.PAUSED:
            return await self.pause(tenant, presser, voice)
        done = await self._switch(tenant, presser, wanted, f"{SET}{wanted}")
        return _answer(done, voice)

    async def pause(self, tenant: Tenant, presser: Presser, voice: Voice) -> Answer:
        """Stand still; the version says from which mode, so that a restart does not forget it."""
        policy, _ = await self._settings.policy(tenant)
        done = await self._switch(tenant, presser, Mode.PAUSED, f"{PAUSED_FROM}{policy.mode}")
        return _answer(done, voice)

    async def resume(self, tenant: Tenant, presser: Presser, voice: Voice) -> Answer:
        """Back to the mode before the pause, or where nobody knows it, to watching only."""
        history = await self._settings.versions(tenant, LOOK_BACK)
        before = mode_before_pause(why for _, _, _, why in history)

        def awake(policy: Policy) -> Policy:
            if policy.mode is not Mode.PAUSED:
                raise Objection(words.not_paused(policy, voice.texts))
            return replace(policy, mode=before or Mode.OBSERVE)

        done = await self._amending.amend(tenant, awake, presser.id, RESUMED)
        answer = _answer(done, voice)
        return answer if before else replace(answer, text=f"{answer.text}\n{words.mode_unknown(voice.texts)}")

    async def _switch(self, tenant: Tenant, presser: Presser, mode: Mode, why: str) -> Amendment:
        return await self._amending.amend(tenant, lambda policy: replace(policy, mode=mode), presser.id, why)


def mode_before_pause(whys: Iterable[str]) -> Mode | None:
    """The mode from which the guild was paused. `whys` say what made each version, newest first.

    None where something else, such as a policy file, may have changed the mode since.
    """
    newest = next((why for why in whys if not why.startswith(TUNED)), "")
    word = newest.removeprefix(PAUSED_FROM)
    return Mode(word) if newest.startswith(PAUSED_FROM) and word in {Mode.ENFORCE, Mode.OBSERVE} else None


def _answer(done: Amendment, voice: Voice) -> Answer:
    return Answer(words.mode_set(done.before, done.after, voice.texts), done=done.before != done.after)
