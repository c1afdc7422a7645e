"""What goes wrong between us and Discord: sockets, limits, lost answers, malformed events, kill -9."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.faults import Break
from bot.sandbox.scenes import card, view
from policies.model import Category
from tests.e2e.theatre import READY, Theatre

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("troubles"), pytest.mark.timeout(180)]

DELETE = ("DELETE", "/channels/{channel_id}/messages/{message_id}")
POST = ("POST", "/channels/{channel_id}/messages")


def explicit(number: int) -> bytes:
    """A bad picture that no other test posts."""
    return card(Category.SEXUAL_EXPLICIT, 0.9 + number / 1000)


@pytest.mark.parametrize("hard", [False, True], ids=["soft close", "hard reset"])
async def test_a_dropped_socket_is_resumed_and_nothing_is_missed(theatre: Theatre, hard: bool) -> None:
    before = theatre.discord.gateway.identifies
    theatre.discord.gateway.pause()
    message = theatre.post(explicit(1 + hard))
    if hard:
        theatre.discord.gateway.break_off()
    else:
        await theatre.discord.gateway.drop()
    theatre.discord.gateway.unpause()
    await theatre.discord.deleted(message, 30.0)
    assert theatre.discord.gateway.identifies == before, "RESUME, not a new IDENTIFY"


async def test_a_rate_limited_deletion_waits_and_happens(theatre: Theatre) -> None:
    fault = theatre.discord.rate_limit(*DELETE, retry_after=0.4)
    took = await theatre.discord.deleted(theatre.post(explicit(3)), 20.0)
    assert fault.struck == 1
    assert took >= 0.4


@pytest.mark.parametrize("status", [500, 503])
async def test_a_failing_deletion_is_tried_again(theatre: Theatre, status: int) -> None:
    fault = theatre.discord.fail(*DELETE, status=status)
    await theatre.discord.deleted(theatre.post(explicit(4 if status == 500 else 5)), 30.0)
    assert fault.struck == 1


@pytest.mark.parametrize("when", [Break.BEFORE, Break.AFTER])
async def test_a_reset_connection_costs_no_deletion(theatre: Theatre, when: Break) -> None:
    fault = theatre.discord.fail(*DELETE, reset=when)
    message = theatre.post(explicit(6 if when is Break.BEFORE else 7))
    await theatre.discord.deleted(message, 30.0)
    await theatre.judged(message, 30.0)
    assert fault.struck == 1


async def test_a_lost_answer_makes_no_second_notice(theatre: Theatre) -> None:
    """The notice was posted, its answer never came: it is looked up, not sent again."""
    author = theatre.discord.member(theatre.stage.guild, "fay")
    await _quiet(theatre)  # so that the fault strikes our notice, not an earlier test's card
    fault = theatre.discord.fail(*POST, reset=Break.AFTER)
    message = theatre.post(explicit(8), author=author)
    line = await theatre.judged(message, 60.0)
    await theatre.card_of(line, 60.0)
    await asyncio.sleep(1)
    assert fault.struck == 1
    notices = [m for m in theatre.stage.general.messages.values() if f"<@{author.id}>" in m.content]
    assert len(notices) == 1


async def _quiet(theatre: Theatre) -> None:
    unsettled = "select count(*) from effects where state in ('todo', 'sending')"
    await theatre.discord.until(lambda: theatre.rows(unsettled) == [(0,)], timeout=30.0)


async def test_a_malformed_event_costs_that_event_only(theatre: Theatre) -> None:
    theatre.discord.gateway.send_raw("MESSAGE_CREATE", {"id": "1", "guild_id": None, "content": "no channel"})
    theatre.discord.gateway.send_raw("GUILD_MEMBER_UPDATE", {"nonsense": True})
    await theatre.discord.deleted(theatre.post(explicit(9)), 30.0)


async def test_a_post_deleted_by_its_author_meanwhile_is_no_error(theatre: Theatre) -> None:
    message = theatre.post(explicit(10))
    theatre.discord.delete(message)
    after = theatre.post(view(90))
    await theatre.judged(after, 30.0)
    assert theatre.bot.process.returncode is None


async def test_after_a_restart_the_buttons_of_old_cards_still_work(theatre: Theatre) -> None:
    line = await theatre.judged(theatre.post(explicit(11)), 30.0)
    shown = await theatre.card_of(line)
    await theatre.restart()
    told = await theatre.discord.press(shown, "Right", theatre.stage.moderator, timeout=15.0)
    assert told.ephemeral
    await theatre.discord.until(lambda: not shown.components)
    assert theatre.rows(f"select state from cases where number = {line['case']}") == [("upheld",)]


async def test_killed_between_deletion_and_card_the_card_comes_after_the_restart(theatre: Theatre) -> None:
    # Notices and cards are held up, deletions are not.
    theatre.discord.fail(*POST, delay=30.0, times=None)
    message = theatre.post(explicit(12))
    await theatre.discord.deleted(message, 30.0)
    await asyncio.sleep(0.2)
    await theatre.bot.kill()
    theatre.discord.well_again()
    number = theatre.rows("select max(number) from cases")[0][0]
    await theatre.restart()
    shown = await theatre.discord.posted(theatre.stage.mods, 60.0, having=f"Case {number} ")
    assert "lost in a restart" in str(theatre.discord.world.render(shown))
    assert shown.attachments == []
    cards = [
        m for m in theatre.stage.mods.messages.values() if f"Case {number} " in str(theatre.discord.world.render(m))
    ]
    assert len(cards) == 1


async def test_killed_before_judging_the_message_is_judged_after_the_restart(theatre: Theatre) -> None:
    message = theatre.post(explicit(13))
    await theatre.discord.until(
        lambda: theatre.rows(f"select 1 from jobs where subject like '%/{message.id}'"), timeout=20.0
    )
    await theatre.bot.kill()
    await theatre.restart()
    await theatre.discord.deleted(message, 60.0)
    assert theatre.rows(f"select count(*) from jobs where subject like '%/{message.id}'") == [(1,)]
    line = await theatre.bot.event("judged", 30.0, message=str(message.id)) if message.deleted_at is None else None
    assert line is None or line["suggestion"] == "block"


async def test_a_second_bot_on_the_same_folder_is_refused(theatre: Theatre) -> None:
    from bot.sandbox.process import BotProcess
    from tests.e2e.theatre import CANARY

    second = await BotProcess.start(theatre.discord, theatre.folder, CANARY)
    await asyncio.wait_for(second.process.wait(), 30.0)
    await second.kill()
    assert second.process.returncode == 1
    assert "another bot" in second.tail()


async def test_it_went_on_through_all_of_it(theatre: Theatre) -> None:
    assert theatre.bot.process.returncode is None
    assert any(line.get("event") in (READY, "discord ready") for line in theatre.bot.lines)
