"""An image posted on Discord is judged by the embedded model and acted on: the real bot, end to end."""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox.entities import Message, User
from bot.sandbox.fates import Scene, play
from bot.sandbox.interactions import Answered
from bot.sandbox.presses import NotOffered
from bot.sandbox.programme import programme, show_direct_messages
from bot.sandbox.scenes import card, files, view
from policies.model import Category
from tests.e2e.theatre import BAD, Theatre

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("street")]


async def test_every_scene_of_the_demo_ends_as_it_has_to(theatre: Theatre) -> None:
    seen: list[Scene] = []
    assert {command for command, _ in await theatre.stage.furnish()} >= {"policy surfaces", "policy quarantine"}
    await show_direct_messages(theatre.stage, theatre.bot)
    for scene in programme(theatre.stage):
        played = await play(theatre.stage, theatre.bot, scene, 20.0)
        assert not played.missing, f"{scene.title}: {played.missing}\n{theatre.bot.tail()}"
        seen.append(scene)
    assert len(seen) == 35
    assert len({scene.title for scene in seen}) == 35


async def test_the_demo_can_go_on_with_other_pictures(theatre: Theatre) -> None:
    """`make demo` without `--once` plays all of it again and again: nothing of the second round is known already."""
    await theatre.stage.furnish()
    await show_direct_messages(theatre.stage, theatre.bot)
    for scene in programme(theatre.stage, serial=1):
        played = await play(theatre.stage, theatre.bot, scene, 20.0)
        assert not played.missing, f"{scene.title}: {played.missing}\n{theatre.bot.tail()}"


async def test_a_notice_names_no_category_and_tells_the_author_alone(theatre: Theatre) -> None:
    author, other = theatre.discord.member(theatre.stage.guild, "gil"), theatre.stage.members[2]
    message = theatre.post(card(Category.SEXUAL_EXPLICIT, 0.951), author=author)
    await theatre.judged(message)
    notice = await theatre.discord.posted(theatre.stage.general, having=f"<@{author.id}>")
    public = str(theatre.discord.world.render(notice)).lower()
    assert not [c for c in Category if c.value in public or c.value.replace("_", " ") in public]
    told = await theatre.discord.press(notice, "Details", author)
    assert told.ephemeral
    assert "0.95" in told.text or "explicit" in told.text
    refused = await theatre.discord.press(notice, "Details", other)
    assert refused.ephemeral
    assert "explicit" not in refused.text


async def test_a_card_carries_blurred_spoilered_evidence_and_mentions_nobody(theatre: Theatre) -> None:
    message = theatre.post(card(Category.SEXUAL_EXPLICIT, 0.952))
    shown = await theatre.card_of(await theatre.judged(message))
    assert len(shown.attachments) == 1
    assert shown.attachments[0].filename.startswith("SPOILER_")
    assert shown.mentions == []


async def test_a_button_pressed_at_once_by_two_takes_effect_once(theatre: Theatre) -> None:
    stage = theatre.stage
    shown = await theatre.card_of(await theatre.judged(theatre.post(card(Category.SEXUAL_EXPLICIT, 0.953))))
    answers = await asyncio.gather(
        *(theatre.discord.press(shown, "Right", who) for who in (stage.moderator, stage.owner))
    )
    assert all(a.ephemeral for a in answers)
    assert len({a.text for a in answers}) == 2
    assert sum("lready" in a.text for a in answers) == 1
    await theatre.discord.until(lambda: not shown.components and not shown.attachments)


async def test_a_member_without_rights_decides_nothing(theatre: Theatre) -> None:
    line = await theatre.judged(theatre.post(card(Category.SEXUAL_EXPLICIT, 0.954)))
    shown = await theatre.card_of(line)
    refused = await theatre.discord.press(shown, "Wrong, give back", theatre.stage.members[3])
    assert refused.ephemeral
    assert shown.components, "the card is still open"
    number = line["case"]
    assert theatre.rows(f"select state from cases where number = {number}") == [("open",)]


async def test_giving_back_allows_the_exact_image_from_then_on(theatre: Theatre) -> None:
    picture = card(Category.SEXUAL_EXPLICIT, 0.955)
    shown = await theatre.card_of(await theatre.judged(theatre.post(picture)))
    await theatre.discord.press(shown, "Wrong, give back", theatre.stage.moderator)
    again = theatre.post(picture)
    line = await theatre.judged(again)
    assert line["suggestion"] == "pass"
    assert [r["code"] for r in line["reasons"]] == ["allow_listed"]
    assert again.deleted_at is None


async def test_a_review_is_removed_only_after_asking_again(theatre: Theatre) -> None:
    message = theatre.post(card(Category.SEXUAL_SUGGESTIVE, 0.76))
    shown = await theatre.card_of(await theatre.judged(message))
    asked = await theatre.discord.press(shown, "Remove", theatre.stage.moderator)
    assert message.deleted_at is None
    assert asked.ephemeral
    await _confirm(theatre, asked, theatre.stage.moderator)
    await theatre.discord.deleted(message)


async def _confirm(theatre: Theatre, asked: Answered, who: User) -> None:
    labels = [c["label"] for row in asked.last.components for c in row["components"]]
    await theatre.discord.press(asked.last, next(x for x in labels if x.startswith("Yes")), who)


async def test_our_own_posts_are_never_judged(theatre: Theatre) -> None:
    shown = await theatre.card_of(await theatre.judged(theatre.post(card(Category.SEXUAL_EXPLICIT, 0.956))))
    marker = theatre.post(view(77))
    await theatre.judged(marker)
    assert not [x for x in theatre.bot.lines if x.get("message") == str(shown.id)]


async def test_another_bots_posts_are_judged(theatre: Theatre) -> None:
    other = theatre.discord.member(theatre.stage.guild, "gif-bot", bot=True)
    message = theatre.post(card(Category.SEXUAL_EXPLICIT, 0.957), author=other)
    await theatre.discord.deleted(message)


async def test_check_judges_and_acts_on_nothing(theatre: Theatre) -> None:
    before = theatre.rows("select count(*) from cases")
    told = await theatre.discord.command(
        "check", theatre.stage.moderator, theatre.stage.general, attachments={"image": ("x.png", BAD, "image/png")}
    )
    assert told.ephemeral
    assert "0.95" in told.text
    assert theatre.rows("select count(*) from cases") == before


async def test_commands_are_for_those_with_the_right(theatre: Theatre) -> None:
    with pytest.raises(NotOffered):
        await theatre.discord.command("doctor", theatre.stage.members[0], theatre.stage.general)
    told = await theatre.discord.command("doctor", theatre.stage.owner, theatre.stage.general)
    assert told.ephemeral


async def test_a_threshold_set_in_chat_holds_for_the_next_post(theatre: Theatre) -> None:
    options = {"category": "advertising", "review": "0.5"}
    told = await theatre.discord.command(
        "policy threshold", theatre.stage.owner, theatre.stage.general, options=options
    )
    assert told.ephemeral
    line = await theatre.judged(theatre.post(card(Category.ADVERTISING, 0.55)))
    assert line["suggestion"] == "review"


async def test_thresholds_out_of_order_are_refused_in_words(theatre: Theatre) -> None:
    options = {"category": "hate", "review": "0.9", "remove": "0.3"}
    told = await theatre.discord.command(
        "policy threshold", theatre.stage.owner, theatre.stage.general, options=options
    )
    assert "review" in told.text
    line = await theatre.judged(theatre.post(card(Category.HATE, 0.4)))
    assert line["suggestion"] == "pass", line["reasons"]


async def test_a_message_without_images_makes_no_job(theatre: Theatre) -> None:
    words = theatre.discord.post(theatre.stage.general, theatre.stage.members[0], "only words")
    await theatre.judged(theatre.post(view(78)))
    assert theatre.rows(f"select count(*) from jobs where subject like '%/{words.id}'") == [(0,)]


async def test_a_file_that_only_calls_itself_text_is_sniffed(theatre: Theatre) -> None:
    upload = ("notes.txt", card(Category.SEXUAL_EXPLICIT, 0.958), "text/plain")
    message = theatre.discord.post(theatre.stage.general, theatre.stage.members[0], files=[upload])
    await theatre.discord.deleted(message)


async def test_a_text_file_is_no_image_and_no_case(theatre: Theatre) -> None:
    message = theatre.discord.post(
        theatre.stage.general, theatre.stage.members[0], files=[("a.txt", b"hello " * 100, "text/plain")]
    )
    line = await theatre.bot.event("nothing to judge", message=str(message.id))
    assert line
    assert message.deleted_at is None


def _ids(messages: list[Message]) -> list[str]:
    return [str(m.id) for m in messages]


async def test_a_burst_is_judged_to_the_last(theatre: Theatre) -> None:
    messages = [theatre.post(card(Category.SEXUAL_EXPLICIT, 0.959)) for _ in range(20)]
    for message in messages:
        await theatre.discord.deleted(message, 20.0)
    lines = [await theatre.judged(m) for m in messages]
    assert sorted(x["message"] for x in lines) == sorted(_ids(messages))
    assert files(BAD)[0][2] == "image/png"
