"""A command as it was given: by whom, about which chat, and how it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telegram import Message, User

from bot.model import Answer, Page, Presser, Tenant
from bot.platforms.telegram.menu import Menu
from bot.platforms.telegram.pages import laid
from bot.platforms.telegram.reception import Reception, Way
from bot.texts.catalogue import Texts


@dataclass(frozen=True, slots=True)
class Asked:
    """`words` follow the command."""

    at: Reception
    menu: Menu
    message: Message
    user: User
    tenant: Tenant
    presser: Presser
    words: tuple[str, ...]
    texts: Texts

    async def answer(self, told: Answer, way: Way) -> None:
        """For the asker alone; `way` asks the same in private."""
        await self.at.tell(self.message, self.user, await self.at.laid(told, self.tenant), way, self.texts)

    async def show(self, page: Page, way: Way) -> None:
        """A page, for the asker alone."""
        await self.at.tell(self.message, self.user, laid(page, self.tenant), way, self.texts)

    async def say(self, text: str) -> None:
        """Words that give nothing away."""
        await self.answer(Answer(text), Way("cfg", self.tenant))

    def way(self, what: str, argument: str = "") -> Way:
        """Into private, to ask `what` there."""
        return Way(what, self.tenant, argument)


Handle = Callable[[Asked], Awaitable[None]]
