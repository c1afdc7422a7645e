"""Keys, passwords and tokens stand in no log line, traceback, exception or repr; nor do a member's words."""

from __future__ import annotations

import asyncio
import logging
import traceback
from base64 import b64encode
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from bot.sandbox.huawei import LoopbackHuawei, troubles
from providers.base import Ask
from providers.errors import Garbled, ProviderError
from providers.huawei.wire import answer
from tests.providers.huawei.conftest import Make, by_token
from tests.providers.huawei.samples import EVERYTHING
from tests.providers.samples import image

WORDS = ("BUY NOW", "call 555", "scam.example")
TROUBLES: dict[str, Any] = {
    "wrong signature": None,
    "internal": "AIS.0003",
    "frozen": "AIS.0027",
    "stale": "AIS.0002",
    "html": troubles.page(403),
    "garbage": troubles.body(b'{"result": {"suggestion": "BUY NOW"}}'),
    "reset": troubles.reset(),
    "torn": troubles.torn(),
}


@pytest.fixture
def heard() -> Iterator[StringIO]:
    """Everything that any logger says, at DEBUG; httpx, aiohttp and asyncio among them."""
    lines = StringIO()
    root, handler = logging.getLogger(), logging.StreamHandler(lines)
    before, names = root.level, ("httpx", "httpcore", "aiohttp", "asyncio", "beholder")
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    config = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(lines),
        cache_logger_on_first_use=False,
    )
    yield lines
    structlog.configure(**config)
    root.removeHandler(handler)
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def secrets_of(huawei: LoopbackHuawei) -> list[str]:
    plain = [huawei.sk, huawei.iam.password, *huawei.gate.tokens]
    signatures = [a.headers["authorization"][-64:] for a in huawei.requests if "authorization" in a.headers]
    return [*plain, *(b64encode(s.encode()).decode() for s in plain), *signatures]


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("token", [False, True], ids=["key", "token"])
async def test_nothing_secret_is_ever_said(
    make: Make, huawei: LoopbackHuawei, heard: StringIO, trouble: str, token: bool
) -> None:
    changes = by_token(huawei) if token else {}
    if trouble == "wrong signature":
        changes = changes | ({"password": "canary-wrong"} if token else {"sk": "canary-wrong"})
    else:
        huawei.fail(TROUBLES[trouble], times=None)
    provider = make(**changes)
    with pytest.raises(ProviderError) as caught:
        await provider.screen(image(), Ask())
    said = [
        str(caught.value),
        repr(caught.value),
        "".join(traceback.format_exception(caught.value)),
        heard.getvalue(),
        repr(provider),
        repr(vars(provider)),
    ]
    forbidden = [*secrets_of(huawei), "canary-wrong", "BUY NOW", huawei.ak]
    for text in said[:-1]:
        assert not [s for s in forbidden if s in text]
    assert not [s for s in forbidden if s != huawei.ak and s in said[-1]]  # an access key ID is no secret


@pytest.mark.asyncio
async def test_what_was_read_from_an_image_is_not_logged(make: Make, huawei: LoopbackHuawei, heard: StringIO) -> None:
    result = {**EVERYTHING["result"]}
    result["details"] = [{**d, "label": f"new_{n}"} for n, d in enumerate(result["details"])]
    huawei.moderation.answers.append(result)
    screening = await make().screen(image(), Ask())
    assert "new_0" in heard.getvalue()  # so something was logged
    for text in (heard.getvalue(), repr(screening)):
        assert not [w for w in WORDS if w in text]


def test_an_answer_that_cannot_be_read_is_not_quoted() -> None:
    spoilt = {"result": {"suggestion": "canary", "category": "canary", "details": "canary"}}
    with pytest.raises(Garbled) as caught:
        answer(spoilt)
    assert "canary" not in str(caught.value)


@pytest.mark.asyncio
async def test_a_task_that_is_left_alone_says_nothing_secret(make: Make, huawei: LoopbackHuawei) -> None:
    """A cancelled call leaves no warning behind that shows its arguments."""
    until = asyncio.Event()
    huawei.fail(troubles.slow(until), times=None)
    task = asyncio.create_task(make().screen(image(), Ask()))
    while not huawei.requests:  # noqa: ASYNC110 - real sockets
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    until.set()
    assert huawei.sk not in "".join(traceback.format_exception(caught.value))
