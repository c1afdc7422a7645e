"""Who is asked about whose pictures: nobody who costs money without a grant, nobody outside about direct messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import PROVIDER_NAMES
from bot.model import Membership, Tenant
from bot.model.guilds import PAID
from bot.planning import Always, Granted, HostsPlan, by_grant, by_host
from policies.model import (
    Category,
    ChannelRule,
    Context,
    Label,
    Newcomers,
    Place,
    Policy,
    Threshold,
    Verdict,
    Versions,
    WhenSpent,
    frozen,
)
from policies.presets import DEFAULT, preset
from providers.plans import Failover, Plan, SecondOpinion, Together, grey
from tests.clock import FakeClock

STANDARD = preset(DEFAULT)
GUILD, DM = Tenant("discord", "1"), Tenant("discord", "dm")
HERE = Place(Context.GROUP_MESSAGE, "10")
EXPLICIT, HATE = frozenset({Category.SEXUAL_EXPLICIT}), frozenset({Category.HATE})


class Register:
    """A host's register in which one guild has grants."""

    def __init__(self, *granted: str) -> None:
        self.granted = granted

    async def one(self, tenant: Tenant) -> Membership:
        return Membership(tenant, grants=dict.fromkeys(self.granted, "20.00") if tenant == GUILD else {})


def granting(*names: str) -> Granted:
    return by_grant(Register(*names))


async def plan(
    offered: tuple[str, ...],
    granted: Granted,
    *,
    policy: Policy = STANDARD,
    place: Place = HERE,
    tenant: Tenant | None = GUILD,
) -> Plan:
    coverage = {name: HATE if name == "huawei" else EXPLICIT for name in offered}
    return await HostsPlan(coverage, granted).plan(policy, place, tenant)


@pytest.mark.asyncio
async def test_the_free_go_first_and_the_granted_paid_are_the_second_opinion() -> None:
    policy = replace(STANDARD, required=HATE)
    made = await plan(("huawei", "local", "hitpaw"), granting("huawei", "hitpaw"), policy=policy)
    each = {"huawei": HATE, "hitpaw": EXPLICIT}
    bands = grey(policy.thresholds, {**policy.thresholds, **policy.drawn})
    assert made == SecondOpinion(("local",), ("huawei", "hitpaw"), bands, HATE, each)


@pytest.mark.asyncio
async def test_what_is_off_in_a_place_is_not_worth_its_price_there() -> None:
    restricted = Place(Context.GROUP_MESSAGE, "10", age_restricted=True)
    usual, off = [await plan(("local", "hitpaw"), granting("hitpaw"), place=p) for p in (HERE, restricted)]
    doubtful = [Verdict("local", (Label(Category.SEXUAL_EXPLICIT, "porn", 0.5),), EXPLICIT, Versions("1", "1", "1"))]
    assert usual.next(doubtful) == ("hitpaw",)
    assert off.next(doubtful) == ()


@pytest.mark.asyncio
async def test_what_only_one_channel_acts_on_is_in_doubt_there() -> None:
    rules = frozen({"77": ChannelRule(thresholds=frozen({Category.HATE: Threshold(0.5)}))})
    policy = replace(STANDARD, thresholds=frozen({}), contexts=frozen({}), drawn=frozen({}), channels=rules)
    doubtful = [Verdict("local", (Label(Category.HATE, "flag", 0.5),), HATE, Versions("1", "1", "1"))]
    there = Place(Context.GROUP_MESSAGE, "77")
    assert (await plan(("local", "huawei"), granting("huawei"), policy=policy, place=there)).next(doubtful)
    assert not (await plan(("local", "huawei"), granting("huawei"), policy=policy)).next(doubtful)


@pytest.mark.asyncio
async def test_without_a_grant_a_paid_provider_is_not_asked() -> None:
    offered = ("local", "huawei", "hitpaw")
    assert await plan(offered, granting()) == Failover(("local",))
    assert (await plan(offered, granting("hitpaw"))).names == ("local", "hitpaw")
    assert await plan(offered, granting("huawei"), tenant=Tenant("discord", "2")) == Failover(("local",))
    assert await plan(offered, granting("huawei"), tenant=None) == Failover(("local",)), "nobody's picture"


@pytest.mark.asyncio
async def test_free_ones_alone_and_paid_ones_alone_are_asked_one_after_another_in_the_hosts_order() -> None:
    assert await plan(("openai", "local"), granting()) == Failover(("openai", "local"))
    assert await plan(("hitpaw", "huawei"), granting("huawei", "hitpaw")) == Failover(("hitpaw", "huawei"), ("local",))


@pytest.mark.asyncio
async def test_a_guild_chooses_among_what_is_offered() -> None:
    offered, all_granted = ("local", "openai", "huawei"), granting("huawei")
    only = replace(STANDARD, providers=("huawei",))
    assert await plan(offered, all_granted, policy=only) == Failover(("huawei",), ("local",))
    assert await plan(offered, granting(), policy=only) == Failover(("local",)), "never nobody, nor one not chosen"
    assert await plan(offered, granting(), policy=replace(STANDARD, providers=("gone",))) == Failover(("local",))


@pytest.mark.asyncio
async def test_where_a_host_offers_nothing_free_the_local_models_look() -> None:
    assert await plan(("huawei",), granting()) == Failover(("local",))


@pytest.mark.asyncio
async def test_direct_messages_are_shown_to_nobody_outside() -> None:
    offered, everything = ("openai", "huawei", "custom"), granting(*PAID)
    for place, tenant in ((Place(Context.MESSAGE, "10"), GUILD), (HERE, DM), (Place(Context.MESSAGE), None)):
        assert await plan(offered, everything, place=place, tenant=tenant) == Together(("local",))
        assert await plan(offered, by_host, place=place, tenant=tenant) == Together(("local",))


@pytest.mark.asyncio
async def test_the_hosts_own_pictures_may_be_shown_to_all_that_is_set_up() -> None:
    assert (await plan(("local", "huawei"), by_host, tenant=None)).names == ("local", "huawei")
    assert await Always(Together(("huawei",))).plan(STANDARD, HERE, None) == Together(("huawei",))


names = st.lists(st.sampled_from(PROVIDER_NAMES), unique=True, min_size=1).map(tuple)


@given(
    offered=names,
    granted=st.sets(st.sampled_from(PAID)),
    chosen=st.lists(st.sampled_from([*PROVIDER_NAMES, "gone"]), unique=True).map(tuple),
    context=st.sampled_from(Context),
)
@pytest.mark.asyncio
async def test_whatever_is_set_somebody_is_asked_and_nobody_who_may_not_be(
    offered: tuple[str, ...], granted: set[str], chosen: tuple[str, ...], context: Context
) -> None:
    made = await plan(
        offered, granting(*granted), policy=replace(STANDARD, providers=chosen), place=Place(context, "10")
    )
    assert made.names
    assert set(made.names) <= {*offered, "local"}
    assert set(made.names) & set(PAID) <= granted
    assert not chosen or set(made.names) <= {*chosen, "local"}, "nobody is shown what the guild did not want shown"
    assert not set(made.names) <= set(PAID), "whose money is spent is served by somebody all the same"
    if context is Context.MESSAGE:
        assert made.names == ("local",)


# --- what is kept for new members ------------------------------------------------------------------------

NOW = FakeClock().now()


async def low_on_huawei(tenant: Tenant) -> frozenset[str]:
    return frozenset({"huawei"})


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("rule", "hours", "joined", "asked"),
    [
        (WhenSpent.LOCAL, 0, None, True),
        (WhenSpent.REVIEW, 0, None, True),
        (WhenSpent.NEW_MEMBERS, 0, None, False),
        (WhenSpent.NEW_MEMBERS, 0, timedelta(hours=72), False),
        (WhenSpent.NEW_MEMBERS, 0, timedelta(hours=71), True),
        (WhenSpent.NEW_MEMBERS, 24, timedelta(hours=71), False),
        (WhenSpent.NEW_MEMBERS, 24, timedelta(hours=23), True),
    ],
)
async def test_the_rest_of_a_budget_is_kept_for_new_members_where_a_guild_wants_that(
    rule: WhenSpent, hours: int, joined: timedelta | None, asked: bool
) -> None:
    coverage = dict.fromkeys(("local", "huawei", "hitpaw"), EXPLICIT)
    planner = HostsPlan(coverage, granting("huawei", "hitpaw"), low=low_on_huawei, clock=FakeClock())
    policy = replace(STANDARD, when_spent=rule, newcomers=Newcomers(hours=hours))
    made = await planner.plan(policy, HERE, GUILD, joined=None if joined is None else NOW - joined)
    assert ("huawei" in made.names) is asked
    assert "hitpaw" in made.names, "each provider has a budget of its own"


@pytest.mark.asyncio
async def test_whose_only_provider_is_kept_for_others_is_served_by_the_free() -> None:
    planner = HostsPlan(dict.fromkeys(("local", "huawei"), EXPLICIT), granting("huawei"), low=low_on_huawei)
    policy = replace(STANDARD, when_spent=WhenSpent.NEW_MEMBERS, providers=("huawei",))
    assert await planner.plan(policy, HERE, GUILD) == Failover(("local",))
