"""How cards, notices and private answers are laid out in Discord, within its limits.

The words come ready from `bot.texts`. Every message of ours carries a mark, from which `find` knows
it again in the channel's history: a nonce is echoed by the gateway only.
"""

from __future__ import annotations

import hashlib
import io
import re

import discord

from bot.model import Card
from bot.platforms.discord.direct import DIRECT
from bot.platforms.discord.limits import EMBED, FIELD_NAME, FIELD_VALUE, FIELDS, FOOTER, NONCE, TITLE, clipped, units
from bot.platforms.discord.views import CardButton, Details, SanctionSelect, Whose

COLOURS = {
    "red": discord.Colour.red(),
    "amber": discord.Colour.orange(),
    "green": discord.Colour.green(),
    "grey": discord.Colour.light_grey(),
}
EVIDENCE = "SPOILER_evidence"  # Discord hides what is called so until it is clicked
SUFFIXES = {"image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
BLANK = "\u200b"  # Discord refuses a field that is empty or only spaces


def mark(nonce: str) -> str:
    """What of a nonce is found again: letters, digits, `_` and `-`."""
    return re.sub(r"[^\w-]", "-", nonce, flags=re.ASCII)[:NONCE]


def number(nonce: str) -> int:
    """The mark as the id of a component, which nobody sees; far above those that Discord numbers by itself, and within
    the 32 bits that an id has (discord.com/developers/docs/components/reference#anatomy-of-a-component)."""
    digest = hashlib.sha256(mark(nonce).encode()).digest()
    return 1 << 30 | int.from_bytes(digest[:4]) >> 2


def embed_of(card: Card, nonce: str | None) -> discord.Embed:
    """The card's words. What does not fit is cut, last lines first; its mark, if `nonce` gives it one, never is.
    Which case it is stands in its title."""
    ours = mark(nonce) if nonce else ""
    remark = clipped(card.footer, FOOTER - len(" · ") - len(ours))
    embed = discord.Embed(title=clipped(card.title, TITLE), colour=COLOURS.get(card.colour, COLOURS["grey"]))
    if below := " · ".join(part for part in (remark, ours) if part):
        embed.set_footer(text=below)
    left = EMBED - units(embed.title or "") - units(embed.footer.text or "")
    for line in card.lines[:FIELDS]:
        name, value = clipped(line[0], FIELD_NAME), clipped(line[1], FIELD_VALUE)
        left -= units(name) + units(value) + 2 * len(BLANK)
        if left < 0:
            break
        embed.add_field(name=name if name.strip() else BLANK, value=value if value.strip() else BLANK, inline=False)
    return embed


def buttons_of(card: Card, guild_id: str, *, open_label: str, prompt: str) -> discord.ui.View:
    """The card's buttons; they work after a restart, since their ids say all. `open_label` stands on
    the one that leads to a post which is still visible, `prompt` in the select of what can be done to its author."""
    view = discord.ui.View(timeout=None)
    for button in card.buttons:
        view.add_item(CardButton(Whose(guild_id, card.case), button))
    if card.link is not None and guild_id != DIRECT.id:  # nobody else can open what somebody wrote to the bot
        channel, message = card.link
        view.add_item(discord.ui.Button(label=open_label, url=jump_url(guild_id, channel, message)))
    if card.sanctions:
        view.add_item(SanctionSelect(Whose(guild_id, card.case), card.sanctions, prompt))
    return view


def details_of(whose: Whose, nonce: str, label: str) -> discord.ui.View:
    """The button under a public notice; the mark hides in its id."""
    return discord.ui.View(timeout=None).add_item(Details(whose, label, mark(nonce)))


def jump_url(guild_id: str, channel: str, message: str) -> str:
    """The address of a message."""
    return f"https://discord.com/channels/{guild_id}/{channel}/{message}"


def evidence_of(card: Card, nonce: str) -> discord.File | None:
    """The card's picture, spoilered; its name bears the mark, so that nobody has to read that in the card."""
    if card.picture is None:
        return None
    return discord.File(io.BytesIO(card.picture), f"{EVIDENCE}-{mark(nonce)}{SUFFIXES.get(card.picture_type, '.jpg')}")


def suffix_of(evidence: str) -> str:
    """What follows the name of a card's picture: `.png`."""
    return evidence[evidence.rfind(".") :] if "." in evidence else ""


def bears(message: discord.Message, wanted: str) -> bool:
    """Whether `message` carries the mark of the nonce `wanted`."""
    if str(message.nonce) == wanted:
        return True
    return mark(wanted) in _marks(message) or number(wanted) in {getattr(part, "id", 0) for part in message.components}


def _marks(message: discord.Message) -> set[str]:
    footers = [embed.footer.text or "" for embed in message.embeds]
    last_line = message.content.rpartition("\n")[2].removeprefix("-# ")
    stems = [attachment.filename.partition(".")[0] for attachment in message.attachments]
    names = [stem.removeprefix(f"{EVIDENCE}-").removeprefix("SPOILER_") for stem in stems]
    ids = [str(getattr(item, "custom_id", "")) for row in message.components for item in getattr(row, "children", ())]
    return {
        last_line,
        *(f.rpartition(" · ")[2] for f in footers),
        *names,
        *(i.rpartition(":")[2] for i in ids),
    }
