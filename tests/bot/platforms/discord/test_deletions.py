"""Deleting on real sockets: alone at once, in a flood together, and one bad id spoils nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Delete, Outcome, OutcomeState, Unreact
from bot.platforms.discord import deletions
from bot.sandbox.entities import Message
from bot.sandbox.faults import Break
from bot.sandbox.members import BOT_RIGHTS
from bot.sandbox.permissions import Permission
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_actions import MESSAGE, Scene
from tests.bot.platforms.discord.world import PNG

BULK = "/channels/{channel_id}/messages/bulk-delete"
REACTION = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}"
DONE, REFUSED, FAILED = OutcomeState.DONE, OutcomeState.REFUSED, OutcomeState.FAILED


class Flood(Scene):
    """A scene with many posts."""

    def posts(self, count: int, *, at: datetime | None = None) -> list[Message]:
        return [self.d.post(self.channel, self.ann, files=[("a.png", PNG, "image/png")], at=at) for _ in range(count)]

    def deletion(self, message: Message | str, case: int = 7) -> Delete:
        ident = message if isinstance(message, str) else str(message.id)
        return Delete(self.tenant, str(self.channel.id), ident, case)

    async def all(self, *actions: Delete) -> list[Outcome]:
        """Performed at the same time."""
        await self.perform(self.delete())  # by now the channel is cached
        self.d.rest.log.clear()
        return list(await asyncio.gather(*(self.live.platform.perform(a) for a in actions)))

    def asked(self) -> list[str]:
        """Which deletions Discord was asked for, in order."""
        return ["bulk" if r.template == BULK else "one" for r in self.d.requests if r.template in (BULK, MESSAGE)]


@pytest.mark.asyncio
async def test_a_lone_deletion_goes_alone_and_at_once(live: Live) -> None:
    scene = Flood(live)
    (post,) = scene.posts(1)
    (outcome,) = await scene.all(scene.deletion(post))
    assert outcome.state is DONE
    assert scene.asked() == ["one"]


@pytest.mark.asyncio
async def test_what_waits_while_another_is_sent_goes_together_and_names_its_cases(live: Live) -> None:
    scene = Flood(live)
    posts = scene.posts(12)
    outcomes = await scene.all(*(scene.deletion(p, case=n) for n, p in enumerate(posts, 1)))
    assert [o.state for o in outcomes] == [DONE] * 12
    assert all(p.deleted_at for p in posts)
    assert scene.asked() == ["one", "bulk"]
    (bulk,) = scene.d.requests_to("POST", BULK)
    assert len(bulk.form["messages"]) == 11
    assert bulk.reason == "Beholder cases 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12: images removed"


@pytest.mark.asyncio
async def test_at_most_a_hundred_go_together(live: Live) -> None:
    scene = Flood(live)
    posts = scene.posts(205)
    outcomes = await scene.all(*(scene.deletion(p) for p in posts))
    assert {o.state for o in outcomes} == {DONE}
    assert all(p.deleted_at for p in posts)
    assert [len(r.form["messages"]) for r in scene.d.requests_to("POST", BULK)] == [100, 100, 4]


@pytest.mark.asyncio
async def test_two_that_wait_for_the_same_post_are_one_deletion(live: Live) -> None:
    scene = Flood(live)
    first, twice = scene.posts(2)
    outcomes = await scene.all(scene.deletion(first), scene.deletion(twice), scene.deletion(twice))
    assert [o.state for o in outcomes] == [DONE] * 3
    assert scene.asked() == ["one", "one"]


@pytest.mark.asyncio
async def test_old_posts_go_alone_and_hold_no_other_back(live: Live) -> None:
    scene = Flood(live)
    old = scene.posts(2, at=datetime.now(UTC) - timedelta(days=15))
    young = scene.posts(4)
    outcomes = await scene.all(*(scene.deletion(p) for p in (young[0], old[0], *young[1:], old[1])))
    assert [o.state for o in outcomes] == [DONE] * 6
    assert sorted(scene.asked()) == ["bulk", "one", "one", "one"]
    (bulk,) = scene.d.requests_to("POST", BULK)
    assert {int(i) for i in bulk.form["messages"]} == {p.id for p in young[1:]}


@pytest.mark.asyncio
async def test_one_bad_post_spoils_nothing(live: Live) -> None:
    """Discord refuses the whole bulk; each then ends for itself."""
    scene = Flood(live)
    posts = scene.posts(5)
    scene.d.fail("POST", BULK, status=400, body={"message": "Invalid Form Body", "code": 50035})
    outcomes = await scene.all(*(scene.deletion(p) for p in posts))
    assert [o.state for o in outcomes] == [DONE] * 5
    assert scene.asked() == ["one", "bulk", "one", "one", "one", "one"]


@pytest.mark.asyncio
async def test_a_system_message_that_nobody_may_delete_keeps_its_refusal_to_itself(live: Live) -> None:
    scene = Flood(live)
    posts = scene.posts(4)
    words = {"message": "Cannot execute action on a system message", "code": 50021}
    scene.d.fail("POST", BULK, status=403, body=words)
    scene.d.fail("DELETE", MESSAGE, nth=4, status=403, body=words)  # the second of the three that go alone in the end
    outcomes = await scene.all(*(scene.deletion(p) for p in posts))
    assert sorted(o.state for o in outcomes) == sorted([DONE, DONE, DONE, REFUSED])
    assert [o.state is DONE for o in outcomes] == [p.deleted_at is not None for p in posts]


@pytest.mark.asyncio
async def test_a_right_that_is_missing_in_the_channel_is_not_asked_for_once_a_post(live: Live) -> None:
    scene = Flood(live)
    posts = scene.posts(6)
    scene.d.fail("POST", BULK, status=403, body={"message": "Missing Permissions", "code": 50013})
    outcomes = await scene.all(*(scene.deletion(p) for p in posts))
    assert [o.state for o in outcomes] == [DONE] + [REFUSED] * 5
    assert scene.asked() == ["one", "bulk"]


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", ["503", "reset"])
async def test_trouble_of_a_bulk_is_worth_another_try_for_each(live: Live, trouble: str) -> None:
    scene = Flood(live)
    posts = scene.posts(4)
    if trouble == "503":
        scene.d.fail("POST", BULK, status=503)
    else:
        scene.d.fail("POST", BULK, reset=Break.AFTER)
    outcomes = await scene.all(*(scene.deletion(p) for p in posts))
    assert [(o.state, o.retry) for o in outcomes] == [(DONE, False)] + [(FAILED, True)] * 3
    again = await asyncio.gather(*(live.platform.perform(scene.deletion(p)) for p in posts))
    assert [o.state for o in again] == [DONE] * 4, "what is gone is done"


@pytest.mark.asyncio
async def test_of_what_is_gone_already_each_is_done(live: Live) -> None:
    scene = Flood(live)
    posts = scene.posts(4)
    scene.d.delete(*posts)
    outcomes = await scene.all(*(scene.deletion(p) for p in posts))
    assert [o.state for o in outcomes] == [DONE] * 4


@pytest.mark.asyncio
async def test_who_gives_up_waiting_takes_nobody_along(live: Live) -> None:
    scene = Flood(live)
    posts = scene.posts(4)
    await scene.perform(scene.delete())
    tasks = [asyncio.create_task(live.platform.perform(scene.deletion(p))) for p in posts]
    await asyncio.sleep(0)
    tasks[1].cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(ended[1], asyncio.CancelledError)
    assert [e.state for e in ended if isinstance(e, Outcome)] == [DONE] * 3
    assert posts[1].deleted_at is None


@pytest.mark.asyncio
async def test_channels_do_not_wait_for_each_other(live: Live) -> None:
    scene = Flood(live)
    other = scene.d.channel(scene.guild, "other")
    here, there = scene.posts(1)[0], scene.d.post(other, scene.ann, files=[("a.png", PNG, "image/png")])
    client = live.platform.connected
    assert client is not None
    await scene.d.until(lambda: client.get_channel(other.id))
    away = Delete(scene.tenant, str(other.id), str(there.id), 8)
    outcomes = await scene.all(scene.deletion(here), away)
    assert [o.state for o in outcomes] == [DONE] * 2
    assert scene.asked() == ["one", "one"]


def test_nothing_older_than_a_fortnight_is_sent_in_bulk() -> None:
    assert timedelta(days=13) < deletions.BULK_AGE < timedelta(days=14)


# --- reactions ------------------------------------------------------------------------------------------------


def unreact(scene: Scene, emoji: str) -> Unreact:
    return Unreact(scene.tenant, str(scene.channel.id), str(scene.post.id), emoji.strip("<>").split(":")[2], 7)


@pytest.mark.asyncio
async def test_an_emoji_is_taken_off_whoever_reacted_and_nothing_else_is(live: Live) -> None:
    scene = Scene(live)
    bad, good = scene.d.emoji(scene.guild, "bad", PNG), scene.d.emoji(scene.guild, "good", PNG)
    bob = scene.d.member(scene.guild, "bob")
    for user, emoji in ((scene.ann, bad), (bob, bad), (bob, good), (bob, "👍")):
        scene.d.react(scene.post, user, emoji)
    for _ in range(2):
        assert (await scene.perform(unreact(scene, bad))).state is DONE
    assert set(scene.post.reacted) == {good.strip("<>").split(":")[2], "👍"}
    assert scene.post.deleted_at is None


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [10003, 10008, 10014])
async def test_a_reaction_that_is_gone_with_what_it_was_on_is_done(live: Live, code: int) -> None:
    scene = Scene(live)
    scene.d.fail("DELETE", REACTION, status=404, body={"message": "Unknown", "code": code})
    assert (await scene.perform(unreact(scene, "<:x:12>"))).state is DONE


@pytest.mark.asyncio
async def test_without_the_right_a_reaction_is_left_and_discord_is_not_asked(live: Live) -> None:
    scene = Scene(live, int(BOT_RIGHTS & ~Permission.MANAGE_MESSAGES))
    outcome = await scene.perform(unreact(scene, "<:x:12>"))
    assert outcome.state is REFUSED
    assert "Manage Messages" in outcome.detail
    assert not scene.d.requests_to("DELETE", REACTION)
