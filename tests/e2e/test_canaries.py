"""Keys of vendors are written nowhere, whatever vendors do: nor by a vendor that sends them back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.sandbox import marks, pictures
from bot.sandbox.entities import Message
from bot.sandbox.faults import Break
from bot.sandbox.huawei import troubles
from bot.sandbox.opinions import chosen, take_over
from bot.sandbox.vendors import Vendors
from policies.model import Category
from tests.e2e.theatre import Theatre, granted, opened

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("canaries"), pytest.mark.timeout(240)]

EVERY = ("huawei", "hitpaw", "rekognition", "openai", "custom")
PATIENCE = 60.0
DOMAIN = "canary-domain-of-nobody"


def settings(vendors: Vendors, *, login: bool) -> dict[str, str]:
    """With `login` Huawei is asked with a token that its IAM gives for a password, else with a key."""
    wanted = dict(vendors.settings)
    if login:
        iam = vendors.huawei.iam
        iam.domain = DOMAIN
        del wanted["huawei_ak"], wanted["huawei_sk"]
        wanted |= {"huawei_username": iam.username, "huawei_password": iam.password, "huawei_domain": iam.domain}
    return wanted


def secrets(vendors: Vendors) -> tuple[str, ...]:
    huawei = vendors.huawei
    keys = (huawei.ak, huawei.sk, huawei.iam.password, vendors.hitpaw.key, vendors.openai.key, vendors.custom.token)
    return (*keys, vendors.rekognition.key_id, vendors.rekognition.secret, *huawei.gate.tokens)


def everything_fails(vendors: Vendors) -> Iterator[object]:
    """Every vendor's next answers: broken off before, in the middle, a proxy's page, rubbish; each has to strike."""
    wrong = (troubles.reset(), troubles.torn(), troubles.page(502), troubles.body(b'{"result": \xff'))
    for each in wrong:
        yield vendors.huawei.fail(each)
        yield vendors.openai.outlet.fail(each)
        yield vendors.custom.outlet.fail(each)
    yield vendors.hitpaw.fail("/api/oss/presign-put", reset=Break.BEFORE)
    yield vendors.hitpaw.fail("/api/oss/presign-put", status=500)
    yield vendors.hitpaw.fail("/api/image-nsfw", answer="<html>no JSON</html>")


def sent_back(vendors: Vendors) -> None:
    """From now on every vendor refuses, and shows what it was sent."""
    told = " ".join(secrets(vendors))
    echo = {"error_code": "APIGW.0301", "error_msg": f"verify aksk signature fail, canonicalRequest:{told}"}
    vendors.huawei.fail(troubles.body(echo, status=401), times=None)
    error = {"error": {"message": f"Incorrect API key provided: {told}", "code": told}}
    vendors.openai.outlet.fail(troubles.body(error, status=401), times=None)
    vendors.custom.outlet.fail(troubles.body({"error": told, "labels": told}), times=None)
    refused = {"__type": "InvalidSignatureException", "Message": f"The Canonical String should have been {told}"}
    vendors.rekognition.fail(troubles.body(refused, status=400), times=None)
    for path in ("/api/oss/presign-put", "/api/image-nsfw", "/api/task-status"):
        vendors.hitpaw.fail(path, status=400, body={"code": 110400000, "message": told}, times=None)


def post(t: Theatre, serial: int) -> Message:
    return t.post(pictures.jpeg(marks.marked(marks.doubtful(serial), Category.SEXUAL_EXPLICIT, 0.95)))


async def heard(t: Theatre, serial: int) -> None:
    """Post until the bot has asked everybody, or knows that it need not."""
    message = post(t, serial)
    await t.discord.until(
        lambda: (
            t.rows(f"select 1 from jobs where subject like '%/{message.id}' and attempts > 0") == [(1,)]
            or any(x.get("event") == "judged" and x.get("message") == str(message.id) for x in t.bot.lines)
        ),
        PATIENCE,
    )


@pytest.mark.parametrize("login", [False, True], ids=["keys", "login"])
async def test_no_key_of_a_vendor_is_written_or_told_anywhere(tmp_path: Path, login: bool) -> None:
    async with (
        Vendors.open(EVERY, local=False) as vendors,
        opened(tmp_path, settings=settings(vendors, login=login), secrets=lambda: secrets(vendors)) as t,
    ):
        await granted(t, *vendors.paid)
        for own in EVERY:
            await take_over(t.stage, chosen(t.stage, (own,)))
            line = await t.judged(post(t, 10 + EVERY.index(own)), PATIENCE)
            assert {s["provider"] for s in line["screenings"] if "unscreened" not in s} == {own}
        await take_over(t.stage, chosen(t.stage, EVERY, required=list(Category)))
        laid = list(everything_fails(vendors))
        for n in range(2):  # one after another: HitPaw is asked where nobody else has answered
            await heard(t, 20 + n)
        assert all(getattr(trouble, "struck", 0) for trouble in laid)
        vendors.huawei.well_again()
        sent_back(vendors)
        await asyncio.gather(*(heard(t, 30 + n) for n in range(3)))
        if login:
            assert vendors.huawei.iam.logins > 0
            assert vendors.huawei.gate.tokens
