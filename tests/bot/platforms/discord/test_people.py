"""Buttons and commands, pressed and typed by people, on real sockets."""

from __future__ import annotations

import dataclasses
from typing import Any

import discord
import pytest

from bot.model import Answer, Button, Card, PostCard, Presser, Tenant, Warn
from bot.platforms.discord.commands import COMMANDS
from bot.platforms.discord.commands.linked import LINK
from bot.platforms.discord.rights import NEEDED
from bot.platforms.discord.views import CardButton, Details, Whose
from bot.sandbox.entities import Channel, Guild, Message, User
from bot.sandbox.permissions import Permission
from bot.sandbox.presses import NotOffered
from policies.model import Category, Context
from policies.presets import PRESETS
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.world import PNG, Asked

MANAGER = int(Permission.MANAGE_GUILD | Permission.MANAGE_MESSAGES)
CARD = Card(7, "t", (), buttons=(Button("remove", "Remove", "red"), Button("fine", "It's fine", "green")))


class Office:
    """A guild with a manager, a moderator and Ann, who is neither."""

    def __init__(self, live: Live) -> None:
        d = self.d = live.discord
        self.live = live
        self.guild: Guild = d.guild("office")
        self.channel: Channel = d.channel(self.guild)
        self.mods: Channel = d.channel(self.guild, "mods")
        managers = d.role(self.guild, "managers", MANAGER)
        moderators = d.role(self.guild, "moderators", int(Permission.MANAGE_MESSAGES | Permission.MODERATE_MEMBERS))
        self.manager: User = d.member(self.guild, "max", roles=[managers])
        self.moderator: User = d.member(self.guild, "mo", roles=[moderators])
        self.moderators = moderators
        self.ann: User = d.member(self.guild, "ann")
        self.tenant: Tenant = live.tenant(self.guild)

    async def ready(self) -> None:
        """The bot knows of all this, and its commands are registered."""
        client = self.live.platform.connected
        assert client is not None
        await self.d.until(lambda: client.get_channel(self.mods.id))
        await self.d.until(lambda: self.d.requests_to("PUT", "/applications/{application_id}/commands"))

    async def card(self) -> Message:
        await self.ready()
        outcome = await self.live.platform.perform(PostCard(self.tenant, str(self.mods.id), CARD, "n"))
        return self.mods.messages[int(outcome.ref or 0)]

    def asked(self) -> Asked:
        """The only question that reached the desk."""
        (asked,) = self.live.desk.asked
        return asked


# --- buttons -------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_press_reaches_the_desk_with_the_guild_of_the_press_and_the_pressers_rights(live: Live) -> None:
    office = Office(live)
    answered = await live.discord.press(await office.card(), "Remove", office.moderator)
    assert answered.last.ephemeral
    assert answered.text == "so be it"
    asked = office.asked()
    assert (asked.what, asked.tenant) == ("press", office.tenant)
    assert asked.args == {"number": 7, "verb": "remove", "confirmed": False}
    roles = frozenset({str(office.moderators.id)})
    assert asked.presser == Presser(str(office.moderator.id), "mo", roles, frozenset({"moderate", "punish"}))


@pytest.mark.asyncio
async def test_whoever_has_no_right_is_handed_over_without_one(live: Live) -> None:
    office = Office(live)
    await live.discord.press(await office.card(), "It's fine", office.ann)
    assert office.asked().presser.rights == frozenset()


@pytest.mark.asyncio
async def test_a_right_in_one_channel_is_no_right_over_the_guild(live: Live) -> None:
    office = Office(live)
    live.discord.overwrite(office.mods, office.ann, allow=int(Permission.MANAGE_MESSAGES))
    await live.discord.press(await office.card(), "It's fine", office.ann)
    assert office.asked().presser.rights == frozenset()


@pytest.mark.asyncio
async def test_the_owner_has_every_right(live: Live) -> None:
    office = Office(live)
    await live.discord.press(await office.card(), "It's fine", live.discord.owner(office.guild))
    assert office.asked().presser.rights == frozenset({"moderate", "punish", "roles", "kick", "ban", "manage"})


@pytest.mark.asyncio
async def test_what_cannot_be_undone_is_asked_again_and_the_second_press_is_meant(live: Live) -> None:
    office = Office(live)
    card = await office.card()
    live.desk.answer = Answer("Sure?", confirm=Button("remove", "Yes, remove it", "red"))
    question = await live.discord.press(card, "Remove", office.moderator)
    live.desk.answer = Answer("gone", done=True)
    answered = await live.discord.press(question.last, "Yes, remove it", office.moderator)
    assert answered.text == "gone"
    assert [a.args["confirmed"] for a in live.desk.asked] == [False, True]
    assert {a.args["number"] for a in live.desk.asked} == {7}


@pytest.mark.asyncio
async def test_two_presses_are_both_answered(live: Live) -> None:
    office = Office(live)
    card = await office.card()
    for presser in (office.moderator, office.manager):
        assert (await live.discord.press(card, "It's fine", presser)).text == "so be it"
    assert [a.presser.name for a in live.desk.asked] == ["mo", "max"]


@pytest.mark.asyncio
async def test_details_answers_with_words_and_a_hidden_picture(live: Live) -> None:
    office = Office(live)
    await office.ready()
    outcome = await live.platform.perform(Warn(office.tenant, str(office.channel.id), str(office.ann.id), 7, "n"))
    notice = office.channel.messages[int(outcome.ref or 0)]
    live.desk.answer = Answer("because", picture=PNG)
    answered = await live.discord.press(notice, "Details", office.ann)
    assert office.asked().what == "details"
    assert answered.last.ephemeral
    assert [a.filename for a in answered.last.attachments] == ["SPOILER_picture.jpg"]


@pytest.mark.asyncio
@pytest.mark.parametrize("pressed", ["It's fine", "Yes, remove it", "Details"])
@pytest.mark.parametrize("where", ["another guild", "a direct message"])
async def test_a_button_of_another_guild_does_nothing_and_says_where_to_press(
    live: Live, pressed: str, where: str
) -> None:
    office = Office(live)
    await office.ready()
    whose = Whose("4242", 7)
    view = discord.ui.View(timeout=None).add_item(CardButton(whose, Button("fine", "It's fine")))
    view.add_item(CardButton(whose, Button("remove", "Yes, remove it"), sure=True)).add_item(Details(whose, "Details"))
    client = live.platform.connected
    assert client is not None
    channel = office.mods if where == "another guild" else live.discord.direct(live.discord.owner(office.guild))
    sent = await client.get_partial_messageable(channel.id).send(view=view)
    shown = channel.messages[sent.id]
    answered = await live.discord.press(shown, pressed, live.discord.owner(office.guild))
    assert "another server" in answered.text
    assert answered.last.components == []
    assert live.desk.asked == []


@pytest.mark.asyncio
async def test_a_desk_that_fails_leaves_nobody_waiting(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(live)
    card = await office.card()

    async def broken(*args: Any, **kwargs: Any) -> Answer:
        raise OSError("disk full")

    monkeypatch.setattr(live.desk, "press", broken)
    answered = await live.discord.press(card, "Remove", office.moderator)
    assert "went wrong" in answered.text
    assert "disk full" not in answered.text


@pytest.mark.asyncio
async def test_an_answer_pings_nobody_and_fits(live: Live) -> None:
    office = Office(live)
    live.desk.answer = Answer("@everyone <@1> " + "x" * 5000)
    answered = await live.discord.press(await office.card(), "Remove", office.moderator)
    assert len(answered.last.content) <= 2000
    (said,) = [r for r in live.discord.requests if r.method == "PATCH" and "webhooks" in r.template]
    assert said.form["allowed_mentions"] == {"parse": []}


# --- commands ------------------------------------------------------------------------------------------------


def test_every_command_is_for_guilds_and_for_those_with_a_right_only() -> None:
    for command in COMMANDS:
        assert command.guild_only
        assert command.default_permissions is not None
        assert command.default_permissions.value in {Permission.MANAGE_GUILD, Permission.MANAGE_MESSAGES}
        if isinstance(command, discord.app_commands.ContextMenu):
            continue
        described = command.commands if isinstance(command, discord.app_commands.Group) else [command]
        for one in described:
            assert one.description != "…"
            assert all(parameter.description != "…" for parameter in one.parameters)  # type: ignore[union-attr]


@pytest.mark.asyncio
@pytest.mark.parametrize("preset", PRESETS)
async def test_setup_hands_over_what_was_chosen_and_what_is_missing(live: Live, preset: str) -> None:
    office = Office(live)
    await office.ready()
    chosen = {"preset": preset, "channel": office.mods, "mode": "observe"}
    answered = await live.discord.command("setup", office.manager, office.channel, options=chosen)
    assert answered.last.ephemeral
    asked = office.asked()
    assert (asked.args["preset"], asked.args["mod_channel"], asked.args["mode"]) == (
        preset,
        str(office.mods.id),
        "observe",
    )
    findings = {f.name: f for f in asked.args["findings"]}
    assert all(findings[right.title].ok for right in NEEDED)
    assert not findings["Moderators' channel"].ok, "everybody can read it"
    assert asked.presser.rights == {"manage", "moderate"}


@pytest.mark.asyncio
async def test_commands_are_not_offered_to_those_without_the_right(live: Live) -> None:
    office = Office(live)
    await office.ready()
    for name in ("policy show", "pause", "doctor", "check"):
        with pytest.raises(NotOffered):
            await live.discord.command(name, office.ann, office.channel)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "options", "what", "args"),
    [
        ("policy show", {}, "show_policy", {}),
        ("policy mode", {"mode": "paused"}, "set_mode", {"mode": "paused"}),
        (
            "policy threshold",
            {"category": "violence", "review": "0.4"},
            "set_threshold",
            {"category": "violence", "review": "0.4", "remove": None},
        ),
        ("pause", {}, "pause", {"resume": False}),
        ("pause", {"resume": True}, "pause", {"resume": True}),
    ],
)
async def test_commands_ask_the_desk(
    live: Live, name: str, options: dict[str, Any], what: str, args: dict[str, Any]
) -> None:
    office = Office(live)
    await office.ready()
    await live.discord.command(name, office.manager, office.channel, options=options)
    asked = office.asked()
    assert (asked.what, asked.args, asked.tenant) == (what, args, office.tenant)


@pytest.mark.asyncio
async def test_suggestions(live: Live) -> None:
    office = Office(live)
    await office.ready()
    complete = live.discord.autocomplete
    everything = await complete("policy threshold", office.manager, office.channel, "category")
    assert {c["value"] for c in everything} == {c.value for c in Category}
    scam = await complete("policy threshold", office.manager, office.channel, "category", "SCAM")
    assert [c["value"] for c in scam] == ["advertising"]
    given = {"category": "violence"}
    never = await complete("policy threshold", office.manager, office.channel, "remove", "n", options=given)
    assert [c["value"] for c in never] == ["never"]


@pytest.mark.asyncio
async def test_doctor_reports_rights_and_intent(live: Live) -> None:
    office = Office(live)
    await office.ready()
    live.settings.only = dataclasses.replace(live.settings.only, mod_channel=str(office.mods.id))
    await live.discord.command("doctor", office.manager, office.channel)
    findings = {f.name: f for f in office.asked().args["findings"]}
    assert findings["Message Content Intent"].ok
    assert findings["Manage Messages"].ok


# --- /check ----------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_check_judges_an_attachment_where_it_was_asked(live: Live) -> None:
    office = Office(live)
    await office.ready()
    files: dict[str, Any] = {"image": ("cat.png", PNG, "image/png")}
    answered = await live.discord.command("check", office.moderator, office.channel, attachments=files)
    assert answered.last.ephemeral
    asked = office.asked()
    assert (asked.what, asked.args["seen"]) == ("check", PNG)
    assert (asked.args["place"].context, asked.args["place"].channel) == (Context.GROUP_MESSAGE, str(office.channel.id))


@pytest.mark.asyncio
async def test_check_judges_the_pictures_of_a_message(live: Live) -> None:
    office = Office(live)
    await office.ready()
    files = [(f"{n}.png", PNG + bytes([n]), "image/png") for n in range(6)]
    post = live.discord.post(office.channel, office.ann, files=files)
    link = f"https://discord.com/channels/{office.guild.id}/{office.channel.id}/{post.id}"
    answered = await live.discord.command("check", office.moderator, office.channel, options={"message": link})
    assert [a.args["seen"] for a in live.desk.asked] == [PNG + bytes([n]) for n in range(4)]
    assert "2 more" in answered.text


@pytest.mark.asyncio
async def test_check_shows_nobody_what_they_could_not_read(live: Live) -> None:
    office = Office(live)
    secret = live.discord.channel(office.guild, "secret")
    bot_role = live.discord.bot_role(office.guild)
    live.discord.overwrite(secret, office.guild, deny=int(Permission.VIEW_CHANNEL))
    live.discord.overwrite(secret, bot_role, allow=int(Permission.VIEW_CHANNEL))
    await office.ready()
    client = live.platform.connected
    assert client is not None
    await live.discord.until(lambda: len(getattr(client.get_channel(secret.id), "overwrites", ())) == 2)
    post = live.discord.post(secret, live.discord.owner(office.guild), files=[("a.png", PNG, "image/png")])
    link = f"https://discord.com/channels/{office.guild.id}/{secret.id}/{post.id}"
    answered = await live.discord.command("check", office.moderator, office.channel, options={"message": link})
    assert "both of us can read" in answered.text
    assert live.desk.asked == []


@pytest.mark.asyncio
@pytest.mark.parametrize("given", ["no link", "https://discord.com/channels/1/2/3", "https://evil.example/1/2/3"])
async def test_check_says_what_it_wants(live: Live, given: str) -> None:
    office = Office(live)
    await office.ready()
    answered = await live.discord.command("check", office.moderator, office.channel, options={"message": given})
    assert "link" in answered.text
    assert live.desk.asked == []


def test_links_of_every_client_are_understood() -> None:
    for host in ("discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com"):
        assert LINK.match(f"https://{host}/channels/1/2/3")
    assert not LINK.match("https://discord.com.evil.example/channels/1/2/3")
