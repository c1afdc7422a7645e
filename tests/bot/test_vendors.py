"""From settings to providers: what is missing is said with its cure; what is there works against loopback vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.config import PROVIDER_NAMES, SETTINGS, Config, ConfigError, HitPawDelivery, HuaweiDelivery, load
from bot.opening import WORKS, open_screening
from bot.planning import by_grant
from bot.sandbox.hitpaw import HitPaw
from bot.sandbox.hitpaw_books import Script
from bot.sandbox.huawei import LoopbackHuawei
from bot.sandbox.rekognition import LoopbackRekognition
from bot.vendors import _TABLE, Means, covers, given, links, problems, provider, relays
from policies.model import NEVER, Category, Context, Place, Policy, Verdict
from policies.presets import DEFAULT, preset
from providers.testcard import draw
from providers.tickets import MemoryTickets
from tests.bot.test_planning import GUILD, Register

CANARY = "canary-0123456789-canary"
HUAWEI = {"huawei_ak": "AK", "huawei_sk": CANARY}
TELEGRAM = "https://api.telegram.org"
AWS = {"rekognition_access_key_id": "AKIAIOSFODNN7EXAMPLE", "rekognition_secret_access_key": CANARY}
PLACE = Place(Context.GROUP_MESSAGE, "10")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def said(monkeypatch: pytest.MonkeyPatch, **settings: str) -> list[str]:
    """The problems of a configuration."""
    for name, value in settings.items():
        monkeypatch.setenv(f"BEHOLDER_{name.upper()}", value)
    with pytest.raises(ConfigError) as caught:
        load()
    return list(caught.value.problems)


def test_every_listed_provider_says_what_it_lacks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = said(monkeypatch, providers="local,huawei,hitpaw,rekognition,openai,custom", web_port="8081")
    assert [w.partition(":")[0] for w in wrong] == [f"provider {n}" for n in PROVIDER_NAMES if n != "local"]
    first = ("HUAWEI_AK", "HITPAW_API_KEY", "REKOGNITION_ACCESS_KEY_ID", "OPENAI_API_KEY", "CUSTOM_URL")
    for sentence, setting in zip(wrong, first, strict=True):
        assert f"set BEHOLDER_{setting}" in sentence


@pytest.mark.parametrize(
    ("settings", "cure"),
    [
        ({"providers": "huawei", "huawei_ak": "AK"}, "SK"),
        ({"providers": "huawei", "huawei_sk": CANARY}, "AK"),
        ({"providers": "huawei", "huawei_username": "who"}, "password"),
        ({"providers": "huawei", "huawei_ak": "AK", "huawei_sk": CANARY, "huawei_region": "Mars"}, "ap-southeast-3"),
        ({"providers": "huawei", "huawei_ak": "AK", "huawei_sk": CANARY, "huawei_url": "http://far.example"}, "https"),
        ({"providers": "hitpaw", "hitpaw_api_key": CANARY, "hitpaw_url": "http://far.example"}, "https"),
        ({"providers": "hitpaw", "hitpaw_api_key": CANARY, "hitpaw_delivery": "relay"}, "BEHOLDER_PUBLIC_URL"),
        (
            {"providers": "huawei", **HUAWEI, "huawei_delivery": "relay"},
            "BEHOLDER_PUBLIC_URL; set it, or choose base64",
        ),
        ({"providers": "huawei", **HUAWEI, "huawei_categories": "porn, politics"}, "porn, terrorism, image_text"),
        ({"providers": "huawei", **HUAWEI, "huawei_black_glossaries": "ads,b{d"}, "'b{d' is no word list"),
        ({"providers": "huawei", **HUAWEI, "huawei_labels": "/nowhere.yaml"}, "check the path"),
        (
            {"providers": "hitpaw", "hitpaw_api_key": CANARY, "hitpaw_delivery": "direct", "discord_cdn_url": TELEGRAM},
            "never Telegram's",
        ),
        ({"huawei_delivery": "pigeon"}, "must be one of: base64, relay, direct"),
        ({"hitpaw_delivery": "pigeon"}, "must be one of: upload, relay, direct"),
        ({"huawei_price": "-1"}, "must be US dollars"),
        ({"ceiling": "-1"}, "must be US dollars a month"),
        ({"ceiling": "5.001"}, "at most two decimals"),
        ({"ceiling": "inf"}, "must be US dollars a month"),
        ({"hitpaw_credit_price": "free"}, "must be US dollars"),
        ({"providers": "rekognition", **AWS, "rekognition_secret_access_key": ""}, "REKOGNITION_SECRET_ACCESS_KEY"),
        ({"providers": "rekognition", **AWS, "rekognition_access_key_id": "AKIA"}, "copy both again"),
        ({"providers": "rekognition", **AWS, "rekognition_region": "Ireland"}, "us-east-1"),
        ({"providers": "rekognition", **AWS, "rekognition_url": "http://far.example"}, "https"),
        ({"rekognition_price": "cheap"}, "must be US dollars"),
        ({"openai_api_key": f"{CANARY} x"}, "copy it again"),
        ({"custom_url": "ftp://model.example"}, "http"),
        ({"custom_url": "http://model.example/judge?model=4 b"}, "%20"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure_and_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], cure: str
) -> None:
    (sentence,) = said(monkeypatch, **settings)
    assert cure in sentence
    assert CANARY not in sentence


def test_keys_and_passwords_are_known_to_the_redactor(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = (
        *("huawei_sk", "huawei_password", "hitpaw_api_key", "openai_api_key", "custom_token"),
        *("rekognition_access_key_id", "rekognition_secret_access_key", "rekognition_session_token"),
    )
    for name in secret:
        monkeypatch.setenv(f"BEHOLDER_{name.upper()}", f"{CANARY}-{name}")
    config = load()
    assert set(config.secrets) == {f"{CANARY}-{name}" for name in secret}
    assert CANARY not in repr(config)


def test_a_models_address_may_have_a_query() -> None:
    assert Config(custom_url="https://model.example/judge/?model=4").custom_url == "https://model.example/judge?model=4"


def test_a_token_for_a_model_is_no_token_of_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_CUSTOM_TOKEN", "secret")
    with pytest.raises(ConfigError, match="no platform token"):
        load(platform=True)


FULL = Config(
    providers=PROVIDER_NAMES,
    huawei_ak="AK",
    huawei_sk=SecretStr("SK"),
    hitpaw_api_key=SecretStr("key"),
    rekognition_access_key_id=SecretStr("AKIAIOSFODNN7EXAMPLE"),
    rekognition_secret_access_key=SecretStr("secret"),
    openai_api_key=SecretStr("key"),
    custom_url="http://127.0.0.1:1/judge",
)


def test_the_table_has_a_row_for_each_and_no_other() -> None:
    assert tuple(_TABLE) == PROVIDER_NAMES


@pytest.mark.asyncio
@pytest.mark.parametrize("name", PROVIDER_NAMES)
async def test_each_is_made_under_its_name_and_finds_what_is_said_of_it(name: str) -> None:
    assert problems(FULL, PROVIDER_NAMES) == []
    made, guard = provider(FULL, name, Means(SystemClock(), MemoryTickets()))
    assert made.name == guard.name == name
    assert made.covers == covers(FULL, (name,))[name]
    await guard.aclose()


def test_a_category_that_the_host_does_not_allow_is_not_found() -> None:
    two = FULL.model_copy(update={"huawei_categories": ("porn", "terrorism")})
    assert covers(FULL, ("huawei",))["huawei"] - covers(two, ("huawei",))["huawei"] == {
        Category.ADVERTISING,
        Category.OFFENSIVE_TEXT,
    }
    made, _ = provider(two, "huawei", Means(SystemClock(), MemoryTickets()))
    assert made.covers == covers(two, ("huawei",))["huawei"]


@pytest.mark.parametrize("name", ["hitpaw", "huawei"])
def test_links_are_asked_for_only_where_a_listed_vendor_wants_them(name: str) -> None:
    direct = {"hitpaw_delivery": HitPawDelivery.DIRECT, "huawei_delivery": HuaweiDelivery.DIRECT}
    assert not links(FULL)
    assert links(FULL.model_copy(update={**direct, "providers": (name,)}))
    assert not links(FULL.model_copy(update={**direct, "providers": ("local",)}))
    assert not links(given(FULL.model_copy(update=direct)))


@pytest.mark.parametrize("name", ["hitpaw", "huawei"])
def test_our_web_server_shows_pictures_only_where_a_listed_vendor_fetches_them(name: str) -> None:
    relay = {"hitpaw_delivery": HitPawDelivery.RELAY, "huawei_delivery": HuaweiDelivery.RELAY}
    assert not relays(FULL)
    assert relays(FULL.model_copy(update={**relay, "providers": (name,)}))
    assert not relays(FULL.model_copy(update={**relay, "providers": ("local",)}))
    relayed = FULL.model_copy(update={**relay, "public_url": "https://bot.example"})
    with pytest.raises(ConfigError, match="works in `beholder run` alone"):
        provider(relayed, name, Means(SystemClock(), MemoryTickets()))


def test_a_relay_needs_the_running_bot() -> None:
    relayed = FULL.model_copy(update={"hitpaw_delivery": HitPawDelivery.RELAY, "public_url": "https://bot.example"})
    with pytest.raises(ConfigError, match="upload"):
        provider(relayed, "hitpaw", Means(SystemClock(), MemoryTickets()))


# --- against vendors on loopback --------------------------------------------------------------------------


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def verdicts(config: Config, content: bytes, granted: tuple[str, ...]) -> dict[str, Verdict]:
    """What each provider that was asked said about a picture of a guild with these grants."""
    async with open_screening(config, granted=by_grant(Register(*granted))) as opened:
        look = await opened.screener.look(once(content), preset(DEFAULT), PLACE, tenant=GUILD)
        assert set(opened.health().values()) == {WORKS}
    return {s.provider: s for s in look.screenings if isinstance(s, Verdict)}


@pytest.mark.asyncio
async def test_two_vendors_judge_for_the_guild_that_was_granted_them_and_for_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = SystemClock()
    card = draw(Category.SEXUAL_EXPLICIT, 0.9)
    async with LoopbackHuawei(clock=clock) as huawei, HitPaw(CANARY, clock=clock, usual=Script(seconds=0)) as hitpaw:
        for name, value in huawei.environment.items():
            monkeypatch.setenv(name, value)
        config = Config(
            data_dir=tmp_path, providers=("hitpaw", "huawei"), hitpaw_api_key=SecretStr(CANARY), hitpaw_url=hitpaw.url
        )
        assert problems(config, config.providers) == []
        assert set(await verdicts(config, card, ())) == {"local", "testcard"}
        assert (len(hitpaw.charges), len(huawei.calls)) == (0, 0)
        assert set(await verdicts(config, card, ("huawei",))) == {"huawei", "testcard"}
        assert (len(hitpaw.charges), len(huawei.calls)) == (0, 1)
        assert set(await verdicts(config, card, ("huawei", "hitpaw"))) == {"hitpaw", "testcard"}
        assert (len(hitpaw.charges), len(huawei.calls)) == (1, 1)


def without(policy: Policy, *categories: Category) -> Policy:
    """As a guild that switched them off, in every context."""
    off = dict.fromkeys(categories, NEVER)
    contexts = {context: {**limits, **off} for context, limits in policy.contexts.items()}
    return replace(policy, thresholds={**policy.thresholds, **off}, contexts=contexts)


@pytest.mark.asyncio
async def test_a_guild_pays_for_the_categories_that_it_wants_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the policy to the request on the wire, and to what is charged and counted."""
    standard = preset(DEFAULT)
    fewer = without(standard, Category.ADVERTISING, Category.OFFENSIVE_TEXT)
    async with LoopbackHuawei(clock=SystemClock()) as huawei:
        for name, value in huawei.environment.items():
            monkeypatch.setenv(name, value)
        config = Config(
            data_dir=tmp_path, providers=("huawei",), huawei_price=0.001, huawei_black_glossaries=("广告词库",)
        )
        async with open_screening(config, granted=by_grant(Register("huawei"))) as opened:
            looks = [
                await opened.screener.look(once(draw(category, 0.9)), policy, PLACE, tenant=GUILD)
                for category, policy in ((Category.VIOLENCE, standard), (Category.HATE, fewer))
            ]
    costs = [s.cost for look in looks for s in look.screenings if isinstance(s, Verdict) and s.provider == "huawei"]
    assert costs == [pytest.approx(0.003), pytest.approx(0.002)]
    assert [call.fields["categories"] for call in huawei.calls] == [
        ["porn", "terrorism", "image_text"],
        ["porn", "terrorism"],
    ]
    assert [call.fields.get("image_text_config") for call in huawei.calls] == [
        {"black_glossary_names": ["广告词库"]},
        None,
    ], "word lists are for text alone"
    assert huawei.charges == {"porn": 2, "terrorism": 2, "image_text": 1}


@pytest.mark.asyncio
async def test_rekognition_judges_by_what_its_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with LoopbackRekognition(clock=SystemClock(), per_second=None) as aws:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        config = Config(data_dir=tmp_path, providers=("rekognition",))
        assert problems(config, config.providers) == []
        said = await verdicts(config, draw(Category.HATE, 0.9), ("rekognition",))
        assert said["rekognition"].confidence(Category.HATE) == pytest.approx(0.9)
        assert aws.charges == 1
