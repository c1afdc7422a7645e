"""What is done on Telegram."""

from __future__ import annotations

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.model import Action, Delete, Outcome, OutcomeState, Tenant
from bot.platforms.telegram.spots import Spot, ids_of
from policies.wording import Worded


class Actions:
    """`perform` and `find` for one bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def perform(self, action: Action) -> Outcome:
        """See `bot.ports.Platform.perform`."""
        if not isinstance(action, Delete):
            return Outcome(OutcomeState.REFUSED, Worded("not possible on Telegram"))
        chat, ids = Spot.parse(action.channel).chat, ids_of(action.message)
        try:
            if len(ids) == 1:
                await self._bot.delete_message(chat, ids[0])
            else:
                await self._bot.delete_messages(chat, ids)
        except BadRequest as error:
            if "not found" in error.message:
                return Outcome(OutcomeState.DONE)
            return Outcome(OutcomeState.REFUSED, Worded("Telegram does not allow it"))
        except TelegramError:
            return Outcome(OutcomeState.FAILED, Worded("Telegram does not answer"), retry=True)
        return Outcome(OutcomeState.DONE)

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """See `bot.ports.Platform.find`."""
        return Outcome(OutcomeState.UNKNOWN)
