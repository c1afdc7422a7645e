"""Pages and private channels, pressed and made on real sockets, under the eye of Discord's own specification."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.model import (
    Answer,
    Button,
    Choose,
    Control,
    MakeChannel,
    Option,
    OutcomeState,
    Page,
    Pick,
    PickKind,
    PostPage,
    Tenant,
)
from bot.platforms.discord.limits import TEXTS
from bot.platforms.discord.pages import laid
from bot.sandbox.entities import Message
from bot.sandbox.faults import Break
from bot.sandbox.permissions import Permission
from bot.sandbox.presses import NotOffered
from policies.model import Policy
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_people import Office
from tests.openapi import Validator

CHANNELS = "/guilds/{guild_id}/channels"
PAGE = Page(
    "setup_staff",
    "Who may do what?",
    "Nobody needs to choose.",
    (
        Choose("preset", "How strict?", (Option("a", "A", "mild", True), Option("b", "B"))),
        Pick("channel", "Where?", PickKind.CHANNEL, least=1),
        Pick("decide", "Who decides?", PickKind.ROLES, most=25),
        Pick("who", "Which members?", PickKind.MEMBERS, most=2),
        Button("back", "Back"),
        Button("next", "Next", "blue"),
    ),
)
NEXT = Page("setup_check", "Do I have what I need?", "Yes.", (Button("again", "Check again"),))


@pytest.fixture
def validator(live: Live) -> Validator:
    return Validator().watch(live.discord)


async def opened(live: Live, office: Office, page: Page = PAGE) -> Message:
    await office.ready()
    live.desk.answer = Answer(page.text, page=page)
    return (await live.discord.command("setup", office.manager, office.channel)).last


def texts_of(message: Message) -> str:
    return "\n".join(c["content"] for c in message.components if c["type"] == 10)


# --- pages for one person ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_setup_opens_a_page_for_whoever_asked_alone(live: Live, validator: Validator) -> None:
    office = Office(live)
    shown = await opened(live, office)
    assert shown.ephemeral
    assert texts_of(shown).startswith("## Who may do what?\nNobody needs to choose.\n**How strict?**")
    asked = office.asked()
    assert (asked.what, asked.tenant) == ("open", office.tenant)
    assert (asked.args["preset"], asked.args["mod_channel"]) == (None, None)
    assert asked.presser.rights == {"manage", "moderate"}
    found = await asked.args["survey"](dataclasses.replace(Policy("standard"), mod_channel=str(office.mods.id)))
    assert "Moderators' channel" in [f.name for f in found if not f.ok], "everybody can read it"
    assert validator.violations() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("given", ["preset", "channel", "mode"])
async def test_with_an_option_missing_it_is_the_wizard_that_asks(live: Live, given: str) -> None:
    office = Office(live)
    await office.ready()
    every: dict[str, Any] = {"preset": "strict", "channel": office.mods, "mode": "enforce"}
    del every[given]
    await live.discord.command("setup", office.manager, office.channel, options=every)
    asked = office.asked()
    assert asked.what == "open"
    assert asked.args["preset"] == (None if given == "preset" else "strict")
    assert asked.args["mod_channel"] == (None if given == "channel" else str(office.mods.id))


@pytest.mark.asyncio
async def test_every_control_says_what_was_chosen_and_the_next_page_takes_its_place(
    live: Live, validator: Validator
) -> None:
    office = Office(live)
    shown = await opened(live, office)
    picks: dict[str, list[Any]] = {
        "preset": ["b"],
        "channel": [office.mods],
        "decide": [office.moderators],
        "who": [office.ann, office.moderator],
        "next": [],
    }
    for control, values in picks.items():
        custom_id = f"beholder:{office.guild.id}:page:setup_staff.{control}"
        answered = await live.discord.press(shown, custom_id, office.manager, values=values)
        assert answered.last is shown, "in place"
    turned = [a.args for a in live.desk.asked if a.what == "turn"]
    assert [(a["page"], a["control"], a["values"]) for a in turned] == [
        ("setup_staff", name, [str(getattr(v, "id", v)) for v in values]) for name, values in picks.items()
    ]
    live.desk.answer = Answer(NEXT.text, page=NEXT)
    await live.discord.press(shown, "Next", office.manager)
    assert texts_of(shown) == "## Do I have what I need?\nYes."
    assert validator.violations() == []


@pytest.mark.asyncio
async def test_what_was_chosen_is_shown_as_chosen(live: Live, validator: Validator) -> None:
    office = Office(live)
    role = str(office.moderators.id)
    picks = (Pick("decide", "Who?", PickKind.ROLES, (role, "gone"), most=25),)
    shown = await opened(live, office, Page("setup_staff", "t", "x", picks))
    [select] = shown.components[-1]["components"]
    assert [d["id"] for d in select["default_values"]] == [role]
    assert validator.violations() == []


@pytest.mark.asyncio
async def test_words_without_a_page_stand_beside_the_page(live: Live, validator: Validator) -> None:
    office = Office(live)
    shown = await opened(live, office)
    before = texts_of(shown)
    live.desk.answer = Answer("You may not any more.")
    answered = await live.discord.press(shown, "Next", office.manager)
    assert answered.last is not shown
    assert (answered.last.content, answered.last.ephemeral) == ("You may not any more.", True)
    assert texts_of(shown) == before
    assert validator.violations() == []


@pytest.mark.asyncio
async def test_a_desk_that_fails_leaves_nobody_waiting(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(live)
    shown = await opened(live, office)

    def broken(*args: Any, **kwargs: Any) -> Answer:
        raise OSError("disk full")

    monkeypatch.setattr(live.desk, "_remember", broken)
    answered = await live.discord.press(shown, "Next", office.manager)
    assert "went wrong" in answered.text
    assert "disk full" not in answered.text


# --- pages in a channel --------------------------------------------------------------------------------


async def posted(live: Live, office: Office, page: Page, nonce: str = "b123") -> Message:
    outcome = await live.platform.perform(PostPage(office.tenant, str(office.channel.id), page, nonce))
    assert outcome.state is OutcomeState.DONE, outcome.detail
    return office.channel.messages[int(outcome.ref or 0)]


@pytest.mark.asyncio
@pytest.mark.parametrize("page", [NEXT, dataclasses.replace(NEXT, controls=())])
async def test_a_posted_page_is_found_again_by_its_mark(live: Live, page: Page, validator: Validator) -> None:
    office = Office(live)
    await office.ready()
    message = await posted(live, office, page)
    assert not message.ephemeral
    assert "b123" not in str([part.get("content") for part in message.components]), "nobody has to read it"
    found = await live.platform.find(office.tenant, str(office.channel.id), "b123")
    assert (found.state, found.ref) == (OutcomeState.DONE, str(message.id))
    other = await live.platform.find(office.tenant, str(office.channel.id), "b124")
    assert other.state is OutcomeState.FAILED
    assert validator.violations() == []


@pytest.mark.asyncio
async def test_a_page_whose_answer_is_lost_is_posted_once(live: Live) -> None:
    office = Office(live)
    await office.ready()
    live.discord.fail("POST", "/channels/{channel_id}/messages", reset=Break.AFTER)
    message = await posted(live, office, NEXT)
    assert list(office.channel.messages.values()) == [message]


@pytest.mark.asyncio
async def test_another_page_opens_for_the_presser_and_the_posted_one_stays(live: Live) -> None:
    office = Office(live)
    await office.ready()
    message = await posted(live, office, NEXT)
    live.desk.answer = Answer(PAGE.text, page=PAGE)
    answered = await live.discord.press(message, "Check again", office.manager)
    assert answered.last.ephemeral
    assert "Who may do what?" in texts_of(answered.last)
    assert "Do I have what I need?" in texts_of(message)


@pytest.mark.asyncio
async def test_a_posted_page_is_replaced_by_itself_only(live: Live, validator: Validator) -> None:
    office = Office(live)
    await office.ready()
    message = await posted(live, office, NEXT)
    live.desk.answer = Answer("Ada decided.", page=Page("setup_check", "Decided", "Ada decided."))
    answered = await live.discord.press(message, "Check again", office.manager)
    assert (answered.last.content, answered.last.ephemeral) == ("Ada decided.", True)
    assert texts_of(message) == "## Decided\nAda decided."
    assert validator.violations() == []


@pytest.mark.asyncio
async def test_a_page_of_another_guild_does_nothing_and_says_where_to_press(live: Live) -> None:
    office = Office(live)
    await office.ready()
    client = live.platform.connected
    assert client is not None
    sent = await client.get_partial_messageable(office.channel.id).send(view=laid(NEXT, "4242"))
    owner = live.discord.owner(office.guild)
    answered = await live.discord.press(office.channel.messages[sent.id], "Check again", owner)
    assert "another server" in answered.text
    assert live.desk.asked == []


@pytest.mark.asyncio
async def test_a_page_is_not_posted_elsewhere(live: Live) -> None:
    office = Office(live)
    await office.ready()
    outcome = await live.platform.perform(PostPage(Tenant("discord", "4242"), str(office.channel.id), NEXT, "n"))
    assert outcome.state is OutcomeState.REFUSED
    assert office.channel.messages == {}


def test_the_longest_page_fits() -> None:
    options = tuple(Option(f"v{n}", "l" * 300, "d" * 300) for n in range(25))
    picks = tuple(Choose(f"c{n}", "p" * 900, options) for n in "abcd")
    controls: tuple[Control, ...] = (*picks, *(Button(f"b{n}", "l" * 300) for n in "abcdefg"))
    view = laid(Page("setup_staff", "t" * 900, "😀" * 9000, controls), "1" * 20, "n" * 40)
    assert view.content_length() <= TEXTS
    assert view.total_children_count <= 40
    rows = [c for c in view.to_components() if c["type"] == 1]  # type: ignore[no-untyped-call]
    assert max(len(row["components"]) for row in rows) <= 5
    assert all(len(c["custom_id"]) <= 100 for row in rows for c in row["components"])


# --- private channels ----------------------------------------------------------------------------------


def making(office: Office, **changes: Any) -> MakeChannel:
    roles = (str(office.moderators.id), "4711")
    made = MakeChannel(office.tenant, "image-moderation", str(office.manager.id), roles, "mods-1")
    return dataclasses.replace(made, **changes)


def may_make(live: Live, office: Office, *, allowed: bool = True) -> None:
    role = live.discord.bot_role(office.guild)
    role.permissions |= int(Permission.MANAGE_CHANNELS) if allowed else 0
    live.discord.role_changed(office.guild, role)


async def able(live: Live, office: Office) -> None:
    may_make(live, office)
    await office.ready()
    client = live.platform.connected
    assert client is not None
    guild = client.get_guild(office.guild.id)
    assert guild is not None
    await live.discord.until(lambda: guild.me.guild_permissions.manage_channels)


@pytest.mark.asyncio
async def test_a_private_channel_lets_in_nobody_else(live: Live, validator: Validator) -> None:
    office = Office(live)
    await able(live, office)
    outcome = await live.platform.perform(making(office))
    assert outcome.state is OutcomeState.DONE, outcome.detail
    channel = office.guild.channels[int(outcome.ref or 0)]
    world = live.discord.world
    seen = {u.name: bool(world.granted(channel, u) & Permission.VIEW_CHANNEL) for u in world.users.values()
            if u.id in office.guild.members}  # fmt: skip
    owner = live.discord.owner(office.guild).name
    assert seen == {owner: True, "Beholder": True, "max": True, "mo": True, "ann": False}
    post = await live.platform.perform(PostPage(office.tenant, str(channel.id), NEXT, "n"))
    assert post.state is OutcomeState.DONE
    [made] = live.discord.requests_to("POST", CHANNELS)
    assert "Beholder" in (made.reason or "")
    assert validator.violations() == []


@pytest.mark.asyncio
async def test_asked_for_twice_it_is_made_once(live: Live) -> None:
    office = Office(live)
    await able(live, office)
    first = await live.platform.perform(making(office))
    second = await live.platform.perform(making(office))
    assert first.ref == second.ref
    assert len(live.discord.requests_to("POST", CHANNELS)) == 1
    found = await live.platform.find(office.tenant, "", "mods-1")
    assert found == first
    assert (await live.platform.find(office.tenant, "", "mods-2")).state is OutcomeState.FAILED
    third = await live.platform.perform(making(office, nonce="mods-2"))
    assert third.ref != first.ref


@pytest.mark.asyncio
async def test_a_lost_answer_is_looked_up(live: Live) -> None:
    office = Office(live)
    await able(live, office)
    live.discord.fail("POST", CHANNELS, reset=Break.AFTER)
    outcome = await live.platform.perform(making(office))
    assert outcome.state is OutcomeState.DONE
    assert [str(c.id) for c in office.guild.channels.values() if c.name == "image-moderation"] == [outcome.ref]


@pytest.mark.asyncio
async def test_without_the_right_it_says_the_cure_and_does_not_ask(live: Live) -> None:
    office = Office(live)
    await office.ready()
    outcome = await live.platform.perform(making(office))
    assert outcome.state is OutcomeState.REFUSED
    assert "“Manage Channels”" in outcome.detail
    assert "make a channel yourself" in outcome.detail
    assert live.discord.requests_to("POST", CHANNELS) == []


# --- the sandbox's own honesty ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_sandbox_offers_what_discord_would(live: Live) -> None:
    office = Office(live)
    forum = live.discord.channel(office.guild, "forum", forum=True)
    shown = await opened(live, office)
    wrong: list[tuple[str, list[Any]]] = [
        ("preset", ["c"]),
        ("preset", []),
        ("preset", ["a", "b"]),
        ("channel", [forum]),
        ("decide", [office.mods]),
        ("who", [office.moderators]),
    ]
    for control, values in wrong:
        custom_id = f"beholder:{office.guild.id}:page:setup_staff.{control}"
        with pytest.raises(NotOffered):
            await live.discord.press(shown, custom_id, office.manager, values=values)
