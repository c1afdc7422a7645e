"""Faces and covers: told once, told again after a change, never lost, cheap for those who are known."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import AuthorKind, Event, EventKind, MediaKind, Tenant
from bot.platforms.discord.appearance import Appearance, of_guild, of_member, of_post
from bot.platforms.discord.sightings import Reactions, Sightings
from policies.model import Actions, Context, Mode, Place, Policy, Surface
from policies.presets import preset
from tests.bot.platforms.discord import payloads as p
from tests.bot.platforms.discord.world import HandClock, MemoryFaces

TENANT = Tenant("discord", str(p.GUILD))
SET_UP = dataclasses.replace(preset("standard"), mod_channel="9", mode=Mode.ENFORCE)
A, B = "aaaa", "a_bbbb"


class Street:
    """Sightings in front of a seen-table, and what came of them. `broken`: the disk fails."""

    def __init__(self, remembered: int = 100) -> None:
        self.events: list[Event] = []
        self.faces = MemoryFaces()
        self.broken = False
        self.remembered = remembered
        self.restart()

    def restart(self) -> None:
        self.sightings = Sightings(self.faces, HandClock(), self._submit, self.remembered)

    async def _submit(self, events: Sequence[Event]) -> None:
        if self.broken:
            raise OSError("disk full")
        self.events.extend(events)

    async def see(self, sight: Appearance | discord.Message | None, policy: Policy = SET_UP) -> list[Event]:
        """What is told of this sight: a payload's appearance, or the author of a post."""
        before = len(self.events)
        if isinstance(sight, discord.Message):
            await self.sightings.see_author(sight, policy)
        elif sight is not None:
            await self.sightings.see(sight, policy)
        return self.events[before:]


def member(avatar: str | None = None, *, joined: bool = False, ident: int = 7, **fields: Any) -> Appearance:
    """As a payload tells of them; `guild_avatar` and `guild_banner` are those of this guild alone."""
    user = p.user(ident, avatar=avatar, bot=fields.pop("bot", False))
    own = {name.removeprefix("guild_"): fields.pop(name) for name in ("guild_avatar", "guild_banner") if name in fields}
    return of_member({"guild_id": str(p.GUILD), "user": user, **p.member(p.ROLE), **own, **fields}, joined=joined)


def post(avatar: str | None = None, **fields: Any) -> discord.Message:
    return p.parsed(p.message(**{"author": p.user(7, avatar=avatar), **fields}))


def media(events: Sequence[Event]) -> list[str]:
    """What is worn, leaving aside banners that have to be asked for and what was taken off."""
    return [m.key for e in events for m in e.media if not m.key.startswith("banner:of/") and not m.key.endswith("/")]


# --- who and what ------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_face_is_an_event_of_its_own_kind() -> None:
    told, banner = await Street().see(member(A, joined=True))
    assert (told.tenant, told.kind, told.message, told.place) == (
        TENANT,
        EventKind.AVATAR,
        "",
        Place(Context.HEAD_IMAGE),
    )
    assert told.subject == "profile/7#avatar:avatars/7"
    assert (told.author.kind, told.author.roles) == (AuthorKind.MEMBER, frozenset({str(p.ROLE)}))
    assert told.author.joined_at is not None
    assert [m.kind for e in (told, banner) for m in e.media] == [MediaKind.AVATAR, MediaKind.BANNER]
    assert told.subject != banner.subject


@pytest.mark.asyncio
async def test_every_slot_of_a_member_is_seen() -> None:
    told = await Street().see(member(A, guild_avatar=B, guild_banner="cccc"))
    guild = f"guilds/{p.GUILD}/users/7"
    assert set(media(told)) == {
        f"avatar:avatars/7/{A}",
        f"avatar:{guild}/avatars/{B}",
        f"banner:{guild}/banners/cccc",
    }


@pytest.mark.asyncio
async def test_a_banner_that_the_payload_tells_needs_not_be_asked_for() -> None:
    user = p.user(7, banner="dddd")
    told = await Street().see(of_member({"guild_id": "5", "user": user, **p.member()}, joined=False))
    assert [m.key for m in told[0].media] == ["banner:banners/7/dddd"]


@pytest.mark.asyncio
async def test_the_author_of_a_post_is_seen_without_any_privileged_intent() -> None:
    guild_face = p.member(p.ROLE) | {"avatar": B, "banner": "cccc"}
    told = await Street().see(post(A, member=guild_face))
    assert set(media(told)) == {
        f"avatar:avatars/7/{A}",
        f"avatar:guilds/{p.GUILD}/users/7/avatars/{B}",
        f"banner:guilds/{p.GUILD}/users/7/banners/cccc",
    }


@pytest.mark.asyncio
async def test_other_bots_have_faces_too() -> None:
    told, _ = await Street().see(member(A, bot=True))
    assert told.author.kind is AuthorKind.BOT


@pytest.mark.asyncio
async def test_each_face_of_a_webhook_is_told_once_however_often_it_changes() -> None:
    street = Street()
    for restart in (False, True):
        if restart:
            street.restart()
        for face in (A, B, A, B):
            await street.see(post(webhook_id="7", member=..., author=p.user(7, avatar=face, bot=True)))
    assert media(street.events) == [f"avatar:avatars/7/{A}", f"avatar:avatars/7/{B}"]
    assert {e.author.kind for e in street.events} == {AuthorKind.WEBHOOK}
    assert len({e.key for e in street.events}) == 2


@pytest.mark.asyncio
async def test_in_direct_messages_nobodys_face_is_looked_at() -> None:
    message = post(A, guild_id=..., member=...)
    assert of_post(message) is None
    assert await Street().see(message) == []


# --- once, and again ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_known_face_costs_neither_an_event_nor_a_look_at_the_disk() -> None:
    street = Street()
    await street.see(post(A))
    asked = street.faces.asked
    for _ in range(100):
        assert await street.see(post(A)) == []
    assert street.faces.asked == asked


@pytest.mark.asyncio
async def test_a_restart_tells_nothing_twice() -> None:
    street = Street()
    await street.see(post(A))
    street.restart()
    assert await street.see(post(A)) == []
    assert await street.see(member(A)) == []


@pytest.mark.asyncio
async def test_a_crash_between_telling_and_noting_tells_the_same_version_again() -> None:
    street = Street()
    first, _ = await street.see(post(A))
    street.faces.noted.clear()
    street.restart()
    again, _ = await street.see(post(A))
    assert again.key == first.key, "the journal knows it already"


@pytest.mark.asyncio
async def test_a_face_that_comes_back_is_a_new_version() -> None:
    street = Street()
    told = [e for face in (A, B, A, B) for e in await street.see(member(face))]
    assert media(told) == [f"avatar:avatars/7/{f}" for f in (A, B, A, B)]
    assert len({e.key for e in told if media([e])}) == 4
    assert {e.subject for e in told if media([e])} == {"profile/7#avatar:avatars/7"}


@pytest.mark.asyncio
async def test_what_was_taken_off_supersedes_the_verdict_on_it() -> None:
    street = Street()
    worn, _ = await street.see(member(A))
    (off,) = await street.see(member(None))
    assert off.subject == worn.subject
    assert off.key != worn.key
    assert not off.media[0].immutable


@pytest.mark.asyncio
async def test_only_what_changed_is_told_again() -> None:
    street = Street()
    await street.see(member(A, guild_avatar=B))
    (told,) = await street.see(member("cccc", guild_avatar=B))
    assert media([told]) == ["avatar:avatars/7/cccc"]


@pytest.mark.asyncio
async def test_whoever_joins_again_is_looked_at_again() -> None:
    street = Street()
    first, _ = await street.see(member(A, joined=True))
    again, _ = await street.see(member(A, joined=True, joined_at="2026-03-01T00:00:00+00:00"))
    assert media([first]) == media([again])
    assert first.key != again.key


@pytest.mark.asyncio
async def test_default_avatars_are_nobodys_picture() -> None:
    street = Street()
    assert media(await street.see(member(None, joined=True))) == []
    assert media(await street.see(member(A))) == [f"avatar:avatars/7/{A}"]


@pytest.mark.asyncio
async def test_what_the_disk_did_not_take_is_told_at_the_next_sight() -> None:
    street = Street()
    street.broken = True
    with pytest.raises(OSError, match="disk full"):
        await street.see(post(A))
    assert street.faces.noted == {}
    street.broken = False
    assert media(await street.see(post(A))) == [f"avatar:avatars/7/{A}"]


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from([None, A, B, "cccc"]), st.booleans()), max_size=30))
def test_a_face_is_told_exactly_when_it_changed(sights: list[tuple[int, str | None, bool]]) -> None:
    async def watch() -> None:
        street, last = Street(remembered=2), dict[int, str | None]()
        for ident, face, restarts in sights:
            if restarts:
                street.restart()
            told = media(await street.see(member(face, ident=ident)))
            changed = face is not None and last.get(ident) != face
            assert told == ([f"avatar:avatars/{ident}/{face}"] if changed else [])
            last[ident] = face

    asyncio.run(watch())


# --- what a guild wants --------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("surfaces", "kinds"),
    [
        (frozenset(), []),
        (frozenset({Surface.AVATARS}), [MediaKind.AVATAR]),
        (frozenset({Surface.BANNERS}), [MediaKind.BANNER]),
        (frozenset({Surface.AVATARS, Surface.BANNERS}), [MediaKind.AVATAR, MediaKind.BANNER]),
    ],
)
async def test_a_guild_chooses_avatars_and_banners(surfaces: frozenset[Surface], kinds: list[MediaKind]) -> None:
    told = await Street().see(member(A), dataclasses.replace(SET_UP, surfaces=surfaces))
    assert [m.kind for e in told for m in e.media] == kinds


@pytest.mark.asyncio
async def test_a_choice_made_later_holds_at_the_next_sight() -> None:
    street = Street()
    await street.see(post(A), dataclasses.replace(SET_UP, surfaces=frozenset({Surface.BANNERS})))
    assert media(await street.see(post(A))) == [f"avatar:avatars/7/{A}"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "deaf", [dataclasses.replace(SET_UP, mode=Mode.PAUSED), dataclasses.replace(SET_UP, mod_channel=None)]
)
async def test_what_nobody_would_hear_of_is_looked_at_as_soon_as_somebody_does(deaf: Policy) -> None:
    street = Street()
    icon = of_guild({"id": str(p.GUILD), "icon": "iiii"})
    assert await street.see(icon, deaf) == []
    assert await street.see(post(A), deaf) == []
    assert street.faces.asked == 0
    told = await street.see(post(A))
    assert media(told) == [f"cover:icons/{p.GUILD}/iiii", f"avatar:avatars/7/{A}"]


@pytest.mark.asyncio
async def test_a_guild_without_a_moderators_channel_may_still_act_on_faces() -> None:
    policy = dataclasses.replace(SET_UP, mod_channel=None, context_actions={Context.HEAD_IMAGE: Actions()})
    assert await Street().see(post(A), policy) != []


# --- covers --------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_guilds_own_pictures_are_covers() -> None:
    street = Street()
    payload = {"id": str(p.GUILD), "icon": A, "banner": B, "splash": "cccc", "discovery_splash": None}
    told = await street.see(of_guild(payload))
    assert {(e.kind, e.place) for e in told} == {(EventKind.COVER, Place(Context.ROOM_COVER))}
    assert {(e.author.id, e.author.kind) for e in told} == {(str(p.GUILD), AuthorKind.GUILD)}
    assert len({e.subject for e in told}) == 3
    assert set(media(told)) == {f"cover:{n}" for n in (f"icons/100/{A}", f"banners/100/{B}", "splashes/100/cccc")}
    assert await street.see(of_guild(payload)) == [], "every start tells of every guild"
    told = await street.see(of_guild(payload | {"icon": "dddd"}))
    assert media(told) == ["cover:icons/100/dddd"]


@pytest.mark.parametrize("payload", [{"id": "1", "unavailable": True}, {"id": "1"}])
def test_an_outage_changes_no_cover(payload: dict[str, Any]) -> None:
    assert of_guild(payload) is None


# --- how discord.py tells of it ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_change_by_a_member_whom_nobody_cached_reaches_us() -> None:
    """discord.py drops it; and a payload that is none costs that payload only."""
    seen: list[Appearance] = []

    async def shown(appearance: Appearance) -> None:
        seen.append(appearance)

    client = p.client(shown=shown)
    parsers = client._connection.parsers
    payload = {"guild_id": str(p.GUILD), "user": p.user(7, avatar=A), **p.member()}
    for name in ("GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE"):
        await _dispatched(client, parsers[name], payload)
    own = {"guild_id": str(p.GUILD), "user": p.user(p.BOT, avatar=A, bot=True), **p.member()}
    await _dispatched(client, parsers["GUILD_MEMBER_UPDATE"], own)
    await _dispatched(client, parsers["GUILD_MEMBER_UPDATE"], {"guild_id": str(p.GUILD), "user": {}})
    assert [(a.author.id, a.joined) for a in seen] == [("7", True), ("7", False)]
    assert client.skipped == 1


async def _dispatched(client: Any, parse: Any, payload: Any) -> None:
    client.loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    parse(payload)
    await asyncio.gather(*(asyncio.all_tasks() - before))


# --- reactions -----------------------------------------------------------------------------------------


def test_a_popular_reaction_is_told_once_until_it_is_taken_off() -> None:
    reactions = Reactions()
    assert [reactions.is_new(1, 5) for _ in range(500)].count(True) == 1
    assert reactions.is_new(1, 6)
    assert reactions.is_new(2, 5)
    reactions.forget(1, 5)
    assert reactions.is_new(1, 5)
    assert not reactions.is_new(1, 6)
    reactions.forget(1)
    assert reactions.is_new(1, 6)
    assert not reactions.is_new(2, 5)
    reactions.forget(99, 1)


def test_what_is_remembered_of_reactions_is_bounded() -> None:
    reactions = Reactions(remembered=2)
    for message in range(10):
        assert reactions.is_new(message, 5)
    assert not reactions.is_new(9, 5)
    assert reactions.is_new(0, 5), "forgotten long ago: looked at once more"


@pytest.mark.asyncio
async def test_reactions_reach_us_as_discord_py_tells_them() -> None:
    seen: list[tuple[str, int | None]] = []

    async def reacted(payload: discord.RawReactionActionEvent, channel: discord.abc.Snowflake) -> None:
        seen.append(("add", payload.emoji.id))

    client = p.client(reacted=reacted, cleared=lambda message, emoji: seen.append(("clear", emoji)))
    at = {"guild_id": str(p.GUILD), "channel_id": str(p.TEXT), "message_id": "3"}
    for user, emoji, where in (
        (7, {"id": "11", "name": "x"}, at),
        (7, {"id": None, "name": "😀"}, at),
        (p.BOT, {"id": "12", "name": "x"}, at),
        (7, {"id": "13", "name": "x"}, {k: v for k, v in at.items() if k != "guild_id"}),
    ):
        payload = {**where, "user_id": str(user), "emoji": emoji, "type": 0, "burst": False}
        await _dispatched(client, client._connection.parsers["MESSAGE_REACTION_ADD"], payload)
    gone = {**at, "user_id": "7", "emoji": {"id": "11", "name": "x"}, "type": 0, "burst": False}
    for name in ("MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_EMOJI", "MESSAGE_REACTION_REMOVE_ALL"):
        await _dispatched(client, client._connection.parsers[name], gone)
    assert seen == [("add", 11), ("clear", 11), ("clear", 11), ("clear", None)]
