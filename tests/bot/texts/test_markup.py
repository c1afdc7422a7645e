"""What users wrote does no harm on a card."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Tenant
from bot.texts.catalogue import Texts
from bot.texts.lines import fit, length
from bot.texts.markup import FSI, PDI, DiscordMarkup, Markup, Voice
from tests.bot.cases import START

DISCORD = DiscordMarkup()
NAUGHTY = (
    "@everyone free nitro",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "<a:party:123456789012345678>",
    "[click me](https://evil.example/x)",
    "https://evil.example/steal",
    "**bold** __under__ ~~gone~~ ||spoiler|| `code`",
    "```\nblock\n```",
    "> quoted\n# heading\n- point",
    "\u202eevil\u202c.png",
    "\u2067right\u2069 \u2066left",
    "مرحبا (case 12) \u200f!",
    "line\nbreak\r\nand\ttab\x00nul\x1b[31m",
    "\ud800 lone surrogate",
    "Z\u0351\u036b\u0343a\u0360l\u0321g\u0322o" * 40,
    "👨‍👩‍👧‍👦" * 60,
    "\\@everyone \\<@1>",
    "",
)


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_words_lose_their_power_on_discord(text: str) -> None:
    said = DISCORD.quote(text)
    inside = said.removeprefix(FSI).removesuffix(PDI)
    assert said == f"{FSI}{inside}{PDI}"
    assert FSI not in inside
    assert PDI not in inside
    assert "@everyone" not in said
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>|`*_~#\[\]()]", inside), "a mark keeps its meaning"
    assert "https://" not in said
    said.encode("utf-8")


@given(st.text(max_size=300), st.integers(1, 120))
def test_a_quote_is_one_short_closed_line(text: str, limit: int) -> None:
    for markup in (Markup(), DISCORD):
        said = markup.quote(text, limit)
        assert said.count(FSI) == said.count(PDI) == 1
        assert not {unicodedata.category(c) for c in said} & {"Cc", "Cs", "Zl", "Zp"}
    assert len(Markup().quote(text, limit)) <= limit + 2


def test_plain_markup_leaves_words_as_they_are() -> None:
    assert Markup().quote("snake_case *stars*") == f"{FSI}snake_case *stars*{PDI}"


def test_discord_spells_people_channels_roles_and_moments_its_way() -> None:
    assert DISCORD.person("42") == "<@42>"
    assert DISCORD.channel("7") == "<#7>"
    assert DISCORD.role("9") == "<@&9>"
    assert DISCORD.moment(START) == f"<t:{int(START.timestamp())}:f>"


def test_who_is_no_account_is_not_mentioned() -> None:
    for markup in (Markup(), DISCORD):
        assert markup.person("cli <@1>").startswith(FSI)


def test_other_platforms_are_spoken_to_plainly() -> None:
    assert Voice.to(Tenant("telegram", "-5"), Texts()).markup.moment(START) == "2026-11-01 12:00 UTC"


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=50), max_size=60), st.integers(40, 400))
def test_what_is_fitted_fits_and_loses_whole_lines_only(lines: list[str], limit: int) -> None:
    said = fit(lines, limit, Texts())
    assert length(said) <= limit
    whole = "\n".join(lines)
    if length(whole) <= limit:
        assert said == whole
    else:
        *kept, more = said.split("\n")
        assert re.fullmatch(r"… and \d+ more lines?", more)
        assert whole.startswith("\n".join(kept))


def test_an_emoji_counts_twice_as_discord_counts_it() -> None:
    assert length("a👍") == 3


def test_an_account_names_places_and_roles_readably_and_nothing_else() -> None:
    said = DISCORD.account("I lack “Send Messages” in <#123456789012345678>: give it to <@&22>, **now** @everyone")
    assert "in <#123456789012345678>\\: give it to <@&22>," in said
    assert "\\*\\*now\\*\\*" in said
    assert "@everyone" not in said
    assert Markup().account("in <#1>") == f"{FSI}in <#1>{PDI}"


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_words_have_no_power_in_an_account_either(text: str) -> None:
    bare = re.sub(r"<(#|@&?)\d+>", "", DISCORD.account(text).removeprefix(FSI).removesuffix(PDI))
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>|`*_~#\[\]()]", bare)
    assert "@everyone" not in bare
