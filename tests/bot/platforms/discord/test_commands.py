"""The commands of admins and moderators on real sockets: what is typed reaches the desk, its answer is shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import discord
import pytest

from bot.desk.acting import acts_of
from bot.desk.exchange import LARGEST
from bot.model import Answer, Button, Card, Page
from bot.platforms.discord.commands.check import CHECKED_AT_ONCE
from bot.platforms.discord.commands.policy_acts import ACTS, WHEN
from bot.platforms.discord.commands.turning import Turn
from bot.sandbox.entities import Json
from bot.sandbox.permissions import Permission
from bot.sandbox.presses import NotOffered
from bot.texts.catalogue import Texts
from bot.texts.lines import length
from bot.texts.markup import Voice
from policies import form
from policies.model import Category, Context, Listed, Surface
from policies.presets import PRESETS
from tests.bot.cases import GUILD
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_people import Office
from tests.bot.platforms.discord.world import PNG

pytestmark = pytest.mark.asyncio


async def furnished(live: Live) -> Office:
    office = Office(live)
    await office.ready()
    return office


def components(message: Any) -> list[Json]:
    return [c for row in message.components for c in row["components"]]


# --- /policy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "what", "args"),
    [
        ("policy preset", {"preset": "family"}, "exchange.preset", {"given": ("family",)}),
        ("policy export", {}, "exchange.export", {"given": ()}),
        (
            "policy actions",
            {"when": "block", "what": "delete escalate", "context": "comment"},
            "rules.actions",
            {"given": ("block", "delete escalate", "comment")},
        ),
        ("policy require", {"category": "hate", "on": True}, "rules.require", {"given": ("hate",), "on": True}),
        ("policy near", {"on": False}, "rules.near", {"given": (), "on": False}),
        ("policy surfaces", {"surface": "emoji", "on": False}, "rules.surfaces", {"given": ("emoji",), "on": False}),
        ("policy budget", {"rule": "review"}, "rules.budget", {"given": ("review",)}),
        ("policy exempt", {"what": "list"}, "rules.exempt", {"given": ("list",), "role": None, "member": None}),
        ("policy quarantine", {}, "rules.quarantine", {"given": (None,)}),
        (
            "policy context",
            {"context": "album", "category": "hate", "review": "0.5"},
            "places.context",
            {"given": ("album", "hate", "0.5", None), "reset": False},
        ),
        ("case view", {"number": 7}, "records.view", {"given": (7,)}),
        ("case list", {"state": "open"}, "records.listing", {"given": (), "state": "open", "author": None}),
        ("images list", {}, "images.listing", {"given": ()}),
        ("images remove", {"entry": "3f2a91bc"}, "images.remove", {"given": ("3f2a91bc",)}),
        (
            "images block",
            {"case": 7, "why": "raid"},
            "images.enlist",
            {"given": (Listed.BLOCKED,), "pictures": [], "case": 7, "why": "raid"},
        ),
    ],
)
async def test_what_was_typed_reaches_its_room(
    live: Live, name: str, options: dict[str, Any], what: str, args: dict[str, Any]
) -> None:
    office = await furnished(live)
    answered = await live.discord.command(name, office.manager, office.channel, options=options)
    assert answered.last.ephemeral
    assert answered.text == "so be it"
    asked = office.asked()
    assert (asked.what, asked.args, asked.tenant) == (what, args, office.tenant)


async def test_roles_members_and_channels_are_handed_over_by_their_ids(live: Live) -> None:
    office = await furnished(live)
    options = {"what": "add", "role": office.moderators, "member": office.ann}
    await live.discord.command("policy exempt", office.manager, office.channel, options=options)
    given = office.asked().args
    assert (given["role"], given["member"]) == (str(office.moderators.id), str(office.ann.id))
    live.desk.asked.clear()
    thread = live.discord.thread(office.channel, "talk", office.ann)
    for place in (office.mods, thread):
        await live.discord.command(
            "policy channel", office.manager, office.channel, options={"channel": place, "exempt": True}
        )
    assert [a.args["given"] for a in live.desk.asked] == [(str(office.mods.id),), (str(thread.id),)]
    assert live.desk.asked[0].args["exempt"] is True
    await live.discord.command("case list", office.moderator, office.channel, options={"author": office.ann})
    assert live.desk.asked[-1].args["author"] == str(office.ann.id)


async def test_a_category_is_no_channel(live: Live) -> None:
    office = Office(live)
    category = live.discord.channel(office.guild, "folder")
    category.type = 4
    await office.ready()
    answered = await live.discord.command(
        "policy channel", office.manager, office.channel, options={"channel": category, "exempt": True}
    )
    assert "choose each channel of that category" in answered.text
    assert live.desk.asked == []


async def test_the_quarantine_role_gives_no_power_and_can_be_given(live: Live) -> None:
    office = Office(live)
    d, guild = live.discord, office.guild
    mute, mighty = d.role(guild, "mute", 0), d.role(guild, "mighty", int(Permission.KICK_MEMBERS))
    high = d.role(guild, "high", 0, position=90)
    await office.ready()
    told = []
    for role in (mighty, high, guild.roles[guild.id], d.bot_role(guild), mute):
        answered = await d.command("policy quarantine", office.manager, office.channel, options={"role": role})
        told.append(answered.text)
    assert "gives more power" in told[0]
    assert "drag mine above it" in told[1]
    assert "Make a role of its own" in told[2]
    assert told[4] == "so be it"
    assert office.asked().args["given"] == (str(mute.id),)


async def test_choices_are_plain_words_and_cover_everything(live: Live) -> None:
    office = await furnished(live)
    commands = {c["name"]: c for c in live.discord.world.commands[0]}
    below = {o["name"]: o for o in commands["policy"]["options"]}

    def choices(command: str, option: str) -> dict[str, str]:
        (found,) = [o for o in below[command]["options"] if o["name"] == option]
        return {c["value"]: c["name"] for c in found["choices"]}

    assert set(choices("require", "category")) == {c.value for c in Category}
    assert set(choices("context", "context")) == {c.value for c in Context}
    assert set(choices("channel", "context")) == {*(c.value for c in Context), "usual"}
    assert set(choices("surfaces", "surface")) == {s.value for s in Surface}
    assert choices("preset", "preset")["family"].startswith("family: For communities with children")
    assert set(choices("preset", "preset")) == set(PRESETS)
    options = {"category": "nonsense", "on": True}
    with pytest.raises(NotOffered):
        await live.discord.command("policy require", office.manager, office.channel, options=options)


async def test_every_choice_of_actions_is_one_that_the_desk_takes() -> None:
    for _, value in ACTS:
        acts = acts_of(value, Voice.to(GUILD, Texts()), usual=True)
        form.load({"actions": {"block": [a.value for a in acts or ()]}})
    assert [value for _, value in WHEN] == ["block", "review"]


async def test_limits_are_suggested(live: Live) -> None:
    office = await furnished(live)
    given = {"context": "album", "category": "hate"}
    found = await live.discord.autocomplete(
        "policy context", office.manager, office.channel, "review", "0.8", options=given
    )
    assert [c["value"] for c in found] == ["0.8", "0.85"]


async def test_an_export_is_a_file_for_the_asker_alone(live: Live) -> None:
    office = await furnished(live)
    live.desk.answer = Answer("Here.", file=("policy.yaml", b"preset: strict\n"))
    answered = await live.discord.command("policy export", office.manager, office.channel)
    assert answered.last.ephemeral
    (file,) = answered.last.attachments
    assert (file.filename, file.content) == ("policy.yaml", b"preset: strict\n")


async def test_an_import_reads_the_file_and_no_more_than_it_must(live: Live) -> None:
    office = await furnished(live)
    for content in (b"preset: strict\n", b"#" * (LARGEST * 3)):
        files: dict[str, Any] = {"file": ("policy.yaml", content, "text/plain")}
        await live.discord.command("policy import", office.manager, office.channel, attachments=files)
    first, second = live.desk.asked
    assert first.args["given"] == (b"preset: strict\n",)
    assert LARGEST < len(second.args["given"][0]) <= 3 * LARGEST


async def test_a_page_has_its_words_and_buttons_and_is_turned_in_place(live: Live) -> None:
    office = await furnished(live)
    live.desk.answer = Answer("w", page=Page("preset", "From a to b", "**words**", (Button("strict.4", "Switch"),)))
    shown = await live.discord.command("policy preset", office.manager, office.channel, options={"preset": "strict"})
    (embed,) = shown.last.embeds
    assert (embed["title"], embed["description"], shown.last.content) == ("From a to b", "**words**", "")
    assert [c["label"] for c in components(shown.last)] == ["Switch"]
    live.desk.answer = Answer("Saved.", done=True)
    pressed = await live.discord.press(shown.last, "Switch", office.manager)
    assert pressed.last is shown.last, "the page itself has changed"
    assert (pressed.last.content, pressed.last.embeds, components(pressed.last)) == ("Saved.", [], [])
    assert live.desk.asked[-1].what == "exchange.turn"
    assert live.desk.asked[-1].args["given"] == ("preset", "strict.4")


@pytest.mark.parametrize(
    ("page", "what", "args"),
    [
        ("cases", "records.turn", {"given": ("older.5.any.any",)}),
        ("listed", "images.listing", {"given": (), "control": "older.5.any.any"}),
        ("import", "exchange.turn", {"given": ("import", "older.5.any.any")}),
    ],
)
async def test_every_page_is_turned_by_its_room(live: Live, page: str, what: str, args: dict[str, Any]) -> None:
    office = await furnished(live)
    live.desk.answer = Answer("w", page=Page(page, "t", "w", (Button("older.5.any.any", "Older"),)))
    shown = await live.discord.command("case list", office.moderator, office.channel)
    await live.discord.press(shown.last, "Older", office.moderator)
    assert (live.desk.asked[-1].what, live.desk.asked[-1].args) == (what, args)
    assert live.desk.asked[-1].tenant == office.tenant


async def test_a_page_of_another_guild_is_not_turned(live: Live) -> None:
    office = await furnished(live)
    client = live.platform.connected
    assert client is not None
    view = discord.ui.View(timeout=None).add_item(Turn("4242", "cases", Button("older.5.any.any", "Older")))
    sent = await client.get_partial_messageable(office.channel.id).send(view=view)
    answered = await live.discord.press(office.channel.messages[sent.id], "Older", office.moderator)
    assert "another server" in answered.text
    assert live.desk.asked == []


async def test_a_long_policy_is_a_page_within_discords_limits(live: Live) -> None:
    office = await furnished(live)
    text = "x" * 3900
    live.desk.answer = Answer(text, page=Page("policy", "The policy", text))
    answered = await live.discord.command("policy show", office.manager, office.channel)
    assert answered.last.embeds[0]["description"] == text


# --- /case ------------------------------------------------------------------------------------------


async def test_a_case_is_shown_as_its_card_with_buttons_that_work(live: Live) -> None:
    office = await furnished(live)
    card = Card(7, "Case 7", (("Why", "because"),), buttons=(Button("fine", "It's fine", "green"),), link=("5", "6"))
    live.desk.answer = Answer("Case 7", card=card)
    answered = await live.discord.command("case view", office.moderator, office.channel, options={"number": 7})
    assert "Why: because" in answered.text
    assert answered.last.attachments == []
    assert {c["label"] for c in components(answered.last)} == {"It's fine", "Open the post"}
    live.desk.answer = Answer("done", done=True)
    pressed = await live.discord.press(answered.last, "It's fine", office.moderator)
    assert pressed.text == "done"
    assert (live.desk.asked[-1].what, live.desk.asked[-1].args["number"]) == ("press", 7)


# --- /images ----------------------------------------------------------------------------------------


async def test_pictures_come_from_an_attachment_and_from_a_message(live: Live) -> None:
    office = await furnished(live)
    post = live.discord.post(office.channel, office.ann, files=[("a.png", PNG + b"a", "image/png")])
    link = f"https://discord.com/channels/{office.guild.id}/{office.channel.id}/{post.id}"
    files: dict[str, Any] = {"image": ("b.png", PNG + b"b", "image/png")}
    await live.discord.command(
        "images allow", office.moderator, office.channel, options={"message": link}, attachments=files
    )
    asked = office.asked()
    assert asked.args["given"] == (Listed.ALLOWED,)
    assert asked.args["pictures"] == [PNG + b"b", PNG + b"a"]


@pytest.mark.parametrize(("link", "said"), [("nonsense", "not a link"), ("empty", "no picture that I can open")])
async def test_what_shows_no_picture_is_said(live: Live, link: str, said: str) -> None:
    office = await furnished(live)
    if link == "empty":
        post = live.discord.post(office.channel, office.ann, text="only words")
        link = f"https://discord.com/channels/{office.guild.id}/{office.channel.id}/{post.id}"
    answered = await live.discord.command("images block", office.moderator, office.channel, options={"message": link})
    assert said in answered.text
    assert live.desk.asked == []


async def test_entries_are_suggested_as_the_desk_says(live: Live) -> None:
    office = await furnished(live)
    live.desk.suggestions = [("ab" * 32, "abababab · blocked · " + "w" * 200)]
    (found,) = await live.discord.autocomplete("images remove", office.moderator, office.channel, "entry", "ab")
    assert found["value"] == "ab" * 32
    assert len(found["name"]) == 100
    asked = office.asked()
    assert (asked.what, asked.args["given"], asked.tenant) == ("images.suggest", ("ab",), office.tenant)


# --- checking ---------------------------------------------------------------------------------------


async def test_the_menu_of_a_message_checks_its_pictures(live: Live) -> None:
    office = await furnished(live)
    files = [(f"{n}.png", PNG + bytes([n]), "image/png") for n in range(6)]
    post = live.discord.post(office.channel, office.ann, files=files)
    fetched = len(live.discord.requests_to("GET", "/channels/{channel_id}/messages/{message_id}"))
    answered = await live.discord.context_menu("Check images", office.moderator, office.channel, post)
    assert answered.last.ephemeral
    assert [a.args["seen"] for a in live.desk.asked] == [PNG + bytes([n]) for n in range(CHECKED_AT_ONCE)]
    assert live.desk.asked[0].args["place"].channel == str(office.channel.id)
    assert "Picture 4 of 4:" in answered.text
    assert "2 more" in answered.text
    again = live.discord.requests_to("GET", "/channels/{channel_id}/messages/{message_id}")
    assert len(again) == fetched, "Discord sends the message along: no intent and no request is needed"


async def test_the_menu_is_for_moderators_and_says_what_it_cannot_see(live: Live) -> None:
    office = await furnished(live)
    post = live.discord.post(office.channel, office.ann, text="words")
    with pytest.raises(NotOffered):
        await live.discord.context_menu("Check images", office.ann, office.channel, post)
    answered = await live.discord.context_menu("Check images", office.moderator, office.channel, post)
    assert "no picture that I can open" in answered.text


async def test_check_without_anything_opens_a_form_that_takes_pictures(live: Live) -> None:
    office = await furnished(live)
    form = await live.discord.command("check", office.moderator, office.channel)
    assert form.modal is not None
    assert live.desk.asked == []
    pictures = [(f"{n}.png", PNG + bytes([n]), "image/png") for n in range(3)]
    answered = await live.discord.submit(form, office.moderator, {}, files={"pictures": pictures})
    assert [a.args["seen"] for a in live.desk.asked] == [p[1] for p in pictures]
    assert len(answered.messages) == 1
    assert answered.last.ephemeral
    assert "Picture 1 of 3:" in answered.text


async def test_a_form_takes_neither_none_nor_too_many(live: Live) -> None:
    office = await furnished(live)
    form = await live.discord.command("check", office.moderator, office.channel)
    for count in (0, CHECKED_AT_ONCE + 1):
        pictures = [(f"{n}.png", PNG, "image/png") for n in range(count)]
        with pytest.raises(NotOffered, match="takes 1 to 4 files"):
            await live.discord.submit(form, office.moderator, {}, files={"pictures": pictures})


async def test_four_long_reports_are_one_message_that_fits(live: Live) -> None:
    office = await furnished(live)
    live.desk.answer = Answer("\n".join(f"line {n} " + "x" * 80 for n in range(20)))
    form = await live.discord.command("check", office.moderator, office.channel)
    pictures = [(f"{n}.png", PNG, "image/png") for n in range(4)]
    answered = await live.discord.submit(form, office.moderator, {}, files={"pictures": pictures})
    assert length(answered.text) <= 2000
    assert all(f"Picture {n} of 4:" in answered.text for n in range(1, 5))
    assert answered.text.count("more lines") == 4


async def test_what_we_say_ourselves_is_in_the_guilds_language(live: Live) -> None:
    """There is no German catalogue: it falls back to English, and asks for the guild's own policy."""
    live.settings.only = dataclasses.replace(live.settings.only, language="de")
    office = await furnished(live)
    answered = await live.discord.command("check", office.moderator, office.channel, options={"message": "x"})
    assert "not a link" in answered.text
