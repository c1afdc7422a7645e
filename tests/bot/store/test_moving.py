"""A group becomes a supergroup: its chat has another id, and everything that was kept of it goes along."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import Connection, func, select

from bot.model import EffectState, Outcome, OutcomeState, Presence, Tenant
from bot.store.store import Store
from bot.store.tables import metadata, spending, tenants
from policies.model import ChannelRule, Listed, Mode
from policies.presets import preset
from tests.bot.store.samples import START, entry, event, judged, lease, remove, ruling, sha

GROUP, SUPER, OTHER = Tenant("telegram", "-42"), Tenant("telegram", "-100777"), Tenant("telegram", "-5")
STRICT = replace(preset("strict"), mode=Mode.ENFORCE, mod_channel="-42", channels={"-42": ChannelRule(exempt=True)})
DONE = Outcome(OutcomeState.DONE)


def _counted(connection: Connection, ident: int | None) -> dict[str, int]:
    owned = [t for t in metadata.sorted_tables if "tenant" in t.c and t.name != "former_names"]
    count = {t.name: select(func.count()).select_from(t).where(t.c.tenant == ident) for t in owned}
    return {name: connection.execute(query).scalar_one() for name, query in count.items()}


async def rows(store: Store, tenant: Tenant) -> dict[str, int]:
    ident = await store.db.tenants.find(tenant)
    return {name: n for name, n in (await store.db.read(partial(_counted, ident=ident))).items() if n}


async def filled(store: Store, tenant: Tenant) -> None:
    """Something in every room that a guild has."""
    await remove(store, tenant=tenant)
    await store.settings.save(tenant, STRICT, "mod", "because")
    await store.lists.put(tenant, sha("z"), Listed.BLOCKED, "mod", "")
    await store.guilds.arrived([Presence(tenant, "Friends")])
    await store.faces.note(tenant, "ann", {"avatar": "x"})
    await store.drafts.keep(tenant, "mod", "setup", {"page": "1"})


@pytest.mark.asyncio
async def test_everything_goes_along_and_nothing_is_left_behind(store: Store) -> None:
    await filled(store, GROUP)
    before = await rows(store, GROUP)
    await store.rekey(GROUP, SUPER)
    after = await rows(store, SUPER)
    assert after == before | {"policies": 2}  # the one that names the chat names the new one
    assert await store.db.tenants.every() == [SUPER]
    case = await store.ledger.case(SUPER, 1)
    assert case is not None
    assert case.number == 1
    assert (await store.ledger.history(SUPER, "ann", START)).strikes == 1
    assert await store.lists.listed(SUPER, sha("z")) is Listed.BLOCKED


@pytest.mark.asyncio
async def test_the_old_name_finds_the_same_so_that_work_under_way_goes_on(store: Store) -> None:
    under_way = await lease(store, event("7", tenant=GROUP))
    await store.journal.put([entry(event("8", tenant=GROUP))], lease=False)
    await store.rekey(GROUP, SUPER)
    concluded = await store.ledger.conclude(under_way, ruling(event("7", tenant=GROUP)))
    assert concluded.case == 1
    case = await store.ledger.case(GROUP, 1)
    assert case is not None
    assert case.opened_at == START
    for effect in concluded.effects:
        await store.ledger.settle(effect, DONE)
    assert await store.ledger.unsettled() == ()
    assert [job.tenant for job in await store.journal.take(5)] == [SUPER]
    assert await store.db.tenants.every() == [SUPER]


@pytest.mark.asyncio
async def test_effects_that_are_left_are_the_new_chats(store: Store) -> None:
    await remove(store, tenant=GROUP)
    await store.rekey(GROUP, SUPER)
    assert {e.tenant for e in await store.ledger.unsettled()} == {SUPER}
    assert {e.state for e in await store.ledger.unsettled()} <= {EffectState.TODO, EffectState.SENDING}


@pytest.mark.asyncio
async def test_what_the_new_chat_has_already_joins_and_its_cases_are_numbered_after(store: Store) -> None:
    await remove(store, "1", judged("a"), tenant=GROUP)
    await remove(store, "2", judged("b"), tenant=GROUP)
    await remove(store, "1", judged("c"), tenant=SUPER, author="bob")
    await store.rekey(GROUP, SUPER)
    cases = await store.ledger.cases(SUPER)
    assert [(c.number, c.author.id) for c in cases] == [(3, "bob"), (2, "ann"), (1, "ann")]
    assert await remove(store, "9", judged("d"), tenant=SUPER) == 4


@pytest.mark.asyncio
async def test_both_having_everything_is_no_conflict(store: Store) -> None:
    await filled(store, GROUP)
    await filled(store, SUPER)
    await store.rekey(GROUP, SUPER)
    after = await rows(store, SUPER)
    assert after["cases"] == 2
    assert after["lists"] == after["faces"] == after["drafts"] == after["guilds"] == 1
    assert await store.db.tenants.every() == [SUPER]


@pytest.mark.asyncio
async def test_the_later_settings_hold_and_the_earlier_versions_stay(store: Store) -> None:
    await store.settings.save(GROUP, STRICT, "mod", "first")
    await store.settings.save(SUPER, replace(STRICT, mode=Mode.OBSERVE, mod_channel="-9"), "mod", "second")
    await store.rekey(GROUP, SUPER)
    policy, version = await store.settings.policy(SUPER)
    assert (policy.mode, policy.mod_channel) == (Mode.OBSERVE, "-9")
    assert [why for _, _, _, why in await store.settings.versions(SUPER)][-2:] == ["second", "first"]
    assert version == len(await store.settings.versions(SUPER))


@pytest.mark.asyncio
async def test_policies_that_name_the_chat_name_the_new_one_whosever_they_are(store: Store) -> None:
    await store.settings.save(OTHER, replace(STRICT, channels={"-5": ChannelRule(exempt=True)}), "mod", "mine")
    await store.settings.save(GROUP, STRICT, "mod", "first")
    await store.rekey(GROUP, SUPER)
    theirs, version = await store.settings.policy(OTHER)
    assert (theirs.mod_channel, dict(theirs.channels), version) == ("-100777", {"-5": ChannelRule(exempt=True)}, 2)
    ours, _ = await store.settings.policy(SUPER)
    assert (ours.mod_channel, dict(ours.channels)) == ("-100777", {"-100777": ChannelRule(exempt=True)})


@pytest.mark.asyncio
async def test_money_is_added_up(store: Store) -> None:
    month = {"provider": "huawei", "month": "2026-11"}

    def spend(connection: Connection, of: int, micros: int) -> None:
        connection.execute(spending.insert().values(tenant=of, calls=1, micros=micros, **month))

    for tenant, micros in ((GROUP, 5), (SUPER, 7)):
        ident = await store.db.tenants.ensure(tenant)
        await store.db.write(partial(spend, of=ident, micros=micros))
    await store.rekey(GROUP, SUPER)
    found = await store.db.read(lambda c: c.execute(select(spending.c.calls, spending.c.micros)).all())
    assert [tuple(row) for row in found] == [(2, 12)]


@pytest.mark.asyncio
async def test_twice_is_once_and_other_guilds_are_left_alone(store: Store) -> None:
    await filled(store, GROUP)
    await filled(store, OTHER)
    before = await rows(store, OTHER)
    await store.rekey(GROUP, SUPER)
    once = await rows(store, SUPER)
    for _ in range(2):
        await store.rekey(GROUP, SUPER)
    assert await rows(store, SUPER) == once
    assert await rows(store, OTHER) == before | {"policies": 2}  # it named the group as its moderators' chat
    assert await store.db.tenants.every() == [SUPER, OTHER]


@pytest.mark.asyncio
async def test_a_group_of_which_nothing_was_kept(store: Store) -> None:
    await store.rekey(GROUP, SUPER)
    assert await remove(store, tenant=GROUP) == 1
    assert await store.ledger.case(SUPER, 1) is not None
    names = await store.db.read(lambda c: c.execute(select(tenants.c.name)).scalars().all())
    assert names == [str(SUPER)]
