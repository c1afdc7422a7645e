"""Discord's ban for invalid requests stays out of reach, and one guild's trouble is no other's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Delete, OutcomeState, TimeoutMember
from bot.platforms.discord.outcomes import Refusal
from bot.platforms.discord.walls import OF_A_GUILD, OF_ALL, OF_ONE_KIND, PAUSE, WINDOW, Walls, Wanted
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_actions import MEMBER, MESSAGE, Scene
from tests.bot.platforms.discord.world import HandClock, later

HERE = Wanted("1", "delete", "7")
DISCORDS_LIMIT = 10_000  # invalid requests in ten minutes


def forbidden() -> discord.Forbidden:
    response: Any = SimpleNamespace(status=403, reason="Forbidden")
    return discord.Forbidden(response, {"message": "Missing Permissions", "code": 50013})


def ask(walls: Walls, wanted: Wanted = HERE, error: Exception | None = None) -> str:
    """`sent` if the request was, `refused` in its place, or `forbidden` by Discord."""
    try:
        with walls.watch(wanted):
            if error is not None:
                raise error
    except Refusal:
        return "refused"
    except discord.Forbidden:
        return "forbidden"
    except OSError:
        return "lost"
    return "sent"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def walls(clock: HandClock) -> Walls:
    return Walls(clock)


def run_into(walls: Walls, wanted: Wanted = HERE, times: int = OF_ONE_KIND) -> None:
    for _ in range(times):
        assert ask(walls, wanted, forbidden()) == "forbidden"


def test_after_three_refusals_nothing_is_sent_and_the_cure_is_said(walls: Walls) -> None:
    run_into(walls)
    with pytest.raises(Refusal, match=r"before \d\d:\d\d UTC: check my role") as raised, walls.watch(HERE):
        raise AssertionError("it was sent")
    assert "/doctor" in str(raised.value)


def test_after_ten_minutes_one_tries_it_out_and_the_others_go_on_waiting(walls: Walls, clock: HandClock) -> None:
    run_into(walls)
    clock.advance(PAUSE - 1)
    assert ask(walls) == "refused"
    clock.advance(1)
    with walls.watch(HERE):
        assert ask(walls) == "refused", "the first is still on its way"
    assert ask(walls) == "sent"
    run_into(walls)


def test_a_probe_that_is_forbidden_waits_as_long_again(walls: Walls, clock: HandClock) -> None:
    run_into(walls)
    for _ in range(3):
        clock.advance(PAUSE)
        assert ask(walls, error=forbidden()) == "forbidden"
        assert ask(walls) == "refused"


def test_a_probe_that_is_lost_says_nothing_and_the_next_is_one(walls: Walls, clock: HandClock) -> None:
    run_into(walls)
    clock.advance(PAUSE)
    assert ask(walls, error=ConnectionResetError()) == "lost"
    assert ask(walls) == "sent"


def test_refusals_that_lie_far_apart_build_no_wall(walls: Walls, clock: HandClock) -> None:
    for _ in range(20):
        assert ask(walls, error=forbidden()) == "forbidden"
        clock.advance(WINDOW / 2)


def test_success_in_between_starts_afresh(walls: Walls) -> None:
    for _ in range(OF_A_GUILD // 2 - 1):
        run_into(walls, times=2)
        assert ask(walls) == "sent"
    run_into(walls, times=2)
    assert ask(walls, error=forbidden()) == "refused", "yet no guild may cost more than its share"


@pytest.mark.parametrize("other", [Wanted("1", "delete", "8"), Wanted("1", "ban"), Wanted("2", "delete", "7")])
def test_another_place_kind_or_guild_is_not_concerned(walls: Walls, other: Wanted) -> None:
    run_into(walls)
    assert ask(walls, other) == "sent"


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("GUILD_ROLE_UPDATE", {"guild_id": "1", "role": {}}),
        ("CHANNEL_UPDATE", {"id": "7", "guild_id": "1"}),
        ("GUILD_UPDATE", {"id": "1"}),
        ("GUILD_CREATE", {"id": "1"}),
        ("GUILD_MEMBER_UPDATE", {"guild_id": "1", "user": {"id": "99"}}),
    ],
)
def test_a_change_of_rights_starts_afresh_there_and_nowhere_else(walls: Walls, name: str, payload: Any) -> None:
    other = Wanted("2", "ban")
    run_into(walls)
    run_into(walls, other)
    walls.heard(name, payload, 99)
    assert ask(walls) == "sent"
    assert ask(walls, other) == "refused"


@pytest.mark.parametrize(
    ("name", "payload"),
    [("MESSAGE_CREATE", {"guild_id": "1"}), ("GUILD_MEMBER_UPDATE", {"guild_id": "1", "user": {"id": "5"}})],
)
def test_nothing_else_does(walls: Walls, name: str, payload: Any) -> None:
    run_into(walls)
    walls.heard(name, payload, 99)
    assert ask(walls) == "refused"


def test_three_hundred_guilds_that_forbid_everything_stay_below_discords_limit() -> None:
    assert 300 * OF_A_GUILD < DISCORDS_LIMIT
    assert OF_ALL <= DISCORDS_LIMIT // 2


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.sampled_from(["ban", "kick", "delete"]), st.integers(0, 8), st.integers(0, 300)
        ),
        min_size=50,
        max_size=400,
    )
)
def test_whatever_is_asked_no_window_holds_more_than_the_limits(asked: list[tuple[int, str, int, int]]) -> None:
    """A law: everything is forbidden, at any pace, and still the counts hold in every ten minutes."""
    clock = HandClock()
    walls = Walls(clock)
    sent: list[tuple[float, int]] = []
    for guild, kind, channel, wait in asked:
        clock.advance(wait / 100)
        answers = [ask(walls, Wanted(str(guild), kind, str(channel)), forbidden()) for _ in range(5)]
        sent += [(clock.monotonic(), guild)] * answers.count("forbidden")
    for at, _ in sent:
        window = [g for t, g in sent if at <= t < at + WINDOW]
        assert len(window) <= OF_ALL
        assert all(window.count(g) <= OF_A_GUILD for g in set(window))


def test_in_the_end_nothing_at_all_is_sent_for_anybody(walls: Walls, clock: HandClock) -> None:
    counted = 0
    for guild in range(OF_ALL):
        counted += ask(walls, Wanted(str(guild), "ban"), forbidden()) == "forbidden"
    assert counted == OF_ALL
    assert ask(walls, Wanted("x", "ban")) == "refused"
    clock.advance(WINDOW)
    assert ask(walls, Wanted("x", "ban")) == "sent"


# --- as it is used --------------------------------------------------------------------------------------------

MISSING = {"status": 403, "body": {"message": "Missing Permissions", "code": 50013}, "times": None}


@pytest.mark.asyncio
async def test_a_channel_that_forbids_deletions_is_asked_three_times(live: Live) -> None:
    scene = Scene(live)
    scene.d.fail("DELETE", MESSAGE, **MISSING)  # type: ignore[arg-type]
    for number in range(10):
        action = Delete(scene.tenant, str(scene.channel.id), str(scene.post.id + number), 7)
        outcome = await scene.perform(action)
        assert (outcome.state, outcome.retry) == (OutcomeState.REFUSED, False)
    assert "several times" in outcome.detail
    assert len(scene.d.requests_to("DELETE", MESSAGE)) == OF_ONE_KIND
    scene.d.well_again()
    assert (await scene.perform(scene.time_out())).state is OutcomeState.DONE, "another kind of act is not concerned"


@pytest.mark.asyncio
async def test_a_guild_whose_roles_change_is_asked_again_at_once(live: Live) -> None:
    scene = Scene(live)
    scene.d.fail("PATCH", MEMBER, **MISSING)  # type: ignore[arg-type]
    for _ in range(OF_ONE_KIND + 1):
        outcome = await scene.perform(TimeoutMember(scene.tenant, str(scene.ann.id), later(5), 7))
    assert "several times" in outcome.detail
    scene.d.well_again()
    walls = live.platform._walls
    scene.d.role_changed(scene.guild, scene.d.bot_role(scene.guild))
    await scene.d.until(lambda: str(scene.guild.id) not in walls._walls)
    assert (await scene.perform(scene.time_out())).state is OutcomeState.DONE
