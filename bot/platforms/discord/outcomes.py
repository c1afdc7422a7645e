"""What Discord's answer, or its silence, means for an action."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.model import Action, Delete, EditCard, Outcome, OutcomeState, RemoveMember, Retract, TimeoutMember

DONE = Outcome(OutcomeState.DONE)
GONE_CODES = frozenset({10003, 10008})  # unknown channel, unknown message
LEFT_CODES = frozenset({10007, 10013})  # unknown member, unknown user
PERHAPS_ANSWERED_LATER = 500  # HTTP status from which the request may have been carried out all the same
TRY_LATER = 429

TRANSPORT_ERRORS = (discord.DiscordException, aiohttp.ClientError, OSError, asyncio.TimeoutError)


class Refusal(Exception):
    """We do not even try: the text says which right is missing or why it must not be."""


class Impossible(Exception):
    """It can never succeed, though nobody forbids it."""


def idempotent(action: Action) -> bool:
    """Whether doing it twice is the same as doing it once."""
    return isinstance(action, Delete | TimeoutMember | RemoveMember | EditCard | Retract)


def refused(why: str) -> Outcome:
    """Not allowed; `why` says the cure."""
    return Outcome(OutcomeState.REFUSED, why)


def reason_of(case: int, what: str) -> str:
    """What the audit log shows."""
    return f"Beholder case {case}: {what}"


def outcome_of(error: Exception, action: Action) -> Outcome:
    """The outcome of `action`, where doing it raised `error` (one of TRANSPORT_ERRORS, Refusal, Impossible)."""
    match error:
        case Refusal():
            return refused(str(error))
        case Impossible():
            return Outcome(OutcomeState.FAILED, str(error))
        case discord.Forbidden():
            why = error.text or error.code
            return refused(f"Discord forbids it ({why}): check my role and the channel's permissions")
        case discord.NotFound():
            return _not_found(error, action)
        case discord.HTTPException() if error.status < PERHAPS_ANSWERED_LATER and error.status != TRY_LATER:
            return Outcome(OutcomeState.FAILED, f"Discord refused the request: {error.status} {error.text}")
    return _interrupted(error, action)


def _not_found(error: discord.NotFound, action: Action) -> Outcome:
    """What is to be gone and is gone is done."""
    goal_is_absence = isinstance(action, Delete | Retract) or (isinstance(action, EditCard) and action.drop_picture)
    if goal_is_absence and error.code in GONE_CODES:
        return Outcome(OutcomeState.DONE, "already gone")
    if isinstance(action, RemoveMember) and not action.ban and error.code in LEFT_CODES:
        return Outcome(OutcomeState.DONE, "they have left already")
    return Outcome(OutcomeState.FAILED, f"it is gone: {error.text or error.code}")


def _interrupted(error: Exception, action: Action) -> Outcome:
    """No clear answer. What surely never arrived, or may be done twice, is worth another try."""
    detail = _named(error)
    if never_arrived(error) or idempotent(action):
        return Outcome(OutcomeState.FAILED, detail, retry=True)
    return Outcome(OutcomeState.UNKNOWN, f"the answer was lost ({detail})")


def never_arrived(error: Exception) -> bool:
    """Whether the request was certainly not carried out."""
    if isinstance(error, discord.RateLimited | aiohttp.ClientConnectorError | ConnectionRefusedError):
        return True
    return isinstance(error, discord.HTTPException) and error.status == TRY_LATER


def _named(error: Exception) -> str:
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status}"
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "Discord did not answer in time"
    return f"no connection to Discord: {type(error).__name__}"
