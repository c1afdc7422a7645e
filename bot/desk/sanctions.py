"""What a moderator can do to the author of a case, from its card: pure, so that every combination can be tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.desk.post import Matter, holds, matter
from bot.model import PUNISHABLE, AuthorKind, Capabilities, Case, CaseState, Effect, EffectKind, Plan
from bot.texts.catalogue import Texts
from bot.texts.notices import WARNING, warning
from policies.model import Act, Policy

HOUR, DAY = 60, 24 * 60  # minutes
MEASURED: Final = frozenset({Act.MUTE_IMAGES, Act.TIMEOUT, Act.BAN})


@dataclass(frozen=True, slots=True)
class Sanction:
    """One entry of the select. `amount`: minutes that it lasts, or seconds of posts that a ban deletes."""

    act: Act
    amount: int = 0

    @property
    def value(self) -> str:
        """How it is written in a custom id and in the record: `warn`, `timeout:60`, `ban:0`."""
        return f"{self.act}:{self.amount}" if self.act in MEASURED else self.act.value


LADDER: Final = (
    Sanction(Act.WARN),
    Sanction(Act.MUTE_IMAGES, DAY),
    Sanction(Act.MUTE_IMAGES, 7 * DAY),
    Sanction(Act.TIMEOUT, 10),
    Sanction(Act.TIMEOUT, HOUR),
    Sanction(Act.TIMEOUT, DAY),
    Sanction(Act.TIMEOUT, 7 * DAY),
    Sanction(Act.QUARANTINE),
    Sanction(Act.KICK),
    Sanction(Act.BAN),
    Sanction(Act.BAN, 3600),
    Sanction(Act.BAN, 86_400),
)
"""Mild to harsh."""
SWEEPING: Final = tuple(s for s in LADDER if s.act is Act.BAN and s.amount)
BY_VALUE: Final = {sanction.value: sanction for sanction in LADDER}

ASKS_AGAIN: Final = frozenset({Act.KICK, Act.BAN})
RIGHTS: Final = {
    Act.WARN: "punish",
    Act.MUTE_IMAGES: "punish",
    Act.TIMEOUT: "punish",
    Act.QUARANTINE: "roles",
    Act.KICK: "kick",
    Act.BAN: "ban",
}
"""The platform's right (`Presser.rights`) that each takes, unless the guild entrusted `Duty.PUNISH`."""

_SANCTIONED: Final = frozenset({CaseState.OPEN, CaseState.UPHELD})
_KINDS: Final = {
    Act.WARN: EffectKind.SAY,
    Act.MUTE_IMAGES: EffectKind.MUTE_IMAGES,
    Act.TIMEOUT: EffectKind.TIMEOUT,
    Act.QUARANTINE: EffectKind.QUARANTINE,
    Act.KICK: EffectKind.KICK,
    Act.BAN: EffectKind.BAN,
}


def possible(case: Case, policy: Policy, can: Capabilities) -> tuple[Sanction, ...]:
    """What the platform and the guild's policy let moderators do to the author of `case`, mild to harsh.

    Only members and channels can be punished, not for a test, and nobody whose case was overturned or never decided.
    A channel can be banned, and nothing else.
    """
    if case.author.kind not in PUNISHABLE or case.state not in _SANCTIONED or case.decision.is_test:
        return ()
    about = matter(case)
    if about is Matter.DIRECT:
        return ()
    missing = set(Act) - can.acts
    if case.author.kind is AuthorKind.CHANNEL:
        return tuple(s for s in LADDER if s.act is Act.BAN and s.act not in missing and not s.amount)
    if about not in (Matter.POST, Matter.REACTION):
        missing.add(Act.WARN)  # there is no channel to say it in
    if policy.quarantine_role is None:
        missing.add(Act.QUARANTINE)
    sweeps = () if can.ban_deletes else SWEEPING
    return tuple(s for s in LADDER if s.act not in missing and s not in sweeps)


def offered(case: Case, policy: Policy, can: Capabilities) -> tuple[Sanction, ...]:
    """What of it has not been done yet. Nobody is timed out who is thrown out, or banned twice."""
    done = {effect.kind for effect in case.effects if holds(effect)}
    return tuple(
        s
        for s in possible(case, policy, can)
        if given(case, s) is None and EffectKind.BAN not in done and (EffectKind.KICK not in done or s.act is Act.BAN)
    )


def given(case: Case, sanction: Sanction) -> Effect | None:
    """The effect that did the same in this case, or is about to; refused and failed ones may be tried again."""
    return next((e for e in case.effects if holds(e) and _same(e, sanction)), None)


def _same(effect: Effect, sanction: Sanction) -> bool:
    """A moderator's by its name; quarantine is the same whoever gave it."""
    by_rule = sanction.act is Act.QUARANTINE and effect.kind is EffectKind.QUARANTINE and bool(effect.body.get("on"))
    return by_rule or effect.body.get("sanction") == sanction.value


def plans(
    case: Case, sanction: Sanction, policy: Policy, texts: Texts, now: datetime, *, by: str, entrusted: bool
) -> tuple[Plan, ...]:
    """The act, as `by` pressed it, and every card that will tell of it. A person's press is real in observe too."""
    body = {"author": case.author.id, "sanction": sanction.value, "actor": by, "entrusted": entrusted, "real": True}
    act = Plan(_KINDS[sanction.act], {**body, **_particulars(case, sanction, policy, texts, now)})
    return (act, *_telling(case))


def _particulars(case: Case, sanction: Sanction, policy: Policy, texts: Texts, now: datetime) -> dict[str, Any]:
    match sanction.act:
        case Act.TIMEOUT | Act.MUTE_IMAGES:
            return {"until": (now + timedelta(minutes=sanction.amount)).isoformat()}
        case Act.QUARANTINE:
            return {"role": policy.quarantine_role or "", "on": True}
        case Act.BAN:
            return {"delete_seconds": sanction.amount}
        case Act.WARN:
            return {"channel": case.place.channel, "text": warning(texts), "said": WARNING}
    return {}


def _telling(case: Case) -> Iterator[Plan]:
    for card in case.cards:
        yield Plan(EffectKind.EDIT_CARD, {"channel": card.channel, "message": card.message, "drop_picture": False})
