"""Restrictions, kicks and bans on a loopback Telegram: who is never punished, and what lifts what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from telegram import ChatMemberAdministrator, ChatMemberMember, ChatMemberOwner, ChatMemberRestricted, ChatPermissions
from telegram import User as Account

from bot.model import Outcome, OutcomeState, RemoveMember, Tenant, TimeoutMember, Unban
from bot.platforms.telegram.rights import RIGHTS, rights_of
from bot.platforms.telegram.sanctions import PICTURES, _left_to
from bot.sandbox.telegram.entities import ANONYMOUS, SERVICE, Chat, Status, User
from bot.sandbox.telegram.loopback import LoopbackTelegram
from bot.sandbox.telegram.people import NotAllowed
from tests.bot.platforms.telegram.acting import Hands, admin, hands_on, picture, tenant
from tests.botapi import specification
from tests.clock import FakeClock

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DONE, REFUSED, FAILED = OutcomeState.DONE, OutcomeState.REFUSED, OutcomeState.FAILED


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START, auto=True)


@pytest_asyncio.fixture
async def t(clock: FakeClock) -> AsyncIterator[LoopbackTelegram]:
    async with LoopbackTelegram(clock=clock, specification=specification()) as telegram:
        yield telegram
    assert telegram.violations == []


@pytest_asyncio.fixture
async def hands(t: LoopbackTelegram, clock: FakeClock) -> AsyncIterator[Hands]:
    async with hands_on(t, clock) as hands:
        yield hands


def timeout(chat: Chat, who: User | int, until: datetime | None, **more: object) -> TimeoutMember:
    ident = who if isinstance(who, int) else who.id
    return TimeoutMember(tenant(chat), str(ident), until, 7, **more)  # type: ignore[arg-type]


def removal(chat: Chat, who: User | int, *, ban: bool = True, **more: object) -> RemoveMember:
    ident = who if isinstance(who, int) else who.id
    return RemoveMember(tenant(chat), str(ident), ban, 7, **more)  # type: ignore[arg-type]


def status(t: LoopbackTelegram, chat: Chat, who: User) -> Status:
    return t.world.member(chat, who).status


# --- restricting --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_an_image_mute_leaves_them_their_words(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User, clock: FakeClock
) -> None:
    assert await hands.do(timeout(town, ann, START + DAY, images_only=True)) == Outcome(DONE)
    t.say(town, ann, "still here")
    for content in (t.world.media.photo(picture()), t.world.media.document(picture(), "a.png", "image/png")):
        with pytest.raises(NotAllowed):
            t.post(town, ann, content)
    await clock.sleep(DAY.total_seconds())
    t.photo(town, ann, picture())


@pytest.mark.asyncio
async def test_a_timeout_leaves_nothing_and_is_lifted(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    assert (await hands.do(timeout(town, ann, START + HOUR))).state is DONE
    with pytest.raises(NotAllowed):
        t.say(town, ann, "x")
    lift = timeout(town, ann, None, given=START + HOUR)
    assert await hands.do(lift) == Outcome(DONE)
    t.photo(town, ann, picture())
    again = await hands.do(lift)
    assert again.state is DONE
    assert "not restricted any more" in again.detail


@pytest.mark.asyncio
async def test_a_restriction_that_somebody_gave_since_stays(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    await hands.do(timeout(town, ann, START + 3 * HOUR))
    outcome = await hands.do(timeout(town, ann, None, given=START + HOUR))
    assert outcome.state is REFUSED
    assert status(t, town, ann) is Status.RESTRICTED


@pytest.mark.asyncio
async def test_no_rule_shortens_what_stands_but_a_person_may(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    mo = admin(t, town, "mo", "can_restrict_members")
    await hands.do(timeout(town, ann, START + DAY))
    ruled = await hands.do(timeout(town, ann, START + HOUR))
    assert "longer already" in ruled.detail
    assert t.world.member(town, ann).until == START + DAY
    await hands.do(timeout(town, ann, START + HOUR, actor=str(mo.id)))
    assert t.world.member(town, ann).until == START + HOUR


@pytest.mark.asyncio
async def test_an_image_mute_gives_no_words_back(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    await hands.do(timeout(town, ann, START + HOUR))
    outcome = await hands.do(timeout(town, ann, START + DAY, images_only=True))
    assert outcome.state is DONE
    assert t.world.member(town, ann).until == START + HOUR
    with pytest.raises(NotAllowed):
        t.say(town, ann, "x")


@pytest.mark.asyncio
async def test_a_timeout_is_more_than_a_longer_image_mute(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    await hands.do(timeout(town, ann, START + DAY, images_only=True))
    assert await hands.do(timeout(town, ann, START + HOUR)) == Outcome(DONE)
    with pytest.raises(NotAllowed):
        t.say(town, ann, "x")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("until", "word"), [(START, "over by now"), (START + timedelta(seconds=20), "over"), (START + 400 * DAY, "366")]
)
async def test_what_telegram_would_take_for_ever_is_refused(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User, until: datetime, word: str
) -> None:
    outcome = await hands.do(timeout(town, ann, until))
    assert outcome.state is REFUSED
    assert word in outcome.detail
    assert status(t, town, ann) is Status.MEMBER


@pytest.mark.asyncio
async def test_a_basic_group_knows_no_restrictions(hands: Hands, t: LoopbackTelegram) -> None:
    group = t.group()
    t.add_bot(group, "can_restrict_members")
    outcome = await hands.do(timeout(group, t.member(group, "ann"), START + HOUR))
    assert outcome.state is REFUSED
    assert "supergroup" in outcome.detail


_permissions = st.dictionaries(st.sampled_from(sorted(ChatPermissions.all_permissions().to_dict())), st.booleans())


@given(_permissions)
def test_nothing_that_was_taken_comes_back_and_no_picture_passes(given_before: dict[str, bool]) -> None:
    fields = dict.fromkeys(ChatPermissions.all_permissions().to_dict(), True) | given_before
    before = ChatMemberRestricted(Account(5, "Ann", False), is_member=True, until_date=START, **fields)  # type: ignore[arg-type]
    left = _left_to(before, images_only=True).to_dict()
    assert all(not left[name] for name in PICTURES)
    assert all(before_ or not left[name] for name, before_ in fields.items())
    assert all(left[name] == fields[name] for name in fields if name not in PICTURES)


# --- throwing out -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_ban_and_its_lifting(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    for _ in range(2):
        assert (await hands.do(removal(town, ann))).state is DONE
    assert status(t, town, ann) is Status.BANNED
    lift = Unban(tenant(town), str(ann.id), 7)
    for _ in range(2):
        assert (await hands.do(lift)).state is DONE
    assert status(t, town, ann) is Status.LEFT
    t.join(town, ann)


@pytest.mark.asyncio
async def test_a_kick_is_no_ban(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    for _ in range(2):
        assert (await hands.do(removal(town, ann, ban=False))).state is DONE
    assert status(t, town, ann) is Status.LEFT
    assert not t.calls_to("banChatMember")
    t.join(town, ann)


@pytest.mark.asyncio
async def test_lifting_a_ban_throws_no_member_out(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    outcome = await hands.do(Unban(tenant(town), str(ann.id), 7))
    assert outcome.state is DONE
    assert status(t, town, ann) is Status.MEMBER


@pytest.mark.asyncio
async def test_a_kick_lifts_nobodys_ban(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    t.remove(town, ann)
    assert "banned already" in (await hands.do(removal(town, ann, ban=False))).detail
    assert status(t, town, ann) is Status.BANNED


@pytest.mark.asyncio
async def test_who_left_can_be_banned_and_not_kicked(hands: Hands, t: LoopbackTelegram, town: Chat, ann: User) -> None:
    t.leave(town, ann)
    assert "left already" in (await hands.do(removal(town, ann, ban=False))).detail
    await hands.do(removal(town, ann))
    assert status(t, town, ann) is Status.BANNED


@pytest.mark.asyncio
async def test_a_channel_that_writes_here_is_shut_out(hands: Hands, t: LoopbackTelegram, town: Chat) -> None:
    spam = t.channel("Spam")
    assert (await hands.do(removal(town, spam.id))).state is DONE
    assert spam.id in town.banned_senders
    assert (await hands.do(Unban(tenant(town), str(spam.id), 7))).state is DONE
    assert spam.id not in town.banned_senders
    for other in (removal(town, spam.id, ban=False), timeout(town, spam.id, START + HOUR)):
        assert "only be banned" in (await hands.do(other)).detail


# --- who is never punished ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_no_administrator_owner_or_stand_in_is_ever_punished(
    hands: Hands, t: LoopbackTelegram, town: Chat
) -> None:
    news = t.channel("News", discussion=town)
    mo = admin(t, town, "mo")
    protected = [mo.id, t.owner(town).id, ANONYMOUS, SERVICE, town.id, news.id, t.bot.user.id]
    for ident in protected:
        for action in (timeout(town, ident, START + HOUR), removal(town, ident), removal(town, ident, ban=False)):
            assert (await hands.do(action)).state is REFUSED, (ident, action)
    assert not town.banned_senders
    assert status(t, town, mo) is Status.ADMIN
    assert not t.calls_to("banChatMember")
    assert not t.calls_to("restrictChatMember")


@pytest.mark.asyncio
async def test_whoever_was_promoted_a_moment_ago_is_safe(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    await hands.members.of(town.id, ann.id)
    t.promote(town, ann, "can_invite_users")
    assert (await hands.do(removal(town, ann))).state is REFUSED


@pytest.mark.asyncio
async def test_without_the_right_the_cure_is_told(hands: Hands, t: LoopbackTelegram) -> None:
    chat = t.supergroup()
    t.add_bot(chat, "can_delete_messages")
    outcome = await hands.do(removal(chat, t.member(chat, "ann")))
    assert outcome.state is REFUSED
    assert "Ban users" in outcome.detail


@pytest.mark.asyncio
async def test_an_actor_needs_the_right_at_that_moment(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    mo = admin(t, town, "mo", "can_delete_messages")
    asked = removal(town, ann, actor=str(mo.id))
    assert "lacks" in (await hands.do(asked)).detail
    assert (await hands.do(replace(asked, actor="987"))).state is REFUSED
    t.leave(town, mo)
    assert "no member" in (await hands.do(replace(asked, entrusted=True))).detail
    t.join(town, mo)
    assert (await hands.do(replace(asked, entrusted=True))).state is DONE


# --- those who ask ------------------------------------------------------------------------------------


def _admin(*rights: str) -> ChatMemberAdministrator:
    every = ("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats")
    more = ("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories")
    names = (*every, *more, "can_edit_stories", "can_delete_stories")
    granted: dict[str, Any] = {name: name in rights for name in names}
    return ChatMemberAdministrator(Account(5, "Mo", False), **granted)


def test_rights_are_those_that_telegram_gives() -> None:
    account = Account(5, "Mo", False)
    assert rights_of(ChatMemberOwner(account, is_anonymous=True)) == frozenset(RIGHTS)
    assert rights_of(ChatMemberMember(account)) == frozenset()
    assert rights_of(_admin("can_delete_messages")) == {"moderate"}
    assert rights_of(_admin("can_restrict_members")) == {"punish", "kick", "ban"}
    assert rights_of(_admin("can_change_info", "can_promote_members")) == {"manage"}
    assert "roles" not in RIGHTS


@pytest.mark.asyncio
async def test_a_pressers_right_is_that_in_the_guarded_chat(hands: Hands, t: LoopbackTelegram, town: Chat) -> None:
    staff = t.supergroup("Staff")
    t.add_bot(staff, "can_delete_messages")
    mo = admin(t, staff, "mo", "can_delete_messages")
    account = Account(mo.id, "Mo", False)
    assert (await hands.members.presser(tenant(town), account)).rights == frozenset()
    assert (await hands.members.presser(tenant(staff), account)).rights == {"moderate"}
    dm = Tenant("telegram", "dm")
    assert (await hands.members.presser(dm, account)).rights == frozenset()
    assert (await hands.members.presser(dm, account, otherwise=staff.id)).rights == {"moderate"}
    nobody = Account(ANONYMOUS, "Group", True)
    assert (await hands.members.presser(tenant(town), nobody)).rights == frozenset()


@pytest.mark.asyncio
async def test_rights_are_asked_once_a_minute_and_again_after_a_change(
    hands: Hands, t: LoopbackTelegram, town: Chat, clock: FakeClock
) -> None:
    mo = admin(t, town, "mo", "can_delete_messages")
    account = Account(mo.id, "Mo", False)
    for _ in range(3):
        assert (await hands.members.presser(tenant(town), account)).rights == {"moderate"}
    assert len(t.calls_to("getChatMember")) == 1
    t.promote(town, mo)
    hands.members.forget(town.id, mo.id)
    assert (await hands.members.presser(tenant(town), account)).rights == frozenset()
    await clock.sleep(61)
    await hands.members.presser(tenant(town), account)
    assert len(t.calls_to("getChatMember")) == 3
    hands.members.forget(town.id)
    await hands.members.presser(tenant(town), account)
    assert len(t.calls_to("getChatMember")) == 4


@pytest.mark.asyncio
async def test_where_telegram_does_not_answer_nothing_is_allowed(
    hands: Hands, t: LoopbackTelegram, town: Chat, ann: User
) -> None:
    t.fail("getChatMember", status=502, times=None)
    outcome = await hands.do(removal(town, ann))
    assert (outcome.state, outcome.retry) == (FAILED, True)
    assert status(t, town, ann) is Status.MEMBER
