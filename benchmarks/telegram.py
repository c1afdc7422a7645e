"""Telegram: how much longer than the barest PTB handler a known picture stands, and how fast words go by.

`python -m benchmarks.telegram delete|words ROOT`, the token on standard input, is the barest bot: a process of its own,
as ours is, on the same transport.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from telegram import Bot, Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters

from benchmarks.duel import COLUMNS, PAUSE, WARM_UP
from benchmarks.report import Bound, Report, Spread
from bot.clock import SystemClock
from bot.model import Tenant
from bot.platforms.telegram.request import AiohttpRequest
from bot.sandbox.process import BotProcess
from bot.sandbox.scenes import card
from bot.sandbox.telegram.entities import Chat, Json, Message, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.store.store import Store
from policies.model import Category, Mode
from policies.presets import DEFAULT, preset

LIMIT = 5.0  # milliseconds that the promises of the bot may cost
SHARE = 0.5  # of the words that a loop goes through which does nothing but parse them
WORDS = 5000
PATIENCE = 120.0
REST = 0.1  # seconds after which a bot has nothing in hand
START_SECONDS = 60.0


async def run(rounds: int = 100, words: int = WORDS, *, warm_up: int = WARM_UP) -> Report:
    """Known pictures in turns, then a backlog of words for each."""
    ours, theirs = await _removals(rounds, warm_up)
    parsed = await _drained(words, barest=True)
    passed = await _drained(words, barest=False)
    difference = Spread.of(ours).median - Spread.of(theirs).median
    return Report(
        name="telegram",
        title="Telegram: a known picture, update released to deleteMessage received; and updates without a picture",
        columns=COLUMNS,
        rows=(
            ("Beholder", *Spread.of(ours).cells),
            ("the barest PTB handler", *Spread.of(theirs).cells),
            ("updates a second: Beholder", passed, "", "", words),
            ("getUpdates and Update.de_json alone", parsed, "", "", words),
        ),
        bounds=(
            Bound("difference of the medians", difference, LIMIT, "ms"),
            Bound("updates without a picture, ours / the loop's", passed / parsed, SHARE, "", most=False),
        ),
        notes=(
            "Both bots use the same aiohttp transport; PTB's own is slower the more is under way.",
            "Before Telegram is asked to delete, the post and the case are on disk: two commits, each with its fsync.",
            "Words are looked through for pictures, commands and news of the chat; none of them is written down.",
        ),
    )


# --- a known picture ----------------------------------------------------------------------------------


async def _removals(rounds: int, warm_up: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each, in turns."""
    picture = card(Category.SEXUAL_EXPLICIT, 0.95)
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(_town(ours=True))
        other = await stack.enter_async_context(_town(ours=False))
        shown = [town[0].world.media.photo(picture) for town in (real, other)]
        for n in range(warm_up + rounds):
            one = await _removed(*real, shown[0])
            two = await _removed(*other, shown[1])
            if n >= warm_up:
                ours.append(one)
                theirs.append(two)
            await asyncio.sleep(PAUSE)
    return ours, theirs


@asynccontextmanager
async def _town(*, ours: bool) -> AsyncIterator[tuple[LoopbackTelegram, Chat]]:
    """A supergroup and a bot in it that listens."""
    async with LoopbackTelegram(limited=False) as telegram:
        town = telegram.supergroup("Town")
        telegram.add_bot(town, "can_delete_messages", "can_restrict_members")
        with tempfile.TemporaryDirectory(prefix="beholder-bench-") as folder:
            async with _ours(telegram, Path(folder), town) if ours else _barest(telegram, "delete"):
                await telegram.until(lambda: len(telegram.calls_to("getUpdates")) > 1, START_SECONDS)
                yield telegram, town


async def _removed(telegram: LoopbackTelegram, town: Chat, picture: Json) -> float:
    """Each is a new member's: nobody climbs the ladder of strikes. The file is one that Telegram has already."""
    gone: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    ann: User = telegram.member(town, "ann")
    await asyncio.sleep(REST)  # that somebody joined is an update too, and so is what was done the last time
    message: Message = telegram.post(town, ann, picture)

    def heard(call: Any) -> None:
        if call.method in ("deleteMessage", "deleteMessages") and not gone.done():
            gone.set_result(call.at)

    telegram.server.observers.append(heard)
    try:
        at = await asyncio.wait_for(gone, PATIENCE)
    finally:
        telegram.server.observers.remove(heard)
    return (at - message.shown) * 1000


# --- words --------------------------------------------------------------------------------------------


async def _drained(words: int, *, barest: bool) -> float:
    """Updates a second, until the last one is confirmed, of a backlog that waits when the bot begins."""
    async with LoopbackTelegram(limited=False) as telegram:
        town = telegram.supergroup("Town")
        telegram.add_bot(town, "can_delete_messages")
        people = [telegram.member(town, f"member {n}") for n in range(20)]
        inbox = telegram.world.inboxes[telegram.bot.id]
        inbox.pending.clear()
        inbox._since.clear()
        for n in range(words):
            telegram.say(town, people[n % len(people)], f"{n}: the quick brown fox jumps over the lazy dog")
        gc.collect()
        gc.freeze()
        with tempfile.TemporaryDirectory(prefix="beholder-bench-") as folder:
            async with _barest(telegram, "words") if barest else _ours(telegram, Path(folder), town):
                await telegram.until(lambda: telegram.calls_to("getUpdates"), START_SECONDS)
                began = time.perf_counter()
                await telegram.until(lambda: not inbox.pending, PATIENCE)
                seconds = time.perf_counter() - began
        gc.unfreeze()
    return words / seconds


# --- the two bots -------------------------------------------------------------------------------------


@asynccontextmanager
async def _ours(telegram: LoopbackTelegram, folder: Path, town: Chat) -> AsyncIterator[None]:
    """The bot as its host starts it; it removes what it is sure of, and says nothing in the chat."""
    async with await Store.open(None, data_dir=folder, clock=SystemClock()) as store:
        policy = replace(preset(DEFAULT), mode=Mode.ENFORCE)
        await store.settings.save(Tenant("telegram", str(town.id)), policy, "benchmark", "")
    bot = await BotProcess.begin(folder, telegram_token=telegram.token, telegram_api_url=telegram.root)
    try:
        await bot.event("telegram ready", START_SECONDS)
        yield
    finally:
        await bot.stop()


@asynccontextmanager
async def _barest(telegram: LoopbackTelegram, what: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.telegram", what, telegram.root, stdin=asyncio.subprocess.PIPE
    )
    try:
        if process.stdin is not None:
            process.stdin.write(f"{telegram.token}\n".encode())
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _delete(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    """Every picture is a bad one."""
    if update.message is not None:
        await update.message.delete()


def _deletes(root: str, token: str) -> None:
    """Until terminated."""
    builder = ApplicationBuilder().token(token).base_url(f"{root}/bot").base_file_url(f"{root}/file/bot")
    application = builder.request(AiohttpRequest()).get_updates_request(AiohttpRequest()).build()
    application.add_handler(MessageHandler(filters.PHOTO, _delete))
    application.run_polling()


async def _parses(root: str, token: str) -> None:
    """Until terminated: ask, parse each update by itself, ask on."""
    request = AiohttpRequest()
    bot = Bot(token, base_url=f"{root}/bot", request=AiohttpRequest(), get_updates_request=request)
    async with bot:
        offset, url = 0, f"{root}/bot{token}/getUpdates"
        while True:
            _, body = await request.do_request(f"{url}?offset={offset}&timeout=10", "POST", read_timeout=20)
            found: Sequence[dict[str, Any]] = json.loads(body)["result"]
            for each in found:
                offset = Update.de_json(each, bot).update_id + 1


def main() -> None:
    """The barest bot."""
    what, root = sys.argv[1:3]
    token = sys.stdin.readline().strip()
    if what == "delete":
        _deletes(root, token)
    else:
        asyncio.run(_parses(root, token))


if __name__ == "__main__":
    main()
