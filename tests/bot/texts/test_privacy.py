"""Guilds are told who outside of the machine is shown pictures, where that is, and how long a copy lies there."""

from __future__ import annotations

import pytest

from bot.config import Config, HitPawDelivery, HuaweiDelivery
from bot.model import ABLE, Recipient
from bot.texts import firstdays, privacy, wizard
from bot.texts.catalogue import Texts
from bot.vendors import recipients
from policies.presets import preset
from providers.names import COSTS_MONEY

TEXTS = Texts("en")
EVERYBODY = tuple(COSTS_MONEY)  # every provider that a host may list: none may be shown a picture untold


def told(**changes: object) -> str:
    config = Config(providers=EVERYBODY).model_copy(update=changes)
    return "\n".join(privacy.lines(recipients(config), TEXTS))


def test_each_is_named_and_what_it_gets() -> None:
    said = told()
    assert "Huawei Cloud, region ap-southeast-3: it is sent the picture, drawn anew." in said
    assert "HitPaw: a copy of the picture, drawn anew, lies there for up to 7 days." in said
    assert "OpenAI" in said
    assert "A model that whoever runs this bot has set up" in said
    assert "Amazon Web Services, region us-east-1" in said
    assert "may keep it" in said
    assert said.count("• ") == len(EVERYBODY) - 1


@pytest.mark.parametrize("way", HitPawDelivery)
def test_that_a_copy_may_lie_at_hitpaws_is_said_of_every_way(way: HitPawDelivery) -> None:
    """What HitPaw cannot fetch is uploaded: the other ways only make it seldom."""
    said = told(hitpaw_delivery=way)
    assert "7 days" in said
    assert ("the original from Discord" in said) == (way is HitPawDelivery.DIRECT)


@pytest.mark.parametrize("way", HuaweiDelivery)
def test_where_huawei_is_is_said_of_every_way(way: HuaweiDelivery) -> None:
    said = told(huawei_delivery=way, huawei_region="cn-north-4")
    assert "region cn-north-4" in said
    assert ("the original from Discord" in said) == (way is HuaweiDelivery.DIRECT)


def test_where_nothing_leaves_the_machine_nothing_is_said() -> None:
    assert recipients(Config(providers=("local",))) == ()
    assert privacy.lines((), TEXTS) == []


def test_a_guild_that_chose_is_told_of_those_alone() -> None:
    both = (Recipient("openai"), Recipient("hitpaw", "upload"))
    assert "HitPaw" not in "\n".join(privacy.lines(both, TEXTS, ("openai", "local")))
    assert privacy.lines(both, TEXTS, ("local",)) == []


def test_the_greeting_says_it() -> None:
    page = firstdays.welcome(preset("standard"), 0, {}, TEXTS, (Recipient("hitpaw", "upload"),), able=ABLE)
    assert "lies there for up to 7 days" in page.text


def test_what_costs_nothing_may_yet_be_sent_away() -> None:
    assert "no picture leaves it" in wizard.costs("local", TEXTS)
    assert wizard.costs("openai", TEXTS) == "It costs nothing here; pictures are sent to it."
    assert all(len(wizard.costs(name, TEXTS)) <= 100 for name in EVERYBODY), "Discord's limit of an option"
