"""Doing what was decided, on real sockets: what Discord shows afterwards, and what each answer means."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from bot.model import (
    Action,
    Button,
    Card,
    Delete,
    EditCard,
    Outcome,
    OutcomeState,
    PostCard,
    Restore,
    Retract,
    Say,
    TimeoutMember,
    Warn,
)
from bot.platforms.discord.actions import LOOK_BACK
from bot.sandbox.entities import Channel, Guild, Message, User
from bot.sandbox.faults import Break
from bot.sandbox.members import BOT_RIGHTS
from bot.sandbox.permissions import Permission
from policies.model import Policy
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.world import PNG, later

MESSAGES = "/channels/{channel_id}/messages"
MESSAGE = "/channels/{channel_id}/messages/{message_id}"
MEMBER = "/guilds/{guild_id}/members/{user_id}"
NAUGHTY = "@everyone @here <@&1> <@1> ||x|| **b** `c` \u202e [a](http://x) \x00 😀"
CARD = Card(
    7,
    "Case 7",
    (("Why", "because"), ("Where", "there")),
    "red",
    (Button("right", "Right", "green"), Button("give_back", "Wrong, give back")),
    PNG,
    "image/png",
    footer="careful",
)


class Scene:
    """A guild with a channel, a moderators' channel, and Ann, who posted a picture."""

    def __init__(self, live: Live, rights: int = int(BOT_RIGHTS)) -> None:
        d = self.d = live.discord
        self.live = live
        self.guild: Guild = d.guild("scene", bot_permissions=rights)
        self.channel: Channel = d.channel(self.guild)
        self.mods: Channel = d.channel(self.guild, "mods")
        self.ann: User = d.member(self.guild, "ann")
        self.post: Message = d.post(self.channel, self.ann, files=[("cat.png", PNG, "image/png")])
        self.tenant = live.tenant(self.guild)

    async def perform(self, action: Action) -> Outcome:
        client = self.live.platform.connected
        assert client is not None
        await self.d.until(lambda: client.get_channel(self.mods.id))
        return await self.live.platform.perform(action)

    def shown(self, outcome: Outcome) -> Message:
        """The message that an outcome refers to."""
        (message,) = [m for m in self.posted() if str(m.id) == outcome.ref]
        return message

    def posted(self) -> list[Message]:
        """All messages of both channels."""
        return [*self.channel.messages.values(), *self.mods.messages.values()]

    def delete(self) -> Delete:
        return Delete(self.tenant, str(self.channel.id), str(self.post.id), case=7)

    def warn(self) -> Warn:
        return Warn(self.tenant, str(self.channel.id), str(self.ann.id), 7, "w1")

    def card(self, card: Card = CARD) -> PostCard:
        return PostCard(self.tenant, str(self.mods.id), card, "b345")

    def say(self, text: str = "words") -> Say:
        return Say(self.tenant, str(self.channel.id), text, "s1", str(self.ann.id))

    def restore(self, card_message: str) -> Restore:
        return Restore(self.tenant, str(self.channel.id), str(self.ann.id), str(self.mods.id), card_message, 7, "r1")

    def time_out(self) -> TimeoutMember:
        return TimeoutMember(self.tenant, str(self.ann.id), later(5), 7)


# --- what it looks like -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_deleting_says_its_case_and_twice_is_once(live: Live) -> None:
    scene = Scene(live)
    assert (await scene.perform(scene.delete())).state is OutcomeState.DONE
    assert scene.post.deleted_at is not None
    (asked,) = scene.d.requests_to("DELETE", MESSAGE)
    assert asked.reason is not None
    assert "case 7" in asked.reason
    assert (await scene.perform(scene.delete())).state is OutcomeState.DONE


@pytest.mark.asyncio
async def test_the_notice_names_no_category_and_pings_its_author_alone(live: Live) -> None:
    scene = Scene(live)
    notice = scene.shown(await scene.perform(scene.warn()))
    assert notice.content == f"<@{scene.ann.id}> An image was removed."
    (button,) = notice.components[0]["components"]
    assert button["label"] == "Details"
    assert button["custom_id"] == f"beholder:{scene.guild.id}:7:details:w1"
    (asked,) = scene.d.requests_to("POST", MESSAGES)
    assert asked.form["allowed_mentions"] == {"parse": [], "users": [scene.ann.id]}
    assert (asked.form["nonce"], asked.form["enforce_nonce"]) == ("w1", True)


@pytest.mark.asyncio
async def test_the_notice_speaks_the_guilds_language(live: Live) -> None:
    scene = Scene(live)
    live.settings.only = Policy(preset="standard", language="xx")
    assert "An image was removed." in scene.shown(await scene.perform(scene.warn())).content


@pytest.mark.asyncio
async def test_a_card_shows_its_lines_buttons_and_hidden_evidence(live: Live) -> None:
    scene = Scene(live)
    card = scene.shown(await scene.perform(scene.card()))
    (embed,) = card.embeds
    assert [(f["name"], f["value"]) for f in embed["fields"]] == list(CARD.lines)
    assert embed["footer"]["text"] == "careful"
    assert [a.filename for a in card.attachments] == ["SPOILER_evidence-b345.png"], "the mark is where nobody reads it"
    assert card.attachments[0].content == PNG
    ids = [c["custom_id"] for c in card.components[0]["components"]]
    assert ids == [f"beholder:{scene.guild.id}:7:{verb}" for verb in ("right", "give_back")]


@pytest.mark.asyncio
async def test_a_card_without_picture_leads_to_the_post_that_still_stands(live: Live) -> None:
    scene = Scene(live)
    link = (str(scene.channel.id), str(scene.post.id))
    card = scene.shown(await scene.perform(scene.card(dataclasses.replace(CARD, picture=None, link=link))))
    assert card.attachments == []
    button = card.components[0]["components"][-1]
    assert button["url"] == f"https://discord.com/channels/{scene.guild.id}/{link[0]}/{link[1]}"


@pytest.mark.asyncio
async def test_an_oversized_card_is_cut_to_discords_limits(live: Live) -> None:
    scene = Scene(live)
    lines = tuple((f"{n} " + "😀" * 300, "y" * 3000) for n in range(40))
    huge = dataclasses.replace(CARD, title="t" * 999, lines=lines, picture=None)
    card = scene.shown(await scene.perform(scene.card(huge)))
    (embed,) = card.embeds
    texts = [embed["title"], embed["footer"]["text"], *(t for f in embed["fields"] for t in (f["name"], f["value"]))]
    assert sum(len(text.encode("utf-16-le")) // 2 for text in texts) <= 6000
    assert all(len(f["value"]) <= 1024 and len(f["name"].encode("utf-16-le")) <= 512 for f in embed["fields"])
    assert embed["footer"]["text"].endswith("b345")


@pytest.mark.asyncio
async def test_an_edited_card_changes_its_words_and_drops_its_picture(live: Live) -> None:
    scene = Scene(live)
    posted = scene.shown(await scene.perform(scene.card()))
    closed = dataclasses.replace(CARD, title="closed", buttons=(), picture=None)
    kept = EditCard(scene.tenant, str(scene.mods.id), str(posted.id), closed, drop_picture=False)
    assert (await scene.perform(kept)).state is OutcomeState.DONE
    assert (posted.embeds[0]["title"], posted.components, len(posted.attachments)) == ("closed", [], 1)
    assert (await scene.perform(dataclasses.replace(kept, drop_picture=True))).state is OutcomeState.DONE
    assert posted.attachments == []


@pytest.mark.asyncio
async def test_saying_naughty_words_pings_nobody_but_whom_they_are_said_to_and_fits(live: Live) -> None:
    scene = Scene(live)
    said = scene.shown(await scene.perform(scene.say(NAUGHTY.replace("\x00", "") * 100)))
    assert len(said.content.encode("utf-16-le")) // 2 <= 2000
    assert said.content.endswith("\n-# s1")
    await scene.perform(dataclasses.replace(scene.say(NAUGHTY.replace("\x00", "")), author=None, nonce="s2"))
    to_ann, to_nobody = scene.d.requests_to("POST", MESSAGES)
    assert to_ann.form["allowed_mentions"] == {"parse": [], "users": [scene.ann.id]}
    assert to_nobody.form["allowed_mentions"] == {"parse": []}


@pytest.mark.asyncio
async def test_taking_back_a_notice_twice_is_once(live: Live) -> None:
    scene = Scene(live)
    notice = scene.shown(await scene.perform(scene.warn()))
    retract = Retract(scene.tenant, str(scene.channel.id), str(notice.id))
    for _ in range(2):
        assert (await scene.perform(retract)).state is OutcomeState.DONE
    assert notice.deleted_at is not None


@pytest.mark.asyncio
async def test_a_picture_is_given_back_from_its_card_with_credit(live: Live) -> None:
    scene = Scene(live)
    card = await scene.perform(scene.card())
    restored = scene.shown(await scene.perform(scene.restore(card.ref or "")))
    assert restored.channel is scene.channel
    assert str(scene.ann.id) in restored.content
    assert [(a.filename, a.content) for a in restored.attachments] == [("r1.png", PNG)]


@pytest.mark.asyncio
async def test_without_evidence_on_a_card_of_ours_nothing_is_given_back(live: Live) -> None:
    scene = Scene(live)
    bare = await scene.perform(scene.card(dataclasses.replace(CARD, picture=None)))
    forged = scene.d.post(scene.mods, scene.ann, files=[("SPOILER_evidence.png", PNG, "image/png")])
    for card in (bare.ref or "", str(forged.id)):
        outcome = await scene.perform(scene.restore(card))
        assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, False)
    assert (await scene.perform(scene.restore("1"))).state is OutcomeState.FAILED


# --- rights -------------------------------------------------------------------------------------------------

MAKE: dict[str, Callable[[Scene], Action]] = {
    "delete": Scene.delete,
    "warn": Scene.warn,
    "card": Scene.card,
    "say": Scene.say,
    "time_out": Scene.time_out,
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("what", "missing", "named"),
    [
        ("delete", Permission.MANAGE_MESSAGES, "Manage Messages"),
        ("card", Permission.EMBED_LINKS, "Embed Links"),
        ("card", Permission.ATTACH_FILES, "Attach Files"),
        ("time_out", Permission.MODERATE_MEMBERS, "Timeout Members"),
    ],
)
async def test_a_missing_right_is_named_and_discord_is_not_asked(
    live: Live, what: str, missing: Permission, named: str
) -> None:
    scene = Scene(live, int(BOT_RIGHTS & ~missing))
    scene.guild.roles[scene.guild.id].permissions &= ~int(missing)
    scene.d.role_changed(scene.guild, scene.guild.roles[scene.guild.id])
    outcome = await scene.perform(MAKE[what](scene))
    assert outcome.state is OutcomeState.REFUSED
    assert named in outcome.detail
    assert not [r for r in scene.d.requests if r.method in {"DELETE", "PATCH"} or r.template == MESSAGES]


@pytest.mark.asyncio
async def test_an_overwrite_that_forbids_speaking_is_named(live: Live) -> None:
    scene = Scene(live)
    scene.d.overwrite(scene.channel, scene.guild, deny=int(Permission.SEND_MESSAGES))
    client = live.platform.connected
    assert client is not None
    await scene.d.until(lambda: getattr(client.get_channel(scene.channel.id), "overwrites", None))
    outcome = await scene.perform(scene.warn())
    assert outcome.state is OutcomeState.REFUSED
    assert "Send Messages" in outcome.detail


@pytest.mark.asyncio
async def test_what_the_cache_did_not_know_is_refused_by_discord(live: Live) -> None:
    scene = Scene(live)
    scene.d.fail("DELETE", MESSAGE, status=403, body={"message": "Missing Permissions", "code": 50013})
    outcome = await scene.perform(scene.delete())
    assert (outcome.state, outcome.retry) == (OutcomeState.REFUSED, False)
    assert "Missing Permissions" in outcome.detail


# --- whose channel it is --------------------------------------------------------------------------------------

INTO: dict[str, Callable[[Scene, str], Action]] = {
    "warn": lambda scene, channel: dataclasses.replace(scene.warn(), channel=channel),
    "card": lambda scene, channel: dataclasses.replace(scene.card(), channel=channel),
    "say": lambda scene, channel: dataclasses.replace(scene.say(), channel=channel),
    "edit": lambda scene, channel: EditCard(scene.tenant, channel, "1", CARD),
    "restore": lambda scene, channel: dataclasses.replace(scene.restore("1"), channel=channel),
    "restore from": lambda scene, channel: dataclasses.replace(scene.restore("1"), card_channel=channel),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("what", INTO)
async def test_nothing_of_a_guild_is_shown_in_a_channel_of_another(live: Live, what: str) -> None:
    scene = Scene(live)
    other = scene.d.channel(scene.d.guild("staff of many"), "mods")
    client = live.platform.connected
    assert client is not None
    await scene.d.until(lambda: client.get_channel(other.id))
    for channel in (str(other.id), str(scene.d.direct(scene.ann).id), "general"):
        outcome = await scene.perform(INTO[what](scene, channel))
        assert (outcome.state, outcome.retry) == (OutcomeState.REFUSED, False)
        assert "/setup" in outcome.detail
    assert not other.messages
    assert not [r for r in scene.d.requests if r.method in {"POST", "PATCH"} and "/messages" in r.template]


@pytest.mark.asyncio
async def test_a_channel_that_is_gone_says_so(live: Live) -> None:
    scene = Scene(live)
    outcome = await scene.perform(INTO["card"](scene, "1"))
    assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, False)
    assert "gone" in outcome.detail
    assert (await scene.perform(INTO["edit"](scene, "1"))).state is OutcomeState.DONE, "its picture is gone with it"


@pytest.mark.asyncio
async def test_an_archived_thread_that_nobody_cached_is_the_guilds_own(live: Live) -> None:
    scene = Scene(live)
    thread = scene.d.thread(scene.channel, "old", scene.ann)
    client = live.platform.connected
    assert client is not None
    await scene.d.until(lambda: client.get_channel(thread.id))
    client.get_guild(scene.guild.id)._threads.pop(thread.id)  # type: ignore[union-attr]
    outcome = await scene.perform(dataclasses.replace(scene.warn(), channel=str(thread.id)))
    assert outcome.state is OutcomeState.DONE
    assert int(outcome.ref or 0) in thread.messages


# --- trouble -------------------------------------------------------------------------------------------------

ROUTES = {
    "delete": ("DELETE", MESSAGE),
    "time_out": ("PATCH", MEMBER),
    "warn": ("POST", MESSAGES),
    "card": ("POST", MESSAGES),
    "say": ("POST", MESSAGES),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ROUTES)
@pytest.mark.parametrize("trouble", [{"status": 503}, {"reset": Break.BEFORE, "times": 2}])
async def test_trouble_that_left_nothing_behind_is_worth_another_try(
    live: Live, what: str, trouble: dict[str, Any]
) -> None:
    scene = Scene(live)
    fault = scene.d.fail(*ROUTES[what], **trouble)
    outcome = await scene.perform(MAKE[what](scene))
    assert fault.struck, "aiohttp itself repeats a DELETE once"
    assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, True)
    scene.d.well_again()
    assert (await scene.perform(MAKE[what](scene))).state is OutcomeState.DONE


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["warn", "card", "say"])
async def test_a_post_of_which_nothing_can_be_told_is_unknown(live: Live, what: str) -> None:
    scene = Scene(live)
    scene.d.fail(*ROUTES[what], reset=Break.AFTER)
    scene.d.fail("GET", MESSAGES, status=503, times=None)
    outcome = await scene.perform(MAKE[what](scene))
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, False)


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["warn", "card", "say"])
async def test_a_post_whose_answer_was_lost_is_found_again(live: Live, what: str) -> None:
    scene = Scene(live)
    scene.d.fail(*ROUTES[what], reset=Break.AFTER)
    outcome = await scene.perform(MAKE[what](scene))
    assert outcome.state is OutcomeState.DONE
    assert scene.shown(outcome).author is scene.d.world.bot
    assert len([m for m in scene.posted() if m.author is scene.d.world.bot]) == 1


@pytest.mark.asyncio
async def test_a_restored_picture_whose_answer_was_lost_is_found_again(live: Live) -> None:
    scene = Scene(live)
    card = await scene.perform(scene.card())
    scene.d.fail("POST", MESSAGES, reset=Break.AFTER)
    assert (await scene.perform(scene.restore(card.ref or ""))).state is OutcomeState.DONE


@pytest.mark.asyncio
async def test_a_rate_limit_is_waited_out_and_cloudflares_is_tried_later(live: Live) -> None:
    scene = Scene(live)
    scene.d.rate_limit("DELETE", MESSAGE, retry_after=0.05)
    assert (await scene.perform(scene.delete())).state is OutcomeState.DONE
    scene.d.fail("POST", MESSAGES, status=429, body="<html>banned</html>")
    outcome = await scene.perform(scene.warn())
    assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, True), "it surely was not posted"


@pytest.mark.asyncio
async def test_a_request_that_discord_finds_wrong_is_not_repeated(live: Live) -> None:
    scene = Scene(live)
    scene.d.fail("POST", MESSAGES, status=400, body={"message": "Invalid Form Body", "code": 50035})
    outcome = await scene.perform(scene.card())
    assert (outcome.state, outcome.retry) == (OutcomeState.FAILED, False)


# --- finding ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_find_tells_posted_from_not_posted(live: Live) -> None:
    scene = Scene(live)
    card = await scene.perform(scene.card())
    scene.d.post(scene.mods, scene.ann, "case 9 · b999")
    find = live.platform.find
    found = await find(scene.tenant, str(scene.mods.id), "b345")
    assert (found.state, found.ref) == (OutcomeState.DONE, card.ref)
    assert (await find(scene.tenant, str(scene.mods.id), "b999")).state is OutcomeState.FAILED, "not ours"
    assert (await find(scene.tenant, str(scene.mods.id), "b34")).state is OutcomeState.FAILED
    assert (await find(scene.tenant, "1", "b345")).state is OutcomeState.FAILED


@pytest.mark.asyncio
async def test_find_does_not_guess_what_it_cannot_see(live: Live) -> None:
    scene = Scene(live)
    scene.d.fail("GET", MESSAGES, status=503, times=None)
    outcome = await live.platform.find(scene.tenant, str(scene.mods.id), "b345")
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, True), "later it may be told"
    scene.d.well_again()
    for n in range(LOOK_BACK):
        scene.d.post(scene.mods, scene.ann, str(n))
    outcome = await live.platform.find(scene.tenant, str(scene.mods.id), "b345")
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, False)


@pytest.mark.asyncio
async def test_find_on_a_connection_that_is_closed_meanwhile_can_be_asked_again(live: Live) -> None:
    scene = Scene(live)
    client = live.platform.connected
    assert client is not None
    actions = live.platform._actions(client)
    await client.http.close()  # closing begins with this, before the client calls itself closed
    outcome = await actions.find(scene.tenant, str(scene.mods.id), "b345")
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, True)
    await client.close()
    outcome = await actions.find(scene.tenant, str(scene.mods.id), "b345")
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, True)


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["delete", "warn", "card", "say", "restore", "time_out"])
async def test_thrown_out_in_mid_work_it_ends_and_is_not_tried_for_hours(live: Live, what: str) -> None:
    scene = Scene(live)
    card = await scene.perform(scene.card())
    client = live.platform.connected
    assert client is not None
    scene.d.kick_bot(scene.guild)
    await scene.d.until(lambda: client.get_guild(scene.guild.id) is None)
    action = scene.restore(card.ref or "") if what == "restore" else getattr(scene, what)()
    outcome = await live.platform.perform(action)
    assert outcome.state in (OutcomeState.REFUSED, OutcomeState.FAILED), "not done: nobody can know what became of it"
    assert not outcome.retry
    assert scene.post.deleted_at is None
