"""How a platform spells mentions and moments, and how parts that users made are kept harmless.

Whatever a user or a provider wrote is *quoted*: control characters go, markdown and mentions lose
their power, and first-strong isolates (U+2068, U+2069) keep right-to-left text from reordering the
sentence around it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.model import Tenant
from bot.texts.catalogue import Texts

FSI: Final = "\u2068"
PDI: Final = "\u2069"
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, lone surrogates, line and paragraph separators
_MENTION = re.compile(r"(<#\d{1,20}>|<@&?\d{1,20}>)")
_DISCORD_MARKDOWN = re.compile(r"([\\*_~`|<>#:\[\]()\-])")


def clean(text: str, limit: int) -> str:
    """`text` on one line, without controls, of at most `limit` characters."""
    seen = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in _BIDI.sub("", text))
    line = " ".join(seen.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


class Markup:
    """Plain text: what every platform can show."""

    def channel(self, ident: str) -> str:
        """A channel, by its id."""
        return f"#{ident}"

    def person(self, ident: str) -> str:
        """A member, by their id."""
        return f"@{ident}" if ident.isdecimal() else self.quote(ident)

    def role(self, ident: str) -> str:
        """A role, by its id."""
        return self.quote(ident)

    def jump(self, guild: str, channel: str, message: str, label: str) -> str:
        """`label`, leading to a message where the platform can."""
        return label

    def moment(self, at: datetime) -> str:
        """A point in time, for people."""
        return f"{at:%Y-%m-%d %H:%M} UTC"

    def small(self, line: str) -> str:
        """A line that may be overlooked."""
        return line

    def quote(self, text: str, limit: int = 80) -> str:
        """A part that a user or a provider wrote: cleaned, cut, without power, isolated."""
        return f"{FSI}{self._disarmed(clean(text, limit))}{PDI}"

    def account(self, text: str, limit: int = 200) -> str:
        """Why something could not be done: quoted, since a platform's own words may be in it."""
        return self.quote(text, limit)

    def _disarmed(self, text: str) -> str:
        return text


class DiscordMarkup(Markup):
    """Discord's mentions, timestamps (shown in the reader's own zone) and markdown."""

    def channel(self, ident: str) -> str:
        """A link to the channel."""
        return f"<#{ident}>"

    def person(self, ident: str) -> str:
        """A mention; in a card or a private answer it pings nobody. Who is no number is no account."""
        return f"<@{ident}>" if ident.isdecimal() else self.quote(ident)

    def role(self, ident: str) -> str:
        """A mention of the role; it pings nobody where the adapter allows no mentions."""
        return f"<@&{ident}>" if ident.isdecimal() else self.quote(ident)

    def jump(self, guild: str, channel: str, message: str, label: str) -> str:
        """A link with words of ours."""
        return f"[{label}](https://discord.com/channels/{guild}/{channel}/{message})"

    def moment(self, at: datetime) -> str:
        """Date and time as the reader's client is set."""
        return f"<t:{int(at.timestamp())}:f>"

    def account(self, text: str, limit: int = 200) -> str:
        """Channels, roles and members that it names stay readable; nobody is pinged where no mentions are allowed."""
        parts = _MENTION.split(clean(text, limit))  # every second one is a mention
        return FSI + "".join(p if n % 2 else self._disarmed(p) for n, p in enumerate(parts)) + PDI

    def small(self, line: str) -> str:
        """As small print."""
        return f"-# {line}"

    def _disarmed(self, text: str) -> str:
        """The zero-width space breaks `@everyone`, which Discord reads even after a backslash."""
        return _DISCORD_MARKDOWN.sub(r"\\\1", text).replace("@", "@\u200b")


class TelegramMarkup(Markup):
    """Telegram's HTML (core.telegram.org/bots/api#html-style): links alone; the adapter turns the `**` of our own
    sentences into tags, so whatever users wrote loses its asterisks and backticks to entities."""

    def channel(self, ident: str) -> str:
        """The number of a chat, or of its topic, with a link where there is one."""
        chat, _, topic = ident.partition("/")
        return self.jump(chat, chat, topic or "1", ident)

    def person(self, ident: str) -> str:
        """A mention, which needs no username. Who is no positive number is no account: a channel, an admin unnamed."""
        return f'<a href="tg://user?id={ident}">{ident}</a>' if ident.isdecimal() else self.quote(ident)

    def jump(self, guild: str, channel: str, message: str, label: str) -> str:
        """A link for members, which only supergroups and channels have. Of an album, to its first picture."""
        supergroup, first = _SUPERGROUP.match(channel), _FIRST.match(message)
        if supergroup is None or first is None:
            return label
        return f'<a href="https://t.me/c/{supergroup[1]}/{first[0]}">{label}</a>'

    def _disarmed(self, text: str) -> str:
        """The zero-width space breaks what Telegram makes a link by itself: @names, /commands, #tags, addresses."""
        return html.escape(_LINKS.sub("\u200b", text)).translate(_ENTITIES)


_SUPERGROUP: Final = re.compile(r"-100(\d{1,12})(?:/\d+)?$")
_FIRST: Final = re.compile(r"\d{1,12}(?=[+#]|$)")  # of an album, of a card with its picture
_LINKS: Final = re.compile(r"(?<=[@/#$])(?=\w)|(?<=\.)(?=[^\W\d])")
_ENTITIES: Final = str.maketrans({mark: f"&#{ord(mark)};" for mark in "*`"})

_MARKUPS: Final = {"discord": DiscordMarkup(), "telegram": TelegramMarkup()}
_PLAIN: Final = Markup()


@dataclass(frozen=True, slots=True)
class Voice:
    """A language and a platform's spelling together: what it takes to say something."""

    texts: Texts
    markup: Markup

    @classmethod
    def to(cls, tenant: Tenant, texts: Texts) -> Voice:
        """The voice in which `tenant` is spoken to."""
        return cls(texts, _MARKUPS.get(tenant.platform, _PLAIN))
