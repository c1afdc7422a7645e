"""`/settings`, `/setup`, `/policy`, `/doctor` and `/pause`."""

from __future__ import annotations

from typing import Final

from bot.model import Answer
from bot.platforms.telegram.commands.asked import Asked
from bot.texts import menu as words

RESUME: Final = "resume"
UNCHANGED: Final = "-"


async def settings(asked: Asked) -> None:
    """`/settings`."""
    await asked.show(words.page(asked.texts), asked.way("cfg"))


async def setup(asked: Asked) -> None:
    """`/setup`: the wizard."""
    await asked.answer(await asked.menu.open(asked.tenant, asked.presser), asked.way("setup"))


async def doctor(asked: Asked) -> None:
    """`/doctor`."""
    await asked.answer(await asked.menu.examine(asked.tenant, asked.presser), asked.way("doctor"))


async def pause(asked: Asked) -> None:
    """`/pause [resume]`."""
    resume = asked.words[:1] == (RESUME,)
    await asked.answer(await asked.at.desk.pause(asked.tenant, asked.presser, resume=resume), asked.way("cfg"))


async def policy(asked: Asked) -> None:
    """`/policy show`, `mode`, `preset` and `threshold`; everything else is on the pages of `/settings`."""
    told = await _policy(asked)
    await asked.answer(told or Answer(words.policy_usage(asked.texts)), asked.way("policy"))


async def _policy(asked: Asked) -> Answer | None:
    desk, tenant, presser = asked.at.desk, asked.tenant, asked.presser
    match asked.words:
        case () | ("show",):
            return await desk.show_policy(tenant, presser)
        case ("mode", mode):
            return await desk.set_mode(tenant, presser, mode)
        case ("preset", name):
            return await desk.exchange.preset(tenant, presser, name)
        case ("threshold", category, review):
            return await desk.set_threshold(tenant, presser, category, _limit(review), None)
        case ("threshold", category, review, remove):
            return await desk.set_threshold(tenant, presser, category, _limit(review), _limit(remove))
    return None


def _limit(typed: str) -> str | None:
    return None if typed == UNCHANGED else typed
