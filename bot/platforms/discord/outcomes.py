"""What Discord's answer, or its silence, means for an action."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import aiohttp
import discord

from bot.model import (
    Action,
    Delete,
    EditCard,
    Outcome,
    OutcomeState,
    Quarantine,
    RemoveMember,
    Retract,
    TimeoutMember,
    Unban,
    Unreact,
)
from policies.wording import Worded

DONE = Outcome(OutcomeState.DONE)
NOT_THERE = Worded("I am not in that server any more")
GONE_CODES = frozenset({10003, 10008, 10014})  # unknown channel, unknown message, unknown emoji
LEFT_CODES = frozenset({10007, 10013})  # unknown member, unknown user
UNBANNED_CODE = 10026  # unknown ban
REASON = 512  # characters of a reason in the audit log: Discord's limit
PERHAPS_ANSWERED_LATER = 500  # HTTP status from which the request may have been carried out all the same
TRY_LATER = 429

TRANSPORT_ERRORS = (discord.DiscordException, aiohttp.ClientError, OSError, asyncio.TimeoutError)


class _Told(Exception):
    """`said` is why, in words that can be said in every language."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class Refusal(_Told):
    """We do not even try: the text says which right is missing or why it must not be."""


class Impossible(_Told):
    """It can never succeed, though nobody forbids it."""


class NotYet(_Told):
    """Nothing was sent, and nothing is wrong with what was wanted: it is worth another try."""


def idempotent(action: Action) -> bool:
    """Whether doing it twice is the same as doing it once."""
    return isinstance(action, Delete | Unreact | TimeoutMember | Quarantine | RemoveMember | Unban | EditCard | Retract)


def refused(why: str) -> Outcome:
    """Not allowed; `why` says the cure."""
    return Outcome(OutcomeState.REFUSED, why)


def mark_of(case: int) -> str:
    """How the audit log and the list of bans name a case of ours, before all else."""
    return f"Beholder case {case}: "


def reason_of(case: int, what: str, actor: str | None = None) -> str:
    """What the audit log shows: the case, why, and which moderator asked for it."""
    by = f", asked for by {actor}" if actor else ""
    return f"{mark_of(case)}{what}{by}"[:REASON]


def reason_of_all(cases: Iterable[int], what: str) -> str:
    """What the audit log shows where one request serves several cases."""
    numbers = sorted(set(cases))
    if len(numbers) == 1:
        return reason_of(numbers[0], what)
    return f"Beholder cases {', '.join(map(str, numbers))}: {what}"[:REASON]


def outcome_of(error: Exception, action: Action) -> Outcome:
    """The outcome of `action`, where doing it raised `error` (one of TRANSPORT_ERRORS, Refusal, Impossible, NotYet)."""
    match error:
        case Refusal():
            return refused(error.said)
        case Impossible():
            return Outcome(OutcomeState.FAILED, error.said)
        case NotYet():
            return Outcome(OutcomeState.FAILED, error.said, retry=True)
        case discord.Forbidden():
            return refused(
                Worded(
                    "Discord forbids it ({why}): check my role and the channel's permissions",
                    why=error.text or error.code,
                )
            )
        case discord.NotFound():
            return _not_found(error, action)
        case discord.HTTPException() if error.status < PERHAPS_ANSWERED_LATER and error.status != TRY_LATER:
            return Outcome(OutcomeState.FAILED, _declined(error))
    return _interrupted(error, action)


def _declined(error: discord.HTTPException) -> Worded:
    return Worded("Discord refused the request: {why}", why=f"{error.status} {error.text}")


def _not_found(error: discord.NotFound, action: Action) -> Outcome:
    """What is to be gone and is gone is done."""
    goal_is_absence = isinstance(action, Delete | Unreact | Retract) or (
        isinstance(action, EditCard) and action.drop_picture
    )
    if goal_is_absence and error.code in GONE_CODES:
        return Outcome(OutcomeState.DONE, Worded("already gone"))
    if isinstance(action, RemoveMember) and not action.ban and error.code in LEFT_CODES:
        return Outcome(OutcomeState.DONE, Worded("they have left already"))
    if isinstance(action, Unban) and error.code == UNBANNED_CODE:
        return Outcome(OutcomeState.DONE, Worded("they are not banned any more"))
    return Outcome(OutcomeState.FAILED, Worded("it is gone: {what}", what=error.text or error.code))


def _interrupted(error: Exception, action: Action) -> Outcome:
    """No clear answer. What surely never arrived, or may be done twice, is worth another try."""
    detail = _named(error)
    if never_arrived(error) or idempotent(action):
        return Outcome(OutcomeState.FAILED, detail, retry=True)
    return Outcome(OutcomeState.UNKNOWN, Worded("the answer was lost ({why})", why=detail))


def never_arrived(error: Exception) -> bool:
    """Whether the request was certainly not carried out."""
    if isinstance(error, discord.RateLimited | aiohttp.ClientConnectorError | ConnectionRefusedError):
        return True
    return isinstance(error, discord.HTTPException) and error.status == TRY_LATER


def _named(error: Exception) -> str:
    if isinstance(error, discord.HTTPException):
        return Worded("Discord answered {status}", status=error.status)
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return Worded("Discord did not answer in time")
    return Worded("no connection to Discord: {why}", why=type(error).__name__)
