"""What each provider answered on an image, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.model import Judged
from bot.texts import details, names
from bot.texts.catalogue import mark
from bot.texts.markup import Voice
from policies.merge import TEST_CARD, opinions
from policies.model import Category, Label, Medium, Screening, Suggestion, Unscreened, Verdict

MOST_LABELS = 5

_MEDIA: Final = {Medium.PHOTO: mark("photo"), Medium.DRAWN: mark("drawing")}
_ADVICE: Final = {
    Suggestion.PASS: mark("advises to let it pass"),
    Suggestion.REVIEW: mark("advises a review"),
    Suggestion.BLOCK: mark("advises removal"),
}


def of_images(images: Sequence[Judged], voice: Voice) -> list[str]:
    """The scores of a post's images, the worst first; each under its number if there are several."""
    ranked = sorted(enumerate(images, 1), key=lambda pair: pair[1].decision.suggestion, reverse=True)
    lines: list[str] = []
    for number, image in ranked:
        if len(images) > 1:
            lines.append(voice.texts.gettext("Image {number} of {total}:", number=number, total=len(images)))
        lines += of_image(image.screenings, voice)
    return lines


def of_image(screenings: Sequence[Screening], voice: Voice) -> list[str]:
    """One line a provider, then what none of them looked for, and what was read from the image."""
    lines = [_line(s, voice) for s in screenings if not _is_silent_card(s)]
    if missing := not_assessed(screenings):
        listed = "; ".join(names.category(c, voice.texts) for c in missing)
        lines.append(voice.texts.gettext("Not assessed: {categories}", categories=listed))
    return [*lines, *details.of_image(screenings, voice)]


def not_assessed(screenings: Sequence[Screening]) -> tuple[Category, ...]:
    """Categories that no verdict looked for. Without any verdict that goes without saying: none."""
    said = opinions(screenings)
    return tuple(c for c in Category if c not in said.assessed) if said.verdicts else ()


def unscreened(screening: Unscreened, voice: Voice) -> str:
    """Why there is no answer, in plain words, with what the provider said of it."""
    why = voice.texts.gettext(names.UNSCREENED[screening.reason])
    return f"{why} ({voice.markup.quote(screening.detail, 120)})" if screening.detail else why


def _is_silent_card(screening: Screening) -> bool:
    """Nobody needs to hear of every picture that it is no test card."""
    return isinstance(screening, Verdict) and screening.provider == TEST_CARD and not screening.labels


def _line(screening: Screening, voice: Voice) -> str:
    provider = voice.markup.quote(screening.provider, 40)
    if isinstance(screening, Unscreened):
        why = unscreened(screening, voice)
        return voice.texts.gettext("{provider}: not judged, {why}", provider=provider, why=why)
    return voice.texts.gettext("{provider}: {answer}", provider=provider, answer=_answer(screening, voice))


def _answer(verdict: Verdict, voice: Voice) -> str:
    parts = ["; ".join(_label(label, voice) for label in _strongest(verdict)) or voice.texts.gettext("nothing seen")]
    if verdict.suggestion in _ADVICE:
        parts.append(voice.texts.gettext(_ADVICE[verdict.suggestion]))
    if verdict.medium in _MEDIA:
        parts.append(voice.texts.gettext(_MEDIA[verdict.medium]))
    if verdict.frames.partly:
        seen = voice.texts.ngettext(
            "{seen} of {count} frame seen",
            "{seen} of {count} frames seen",
            verdict.frames.total,
            seen=verdict.frames.seen,
        )
        parts.append(seen)
    return " · ".join(parts)


def _strongest(verdict: Verdict) -> list[Label]:
    """The strongest label of each category, strongest first."""
    best: dict[Category, Label] = {}
    for label in verdict.labels:
        if label.category not in best or label.confidence > best[label.category].confidence:
            best[label.category] = label
    return sorted(best.values(), key=lambda x: x.confidence, reverse=True)[:MOST_LABELS]


def _label(label: Label, voice: Voice) -> str:
    return f"{names.category(label.category, voice.texts)} {names.score(label.confidence)}"
