"""AWS' own SDK, as somebody else's opinion: requests that it signs, sent to our Rekognition.

It is a test dependency only, and not needed: what it signed is frozen in `signatures.json`, which
`python -m tests.providers.rekognition.sdk` writes anew.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from bot.sandbox.huawei.gate import Asked
from bot.sandbox.rekognition import LoopbackRekognition
from tests.providers.samples import picture

GOLDEN = Path(__file__).with_name("signatures.json")
KEY_ID, SECRET, SESSION = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "golden/session+token=="

SHAPES: dict[str, dict[str, Any]] = {
    "JPEG": {"Image": {"Bytes": picture(80, 80, "JPEG")}, "MinConfidence": 1},
    "PNG, usual confidence": {"Image": {"Bytes": picture(80, 80)}},
    "session token": {"Image": {"Bytes": b"pixels"}, "MinConfidence": 0.5},
    "bucket": {"Image": {"S3Object": {"Bucket": "bucket", "Name": "größe café.png"}}},
    "human review": {
        "Image": {"Bytes": b"pixels"},
        "HumanLoopConfig": {"HumanLoopName": "a", "FlowDefinitionArn": "arn:aws:sagemaker:eu-west-1:1:flow/x"},
    },
    "adapter": {
        "Image": {"Bytes": b"pixels"},
        "ProjectVersion": "arn:aws:rekognition:eu-west-1:1:project/a",
    },
    "another region": {"Image": {"Bytes": b"pixels"}},
    "behind a path": {"Image": {"Bytes": b"pixels"}},
}


@cache
def _session() -> Any:
    from botocore.session import Session

    return Session()


@contextmanager
def client(aws: LoopbackRekognition, path: str = "") -> Iterator[Any]:
    """The SDK's client for `aws`, which asks once."""
    from botocore.config import Config

    made = _session().create_client(
        "rekognition",
        region_name=aws.region,
        endpoint_url=aws.url + path,
        aws_access_key_id=aws.key_id,
        aws_secret_access_key=aws.secret,
        aws_session_token=aws.session_token or None,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )
    try:
        yield made
    finally:
        made.close()


def loopback(shape: str) -> LoopbackRekognition:
    """A Rekognition that `shape` fits."""
    return LoopbackRekognition(
        key_id=KEY_ID,
        secret=SECRET,
        session_token=SESSION if shape == "session token" else "",
        region="ap-southeast-2" if shape == "another region" else "eu-west-1",
        per_second=None,
    )


async def asked(aws: LoopbackRekognition, shape: str) -> Any:
    """What the SDK makes of the answer to `shape`. Raises its ClientError."""

    def call() -> Any:
        with client(aws, "/a%20proxy/~x" if shape == "behind a path" else "") as sdk:
            return sdk.detect_moderation_labels(**SHAPES[shape])

    return await asyncio.to_thread(call)


async def sent(shape: str, aws: LoopbackRekognition) -> Asked:
    """Let the SDK send `shape`, and give the request that came. Raises its ClientError where it is not let in."""
    from botocore.exceptions import ClientError

    try:
        await asked(aws, shape)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("InvalidParameterException", "InvalidImageFormatException"):
            raise
    return aws.requests[-1]


def vector(shape: str, asked: Asked) -> dict[str, Any]:
    """The request as it is frozen: what is signed, and the signature."""
    names = asked.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    return {
        "shape": shape,
        "url": f"http://{asked.headers['host']}{asked.target}",
        "headers": {name: asked.headers[name] for name in names},
        "body": asked.body.decode(),
        "authorization": asked.headers["authorization"],
    }


async def freeze() -> None:
    """Write `signatures.json` anew."""
    vectors = []
    for shape in SHAPES:
        async with loopback(shape) as aws:
            vectors.append(vector(shape, await sent(shape, aws)))
    GOLDEN.write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(freeze())
