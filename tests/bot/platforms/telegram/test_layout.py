"""What stands on a button is found again by a press, and no text of anybody breaks a message."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.sanctions import LADDER
from bot.desk.verbs import Verb
from bot.model import Button, Choose, Option, Page, Tenant
from bot.platforms.telegram.keys import LONGEST, PAGES, CardKey, Mark, PageKey, read
from bot.platforms.telegram.layout import clipped, plain, rich, whole_lines
from bot.platforms.telegram.pages import laid, stands_under, values
from bot.texts.lines import length
from bot.texts.markup import TelegramMarkup

MARKUP = TelegramMarkup()
FURTHEST = Tenant("telegram", "-1009999999999")
tenants = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda n: Tenant("telegram", str(n)))
verbs = st.sampled_from([*(v.value for v in Verb), *(f"sanction:{s.value}" for s in LADDER), "sanction"])


class Tags(HTMLParser):
    """Every tag that is opened is closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


# --- keys -------------------------------------------------------------------------------------------


@given(tenants, st.integers(0, 10**12 - 1), verbs, st.booleans())
def test_what_a_cards_button_says_is_read_again(tenant: Tenant, number: int, verb: str, sure: bool) -> None:
    key = CardKey(tenant, number, verb, sure)
    assert read(str(key)) == key


@given(tenants, st.sampled_from(sorted(PAGES)), st.sampled_from(Mark), st.text("abcdefgh-0123456789", max_size=20))
def test_what_a_pages_control_says_is_read_again(tenant: Tenant, page: str, mark: Mark, value: str) -> None:
    for key in (PageKey(tenant, page, "next"), PageKey(tenant, page, "providers", mark, value)):
        assert read(str(key)) == key


@given(st.text(max_size=64))
def test_what_nobody_wrote_is_nothing_or_what_it_says(text: str) -> None:
    key = read(text)
    assert key is None or str(key) == text


def test_the_longest_fits_into_callback_data() -> None:
    longest = [
        *(CardKey(FURTHEST, 10**10, f"sanction:{s.value}", sure=True) for s in LADDER),
        *(CardKey(FURTHEST, 10**12 - 1, verb, sure=True) for verb in Verb),
        PageKey(FURTHEST, "setup_providers", "providers", Mark.DROP, "rekognition"),
        PageKey(FURTHEST, "cases", "older.2147483647.overturned.-1009999999999"),
        PageKey(FURTHEST, "preset", "standard.2147483647"),
    ]
    assert max(len(str(key).encode()) for key in longest) <= LONGEST
    assert len(set(PAGES.values())) == len(PAGES)


# --- pages ------------------------------------------------------------------------------------------

OPTIONS = ("huawei", "hitpaw", "local")


@given(st.sets(st.sampled_from(OPTIONS)), st.sampled_from(OPTIONS))
def test_a_press_on_one_of_several_changes_just_that_one(chosen: set[str], pressed: str) -> None:
    options = tuple(Option(name, name, chosen=name in chosen) for name in OPTIONS)
    page = Page(
        "setup_providers", "Who?", "text", (Choose("providers", "Who looks?", options, most=3), Button("a", "b"))
    )
    keyboard = laid(page, FURTHEST).keyboard
    assert keyboard is not None
    keys = [key for row in keyboard.inline_keyboard for b in row if (key := read(str(b.callback_data)))]
    key = next(k for k in keys if isinstance(k, PageKey) and k.value == pressed)
    assert set(values(key, keyboard)) == chosen ^ {pressed}
    assert stands_under(keyboard, str(key))
    assert not stands_under(keyboard, str(PageKey(FURTHEST, "setup_finish", "protect")))
    assert not stands_under(None, str(key))


def test_a_choice_of_one_takes_it_and_says_what_each_means() -> None:
    options = (Option("a", "mild", "removes little"), Option("b", "strict", "removes much", chosen=True))
    shown = laid(Page("setup_preset", "How?", "text", (Choose("preset", "How strict?", options),)), FURTHEST)
    assert "• mild: removes little" in shown.text
    assert shown.keyboard is not None
    labels = [b.text for row in shown.keyboard.inline_keyboard for b in row]
    assert labels == ["⚪️ mild", "🔘 strict"]
    assert values(PageKey(FURTHEST, "setup_preset", "preset", Mark.TAKE, "a"), shown.keyboard) == ["a"]


# --- words ------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_written_telegram_can_parse_it(ours: str, theirs: str) -> None:
    html = rich(f"**{MARKUP.quote(theirs)}** {ours} {MARKUP.person('42')}")
    tags = Tags()
    tags.feed(html)
    assert (tags.open, tags.wrong) == ([], [])
    assert set(re.findall(r"</?(\w+)", html)) <= {"a", "b", "i", "code"}
    assert not re.search(r"&(?!(?:#\d+|#x[\da-f]+|lt|gt|amp|quot);)", html)


@given(st.text(min_size=1, max_size=60))
def test_what_others_wrote_has_no_power(theirs: str) -> None:
    html = rich(MARKUP.quote(theirs))
    assert "<" not in html
    seen = plain(MARKUP.quote(theirs))
    assert not re.search(r"[@/#]\w", seen)
    assert seen[0] == "\u2068"
    assert seen[-1] == "\u2069"


def test_our_own_words_keep_their_form() -> None:
    assert rich("**a** *b* `c` 2*3*4 <x> & y") == "<b>a</b> <i>b</i> <code>c</code> 2*3*4 &lt;x&gt; &amp; y"
    assert plain(f"**a** {MARKUP.quote('<b>*x*')}") == "a \u2068<b>*x*\u2069"


@pytest.mark.parametrize(
    ("channel", "message", "link"),
    [
        ("-1001234567890", "10", "https://t.me/c/1234567890/10"),
        ("-1001234567890/7", "10+11", "https://t.me/c/1234567890/10"),
        ("-1001234567890", "10#AgACAgQ", "https://t.me/c/1234567890/10"),
        ("-77", "10", None),
        ("-1001234567890", '"><b>', None),
        ("9", "1", None),
    ],
)
def test_only_supergroups_have_links_to_their_messages(channel: str, message: str, link: str | None) -> None:
    shown = MARKUP.jump(channel, channel, message, "open")
    assert shown == ("open" if link is None else f'<a href="{link}">open</a>')
    assert rich(shown) == shown


def test_people_are_mentioned_without_a_username_and_channels_are_named() -> None:
    assert rich(MARKUP.person("42")) == '<a href="tg://user?id=42">42</a>'
    assert "<" not in rich(MARKUP.person("-1001"))
    assert MARKUP.channel("-1001234567890/7") == '<a href="https://t.me/c/1234567890/7">-1001234567890/7</a>'
    assert MARKUP.channel("-5") == "-5"


@given(st.lists(st.text(max_size=80), max_size=40), st.integers(10, 300))
def test_what_is_cut_fits(lines: list[str], limit: int) -> None:
    assert length(whole_lines("\n".join(lines), limit)) <= limit
    assert length(clipped("\n".join(lines), limit)) <= limit
