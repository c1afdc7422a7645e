"""Discord's limits on texts, in the UTF-16 units of its clients: the stricter way to count.

https://discord.com/developers/docs/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

TITLE, FIELD_NAME, FIELD_VALUE, FOOTER, EMBED, FIELDS = 256, 256, 1024, 2048, 6000, 25
CONTENT = 2000
BUTTON = 80
OPTION = 100  # the label, value, description and placeholder of a select
OPTION = 100  # of a choice: its label, its description
PROMPT = 200  # our own: above a choice
TEXTS = 4000  # all texts of one message made of components
NONCE = 25


def units(text: str) -> int:
    """The length of `text` as Discord's clients count it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clipped(text: str, limit: int) -> str:
    """`text` in at most `limit` units; what was cut shows as an ellipsis."""
    if units(text) <= limit:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (limit - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"
