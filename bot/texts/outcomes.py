"""What was done about a post or its author, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.model import Effect, EffectKind, Outcome, OutcomeState
from bot.texts.catalogue import mark
from bot.texts.markup import Voice
from bot.texts.notices import PASSED_ON, WARNING

_DONE: Final = {
    EffectKind.DELETE: mark("The post was deleted."),
    EffectKind.UNREACT: mark("The reaction was taken off."),
    EffectKind.REMOVE_COVER: mark("The picture of the community was taken down."),
    EffectKind.MUTE_IMAGES: mark("The author cannot post images until {until}."),
    EffectKind.QUARANTINE: mark("The author was put into quarantine."),
    EffectKind.WARN: mark("The author was told in the channel."),
    EffectKind.TIMEOUT: mark("The author was timed out until {until}."),
    EffectKind.KICK: mark("The author was kicked."),
    EffectKind.BAN: mark("The author was banned."),
    EffectKind.UNBAN: mark("The author's ban was lifted."),
    EffectKind.SAY: mark("The author was invited to post the picture again."),
    EffectKind.RESTORE: mark("The picture was posted again."),
}
_SIMULATED: Final = {
    EffectKind.DELETE: mark("The post would have been deleted."),
    EffectKind.UNREACT: mark("The reaction would have been taken off."),
    EffectKind.REMOVE_COVER: mark("The picture of the community would have been taken down."),
    EffectKind.MUTE_IMAGES: mark("The author would have been kept from posting images until {until}."),
    EffectKind.QUARANTINE: mark("The author would have been put into quarantine."),
    EffectKind.WARN: mark("The author would have been told."),
    EffectKind.TIMEOUT: mark("The author would have been timed out until {until}."),
    EffectKind.KICK: mark("The author would have been kicked."),
    EffectKind.BAN: mark("The author would have been banned."),
    EffectKind.UNBAN: mark("The author's ban would have been lifted."),
    EffectKind.SAY: mark("The author would have been invited to post the picture again."),
    EffectKind.RESTORE: mark("The picture would have been posted again."),
}
_UNDERTAKING: Final = {
    EffectKind.DELETE: mark("Deleting the post"),
    EffectKind.UNREACT: mark("Taking the reaction off"),
    EffectKind.REMOVE_COVER: mark("Taking down the picture of the community"),
    EffectKind.MUTE_IMAGES: mark("Taking from the author the right to post images"),
    EffectKind.QUARANTINE: mark("Putting the author into quarantine"),
    EffectKind.WARN: mark("Telling the author"),
    EffectKind.TIMEOUT: mark("Timing the author out"),
    EffectKind.KICK: mark("Kicking the author"),
    EffectKind.BAN: mark("Banning the author"),
    EffectKind.UNBAN: mark("Lifting the author's ban"),
    EffectKind.SAY: mark("Writing to the author"),
    EffectKind.RESTORE: mark("Posting the picture again"),
}
_LIFTED: Final = {
    EffectKind.TIMEOUT: mark("The author's timeout was lifted."),
    EffectKind.MUTE_IMAGES: mark("The author can post images again."),
    EffectKind.QUARANTINE: mark("The author was taken out of quarantine."),
}
_LIFTING: Final = {
    EffectKind.TIMEOUT: mark("Lifting the author's timeout"),
    EffectKind.MUTE_IMAGES: mark("Giving the author back the right to post images"),
    EffectKind.QUARANTINE: mark("Taking the author out of quarantine"),
}
_SAID: Final = {
    WARNING: (mark("The author was warned in the channel."), mark("Warning the author")),
    PASSED_ON: (mark("The author was told that it is not allowed."), mark("Answering the author")),
}
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
    """One sentence: what was, would have been or could not be done, and by whom if a moderator pressed for it.

    `kind` is one of `SPOKEN_OF`.
    """
    said = _sentence(kind, body, outcome, voice)
    if not body.get("actor"):
        return said
    by = voice.markup.person(str(body["actor"]))
    return voice.texts.gettext("{what_was_done} Asked for by {person}.", what_was_done=said, person=by)


def _sentence(kind: EffectKind, body: Mapping[str, Any], outcome: Outcome | None, voice: Voice) -> str:
    _ = voice.texts.gettext
    if outcome is not None and outcome.state in (OutcomeState.DONE, OutcomeState.SIMULATED):
        simulated = outcome.state is OutcomeState.SIMULATED
        return _(_happened(kind, body, simulated=simulated), until=_until(body, voice))
    act = _(_undertaking(kind, body))
    if outcome is None:
        return _("{act}: under way.", act=act)
    detail = _why(outcome, voice)
    ended = mark("{act}: failed, I will try again. {detail}") if outcome.retry else _ENDED[outcome.state]
    return _(ended, act=act, detail=detail).rstrip()


def _why(outcome: Outcome, voice: Voice) -> str:
    """As a sentence of its own, whether or not it ends like one."""
    if not outcome.detail:
        return ""
    why = voice.markup.account(voice.texts.said(outcome.detail))
    return why if outcome.detail.rstrip().endswith((".", "!", "?")) else f"{why}."


def _happened(kind: EffectKind, body: Mapping[str, Any], *, simulated: bool) -> str:
    if _lifts(kind, body):
        return _LIFTED[kind]
    if simulated:
        return _SIMULATED[kind]
    return _SAID[body["said"]][0] if body.get("said") in _SAID else _DONE[kind]


def _undertaking(kind: EffectKind, body: Mapping[str, Any]) -> str:
    if _lifts(kind, body):
        return _LIFTING[kind]
    return _SAID[body["said"]][1] if body.get("said") in _SAID else _UNDERTAKING[kind]


def _lifts(kind: EffectKind, body: Mapping[str, Any]) -> bool:
    """Whether it takes back what was done: a timeout without an end, a quarantine switched off."""
    name = {EffectKind.TIMEOUT: "until", EffectKind.MUTE_IMAGES: "until", EffectKind.QUARANTINE: "on"}.get(kind)
    return name is not None and name in body and not body[name]


def stale_card(outcome: Outcome, voice: Voice) -> str:
    """A card that could not be brought up to date."""
    why = _why(outcome, voice)
    if outcome.retry:
        return voice.texts.gettext("The card is not up to date yet, I will try again. {why}", why=why).rstrip()
    return voice.texts.gettext("The card could not be changed. {why}", why=why).rstrip()


def _until(body: Mapping[str, Any], voice: Voice) -> str:
    until = body.get("until")
    return voice.markup.moment(datetime.fromisoformat(str(until))) if until else ""
