"""Keys and tokens, against an IAM and a gate that check them for real."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.sandbox.huawei import LoopbackHuawei
from policies.model import Verdict
from providers.base import Ask
from providers.errors import BadCredentials, Garbled, RateLimited, ServerFault
from providers.http import Http
from providers.huawei.access import ByKey
from providers.huawei.codes import BadKey, ClockSkew, StaleToken, WrongProject
from providers.huawei.tokens import Tokens
from tests.clock import FakeClock
from tests.providers.huawei.conftest import Make, by_token, settings_of
from tests.providers.samples import image

ASK = Ask()
HOUR = 3600.0


def paths(huawei: LoopbackHuawei) -> list[str]:
    return [asked.target.partition("?")[0].rpartition("/")[2] for asked in huawei.requests]


# --- by key -----------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_signed_request_is_let_in(make: Make, huawei: LoopbackHuawei) -> None:
    assert isinstance(await make().screen(image(), ASK), Verdict)
    [asked] = huawei.requests
    assert asked.headers["x-project-id"] == huawei.iam.project
    assert "x-auth-token" not in asked.headers
    assert "SignedHeaders=content-type;host;x-project-id;x-sdk-date," in asked.headers["authorization"]


@pytest.mark.asyncio
async def test_temporary_keys_bring_their_token(clock: FakeClock) -> None:
    async with LoopbackHuawei(clock=clock, security_token="session") as huawei:
        access = ByKey(settings_of(huawei, security_token="session"), Http("Huawei"), clock)
        headers = await access.headers("POST", f"{huawei.url}/x", {}, b"")
    assert headers["X-Security-Token"] == "session"
    assert "x-security-token" in headers["Authorization"]


@pytest.mark.asyncio
async def test_the_project_is_looked_up_once_for_all_who_wait(make: Make, huawei: LoopbackHuawei) -> None:
    provider = make(project_id="")
    await asyncio.gather(*(provider.screen(image(), ASK) for _ in range(20)))
    await provider.screen(image(), ASK)
    assert paths(huawei).count("projects") == 1
    assert {asked.headers["x-project-id"] for asked in huawei.requests[1:]} == {huawei.iam.project}


@pytest.mark.asyncio
async def test_a_region_without_a_project_says_so(make: Make) -> None:
    with pytest.raises(WrongProject, match="0 projects for cn-north-4: set the project ID"):
        await make(project_id="", region="cn-north-4").screen(image(), ASK)


@pytest.mark.asyncio
async def test_another_accounts_project_is_named_as_such(make: Make) -> None:
    with pytest.raises(WrongProject, match=r"APIGW\.0310.*check the project ID"):
        await make(project_id="0" * 32).screen(image(), ASK)


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", ["ak", "sk"])
async def test_a_wrong_key_is_said_to_be_one_and_is_not_tried_again(
    make: Make, huawei: LoopbackHuawei, wrong: str
) -> None:
    with pytest.raises(BadKey, match=r"APIGW\.0301.*check AK and SK"):
        await make(**{wrong: "WRONG"}).screen(image(), ASK)
    assert len(huawei.requests) == 1


@pytest.mark.asyncio
async def test_a_locked_key_says_for_how_long_and_comes_free(
    make: Make, huawei: LoopbackHuawei, clock: FakeClock
) -> None:
    wrong, right = make(sk="WRONG"), make()
    for _ in range(5):
        with pytest.raises(BadKey):
            await wrong.screen(image(), ASK)
    with pytest.raises(BadKey, match="five minutes"):
        await right.screen(image(), ASK)
    await clock.advance(301)
    assert isinstance(await right.screen(image(), ASK), Verdict)


@pytest.mark.asyncio
@pytest.mark.parametrize("minutes", [-20, 20])
async def test_a_wrong_clock_is_told_from_a_wrong_key(minutes: int, huawei: LoopbackHuawei, clock: FakeClock) -> None:
    from providers.huawei import HuaweiProvider

    ours = FakeClock(clock.now() + timedelta(minutes=minutes), auto=True)
    provider = HuaweiProvider(settings_of(huawei), clock=ours)
    with pytest.raises(ClockSkew, match=f"20 minutes {'ahead' if minutes > 0 else 'behind'}"):
        await provider.screen(image(), ASK)
    await provider.aclose()


@pytest.mark.asyncio
async def test_a_key_has_nothing_to_renew(make: Make, huawei: LoopbackHuawei) -> None:
    huawei.fail("AIS.0002")
    with pytest.raises(StaleToken):
        await make().screen(image(), ASK)
    assert len(huawei.requests) == 1


@pytest.mark.asyncio
async def test_each_try_is_signed_anew(make: Make, huawei: LoopbackHuawei) -> None:
    huawei.fail("APIGW.0308", times=2)  # wait a second, each
    await make().screen(image(), ASK)
    assert len({asked.headers["x-sdk-date"] for asked in huawei.requests}) == 3
    assert all(huawei.gate.refusal(asked) is None for asked in huawei.requests)


# --- by token ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("known", [True, False], ids=["project set", "project from the token"])
async def test_without_a_key_it_logs_in(make: Make, huawei: LoopbackHuawei, known: bool) -> None:
    changes = by_token(huawei) | ({} if known else {"project_id": ""})
    assert isinstance(await make(**changes).screen(image(), ASK), Verdict)
    assert paths(huawei) == ["tokens", "image"]
    assert huawei.requests[0].target == "/v3/auth/tokens?nocatalog=true"
    assert "authorization" not in huawei.requests[1].headers


@pytest.mark.asyncio
async def test_any_number_of_waiters_share_one_login(make: Make, huawei: LoopbackHuawei) -> None:
    provider = make(**by_token(huawei))
    await asyncio.gather(*(provider.screen(image(), ASK) for _ in range(50)))
    assert huawei.iam.logins == 1


@pytest.mark.asyncio
async def test_a_token_is_renewed_well_before_its_end(make: Make, huawei: LoopbackHuawei, clock: FakeClock) -> None:
    provider = make(**by_token(huawei))
    await provider.screen(image(), ASK)
    await clock.advance(17 * HOUR)
    await provider.screen(image(), ASK)
    assert huawei.iam.logins == 1
    await clock.advance(2 * HOUR)
    await provider.screen(image(), ASK)
    assert huawei.iam.logins == 2


@pytest.mark.asyncio
async def test_how_long_a_token_lives_does_not_hang_on_the_time_of_day(huawei: LoopbackHuawei) -> None:
    ours = FakeClock(huawei.clock.now() + timedelta(days=400), auto=True)
    http = Http("Huawei")
    tokens = Tokens(settings_of(huawei, **by_token(huawei)), http, ours)
    await tokens.get()
    await ours.advance(10 * HOUR)
    await tokens.get()
    await http.aclose()
    assert huawei.iam.logins == 1


@pytest.mark.asyncio
async def test_a_withdrawn_token_is_renewed_once_for_all_whom_it_failed(make: Make, huawei: LoopbackHuawei) -> None:
    provider = make(**by_token(huawei))
    await provider.screen(image(), ASK)
    huawei.withdraw_tokens()
    screenings = await asyncio.gather(*(provider.screen(image(), ASK) for _ in range(30)))
    assert all(isinstance(s, Verdict) for s in screenings)
    assert huawei.iam.logins == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("code", ["AIS.0002", "APIGW.0307"])
async def test_a_second_refusal_is_not_answered_with_a_third_login(
    make: Make, huawei: LoopbackHuawei, code: str
) -> None:
    huawei.fail(code, times=None)
    with pytest.raises(BadCredentials, match=code):
        await make(**by_token(huawei)).screen(image(), ASK)
    assert paths(huawei) == ["tokens", "image", "tokens", "image"]


@pytest.mark.asyncio
async def test_an_expired_token_is_renewed(make: Make, huawei: LoopbackHuawei) -> None:
    provider = make(**by_token(huawei))
    await provider.screen(image(), ASK)
    huawei.gate.tokens = dict.fromkeys(huawei.gate.tokens, huawei.clock.now() - timedelta(seconds=1))
    assert isinstance(await provider.screen(image(), ASK), Verdict)


@pytest.mark.asyncio
@pytest.mark.parametrize("wrong", ["username", "password", "domain"])
async def test_a_wrong_login_says_what_to_check(make: Make, huawei: LoopbackHuawei, wrong: str) -> None:
    with pytest.raises(BadKey, match=r"refused the login \(401\): check user, password, account name and region"):
        await make(**by_token(huawei) | {wrong: "wrong"}).screen(image(), ASK)
    assert huawei.iam.logins == 1


@pytest.mark.asyncio
async def test_the_token_is_asked_for_the_region_or_the_project(make: Make, huawei: LoopbackHuawei) -> None:
    with pytest.raises(BadKey, match="region"):
        await make(**by_token(huawei), project_id="", region="cn-north-4").screen(image(), ASK)


class Iam(Http):
    """Answers logins with what it is given."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        super().__init__("Huawei")
        self.reply = (status, {k.replace("_", "-"): v for k, v in headers.items()}, body)

    async def send(self, method: str, url: str, *, headers: object, content: bytes = b"") -> object:  # type: ignore[override]
        from providers.http import Reply

        return Reply("Huawei", *self.reply)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (201, b"{}", {"x_subject_token": "t"}, Garbled),
        (201, b'{"token": {}}', {}, Garbled),
        (201, b"<html>", {"x_subject_token": "t"}, Garbled),
        (503, b"<html>", {}, ServerFault),
        (429, b"", {}, RateLimited),
        (400, b'{"error_code": "IAM.0006", "error_msg": "x"}', {}, ServerFault),
        (401, b'{"error_code": "IAM.0002", "error_msg": "x"}', {}, BadKey),
        (403, b"", {}, BadKey),
    ],
)
async def test_what_iam_may_say_instead_of_a_token(
    huawei: LoopbackHuawei, status: int, body: bytes, headers: dict[str, str], kind: type[Exception]
) -> None:
    tokens = Tokens(settings_of(huawei, **by_token(huawei)), Iam(status, body, **headers), FakeClock())
    with pytest.raises(kind):
        await tokens.get()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("told", "lives"),
    [
        (b'{"token": {}}', 3600.0),
        (b'{"token": {"issued_at": "soon", "expires_at": 7}}', 3600.0),
        (b'{"token": {"issued_at": "2026-01-01T00:00:00.000Z", "expires_at": "2026-01-01T10:00:00.000Z"}}', 36000.0),
        (b'{"token": {"issued_at": "2026-01-02T00:00:00Z", "expires_at": "2026-01-01T00:00:00Z"}}', 0.0),
    ],
)
async def test_how_long_a_token_is_used(huawei: LoopbackHuawei, told: bytes, lives: float) -> None:
    iam = Iam(201, told, x_subject_token="t")
    token = await Tokens(settings_of(huawei, **by_token(huawei)), iam, FakeClock()).get()
    assert token.until == 0.75 * lives
    assert token.project == ""


@pytest.mark.asyncio
async def test_a_token_that_names_no_project_asks_for_it(huawei: LoopbackHuawei, clock: FakeClock) -> None:
    from providers.huawei.access import ByToken

    settings = settings_of(huawei, **by_token(huawei), project_id="")
    with pytest.raises(WrongProject, match="set the project ID"):
        await ByToken(settings, Iam(201, b'{"token": {}}', x_subject_token="t"), clock).project()
