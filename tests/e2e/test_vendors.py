"""Vendors end to end: the real bot, with every vendor on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox import marks, pictures
from bot.sandbox.entities import Message
from bot.sandbox.opinions import chosen, take_over
from bot.sandbox.vendors import Vendors
from policies.model import Category
from tests.bot.commandline import json_lines
from tests.e2e.theatre import Theatre, opened

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("vendors"), pytest.mark.timeout(180)]

EVERY = ("huawei", "hitpaw", "openai", "custom")
EVENTUALLY = 90.0  # seconds: when an outage is over is for the bot to find out


@dataclass
class Market:
    """A community that may use every vendor there is."""

    t: Theatre
    vendors: Vendors

    async def choose(self, *providers: str, **more: object) -> None:
        """The owner's policy names them."""
        deed = await take_over(self.t.stage, chosen(self.t.stage, providers, **more))
        assert deed.answered is not None
        assert "Saved" in deed.answered.text

    def doubtful(self, serial: int, confidence: float = 0.95) -> Message:
        """A post of what the local models are in doubt about; its mark says that it is explicit."""
        picture = marks.marked(marks.doubtful(serial), Category.SEXUAL_EXPLICIT, confidence)
        return self.t.post(pictures.jpeg(picture))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def market(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Market]:
    async with Vendors.open(EVERY) as vendors:
        folder = tmp_path_factory.mktemp("bot")
        keys = (vendors.huawei.ak, vendors.huawei.sk, vendors.hitpaw.key, vendors.openai.key, vendors.custom.token)
        async with opened(folder, settings=vendors.settings, secrets=lambda: keys) as theatre:
            await vendors.grant(theatre.bot, theatre.stage.guild.id)
            yield Market(theatre, vendors)


async def test_where_a_vendor_is_unplugged_the_doubt_is_shown_and_where_it_is_back_it_is_asked(market: Market) -> None:
    await market.choose("local", "huawei")
    answered = market.vendors.huawei.answered
    market.vendors.plug("huawei", into=False)
    unheard = market.doubtful(1)
    line = await market.t.judged(unheard, 30.0)
    assert line["suggestion"] == "review", "the local models' own word"
    assert {s["provider"]: "unscreened" in s for s in line["screenings"]} == {"local": False, "huawei": True}
    await market.t.card_of(line)
    assert market.vendors.huawei.answered == answered
    market.vendors.plug("huawei", into=True)
    await market.t.discord.deleted(market.doubtful(2), 30.0)
    assert market.vendors.huawei.answered == answered + 1


async def test_where_nobody_else_is_asked_the_post_waits_and_never_passes(market: Market) -> None:
    await market.choose("custom")
    market.vendors.plug("custom", into=False)
    message = market.t.post(pictures.jpeg(marks.marked(pictures.landscape(31), Category.HATE, 0.97)))
    about = {"message": str(message.id)}
    await market.t.discord.until(
        lambda: market.t.rows(f"select 1 from jobs where subject like '%/{message.id}'") == [(1,)], 20.0
    )
    assert message.deleted_at is None
    assert not [x for x in market.t.bot.lines if x.get("event") == "judged" and about.items() <= x.items()]
    market.vendors.plug("custom", into=True)
    await market.t.discord.deleted(message, EVENTUALLY)
    ends = [x["suggestion"] for x in market.t.bot.lines if x.get("event") == "judged" and about.items() <= x.items()]
    assert "pass" not in ends


async def test_the_next_is_asked_where_one_is_unplugged(market: Market) -> None:
    await market.choose("huawei", "hitpaw")
    charged = len(market.vendors.hitpaw.charges)
    await market.t.discord.deleted(market.doubtful(3), 30.0)
    assert len(market.vendors.hitpaw.charges) == charged, "the first answered"
    market.vendors.plug("huawei", into=False)
    await market.t.discord.deleted(market.doubtful(4), 30.0)
    market.vendors.plug("huawei", into=True)
    assert len(market.vendors.hitpaw.charges) == charged + 1


async def test_doctor_shows_a_picture_to_every_vendor_and_says_the_cure_of_one_that_is_away(market: Market) -> None:
    charged = market.vendors.huawei.charges.total()
    market.vendors.plug("custom", into=False)
    with pytest.raises(RuntimeError, match="ended with 1") as ended:
        await market.t.bot.beholder("doctor")
    market.vendors.plug("custom", into=True)
    said = " ".join(str(ended.value).split())
    assert "NOT OK provider custom" in said
    for name in ("huawei", "hitpaw", "openai"):
        assert f"ok provider {name}: answered in" in said
    assert market.vendors.huawei.charges.total() == charged + 3


async def test_screen_asks_the_vendor_alone(market: Market, tmp_path: Path) -> None:
    (tmp_path / "flag.jpg").write_bytes(
        pictures.jpeg(marks.marked(pictures.landscape(40), Category.EXTREMISM, 0.97)),
    )
    (tmp_path / "view.jpg").write_bytes(pictures.jpeg(pictures.landscape(41)))
    for provider, decisions in {"huawei": ["block", "pass"], "hitpaw": ["pass", "pass"]}.items():
        said = await market.t.bot.beholder("screen", str(tmp_path), "--provider", provider, "--json")
        lines = [line for line in json_lines(said) if "decision" in line]  # the others are its log's
        assert [line["decision"]["suggestion"] for line in lines] == decisions
        assert [[s["provider"] for s in line["screenings"]] for line in lines] == [[provider], [provider]]
