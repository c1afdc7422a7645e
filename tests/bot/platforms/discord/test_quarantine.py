"""Quarantine, bans with a reach, unbans, and moderators' presses: on real sockets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Outcome, OutcomeState, Quarantine, RemoveMember, TimeoutMember, Unban
from bot.sandbox.entities import Role, User
from bot.sandbox.faults import Break
from bot.sandbox.members import BOT_RIGHTS
from bot.sandbox.permissions import Permission
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_actions import MEMBER, Scene
from tests.bot.platforms.discord.test_sanctions import BAN
from tests.bot.platforms.discord.world import PNG, later

ROLE = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"
DONE, REFUSED, FAILED = OutcomeState.DONE, OutcomeState.REFUSED, OutcomeState.FAILED
RIGHTS = int(BOT_RIGHTS | Permission.MANAGE_ROLES | Permission.KICK_MEMBERS | Permission.BAN_MEMBERS)


class Court(Scene):
    """A scene with a quarantine role, moderators, and a bot that may do everything to those below it."""

    def __init__(self, live: Live, rights: int = RIGHTS) -> None:
        super().__init__(live, rights)
        self.role: Role = self.d.role(self.guild, "quarantine", position=5)
        mods = self.d.role(self.guild, "mods", RIGHTS, position=30)
        plain = self.d.role(self.guild, "helpers", position=31)
        self.mod: User = self.d.member(self.guild, "mo", roles=[mods])
        self.helper: User = self.d.member(self.guild, "hal", roles=[plain])

    def quarantine(self, *, on: bool = True, role: str | None = None, actor: User | None = None) -> Quarantine:
        by = str(actor.id) if actor else None
        return Quarantine(self.tenant, str(self.ann.id), role or str(self.role.id), on, 7, actor=by)

    def unban(self, case: int = 7) -> Unban:
        return Unban(self.tenant, str(self.ann.id), case)

    def ban(self, seconds: int = 0, case: int = 7) -> RemoveMember:
        return RemoveMember(self.tenant, str(self.ann.id), True, case, delete_seconds=seconds)

    @property
    def roles(self) -> list[int]:
        return self.guild.members[self.ann.id].roles

    def written(self) -> list[str]:
        """What Discord was asked to change about members."""
        return [
            f"{r.method} {r.template}"
            for r in self.d.requests
            if r.template in (ROLE, MEMBER, BAN) and r.method != "GET"
        ]

    async def in_time(self, *roles: Role) -> None:
        """Until the bot has heard of the roles."""
        client = self.live.platform.connected
        assert client is not None

        def heard() -> bool:
            guild = client.get_guild(self.guild.id)
            return guild is not None and all(guild.get_role(r.id) for r in roles or (self.role,))

        await self.d.until(heard)


# --- quarantine -----------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_role_is_given_and_taken_back_and_twice_is_once(live: Live) -> None:
    court = Court(live)
    await court.in_time()
    first, second = [await court.perform(court.quarantine()) for _ in range(2)]
    assert (first.state, first.ref) == (DONE, str(court.role.id))
    assert (second.state, second.ref) == (DONE, None), "it was not this one that gave it"
    assert court.roles == [court.role.id]
    assert [(await court.perform(court.quarantine(on=False))).state for _ in range(2)] == [DONE, DONE]
    assert court.roles == []
    assert court.written() == [f"PUT {ROLE}", f"DELETE {ROLE}"]
    assert [e.reason for e in court.guild.audit_log[-2:]] == [
        "Beholder case 7: repeated removals",
        "Beholder case 7: the case was decided otherwise",
    ]


@pytest.mark.asyncio
async def test_who_has_left_wears_nothing(live: Live) -> None:
    court = Court(live)
    await court.in_time()
    court.d.leave(court.guild, court.ann)
    given, taken = [await court.perform(court.quarantine(on=on)) for on in (True, False)]
    assert (given.state, taken.state) == (REFUSED, DONE)
    assert "left" in given.detail


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["none is set", "it is gone", "everyone", "too high", "an app's"])
async def test_a_role_that_cannot_be_given_is_refused_with_the_cure_and_discord_is_not_asked(
    live: Live, what: str
) -> None:
    court = Court(live)
    high = court.d.role(court.guild, "high", position=70)
    await court.in_time(court.role, high)
    client = live.platform.connected
    assert client is not None
    guild = client.get_guild(court.guild.id)
    assert guild is not None
    role, cure = {
        "none is set": ("", "choose one with /policy quarantine"),
        "it is gone": ("12345", "choose one with /policy quarantine"),
        "everyone": (str(court.guild.id), "choose one with /policy quarantine"),
        "too high": (str(high.id), "drag my role above it"),
        "an app's": (str(court.role.id), "choose another with /policy quarantine"),
    }[what]
    if what == "an app's":
        cached = guild.get_role(court.role.id)
        assert cached is not None
        cached.managed = True
    outcome = await court.perform(court.quarantine(role=role or " "))
    assert (outcome.state, outcome.retry) == (REFUSED, False)
    assert cure in outcome.detail
    assert court.written() == []


@pytest.mark.asyncio
async def test_a_bot_without_the_right_says_so(live: Live) -> None:
    court = Court(live, RIGHTS & ~int(Permission.MANAGE_ROLES))
    await court.in_time()
    outcome = await court.perform(court.quarantine())
    assert outcome.state is REFUSED
    assert "Manage Roles" in outcome.detail
    assert court.written() == []


@pytest.mark.asyncio
async def test_who_has_risen_since_is_let_out_all_the_same(live: Live) -> None:
    court = Court(live)
    high = court.d.role(court.guild, "high", position=70)
    await court.in_time(court.role, high)
    await court.perform(court.quarantine())
    court.roles.append(high.id)
    assert (await court.perform(court.quarantine(on=False))).state is DONE
    assert court.roles == [high.id]


# --- bans -----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(("asked", "sent"), [(0, 0), (3600, 3600), (604_800, 604_800), (10**9, 604_800), (-5, 0)])
async def test_a_ban_says_how_far_back_it_deletes_within_discords_week(live: Live, asked: int, sent: int) -> None:
    court = Court(live)
    await court.perform(court.ban(asked))
    (request,) = court.d.requests_to("PUT", BAN)
    assert int(request.query["delete_message_seconds"]) == sent
    assert (court.post.deleted_at is not None) is (sent > 0)


@pytest.mark.asyncio
async def test_a_ban_that_this_case_gave_is_lifted_and_twice_is_once(live: Live) -> None:
    court = Court(live)
    await court.perform(court.ban())
    assert court.ann.id in court.guild.bans
    assert [(await court.perform(court.unban())).state for _ in range(2)] == [DONE, DONE]
    assert court.guild.bans == {}
    assert court.guild.audit_log[-1].reason == "Beholder case 7: the case was decided otherwise"


@pytest.mark.asyncio
@pytest.mark.parametrize("reason", ["spam", None, "Beholder case 71: repeated removals"])
async def test_a_ban_of_somebody_else_or_another_case_stays(live: Live, reason: str | None) -> None:
    court = Court(live)
    await court.perform(court.ban())
    court.guild.bans[court.ann.id].reason = reason
    outcome = await court.perform(court.unban())
    assert outcome.state is REFUSED
    assert "that ban stays" in outcome.detail
    assert court.ann.id in court.guild.bans


@pytest.mark.asyncio
async def test_who_is_banned_by_another_is_not_banned_again_in_our_name(live: Live) -> None:
    court = Court(live)
    await court.perform(court.ban(case=9))
    outcome = await court.perform(court.ban(case=7))
    assert (outcome.state, outcome.detail) == (DONE, "they are banned already")
    assert len(court.d.requests_to("PUT", BAN)) == 1
    assert (await court.perform(court.unban(7))).state is REFUSED


@pytest.mark.asyncio
async def test_an_unban_without_the_right_is_not_asked_for(live: Live) -> None:
    court = Court(live, RIGHTS & ~int(Permission.BAN_MEMBERS))
    outcome = await court.perform(court.unban())
    assert outcome.state is REFUSED
    assert "Ban Members" in outcome.detail
    assert not [r for r in court.d.requests if r.template == BAN]


# --- a moderator's press --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_a_moderator_asked_for_bears_their_id(live: Live) -> None:
    court = Court(live)
    await court.in_time()
    assert (await court.perform(court.quarantine(actor=court.mod))).state is DONE
    assert court.guild.audit_log[-1].reason == f"Beholder case 7: a moderator's decision, asked for by {court.mod.id}"


@pytest.mark.asyncio
async def test_rights_are_those_of_the_moment_not_of_the_press(live: Live) -> None:
    """The moderator was one when they pressed; by the time it is done they are none."""
    court = Court(live)
    await court.in_time()
    court.guild.members[court.mod.id].roles.clear()
    for outcome in await _all_kinds(court, court.mod):
        assert outcome.state is REFUSED
        assert "whoever asked lacks" in outcome.detail
    assert court.written() == []


@pytest.mark.asyncio
async def test_a_helper_may_what_the_guild_trusts_them_with_and_not_more(live: Live) -> None:
    court = Court(live)
    chief = court.d.role(court.guild, "chief", position=40)
    await court.in_time(court.role, chief)
    assert {o.state for o in await _all_kinds(court, court.helper)} == {REFUSED}
    court.roles.append(chief.id)
    assert {o.state for o in await _all_kinds(court, court.helper, entrusted=True)} == {REFUSED}
    assert court.written() == []
    court.roles.clear()
    assert {o.state for o in await _all_kinds(court, court.helper, entrusted=True)} == {DONE}


async def _all_kinds(court: Court, actor: User, *, entrusted: bool = False) -> list[Outcome]:
    """Mild to harsh: after a kick they are banned from outside."""
    who, by = str(court.ann.id), str(actor.id)
    actions = (
        TimeoutMember(court.tenant, who, later(5), 7, actor=by, entrusted=entrusted),
        Quarantine(court.tenant, who, str(court.role.id), True, 7, actor=by, entrusted=entrusted),
        RemoveMember(court.tenant, who, False, 7, actor=by, entrusted=entrusted),
        RemoveMember(court.tenant, who, True, 7, actor=by, entrusted=entrusted),
    )
    return [await court.perform(a) for a in actions]


@pytest.mark.asyncio
async def test_a_post_of_another_is_not_deleted_by_a_ban(live: Live) -> None:
    court = Court(live)
    bystander = court.d.post(court.channel, court.mod, files=[("b.png", PNG, "image/png")])
    await court.perform(court.ban(86_400))
    assert bystander.deleted_at is None


# --- an answer that was lost ------------------------------------------------------------------------------------


async def given_unheard(court: Court) -> None:
    """Discord gave the role, and the bot never heard of it."""
    court.d.fail("PUT", ROLE, reset=Break.AFTER, times=None)
    outcome = await court.perform(court.quarantine())
    assert (outcome.state, outcome.retry) == (FAILED, True)
    assert court.roles == [court.role.id]
    court.d.well_again()
    court.d.requests.clear()


@pytest.mark.asyncio
async def test_a_quarantine_whose_answer_was_lost_is_known_again_by_the_audit_log(live: Live) -> None:
    court = Court(live, RIGHTS | int(Permission.VIEW_AUDIT_LOG))
    await court.in_time()
    await given_unheard(court)
    again = await court.perform(replace(court.quarantine(), again=True))
    assert (again.state, again.ref) == (DONE, str(court.role.id))
    assert court.written() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["another case", "another member", "a moderator"])
async def test_what_somebody_else_gave_is_not_taken_for_ours(live: Live, by: str) -> None:
    court = Court(live, RIGHTS | int(Permission.VIEW_AUDIT_LOG))
    await court.in_time()
    if by == "another case":
        await court.perform(replace(court.quarantine(), case=71))
    elif by == "another member":
        await court.perform(replace(court.quarantine(), author=str(court.helper.id)))
        court.roles.append(court.role.id)
    else:
        court.roles.append(court.role.id)
    outcome = await court.perform(replace(court.quarantine(), again=True))
    assert (outcome.state, outcome.ref, outcome.detail) == (DONE, None, "they are in quarantine already")


@pytest.mark.asyncio
@pytest.mark.parametrize("forbidden", [True, False])
async def test_where_the_audit_log_cannot_be_read_it_is_unknown_and_the_cure_is_said(
    live: Live, forbidden: bool
) -> None:
    """Known not to be allowed, or refused all the same."""
    court = Court(live, RIGHTS | (int(Permission.VIEW_AUDIT_LOG) if forbidden else 0))
    await court.in_time()
    await given_unheard(court)
    if forbidden:
        court.d.fail("GET", "/guilds/{guild_id}/audit-logs", status=403, body={"message": "no", "code": 50013})
    outcome = await court.perform(replace(court.quarantine(), again=True))
    assert (outcome.state, outcome.retry) == (OutcomeState.UNKNOWN, False)
    assert "View Audit Log" in outcome.detail


@pytest.mark.asyncio
async def test_an_audit_log_that_does_not_answer_is_asked_again(live: Live) -> None:
    court = Court(live, RIGHTS | int(Permission.VIEW_AUDIT_LOG))
    await court.in_time()
    await given_unheard(court)
    court.d.fail("GET", "/guilds/{guild_id}/audit-logs", status=503)
    outcome = await court.perform(replace(court.quarantine(), again=True))
    assert (outcome.state, outcome.retry) == (FAILED, True)
