"""Which address of a platform's a vendor may be shown: of the allowed places alone, and never one that holds a token.

Whoever sees the address of a file of Telegram's controls the bot, since the token is part of it. So an address is
judged by what it may be (a list of places) and by what it may not (anything like a token, in any spelling).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, unquote, urlsplit

from providers.addresses import is_private_to
from providers.errors import BadRequest

_TELEGRAM = re.compile(r"/bot\d+:|\A[a-z]*:?//([^/?#]*[.@])?telegram\.org\b", re.IGNORECASE)
_TOKEN = re.compile(r"\d{6,}:[\w-]{30,}|(?<![\w-])[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}")  # Telegram's; Discord's
_PLAIN = re.compile(r"[!-~]+")  # neither space nor control nor foreign character


def holds_token(link: str) -> bool:
    """Whether `link` is one of Telegram's, or there is something like a bot's token in it."""
    bare = _bare(link)
    return _TELEGRAM.search(bare) is not None or _TOKEN.search(bare) is not None


def shown(link: str, places: Iterable[str]) -> SplitResult:
    """The parts of `link`, if a vendor may be shown it; `places` end in `/`.

    Raises BadRequest, which never repeats the link.
    """
    if holds_token(link):
        raise BadRequest("A link that holds the bot's token is never shown to a vendor; choose another delivery.")
    parts = _parts(link)
    if parts is None or not any(_leads_to(parts, place) for place in places):
        raise BadRequest("The link leads to no place that may be shown to a vendor; choose another delivery.")
    return parts


def is_place(place: str) -> bool:
    """Whether links below `place` may be shown at all."""
    return is_private_to(place) and place.endswith("/") and "telegram" not in place.casefold()


def _bare(link: str) -> str:
    """`link` with every layer of percent-encoding taken off."""
    while (plain := unquote(link)) != link:
        link = plain
    return link


def _parts(link: str) -> SplitResult | None:
    """Of a link in which nothing can be read in two ways, else None."""
    bare = _bare(link)
    if not _PLAIN.fullmatch(link) or "\\" in bare or "#" in link or "@" in link.partition("?")[0]:
        return None
    try:
        parts = urlsplit(link)
        _ = parts.port
    except ValueError:
        return None
    return None if ".." in bare.partition("?")[0].split("/") else parts


def _leads_to(parts: SplitResult, place: str) -> bool:
    allowed = urlsplit(place)
    return (parts.scheme, parts.hostname, parts.port) == (
        allowed.scheme,
        allowed.hostname,
        allowed.port,
    ) and parts.path.startswith(allowed.path)
