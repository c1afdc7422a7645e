"""Settings: every mistake at once, each with its cure, and no secret anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from providers.rekognition import RekognitionSettings

KEY_ID = "AKIAIOSFODNN7EXAMPLE"


def settings(**changes: Any) -> RekognitionSettings:
    return RekognitionSettings(**{"access_key_id": KEY_ID, "secret_access_key": "canary-secret", **changes})


@pytest.mark.parametrize(
    ("changes", "cure"),
    [
        ({"access_key_id": "AKIA"}, "copy both again"),
        ({"secret_access_key": ""}, "copy both again"),
        ({"access_key_id": "ASIAIOSFODNN7EXAMPLE"}, "BEHOLDER_REKOGNITION_SESSION_TOKEN"),
        ({"region": "Ireland"}, "'Ireland' is no region of AWS: it looks like us-east-1"),
        ({"region": "eu-west-1.evil.example/"}, "no region"),
        ({"url": "http://rekognition.example"}, "over https:// only"),
        ({"url": "ftp://127.0.0.1"}, "over https:// only"),
        ({"price": -0.1}, "0 or more"),
        ({"price": float("nan")}, "0 or more"),
    ],
)
def test_a_mistake_says_its_cure(changes: dict[str, Any], cure: str) -> None:
    with pytest.raises(ValueError, match=cure) as caught:
        settings(**changes)
    assert "canary" not in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"copy both.*region.*https"):
        settings(access_key_id="", region="?", url="http://a.example")


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2", "us-gov-west-1"])
def test_the_address_follows_from_the_region_unless_it_is_set(region: str) -> None:
    assert settings(region=region).endpoint == f"https://rekognition.{region}.amazonaws.com/"
    assert settings(url="https://proxy.example/aws").endpoint == "https://proxy.example/aws/"
    assert settings(url="http://127.0.0.1:99").endpoint == "http://127.0.0.1:99/"


def test_secrets_stand_in_no_repr() -> None:
    made = settings(access_key_id="ASIAIOSFODNN7EXAMPLE", session_token="canary-token")
    assert "canary" not in repr(made)
