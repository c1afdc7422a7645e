"""Keep secrets out of text, and text on one line."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
_LEAST = 6  # a shorter piece of base64 would be found in innocent text

# Credentials known by their shape, for those that nobody told us. What is in the group stays.
_SHAPES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(/bot)\d+(?::|%3A)[\w-]+",  # Telegram: /bot<id>:<token>/method
        r"()\b\d{6,12}:[\w-]{35}(?![\w-])",  # the same token alone
        r"(/(?:webhooks|interactions)/\d+/)[\w-]{20,}",  # Discord: a token as part of the path
        r"(\bauthorization['\"]?\s*[:=]\s*['\"]?)(?:(?:bot|bearer|basic)\s+)?[^\s'\",}]+",
        r"()\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}",  # a Discord bot token
    )
)

_LINES = "\t\n\r"
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f"
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f"  # direction and invisible
    "\ud800-\udfff]"  # halves of characters: no encoding takes them
)


def neutral(text: str, *, lines: bool = False) -> str:
    r"""`text` with control, direction and invisible characters written out (`\x1b`, `\u202e`).

    With `lines`, tabs and line breaks stay: for renderers that escape them themselves.
    """
    return _CONTROLS.sub(lambda m: m[0] if lines and m[0] in _LINES else _escaped(m[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


class Redactor:
    """Replaces every known secret in a text, in the forms in which it may turn up there."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, text: str) -> str:
        """`text` without secrets."""
        if self._known:
            text = self._known.sub(REDACTED, text)
        for shape in _SHAPES:
            text = shape.sub(rf"\1{REDACTED}", text)
        return text


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield from _base64_forms(secret.encode())


def _base64_forms(secret: bytes) -> Iterator[str]:
    """How `secret` looks inside base64, alone or anywhere in a longer text (as in Basic credentials).

    Its first and last characters there also hold bits of the neighbours, so they are cut off.
    """
    for before in range(3):
        skip, keep = (before * 8 + 5) // 6, (before + len(secret)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            core = encode(bytes(before) + secret).decode("ascii")[skip:keep]
            if len(core) >= _LEAST:
                yield core
