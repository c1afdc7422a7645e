"""Huawei's own SDK, as somebody else's opinion: eight requests that it signs, sent to our Huawei.

It is a test dependency only, and not needed: what it signed is frozen in `signatures.json`, which
`python -m tests.providers.huawei.sdk` writes anew.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.sandbox.huawei import LoopbackHuawei
from bot.sandbox.huawei.gate import Asked
from tests.providers.samples import picture

GOLDEN = Path(__file__).with_name("signatures.json")
AK, SK, SESSION = "HPUAGOLDENEXAMPLE0001", "golden/Example+Secret=0123456789abcdefgh", "golden-session-token=="
BIZ_TYPE = "strict_text"
URL = "http://127.0.0.1:9/bilder/größe café.png?x=1 2&y=é"

Check = Callable[[Any], Any]


@contextmanager
def client(huawei: LoopbackHuawei) -> Iterator[Any]:
    """The SDK's client for `huawei`; by its region, so it looks the project up itself, where none is given."""
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.http.http_config import HttpConfig
    from huaweicloudsdkcore.region.region import Region
    from huaweicloudsdkmoderation.v3 import ModerationClient

    BasicCredentials._CACHE.clear()
    credentials = BasicCredentials(huawei.ak, huawei.sk).with_iam_endpoint(huawei.url)
    if huawei.security_token:
        credentials = credentials.with_security_token(huawei.security_token)
    config = HttpConfig.get_default_config()
    config.user_agent = "golden"
    built = (
        ModerationClient.new_builder()
        .with_credentials(credentials)
        .with_http_config(config)
        .with_region(Region(huawei.iam.region, huawei.url))
        .build()
    )
    try:
        yield built
    finally:
        built.get_http_client().executor.shutdown()
        built.get_http_client().close()


def _check(enterprise: str | None = None, **fields: Any) -> Check:
    def check(sdk: Any) -> Any:
        from huaweicloudsdkmoderation.v3 import CheckImageModerationRequest, ImageDetectionReq

        asked = CheckImageModerationRequest(body=ImageDetectionReq(**fields))
        if enterprise:
            asked.enterprise_project_id = enterprise
        return sdk.check_image_moderation(asked)

    return check


def _glossary() -> Check:
    def check(sdk: Any) -> Any:
        from huaweicloudsdkmoderation.v3 import ImgTextConfig

        lists = ImgTextConfig(black_glossary_names=["广告词库", "脏话"], white_glossary_names=["正常"])
        return _check(**_usual(), image_text_config=lists, language="zh")(sdk)

    return check


def _batch(sdk: Any) -> Any:
    from huaweicloudsdkmoderation.v3 import BatchCheckImageSyncRequest, ImageBatchSyncReq, ImageBatchSyncReqUrls

    urls = [ImageBatchSyncReqUrls(url=URL, data_id="one"), ImageBatchSyncReqUrls(url=URL, data_id="two")]
    body = ImageBatchSyncReq(event_type="album", categories=["terrorism"], urls=urls)
    return sdk.batch_check_image_sync(BatchCheckImageSyncRequest(body=body))


def _usual() -> dict[str, Any]:
    image = b64encode(picture(24, 24, "JPEG")).decode()
    return {"event_type": "head_image", "categories": ["porn", "terrorism", "image_text"], "image": image}


SHAPES: dict[str, Check] = {
    "base64": _check(**_usual()),
    "enterprise id": _check(enterprise="0a1b2c3d-enterprise", **_usual()),
    "biz_type": _check(**_usual(), biz_type=BIZ_TYPE),
    "Chinese glossary": _glossary(),
    "STS token": _check(**_usual()),
    "URL body": _check(event_type="comment", categories=["porn"], url=URL, language="ar"),
    "batch": _batch,
    "signed GET": _check(**_usual()),  # what comes before: `GET /v3/projects?name=`
}


def loopback(shape: str) -> LoopbackHuawei:
    """A Huawei that `shape` fits."""
    made = LoopbackHuawei(ak=AK, sk=SK, security_token=SESSION if shape == "STS token" else "", per_second=None)
    made.moderation.biz_types[BIZ_TYPE] = ["image_text"]
    return made


async def sent(shape: str, huawei: LoopbackHuawei) -> Asked:
    """Let the SDK send `shape`, and give the request that came."""

    def call() -> None:
        from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

        with client(huawei) as sdk:
            try:
                SHAPES[shape](sdk)
            except ClientRequestException as error:
                if error.status_code == 401:
                    raise

    await asyncio.to_thread(call)
    return huawei.requests[0] if shape == "signed GET" else huawei.requests[-1]


def vector(shape: str, asked: Asked) -> dict[str, Any]:
    """The request as it is frozen: what is signed, and the signature."""
    names = asked.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    return {
        "shape": shape,
        "method": asked.method,
        "url": f"http://{asked.headers['host']}{asked.target}",
        "headers": {name: asked.headers[name] for name in names},
        "body": asked.body.decode(),
        "authorization": asked.headers["authorization"],
    }


async def freeze() -> None:
    """Write `signatures.json` anew."""
    vectors = []
    for shape in SHAPES:
        async with loopback(shape) as huawei:
            vectors.append(vector(shape, await sent(shape, huawei)))
    GOLDEN.write_text(json.dumps(vectors, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ["HOME"] = tempfile.mkdtemp()
    asyncio.run(freeze())
