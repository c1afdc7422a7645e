"""Rules as a file, cases in pages and lists of images, on the real bot and across its restarts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import yaml
from PIL import Image

from bot.sandbox.entities import Message
from bot.sandbox.pictures import jpeg
from bot.sandbox.scenes import card, view
from policies.model import Category
from tests.e2e.theatre import Theatre, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("rules"), pytest.mark.timeout(180)]


def labels(message: Message) -> list[str]:
    return [c["label"] for row in message.components for c in row["components"]]


async def command(t: Theatre, name: str, **options: object) -> Message:
    answered = await t.discord.command(name, t.stage.owner, t.stage.general, options=options, timeout=20.0)
    assert answered.ephemeral
    return answered.last


async def give_file(t: Theatre, content: bytes) -> Message:
    files = {"file": ("policy.yaml", content, "text/plain")}
    answered = await t.discord.command("policy import", t.stage.owner, t.stage.general, attachments=files, timeout=20.0)
    return answered.last


def said(message: Message) -> str:
    return "\n".join([message.content, *(str(e.get("description", "")) for e in message.embeds)])


async def test_what_is_exported_is_changed_shown_and_saved_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as t:
        assert "<#" in said(await command(t, "policy channel", channel=t.stage.pictures, exempt=True))
        (file,) = (await command(t, "policy export")).attachments
        policy = yaml.safe_load(file.content)
        assert policy["mode"] == "enforce"
        assert policy["channels"][str(t.stage.pictures.id)] == {"exempt": True}
        same = await give_file(t, file.content)
        assert "that is how it is already" in said(same)
        policy["channels"] = {}
        policy["thresholds"] = {"sexual_explicit": {"review": 0.2, "remove": 0.3}}
        shown = await give_file(t, yaml.safe_dump(policy).encode())
        assert "`thresholds.sexual_explicit.remove`: 0.85 → 0.3" in said(shown)
        before = t.rows("select max(version) from policies")
        await t.restart()
        pressed = await t.discord.press(shown, "Save it", t.stage.owner, timeout=20.0)
        assert "Saved as version" in said(pressed.last)
        assert labels(pressed.last) == []
        assert t.rows("select max(version) from policies") != before
        assert t.rows("select count(*) from drafts") == [(0,)]
        removed = t.post(card(Category.SEXUAL_EXPLICIT, 0.41))
        await t.discord.deleted(removed)
        freed = t.post(card(Category.SEXUAL_EXPLICIT, 0.42), channel=t.stage.pictures)
        await t.discord.deleted(freed)


async def test_cases_are_paged_and_shown_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as t:
        for n in range(12):
            line = await t.judged(t.post(card(Category.SEXUAL_EXPLICIT, 0.6 + n / 1000)))
            await t.card_of(line)
        first = await command(t, "case list", state="open")
        assert labels(first) == ["Older"]
        assert said(first).count("explicit sexual content") == 10
        await t.restart()
        turned = await t.discord.press(first, "Older", t.stage.owner, timeout=20.0)
        assert turned.last is first
        assert said(first).count("explicit sexual content") == 2
        assert labels(first) == ["Newer"]
        assert "[#1](https://discord.com/channels/" in said(first)
        await t.discord.press(first, "Newer", t.stage.owner, timeout=20.0)
        assert labels(first) == ["Older"]
        shown = await command(t, "case view", number=3)
        assert "Case 3" in str(shown.embeds)
        assert shown.attachments == []
        assert {"Remove", "It's fine"} <= set(labels(shown))
        closed = await t.discord.press(shown, "It's fine", t.stage.owner, timeout=20.0)
        assert closed.ephemeral
        assert said(await command(t, "case list", state="overturned")).count("[#3]") == 1


async def test_a_blocked_image_goes_and_comes_back_when_it_is_taken_off(tmp_path: Path) -> None:
    async with opened(tmp_path) as t:
        picture = view(7)
        first = t.post(picture)
        assert (await t.judged(first))["suggestion"] == "pass"
        link = f"https://discord.com/channels/{t.stage.guild.id}/{t.stage.general.id}/{first.id}"
        told = await command(t, "images block", message=link, why="a raid")
        assert "is blocked" in said(told)
        await t.discord.deleted(t.post(picture))
        saved_anew = jpeg(Image.open(io.BytesIO(picture)), quality=40)
        copy = t.post(saved_anew)
        line = await t.judged(copy)
        assert line["suggestion"] == "review"
        assert copy.deleted_at is None, "near is never a deletion (ruling 9)"
        assert "nearly looks like an image that was removed here" in str((await t.card_of(line)).embeds)
        checked = await t.discord.context_menu("Check images", t.stage.moderator, t.stage.general, first, timeout=20.0)
        assert "On the lists here" in said(checked.last)
        (entry,) = await t.discord.autocomplete("images remove", t.stage.owner, t.stage.general, "entry")
        assert "a raid" in entry["name"]
        assert "no longer blocked" in said(await command(t, "images remove", entry=entry["value"]))
        assert (await t.judged(t.post(picture)))["suggestion"] == "pass"
        form = await t.discord.command("check", t.stage.moderator, t.stage.general, timeout=20.0)
        files = {"pictures": [("a.png", picture, "image/png"), ("b.png", card(Category.HATE, 0.95), "image/png")]}
        answered = await t.discord.submit(form, t.stage.moderator, {}, files=files, timeout=20.0)
        assert "Picture 2 of 2:" in said(answered.last)
        assert "This picture would be removed." in said(answered.last)


async def test_a_pause_is_told_where_moderators_are(tmp_path: Path) -> None:
    async with opened(tmp_path) as t:
        await command(t, "pause")
        await t.discord.posted(t.stage.mods, 20.0, having="has paused me")
        assert "paused since" in said(await command(t, "policy show"))
        await command(t, "pause", resume=True)
        await t.discord.posted(t.stage.mods, 20.0, having="has ended the pause")
