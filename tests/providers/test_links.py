"""No address that could hold a bot's token is ever shown to a vendor, however it is spelt."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.addresses import is_private_to
from providers.errors import BadRequest
from providers.links import holds_token, is_place, shown

TELEGRAMS = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"
DISCORDS = "MTA1MjM0NTY3ODkwMTIzNDU2.GabcdE.a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9"
PLACES = ("https://cdn.discordapp.com/", "https://proxy.example/")
SIGNED = (
    "https://cdn.discordapp.com/attachments/111222333444555666/777888999000111222/cat.jpg?ex=66aa&is=66bb&hm="
    + "a" * 64
)


def spelt(text: str, layers: int, *, all_of_it: bool) -> str:
    """`text` with so many layers of percent-encoding, of what needs it or of every character."""
    for _ in range(layers):
        text = "".join(f"%{ord(c):02x}" for c in text) if all_of_it else quote(text, safe="")
    return text


@given(
    token=st.sampled_from([TELEGRAMS, DISCORDS]),
    before=st.sampled_from(["", "bot", "BOT", "file/bot", "x?token=", "?t=a&b="]),
    layers=st.integers(0, 3),
    all_of_it=st.booleans(),
    place=st.sampled_from([*PLACES, "https://api.telegram.org/", "http://127.0.0.1:8081/"]),
)
def test_a_token_is_seen_in_every_spelling(token: str, before: str, layers: int, all_of_it: bool, place: str) -> None:
    link = f"{place}{before}{spelt(token, layers, all_of_it=all_of_it)}/photos/a.jpg"
    assert holds_token(link)
    with pytest.raises(BadRequest) as caught:
        shown(link, (*PLACES, place))
    assert TELEGRAMS[:9] not in str(caught.value)


@pytest.mark.parametrize("link", [SIGNED, "https://cdn.discordapp.com/emojis/123456789012345678.webp?size=1024"])
def test_discords_own_signed_links_are_none(link: str) -> None:
    assert not holds_token(link)
    assert shown(link, PLACES).hostname == "cdn.discordapp.com"


@pytest.mark.parametrize("place", ["https://cdn.example", "http://cdn.example/", "https://api.telegram.org/", "x", ""])
def test_what_is_no_place(place: str) -> None:
    assert not is_place(place)


def test_http_is_for_this_machine_alone() -> None:
    assert is_private_to("http://127.0.0.1:9/a")
    assert is_private_to("http://localhost/a")
    assert not is_private_to("http://10.0.0.1/a")
    assert not is_private_to("http://[::1")
