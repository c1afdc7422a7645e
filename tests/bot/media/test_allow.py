"""Which addresses may be fetched at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.fetch import Allow, Fetcher, address

DISCORD = [
    "https://cdn.discordapp.com",
    "https://media.discordapp.net",
    "https://images-ext-*.discordapp.net",
]


def permits(base: str, text: str) -> bool:
    return Fetcher([Allow.parse(base)]).permits(text)


@pytest.mark.parametrize(
    ("base", "rule"),
    [
        ("https://cdn.discordapp.com", Allow("https", "cdn.discordapp.com", 443, "/")),
        ("https://CDN.discordapp.com/", Allow("https", "cdn.discordapp.com", 443, "/")),
        ("http://127.0.0.1:8123/cdn", Allow("http", "127.0.0.1", 8123, "/cdn/")),
        ("http://[::1]:8123/cdn/", Allow("http", "::1", 8123, "/cdn/")),
        ("https://images-ext-*.discordapp.net", Allow("https", "images-ext-*.discordapp.net", 443, "/")),
    ],
)
def test_rules_come_from_base_addresses(base: str, rule: Allow) -> None:
    assert Allow.parse(base) == rule


@pytest.mark.parametrize("base", ["cdn.discordapp.com", "ftp://x", "https://", "https://u:p@x", "https://x/?a=1", ""])
def test_a_base_that_is_none_is_refused_with_the_cure(base: str) -> None:
    with pytest.raises(ValueError, match="write for example https://"):
        Allow.parse(base)


@pytest.mark.parametrize(
    "text",
    [
        "https://cdn.discordapp.com/attachments/1/2/a.png?ex=6&is=5&hm=abc",
        "https://cdn.discordapp.com:443/attachments/1/2/a%20b.png",
        "https://cdn.discordapp.com/attachments/1/2/ünïcode.png",
        "https://cdn.discordapp.com/attachments/1/2/100%25.png#top",
        "https://cdn.discordapp.com/attachments/1/2/dots...png",
        "https://media.discordapp.net/stickers/1.gif",
        "https://images-ext-1.discordapp.net/external/HASH/%3Fw%3D1/https/example.com/a%2Fb.png",
        "https://images-ext-22.discordapp.net/external/x",
    ],
)
def test_what_discord_sends_is_permitted(text: str) -> None:
    assert Fetcher([Allow.parse(b) for b in DISCORD]).permits(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://cdn.discordapp.com/a.png",  # not https
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com./a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://evil.example/cdn.discordapp.com/a.png",
        "https://evilcdn.discordapp.com/a.png",
        "https://cdn-discordapp.com/a.png",
        "https://user@cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://evil.example\\@cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com\\@evil.example/a.png",
        "https://evil.example#@cdn.discordapp.com/",
        "https://evil.example?@cdn.discordapp.com/",
        "https://evil.example%23@cdn.discordapp.com/",
        "https://cdn.discordapp.com%2eevil.example/",
        "https://images-ext-.discordapp.net/x",
        "https://images-ext-a.discordapp.net/x",
        "https://images-ext-1.evil.example.discordapp.net/x",
        "https://images-ext-1234.discordapp.net/x",
        "https://images-ext-*.discordapp.net/x",
        "https://ⅽdn.discordapp.com/a.png",  # a Roman numeral that IDNA turns into c
        "https://cdn。discordapp。com/a.png",
        "https://cdn.discordapp.com /a.png",
        "https://cdn.discordapp.com/a b.png",
        "https://cdn.discordapp.com/a\nHost: evil",
        "https://cdn.discordapp.com\t/a.png",
        "https://cdn.discordapp.com/\ud800.png",  # half a character, which JSON can carry
        "//cdn.discordapp.com/a.png",
        "/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "",
        "https://",
    ],
)
def test_what_only_looks_like_it_is_not(text: str) -> None:
    assert not Fetcher([Allow.parse(b) for b in DISCORD]).permits(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1/cdn/a.png",  # another port
        "http://127.1:8123/cdn/a.png",
        "http://2130706433:8123/cdn/a.png",
        "http://0x7f000001:8123/cdn/a.png",
        "http://0177.0.0.1:8123/cdn/a.png",
        "http://127.0.0.1.:8123/cdn/a.png",
        "http://localhost:8123/cdn/a.png",
        "http://[::ffff:127.0.0.1]:8123/cdn/a.png",
        "http://[::1]:8123/cdn/a.png",
        "http://①②⑦.⓪.⓪.①:8123/cdn/a.png",
        "http://127.0.0.1:8123/",
        "http://127.0.0.1:8123/cdn",
        "http://127.0.0.1:8123/cdnother/a.png",
        "http://127.0.0.1:8123/cdn/../secret",
        "http://127.0.0.1:8123/cdn/./a.png",
        "http://127.0.0.1:8123/cdn/%2e%2e/secret",
        "http://127.0.0.1:8123/cdn/%252e%252e/secret",
        "http://127.0.0.1:8123/cdn/..%2fsecret",
        "http://127.0.0.1:8123/cdn/..%5csecret",
        "http://127.0.0.1:8123/cdn/a%2f..%2f..%2fsecret",
        "http://127.0.0.1:8123/cdn/..",
        "http://127.0.0.1:8123//cdn/a.png",
        "http://127.0.0.1:99999/cdn/a.png",
        "https://127.0.0.1:8123/cdn/a.png",
    ],
)
def test_nothing_outside_the_folder_of_a_base(text: str) -> None:
    assert not permits("http://127.0.0.1:8123/cdn", text)


def test_an_address_is_sent_as_it_was_checked() -> None:
    text = "https://cdn.discordapp.com/a%2Fb%20c.png?hm=%2B%3D&x=a+b"
    url = address(text)
    assert str(url) == text


@given(st.text(max_size=40))
def test_whatever_follows_the_host_only_that_host_is_ever_addressed(tail: str) -> None:
    url = address("https://cdn.discordapp.com" + tail)
    if url is not None and Allow.parse("https://cdn.discordapp.com").permits(url):
        assert (url.host, url.port, url.user) == ("cdn.discordapp.com", 443, None)
        assert ".." not in url.path.split("/")
