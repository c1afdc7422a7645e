"""Cards within Telegram's limits, whatever is on them, and references that hold all that is needed later."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.model import Button, Card, Tenant
from bot.platforms.telegram.cards import CAPTION, CardAt, jump, keyboard, neutral, words
from bot.platforms.telegram.keys import LONGEST, CardKey, read
from bot.platforms.telegram.layout import MESSAGE
from bot.sandbox.telegram.formatting import parse
from bot.texts.lines import length
from tests.bot.platforms.telegram.acting import CARD

TOWN = Tenant("telegram", "-1001234567890")
_texts = st.text(max_size=1500) | st.sampled_from(["", "<b>x", "&", "&amp;", "**bold**", "`", "😀" * 600])
_lines = st.lists(st.tuples(st.text(max_size=40), _texts), max_size=7).map(tuple)


@given(_lines, st.text(max_size=300), st.text(max_size=300), st.booleans())
def test_any_card_fits_and_telegram_can_parse_it(
    lines: tuple[tuple[str, str], ...], title: str, footer: str, pictured: bool
) -> None:
    shown, _ = parse(words(Card(7, title, lines, footer=footer), pictured=pictured), "HTML", None)
    assert length(shown) <= (CAPTION if pictured else MESSAGE)


def test_what_is_too_long_is_cut_and_everything_else_stays_whole() -> None:
    decided = "by Mo, 12:00"
    lines = (("Scores", "porn 0.9\n" * 300), ("Why", "x" * 900), ("Decided", decided))
    shown, _ = parse(words(replace(CARD, lines=lines), pictured=True), "HTML", None)
    assert decided in shown
    assert shown.count("…") == 2
    assert CARD.footer in shown
    assert length(shown) > CAPTION - 60


def test_what_fits_is_not_touched() -> None:
    shown, entities = parse(words(CARD, pictured=True), "HTML", None)
    assert shown.splitlines() == [
        *("Case 7 · removed", "", "Why", "porn 0.93 ≥ 0.85", "Where", "the town", "", "a remark")
    ]
    assert [e["type"] for e in entities] == ["bold", "bold", "bold", "italic"]


@given(st.integers(1, 2**31), st.none() | st.from_regex(r"[\w-]{1,90}", fullmatch=True))
def test_a_reference_is_read_as_it_was_written(message: int, file_id: str | None) -> None:
    assert CardAt.parse(str(CardAt(message, file_id))) == CardAt(message, file_id)


@pytest.mark.parametrize("text", ["", "x", "#AgAC", "10+11"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        CardAt.parse(text)


def test_buttons_say_which_chat_and_case_and_fit() -> None:
    verbs = ("would_be_right", "would_be_wrong", "remove_now")
    card = replace(CARD, case=999_999_999, buttons=tuple(Button(v, v * 9) for v in verbs))
    laid = keyboard(card, TOWN, open_label="Open", prompt="Author")
    assert laid is not None
    pressed = [b for row in laid.inline_keyboard for b in row]
    assert [read(str(b.callback_data)) for b in pressed] == [
        CardKey(TOWN, 999_999_999, verb) for verb in (*verbs, "sanction")
    ]
    assert all(len(str(b.callback_data).encode()) <= LONGEST for b in pressed)


def test_a_closed_card_has_no_buttons() -> None:
    assert keyboard(replace(CARD, buttons=(), sanctions=()), TOWN, open_label="Open", prompt="x") is None


@pytest.mark.parametrize(
    ("link", "address"),
    [
        (("-1001234", "10"), "https://t.me/c/1234/10"),
        (("-1001234/7", "10+11"), "https://t.me/c/1234/10"),
        (("-42", "10"), None),
        (("5", "10"), None),
        (None, None),
    ],
)
def test_only_supergroups_have_addresses(link: tuple[str, str] | None, address: str | None) -> None:
    assert jump(replace(CARD, link=link)) == address


def test_what_takes_a_pictures_place_shows_nothing() -> None:
    assert Image.open(io.BytesIO(neutral())).getcolors() == [(320 * 64, (128, 128, 128))]
