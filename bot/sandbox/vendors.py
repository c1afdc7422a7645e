"""The vendors of the demo: each on loopback, each with its books, and what the bot needs to be told to ask them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.clock import SystemClock
from bot.model import PAID
from bot.sandbox.custom import LoopbackModel
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.sandbox.huawei import LoopbackHuawei
from bot.sandbox.openai import LoopbackOpenAI
from bot.sandbox.process import BotProcess
from bot.sandbox.rekognition import LoopbackRekognition
from providers.hitpaw.wire import CREDITS
from providers.huawei.settings import CATEGORIES

LOCAL = "local"
CEILING = "20.00"  # US dollars a month, granted to the demo's guild
HUAWEI_PRICE = 0.0012  # US dollars a category; the others' prices are the bot's defaults
CREDIT_PRICE = 0.001
REKOGNITION_PRICE = 0.001
QUICK = Script(seconds=0.3)  # how a job goes that nobody notices
FOLLOWS = 1.5  # seconds after which a running bot has seen what the host typed beside it
SOFT_DEADLINE = 3  # seconds that the bot waits for HitPaw


@dataclass(frozen=True, slots=True)
class Books:
    """What a vendor wrote down. `charged` is in its own units, `cost` in US dollars.

    `doubtful`: what requests would have cost at most that broke off while it was unplugged. It charged nothing for
    them, but whoever sent them cannot know that.
    """

    asked: int
    answered: int
    charged: str
    cost: float
    doubtful: float = 0.0


@dataclass(frozen=True, slots=True)
class Vendors:
    """All that are known stand ready; `names` are those that the bot is told of, in their order. `local`: whether
    the local models are asked first."""

    names: tuple[str, ...]
    local: bool
    huawei: LoopbackHuawei
    hitpaw: HitPaw
    rekognition: LoopbackRekognition
    openai: LoopbackOpenAI
    custom: LoopbackModel

    @classmethod
    @asynccontextmanager
    async def open(cls, names: tuple[str, ...], *, local: bool = True) -> AsyncIterator[Vendors]:
        """They listen for the length of a block."""
        clock = SystemClock()
        async with AsyncExitStack() as stack:
            yield cls(
                names,
                local,
                await stack.enter_async_context(LoopbackHuawei(clock=clock)),
                await stack.enter_async_context(HitPaw(clock=clock, usual=QUICK)),
                await stack.enter_async_context(LoopbackRekognition(clock=clock)),
                await stack.enter_async_context(LoopbackOpenAI()),
                await stack.enter_async_context(LoopbackModel()),
            )

    @property
    def listed(self) -> tuple[str, ...]:
        """The providers that the bot is to offer."""
        return (LOCAL, *self.names) if self.local else self.names

    @property
    def paid(self) -> tuple[str, ...]:
        """Those of `names` that cost money."""
        return tuple(name for name in self.names if name in PAID)

    @property
    def settings(self) -> dict[str, str]:
        """What `beholder run` is to be set to, as `BotProcess.start` takes it."""
        environment = {"BEHOLDER_PROVIDERS": ",".join(self.listed), "BEHOLDER_HUAWEI_PRICE": str(HUAWEI_PRICE)}
        environment |= {"BEHOLDER_HITPAW_CREDIT_PRICE": str(CREDIT_PRICE)}
        environment |= {"BEHOLDER_REKOGNITION_PRICE": str(REKOGNITION_PRICE)}
        environment |= {"BEHOLDER_HITPAW_SOFT_DEADLINE": str(SOFT_DEADLINE)}
        for vendor in (self.huawei, self.hitpaw, self.rekognition, self.openai, self.custom):
            environment |= vendor.environment
        return {name.removeprefix("BEHOLDER_").lower(): value for name, value in environment.items()}

    @property
    def books(self) -> Mapping[str, Books]:
        """What each of `names` wrote down."""
        return {name: _BOOKS[name](self) for name in self.names}

    async def grant(self, bot: BotProcess, guild: int) -> list[str]:
        """The host lets `guild` use those that cost money, as it is typed; the commands themselves."""
        typed = [("guild", "grant", str(guild), name, CEILING) for name in self.paid]
        await asyncio.gather(*(bot.beholder(*command) for command in typed))
        if typed:
            await asyncio.sleep(FOLLOWS)
        return [" ".join(("beholder", *command)) for command in typed]

    def plug(self, name: str, *, into: bool) -> None:
        """Pull the plug of one, or put it back in."""
        sockets = {
            "huawei": self.huawei.plug,
            "hitpaw": self.hitpaw.plug,
            "rekognition": self.rekognition.plug,
            "openai": self.openai.outlet.plug,
            "custom": self.custom.outlet.plug,
        }
        sockets[name](into=into)


def _of_huawei(vendors: Vendors) -> Books:
    huawei = vendors.huawei
    categories = huawei.charges.total()
    cost, doubtful = categories * HUAWEI_PRICE, huawei.broken * len(CATEGORIES) * HUAWEI_PRICE
    return Books(len(huawei.calls), huawei.answered, f"{categories} categories", cost, doubtful)


def _of_hitpaw(vendors: Vendors) -> Books:
    hitpaw = vendors.hitpaw
    asked, credits_ = len(hitpaw.asked("/api/image-nsfw")), sum(charge.credits for charge in hitpaw.charges)
    answered = sum(job.told for job in hitpaw.jobs.values())
    cost, doubtful = credits_ * CREDIT_PRICE, hitpaw.broken * CREDITS * CREDIT_PRICE
    return Books(asked, answered, f"{credits_} credits", cost, doubtful)


def _of_rekognition(vendors: Vendors) -> Books:
    aws = vendors.rekognition
    cost, doubtful = aws.charges * REKOGNITION_PRICE, aws.broken * REKOGNITION_PRICE
    return Books(len(aws.requests), aws.answered, f"{aws.charges} pictures", cost, doubtful)


def _free(vendor: LoopbackOpenAI | LoopbackModel) -> Books:
    return Books(vendor.asked, vendor.answered, "nothing", 0.0)


_BOOKS: Mapping[str, Callable[[Vendors], Books]] = {
    "huawei": _of_huawei,
    "hitpaw": _of_hitpaw,
    "rekognition": _of_rekognition,
    "openai": lambda vendors: _free(vendors.openai),
    "custom": lambda vendors: _free(vendors.custom),
}
