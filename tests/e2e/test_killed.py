"""Killed again and again in the middle of everything: in the end all is as if it had never happened."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bot.sandbox.entities import Message
from bot.sandbox.presses import NotOffered
from bot.sandbox.scenes import card, files, view
from policies.model import Category
from tests.e2e.test_surfaces import choose
from tests.e2e.theatre import Theatre, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(240)]

LIVES = 2
LEFT = (
    "select (select count(*) from effects where state in ('todo', 'sending')), "
    "(select count(*) from jobs where kind = 'event' and state in ('todo', 'leased'))"
)
SEEN = "select subject from jobs where kind = 'event'"


class Town:
    """Somewhere where a lot happens at once. Every bad picture is another one."""

    def __init__(self, theatre: Theatre, seed: int) -> None:
        self.t = theatre
        self.d, self.stage = theatre.discord, theatre.stage
        self.dice = random.Random(seed)
        self.serial = 0
        self.bad: list[Message] = []
        self.good: list[Message] = []

    def picture(self) -> bytes:
        self.serial += 1
        return card(Category.SEXUAL_EXPLICIT, 0.95, width=480 + 2 * self.serial)

    def bustle(self) -> None:
        """One thing of each kind, in any order."""
        deeds: list[Callable[[], object]] = [
            *(self._attachment, self._sticker, self._emoji, self._late_embed, self._forward),
            *(self._fine, self._fine, self._face, self._reaction, self._joins, self._edit_takes_it_away),
        ]
        self.dice.shuffle(deeds)
        for deed in deeds:
            deed()

    def _posted(self, kept: list[Message], **shown: object) -> Message:
        where = self.dice.choice([self.stage.general, self.stage.pictures, self.stage.help_thread])
        message = self.d.post(where, self.dice.choice(self.stage.members), **shown)  # type: ignore[arg-type]
        kept.append(message)
        return message

    def _attachment(self) -> None:
        self._posted(self.bad, files=files(view(self.serial), self.picture()))

    def _sticker(self) -> None:
        self._posted(self.bad, stickers=[self.d.sticker(self.stage.guild, f"s{self.serial}", self.picture())])

    def _emoji(self) -> None:
        self._posted(self.bad, text=self.d.emoji(self.stage.guild, f"e{self.serial}", self.picture()))

    def _late_embed(self) -> None:
        message = self._posted(self.bad, text="https://pictures.example/a.png")
        url = f"https://pictures.example/{self.serial}.png"
        self.d.embed_arrives_late(message, self.d.embed(url, self.picture()))

    def _forward(self) -> None:
        original = self._posted(self.bad, files=files(self.picture()))
        self._posted(self.bad, forward_of=original)

    def _fine(self) -> None:
        self._posted(self.good, files=files(view(1000 + self.serial)))
        self.serial += 1

    def _edit_takes_it_away(self) -> None:
        message = self._posted([], text="look", files=[("a.png", self.picture(), "image/png")])
        self.d.edit(message, text="nothing", remove=["a.png"])

    def _face(self) -> None:
        self.d.avatar(self.dice.choice(self.stage.members), self.picture())

    def _joins(self) -> None:
        newcomer = self.d.world.add_user(f"new{self.serial}")
        self.d.avatar(newcomer, self.picture())
        self.d.member(self.stage.guild, "", user=newcomer)

    def _reaction(self) -> None:
        message = self._posted(self.good, text="hello")
        emoji = self.d.emoji(self.stage.guild, f"r{self.serial}", self.picture())
        for user in self.stage.members[:2]:
            self.d.react(message, user, emoji)

    async def press(self) -> None:
        """A moderator presses what the cards offer, also while the bot dies."""
        cards = [m for m in list(self.stage.mods.messages.values()) if m.components and m.deleted_at is None]
        for shown in self.dice.sample(cards, min(2, len(cards))):
            with suppress(NotOffered, TimeoutError):
                await self.d.press(
                    shown, self.dice.choice(["Right", "Wrong, give back"]), self.stage.moderator, timeout=1
                )

    async def die(self) -> None:
        """kill -9, a random number of requests from now."""
        target = len(self.d.requests) + self.dice.randint(3, 25)
        with suppress(TimeoutError):
            await self.d.until(lambda: len(self.d.requests) >= target, timeout=3.0)
        await self.t.bot.kill()


async def test_killed_in_the_middle_of_everything_nothing_is_lost_or_done_twice(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as theatre:
        await choose(theatre)
        town = Town(theatre, seed=7)
        for _ in range(LIVES):
            town.bustle()
            pressing = asyncio.create_task(town.press())
            await town.die()
            await pressing
            await theatre.restart()
        town.bustle()
        last = theatre.post(view(9000))
        await theatre.judged(last, 60.0)
        await theatre.discord.until(lambda: theatre.rows(LEFT) == [(0, 0)], timeout=60.0)
        all_is_well(town)


def all_is_well(town: Town) -> None:
    """What stands in Discord and what stands on disk agree, and nothing stands there twice."""
    t = town.t
    known = {str(subject) for (subject,) in t.rows(SEEN)}
    seen = [m for m in town.bad if f"{m.channel.id}/{m.id}" in known]
    assert len(seen) > len(town.bad) // 2
    overturned = {str(m) for (m,) in t.rows(OVERTURNED)}
    left = [m.id for m in seen if m.deleted_at is None and str(m.id) not in overturned]
    assert left == [], "a bad post that reached the disk was left"
    assert [m.id for m in town.good if m.deleted_at is not None] == []
    assert t.rows("select count(*) from jobs where state = 'dead'") == [(0,)]
    assert t.rows("select count(*) from effects where state = 'unknown'") == [(0,)]
    numbers = [int(n) for (n,) in t.rows("select number from cases order by number")]  # type: ignore[call-overload]
    assert numbers == list(range(1, len(numbers) + 1))
    cards = Counter(titles(t))
    assert cards == Counter({f"Case {n} ": 1 for n in numbers}), "one card for each case"


OVERTURNED = (
    "select subjects.message from subjects join cases on cases.id = subjects.\"case\" where cases.state = 'overturned'"
)


def titles(t: Theatre) -> list[str]:
    """`Case 7 ` of each card in the moderators' channel."""
    mine = [m for m in t.stage.mods.messages.values() if m.deleted_at is None and m.embeds]
    return [str(m.embeds[0]["title"]).partition("·")[0] for m in mine]
