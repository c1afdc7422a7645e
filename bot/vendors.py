"""The providers that a host may list, made from what is set, each behind its guard.

Which settings a provider needs is said here and nowhere else; `problems` says what is missing, with its cure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pydantic import SecretStr

from bot import labels
from bot.config import PREFIX, Config, ConfigError, HitPawDelivery, HuaweiDelivery
from bot.model import Recipient
from bot.ports import Clock
from policies.model import Category
from providers.base import Meter, Provider, Publisher, Tickets, Unmetered
from providers.custom import CustomProvider, CustomSettings
from providers.guard import Guard
from providers.hitpaw import HitPawProvider, HitPawSettings
from providers.hitpaw.settings import Delivery
from providers.huawei import HuaweiProvider, HuaweiSettings, ImageTextConfig
from providers.huawei.question import COVERS
from providers.huawei.settings import Delivery as HuaweisDelivery
from providers.local import LocalProvider
from providers.openai import OpenAIProvider, OpenAISettings
from providers.rekognition import RekognitionProvider, RekognitionSettings

LOCAL = "local"
DEADLINE = 60.0  # seconds, room for three tries
HITPAW_AT_ONCE = 200  # jobs take long and are waited for; their pace is the vendor's own budget of polls
HITPAW_DEADLINE = 90.0  # seconds: an upload, a submit and the soft deadline, each at its slowest


@dataclass(frozen=True, slots=True)
class Means:
    """What providers are made with. `tickets`: receipts of slow jobs; `publisher`: our own short-lived links."""

    clock: Clock
    tickets: Tickets
    publisher: Publisher | None = None
    meter: Meter = Unmetered()


def problems(config: Config, names: Iterable[str]) -> list[str]:
    """What keeps the providers `names` from being made, each with its cure; no secrets."""
    return [f"provider {name}: {why}" for name in names for why in _problems(config, name)]


def provider(config: Config, name: str, means: Means) -> tuple[Provider, Guard]:
    """The provider `name` and the guard around it. Raises ConfigError."""
    if wrong := problems(config, (name,)):
        raise ConfigError(wrong)
    return _TABLE[name].make(config, means)


def covers(config: Config, names: Iterable[str]) -> Mapping[str, frozenset[Category]]:
    """What each of these providers can find, without opening any."""
    return {name: _huaweis(config) if name == "huawei" else _TABLE[name].covers for name in names}


def recipients(config: Config) -> tuple[Recipient, ...]:
    """Those of the listed providers that are outside of this machine, and how pictures get there."""
    told = {
        "huawei": Recipient("huawei", config.huawei_delivery.value, config.huawei_region),
        "hitpaw": Recipient("hitpaw", config.hitpaw_delivery.value),
        "rekognition": Recipient("rekognition", region=config.rekognition_region),
    }
    return tuple(told.get(name, Recipient(name)) for name in config.providers if name != LOCAL)


def relays(config: Config) -> bool:
    """Whether a provider that is listed fetches pictures from this bot's own web server."""
    return "relay" in _deliveries(config)


def links(config: Config) -> bool:
    """Whether a provider that is listed fetches pictures from the platform, under its own links."""
    return "direct" in _deliveries(config)


def given(config: Config) -> Config:
    """The same, but for every picture being given to its vendor: for a process that serves none and has no links."""
    return config.model_copy(
        update={"hitpaw_delivery": HitPawDelivery.UPLOAD, "huawei_delivery": HuaweiDelivery.BASE64}
    )


def _deliveries(config: Config) -> set[str]:
    ways: dict[str, str] = {"hitpaw": config.hitpaw_delivery, "huawei": config.huawei_delivery}
    return {way for name, way in ways.items() if name in config.providers}


def _huaweis(config: Config) -> frozenset[Category]:
    asked = (COVERS.get(name, frozenset()) for name in config.huawei_categories)
    return frozenset({Category.OTHER}).union(*asked)


# --- what is set -------------------------------------------------------------------------------------


def _problems(config: Config, name: str) -> list[str]:
    lacking = _lacking(config, name)
    if lacking:
        return [lacking]
    try:
        _TABLE[name].settings(config)
    except ValueError as error:
        return [str(error)]
    return []


def _lacking(config: Config, name: str) -> str:
    """What must be set and is not, as a sentence; empty if there is nothing."""
    if name == "huawei" and not config.huawei_ak and not config.huawei_sk and not config.huawei_username:
        keys, login = _named("HUAWEI_AK", "HUAWEI_SK"), _named("HUAWEI_USERNAME", "HUAWEI_PASSWORD", "HUAWEI_DOMAIN")
        return f"set {keys}; or {login}"
    if lacking := [field for field in _TABLE[name].needs if getattr(config, field) is None]:
        return f"set {_named(*(field.upper() for field in lacking))}"
    if config.public_url is not None:
        return ""
    if name == "hitpaw" and config.hitpaw_delivery is HitPawDelivery.RELAY:
        return f"{_named('HITPAW_DELIVERY')}=relay needs {_named('PUBLIC_URL')}; set it, or choose upload"
    if name == "huawei" and config.huawei_delivery is HuaweiDelivery.RELAY:
        return f"{_named('HUAWEI_DELIVERY')}=relay needs {_named('PUBLIC_URL')}; set it, or choose base64"
    return ""


def _named(*settings: str) -> str:
    return " and ".join(f"{PREFIX}{name}" for name in settings)


def _secret(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value().strip()


def _huawei(config: Config) -> HuaweiSettings:
    return HuaweiSettings(
        ak=config.huawei_ak or "",
        sk=_secret(config.huawei_sk),
        project_id=config.huawei_project_id or "",
        region=config.huawei_region,
        url=config.huawei_url or "",
        iam_url=config.huawei_iam_url or "",
        username=config.huawei_username or "",
        password=_secret(config.huawei_password),
        domain=config.huawei_domain or "",
        enterprise_project_id=config.huawei_enterprise_project_id or "",
        biz_type=config.huawei_biz_type or "",
        image_text_config=ImageTextConfig(config.huawei_black_glossaries, config.huawei_white_glossaries),
        delivery=HuaweisDelivery(config.huawei_delivery.value),
        direct_from=_places(config, direct=config.huawei_delivery is HuaweiDelivery.DIRECT),
        categories=tuple(dict.fromkeys(config.huawei_categories)),
        price=config.huawei_price,
        labels={} if config.huawei_labels is None else _labels(config.huawei_labels),
    )


def _hitpaw(config: Config) -> HitPawSettings:
    return HitPawSettings(
        _secret(config.hitpaw_api_key),
        url=config.hitpaw_url,
        delivery=Delivery(config.hitpaw_delivery.value),
        direct_from=_places(config, direct=config.hitpaw_delivery is HitPawDelivery.DIRECT),
        credit_price=config.hitpaw_credit_price,
        soft_deadline=config.hitpaw_soft_deadline,
    )


def _labels(file: Path) -> Mapping[str, Category]:
    try:
        return labels.read(file)
    except ValueError as error:
        raise ValueError(f"{_named('HUAWEI_LABELS')}: {error}") from None


def _places(config: Config, *, direct: bool) -> tuple[str, ...]:
    """Discord's two file hosts, where links may lead to; nowhere, where none are handed on."""
    return (f"{config.discord_cdn_url}/", f"{config.discord_media_url}/") if direct else ()


def _rekognition(config: Config) -> RekognitionSettings:
    return RekognitionSettings(
        access_key_id=_secret(config.rekognition_access_key_id),
        secret_access_key=_secret(config.rekognition_secret_access_key),
        session_token=_secret(config.rekognition_session_token),
        region=config.rekognition_region,
        url=config.rekognition_url or "",
        price=config.rekognition_price,
    )


def _openai(config: Config) -> OpenAISettings:
    return OpenAISettings(_secret(config.openai_api_key), config.openai_url)


def _custom(config: Config) -> CustomSettings:
    return CustomSettings(config.custom_url or "", _secret(config.custom_token) or None)


# --- what is made of it --------------------------------------------------------------------------------


def _make_local(config: Config, means: Means) -> tuple[Provider, Guard]:
    """One budget of processor time: no more models at work than cores, whatever number of workers ask."""
    made = LocalProvider()
    return made, Guard(made, clock=means.clock, meter=means.meter, concurrency=os.cpu_count() or 1)


def _make_huawei(config: Config, means: Means) -> tuple[Provider, Guard]:
    if config.huawei_delivery is HuaweiDelivery.RELAY and means.publisher is None:
        raise ConfigError([f"{_named('HUAWEI_DELIVERY')}=relay works in `beholder run` alone; set it to base64 here"])
    made = HuaweiProvider(_huawei(config), clock=means.clock, publisher=means.publisher)
    guard = Guard(
        made,
        clock=means.clock,
        meter=means.meter,
        concurrency=made.concurrency,
        per_second=made.pace,
        deadline=made.deadline,
    )
    return made, guard


def _make_hitpaw(config: Config, means: Means) -> tuple[Provider, Guard]:
    if config.hitpaw_delivery is HitPawDelivery.RELAY and means.publisher is None:
        raise ConfigError([f"{_named('HITPAW_DELIVERY')}=relay works in `beholder run` alone; set it to upload here"])
    made = HitPawProvider(_hitpaw(config), tickets=means.tickets, clock=means.clock, publisher=means.publisher)
    guard = Guard(made, clock=means.clock, meter=means.meter, concurrency=HITPAW_AT_ONCE, deadline=HITPAW_DEADLINE)
    return made, guard


def _make_rekognition(config: Config, means: Means) -> tuple[Provider, Guard]:
    made = RekognitionProvider(_rekognition(config), clock=means.clock)
    return made, Guard(made, clock=means.clock, meter=means.meter, per_second=made.per_second, deadline=DEADLINE)


def _make_openai(config: Config, means: Means) -> tuple[Provider, Guard]:
    made = OpenAIProvider(_openai(config), clock=means.clock)
    return made, Guard(made, clock=means.clock, meter=means.meter, per_second=made.per_second, deadline=DEADLINE)


def _make_custom(config: Config, means: Means) -> tuple[Provider, Guard]:
    made = CustomProvider(_custom(config), clock=means.clock)
    return made, Guard(made, clock=means.clock, meter=means.meter, deadline=DEADLINE)


# --- the table -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """A provider before it is made. `settings` raises ValueError with the cure; `needs`: fields that must be set."""

    covers: frozenset[Category]
    settings: Callable[[Config], object]
    make: Callable[[Config, Means], tuple[Provider, Guard]]
    needs: tuple[str, ...] = ()


_TABLE: Mapping[str, _Row] = MappingProxyType(
    {
        LOCAL: _Row(LocalProvider.covers, lambda config: None, _make_local),
        "huawei": _Row(frozenset({Category.OTHER}).union(*COVERS.values()), _huawei, _make_huawei),
        "hitpaw": _Row(HitPawProvider.covers, _hitpaw, _make_hitpaw, needs=("hitpaw_api_key",)),
        "rekognition": _Row(
            RekognitionProvider.covers,
            _rekognition,
            _make_rekognition,
            needs=("rekognition_access_key_id", "rekognition_secret_access_key"),
        ),
        "openai": _Row(OpenAIProvider.covers, _openai, _make_openai, needs=("openai_api_key",)),
        "custom": _Row(frozenset(Category), _custom, _make_custom, needs=("custom_url",)),
    }
)
