"""The languages the bot speaks: gettext catalogues over English sources.

Sentences stand in the code, in English, as arguments of `gettext`, `ngettext`, `mark` or `Worded`;
`python tools/catalogue.py` collects them into `locale/beholder.pot`. A language is added by putting
`locale/<language>/LC_MESSAGES/beholder.mo` there.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

from policies.wording import Worded, listed

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "beholder"


def mark(message: str) -> str:
    """`message` itself: only tells the extraction that it is translated where it is used."""
    return message


def languages(directory: Path = LOCALE) -> tuple[str, ...]:
    """Two-letter codes of the languages that there are catalogues of, beside English."""
    return tuple(sorted(found.parent.parent.name for found in directory.glob(f"??/LC_MESSAGES/{DOMAIN}.mo")))


class Texts:
    """One language. What has no translation is said in English."""

    def __init__(self, language: str = "en", *, directory: Path = LOCALE) -> None:
        self.language = language
        self._translations = _load(language, directory)

    def gettext(self, message: str, **parts: object) -> str:
        """`message` in this language, with its `{parts}` filled in."""
        return _filled(self._translations.gettext(message), message, parts)

    def ngettext(self, one: str, many: str, count: int, **parts: object) -> str:
        """The plural form that `count` asks for; `{count}` is filled in too."""
        source = one if count == 1 else many
        return _filled(self._translations.ngettext(one, many, count), source, {"count": count, **parts})

    def said(self, text: str) -> str:
        """`text` in this language, if it remembers what it is made of; else as it is."""
        return self.gettext(text.pattern, **self._parts(text)) if isinstance(text, Worded) else text

    def _parts(self, text: Worded) -> dict[str, object]:
        return {name: listed(self._part(part)) for name, part in text.parts.items()}

    def _part(self, part: object) -> object:
        if isinstance(part, tuple):
            return tuple(map(self._part, part))
        return self.said(part) if isinstance(part, str) else part


def _filled(message: str, source: str, parts: dict[str, object]) -> str:
    """A translation with a misspelt placeholder is a translator's slip, no reason to say nothing."""
    try:
        return message.format(**parts)
    except (LookupError, ValueError, AttributeError):
        return source.format(**parts)


@lru_cache(maxsize=64)
def _load(language: str, directory: Path) -> gettext.NullTranslations:
    """`de-AT` and `de_AT` fall back to `de`, and that to the English of the source."""
    full = language.replace("-", "_")
    return gettext.translation(DOMAIN, directory, languages=[full, full.split("_")[0]], fallback=True)
