from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import ABLE, Page, Tenant
from bot.platforms.telegram.checkup import adding_link
from bot.platforms.telegram.commands import COMMANDS, publish
from bot.platforms.telegram.greeting import Greeting
from bot.platforms.telegram.pages import laid
from bot.sandbox.telegram.entities import Chat
from bot.texts.catalogue import Texts
from bot.texts.firstdays import welcome
from policies.model import Policy, Surface
from policies.presets import preset
from tests.bot.desk.world import COVERAGE
from tests.bot.platforms.telegram.reception.conftest import Hall

POLICY = preset("standard")
TELEGRAM = replace(ABLE, roles=False, rooms=False)


async def missing(hall: Hall, chat: Chat | None = None, policy: Policy = POLICY) -> dict[str, str]:
    found = await hall.reception.checkup.findings(Tenant("telegram", str((chat or hall.chat).id)), policy)
    return {f.name: f.cure for f in found if not f.ok}


@pytest.mark.asyncio
async def test_each_missing_right_comes_with_what_fails_without_it_and_its_cure(hall: Hall) -> None:
    assert set(await missing(hall)) == {"Moderators' channel"}
    hall.t.promote(hall.chat, hall.t.bot.user, "can_invite_users")
    found = await missing(hall)
    assert {"Delete messages", "Ban users", "Change info"} < set(found)
    assert "posts that break the rules stay up" in found["Delete messages"]
    assert "Administrators" in found["Delete messages"]
    bare = replace(POLICY, surfaces=POLICY.surfaces - {Surface.COVERS})
    assert "Change info" not in await missing(hall, policy=bare)


@pytest.mark.asyncio
async def test_privacy_mode_hides_pictures_from_whoever_is_no_admin(hall: Hall) -> None:
    hall.t.promote(hall.chat, hall.t.bot.user)
    assert "/setprivacy" in (await missing(hall))["Seeing every post"]


@pytest.mark.asyncio
async def test_the_moderators_chat_must_exist_be_private_and_have_the_bot_in_it(hall: Hall) -> None:
    async def ill(chat: str) -> str:
        return (await missing(hall, policy=replace(POLICY, mod_channel=chat))).get("Moderators' channel", "")

    assert await ill(str(hall.mods.id)) == ""
    assert "not in it" in await ill("-1009")
    assert "not in it" in await ill("no number")
    public = hall.t.supergroup("Square", username="square")
    hall.t.add_bot(public)
    assert "everybody can read it" in await ill(str(public.id))
    news = hall.t.channel("News")
    hall.t.add_bot(news, "can_edit_messages")
    assert "may not post" in await ill(str(news.id))
    hall.t.add_bot(news, "can_post_messages")
    assert await ill(str(news.id)) == ""


@pytest.mark.asyncio
async def test_a_chat_that_the_bot_left_is_not_well(hall: Hall) -> None:
    hall.t.remove(hall.chat, hall.t.bot.user)
    assert "This chat" in await missing(hall)
    hall.t.fail("getChatMember", status=502, times=None)
    assert "This chat" in await missing(hall, hall.mods)


@pytest.mark.asyncio
async def test_the_greeting_says_what_is_missing_and_explains_other_bots(hall: Hall) -> None:
    greeting = Greeting(hall.reception.bot, hall.world.store.settings)
    page = welcome(POLICY, 0, COVERAGE, Texts(), able=TELEGRAM)
    assert "server" not in page.text
    well = await greeting.completed(page, hall.tenant)
    assert "every right" in well.text
    assert "Bot-to-Bot" in well.text
    hall.t.promote(hall.chat, hall.t.bot.user)
    ill = await greeting.completed(page, hall.tenant)
    assert "✗ Delete messages" in ill.text
    assert "/setprivacy" in ill.text
    shown = laid(ill, hall.tenant)
    assert (await hall.reception.say(hall.chat.id, shown)).text
    other = Page("reminder", "a", "b")
    assert await greeting.completed(other, hall.tenant) is other


@pytest.mark.asyncio
async def test_commands_are_shown_to_admins_and_in_private_and_members_see_none(hall: Hall) -> None:
    await publish(hall.reception.bot)
    menus = {scope: [c["command"] for c in commands] for (scope, _), commands in hall.t.bot.commands.items()}
    shown = {scope for scope, names in menus.items() if names == [c.name for c in COMMANDS]}
    assert any("all_private_chats" in scope for scope in shown)
    assert any("all_chat_administrators" in scope for scope in shown)
    assert not any("default" in scope and names for scope, names in menus.items())
    [rights] = hall.t.calls_to("setMyDefaultAdministratorRights")
    assert "can_delete_messages" in str(rights.params)


@pytest.mark.asyncio
async def test_commands_that_cannot_be_published_stop_nothing(hall: Hall) -> None:
    hall.t.fail("setMyCommands", status=502, times=None)
    await publish(hall.reception.bot)
    assert hall.t.bot.commands == {}


def test_the_link_asks_for_nothing_that_is_not_needed() -> None:
    assert adding_link("a_bot").endswith("&admin=delete_messages+restrict_members")
