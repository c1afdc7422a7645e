"""`/check` judges as the pipeline would, and never acts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Look, Presser
from bot.ports import Gone, Unfetchable
from bot.texts.lines import length
from policies.model import (
    Act,
    Actions,
    Category,
    Context,
    Duty,
    Exemptions,
    Frames,
    Label,
    Listed,
    Mode,
    Place,
    Policy,
    Remedy,
    Unscreened,
    UnscreenedReason,
    frozen,
)
from tests.bot.cases import GUILD, SEEN
from tests.bot.desk.world import AUTHOR, ELSEWHERE, MANAGER, MODERATOR, ROLE, World, nothing

HERE = Place(Context.GROUP_MESSAGE, "7")
SHA256 = "c" * 64
CLEAN = Look(SHA256, (replace(SEEN, labels=(), frames=Frames()),))


async def check(world: World, presser: Presser = MODERATOR, place: Place = HERE) -> str:
    answer = await world.desk.check(GUILD, presser, place, nothing())
    assert not answer.done
    assert length(answer.text) <= 1900
    assert world.hands.performed == []
    assert await world.store.ledger.cases(GUILD) == []
    return answer.text.replace("\u2068", "").replace("\u2069", "")


@pytest.mark.asyncio
async def test_a_check_tells_the_scores_and_the_rule(world: World) -> None:
    assert await check(world) == (
        "This picture would be removed.\n"
        "At the moment I only watch, so I would only show it.\n"
        "\n"
        "Why:\n"
        "• explicit sexual content: 0.93 (local: porn), removed from 0.85\n"
        "• not judged: only 8 of 120 frames could be looked at\n"
        "\n"
        "Scores:\n"
        "local: explicit sexual content 0.93; suggestive sexual content 0.21 · photo · 8 of 120 frames seen\n"
        "Not assessed: graphic violence; violence; extremism; hate; self-harm; offensive text; other\n"
        "\n"
        "This was only a test: nothing was done."
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("presser", [AUTHOR, MANAGER], ids=["member", "manager"])
async def test_members_do_not_probe_the_thresholds(presser: Presser, world: World) -> None:
    assert "Only moderators" in await check(world, presser)
    assert world.eyes.asked == [], "nothing was even looked at"


@pytest.mark.asyncio
async def test_a_moderators_role_may_check(world: World) -> None:
    await world.policy(staff=frozen({Duty.DECIDE: frozenset({"900"})}))
    assert "would be removed" in await check(world, ROLE)


@pytest.mark.asyncio
async def test_a_clean_picture_would_stay(world: World) -> None:
    world.eyes.sees = CLEAN
    text = await check(world)
    assert text.startswith("This picture would stay.")
    assert "no score reaches a threshold" in text
    assert "local: nothing seen" in text


@pytest.mark.asyncio
async def test_the_guilds_own_lists_count(world: World) -> None:
    world.eyes.sees = CLEAN
    await world.store.lists.put(ELSEWHERE, SHA256, Listed.BLOCKED, "1", "theirs")
    assert "would stay" in await check(world)
    await world.store.lists.put(GUILD, SHA256, Listed.BLOCKED, "1", "ours")
    assert "block list" in await check(world)
    world.eyes.sees = Look(SHA256, (SEEN,))
    await world.store.lists.put(GUILD, SHA256, Listed.ALLOWED, "1", "ours")
    text = await check(world)
    assert text.startswith("This picture would stay.")
    assert "allow list" in text


@pytest.mark.asyncio
async def test_the_pressers_own_exemption_plays_no_part(world: World) -> None:
    await world.policy(exempt=Exemptions(roles=frozenset({"900"}), authors=frozenset({MODERATOR.id})))
    assert "would be removed" in await check(world)


@pytest.mark.asyncio
async def test_age_restricted_channels_judge_as_they_do(world: World) -> None:
    world.eyes.sees = Look(SHA256, (replace(SEEN, frames=Frames()),))
    assert "would stay" in await check(world, place=replace(HERE, age_restricted=True))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": Mode.ENFORCE}, "This picture would be removed."),
        ({"mode": Mode.PAUSED}, "At the moment I am paused"),
        (
            {"actions": Actions(block=(Act.ESCALATE,))},
            "but would not be removed. What is set for that: show it to the mod",
        ),
        ({"actions": Actions(block=())}, "What is set for that: nothing."),
    ],
)
async def test_what_is_set_is_told(changes: dict[str, object], said: str, world: World) -> None:
    await world.policy(**changes)
    assert said in await check(world)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        (Remedy.LEAVE, "would stay, although nobody could judge it"),
        (Remedy.REVIEW, "would be shown to the moderators"),
        (Remedy.HOLD, "would be removed until a moderator has looked"),
    ],
)
async def test_unjudged_is_never_called_clean(remedy: Remedy, said: str, world: World) -> None:
    await world.policy(unscreened=frozen({UnscreenedReason.OUTAGE: remedy}))
    world.eyes.sees = Look(SHA256, (Unscreened("local", UnscreenedReason.OUTAGE, "busy"),))
    text = await check(world)
    assert said in text
    assert "local: not judged, no provider could answer (busy)" in text
    assert "would stay." not in text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (Gone(), "no longer there"),
        (Unfetchable(UnscreenedReason.OUTAGE, "timed out"), "could not load this picture just now (timed out)"),
        (Unfetchable(UnscreenedReason.UNDECODABLE, "over 32 MB"), "cannot take this picture: over 32 MB"),
    ],
)
async def test_bytes_that_do_not_come_are_told(raised: Exception, said: str, world: World) -> None:
    world.eyes.sees = raised
    assert said in await check(world)


@pytest.mark.asyncio
async def test_what_is_no_image_is_told(world: World) -> None:
    world.eyes.sees = Look("", (), skipped=True)
    assert "This is not an image" in await check(world)


@pytest.mark.asyncio
async def test_a_flood_of_scores_still_fits(world: World) -> None:
    word = "<@1> [x](https://e.example)" * 9
    labels = tuple(Label(c, word, 0.99) for c in Category)
    world.eyes.sees = Look(SHA256, tuple(replace(SEEN, provider=f"{n}{word}", labels=labels) for n in range(30)))
    assert "more lines" in await check(world)


@pytest.mark.asyncio
async def test_the_guilds_policy_is_what_is_asked_with(world: World) -> None:
    policy: Policy = await world.policy(language="de")
    await check(world)
    assert world.eyes.asked == [policy]
