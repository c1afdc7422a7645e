"""Posts, notices and cards on a loopback Telegram: what is done, and what is said where it cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot.clock import SystemClock
from bot.model import (
    EditCard,
    MakeChannel,
    Outcome,
    OutcomeState,
    Page,
    PostPage,
    RemoveCover,
    Restore,
    Retract,
    Say,
    Warn,
)
from bot.platforms.telegram.cards import CardAt
from bot.platforms.telegram.extract import DIRECT
from bot.platforms.telegram.outcomes import Refusal
from bot.sandbox.faults import Break
from bot.sandbox.telegram.entities import Chat, Message, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.platforms.telegram.acting import CARD, Hands, buttons, card_in, deletion, hands_on, picture, tenant
from tests.botapi import specification
from tests.clock import FakeClock

DONE, REFUSED, FAILED, UNKNOWN = OutcomeState.DONE, OutcomeState.REFUSED, OutcomeState.FAILED, OutcomeState.UNKNOWN


@pytest_asyncio.fixture
async def hands(t: LoopbackTelegram) -> AsyncIterator[Hands]:
    async with hands_on(t, SystemClock()) as hands:
        yield hands


@pytest.fixture
def staff(t: LoopbackTelegram) -> Chat:
    """The moderators' chat: the bot is a plain member."""
    chat = t.supergroup("Staff")
    t.add_bot(chat)
    return chat


def posted(t: LoopbackTelegram, chat: Chat, outcome: Outcome) -> Message:
    assert outcome.state is DONE
    return chat.messages[CardAt.parse(outcome.ref or "").message]


# --- deletions ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_post_is_deleted(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    post = t.photo(town, ann, picture())
    assert await hands.do(deletion(post)) == Outcome(DONE)
    assert post.deleted_at is not None
    assert len(t.calls_to("deleteMessage")) == 1


@pytest.mark.asyncio
async def test_what_is_gone_already_is_done(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    post = t.photo(town, ann, picture())
    t.delete(post)
    assert (await hands.do(deletion(post))).state is DONE


@pytest.mark.asyncio
async def test_an_album_goes_in_one_call(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    album = t.album(town, ann, [t.world.media.photo(picture(side)) for side in (60, 61, 62)])
    t.delete(album[1])
    assert (await hands.do(deletion(*album))).state is DONE
    assert all(part.deleted_at for part in album)
    assert len(t.calls_to("deleteMessages")) == 1
    assert not t.calls_to("deleteMessage")


@pytest.mark.asyncio
async def test_a_flood_goes_together_and_each_ends_for_itself(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    posts = [t.photo(town, ann, picture()) for _ in range(30)]
    outcomes = await asyncio.gather(*(hands.do(deletion(post)) for post in posts))
    assert {o.state for o in outcomes} == {DONE}
    assert all(post.deleted_at for post in posts)
    assert len(t.calls_to("deleteMessage")) + len(t.calls_to("deleteMessages")) <= 3


@pytest.mark.asyncio
async def test_more_than_a_hundred_are_several_calls(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    posts = [t.say(town, ann, "x") for _ in range(230)]
    outcomes = await asyncio.gather(*(hands.do(deletion(post)) for post in posts))
    assert {o.state for o in outcomes} == {DONE}
    assert all(len(call.params["message_ids"].split(",")) <= 100 for call in t.calls_to("deleteMessages"))


@pytest.mark.asyncio
async def test_one_that_is_too_old_keeps_no_other(town: Chat) -> None:
    clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC), auto=True)
    async with LoopbackTelegram(clock=clock, specification=specification()) as t, hands_on(t, clock) as hands:
        chat = t.supergroup()
        t.add_bot(chat, "can_delete_messages")
        ann = t.member(chat, "ann")
        old = t.photo(chat, ann, picture())
        await clock.sleep(timedelta(hours=49).total_seconds())
        young = [t.photo(chat, ann, picture()) for _ in range(3)]
        outcomes = await asyncio.gather(*(hands.do(deletion(post)) for post in (young[0], old, *young[1:])))
        assert [o.state for o in outcomes] == [DONE, REFUSED, DONE, DONE]
        assert "48 hours" in outcomes[1].detail
        album = await hands.do(deletion(old, t.photo(chat, ann, picture())))
        assert album.state is REFUSED


@pytest.mark.asyncio
async def test_without_the_right_the_cure_is_told(hands: Hands, t: LoopbackTelegram) -> None:
    chat = t.supergroup()
    t.add_bot(chat, "can_restrict_members")
    post = t.photo(chat, t.member(chat, "ann"), picture())
    outcome = await hands.do(deletion(post))
    assert outcome.state is REFUSED
    assert "Delete messages" in outcome.detail


@pytest.mark.asyncio
async def test_nothing_is_deleted_in_a_chat_of_somebody_else(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User, staff: Chat
) -> None:
    post = t.photo(town, ann, picture())
    assert (await hands.do(replace(deletion(post), tenant=tenant(staff)))).state is REFUSED
    assert (await hands.do(replace(deletion(post), tenant=DIRECT))).state is REFUSED
    assert post.deleted_at is None


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [{"status": 502}, {"reset": Break.BEFORE}, {"reset": Break.AFTER}])
async def test_a_deletion_without_an_answer_is_tried_again(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User, trouble: dict[str, object]
) -> None:
    post = t.photo(town, ann, picture())
    t.fail("deleteMessage", **trouble)  # type: ignore[arg-type]
    first = await hands.do(deletion(post))
    assert (first.state, first.retry) == (FAILED, True)
    assert (await hands.do(deletion(post))).state is DONE


@pytest.mark.asyncio
async def test_thrown_out(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    post = t.photo(town, ann, picture())
    t.remove(town, t.bot.user)
    outcome = await hands.do(deletion(post))
    assert outcome.state is REFUSED
    assert "kicked" in outcome.detail


# --- notices ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_notice_names_no_category_and_goes_again(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    outcome = await hands.do(Warn(tenant(town), str(town.id), str(ann.id), 7, "n"))
    notice = posted(t, town, outcome)
    assert "An image was removed." in notice.content["text"]
    assert str(ann.id) in str(notice.content["entities"])
    assert buttons(notice) == {"Details": f"c:{town.id}:7:details"}
    assert (await hands.do(Retract(tenant(town), str(town.id), outcome.ref or ""))).state is DONE
    assert notice.deleted_at is not None
    assert (await hands.do(Retract(tenant(town), str(town.id), outcome.ref or ""))).state is DONE


@pytest.mark.asyncio
async def test_words_are_said_where_the_topic_is(hands: Hands, t: LoopbackTelegram) -> None:
    forum = t.supergroup(forum=True)
    t.add_bot(forum, "can_delete_messages")
    topic = t.topic(forum, t.owner(forum), "Pictures")
    outcome = await hands.do(Say(tenant(forum), f"{forum.id}/{topic}", "1 < 2 & **bold**", "n", "5"))
    said = posted(t, forum, outcome)
    assert said.thread_id == topic
    assert said.content["text"].endswith("1 < 2 & bold")


@pytest.mark.asyncio
async def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(
    hands: Hands, t: LoopbackTelegram, town: Chat
) -> None:
    t.fail("sendMessage", reset=Break.AFTER)
    outcome = await hands.do(Say(tenant(town), str(town.id), "once", "n"))
    assert (outcome.state, outcome.retry) == (UNKNOWN, False)
    assert len(t.posts(town, having="once")) == 1
    found = await hands.actions.find(tenant(town), str(town.id), "n")
    assert (found.state, found.retry) == (UNKNOWN, False)
    assert "look whether it stands there" in found.detail


@pytest.mark.asyncio
async def test_what_never_arrived_is_tried_again(town: Chat) -> None:
    async with LoopbackTelegram() as t:
        chat = t.supergroup()
        t.add_bot(chat)
        async with hands_on(t, SystemClock()) as hands:
            t.root = ""
            await t.__aexit__(None, None, None)  # nobody listens there any more
            await hands.bot.request.shutdown()  # on a connection that stood before, it may have arrived
            await hands.bot.request.initialize()
            outcome = await hands.do(Say(tenant(chat), str(chat.id), "x", "n"))
    assert (outcome.state, outcome.retry) == (FAILED, True)


@pytest.mark.asyncio
async def test_a_429_says_when(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    t.rate_limit("sendMessage", retry_after=40)
    say = Say(tenant(town), str(town.id), "x", "n")
    outcome = await hands.do(say)
    assert (outcome.state, outcome.retry, outcome.after) == (FAILED, True, 40.0)
    again = await hands.do(say)
    assert (again.retry, len(t.calls_to("sendMessage"))) == (True, 1)
    assert (await hands.do(deletion(t.photo(town, ann, picture())))).state is DONE


# --- cards --------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_card_shows_its_picture_hidden_and_protected(
    hands: Hands, t: LoopbackTelegram, town: Chat, staff: Chat
) -> None:
    shown = replace(CARD, picture=picture(), link=(f"{town.id}", "10+11"))
    card = posted(t, staff, await hands.do(card_in(staff, town, shown)))
    assert card.content["has_media_spoiler"]
    assert card.protected
    assert card.content["caption"].startswith("Case 7 · removed")
    assert buttons(card) == {
        "Right": f"c:{town.id}:7:right",
        "Wrong, give back": f"c:{town.id}:7:give_back",
        "Do something about the author": f"c:{town.id}:7:sanction",
        "Open the post": f"https://t.me/c/{str(town.id).removeprefix('-100')}/10",
    }


@pytest.mark.asyncio
async def test_a_card_without_a_picture_is_words(hands: Hands, t: LoopbackTelegram, town: Chat, staff: Chat) -> None:
    outcome = await hands.do(card_in(staff, town))
    card = posted(t, staff, outcome)
    assert "porn 0.93 ≥ 0.85" in card.content["text"]
    edit = EditCard(tenant(town), str(staff.id), outcome.ref or "", replace(CARD, title="Case 7 · decided", buttons=()))
    for _ in range(2):  # the second changes nothing, which Telegram calls an error
        assert (await hands.do(edit)).state is DONE
    assert card.content["text"].startswith("Case 7 · decided")
    assert list(buttons(card)) == ["Do something about the author"]


@pytest.mark.asyncio
async def test_a_picture_that_telegram_does_not_take_leaves_the_words(
    hands: Hands, t: LoopbackTelegram, town: Chat, staff: Chat
) -> None:
    outcome = await hands.do(card_in(staff, town, replace(CARD, picture=b"no picture at all")))
    card = posted(t, staff, outcome)
    assert card.content["text"].startswith("Case 7 · removed")
    assert card.protected
    assert CardAt.parse(outcome.ref or "").picture is None


@pytest.mark.asyncio
async def test_a_closed_card_keeps_its_words_and_loses_its_picture(
    hands: Hands, t: LoopbackTelegram, town: Chat, staff: Chat
) -> None:
    outcome = await hands.do(card_in(staff, town, replace(CARD, picture=picture())))
    card = posted(t, staff, outcome)
    before = card.content["photo"]
    edit = EditCard(tenant(town), str(staff.id), outcome.ref or "", replace(CARD, title="Case 7 · new"), False)
    assert (await hands.do(edit)).state is DONE
    assert card.content["photo"] == before
    assert card.content["caption"].startswith("Case 7 · new")
    for title in ("Case 7 · closed", "Case 7 · closed", "Case 7 · said again"):
        closed = replace(edit, card=replace(CARD, title=title, buttons=(), sanctions=()), drop_picture=True)
        assert (await hands.do(closed)).state is DONE
    assert card.content["photo"] != before
    assert card.content["caption"].startswith("Case 7 · said again")
    assert card.keyboard is None
    assert card.deleted_at is None


@pytest.mark.asyncio
async def test_the_evidence_of_a_card_that_is_gone_is_gone(
    hands: Hands, t: LoopbackTelegram, town: Chat, staff: Chat
) -> None:
    outcome = await hands.do(card_in(staff, town, replace(CARD, picture=picture())))
    t.delete(posted(t, staff, outcome))
    edit = EditCard(tenant(town), str(staff.id), outcome.ref or "", CARD, True)
    assert (await hands.do(edit)).state is DONE
    assert (await hands.do(replace(edit, drop_picture=False))).state is FAILED


@pytest.mark.asyncio
async def test_a_picture_is_given_back_in_its_topic_though_the_card_is_closed(
    hands: Hands, t: LoopbackTelegram, staff: Chat
) -> None:
    forum = t.supergroup(forum=True)
    t.add_bot(forum, "can_delete_messages")
    topic = t.topic(forum, t.owner(forum), "Pictures")
    ann = t.member(forum, "ann")
    outcome = await hands.do(card_in(staff, forum, replace(CARD, picture=picture())))
    original = posted(t, staff, outcome).content["photo"]
    await hands.do(EditCard(tenant(forum), str(staff.id), outcome.ref or "", CARD, True))
    back = Restore(tenant(forum), f"{forum.id}/{topic}", str(ann.id), str(staff.id), outcome.ref or "", 7, "n")
    given = posted(t, forum, await hands.do(back))
    assert given.content["photo"] == original
    assert given.thread_id == topic
    assert "given back by the moderators" in given.content["caption"]
    bare = await hands.do(replace(back, card_message="12"))
    assert (bare.state, bare.retry) == (FAILED, False)


@pytest.mark.asyncio
async def test_a_card_whose_topic_is_gone(hands: Hands, town: Chat, staff: Chat) -> None:
    outcome = await hands.do(replace(card_in(staff, town), channel=f"{staff.id}/99"))
    assert outcome.state is REFUSED
    assert "topic" in outcome.detail


# --- the rest -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_chats_photo_is_taken_down_with_the_message_that_showed_it(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    told = t.change_chat_photo(town, ann, picture())
    cover = RemoveCover(tenant(town), str(town.id), str(told.id), 7)
    refused = await hands.do(cover)
    assert refused.state is REFUSED
    assert "Change group info" in refused.detail
    t.promote(town, t.bot.user, "can_delete_messages", "can_change_info")
    hands.members.forget(town.id)
    for _ in range(2):
        assert (await hands.do(cover)).state is DONE
    assert town.photo is None
    assert told.deleted_at is not None


@pytest.mark.asyncio
async def test_a_page_is_posted(hands: Hands, t: LoopbackTelegram, town: Chat) -> None:
    outcome = await hands.do(PostPage(tenant(town), str(town.id), Page("welcome", "Hello", "I am new here."), "n"))
    assert "I am new here." in posted(t, town, outcome).content["text"]


@pytest.mark.asyncio
async def test_there_are_no_rooms_to_be_made(hands: Hands, town: Chat) -> None:
    outcome = await hands.do(MakeChannel(tenant(town), "mods", "5", (), "n"))
    assert (outcome.state, outcome.retry) == (FAILED, False)
    assert (await hands.actions.find(tenant(town), "", "n")).state is FAILED


@pytest.mark.asyncio
async def test_a_group_that_became_a_supergroup(hands: Hands, t: LoopbackTelegram) -> None:
    group = t.group()
    t.add_bot(group, "can_delete_messages", "can_restrict_members")
    ann = t.member(group, "ann")
    post = t.photo(group, ann, picture())
    new = t.migrate(group)
    other = t.photo(new, ann, picture())  # may bear the number of the post that is meant
    said = await hands.do(Warn(tenant(group), str(group.id), str(ann.id), 7, "n"))
    assert posted(t, new, said).content["text"].endswith("An image was removed.")
    assert hands.moves == [(str(group.id), str(new.id))]
    old = await hands.do(replace(deletion(post), message=str(other.id)))
    assert old.state is REFUSED
    assert "supergroup" in old.detail
    assert other.deleted_at is None


@pytest.mark.asyncio
async def test_a_moderators_chat_that_became_a_supergroup(hands: Hands, t: LoopbackTelegram, town: Chat) -> None:
    group = t.group("Staff")
    t.add_bot(group)
    new = t.migrate(group)
    card = posted(t, new, await hands.do(card_in(group, town)))
    assert buttons(card)["Right"] == f"c:{town.id}:7:right"
    assert hands.moves == [(str(group.id), str(new.id))]


@pytest.mark.asyncio
async def test_the_linked_channel_is_never_punished_though_it_writes_by_hand() -> None:
    async with LoopbackTelegram() as t:
        group = t.supergroup()
        channel = t.channel(discussion=group)
        t.add_bot(group, "can_restrict_members")
        async with hands_on(t, SystemClock()) as hands:
            with pytest.raises(Refusal):
                await hands.members.punishable(group.id, channel.id)
            stranger = t.channel()
            assert await hands.members.punishable(group.id, stranger.id) is None


@pytest.mark.asyncio
async def test_who_presses_a_card_of_the_group_that_was_is_asked_about_in_the_supergroup() -> None:
    async with LoopbackTelegram() as t:
        group = t.group()
        t.add_bot(group)
        owner = t.owner(group)
        was = group.id
        t.migrate(group)
        async with hands_on(t, SystemClock()) as hands:
            member = await hands.members.of(was, owner.id)
    assert member is not None
    assert member.status == "creator"
