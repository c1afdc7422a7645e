"""Signatures: as Huawei's SDK makes them, and of everything that is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.huawei.gate import Asked, Gate
from providers.huawei.signing import Keys, signed
from tests.clock import FakeClock
from tests.providers.huawei.sdk import AK, GOLDEN, SESSION, SHAPES, SK

VECTORS: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEYS = Keys(AK, SK)
URL = "https://moderation.ap-southeast-3.myhuaweicloud.com/v3/p/moderation/image"

texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=8)
names = st.from_regex(r"[A-Za-z][A-Za-z-]{0,8}", fullmatch=True)


def test_all_eight_shapes_are_frozen() -> None:
    assert [v["shape"] for v in VECTORS] == list(SHAPES)
    assert {v["method"] for v in VECTORS} == {"POST", "GET"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["shape"])
def test_our_signature_is_the_sdks(vector: dict[str, Any]) -> None:
    """The same headers, the same date, the same bytes: the same proof to the letter."""
    at = datetime.strptime(vector["headers"]["x-sdk-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    keys = Keys(AK, SK, SESSION if vector["shape"] == "STS token" else "")
    ours = {k: v for k, v in vector["headers"].items() if k not in ("host", "x-sdk-date", "x-security-token")}
    headers = signed(vector["method"], vector["url"], ours, vector["body"].encode(), keys, at)
    assert headers["Authorization"] == vector["authorization"]
    assert {k.lower(): v for k, v in headers.items() if k != "Authorization"} == vector["headers"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["shape"])
def test_any_change_is_another_signature(vector: dict[str, Any]) -> None:
    at = datetime.strptime(vector["headers"]["x-sdk-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    body = vector["body"].encode()

    def signature(method: str = "PUT", content: bytes = body, sk: str = SK, url: str = vector["url"]) -> str:
        return signed(method, url, vector["headers"], content, Keys(AK, sk), at)["Authorization"]

    changed = [signature(content=body + b" "), signature(sk=SK + "x"), signature(url=vector["url"] + "x")]
    assert len({signature(), signature("PATCH"), *changed}) == 5


def test_the_date_is_in_utc_whatever_the_clock_says() -> None:
    at = START.astimezone(timezone(timedelta(hours=8)))
    assert signed("GET", URL, {}, b"", KEYS, at)["X-Sdk-Date"] == "20261101T120000Z"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/x", "a.example"),
        ("https://a.example:443/x", "a.example"),
        ("https://a.example:8443/x", "a.example:8443"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]:99/", "[::1]:99"),
    ],
)
def test_the_host_is_as_the_transport_writes_it(url: str, host: str) -> None:
    assert signed("GET", url, {}, b"", KEYS, START)["Host"] == host


def test_secrets_stand_in_no_repr() -> None:
    assert SK not in repr(Keys(AK, SK, SESSION))
    assert SESSION not in repr(Keys(AK, SK, SESSION))


@given(
    path=st.lists(texts, max_size=4).map(lambda parts: "/" + "/".join(parts)),
    query=st.lists(st.tuples(texts, texts), max_size=4),
    headers=st.dictionaries(names, texts.map(str.strip), max_size=4),
    body=st.binary(max_size=64),
    minutes=st.integers(-15, 15),
)
def test_the_gateway_agrees_on_any_request(
    path: str, query: list[tuple[str, str]], headers: dict[str, str], body: bytes, minutes: int
) -> None:
    """The gate of our Huawei was written from the documentation alone and shares no code with the signer."""
    from urllib.parse import quote, urlencode

    url = "https://h.example" + quote(path) + ("?" + urlencode(query, quote_via=quote) if query else "")
    usual = {"content-type", "host", "authorization", "x-auth-token", "x-security-token", "x-sdk-date"}
    taken = {n.lower(): v for n, v in headers.items() if n.lower() not in usual}
    full = {n.lower(): v for n, v in signed("POST", url, taken, body, KEYS, START).items()}
    parts = urlsplit(url)
    asked = Asked("POST", parts.path + (f"?{parts.query}" if parts.query else ""), full, body)
    gate = Gate(FakeClock(START + timedelta(minutes=minutes)), {AK: SK})
    assert gate.refusal(asked) is None
    assert gate.refusal(Asked("POST", asked.target, full, body + b"!")) is not None
