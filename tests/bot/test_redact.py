"""A secret is found in whatever form it turns up; text stays on one line."""

import json
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.redact import REDACTED, Redactor, neutral

TOKEN = 'cänary+"/secret&=value\\x'

secrets = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=12, max_size=60)


@pytest.mark.parametrize(
    "shown",
    [
        TOKEN,
        quote(TOKEN),
        quote(TOKEN, safe=""),
        quote_plus(TOKEN),
        urlencode({"token": TOKEN}),
        json.dumps({"token": TOKEN}),
        repr(TOKEN),
        str(ValueError(TOKEN)),
    ],
)
def test_every_form_is_replaced(shown: str) -> None:
    clean = Redactor([TOKEN])(f"before {shown} after")
    assert REDACTED in clean
    assert "secret" not in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


@given(secret=secrets, before=st.binary(max_size=5), after=st.binary(max_size=5))
@example(secret="canary-canary-canary", before=b"user:", after=b"")
def test_no_base64_of_a_longer_text_carries_it(secret: str, before: bytes, after: bytes) -> None:
    redact = Redactor([secret])
    for encode in (b64encode, urlsafe_b64encode):
        clean = redact(encode(before + secret.encode() + after).decode())
        assert REDACTED in clean
        assert len(clean) < len(REDACTED) + 20  # but for the neighbours nothing is left


@given(secret=secrets, text=st.text(max_size=40))
def test_nothing_is_left_of_a_known_secret(secret: str, text: str) -> None:
    assert secret not in Redactor([secret])(f"{text}{secret}{text}").replace(REDACTED, "")


def test_the_longer_secret_goes_first() -> None:
    assert Redactor(["canary", "canary-long"])("canary-long") == REDACTED


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (
            "POST https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe failed",
            "POST https://api.telegram.org/bot[redacted]/getMe failed",
        ),
        ("/file/bot1:abc/photo.jpg", "/file/bot[redacted]/photo.jpg"),
        ("PATCH /webhooks/123/aW50ZXJhY3Rpb246MTIzNDU2Nzg5/messages", "PATCH /webhooks/123/[redacted]/messages"),
        ("{'Authorization': 'Bot abc.def'}", "{'Authorization': '[redacted]'}"),
        ("authorization: Bearer abc", "authorization: [redacted]"),
        ("login with MTIzNDU2Nzg5MDEyMzQ1Njc4.GcAnAr.canary-canary-canary-canary-x", "login with [redacted]"),
    ],
)
def test_credentials_nobody_told_us_are_known_by_their_shape(text: str, clean: str) -> None:
    assert Redactor()(text) == clean


@pytest.mark.parametrize("text", ["", "nothing here", "message 123/456 deleted", "bot.store.store.Store", "a.b.c"])
def test_innocent_text_stays(text: str) -> None:
    assert Redactor(["canary"])(text) == text


def test_an_empty_secret_redacts_nothing() -> None:
    assert Redactor([""])("abc") == "abc"


# --- neutral -----------------------------------------------------------------------------------------------


@given(st.text())
def test_neutral_text_is_one_printable_line(text: str) -> None:
    clean = neutral(text)
    assert len(clean.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in clean} & {"Cc", "Cs", "Zl", "Zp"}
    clean.encode()


def test_direction_and_escape_sequences_are_written_out() -> None:
    assert neutral("a\x1b[31m\u202egpj.exe\u2066\n\r\0") == r"a\x1b[31m\u202egpj.exe\u2066\n\r\x00"
    assert neutral("half \ud83d") == r"half \ud83d"
    assert neutral("tab\tline\n", lines=True) == "tab\tline\n"


def test_ordinary_words_of_any_script_stay() -> None:
    for text in ("Grüße, 世界, שלום, 🙂", "plain"):
        assert neutral(text) == text
