"""What the Bot API's answer, or its silence, means for an action."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import aiohttp
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.model import (
    Action,
    Delete,
    EditCard,
    Outcome,
    OutcomeState,
    Quarantine,
    RemoveCover,
    RemoveMember,
    Retract,
    TimeoutMember,
    Unban,
    Unreact,
)
from bot.platforms.telegram.answers import (
    ABOVE,
    BASIC_GROUP,
    LACKING,
    NO_CHAT,
    NOT_FOUND,
    OWN_CHANNEL,
    TOO_OLD,
    UNCHANGED,
    UNDELETABLE,
    says,
)
from policies.wording import Worded

DONE: Final = Outcome(OutcomeState.DONE)
GONE: Final = Outcome(OutcomeState.DONE, Worded("already gone"))

ADMIN: Final = Worded("an administrator of the chat cannot be punished by me: take their rights from them first")
NO_LIMITS_HERE: Final = Worded("Telegram restricts members of supergroups only: make this group a supergroup")
LINKED: Final = Worded("the chat's own channel is not punished")


class Refusal(Exception):
    """We do not even try: `said` says what is missing or why it must not be, in words for every language."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class Impossible(Refusal):
    """It can never succeed, though nobody forbids it."""


def idempotent(action: Action) -> bool:
    """Whether doing it twice is the same as doing it once."""
    once = Delete | RemoveCover | Unreact | TimeoutMember | Quarantine | RemoveMember | Unban | EditCard | Retract
    return isinstance(action, once)


def outcome_of(error: Exception, action: Action) -> Outcome:
    """The outcome of `action`, where doing it raised `error`: a TelegramError but no ChatMigrated, or a Refusal."""
    match error:
        case Impossible():
            return Outcome(OutcomeState.FAILED, error.said)
        case Refusal():
            return Outcome(OutcomeState.REFUSED, error.said)
        case RetryAfter():
            seconds = seconds_of(error)
            told = Worded("Telegram lets me write again in {seconds} s", seconds=round(seconds))
            return Outcome(OutcomeState.FAILED, told, retry=True, after=seconds)
        case BadRequest():
            return _declined(error, action)
        case Forbidden():
            why = Worded(
                "Telegram forbids it ({why}): add me to the chat again, as an administrator", why=error.message
            )
            return Outcome(OutcomeState.REFUSED, why)
        case InvalidToken():
            why = Worded("Telegram does not know my token any more: whoever runs me must set the new one")
            return Outcome(OutcomeState.FAILED, why, retry=True)
    return _interrupted(error, action)


def _forbidden(error: Forbidden) -> Outcome:
    cure = Worded("Telegram forbids it ({why}): add me to the chat again, as an administrator", why=error.message)
    return Outcome(OutcomeState.REFUSED, cure)


def seconds_of(error: RetryAfter) -> float:
    """How long to wait; PTB gives an int or, by an environment variable, a timedelta."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _declined(error: BadRequest, action: Action) -> Outcome:
    if says(error, UNCHANGED):
        return Outcome(OutcomeState.DONE, ref=action.message if isinstance(action, EditCard) else None)
    absence = isinstance(action, Delete | Retract | RemoveCover) or (
        isinstance(action, EditCard) and action.drop_picture
    )
    if absence and says(error, NOT_FOUND):
        return GONE
    for texts, why in _REFUSED:
        if says(error, texts):
            return Outcome(OutcomeState.REFUSED, why)
    return Outcome(OutcomeState.FAILED, Worded("Telegram refused the request: {why}", why=error.message))


_REFUSED: Final = (
    (
        TOO_OLD,
        Worded("Telegram lets bots delete only what is younger than 48 hours: an administrator must delete it by hand"),
    ),
    (
        UNDELETABLE,
        Worded(
            "Telegram does not let me delete it: give me the right “Delete messages”; what is older than 48 hours only "
            "an administrator can delete"
        ),
    ),
    (LACKING, Worded("I lack a right for that in the chat: give me those that /doctor names")),
    (ABOVE, ADMIN),
    (BASIC_GROUP, NO_LIMITS_HERE),
    (OWN_CHANNEL, LINKED),
    (NO_CHAT, Worded("the chat, or the topic in it, is gone, or I am not in it any more")),
)


def _interrupted(error: Exception, action: Action) -> Outcome:
    """No clear answer. What surely never arrived, or may be done twice, is worth another try; a second post is not:
    the Bot API has no nonce and no way to look for what was posted."""
    detail = _named(error)
    if never_arrived(error) or idempotent(action):
        return Outcome(OutcomeState.FAILED, detail, retry=True)
    return Outcome(OutcomeState.UNKNOWN, Worded("the answer was lost ({why})", why=detail))


def never_arrived(error: Exception) -> bool:
    """Whether the request was certainly not carried out: no connection came about (the cause that
    `request.AiohttpRequest` hides from tracebacks, since it may hold the token)."""
    return isinstance(error, NetworkError) and isinstance(error.__context__, aiohttp.ClientConnectorError)


def _named(error: Exception) -> str:
    if isinstance(error, NetworkError | TelegramError):
        return Worded("no answer from Telegram ({why})", why=type(error).__name__)
    return Worded("no connection to Telegram: {why}", why=type(error).__name__)


MOVED: Final = Outcome(
    OutcomeState.REFUSED,
    Worded("the group has become a supergroup since then, and what was posted before is out of my reach"),
)

TELEGRAM_ERRORS: Final = (TelegramError, Refusal)
"""What `outcome_of` takes; of them `ChatMigrated` is followed before."""
