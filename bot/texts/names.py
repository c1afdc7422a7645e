"""The plain words for what the code calls by its terms."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Final

from bot.model import AuthorKind
from bot.texts.catalogue import Texts, mark
from policies.model import (
    Act,
    Category,
    Context,
    Duty,
    Mode,
    Remedy,
    Surface,
    Threshold,
    UnscreenedReason,
    WhenSpent,
)

CATEGORIES: Final = {
    Category.SEXUAL_EXPLICIT: mark("explicit sexual content"),
    Category.SEXUAL_SUGGESTIVE: mark("suggestive sexual content"),
    Category.VIOLENCE_GRAPHIC: mark("graphic violence"),
    Category.VIOLENCE: mark("violence"),
    Category.EXTREMISM: mark("extremism"),
    Category.HATE: mark("hate"),
    Category.SELF_HARM: mark("self-harm"),
    Category.ADVERTISING: mark("advertising or scam"),
    Category.OFFENSIVE_TEXT: mark("offensive text"),
    Category.OTHER: mark("other"),
}

CONTEXTS: Final = {
    Context.HEAD_IMAGE: mark("profile picture"),
    Context.ALBUM: mark("album"),
    Context.DYNAMIC: mark("status post"),
    Context.ARTICLE: mark("article or forum post"),
    Context.COMMENT: mark("comment"),
    Context.ROOM_COVER: mark("server or chat picture"),
    Context.GROUP_MESSAGE: mark("message in a channel"),
    Context.MESSAGE: mark("private message"),
    Context.PRODUCT: mark("product picture"),
}

UNSCREENED: Final = {
    UnscreenedReason.PENDING: mark("a provider is still working on it"),
    UnscreenedReason.OUTAGE: mark("no provider could answer"),
    UnscreenedReason.UNSUPPORTED: mark("I cannot open this kind of file"),
    UnscreenedReason.UNDECODABLE: mark("it cannot be opened as an image"),
    UnscreenedReason.TINY: mark("it is too small to judge"),
    UnscreenedReason.SPENT: mark("the money for asking is used up"),
}

ACTS: Final = {
    Act.DELETE: mark("delete the post"),
    Act.WARN: mark("tell the author"),
    Act.ESCALATE: mark("show it to the moderators"),
    Act.MUTE_IMAGES: mark("take from the author the right to post images"),
    Act.TIMEOUT: mark("time the author out"),
    Act.QUARANTINE: mark("put the author into quarantine"),
    Act.KICK: mark("kick the author"),
    Act.BAN: mark("ban the author"),
}

MODES: Final = {
    Mode.ENFORCE: mark("enforce (I act on what I find)"),
    Mode.OBSERVE: mark("observe (I only show what I would do)"),
    Mode.PAUSED: mark("paused (I look at nothing)"),
}

REMEDIES: Final = {
    Remedy.LEAVE: mark("leave and count"),
    Remedy.REVIEW: mark("show it to the moderators"),
    Remedy.HOLD: mark("remove until a moderator has looked"),
}

AUTHORS: Final = {
    AuthorKind.MEMBER: mark("member"),
    AuthorKind.BOT: mark("bot"),
    AuthorKind.WEBHOOK: mark("webhook"),
    AuthorKind.CHANNEL: mark("another channel"),
    AuthorKind.GUILD: mark("the server or chat itself"),
}

SURFACES: Final = {
    Surface.STICKERS: mark("stickers"),
    Surface.EMOJI: mark("custom emoji in messages"),
    Surface.REACTIONS: mark("custom emoji as reactions"),
    Surface.AVATARS: mark("profile pictures"),
    Surface.BANNERS: mark("profile banners"),
    Surface.COVERS: mark("the server's own pictures"),
}

DUTIES: Final = {
    Duty.SEE: mark("see cases and what was found"),
    Duty.DECIDE: mark("decide cases and check pictures"),
    Duty.PUNISH: mark("warn, time out, kick and ban from a card"),
    Duty.TUNE: mark("change the rules"),
}

WHEN_SPENT: Final = {
    WhenSpent.LOCAL: mark("the free providers decide alone"),
    WhenSpent.NEW_MEMBERS: mark("the last fifth is kept for posts by new members, then the free providers decide"),
    WhenSpent.REVIEW: mark("moderators are shown what the free providers leave in doubt"),
}

# Marked here a second time, since `policies` knows no languages; a test holds the two together.
PRESETS: Final = {
    "relaxed": mark("Removes only what is all but certain, and asks moderators seldom."),
    "standard": mark("Removes the gravest images when sure, and shows moderators the doubtful."),
    "strict": mark("Removes sooner and for more reasons, and is stricter with members of their first day."),
    "family": mark("For communities with children: the strictest, in age-restricted channels too."),
    "art": mark("Like standard for photographs; a drawing is at most shown to moderators, never removed by itself."),
}

_HUNDREDTH = Decimal("0.01")


def category(which: Category, texts: Texts) -> str:
    """A category in plain words."""
    return texts.gettext(CATEGORIES[which])


def score(value: float) -> str:
    """A confidence with two digits, rounded *down*: 0.849 must not read as having reached 0.85."""
    return str(Decimal(repr(value)).quantize(_HUNDREDTH, ROUND_DOWN))


def limits(both: Threshold, texts: Texts) -> str:
    """Both limits of a category."""
    _ = texts.gettext
    look = _("never shown") if both.review is None else _("a look from {review:g}", review=both.review)
    removal = _("never removed") if both.remove is None else _("removal from {remove:g}", remove=both.remove)
    return _("{look}, {removal}", look=look, removal=removal)


def span(minutes: int, texts: Texts) -> str:
    """How long something lasts, in the largest unit that it is a whole number of."""
    days, hours = divmod(minutes, 1440), divmod(minutes, 60)
    if minutes and not days[1]:
        return texts.ngettext("{count} day", "{count} days", days[0])
    if minutes and not hours[1]:
        return texts.ngettext("{count} hour", "{count} hours", hours[0])
    return texts.ngettext("{count} minute", "{count} minutes", minutes)


def threshold(value: float | None, texts: Texts) -> str:
    """A threshold as it was set, or `never`."""
    return texts.gettext("never") if value is None else f"{value:g}"
