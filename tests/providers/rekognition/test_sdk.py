"""AWS' own SDK as the judge: our Rekognition takes what it sends, it reads our answers, and we sign as it does."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.sandbox.huawei import troubles
from bot.sandbox.rekognition import LoopbackRekognition
from bot.sandbox.rekognition.service import chain, said
from bot.sandbox.rekognition.words import WORDS
from providers.rekognition.signing import Keys, signed
from tests.providers.rekognition.sdk import SHAPES, asked, loopback, sent, vector

pytest.importorskip("botocore")

OURS = ("host", "x-amz-date", "x-amz-security-token")


@pytest.fixture(autouse=True)
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine's own is read: no profile, no file, no metadata service."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.asyncio
@pytest.mark.parametrize("shape", SHAPES)
async def test_the_sdk_is_let_in_and_we_sign_as_it_does(shape: str) -> None:
    async with loopback(shape) as aws:
        came = await sent(shape, aws)
        assert aws.gate.refusal(came) is None
        now = vector(shape, came)
        at = datetime.strptime(now["headers"]["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        headers = {name: value for name, value in now["headers"].items() if name not in OURS}
        keys = Keys(aws.key_id, aws.secret, aws.session_token)
        ours = signed(now["url"], headers, hashlib.sha256(came.body).hexdigest(), keys, aws.region, at)
        assert ours["Authorization"] == came.headers["authorization"]


@pytest.mark.asyncio
async def test_the_sdk_reads_our_answers_field_by_field() -> None:
    labels = chain(("Violence", "Graphic Violence", "Blood & Gore"), 87.5)
    async with loopback("JPEG") as aws:
        aws.moderation.answers.append(said(labels, "Illustrated"))
        answer = await asked(aws, "JPEG")
        assert aws.charges == 1
    assert answer["ModerationLabels"] == labels
    assert answer["ModerationModelVersion"] == "7.0"
    assert answer["ContentTypes"] == [{"Confidence": 99.9, "Name": "Illustrated"}]
    assert answer["ResponseMetadata"]["RequestId"].startswith("00000001-")


@pytest.mark.asyncio
async def test_the_sdk_reads_our_errors() -> None:
    from botocore.exceptions import ClientError

    async with loopback("JPEG") as aws:
        for code in ("ThrottlingException", "InvalidImageFormatException", "AccessDeniedException"):
            aws.fail(code)
            with pytest.raises(ClientError) as caught:
                await asked(aws, "JPEG")
            assert caught.value.response["Error"] == {"Code": code, "Message": WORDS[code].words}


@pytest.mark.asyncio
async def test_a_stranger_is_not_let_in() -> None:
    from botocore.exceptions import ClientError

    async with loopback("JPEG") as aws:
        for changes, code in (
            ({"secret": "another"}, "InvalidSignatureException"),
            ({"key_id": "AKIAIOSFODNN7STRANGE"}, "UnrecognizedClientException"),
            ({"session_token": "unasked"}, "UnrecognizedClientException"),
            ({"region": "us-west-2"}, "InvalidSignatureException"),
        ):
            usual: dict[str, Any] = {"key_id": aws.key_id, "secret": aws.secret, "region": aws.region}
            other = LoopbackRekognition(**{**usual, **changes})
            other.url = aws.url
            with pytest.raises(ClientError) as caught:
                await asked(other, "JPEG")
            assert caught.value.response["Error"]["Code"] == code
        assert aws.charges == 0


@pytest.mark.asyncio
async def test_where_the_sdk_fails_open_we_do_not() -> None:
    """Why its reading of answers is not ours: labels that are missing are none to it. See `test_wire` for ours."""
    async with loopback("JPEG") as aws:
        aws.fail(troubles.body({"ModerationModelVersion": "7.0"}))
        answer = await asked(aws, "JPEG")
    assert answer.get("ModerationLabels", []) == []
