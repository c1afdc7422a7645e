"""The providers that a host may list, made from what is set, each behind its guard.

Which settings a provider needs is said here and nowhere else; `problems` says what is missing, with its cure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import SecretStr

from bot.config import PREFIX, Config, ConfigError, HitPawDelivery
from bot.ports import Clock
from policies.model import Category
from providers.base import Meter, Provider, Publisher, Tickets, Unmetered
from providers.custom import CustomProvider, CustomSettings
from providers.guard import Guard
from providers.hitpaw import HitPawProvider, HitPawSettings
from providers.hitpaw.settings import Delivery
from providers.huawei import HuaweiProvider, HuaweiSettings
from providers.huawei.question import COVERS
from providers.local import LocalProvider
from providers.openai import OpenAIProvider, OpenAISettings

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
    return _MAKERS[name](config, means)


def covers(names: Iterable[str]) -> Mapping[str, frozenset[Category]]:
    """What each of these providers can find, without opening any."""
    return {name: _COVERS[name] for name in names}


# --- what is set -------------------------------------------------------------------------------------


def _problems(config: Config, name: str) -> list[str]:
    lacking = _lacking(config, name)
    if lacking:
        return [lacking]
    try:
        _SETTINGS[name](config)
    except ValueError as error:
        return [str(error)]
    return []


def _lacking(config: Config, name: str) -> str:
    """What must be set and is not, as a sentence; empty if there is nothing."""
    if name == "huawei" and not config.huawei_ak and not config.huawei_sk and not config.huawei_username:
        keys, login = _named("HUAWEI_AK", "HUAWEI_SK"), _named("HUAWEI_USERNAME", "HUAWEI_PASSWORD", "HUAWEI_DOMAIN")
        return f"set {keys}; or {login}"
    needed = {"hitpaw": "hitpaw_api_key", "openai": "openai_api_key", "custom": "custom_url"}.get(name)
    if needed is not None and getattr(config, needed) is None:
        return f"set {_named(needed.upper())}"
    if name == "hitpaw" and config.hitpaw_delivery is HitPawDelivery.RELAY and config.public_url is None:
        return f"{_named('HITPAW_DELIVERY')}=relay needs {_named('PUBLIC_URL')}; set it, or choose upload"
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
        price=config.huawei_price,
    )


def _hitpaw(config: Config) -> HitPawSettings:
    return HitPawSettings(
        _secret(config.hitpaw_api_key),
        url=config.hitpaw_url,
        delivery=Delivery(config.hitpaw_delivery.value),
        credit_price=config.hitpaw_credit_price,
        soft_deadline=config.hitpaw_soft_deadline,
    )


def _openai(config: Config) -> OpenAISettings:
    return OpenAISettings(_secret(config.openai_api_key), config.openai_url)


def _custom(config: Config) -> CustomSettings:
    return CustomSettings(config.custom_url or "", _secret(config.custom_token) or None)


_SETTINGS: Mapping[str, Callable[[Config], object]] = MappingProxyType(
    {LOCAL: lambda config: None, "huawei": _huawei, "hitpaw": _hitpaw, "openai": _openai, "custom": _custom}
)

_COVERS: Mapping[str, frozenset[Category]] = MappingProxyType(
    {
        LOCAL: LocalProvider.covers,
        "huawei": frozenset({Category.OTHER}).union(*COVERS.values()),
        "hitpaw": HitPawProvider.covers,
        "openai": OpenAIProvider.covers,
        "custom": frozenset(Category),
    }
)

# --- what is made of it --------------------------------------------------------------------------------


def _make_local(config: Config, means: Means) -> tuple[Provider, Guard]:
    """One budget of processor time: no more models at work than cores, whatever number of workers ask."""
    made = LocalProvider()
    return made, Guard(made, clock=means.clock, meter=means.meter, concurrency=os.cpu_count() or 1)


def _make_huawei(config: Config, means: Means) -> tuple[Provider, Guard]:
    made = HuaweiProvider(_huawei(config), clock=means.clock)
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


def _make_openai(config: Config, means: Means) -> tuple[Provider, Guard]:
    made = OpenAIProvider(_openai(config), clock=means.clock)
    return made, Guard(made, clock=means.clock, meter=means.meter, per_second=made.per_second, deadline=DEADLINE)


def _make_custom(config: Config, means: Means) -> tuple[Provider, Guard]:
    made = CustomProvider(_custom(config), clock=means.clock)
    return made, Guard(made, clock=means.clock, meter=means.meter, deadline=DEADLINE)


_MAKERS: Mapping[str, Callable[[Config, Means], tuple[Provider, Guard]]] = MappingProxyType(
    {
        LOCAL: _make_local,
        "huawei": _make_huawei,
        "hitpaw": _make_hitpaw,
        "openai": _make_openai,
        "custom": _make_custom,
    }
)
