"""Lines that fit: platforms cut or refuse what is too long."""

from __future__ import annotations

from collections.abc import Sequence

from bot.texts.catalogue import Texts

FIELD = 1000  # characters in one line of a card
ANSWER = 1900  # characters in one private answer


def fit(lines: Sequence[str], limit: int, texts: Texts) -> str:
    """As many whole `lines` as fit into `limit` characters, and how many were left out.

    Whole lines only: a cut inside one could tear an escape or an isolate apart.
    """
    text = "\n".join(lines)
    kept = len(lines)
    while len(text) > limit and kept:
        kept -= 1
        left = len(lines) - kept
        more = texts.ngettext("… and {count} more line", "… and {count} more lines", left)
        text = "\n".join([*lines[:kept], more])
    return text
