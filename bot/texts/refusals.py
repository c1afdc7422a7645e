"""What people are told who may not do what they ask for."""

from __future__ import annotations

from bot.texts.catalogue import Texts


def not_a_tuner(texts: Texts) -> str:
    """To who may not change the rules."""
    return texts.gettext(
        "Only someone who may manage this server, or has a role that was entrusted with the rules, can change them."
    )


def only_a_manager(what: str, texts: Texts) -> str:
    """To who may change the rules, but not this: with it they could give themselves more than they have."""
    return texts.gettext("Only someone who may manage this server can change {what}.", what=what)
