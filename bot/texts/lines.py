"""Lines that fit: platforms cut or refuse what is too long."""

from __future__ import annotations

from collections.abc import Sequence

from bot.texts.catalogue import Texts

FIELD = 1000  # in one line of a card
ANSWER = 1900  # in one private answer
PAGE = 3900  # on a page, which Discord lays out with more room


def length(text: str) -> int:
    """How long Discord finds `text`: it counts UTF-16 units, of which an emoji has two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(lines: Sequence[str], limit: int, texts: Texts) -> str:
    """As many whole `lines` as fit into `limit`, and how many were left out.

    Whole lines only: a cut inside one could tear an escape or an isolate apart.
    """
    text = "\n".join(lines)
    kept = len(lines)
    while length(text) > limit and kept:
        kept -= 1
        left = len(lines) - kept
        more = texts.ngettext("… and {count} more line", "… and {count} more lines", left)
        text = "\n".join([*lines[:kept], more])
    return text
