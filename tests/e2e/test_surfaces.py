"""Every surface, seen by the real bot on a loopback Discord: what it judges, what it leaves, what it says."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot.sandbox.entities import Message, User
from bot.sandbox.loopback import Loopback
from bot.sandbox.process import Line
from bot.sandbox.scenes import card
from policies.model import Category
from tests.e2e.theatre import CANARY, READY, Theatre, begin, opened

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("surfaces"),
    pytest.mark.timeout(180),
]

EVERYTHING = "[stickers, emoji, reactions, avatars, banners, covers]"


def bad(number: int) -> bytes:
    """A card that nobody else shows: other bytes of the same picture."""
    return card(Category.SEXUAL_EXPLICIT, 0.95, width=700 + 2 * number)


async def apply(t: Theatre, guild: str, yaml: str) -> None:
    """What the host does on the machine of the running bot; the bot follows within a second."""
    file = t.folder.parent / f"{guild.replace(':', '-')}.yaml"
    file.write_text(yaml)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "policy", "apply", str(file), "--guild", guild),
        env={**os.environ, "BEHOLDER_DATA_DIR": str(t.folder), "BEHOLDER_DISCORD_TOKEN": CANARY},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    await asyncio.sleep(1.5)


async def choose(t: Theatre, surfaces: str = EVERYTHING) -> None:
    guild = f"discord:{t.stage.guild.id}"
    await apply(t, guild, f'preset: standard\nmode: enforce\nmod_channel: "{t.stage.mods.id}"\nsurfaces: {surfaces}\n')


async def face(t: Theatre, context: str = "head_image", nth: int = 1) -> Line:
    """The `nth` judgement of a face or a cover."""

    def seen() -> list[Line]:
        return [x for x in t.bot.lines if x.get("event") == "judged" and x.get("context") == context]

    await t.discord.until(lambda: len(seen()) >= nth, 20.0)
    return seen()[nth - 1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chosen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    """A guild that wants everything looked at."""
    async with opened(tmp_path_factory.mktemp("bot") / "data") as theatre:
        await choose(theatre)
        yield theatre


# --- messages ------------------------------------------------------------------------------------------


async def removed(t: Theatre, message: Message) -> Line:
    line = await t.judged(message)
    assert line["suggestion"] == "block"
    await t.discord.deleted(message)
    await t.card_of(line)
    return line


async def test_a_bad_sticker_takes_its_message_along(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    sticker = d.sticker(stage.guild, "bad", bad(1))
    await removed(chosen, d.post(stage.general, stage.members[0], stickers=[sticker]))


async def test_a_bad_picture_deep_in_components_takes_its_message_along(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    inside = [
        {"type": 10, "content": "words"},
        {"type": 12, "items": [{"media": {"url": "attachment://deep.png"}}]},
    ]
    post = d.post(
        stage.general,
        d.webhook("Deals"),
        files=[("deep.png", bad(2), "image/png")],
        components=[{"type": 17, "components": inside}],
        webhook=True,
    )
    await removed(chosen, post)


async def test_a_bad_emoji_in_the_words_takes_them_along(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    await removed(chosen, d.post(stage.general, stage.members[1], f"look {d.emoji(stage.guild, 'bad', bad(3))}"))


async def test_a_bad_reaction_is_brought_before_the_moderators_once(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    emoji = d.emoji(stage.guild, "worse", bad(4))
    message = d.post(stage.general, stage.members[0], "hello")
    for user in stage.members:
        d.react(message, user, emoji)
    line = await chosen.bot.event("judged", message=str(message.id), kind="reaction")
    assert line["suggestion"] == "block"
    assert "unreact" in line["outcomes"], "who performs it has tests of their own"
    await chosen.card_of(line)
    assert message.deleted_at is None, "what somebody wrote is not what another put under it"
    told = [x for x in chosen.bot.lines if x.get("kind") == "reaction"]
    assert len(told) == 1


# --- faces and covers ----------------------------------------------------------------------------------


async def worn_badly(t: Theatre, line: Line) -> None:
    """A card, and nothing else: whoever wears it is for people to judge."""
    assert (line["suggestion"], list(line["outcomes"])) == ("block", ["card"])
    await t.card_of(line)


async def avatar_of(t: Theatre, user: User, picture: bytes) -> Line:
    """The judgement of somebody's next avatar."""
    before = len([x for x in t.bot.lines if x.get("event") == "judged" and x.get("context") == "head_image"])
    t.discord.avatar(user, picture)
    return await face(t, nth=before + 1)


async def test_a_bad_avatar_is_seen_on_joining_and_on_changing_by_whoever_nobody_cached(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    newcomer = d.world.add_user("newcomer")
    d.avatar(newcomer, bad(5))
    before = len([x for x in chosen.bot.lines if x.get("context") == "head_image" and x.get("event") == "judged"])
    d.member(stage.guild, "", user=newcomer)
    await worn_badly(chosen, await face(chosen, nth=before + 1))
    await worn_badly(chosen, await avatar_of(chosen, newcomer, bad(6)))


async def test_a_bad_icon_is_seen(chosen: Theatre) -> None:
    chosen.discord.icon(chosen.stage.guild, bad(7))
    await worn_badly(chosen, await face(chosen, "room_cover"))


async def test_a_known_face_is_not_judged_again_after_a_restart(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    await worn_badly(chosen, await avatar_of(chosen, stage.members[3], bad(8)))
    await chosen.restart()
    message = chosen.post(bad(9), author=stage.members[3])
    await chosen.judged(message)
    later = chosen.post(bad(10), author=stage.members[3])
    await chosen.judged(later)
    assert not [x for x in chosen.bot.lines if x.get("event") == "judged" and x.get("context") == "head_image"]
    assert d.world.bot.avatar is None


# --- direct messages -----------------------------------------------------------------------------------


async def test_a_direct_message_is_judged_for_the_host_and_shown_where_the_host_said(chosen: Theatre) -> None:
    d, stage = chosen.discord, chosen.stage
    ann = stage.members[0]
    dm = d.direct(ann)
    unheard = chosen.post(bad(11), channel=dm, author=ann)
    line = await chosen.judged(unheard)
    assert (line["guild"], line["context"], line["outcomes"]) == ("discord:dm", "message", {})
    await apply(chosen, "discord:dm", f'preset: standard\nmode: enforce\nmod_channel: "{stage.mods.id}"\n')
    heard = chosen.post(bad(12), channel=dm, author=ann)
    line = await chosen.judged(heard)
    assert line["outcomes"] == {"say": "done", "card": "done"}
    shown = await chosen.card_of(line)
    assert heard.deleted_at is None, "nothing is ever deleted there"
    answered = await d.press(shown, shown.components[0]["components"][0]["label"], stage.moderator)
    assert "another server" not in answered.text
    assert [m for m in dm.messages.values() if m.author is d.world.bot], "and whoever wrote it is told"


# --- what is not chosen, and what is not allowed ---------------------------------------------------------


async def test_what_a_guild_did_not_choose_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as t:
        await choose(t, "[stickers]")
        d, stage = t.discord, t.stage
        emoji = d.emoji(stage.guild, "bad", bad(13))
        left = d.post(stage.general, stage.members[0], f"look {emoji}")
        d.react(left, stage.members[1], emoji)
        d.avatar(stage.members[2], bad(14))
        d.icon(stage.guild, bad(15))
        await removed(t, t.post(bad(16)))
        assert left.deleted_at is None
        assert len([x for x in t.bot.lines if x.get("event") == "judged"]) == 1


@asynccontextmanager
async def without(folder: Path, *allowed: str) -> AsyncIterator[Theatre]:
    """The bot of an application that may have only these privileged intents."""
    from bot.sandbox.stage import Stage
    from tests.openapi import Validator

    async with Loopback(token=CANARY, intents_enabled=allowed) as discord:
        validator = Validator().watch(discord)
        stage = Stage.build(discord)
        bot = await begin(discord, folder)
        theatre = Theatre(discord, stage, folder, bot, validator)
        try:
            await bot.event(READY, 60.0)
            await stage.set_up()
            yield theatre
            assert await bot.stop() == 0, bot.tail()
        finally:
            await bot.kill()
    assert validator.violations() == []


async def test_without_the_members_intent_a_face_is_seen_beside_a_post(tmp_path: Path) -> None:
    async with without(tmp_path / "data", "message_content") as t:
        said = await t.bot.event("intent missing")
        assert said["intent"] == "Server Members Intent"
        ann = t.stage.members[0]
        t.discord.avatar(ann, bad(17))
        t.discord.post(t.stage.general, ann, "only words")
        await worn_badly(t, await face(t))


async def test_without_message_content_the_bot_says_so_and_does_what_it_can(tmp_path: Path) -> None:
    async with without(tmp_path / "data", "members") as t:
        said = await t.bot.event("intent missing")
        assert (said["intent"], said["level"]) == ("Message Content Intent", "warning")
        assert "developer portal" in said["cure"]
        d, stage = t.discord, t.stage
        unseen = t.post(bad(18))
        mention = d.post(
            stage.general, stage.members[0], f"<@{d.world.bot.id}>", files=[("a.png", bad(19), "image/png")]
        )
        await removed(t, mention)
        sticker = d.sticker(stage.guild, "bad", bad(20))
        await removed(t, d.post(stage.general, stage.members[1], stickers=[sticker]))
        assert unseen.deleted_at is None
        findings = await d.command("doctor", stage.owner, stage.general, timeout=15.0)
        assert "Message Content Intent" in findings.text
        files = {"image": ("a.png", bad(21), "image/png")}
        checked = await d.command("check", stage.moderator, stage.general, attachments=files, timeout=15.0)
        assert "sexual" in checked.text.lower() or "explicit" in checked.text.lower()
