"""Where Huawei fetches a picture itself: the link that it is shown, what it is given instead, and the labels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import web
from structlog.testing import capture_logs

from bot.sandbox.huawei import LoopbackHuawei
from policies.model import Category, Frames, Suggestion, Verdict
from providers.base import LINK, Ask, Image
from providers.errors import Unavailable
from providers.huawei import HuaweiProvider
from providers.huawei.wire import VERSIONS, Table, answer
from tests.providers.huawei.conftest import Make
from tests.providers.huawei.samples import SUCCESS, loaded
from tests.providers.samples import image

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"


@pytest_asyncio.fixture
async def cdn() -> AsyncIterator[str]:
    """Where a platform keeps a picture; anything below `/gone/` is not there."""

    async def serve(request: web.BaseRequest) -> web.Response:
        if request.path.startswith("/gone/"):
            return web.Response(status=404)
        return web.Response(body=image().still, content_type="image/jpeg")

    runner = web.ServerRunner(web.Server(serve, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def sent(provider: HuaweiProvider, huawei: LoopbackHuawei, link: str, picture: Image | None = None) -> list[str]:
    """How the picture went, call by call."""
    got = await provider.screen(picture or image(), Ask(options=((LINK, link),)))
    assert isinstance(got, Verdict)
    assert huawei.charges == {"porn": 1, "terrorism": 1, "image_text": 1}, "an error costs nothing"
    return ["url" if "url" in call.fields else "image" for call in huawei.calls]


@pytest.mark.asyncio
async def test_a_direct_link_is_all_that_huawei_is_given(make: Make, huawei: LoopbackHuawei, cdn: str) -> None:
    link = f"{cdn}attachments/1/2/cat.jpg?ex=1&is=2&hm=3"
    assert await sent(make(delivery="direct", direct_from=(cdn,)), huawei, link) == ["url"]
    assert huawei.calls[0].fields["url"] == link


@pytest.mark.asyncio
async def test_where_direct_was_not_chosen_a_link_is_not_looked_at(
    make: Make, huawei: LoopbackHuawei, cdn: str
) -> None:
    assert await sent(make(direct_from=(cdn,)), huawei, f"{cdn}a.jpg") == ["image"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "link", ["", "https://evil.example/a.jpg", "{cdn}../a.jpg", f"{{cdn}}file/bot{TOKEN}/a.jpg", "{cdn}a.jpg#x"]
)
async def test_a_link_that_may_not_be_shown_is_not_and_the_bytes_go(
    make: Make, huawei: LoopbackHuawei, cdn: str, link: str
) -> None:
    link = link.format(cdn=cdn)
    with capture_logs() as logs:
        assert await sent(make(delivery="direct", direct_from=(cdn,)), huawei, link) == ["image"]
    assert not link or link not in str(logs)
    assert TOKEN not in str(huawei.requests)


@pytest.mark.asyncio
@pytest.mark.parametrize("changes", [{"kind": "avif"}, {"width": 8000}, {"height": 19}, {"frames": Frames(8, 120)}])
async def test_an_original_that_huawei_would_not_take_is_sent_as_the_still(
    make: Make, huawei: LoopbackHuawei, cdn: str, changes: dict[str, object]
) -> None:
    original = replace(image(), **changes)  # type: ignore[arg-type]
    assert await sent(make(delivery="direct", direct_from=(cdn,)), huawei, f"{cdn}a.jpg", original) == ["image"]


@pytest.mark.asyncio
@pytest.mark.parametrize("code", ["AIS.0022", "AIS.0023", "AIS.0029", "AIS.0402", "AIS.0504"])
async def test_what_huawei_makes_nothing_of_behind_its_link_it_is_given_once(
    make: Make, huawei: LoopbackHuawei, cdn: str, code: str
) -> None:
    huawei.fail(code)
    provider = make(delivery="direct", direct_from=(cdn,))
    with capture_logs() as logs:
        got = await provider.screen(image(), Ask(options=((LINK, f"{cdn}a.jpg"),)))
    assert isinstance(got, Verdict)
    assert ["url" in call.fields for call in huawei.calls] == [False], "the failed call never reached the service"
    assert cdn not in str(logs)


@pytest.mark.asyncio
async def test_a_picture_that_is_gone_from_its_link_is_sent(make: Make, huawei: LoopbackHuawei, cdn: str) -> None:
    assert await sent(make(delivery="direct", direct_from=(cdn,)), huawei, f"{cdn}gone/a.jpg") == ["url", "image"]


@pytest.mark.asyncio
async def test_an_outage_is_no_reason_to_send_it_twice(make: Make, huawei: LoopbackHuawei, cdn: str) -> None:
    huawei.fail("AIS.0003", times=None)
    with pytest.raises(Unavailable):
        await make(delivery="direct", direct_from=(cdn,)).screen(image(), Ask(options=((LINK, f"{cdn}a.jpg"),)))
    assert len(huawei.requests) == 3


def test_a_link_is_no_part_of_the_key(huawei: LoopbackHuawei, make: Make) -> None:
    provider = make(delivery="direct")
    assert provider.cache_key(Ask(options=((LINK, "https://cdn.discordapp.com/a.jpg"),))) == provider.cache_key(Ask())


# --- the host's own labels --------------------------------------------------------------------------------


def test_the_hosts_words_go_before_ours_and_the_narrower_before_the_wider() -> None:
    table = Table({"intimacy": Category.OTHER, "porn/intimacy": Category.SEXUAL_EXPLICIT, "flag": Category.HATE})
    said = answer(loaded(SUCCESS), table)
    assert {label.name: label.category for label in said.labels} == {
        "sexy_female": Category.SEXUAL_SUGGESTIVE,
        "intimacy": Category.SEXUAL_EXPLICIT,
    }
    assert table.category("terrorism", "intimacy", Suggestion.BLOCK) is Category.OTHER
    assert table.category("terrorism", "flag", Suggestion.BLOCK) is Category.HATE
    assert table.category("terrorism", "unheard_of", Suggestion.BLOCK) is Category.EXTREMISM
    assert table.known("terrorism", "unheard_of") is None


def test_another_table_is_another_mapping() -> None:
    """Else a verdict kept under one would be found under another (ruling 10)."""
    tables = [Table(), Table({"a": Category.HATE}), Table({"a": Category.OTHER}), Table({"b": Category.HATE})]
    mappings = [table.versions.mapping for table in tables]
    assert mappings[0] == VERSIONS.mapping
    assert len(set(mappings)) == len(tables)
    one, other = ({"a": Category.HATE, "b": Category.OTHER}, {"b": Category.OTHER, "a": Category.HATE})
    assert Table(one).versions == Table(other).versions, "in whatever order it is written"


@pytest.mark.asyncio
async def test_a_verdict_carries_the_version_of_its_table(make: Make, huawei: LoopbackHuawei) -> None:
    plain, own = make(), make(labels={"sexy_female": Category.SEXUAL_EXPLICIT})
    huawei.moderation.answers.append(loaded(SUCCESS)["result"])
    got = await own.screen(image(), Ask())
    assert isinstance(got, Verdict)
    assert Category.SEXUAL_EXPLICIT in {label.category for label in got.labels}
    assert got.versions.mapping in own.version
    assert plain.version != own.version
    assert own._unknown.counted == {}
