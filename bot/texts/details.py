"""What a provider read from an image, for those who moderate: on the card, and nowhere else (ruling 21)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.texts.markup import Voice
from policies.model import Detail, DetailKind, Screening, Verdict

LONGEST = 160  # letters of one text
MOST = 6  # lines


def of_image(screenings: Sequence[Screening], voice: Voice) -> list[str]:
    """One line each, the telling ones first; then the vendor's own number of its answer, for its support."""
    verdicts = [s for s in screenings if isinstance(s, Verdict)]
    told = {detail: None for v in verdicts for detail in v.details}  # each once, in order
    lines = [_line(detail, voice) for kind in _TELLING for detail in told if detail.kind is kind]
    lines += _faces(sum(detail.kind is DetailKind.FACE for detail in told), voice)
    return [*lines[:MOST], *_requests(verdicts, voice)]


_TELLING = (DetailKind.WORDS, DetailKind.QR_CODE, DetailKind.TEXT)


def _line(detail: Detail, voice: Voice) -> str:
    _ = voice.texts.gettext
    text = voice.markup.quote(detail.text, LONGEST) if detail.text else _("not readable")
    if detail.kind is DetailKind.QR_CODE:
        return _("QR code: {text}", text=text)
    if detail.kind is DetailKind.TEXT:
        return _("Text in it: {text}", text=text)
    if detail.glossary:
        return _("Words found: {text} (list {name})", text=text, name=voice.markup.quote(detail.glossary, 40))
    return _("Words found: {text}", text=text)


def _faces(count: int, voice: Voice) -> list[str]:
    return [voice.texts.ngettext("{count} face", "{count} faces", count)] if count else []


def _requests(verdicts: Sequence[Verdict], voice: Voice) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.request_id:
            provider, ident = voice.markup.quote(verdict.provider, 40), voice.markup.quote(verdict.request_id, 64)
            yield voice.texts.gettext("Request of {provider}: {id}", provider=provider, id=ident)
