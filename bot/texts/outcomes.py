"""What was done about a post or its author, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.model import Effect, EffectKind, Outcome, OutcomeState
from bot.texts.catalogue import mark
from bot.texts.markup import Voice

_DONE: Final = {
    EffectKind.DELETE: mark("The post was deleted."),
    EffectKind.UNREACT: mark("The reaction was taken off."),
    EffectKind.QUARANTINE: mark("The author was put into quarantine."),
    EffectKind.WARN: mark("The author was told in the channel."),
    EffectKind.TIMEOUT: mark("The author was timed out until {until}."),
    EffectKind.KICK: mark("The author was kicked."),
    EffectKind.BAN: mark("The author was banned."),
    EffectKind.SAY: mark("The author was invited to post the picture again."),
    EffectKind.RESTORE: mark("The picture was posted again."),
}
_SIMULATED: Final = {
    EffectKind.DELETE: mark("The post would have been deleted."),
    EffectKind.UNREACT: mark("The reaction would have been taken off."),
    EffectKind.QUARANTINE: mark("The author would have been put into quarantine."),
    EffectKind.WARN: mark("The author would have been told."),
    EffectKind.TIMEOUT: mark("The author would have been timed out until {until}."),
    EffectKind.KICK: mark("The author would have been kicked."),
    EffectKind.BAN: mark("The author would have been banned."),
    EffectKind.SAY: mark("The author would have been invited to post the picture again."),
    EffectKind.RESTORE: mark("The picture would have been posted again."),
}
_UNDERTAKING: Final = {
    EffectKind.DELETE: mark("Deleting the post"),
    EffectKind.UNREACT: mark("Taking the reaction off"),
    EffectKind.QUARANTINE: mark("Putting the author into quarantine"),
    EffectKind.WARN: mark("Telling the author"),
    EffectKind.TIMEOUT: mark("Timing the author out"),
    EffectKind.KICK: mark("Kicking the author"),
    EffectKind.BAN: mark("Banning the author"),
    EffectKind.SAY: mark("Writing to the author"),
    EffectKind.RESTORE: mark("Posting the picture again"),
}
_LIFTED: Final = mark("The author's timeout was lifted.")
_LIFTING: Final = mark("Lifting the author's timeout")
_ENDED: Final = {
    OutcomeState.REFUSED: mark("{act}: refused. {detail}"),
    OutcomeState.FAILED: mark("{act}: failed. {detail}"),
    OutcomeState.UNKNOWN: mark("{act}: I cannot tell whether it worked. {detail}"),
}
SPOKEN_OF: Final = frozenset(_DONE)
"""The kinds of effect that people are told about; cards are not news on a card."""


def of_effect(effect: Effect, voice: Voice) -> str:
    """One sentence on an effect as it stands."""
    return sentence(effect.kind, effect.body, effect.outcome, voice)


def sentence(kind: EffectKind, body: Mapping[str, Any], outcome: Outcome | None, voice: Voice) -> str:
    """One sentence: what was, would have been or could not be done. `kind` is one of `SPOKEN_OF`."""
    _ = voice.texts.gettext
    lifts = "until" in body and body["until"] is None  # a timeout without an end
    if outcome is not None and outcome.state in (OutcomeState.DONE, OutcomeState.SIMULATED):
        if lifts:
            return _(_LIFTED)
        table = _DONE if outcome.state is OutcomeState.DONE else _SIMULATED
        return _(table[kind], until=_until(body, voice))
    act = _(_LIFTING if lifts else _UNDERTAKING[kind])
    if outcome is None:
        return _("{act}: under way.", act=act)
    detail = voice.markup.quote(outcome.detail, 200) if outcome.detail else ""
    ended = mark("{act}: failed, I will try again. {detail}") if outcome.retry else _ENDED[outcome.state]
    return _(ended, act=act, detail=detail).rstrip()


def _until(body: Mapping[str, Any], voice: Voice) -> str:
    until = body.get("until")
    return voice.markup.moment(datetime.fromisoformat(str(until))) if until else ""
