"""What `/check` answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.model import ListEntry
from bot.texts import images, names, reasons, scores
from bot.texts.catalogue import Texts, mark
from bot.texts.lines import ANSWER, fit
from bot.texts.markup import Voice
from policies.model import Decision, Mode, Policy, Screening, Suggestion, UnscreenedReason

_CONCLUSIONS: Final = {
    Suggestion.PASS: mark("This picture would stay."),
    Suggestion.UNSCREENED: mark("This picture would stay, although nobody could judge it."),
    Suggestion.REVIEW: mark("This picture would be shown to the moderators."),
    Suggestion.BLOCK: mark("This picture would be removed."),
}


def gone(texts: Texts) -> str:
    """The picture is not there any more."""
    return texts.gettext("This picture is no longer there, so there is nothing to check.")


def no_image(texts: Texts) -> str:
    """The bytes are of something else."""
    return texts.gettext("This is not an image, so it would not be looked at.")


def unfetchable(reason: UnscreenedReason, detail: str, voice: Voice) -> str:
    """The bytes did not come."""
    _ = voice.texts.gettext
    if reason is UnscreenedReason.OUTAGE:
        return _("I could not load this picture just now ({why}). Try again in a minute.", why=_quoted(detail, voice))
    return _("I cannot take this picture: {why}.", why=_quoted(detail, voice))


def report(
    screenings: Sequence[Screening],
    decision: Decision,
    policy: Policy,
    voice: Voice,
    *,
    entry: ListEntry | None = None,
) -> str:
    """What would follow, the rules that would make it, and what every provider said. `entry`: what the guild's
    lists say of it."""
    _ = voice.texts.gettext
    lines = [_conclusion(decision, voice.texts)]
    if policy.mode is Mode.OBSERVE:
        lines.append(_("At the moment I only watch, so I would only show it."))
    if policy.mode is Mode.PAUSED:
        lines.append(_("At the moment I am paused, so I would not look at it."))
    why = reasons.sentences(decision.reasons, voice) or [_("no score reaches a threshold")]
    if entry is not None:
        why.append(f"• {images.on_a_list(entry, voice)}")
    lines += ["", _("Why:"), *why, "", _("Scores:"), *scores.of_image(screenings, voice)]
    lines += ["", _("This was only a test: nothing was done.")]
    return fit(lines, ANSWER, voice.texts)


def _conclusion(decision: Decision, texts: Texts) -> str:
    """Held for review means removed until somebody has looked; a block may be set to do no more than a card."""
    if decision.suggestion is Suggestion.REVIEW and decision.removes:
        return texts.gettext("This picture would be removed until a moderator has looked at it.")
    if decision.suggestion is Suggestion.BLOCK and not decision.removes:
        acts = "; ".join(texts.gettext(names.ACTS[s.act]) for s in decision.steps) or texts.gettext("nothing")
        return texts.gettext(
            "This picture breaks the rules here, but would not be removed. What is set for that: {acts}.", acts=acts
        )
    return texts.gettext(_CONCLUSIONS[decision.suggestion])


def together(reports: Sequence[str], left: int, texts: Texts) -> str:
    """Several pictures' reports in one answer, each with its fair share of the room; `left` were not looked at."""
    if len(reports) == 1 and not left:
        return reports[0]
    more = texts.ngettext(
        "… and {count} more picture that I did not look at.",
        "… and {count} more pictures that I did not look at.",
        left,
    )
    head = [
        texts.gettext("Picture {number} of {count}:", number=n, count=len(reports)) for n in range(1, len(reports) + 1)
    ]
    room = ANSWER - len(more) if left else ANSWER
    share = room // max(1, len(reports)) - max(map(len, head), default=0) - len("\n\n\n")
    parts = [f"{title}\n{fit(report.splitlines(), share, texts)}" for title, report in zip(head, reports, strict=True)]
    return "\n\n".join([*parts, more] if left else parts)


def _quoted(detail: str, voice: Voice) -> str:
    return voice.markup.quote(detail, 200)
