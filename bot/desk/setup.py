"""From an invited bot to a protected community: preset, moderators' channel, mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.desk.amending import Amending
from bot.desk.objections import Objection, one_of
from bot.model import Answer, Finding, Presser, Tenant
from bot.texts import settings as words
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from policies.model import Mode, Policy
from policies.presets import PRESETS, preset

WHY: Final = "setup"
CHOICES: Final = (Mode.ENFORCE, Mode.OBSERVE)


class Setup:
    """The short wizard's last step: save, and say what is still missing."""

    def __init__(self, amending: Amending, coverage: Coverage) -> None:
        self._amending = amending
        self._coverage = coverage

    async def save(
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
        base = preset(one_of(chosen, PRESETS, voice, what=_("a preset")))
        wanted = Mode(one_of(mode, CHOICES, voice, what=_("a mode to start in")))
        if not mod_channel.strip():
            raise Objection(_("Choose the channel in which moderators will see cards."))
        done = await self._amending.amend(
            tenant,
            lambda old: replace(_onto(old, base), mode=wanted, mod_channel=mod_channel.strip()),
            presser.id,
            WHY,
        )
        text = words.set_up(done.before, done.after, findings, self._coverage, voice)
        return Answer(text, done=done.before != done.after)


def _onto(old: Policy, base: Policy) -> Policy:
    """The same preset again keeps what the guild tuned; another one keeps what is the guild's own."""
    if old.preset == base.preset:
        return old
    return replace(
        base,
        channels=old.channels,
        exempt=old.exempt,
        staff=old.staff,
        providers=old.providers,
        quarantine_role=old.quarantine_role,
        notice_seconds=old.notice_seconds,
        test_cards=old.test_cards,
        language=old.language,
    )
