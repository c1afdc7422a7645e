"""What each answer means, as a table: discord.py's and aiohttp's real exceptions."""

from __future__ import annotations

import errno
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from bot.model import Action, Card, Delete, EditCard, OutcomeState, PostCard, Retract, Tenant
from bot.platforms.discord.outcomes import Impossible, Refusal, outcome_of

GUILD = Tenant("discord", "1")
CARD = Card(1, "t", ())
DELETE = Delete(GUILD, "2", "3", 1)
RETRACT = Retract(GUILD, "2", "3")
POST = PostCard(GUILD, "2", CARD, "n")
EDIT = EditCard(GUILD, "2", "3", CARD)
DONE, REFUSED, FAILED, UNKNOWN = OutcomeState.DONE, OutcomeState.REFUSED, OutcomeState.FAILED, OutcomeState.UNKNOWN


def http(status: int, code: int = 0) -> discord.HTTPException:
    kinds = {403: discord.Forbidden, 404: discord.NotFound}
    kind = kinds.get(status, discord.DiscordServerError if status >= 500 else discord.HTTPException)
    response: Any = SimpleNamespace(status=status, reason="r")
    return kind(response, {"message": "why", "code": code})


def unreachable() -> aiohttp.ClientConnectorError:
    key: Any = SimpleNamespace(host="h", port=1, ssl=None, is_ssl=False)
    return aiohttp.ClientConnectorError(key, OSError(errno.ECONNREFUSED, "refused"))


@pytest.mark.parametrize(
    ("error", "action", "state", "retry"),
    [
        (http(403, 50013), DELETE, REFUSED, False),
        (http(404, 10008), DELETE, DONE, False),
        (http(404, 10003), DELETE, DONE, False),
        (http(404, 10008), RETRACT, DONE, False),
        (http(404, 0), DELETE, FAILED, False),
        (http(404, 10003), POST, FAILED, False),
        (http(404, 10008), EDIT, DONE, False),
        (http(404, 10008), EditCard(GUILD, "2", "3", CARD, drop_picture=False), FAILED, False),
        (http(400, 50035), POST, FAILED, False),
        (http(401), DELETE, FAILED, False),
        (http(429), DELETE, FAILED, True),
        (http(429), POST, FAILED, True),
        (discord.RateLimited(99.0), POST, FAILED, True),
        (http(500), DELETE, FAILED, True),
        (http(503), EDIT, FAILED, True),
        (http(503), POST, UNKNOWN, False),
        (unreachable(), POST, FAILED, True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), DELETE, FAILED, True),
        (ConnectionResetError(errno.ECONNRESET, "reset"), POST, UNKNOWN, False),
        (aiohttp.ServerDisconnectedError(), POST, UNKNOWN, False),
        (TimeoutError(), DELETE, FAILED, True),
        (TimeoutError(), POST, UNKNOWN, False),
        (Refusal("cure"), POST, REFUSED, False),
        (Impossible("why"), POST, FAILED, False),
    ],
)
def test_answers(error: Exception, action: Action, state: OutcomeState, retry: bool) -> None:
    outcome = outcome_of(error, action)
    assert (outcome.state, outcome.retry) == (state, retry)
    assert outcome.detail
