"""Discord's markdown as HTML: what it knows, and that nothing else gets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.markdown import Names, html, inline
from bot.texts.markup import DiscordMarkup

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
NAMES = Names(NOW, users={1: "Ann"}, channels={2: "general"}, roles={3: "Mods"})
TAGS = {
    *("p", "br", "strong", "em", "u", "s", "code", "pre", "a", "span", "time", "small", "blockquote", "ul", "li"),
    *("h1", "h2", "h3"),
}


class Reader(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert {name for name, _ in attrs} <= {"href", "class"}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**bold** and *slanted* and _too_", "<strong>bold</strong> and <em>slanted</em> and <em>too</em>"),
        ("**a *b* c**", "<strong>a <em>b</em> c</strong>"),
        ("__under__ ~~struck~~", "<u>under</u> <s>struck</s>"),
        ("snake_case_stays 2 * 3 * 4", "snake_case_stays 2 * 3 * 4"),
        (r"\*no\* \_no\_ \<@1\>", "*no* _no_ &lt;@1&gt;"),
        ("**a \\*\\* b**", "<strong>a ** b</strong>"),
        ("`**raw** <b>`", "<code>**raw** &lt;b&gt;</code>"),
        ("<@1> <@!1> <@9>", " ".join(f'<span class="mention">@{n}</span>' for n in ("Ann", "Ann", "unknown-user"))),
        ("<#2> <@&3>", '<span class="mention">#general</span> <span class="mention">@Mods</span>'),
        ("</policy show:12>", '<span class="mention">/policy show</span>'),
        ("<a:wave:5>", '<span class="emoji">:wave:</span>'),
        ("||secret||", '<span class="hidden">secret</span>'),
        ("[here](https://a.example/?x=1&y=2)", '<a href="https://a.example/?x=1&amp;y=2">here</a>'),
        ("<https://a.example>", '<a href="https://a.example">https://a.example</a>'),
        ("<t:1795523400:f>", "<time>24 November 2026 12:30</time>"),
        ("<t:1795523400>", "<time>24 November 2026 12:30</time>"),
        ("<t:1795523400:D>", "<time>24 November 2026</time>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
    ],
)
def test_what_stands_in_a_line(written: str, shown: str) -> None:
    assert inline(written, NAMES) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one\ntwo", "<p>one<br>two</p>"),
        ("## Title\ntext", "<h2>Title</h2><p>text</p>"),
        ("-# small print", "<small>small print</small>"),
        ("- a\n- **b**\nc", "<ul><li>a</li><li><strong>b</strong></li></ul><p>c</p>"),
        ("> said\n> so", "<blockquote>said<br>so</blockquote>"),
        ("```py\nx < 1\n```", "<pre>x &lt; 1\n</pre>"),
        ("#general is no heading", "<p>#general is no heading</p>"),
        ("", ""),
    ],
)
def test_what_makes_a_block(written: str, shown: str) -> None:
    assert html(written, NAMES) == shown


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=5), "a few seconds ago"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=-3), "in 3 days"),
        (timedelta(seconds=-5), "in a few seconds"),
    ],
)
def test_how_long_ago(ago: timedelta, told: str) -> None:
    assert inline(f"<t:{int((NOW - ago).timestamp())}:R>", NAMES) == f"<time>{told}</time>"


WILD = st.text(st.sampled_from("ab1 <>&\"'`*_~|[]()\\/#:@!-\nhttps://t."), max_size=60) | st.text(max_size=40)


@given(WILD)
def test_whatever_is_written_is_well_formed_and_has_no_other_tags(text: str) -> None:
    read = Reader(html(text, NAMES))
    assert read.tags <= TAGS
    assert not read.open
    assert all(link.startswith(("https://", "http://")) for link in read.links)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=40))
def test_what_the_bot_quotes_is_shown_as_it_was_written(text: str) -> None:
    quoted = DiscordMarkup().quote(text)
    bare = Reader(inline(quoted, NAMES)).text.replace("\u200b", "").strip("\u2068\u2069")
    assert Reader(inline(quoted, NAMES)).tags == set()
    assert bare == DiscordMarkup().quote("x").replace("x", bare).strip("\u2068\u2069")
