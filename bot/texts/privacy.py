"""Who outside of the bot's own machine is shown pictures, and what stays there: for those whose pictures they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from bot.model import Recipient
from bot.texts.catalogue import Texts


def lines(recipients: Sequence[Recipient], texts: Texts, chosen: Collection[str] = ()) -> list[str]:
    """One line for each, or for those alone whom a guild has `chosen`; none where no picture leaves the machine."""
    _ = texts.gettext
    asked = [r for r in recipients if not chosen or r.provider in chosen]
    if not asked:
        return []
    head = _("Pictures may be shown to these services, never with who posted them or where:")
    return [head, *(f"• {_SAID[r.provider](r, texts)}" for r in asked)]


def _huawei(who: Recipient, texts: Texts) -> str:
    _ = texts.gettext
    ways = {
        "base64": _("Huawei Cloud, region {region}: it is sent the picture, drawn anew.", region=who.region),
        "relay": _(
            "Huawei Cloud, region {region}: it fetches the picture, drawn anew, from this bot, or is sent it where "
            "that fails.",
            region=who.region,
        ),
        "direct": _(
            "Huawei Cloud, region {region}: it fetches the original from Discord, or is sent the picture, drawn anew.",
            region=who.region,
        ),
    }
    return ways[who.delivery]


def _hitpaw(who: Recipient, texts: Texts) -> str:
    _ = texts.gettext
    ways = {
        "upload": _("HitPaw: a copy of the picture, drawn anew, lies there for up to 7 days."),
        "relay": _(
            "HitPaw: it fetches the picture, drawn anew, from this bot; where that fails, a copy lies there for up to "
            "7 days."
        ),
        "direct": _(
            "HitPaw: it fetches the original from Discord; where that fails, a copy, drawn anew, lies there for up to "
            "7 days."
        ),
    }
    return ways[who.delivery]


def _rekognition(who: Recipient, texts: Texts) -> str:
    return texts.gettext(
        "Amazon Web Services, region {region}: it is sent the picture, drawn anew, and may keep it unless whoever runs "
        "this bot has opted out.",
        region=who.region,
    )


def _openai(who: Recipient, texts: Texts) -> str:
    return texts.gettext("OpenAI: it is sent the picture, drawn anew.")


def _custom(who: Recipient, texts: Texts) -> str:
    return texts.gettext("A model that whoever runs this bot has set up: it is sent the picture, drawn anew.")


_SAID: Final[Mapping[str, Callable[[Recipient, Texts], str]]] = {
    "huawei": _huawei,
    "hitpaw": _hitpaw,
    "rekognition": _rekognition,
    "openai": _openai,
    "custom": _custom,
}
