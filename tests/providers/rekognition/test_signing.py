"""Signatures: as AWS' SDK makes them, and of everything that is sent."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.huawei.gate import Asked
from bot.sandbox.rekognition.gate import Gate
from providers.rekognition.signing import Keys, signed
from tests.clock import FakeClock
from tests.providers.rekognition.sdk import GOLDEN, KEY_ID, SECRET, SESSION, SHAPES

VECTORS: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEYS = Keys(KEY_ID, SECRET)
URL = "https://rekognition.eu-west-1.amazonaws.com/"
EMPTY = hashlib.sha256(b"").hexdigest()

texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=8)
names = st.from_regex(r"[A-Za-z][A-Za-z-]{0,8}", fullmatch=True)


def again(vector: dict[str, Any], **changes: Any) -> dict[str, str]:
    """Our signature of a frozen request, with what is changed."""
    own = ("host", "x-amz-date", "x-amz-security-token")
    usual = {
        "url": vector["url"],
        "headers": {name: value for name, value in vector["headers"].items() if name not in own},
        "digest": hashlib.sha256(vector["body"].encode()).hexdigest(),
        "keys": Keys(KEY_ID, SECRET, SESSION if vector["shape"] == "session token" else ""),
        "region": "ap-southeast-2" if vector["shape"] == "another region" else "eu-west-1",
        "at": datetime.strptime(vector["headers"]["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    }
    return signed(**{**usual, **changes})


def test_every_shape_is_frozen() -> None:
    assert [v["shape"] for v in VECTORS] == list(SHAPES)
    assert {v["headers"]["x-amz-target"] for v in VECTORS} == {"RekognitionService.DetectModerationLabels"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["shape"])
def test_our_signature_is_the_sdks(vector: dict[str, Any]) -> None:
    """The same headers, the same date, the same bytes: the same proof to the letter."""
    headers = again(vector)
    assert headers["Authorization"] == vector["authorization"]
    assert {k.lower(): v for k, v in headers.items() if k != "Authorization"} == vector["headers"]


@pytest.mark.parametrize("vector", VECTORS[:2], ids=lambda v: v["shape"])
def test_any_change_is_another_signature(vector: dict[str, Any]) -> None:
    changes: list[dict[str, Any]] = [
        {"digest": EMPTY},
        {"keys": Keys(KEY_ID, SECRET + "x")},
        {"url": vector["url"] + "x"},
        {"region": "us-east-1"},
        {"headers": {"X-Amz-Target": "RekognitionService.DetectLabels"}},
        {"at": START},
    ]
    said = [again(vector, **change)["Authorization"].rpartition("=")[2] for change in ({}, *changes)]
    assert len(set(said)) == len(said)


def test_the_date_is_in_utc_whatever_the_clock_says() -> None:
    at = START.astimezone(timezone(timedelta(hours=-13)))
    headers = signed(URL, {}, EMPTY, KEYS, "eu-west-1", at)
    assert headers["X-Amz-Date"] == "20261101T120000Z"
    assert f"Credential={KEY_ID}/20261101/eu-west-1/rekognition/aws4_request, " in headers["Authorization"]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("https://a.example:8443/", "a.example:8443"),
        ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://[::1]:99/", "[::1]:99"),
    ],
)
def test_the_host_is_as_the_transport_writes_it(url: str, host: str) -> None:
    assert signed(url, {}, EMPTY, KEYS, "eu-west-1", START)["Host"] == host


def test_secrets_stand_in_no_repr() -> None:
    shown = repr(Keys(KEY_ID, SECRET, SESSION))
    assert SECRET not in shown
    assert SESSION not in shown


@settings(max_examples=50)
@given(
    path=st.lists(texts, max_size=3).map(lambda parts: "/" + "/".join(parts)),
    headers=st.dictionaries(names, texts.map(str.strip), max_size=4),
    body=st.binary(max_size=64),
    minutes=st.integers(-6, 6),
    token=st.sampled_from(["", SESSION]),
)
def test_the_gate_agrees_on_any_request(
    path: str, headers: dict[str, str], body: bytes, minutes: int, token: str
) -> None:
    """The gate of our Rekognition was written from the documentation alone and shares no code with the signer."""
    url = "https://h.example" + quote(path)
    taken = {n.lower(): v for n, v in headers.items() if n.lower() not in ("host", "authorization")}
    digest = hashlib.sha256(body).hexdigest()
    proven = signed(url, taken, digest, Keys(KEY_ID, SECRET, token), "eu-west-1", START)
    full = {name.lower(): value for name, value in proven.items()}
    asked = Asked("POST", urlsplit(url).path, full, body)
    gate = Gate(FakeClock(START + timedelta(minutes=minutes)), {KEY_ID: SECRET}, "eu-west-1", token)
    assert (gate.refusal(asked) is None) == (abs(minutes) <= 5)
    assert gate.refusal(Asked("POST", asked.target, full, body + b"!")) is not None
