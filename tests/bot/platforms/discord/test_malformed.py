"""Events as no Discord should send them: each costs itself at most, and nothing is made of it that never was."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bot.model import EventKind
from bot.sandbox.entities import Guild
from policies.model import Mode, Policy, Surface
from tests.bot.platforms.discord.conftest import Live
from tests.bot.platforms.discord.test_surfaces import PICTURE
from tests.bot.platforms.discord.world import PNG

NAUGHTY: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**70, 1.5, float(2**60)),
    *("", "x", "0", "-1", "²", "\x00", "\u202e<@1>", "a" * 5000, "1970-01-01", "0000-00-00T00:00:00"),
    *([], {}, [None], [[]], [{}], {"id": None}, {"id": "x"}, {"user": None}, [1, 2]),
)
ROUNDS = 12
NEEDED = {
    *("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK", "MESSAGE_REACTION_ADD"),
    *("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE", "GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"),
    *("GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "GUILD_BAN_ADD"),
}
NEVER_SENT = ("MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_EMOJI", "MESSAGE_REACTION_REMOVE_ALL")
"""By the loopback: made of the payload of a reaction that was added."""


def everything_happens(live: Live) -> Guild:
    """One of each kind of event, in a guild of its own."""
    d = live.discord
    guild = d.guild("elsewhere")
    channel, role = d.channel(guild), d.role(guild, "r")
    ann = d.member(guild, "ann", roles=[role])
    d.role_changed(guild, role)
    d.overwrite(channel, guild, deny=1 << 30)
    d.avatar(ann, PICTURE)
    d.avatar(ann, PICTURE, guild=guild)
    d.icon(guild, PICTURE)
    emoji, sticker = d.emoji(guild, "e", PICTURE), d.sticker(guild, "s", PICTURE)
    inside = [{"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}]
    parts = [{"type": 17, "components": [*inside, {"type": 10, "content": emoji}]}]
    deep = d.post(channel, d.webhook("w"), files=[("a.png", PNG, "image/png")], components=parts, webhook=True)
    post = d.post(channel, ann, f"look {emoji}", files=[("b.png", PNG, None)], stickers=[sticker])
    d.embed_arrives_late(post, d.embed("https://example.com", PICTURE))
    other = d.post(channel, ann, "forward", forward_of=post)
    d.post(d.direct(ann), ann, files=[("c.png", PNG, "image/png")])
    d.react(post, ann, emoji)
    d.thread(channel, "t", ann, under=post)
    d.delete(post)
    d.delete(deep, other)
    d.leave(guild, ann)
    d.outage(guild)
    d.back(guild)
    return guild


def places(payload: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a payload."""
    if path:
        yield path
    inside = payload.items() if isinstance(payload, dict) else enumerate(payload) if isinstance(payload, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


def broken(payload: Any, dice: random.Random) -> Any:
    """`payload` with one to three values lost or turned into something else."""
    made = copy.deepcopy(payload)
    for _ in range(dice.randint(1, 3)):
        ways = list(places(made))
        if not ways:
            return made
        *way, last = dice.choice(ways)
        inside = made
        for key in way:
            inside = inside[key]
        if dice.random() < 0.3:
            del inside[last]
        else:
            inside[last] = copy.deepcopy(dice.choice(NAUGHTY))
    return made


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_is_wrong_with_an_event_it_costs_that_event_only(live: Live, seed: int) -> None:
    d, dice = live.discord, random.Random(seed)
    live.settings.only = Policy("standard", mode=Mode.ENFORCE, mod_channel="1", surfaces=frozenset(Surface))
    home = next(iter(d.world.guilds.values()))
    channel, bea = d.channel(home, "home"), d.member(home, "bea")
    before = len(d.world.happened)
    guild = everything_happens(live)
    samples: dict[str, Any] = {}
    for event in list(d.world.happened)[before:]:
        samples.setdefault(event.name, event.payload)
    samples["GUILD_BAN_ADD"] = {"guild_id": str(guild.id), "user": samples["GUILD_MEMBER_REMOVE"]["user"]}
    assert samples.keys() >= NEEDED, NEEDED - samples.keys()
    samples |= dict.fromkeys(NEVER_SENT, samples["MESSAGE_REACTION_ADD"])
    for name, payload in sorted(samples.items()) * ROUNDS:
        d.gateway.send_raw(name, broken(payload, dice))
    post = d.post(channel, bea, files=[("cat.png", PNG, "image/png")])
    await d.until(lambda: any(e.message == str(post.id) for e in live.events), timeout=20.0)
    status = live.platform.status()
    assert (status.restarts, status.ready) == (0, True)
    assert status.skipped > 10, "most of it was really broken"
    for seen in live.events:
        assert seen.kind in EventKind
