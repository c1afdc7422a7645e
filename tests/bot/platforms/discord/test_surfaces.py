"""Every surface on real sockets: which event tells of it, and where its bytes come from."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable

import pytest
from PIL import Image

from bot.model import Event, EventKind, MediaKind
from bot.platforms.discord.versions import Versions
from bot.ports import Gone, Unfetchable
from bot.sandbox.entities import Channel, Guild, User
from bot.sandbox.pictures import animation, landscape, png
from policies.model import Context, Mode, Place, Policy, Surface, UnscreenedReason
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.world import PNG

PICTURE = png(landscape(3, (128, 128)))
MOVING = animation(5, 2, PICTURE, (96, 96))


class Yard:
    """A guild that was set up, one channel, one member; `surfaces` are those that it chose."""

    def __init__(self, live: Live, surfaces: Iterable[Surface] = Surface) -> None:
        self.live = live
        self.d = live.discord
        chosen = frozenset(surfaces)
        live.settings.only = Policy(preset="standard", mode=Mode.ENFORCE, mod_channel="1", surfaces=chosen)
        self.guild: Guild = next(iter(self.d.world.guilds.values()))
        self.channel: Channel = self.d.channel(self.guild)
        self.ann: User = self.d.world.add_user("ann")

    def join(self) -> None:
        self.d.member(self.guild, "", user=self.ann)

    async def told(self, kind: EventKind, count: int = 1) -> list[Event]:
        """The first `count` events of a kind; a banner that has to be asked for first is no part of it."""

        def found() -> list[Event]:
            asked = {e.key for e in self.live.events for m in e.media if m.key.startswith("banner:of/")}
            return [e for e in self.live.events if e.kind is kind and e.key not in asked]

        await self.d.until(lambda: len(found()) >= count)
        return found()

    def told_all(self, *kinds: EventKind) -> list[Event]:
        """What has been told of these kinds until now."""
        return [e for e in self.live.events if e.kind in kinds]

    async def quiet(self) -> None:
        """Whatever was sent before has arrived: a later post has."""
        mark = self.d.post(self.channel, self.d.owner(self.guild), files=[("mark.png", PNG, "image/png")])
        await self.d.until(lambda: any(e.message == str(mark.id) for e in self.live.events))


def frames(content: bytes) -> int:
    with Image.open(io.BytesIO(content)) as picture:
        return int(getattr(picture, "n_frames", 1))


# --- messages ------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_stickers_and_emoji_come_whole_and_from_no_message(live: Live) -> None:
    yard = Yard(live)
    d, guild = yard.d, yard.guild
    still, gif = d.sticker(guild, "one", PICTURE), d.sticker(guild, "two", MOVING, format_type=4)
    words = d.emoji(guild, "calm", PICTURE) + d.emoji(guild, "wild", MOVING, animated=True)
    yard.join()
    d.post(yard.channel, yard.ann, words, stickers=[still, gif])
    (event,) = await yard.told(EventKind.MESSAGE)
    assert [m.kind for m in event.media] == [MediaKind.STICKER] * 2 + [MediaKind.EMOJI] * 2
    live.platform.forget_urls()
    shown = [await live.fetched(event, n) for n in range(4)]
    assert shown[:2] == [PICTURE, MOVING]
    assert [frames(content) for content in shown] == [1, 5, 1, 5]
    assert d.requests_to("GET", "/channels/{channel_id}/messages/{message_id}") == []


@pytest.mark.asyncio
async def test_a_lottie_is_unsupported_and_a_sticker_that_was_deleted_is_gone(live: Live) -> None:
    yard = Yard(live)
    drawing = yard.d.sticker(yard.guild, "l", b"{}", format_type=3)
    lost = yard.d.sticker(yard.guild, "s", PICTURE)
    yard.join()
    yard.d.post(yard.channel, yard.ann, stickers=[drawing, lost])
    (event,) = await yard.told(EventKind.MESSAGE)
    with pytest.raises(Unfetchable) as raised:
        await live.fetched(event, 0)
    assert raised.value.reason is UnscreenedReason.UNSUPPORTED
    del yard.d.world.assets[f"stickers/{lost['id']}"]
    with pytest.raises(Gone):
        await live.fetched(event, 1)


@pytest.mark.asyncio
async def test_what_a_guild_did_not_choose_makes_no_event(live: Live) -> None:
    yard = Yard(live, ())
    d, guild = yard.d, yard.guild
    yard.join()
    message = d.post(yard.channel, yard.ann, d.emoji(guild, "e", PICTURE), stickers=[d.sticker(guild, "s", PICTURE)])
    d.react(message, yard.ann, d.emoji(guild, "f", PICTURE))
    d.avatar(yard.ann, PICTURE)
    d.icon(guild, PICTURE)
    await yard.quiet()
    assert [e.kind for e in live.events] == [EventKind.MESSAGE]


@pytest.mark.asyncio
async def test_components_are_shown_by_their_attachments_and_by_discords_copies(live: Live) -> None:
    yard = Yard(live, ())
    d = yard.d
    yard.join()
    d.embed("https://example.org/far.png", PNG)
    near = {"media": {"url": "attachment://near.png"}}
    far = {"type": 11, "media": {"url": "https://example.org/far.png"}}
    inside = [
        {"type": 12, "items": [near]},
        {"type": 9, "components": [{"type": 10, "content": "words"}], "accessory": far},
    ]
    tree = [{"type": 17, "components": inside}]
    d.post(yard.channel, yard.ann, files=[("near.png", PICTURE, "image/png")], components=tree)
    (event,) = await yard.told(EventKind.MESSAGE)
    assert [m.kind for m in event.media] == [MediaKind.ATTACHMENT, MediaKind.EMBED]
    for _ in range(2):
        assert [await live.fetched(event, n) for n in range(2)] == [PICTURE, PNG]
        live.platform.forget_urls()


# --- reactions -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_reaction_is_told_once_until_it_is_taken_off(live: Live) -> None:
    yard = Yard(live)
    d, guild = yard.d, yard.guild
    yard.join()
    emoji = d.emoji(guild, "e", MOVING, animated=True)
    message = d.post(yard.channel, d.owner(guild), "hello")
    for user in [yard.ann, *(d.member(guild, f"m{n}") for n in range(20))]:
        d.react(message, user, emoji)
    d.react(message, yard.ann, "😀")
    await yard.quiet()
    (event,) = await yard.told(EventKind.REACTION)
    ident = emoji.rpartition(":")[2].rstrip(">")
    assert (event.message, event.author.id) == (str(message.id), str(yard.ann.id))
    assert event.media[0].key == f"emoji:{ident}:animated"
    assert event.place == Place(Context.GROUP_MESSAGE, str(yard.channel.id))
    assert frames(await live.fetched(event)) == 5
    at = {"channel_id": str(yard.channel.id), "message_id": str(message.id), "guild_id": str(guild.id)}
    d.gateway.send_raw("MESSAGE_REACTION_REMOVE_EMOJI", at | {"emoji": {"id": ident, "name": "e"}})
    d.react(message, yard.ann, emoji)
    first, again = await yard.told(EventKind.REACTION, 2)
    assert first.subject == again.subject
    assert first.key != again.key


# --- faces and covers ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_face_is_seen_on_joining_on_changing_and_in_one_guild_alone(live: Live) -> None:
    yard = Yard(live)
    d = yard.d
    d.avatar(yard.ann, PICTURE)
    yard.join()
    await yard.told(EventKind.AVATAR)
    d.avatar(yard.ann, MOVING)
    await yard.told(EventKind.AVATAR, 2)
    d.avatar(yard.ann, PNG, guild=yard.guild)
    joined, changed, here = await yard.told(EventKind.AVATAR, 3)
    assert joined.subject == changed.subject != here.subject
    assert "/users/" in here.media[0].key
    client = live.platform.connected
    assert client is not None
    known = client.get_guild(yard.guild.id)
    assert known is not None
    assert known.get_member(yard.ann.id) is None, "nobody is cached"
    assert (await live.fetched(changed))[:4] == b"RIFF"
    live.platform.forget_urls()
    with pytest.raises(Gone):  # these bytes are no picture, so the sandbox has no WebP of them
        await live.fetched(here)


@pytest.mark.asyncio
async def test_a_face_is_seen_beside_a_post_where_the_members_intent_is_missing(live: Live) -> None:
    yard = Yard(live)
    yard.d.world.intents_enabled = frozenset({"message_content"})
    await yard.d.gateway.drop(4014)
    await yard.d.until(lambda: live.platform.status().restarts == 1)
    await yard.d.until(live.platform.ready.is_set)
    yard.d.avatar(yard.ann, PICTURE)
    yard.join()
    await yard.quiet()
    assert [e for e in live.events if e.kind is EventKind.AVATAR and e.author.id == str(yard.ann.id)] == []
    yard.d.post(yard.channel, yard.ann, "only words")
    (event,) = await yard.told(EventKind.AVATAR)
    assert (event.author.id, event.place.context) == (str(yard.ann.id), Context.HEAD_IMAGE)


@pytest.mark.asyncio
async def test_a_banner_is_looked_up_when_its_turn_comes(live: Live) -> None:
    yard = Yard(live, {Surface.BANNERS})
    d = yard.d
    yard.join()
    d.post(yard.channel, yard.ann, "only words")
    await d.until(lambda: live.events)
    (event,) = live.events
    assert event.media[0].key == f"banner:of/{yard.ann.id}"
    with pytest.raises(Gone):
        await live.fetched(event)
    yard.ann.banner = "a_beef"
    d.world.assets[f"banners/{yard.ann.id}/a_beef"] = (MOVING, "image/gif")
    assert frames(await live.fetched(event)) == 5
    d.fail("GET", "/users/{user_id}", status=503, times=None)
    with pytest.raises(Unfetchable) as raised:
        await live.fetched(event)
    assert raised.value.reason is UnscreenedReason.OUTAGE


@pytest.mark.asyncio
async def test_an_icon_is_seen_when_it_changes_and_once_where_it_was_there_before(live: Live) -> None:
    yard = Yard(live)
    d = yard.d
    d.icon(yard.guild, PICTURE)
    (event,) = await yard.told(EventKind.COVER)
    assert (event.place, event.author.id) == (Place(Context.ROOM_COVER), str(yard.guild.id))
    assert (await live.fetched(event))[:4] == b"RIFF"
    d.outage(yard.guild)
    d.back(yard.guild)
    other = d.guild("Other")
    other.icon = "cafe"
    d.back(other)
    _, second = await yard.told(EventKind.COVER, 2)
    assert (second.tenant.id, second.media[0].key) == (str(other.id), f"cover:icons/{other.id}/cafe")


# --- direct messages -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_direct_message_is_the_hosts_own(live: Live) -> None:
    yard = Yard(live)
    dm = yard.d.direct(yard.ann)
    message = yard.d.post(dm, yard.ann, files=[("a.png", PICTURE, "image/png")])
    (event,) = await yard.told(EventKind.MESSAGE)
    assert (str(event.tenant), event.place) == ("discord:dm", Place(Context.MESSAGE, str(dm.id)))
    live.platform.forget_urls()
    assert await live.fetched(event) == PICTURE
    yard.d.edit(message, add=[("b.png", PNG, "image/png")])
    first, second = (await live.seen(2))[:2]
    assert (first.subject, second.kind) == (second.subject, EventKind.EDIT)


@pytest.mark.asyncio
async def test_an_edit_that_takes_the_picture_away_is_a_version_too(live: Live) -> None:
    yard = Yard(live)
    ann = yard.d.owner(yard.guild)
    message = yard.d.post(yard.channel, ann, "look", files=[("a.png", PICTURE, "image/png")])
    words = yard.d.post(yard.channel, ann, "only words")
    yard.d.edit(message, text="nothing to see", remove=["a.png"])
    yard.d.edit(words, text="other words")
    await yard.quiet()
    first, emptied, _ = yard.told_all(EventKind.MESSAGE, EventKind.EDIT)
    assert (emptied.subject, emptied.media) == (first.subject, ())
    assert emptied.key != first.key


@pytest.mark.asyncio
async def test_an_embed_that_is_hidden_and_shown_again_is_judged_again(live: Live) -> None:
    """Discord calls neither an edit: what is shown again is the same, and the verdict on it was superseded."""
    yard = Yard(live)
    message = yard.d.post(yard.channel, yard.d.owner(yard.guild), "https://example.com")
    yard.d.embed_arrives_late(message, yard.d.embed("https://example.com", PICTURE))
    [first] = await yard.told(EventKind.EDIT)
    hidden = yard.d.hide_embeds(message)
    yard.d.embed_arrives_late(message, *hidden)
    _, emptied, again = await yard.told(EventKind.EDIT, 3)
    assert (emptied.media, again.media, again.subject) == ((), first.media, first.subject)
    assert len({first.key, emptied.key, again.key}) == 3
    yard.d.edit(message)
    *_, edited = await yard.told(EventKind.EDIT, 4)
    assert edited.key not in {first.key, emptied.key, again.key}


def test_a_version_is_told_by_what_came_before_and_told_twice_is_one() -> None:
    versions = Versions(remembered=2)
    assert 1 not in versions
    names = [versions.of(1, look) for look in "aabbab"]
    assert names[0] == names[1] == "a"
    assert names[2] == names[3]
    assert len(set(names)) == 4
    assert 1 in versions
    for other in (2, 3):
        assert versions.of(other, "a") == "a"
    assert 1 not in versions, "bounded"


@pytest.mark.asyncio
async def test_a_face_that_was_taken_off_is_gone(live: Live) -> None:
    yard = Yard(live)
    yard.join()
    yard.d.avatar(yard.ann, PICTURE)
    await yard.told(EventKind.AVATAR)
    yard.d.avatar(yard.ann, None)
    worn, off = await yard.told(EventKind.AVATAR, 2)
    assert off.subject == worn.subject
    with pytest.raises(Gone):
        await live.fetched(off)


@pytest.mark.asyncio
async def test_a_policy_that_cannot_be_read_loses_no_post(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    yard = Yard(live)

    async def fails(tenant: object) -> tuple[Policy, int]:
        raise OSError("disk full")

    monkeypatch.setattr(live.settings, "policy", fails)
    yard.d.post(yard.channel, yard.d.owner(yard.guild), files=[("a.png", PNG, "image/png")])
    await yard.told(EventKind.MESSAGE)


@pytest.mark.asyncio
async def test_a_pause_hides_nobody_for_good(live: Live) -> None:
    yard = Yard(live)
    everything = live.settings.only
    live.settings.only = dataclasses.replace(everything, mode=Mode.PAUSED)
    yard.d.avatar(yard.ann, PICTURE)
    yard.join()
    await yard.quiet()
    assert all(e.kind is EventKind.MESSAGE for e in live.events)
    live.settings.only = everything
    yard.d.post(yard.channel, yard.ann, "only words")
    await yard.told(EventKind.AVATAR)
