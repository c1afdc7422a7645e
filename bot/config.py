"""Configuration: environment and file -> one frozen `Config`, or every problem at once, each with its cure.

Names are those of the fields in capitals after `BEHOLDER_`; the environment wins over the file. A
secret may be given as a file (`BEHOLDER_DISCORD_TOKEN_FILE`), as container platforms mount them.
No message here ever repeats a value that could be a secret.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from dotenv.parser import parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from providers.names import COSTS_MONEY

PREFIX = "BEHOLDER_"
PROVIDER_NAMES = tuple(COSTS_MONEY)
ALWAYS_ON = "testcard"

# What Kubernetes puts into the environment for a service that is called `beholder`.
_SERVICE_LINK = re.compile(r"BEHOLDER_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_\w+)?)?)")


class ConfigError(Exception):
    """The configuration cannot be used. `problems`: one sentence each, with its cure; no secrets."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(_listed(self.problems))


def _listed(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    return "\n".join((f"The configuration has {len(problems)} problems:", *(f"  - {p}" for p in problems)))


class LogLevel(StrEnum):
    """From which severity on lines are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class LogFormat(StrEnum):
    """For people or for machines."""

    CONSOLE = "console"
    JSON = "json"


class TelegramMode(StrEnum):
    """How updates come: asked for, or sent by Telegram to `public_url`."""

    POLLING = "polling"
    WEBHOOK = "webhook"


class HitPawDelivery(StrEnum):
    """How HitPaw gets a picture (docs/providers/hitpaw.md)."""

    UPLOAD = "upload"
    RELAY = "relay"
    DIRECT = "direct"


class HuaweiDelivery(StrEnum):
    """How Huawei gets a picture (docs/providers/huawei.md)."""

    BASE64 = "base64"
    RELAY = "relay"
    DIRECT = "direct"


# --- what each value must look like ----------------------------------------------------------


def _url(text: str, schemes: tuple[str, ...]) -> SplitResult:
    example = f"write {schemes[-1]}://host[:port][/path]"
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is not a number
    except ValueError:
        raise ValueError(f"is not a URL; {example}") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"must be a {' or '.join(schemes)} URL; {example}")
    if parts.username or parts.password or parts.query or parts.fragment or re.search(r"\s", text):
        raise ValueError(f"must have no user, query, fragment or space in it; {example}")
    return parts


def _web_url(text: str) -> str:
    _url(text, ("http", "https"))
    return text.rstrip("/")


def _model_url(text: str) -> str:
    """A model's address may have a query: a new model behind an old address needs one (docs/providers/custom.md)."""
    address, mark, query = text.partition("?")
    if re.search(r"\s", query):
        raise ValueError("must have no space in it; write %20")
    return f"{_web_url(address)}{mark}{query}"


def _key(secret: SecretStr | None) -> SecretStr | None:
    text = "" if secret is None else secret.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]*", text):
        raise ValueError("has a space, a line break or a foreign character in it; copy it again")
    return SecretStr(text) if text else None


def _socket_url(text: str) -> str:
    _url(text, ("ws", "wss"))
    return text.rstrip("/")


def _api_url(text: str) -> str:
    url = _web_url(text)
    if not url.endswith("/api/v10"):
        raise ValueError("must end in /api/v10, for example https://discord.com/api/v10")
    return url


def _sqlite_url(text: str) -> str:
    scheme, found, rest = text.partition("://")
    if not found or scheme.partition("+")[0] != "sqlite":
        raise ValueError(
            "must be an SQLite URL (nothing else is supported so far); leave it out, or write sqlite:////absolute/path/to/beholder.db"
        )
    if not rest.startswith("/") or rest.strip("/") in ("", ":memory:") or "?" in rest:
        raise ValueError("must name a file and nothing else; write sqlite:////absolute/path/to/beholder.db")
    return f"sqlite://{rest}"


def _split(names: object) -> object:
    return tuple(n for n in re.split(r"[\s,]+", names.strip()) if n) if isinstance(names, str) else names


def _guild_ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    for ident in ids:
        if not re.fullmatch(r"-?\d{1,20}", ident):
            raise ValueError(
                f"{ident!r} is not a server's id; write the digits alone, separated by commas"
                " (with the - before a Telegram chat's)"
            )
    return tuple(dict.fromkeys(ids))


def _known_providers(names: tuple[str, ...]) -> tuple[str, ...]:
    if ALWAYS_ON in names:
        raise ValueError(f"{ALWAYS_ON} is always on and not listed; leave it out")
    for name in names:
        if name not in PROVIDER_NAMES:
            raise ValueError(f"{name!r} is not a provider{_did_you_mean(name, PROVIDER_NAMES)}")
    if not names:
        raise ValueError(f"must name a provider; known are: {', '.join(PROVIDER_NAMES)}")
    return tuple(dict.fromkeys(names))


def check_token(token: str) -> str:
    """A Discord bot token of plausible shape. Raises ValueError with the cure; never repeats the token."""
    _check_copied(token)
    if token.startswith(("Bot ", "Bearer ")):
        raise ValueError('starts with "Bot " or "Bearer "; give the token alone')
    if token.isdigit():
        raise ValueError("is an application id, not a token; copy the token from the page Bot of your application")
    if re.fullmatch(r"[0-9a-f]{64}", token):
        raise ValueError("is a public key, not a token; copy the token from the page Bot of your application")
    return token


def check_telegram_token(token: str) -> str:
    """A Telegram bot token of plausible shape. Raises ValueError with the cure; never repeats the token."""
    _check_copied(token)
    if not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]{20,}", token):
        raise ValueError("is not a token of Telegram's; copy what @BotFather said whole, digits and colon too")
    return token


def _check_copied(token: str) -> None:
    if re.fullmatch(r"""["'].*["']""", token):
        raise ValueError("has quotes around it; remove them")
    bare = token.removeprefix("Bot ").removeprefix("Bearer ")
    if not re.fullmatch(r"[!-~]+", bare):
        raise ValueError("has a space, a line break or a foreign character in it; copy the token again")


def _token(secret: SecretStr | None) -> SecretStr | None:
    return None if secret is None else SecretStr(check_token(secret.get_secret_value().strip()))


def _telegram_token(secret: SecretStr | None) -> SecretStr | None:
    return None if secret is None else SecretStr(check_telegram_token(secret.get_secret_value().strip()))


def _webhook_secret(secret: SecretStr | None) -> SecretStr | None:
    """As Telegram takes it (core.telegram.org/bots/api#setwebhook, `secret_token`)."""
    text = "" if secret is None else secret.get_secret_value().strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", text):
        raise ValueError("must be up to 256 letters, digits, _ and -; leave it out, and one is made")
    return SecretStr(text) if text else None


def _telegram_url(text: str) -> str:
    url = _web_url(text)
    if re.search(r"/(file/)?bot", url):
        raise ValueError(
            "must be the root alone, for example https://api.telegram.org; /bot and the token are appended"
        )
    return url


def _read_secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({error.strerror}); check the path and its permissions") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file} is not text; it must hold the token and nothing else") from None


def _secret_file(file: Path | None) -> Path | None:
    if file is not None and not _read_secret(file):
        raise ValueError(f"{file} is empty; it must hold the token and nothing else")
    return file


def _secret_from_file(before: Mapping[str, Any]) -> SecretStr | None:
    file = before["discord_token_file"]
    return SecretStr(_read_secret(file)) if file else None


def _telegram_secret_from_file(before: Mapping[str, Any]) -> SecretStr | None:
    file = before["telegram_token_file"]
    return SecretStr(_read_secret(file)) if file else None


def _beside_data(before: Mapping[str, Any]) -> str:
    return f"sqlite:///{before['data_dir'] / 'beholder.db'}"


def _folder(path: Path) -> Path:
    path = path.expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file; name a folder")
    return path


WebUrl = Annotated[str, AfterValidator(_web_url)]
Key = Annotated[SecretStr | None, AfterValidator(_key)]
Price = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
HUAWEI_ESTIMATE = 0.002
"""US dollars for one category of one picture: deliberately high, until the host sets what its own price list says."""
Lowered = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


class Config(BaseSettings):
    """Everything the host has set. Made by `load`; a direct call also reads the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",  # strangers are refused by `load`, in our own words
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Annotated[Path, AfterValidator(_folder)] = Path("data")
    database_url: Annotated[str, AfterValidator(_sqlite_url)] = Field(default_factory=_beside_data)
    discord_token_file: Annotated[Path | None, AfterValidator(_secret_file)] = None
    discord_token: Annotated[SecretStr | None, AfterValidator(_token)] = Field(default_factory=_secret_from_file)
    discord_api_url: Annotated[str, AfterValidator(_api_url)] = "https://discord.com/api/v10"
    discord_gateway_url: Annotated[str, AfterValidator(_socket_url)] = "wss://gateway.discord.gg"
    discord_cdn_url: WebUrl = "https://cdn.discordapp.com"
    discord_media_url: WebUrl = "https://media.discordapp.net"
    telegram_token_file: Annotated[Path | None, AfterValidator(_secret_file)] = None
    telegram_token: Annotated[SecretStr | None, AfterValidator(_telegram_token)] = Field(
        default_factory=_telegram_secret_from_file
    )
    telegram_api_url: Annotated[str, AfterValidator(_telegram_url)] = "https://api.telegram.org"
    telegram_mode: Annotated[TelegramMode, Lowered] = TelegramMode.POLLING
    telegram_webhook_secret: Annotated[SecretStr | None, AfterValidator(_webhook_secret)] = None
    providers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_known_providers)] = (
        "local",
    )
    huawei_ak: str | None = None
    huawei_sk: Key = None
    huawei_project_id: str | None = None
    huawei_region: str = "ap-southeast-3"
    huawei_url: WebUrl | None = None
    huawei_iam_url: WebUrl | None = None
    huawei_username: str | None = None
    huawei_password: SecretStr | None = None
    huawei_domain: str | None = None
    huawei_enterprise_project_id: str | None = None
    huawei_biz_type: str | None = None
    huawei_delivery: Annotated[HuaweiDelivery, Lowered] = HuaweiDelivery.BASE64
    huawei_categories: Words = ("porn", "terrorism", "image_text")
    huawei_black_glossaries: Words = ()
    huawei_white_glossaries: Words = ()
    huawei_labels: Path | None = None
    huawei_price: Price = HUAWEI_ESTIMATE
    hitpaw_api_key: Key = None
    hitpaw_url: WebUrl = "https://api-base.hitpaw.com"
    hitpaw_delivery: Annotated[HitPawDelivery, Lowered] = HitPawDelivery.UPLOAD
    hitpaw_credit_price: Price = 0.001
    hitpaw_soft_deadline: Annotated[float, Field(ge=1, le=60)] = 8.0
    rekognition_access_key_id: Key = None
    rekognition_secret_access_key: Key = None
    rekognition_session_token: Key = None
    rekognition_region: str = "us-east-1"
    rekognition_url: WebUrl | None = None
    rekognition_price: Price = 0.001
    openai_api_key: Key = None
    openai_url: WebUrl = "https://api.openai.com/v1"
    custom_url: Annotated[str, AfterValidator(_model_url)] | None = None
    custom_token: Key = None
    ceiling: Annotated[Decimal | None, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)] = None
    guilds: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_guild_ids)] = ()
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    public_url: WebUrl | None = None
    log_level: Annotated[LogLevel, Lowered] = LogLevel.INFO
    log_format: Annotated[LogFormat, Lowered] = LogFormat.CONSOLE

    @field_validator("discord_token", "telegram_token")
    @classmethod
    def _one_token_only(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        file = info.data.get(f"{info.field_name}_file")
        if token and file and token.get_secret_value() != _read_secret(file):
            raise ValueError("is given twice, here and as a file; keep one of them")
        return token

    @property
    def database(self) -> Path:
        """The file of the SQLite database."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def webhook_secret(self) -> str:
        """What Telegram shows with every update that it sends; '' without a token.

        Where none was set it follows from the token, so that it outlives restarts and lies nowhere: whoever can
        work it out has the bot anyway.
        """
        if self.telegram_webhook_secret is not None:
            return self.telegram_webhook_secret.get_secret_value()
        if self.telegram_token is None:
            return ""
        return hmac.new(self.telegram_token.get_secret_value().encode(), b"webhook", "sha256").hexdigest()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be written anywhere."""
        told = tuple(v.get_secret_value() for _, v in self if isinstance(v, SecretStr))
        return (*told, self.webhook_secret) if self.telegram_token else told


# --- from environment and file ---------------------------------------------------------------

SETTINGS = tuple(f"{PREFIX}{name.upper()}" for name in Config.model_fields)
TOKENS = tuple(f"{PREFIX}{name}_TOKEN{end}" for end in ("_FILE", "") for name in ("TELEGRAM", "DISCORD"))

_CURES = {
    "web_port": "must be a whole number from 0 (any free port) to 65535",
    "log_level": f"must be one of: {', '.join(LogLevel)}",
    "huawei_price": "must be US dollars, from 0, with a point: for example 0.0012",
    "ceiling": "must be US dollars a month, from 0, with a point and at most two decimals: for example 50.00",
    "hitpaw_credit_price": "must be US dollars, from 0, with a point: for example 0.001",
    "huawei_delivery": f"must be one of: {', '.join(HuaweiDelivery)}",
    "rekognition_price": "must be US dollars, from 0, with a point: for example 0.001",
    "hitpaw_soft_deadline": "must be seconds from 1 to 60",
    "hitpaw_delivery": f"must be one of: {', '.join(HitPawDelivery)}",
    "log_format": f"must be one of: {', '.join(LogFormat)}",
    "telegram_mode": f"must be one of: {', '.join(TelegramMode)}",
}


def load(file: Path | None = None, *, platform: bool = False) -> Config:
    """The configuration of the environment over `file`. `platform`: at least one token must be set.

    Raises `ConfigError` with every problem there is.
    """
    from_file, problems = _read(file) if file else ({}, [])
    given = from_file | {k.upper(): v for k, v in os.environ.items() if k.upper().startswith(PREFIX)}
    problems += _strangers(given)
    if platform and not any(given.get(name) for name in TOKENS):
        problems.append(f"no platform token is set; run `beholder init`, or set {TOKENS[-1]} or {TOKENS[-2]}")
    sources: dict[str, Any] = {"_env_file": file}
    try:
        config = Config(**sources)
    except ValidationError as error:
        raise ConfigError([*problems, *_sentences(error)]) from None  # its inputs may be secrets
    problems += _of_vendors(config) + _of_telegram(config)
    if problems:
        raise ConfigError(problems)
    return config


def _of_vendors(config: Config) -> list[str]:
    """What the listed providers lack. Read only where there are such: it loads their code."""
    if set(config.providers) <= {"local"}:
        return []
    from bot.vendors import problems

    return problems(config, config.providers)


def _of_telegram(config: Config) -> list[str]:
    if config.telegram_token is None or config.telegram_mode is not TelegramMode.WEBHOOK or config.public_url:
        return []
    return [f"{PREFIX}TELEGRAM_MODE webhook needs {PREFIX}PUBLIC_URL, under which Telegram reaches the web server"]


def api_urls() -> Mapping[str, str]:
    """Where the APIs of `DISCORD` and `TELEGRAM` are, by the environment alone: for `init`, which cures what else is
    wrong there.

    Raises `ConfigError`.
    """
    return {"DISCORD": _address("DISCORD_API_URL", _api_url), "TELEGRAM": _address("TELEGRAM_API_URL", _telegram_url)}


def _address(setting: str, check: Callable[[str], str]) -> str:
    name, given = f"{PREFIX}{setting}", os.environ.get(f"{PREFIX}{setting}")
    try:
        return check(given) if given else str(Config.model_fields[setting.lower()].default)
    except ValueError as error:
        raise ConfigError([f"{name} {error}"]) from None


def exposed(config: Config, file: Path | None = None) -> list[str]:
    """Warnings about files with secrets that every user of the machine can read, each with its cure."""
    files = [
        f
        for f in (file, config.discord_token_file, config.telegram_token_file)
        if f and not f.is_relative_to("/run/secrets")
    ]
    return [f"{f} can be read by every user of this machine; run: chmod 600 {f}" for f in files if _world_readable(f)]


def _world_readable(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o004)


def _read(file: Path) -> tuple[dict[str, str | None], list[str]]:
    try:
        bindings = list(parse_stream(StringIO(file.read_text(encoding="utf-8-sig"))))
    except OSError as error:
        raise ConfigError([f"{file} cannot be read ({error.strerror}); check the path after --config"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{file} is not UTF-8 text; write lines like {SETTINGS[0]}=/data"]) from None
    torn = [b.original.line for b in bindings if b.error or (b.key and b.value is None)]
    problems = [f"{file}, line {n}: write NAME=value" for n in torn]
    return {b.key.upper(): b.value for b in bindings if b.key and not b.error}, problems


def _strangers(names: Iterable[str]) -> list[str]:
    unknown = [n for n in names if n not in SETTINGS and not _SERVICE_LINK.fullmatch(n)]
    return [f"{n} is not a setting{_did_you_mean(n, SETTINGS)}" for n in sorted(unknown)]


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1) or get_close_matches(f"{PREFIX}{name}", known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are: {', '.join(known)}"


def _sentences(error: ValidationError) -> list[str]:
    faults = error.errors(include_url=False, include_input=False)
    return [_sentence(f) for f in faults if f["type"] != "default_factory_not_called"]  # follows from another


def _sentence(fault: Mapping[str, Any]) -> str:
    name = str(fault["loc"][0]) if fault["loc"] else ""
    own = fault.get("ctx", {}).get("error")
    return f"{PREFIX}{name.upper()} {own or _CURES.get(name) or fault['msg']}"
