"""The Huawei on loopback by itself, spoken to with plain requests: its gate, its limits, its bills."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.sandbox.huawei import LoopbackHuawei, troubles
from bot.sandbox.huawei.gate import Asked
from bot.sandbox.huawei.words import WORDS
from policies.model import Category
from providers import testcard
from tests.clock import FakeClock
from tests.providers.samples import picture

CLEAN = b64encode(picture(64, 64)).decode()
USUAL: dict[str, Any] = {"event_type": "message", "categories": ["porn", "terrorism"], "image": CLEAN}
Said = tuple[int, Any]


class Visitor:
    """Comes with a token that was got by hand, so that nothing of our client is needed."""

    def __init__(self, huawei: LoopbackHuawei, session: aiohttp.ClientSession, token: str) -> None:
        self.huawei = huawei
        self.session = session
        self.token = token

    async def send(self, body: Any, *, path: str = "moderation/image", project: str = "", **headers: str) -> Said:
        url = f"{self.huawei.url}/v3/{project or self.huawei.iam.project}/{path}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"X-Auth-Token": self.token, "Content-Type": "application/json", **headers}
        async with self.session.post(url, data=BytesIO(raw), headers=sent) as reply:
            return reply.status, await reply.json()

    async def check(self, **fields: Any) -> Said:
        return await self.send({k: v for k, v in {**USUAL, **fields}.items() if v is not None})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def visitor(clock: FakeClock) -> AsyncIterator[Visitor]:
    async with LoopbackHuawei(clock=clock) as huawei, aiohttp.ClientSession() as session:
        yield Visitor(huawei, session, (await login(huawei, session))[1])


async def login(huawei: LoopbackHuawei, session: aiohttp.ClientSession, **changes: str) -> tuple[int, str]:
    iam = huawei.iam
    told = {"name": iam.username, "password": iam.password, "domain": iam.domain, "project": iam.region} | changes
    user = {"name": told["name"], "password": told["password"], "domain": {"name": told["domain"]}}
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": {"name": told["project"]}}}}
    async with session.post(f"{huawei.url}/v3/auth/tokens", json=body) as reply:
        return reply.status, reply.headers.get("X-Subject-Token", "")


def code(said: Said) -> tuple[int, str]:
    return said[0], said[1].get("error_code", "")


# --- the gate ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_token_comes_in_the_header_and_opens_the_gate(visitor: Visitor) -> None:
    status, body = await visitor.check()
    assert status == 200
    assert body == {"request_id": f"{1:032x}", "result": {"suggestion": "pass", "category": "", "details": []}}


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", ["name", "password", "domain", "project"])
async def test_nobody_else_logs_in(visitor: Visitor, wrong: str) -> None:
    assert await login(visitor.huawei, visitor.session, **{wrong: "?"}) == (401, "")


@pytest.mark.asyncio
async def test_tokens_end_and_are_withdrawn(visitor: Visitor, clock: FakeClock) -> None:
    visitor.huawei.withdraw_tokens()
    assert code(await visitor.check()) == (400, "AIS.0002")
    _, visitor.token = await login(visitor.huawei, visitor.session)
    assert (await visitor.check())[0] == 200
    await clock.advance(24 * 3600)
    assert code(await visitor.check()) == (401, "APIGW.0307")
    visitor.token = "made up"
    assert code(await visitor.check()) == (401, "APIGW.0301")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "SDK-HMAC-SHA256 Access=A", f"SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature={'0' * 64}"],
)
async def test_what_is_no_signature_is_refused(visitor: Visitor, authorization: str) -> None:
    refused = visitor.huawei.gate.refusal(Asked("GET", "/", {"authorization": authorization}, b""))
    assert refused is not None
    assert refused.code == "APIGW.0301"


@pytest.mark.asyncio
async def test_another_project_and_another_path_are_none(visitor: Visitor) -> None:
    assert code(await visitor.send(USUAL, project="0" * 32)) == (403, "APIGW.0310")
    assert code(await visitor.send(USUAL, path="moderation/text")) == (404, "APIGW.0101")


# --- the request ------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"event_type": None}, "AIS.0011"),
        ({"categories": None}, "AIS.0011"),
        ({"categories": []}, "AIS.0011"),
        ({"image": None}, "AIS.0011"),
        ({"event_type": "selfie"}, "AIS.0012"),
        ({"categories": ["ads"]}, "AIS.0012"),
        ({"language": "de"}, "AIS.0012"),
        ({"biz_type": "nobodys"}, "AIS.0012"),
        ({"categories": ["porn", "porn"]}, "AIS.0039"),
        ({"image": "§"}, "AIS.0015"),
        ({"image": b64encode(b"no picture").decode()}, "AIS.0402"),
        ({"image": b64encode(picture(19, 64)).decode()}, "AIS.0504"),
        ({"image": b64encode(picture(64, 6001)).decode()}, "AIS.0504"),
        ({"image": "A" * 10_000_004}, "AIS.0020"),
        ({"image": None, "url": "ftp://x/y.jpg"}, "AIS.0022"),
        ({"image": None, "url": "http://127.0.0.1:9/y.jpg"}, "AIS.0029"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_wrong_with_a_request(visitor: Visitor, fields: dict[str, Any], expected: str) -> None:
    assert code(await visitor.check(**fields)) == (400, expected)
    assert not visitor.huawei.charges


@pytest.mark.asyncio
async def test_what_is_no_request_at_all(visitor: Visitor) -> None:
    assert code(await visitor.send(b"{")) == (400, "AIS.0014")
    assert code(await visitor.send(b"[]")) == (400, "AIS.0014")
    assert code(await visitor.send(USUAL, **{"Content-Type": "text/plain"})) == (400, "AIS.0010")
    assert code(await visitor.send(b" " * (12 * 2**20 + 1))) == (413, "APIGW.0201")


@pytest.mark.asyncio
async def test_it_charges_by_category_to_the_project_that_is_named(visitor: Visitor) -> None:
    await visitor.check()
    await visitor.send(USUAL, **{"Enterprise-Project-Id": "ep"})
    visitor.huawei.moderation.biz_types["p"] = ["image_text"]
    await visitor.check(biz_type="p", event_type=None, categories=None)
    assert visitor.huawei.charges == {"porn": 2, "terrorism": 2, "image_text": 1}
    assert visitor.huawei.moderation.bills == {"default": 3, "ep": 2}


@pytest.mark.asyncio
async def test_ten_a_second_and_no_more(visitor: Visitor, clock: FakeClock) -> None:
    said = [code(await visitor.check()) for _ in range(11)]
    assert said == [(200, "")] * 10 + [(429, "APIGW.0308")]
    assert visitor.huawei.charges["porn"] == 10
    await clock.advance(1)
    assert (await visitor.check())[0] == 200


@pytest.mark.asyncio
async def test_a_test_card_is_seen_and_its_code_is_placed(visitor: Visitor) -> None:
    drawn = b64encode(testcard.draw(Category.SEXUAL_EXPLICIT, 0.9, "PNG", 480)).decode()
    _, body = await visitor.check(image=drawn, categories=["porn", "image_text"])
    result = body["result"]
    assert (result["suggestion"], result["category"]) == ("block", "porn")
    found, placed = result["details"]
    assert found == {"category": "porn", "label": "test_card", "suggestion": "block", "confidence": 0.9}
    assert placed["qr_content"] == "beholder:test:sexual_explicit:0.9"
    assert placed["qr_location"]["top_left_x"] < placed["qr_location"]["bottom_right_x"]
    _, body = await visitor.check(image=drawn, categories=["terrorism"])
    assert body["result"] == {"suggestion": "pass", "category": "", "details": []}


# --- trouble ----------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("wanted", sorted(WORDS))
async def test_every_code_on_command(visitor: Visitor, wanted: str) -> None:
    visitor.huawei.fail(wanted)
    status, body = await visitor.check()
    assert (status, body["error_code"], body["error_msg"]) == WORDS[wanted]
    assert not visitor.huawei.charges
    assert (await visitor.check())[0] == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [troubles.reset(), troubles.torn()])
async def test_connections_break_on_command(visitor: Visitor, trouble: troubles.Answering) -> None:
    visitor.huawei.fail(trouble, times=None)
    with pytest.raises(aiohttp.ClientError):
        await visitor.check()
    visitor.huawei.well_again()
    assert (await visitor.check())[0] == 200


@pytest.mark.asyncio
async def test_bodies_are_slow_on_command(visitor: Visitor) -> None:
    until = asyncio.Event()
    visitor.huawei.fail(troubles.slow(until))
    waiting = asyncio.create_task(visitor.check())
    while len(visitor.huawei.requests) < 2:  # noqa: ASYNC110 - the login was the first
        await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    until.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.asyncio
async def test_fifty_at_once_are_all_heard(visitor: Visitor) -> None:
    said = await asyncio.gather(*(visitor.check() for _ in range(50)))
    assert sorted({status for status, _ in said}) == [200, 429]
    assert sum(status == 200 for status, _ in said) == 10


@pytest.mark.asyncio
async def test_its_environment_names_settings_only(visitor: Visitor) -> None:
    assert {name.removeprefix("BEHOLDER_HUAWEI_") for name in visitor.huawei.environment} == {
        *("AK", "SK", "PROJECT_ID", "REGION", "URL", "IAM_URL"),
    }
