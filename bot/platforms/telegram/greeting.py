"""The greeting with a self-check: which rights the bot lacks, and what it is shown, at the moment it is posted."""

from __future__ import annotations

from dataclasses import replace

from telegram import Bot

from bot.model import Page, Tenant
from bot.platforms.telegram.checkup import Checkup, other_bots
from bot.ports import Settings
from bot.texts import doctor, firstdays
from bot.texts.catalogue import Texts
from bot.texts.lines import fit


class Greeting:
    """Completes the page that `bot.firstdays` has put on record; other pages stay as they are."""

    def __init__(self, bot: Bot, settings: Settings) -> None:
        self._checkup = Checkup(bot)
        self._settings = settings

    async def completed(self, page: Page, tenant: Tenant) -> Page:
        """`page` with what is missing here, each with its cure. The moderators' chat is chosen later."""
        if page.name != firstdays.WELCOME:
            return page
        policy, _ = await self._settings.policy(tenant)
        texts = Texts(policy.language)
        rights = await self._checkup.rights(tenant, policy)
        missing = [doctor.line(finding) for finding in rights if not finding.ok]
        said = [texts.gettext("Before I can protect this chat:"), *missing] if missing else []
        if not missing:
            said = [texts.gettext("I have every right that I need here, and I see every post.")]
        return replace(page, text=fit([page.text, "", *said, "", other_bots(texts)], firstdays.TEXT, texts))
