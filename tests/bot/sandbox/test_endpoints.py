"""The rest of the REST endpoints, each asked by discord.py and judged by the specification."""

from __future__ import annotations

import asyncio
import io

import discord
import pytest

from bot.sandbox.entities import Channel, Guild, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.permissions import EVERYONE, Permission
from tests.bot.sandbox.barest import Barest
from tests.bot.sandbox.pictures import PNG

pytestmark = pytest.mark.asyncio
MUCH = EVERYONE | int(
    Permission.MANAGE_CHANNELS
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_THREADS
    | Permission.MANAGE_NICKNAMES
    | Permission.MANAGE_MESSAGES
)


def scene(d: Loopback) -> tuple[Guild, Channel, User]:
    guild = d.guild(bot_permissions=MUCH)
    return guild, d.channel(guild), d.member(guild, "ann")


async def test_a_guild_can_be_looked_at(d: Loopback, bot: Barest) -> None:
    guild, channel, ann = scene(d)
    d.sticker(guild, "wave", PNG)
    d.emoji(guild, "cat", PNG)
    thread = d.thread(channel, "aside", ann)
    await bot.login_to(d)
    here = await bot.fetch_guild(guild.id, with_counts=True)
    assert (here.name, here.approximate_member_count) == (guild.name, 3)
    assert {r.id for r in await here.fetch_roles()} == set(guild.roles)
    assert [e.name for e in await here.fetch_emojis()] == ["cat"]
    assert [s.name for s in await here.fetch_stickers()] == ["wave"]
    assert {m.id async for m in here.fetch_members(limit=10)} == set(guild.members)
    assert [t.id for t in await here.active_threads()] == [thread.id]
    assert [g.id async for g in bot.fetch_guilds()] == [guild.id]
    assert (await bot.application_info()).flags.gateway_message_content_limited
    assert (await bot.fetch_channel(thread.id)).id == thread.id
    with pytest.raises(discord.Forbidden):
        await bot.http.get_audit_logs(guild.id)
    with pytest.raises(discord.Forbidden):
        await bot.http.get_bans(guild.id, 10)


async def test_channels_and_threads_are_changed_archived_and_deleted(d: Loopback, bot: Barest) -> None:
    guild, channel, ann = scene(d)
    thread = d.thread(channel, "aside", ann)
    await bot.login_to(d)
    place, aside = bot.get_channel(channel.id), await bot.fetch_channel(thread.id)
    assert isinstance(place, discord.TextChannel)
    assert isinstance(aside, discord.Thread)
    await place.edit(name="renamed", nsfw=True)
    assert (channel.name, channel.nsfw) == ("renamed", True)
    await d.until(lambda: place.nsfw)
    await aside.edit(archived=True)
    assert [t.id async for t in place.archived_threads()] == [thread.id]
    assert await (await bot.fetch_guild(guild.id)).active_threads() == []
    await aside.delete()
    await place.delete()
    assert (guild.channels, guild.threads) == ({}, {})
    with pytest.raises(discord.NotFound):
        await bot.fetch_channel(channel.id)


async def test_roles_are_made_and_members_renamed(d: Loopback, bot: Barest) -> None:
    guild, _, ann = scene(d)
    await bot.login_to(d)
    here = bot.get_guild(guild.id)
    assert here is not None
    role = await here.create_role(name="quarantine")
    member = await here.fetch_member(ann.id)
    await member.edit(nick="Annie", roles=[role])
    assert (guild.members[ann.id].nick, guild.members[ann.id].roles) == ("Annie", [role.id])
    with pytest.raises(discord.NotFound) as unknown:
        await member.add_roles(discord.Object(12345))
    assert unknown.value.code == 10011
    with pytest.raises(discord.NotFound) as nobody:
        await here.fetch_member(12345)
    assert nobody.value.code == 10013
    with pytest.raises(discord.HTTPException):
        await here.create_text_channel("")


async def test_replies_mention_whom_they_may_and_need_their_message(d: Loopback, bot: Barest) -> None:
    _, channel, ann = scene(d)
    await bot.login_to(d)
    post = d.post(channel, ann, "hello")
    received = await bot.next_message()
    words = f"no pictures, <@{ann.id}>"
    quiet = await received.reply(words, allowed_mentions=discord.AllowedMentions.none())
    loud = await received.reply(words, allowed_mentions=discord.AllowedMentions(users=[discord.Object(ann.id)]))
    assert (quiet.mentions, [u.id for u in loud.mentions]) == ([], [ann.id])
    assert quiet.reference is not None
    assert quiet.reference.message_id == post.id
    d.delete(post)
    with pytest.raises(discord.HTTPException) as refused:
        await received.reply("too late")
    assert refused.value.code == 50035
    await received.channel.send("still", reference=received.to_reference(fail_if_not_exists=False))
    assert [m.content for m in channel.messages.values()][-1] == "still"


async def test_embeds_of_others_can_be_hidden_and_nothing_else_of_theirs_changed(d: Loopback, bot: Barest) -> None:
    _, channel, ann = scene(d)
    await bot.login_to(d)
    post = d.post(channel, ann, "https://e.example", embeds=[d.embed("https://e.example/x.png", PNG)])
    received = await bot.next_message()
    await received.edit(suppress=True)
    assert post.flags & 1 << 2
    assert post.edited_at is None
    with pytest.raises(discord.Forbidden) as refused:
        await bot.http.edit_message(
            channel.id, post.id, params=discord.http.MultipartParameters({"content": "mine now"}, None, None)
        )
    assert refused.value.code == 50005
    async with received.channel.typing():
        pass


async def test_an_emoji_is_taken_off_by_its_id_whatever_name_stands_before_it(d: Loopback, bot: Barest) -> None:
    guild, channel, ann = scene(d)
    cat = d.emoji(guild, "cat", PNG)
    ident = cat.strip("<>").split(":")[2]
    post = d.post(channel, ann, "look")
    for emoji in (cat, "👍"):
        d.react(post, ann, emoji)
    await bot.login_to(d)
    await bot.http.clear_single_reaction(channel.id, post.id, f"emoji:{ident}")
    assert post.reacted == {"👍": {ann.id}}
    await bot.http.clear_single_reaction(channel.id, post.id, "👍")
    assert post.reacted == {}
    with pytest.raises(discord.NotFound) as unknown:
        await bot.http.clear_single_reaction(channel.id, post.id, "emoji:12345")
    assert unknown.value.code == 10014
    with pytest.raises(discord.NotFound) as gone:
        await bot.http.clear_single_reaction(channel.id, 12345, f"cat:{ident}")
    assert gone.value.code == 10008


async def test_what_was_answered_can_be_read_changed_and_taken_back(d: Loopback, bot: Barest) -> None:
    _, channel, ann = scene(d)
    done = asyncio.Event()
    told: list[str] = []

    async def answer(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("one")
        first = await interaction.original_response()
        await interaction.edit_original_response(content="one, changed")
        more = await interaction.followup.send("two", file=discord.File(io.BytesIO(PNG), "a.png"), wait=True)
        told.append((await interaction.followup.fetch_message(more.id)).attachments[0].filename)
        await more.edit(content="two, changed", attachments=[])
        told.append((await first.fetch()).content)
        await more.delete()
        await interaction.delete_original_response()
        try:
            await first.fetch()
        except discord.NotFound:
            done.set()

    bot.on_interaction = answer  # type: ignore[attr-defined]
    await bot.login_to(d)
    view = discord.ui.View(timeout=None).add_item(discord.ui.Button(custom_id="go", label="Go"))
    place = bot.get_channel(channel.id)
    assert isinstance(place, discord.TextChannel)
    card = channel.messages[(await place.send(view=view)).id]
    view.stop()
    pressed = await d.press(card, "go", ann)
    await asyncio.wait_for(done.wait(), 20)
    assert [m.content for m in pressed.messages] == ["one, changed", "two, changed"]
    assert all(m.deleted_at for m in pressed.messages)
    assert told == ["a.png", "one, changed"]
    assert list(channel.messages) == [card.id]


async def test_commands_are_refused_where_discord_would(d: Loopback, bot: Barest) -> None:
    await bot.login_to(d)
    app = d.world.app_id
    good = {"name": "check", "description": "Check", "type": 1}
    for bad in ({**good, "name": "Check Me"}, {**good, "description": ""}, {**good, "name": "x" * 33}):
        with pytest.raises(discord.HTTPException) as refused:
            await bot.http.bulk_upsert_global_commands(app, [bad])
        assert refused.value.code == 50035
    with pytest.raises(discord.HTTPException):
        await bot.http.bulk_upsert_global_commands(app, [good, good])
    with pytest.raises(discord.NotFound):
        await bot.http.bulk_upsert_global_commands(1, [good])
    await bot.http.bulk_upsert_global_commands(app, [good])
    assert [c["name"] for c in await bot.http.get_global_commands(app)] == ["check"]


async def test_an_app_without_the_content_intent_reads_empty_history_too() -> None:
    async with Loopback(intents_enabled=("members",)) as d:
        bot = Barest(intents=discord.Intents(guilds=True))
        _, channel, ann = scene(d)
        seen = d.post(channel, ann, "hello", files=[("a.png", PNG, "image/png")])
        called = d.post(channel, ann, f"<@{d.world.bot.id}>")
        try:
            await bot.login_to(d)
            bodies = [await bot.http.get_message(channel.id, m.id) for m in (seen, called)]
        finally:
            await bot.end()
        assert [(b["content"], len(b["attachments"])) for b in bodies] == [("", 0), (called.content, 0)]


async def test_what_the_bot_posts_can_be_waited_for_by_place_and_words(d: Loopback, bot: Barest) -> None:
    guild, channel, _ = scene(d)
    other = d.channel(guild, "other")
    await bot.login_to(d)
    for place, words in ((other, "case 1"), (channel, "hello"), (channel, "case 1")):
        there = bot.get_channel(place.id)
        assert isinstance(there, discord.TextChannel)
        await there.send(words)
    assert (await d.posted(channel, having="case")).content == "case 1"
    assert (await d.posted(other)).channel is other
    with pytest.raises(TimeoutError):
        await d.posted(channel, timeout=0.01, having="case 2")
    assert d.environment["BEHOLDER_DISCORD_API_URL"].endswith("/api/v10")
