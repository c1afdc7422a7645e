"""Sentences that remember what they are made of, so that they can be said in another language too."""

from __future__ import annotations

from typing import Self


class Worded(str):
    """An English sentence, together with the pattern and the parts that it is made of.

    `Worded("there is no {noun}", noun=Worded("role"))` *is* its English text; `bot.texts.catalogue.Texts.said` says
    it in another language. Parts that are worded too are translated by themselves; of several parts in a tuple each.
    """

    __slots__ = ("parts", "pattern")

    pattern: str
    parts: dict[str, object]

    def __new__(cls, pattern: str, /, **parts: object) -> Self:
        """`pattern` with its `{parts}` filled in."""
        text = pattern.format(**{name: listed(part) for name, part in parts.items()}) if parts else pattern
        made = super().__new__(cls, text)
        made.pattern, made.parts = pattern, parts
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Kept or copied elsewhere, it is plain text."""
        return str, (str(self),)


def listed(part: object) -> object:
    """Several parts in one."""
    return ", ".join(map(str, part)) if isinstance(part, tuple) else part
