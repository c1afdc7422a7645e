"""Actor x target x bot x act: who may do what to whom, in a Discord that checks rights like the real one.

What it must never come to is Discord's own refusal, where we could have known.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simcord import RoleHandle

from bot.model import Action, Outcome, OutcomeState, Quarantine, RemoveMember, TimeoutMember
from bot.platforms.discord.rights import Punishment, Rank, objection
from tests.bot.platforms.discord.world import World, later, simulated

RIGHTS = discord.Permissions(moderate_members=True, manage_roles=True, kick_members=True, ban_members=True)
LOW, MIDDLE, HIGH = 10, 30, 50
BOTS = (LOW + 5, MIDDLE + 5, HIGH + 5)


@dataclass(frozen=True)
class Standing:
    """Somebody of the guild. `place`: the position of their role, `right`: whether it may punish."""

    name: str
    place: int
    right: bool = False
    owner: bool = False
    admin: bool = False
    entrusted: bool = False


TARGETS = (
    Standing("nobody", 0),
    Standing("low", LOW),
    Standing("middle", MIDDLE),
    Standing("high", HIGH),
    Standing("an administrator", 3, admin=True),
    Standing("the owner", 0, owner=True),
    Standing("the bot", 0),
)
ACTORS = (
    None,
    Standing("a low moderator", LOW + 1, right=True),
    Standing("a middle moderator", MIDDLE, right=True),
    Standing("a high moderator", HIGH + 1, right=True),
    Standing("somebody high without the right", HIGH + 1),
    Standing("a low one who is trusted", LOW + 1, entrusted=True),
    Standing("a high one who is trusted", HIGH + 1, entrusted=True),
    Standing("an administrator", 3, admin=True),
    Standing("the owner", 0, owner=True),
)


def expected(bot: int, target: Standing, actor: Standing | None) -> bool:
    """The rule in one sentence: below the bot and below who asks, who may; owner and administrators never."""
    if target.owner or target.admin or target.name == "the bot" or target.place >= bot:
        return False
    if actor is None or actor.owner:
        return True
    return (actor.right or actor.admin or actor.entrusted) and actor.place > target.place


class Community:
    """A guild in which everybody of the matrix stands."""

    def __init__(self, world: World, bot: int) -> None:
        self.world = world
        self._roles: dict[tuple[int, bool, bool], RoleHandle] = {}
        me = world.client.get_guild(world.guild.id)
        assert me is not None
        changes = {"position": bot, "permissions": me.me.top_role.permissions.value | RIGHTS.value}
        world.env.backend.edit_role(world.guild.id, me.me.top_role.id, changes)
        self.quarantine = world.guild.create_role("quarantine", position=1)
        for who in (*TARGETS, *ACTORS):
            if who is not None:
                self._role(who)

    def _role(self, who: Standing) -> RoleHandle | None:
        if not who.place:
            return None
        key = (who.place, who.right, who.admin)
        if key not in self._roles:
            held = discord.Permissions(administrator=True) if who.admin else RIGHTS if who.right else None
            name = f"{who.place} {who.right} {who.admin}"
            self._roles[key] = self.world.guild.create_role(name, position=who.place, permissions=held)
        return self._roles[key]

    def somebody(self, who: Standing) -> str:
        """A member who stands so; new each time, unless there can be but one."""
        world = self.world
        if who.owner:
            return str(world.guild.owner.id)
        if who.name == "the bot":
            assert world.client.user is not None
            return str(world.client.user.id)
        role = self._role(who)
        return str(world.guild.add_member(world.env.create_user(who.name), roles=[role] if role else []).id)

    def action(self, to: Punishment, target: str, actor: str | None, *, entrusted: bool) -> Action:
        tenant = self.world.tenant
        match to:
            case Punishment.TIMEOUT:
                return TimeoutMember(tenant, target, later(10), 3, actor=actor, entrusted=entrusted)
            case Punishment.QUARANTINE:
                return Quarantine(tenant, target, str(self.quarantine.id), True, 3, actor=actor, entrusted=entrusted)
        return RemoveMember(tenant, target, to is Punishment.BAN, 3, actor=actor, entrusted=entrusted)

    def happened(self, to: Punishment, target: str) -> bool:
        """What Discord shows."""
        guild = self.world.env.backend.get_guild(self.world.guild.id)
        member = guild.members.get(int(target))
        match to:
            case Punishment.TIMEOUT:
                return member is not None and member.timed_out_until is not None
            case Punishment.QUARANTINE:
                return member is not None and self.quarantine.id in member.role_ids
            case Punishment.KICK:
                return member is None
        return int(target) in guild.bans


def told_by_discord(outcome: Outcome) -> bool:
    return "Discord forbids" in outcome.detail


@pytest.mark.asyncio
@pytest.mark.parametrize(("bot", "to"), list(product(BOTS, Punishment)))
async def test_the_whole_matrix(bot: int, to: Punishment) -> None:
    async with simulated() as world:
        community = Community(world, bot)
        rows = [
            (target, community.somebody(target), actor, None if actor is None else community.somebody(actor))
            for target, actor in product(TARGETS, ACTORS)
        ]
        await world.env.settle()
        for target, who, actor, by in rows:
            entrusted = actor is not None and actor.entrusted
            outcome = await world.platform.perform(community.action(to, who, by, entrusted=entrusted))
            row = f"bot {bot}, {target.name} by {actor and actor.name}: {outcome}"
            allowed = expected(bot, target, actor)
            assert outcome.state is (OutcomeState.DONE if allowed else OutcomeState.REFUSED), row
            assert community.happened(to, who) is allowed, row
            assert not told_by_discord(outcome), row
            assert allowed or (outcome.detail and not outcome.retry), row


@pytest.mark.asyncio
async def test_who_asked_and_has_left_since_can_do_nothing() -> None:
    async with simulated() as world:
        community = Community(world, HIGH + 5)
        target, gone = community.somebody(TARGETS[0]), str(world.env.create_user("gone").id)
        await world.env.settle()
        for to in Punishment:
            outcome = await world.platform.perform(community.action(to, target, gone, entrusted=True))
            assert outcome.state is OutcomeState.REFUSED
            assert "no member here any more" in outcome.detail


# --- laws ---------------------------------------------------------------------------------------------------------


@st.composite
def ranks(draw: st.DrawFn) -> Rank:
    may = draw(st.frozensets(st.sampled_from(Punishment)))
    return Rank(draw(st.integers(0, 9)), draw(st.booleans()), draw(st.booleans()), may)


PUNISHMENTS = st.sampled_from(Punishment)


@given(ranks(), ranks(), ranks(), PUNISHMENTS, st.booleans())
def test_an_actor_never_makes_more_possible(bot: Rank, target: Rank, actor: Rank, to: Punishment, trust: bool) -> None:
    if objection(bot, target, to=to) is not None:
        assert objection(bot, target, actor, to=to, entrusted=trust) is not None


@given(ranks(), ranks(), ranks(), PUNISHMENTS)
def test_trust_never_makes_less_possible_and_lifts_nobody(bot: Rank, target: Rank, actor: Rank, to: Punishment) -> None:
    if objection(bot, target, actor, to=to) is None:
        assert objection(bot, target, actor, to=to, entrusted=True) is None
    if objection(bot, target, actor, to=to, entrusted=True) is None:
        assert actor.owner or actor.position > target.position


@given(ranks(), ranks(), ranks(), PUNISHMENTS, st.booleans())
def test_nobody_reaches_owner_or_administrators(
    bot: Rank, target: Rank, actor: Rank, to: Punishment, trust: bool
) -> None:
    if target.owner or target.administrator:
        assert objection(bot, target, actor, to=to, entrusted=trust) is not None


@given(ranks(), ranks(), ranks(), PUNISHMENTS, st.integers(1, 9))
def test_to_stand_higher_never_protects_less(bot: Rank, target: Rank, actor: Rank, to: Punishment, higher: int) -> None:
    raised = Rank(target.position + higher, target.owner, target.administrator, target.may)
    if objection(bot, target, actor, to=to) is not None and not bot.owner and not actor.owner:
        assert objection(bot, raised, actor, to=to) is not None


@given(ranks(), ranks(), ranks(), PUNISHMENTS, st.booleans())
def test_every_objection_is_a_sentence(bot: Rank, target: Rank, actor: Rank, to: Punishment, trust: bool) -> None:
    why = objection(bot, target, actor, to=to, entrusted=trust)
    assert why is None or len(why) > 20
