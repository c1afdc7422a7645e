"""Every problem at once, each with its cure, and no secret in any of it."""

import json
import pickle
import re
import traceback
from base64 import b64encode
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config import SETTINGS, ConfigError, LogFormat, LogLevel, TelegramMode, exposed, load
from bot.invite import application_id

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GcAnAr.canary-canary-canary-canary-canary"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str) -> Path:
    file = folder / "beholder.env"
    file.write_text(text)
    file.chmod(0o600)
    return file


def problems(file: Path | None = None, *, platform: bool = False) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(file, platform=platform)
    return caught.value.problems


# --- defaults and sources ------------------------------------------------------------------------


def test_the_defaults_need_nothing() -> None:
    config = load()
    assert config.data_dir == Path("data")
    assert config.database == Path("data/beholder.db")
    assert config.discord_token is None
    assert config.discord_api_url == "https://discord.com/api/v10"
    assert config.providers == ("local",)
    assert (config.web_host, config.web_port) == ("127.0.0.1", 8080)
    assert (config.log_level, config.log_format) == (LogLevel.INFO, LogFormat.CONSOLE)
    assert config.secrets == ()


def test_the_names_are_those_that_the_documentation_promises() -> None:
    promised = (
        "DATA_DIR DATABASE_URL DISCORD_TOKEN DISCORD_TOKEN_FILE DISCORD_API_URL DISCORD_GATEWAY_URL DISCORD_CDN_URL"
        " DISCORD_MEDIA_URL PROVIDERS HUAWEI_AK HUAWEI_SK HUAWEI_PROJECT_ID HUAWEI_REGION HUAWEI_URL HUAWEI_IAM_URL"
        " HUAWEI_USERNAME HUAWEI_PASSWORD HUAWEI_DOMAIN HUAWEI_ENTERPRISE_PROJECT_ID HUAWEI_BIZ_TYPE HUAWEI_PRICE"
        " HUAWEI_DELIVERY HUAWEI_CATEGORIES HUAWEI_BLACK_GLOSSARIES HUAWEI_WHITE_GLOSSARIES HUAWEI_LABELS"
        " HITPAW_API_KEY HITPAW_URL HITPAW_DELIVERY HITPAW_CREDIT_PRICE OPENAI_API_KEY OPENAI_URL"
        " TELEGRAM_TOKEN TELEGRAM_TOKEN_FILE TELEGRAM_API_URL TELEGRAM_MODE TELEGRAM_WEBHOOK_SECRET"
        " CUSTOM_URL CUSTOM_TOKEN GUILDS WEB_HOST WEB_PORT PUBLIC_URL LOG_LEVEL LOG_FORMAT"
    )
    assert set(SETTINGS) == {f"BEHOLDER_{name}" for name in promised.split()}


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(
        tmp_path, "# ours\nBEHOLDER_WEB_PORT=1111\nexport BEHOLDER_LOG_LEVEL=Debug\n\nBEHOLDER_LOG_FORMAT='JSON'"
    )
    monkeypatch.setenv("BEHOLDER_WEB_PORT", "0")
    config = load(file)
    assert config.web_port == 0
    assert config.log_level is LogLevel.DEBUG
    assert config.log_format is LogFormat.JSON


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", "")
    monkeypatch.setenv("BEHOLDER_WEB_PORT", "")
    assert load().discord_token is None
    assert "no platform token" in problems(platform=True)[0]


def test_the_servers_that_may_have_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().guilds == ()
    monkeypatch.setenv("BEHOLDER_GUILDS", "12, 345,12,-1001234")
    assert load().guilds == ("12", "345", "-1001234")
    for wrong in ("discord:12", "12;34", "Meadow", "--5", "-", "1" * 21):
        monkeypatch.setenv("BEHOLDER_GUILDS", wrong)
        assert "is not a server's id; write the digits alone, separated by commas" in problems()[0]


def test_a_config_cannot_be_changed() -> None:
    config = load()
    with pytest.raises(ValidationError):
        config.web_port = 1


def test_the_database_follows_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEHOLDER_DATA_DIR", str(tmp_path))
    assert load().database == tmp_path / "beholder.db"
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", "sqlite+aiosqlite:////elsewhere/b.db")
    assert load().database == Path("/elsewhere/b.db")


# --- problems ------------------------------------------------------------------------------------------


def test_every_problem_comes_at_once_and_says_its_cure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bad = {
        "DATA_DIR": (str(tmp_path / "file"), "name a folder"),
        "DATABASE_URL": ("postgresql://u:canary-pw@db/x", "must be an SQLite URL (nothing else is supported so far)"),
        "DISCORD_TOKEN": (f"Bot {TOKEN}", "give the token alone"),
        "DISCORD_API_URL": ("https://discord.com", "must end in /api/v10"),
        "DISCORD_GATEWAY_URL": ("https://gateway.discord.gg", "must be a ws or wss URL"),
        "DISCORD_CDN_URL": ("cdn.discordapp.com", "must be a http or https URL"),
        "DISCORD_MEDIA_URL": ("http://user:canary-pw@x", "no user"),
        "PROVIDERS": ("locl", "did you mean local?"),
        "WEB_PORT": ("http", "from 0 (any free port) to 65535"),
        "PUBLIC_URL": ("http://host:notaport", "is not a URL"),
        "LOG_LEVEL": ("loud", "debug, info, warning"),
        "LOG_FORMAT": ("xml", "console, json"),
    }
    for name, (value, _) in bad.items():
        monkeypatch.setenv(f"BEHOLDER_{name}", value)
    monkeypatch.setenv("BEHOLDER_WEBPORT", "1")
    found = problems()
    assert len(found) == len(bad) + 1
    for name, (_, cure) in bad.items():
        sentence = next(p for p in found if p.startswith(f"BEHOLDER_{name} "))
        assert cure in sentence
    assert "BEHOLDER_WEBPORT is not a setting; did you mean BEHOLDER_WEB_PORT?" in found
    assert "canary" not in str(ConfigError(found))


@pytest.mark.parametrize(
    ("token", "cure"),
    [
        (f"Bearer {TOKEN}", "give the token alone"),
        (f'"{TOKEN}"', "remove them"),
        (f"{TOKEN[:30]} {TOKEN[30:]}", "copy the token again"),
        (f"{TOKEN}ß", "copy the token again"),
        ("123456789012345678", "is an application id"),
        ("0123456789abcdef" * 4, "is a public key"),
    ],
)
def test_what_is_no_token_is_told_apart(monkeypatch: pytest.MonkeyPatch, token: str, cure: str) -> None:
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", token)
    (sentence,) = problems(platform=True)
    assert cure in sentence
    assert "canary" not in sentence


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("postgresql+asyncpg://db/x", "must be an SQLite URL"),
        ("beholder.db", "must be an SQLite URL"),
        ("sqlite://", "must name a file"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:////x.db?mode=ro", "must name a file"),
    ],
)
def test_only_a_file_of_sqlite_is_taken(monkeypatch: pytest.MonkeyPatch, url: str, cure: str) -> None:
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", url)
    (sentence,) = problems()
    assert cure in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("names", "cure"),
    [
        ("testcard", "always on"),
        ("local,testcard", "always on"),
        (" , ", "known are: local"),
        ("huawai", "did you mean huawei"),
        ("gpt", "known are"),
    ],
)
def test_providers_that_cannot_be_listed(monkeypatch: pytest.MonkeyPatch, names: str, cure: str) -> None:
    monkeypatch.setenv("BEHOLDER_PROVIDERS", names)
    assert cure in problems()[0]


def test_providers_named_twice_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_PROVIDERS", "local, local")
    assert load().providers == ("local",)


def test_running_needs_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_WEB_PORT", "-1")
    found = problems(platform=True)
    assert len(found) == 2
    assert any("beholder init" in p for p in found)


def test_what_kubernetes_adds_for_a_service_of_that_name_is_no_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_ADDR"):
        monkeypatch.setenv(f"BEHOLDER_{name}", "tcp://10.0.0.1:8080")
    assert load().web_port == 8080


# --- the file --------------------------------------------------------------------------------------------


def test_a_file_with_mistakes_names_the_lines_but_not_what_they_say(tmp_path: Path) -> None:
    file = write(
        tmp_path, f"BEHOLDER_WEB_PORT=1\nBEHOLDER_DISCORD_TOKEN {TOKEN}\nDISCORD_TOKEN={TOKEN}\nBEHOLDER_LOG_LEVEL\n"
    )
    found = problems(file)
    assert f"{file}, line 2: write NAME=value" in found
    assert f"{file}, line 4: write NAME=value" in found
    assert "DISCORD_TOKEN is not a setting; did you mean BEHOLDER_DISCORD_TOKEN?" in found
    assert "canary" not in str(found)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "check the path after --config" in problems(tmp_path / "missing.env")[0]
    assert "check the path after --config" in problems(tmp_path)[0]
    (tmp_path / "binary.env").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in problems(tmp_path / "binary.env")[0]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "windows.env"
    file.write_bytes(b"\xef\xbb\xbfBEHOLDER_WEB_PORT=4321\r\n")
    assert load(file).web_port == 4321


# --- secrets ---------------------------------------------------------------------------------------------


def test_a_token_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN_FILE", str(secret))
    config = load(platform=True)
    assert config.discord_token is not None
    assert config.discord_token.get_secret_value() == TOKEN
    assert config.secrets == (TOKEN,)
    secret.chmod(0o644)
    assert exposed(config) == [f"{secret} can be read by every user of this machine; run: chmod 600 {secret}"]
    secret.chmod(0o600)
    assert exposed(config) == []


def test_a_token_file_that_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN_FILE", str(secret))
    assert "check the path and its permissions" in problems(platform=True)[0]
    secret.write_text(" \n")
    assert "is empty" in problems(platform=True)[0]
    secret.write_bytes(b"\xff\xfe")
    assert "is not text" in problems(platform=True)[0]
    secret.write_text(f"'{TOKEN}'")
    assert "remove them" in problems(platform=True)[0]


def test_two_different_tokens_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text(TOKEN)
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN_FILE", str(secret))
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", f"{TOKEN}-other")
    assert "keep one of them" in problems()[0]
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", TOKEN)
    assert load().secrets == (TOKEN,)


def test_a_readable_config_file_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, f"BEHOLDER_DISCORD_TOKEN={TOKEN}\n")
    config = load(file)
    assert exposed(config, file) == []
    file.chmod(0o644)
    assert "chmod 600" in exposed(config, file)[0]


def test_the_token_shows_in_no_form_of_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", TOKEN)
    config = load()
    for shown in (
        repr(config),
        str(config),
        config.model_dump_json(),
        str(config.model_dump()),
        json.dumps(str(config)),
    ):
        assert "canary" not in shown


def test_the_token_shows_in_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", f"{TOKEN} {TOKEN}")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert b"canary" not in pickle.dumps(caught.value.problems)


# --- the application id ------------------------------------------------------------------------------


def test_the_application_id_is_the_first_part_of_the_token() -> None:
    assert application_id(TOKEN) == "123456789012345678"
    unpadded = b64encode(b"1234567890").decode().rstrip("=")
    assert application_id(f"{unpadded}.x.y") == "1234567890"


@pytest.mark.parametrize("token", ["", "x", "token", "bm8tbnVtYmVy.a.b", "ß.a.b", "//////"])
def test_other_tokens_have_no_application_id(token: str) -> None:
    assert application_id(token) is None


TELEGRAM = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


def test_a_telegram_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_TELEGRAM_TOKEN", f" {TELEGRAM}\n")
    monkeypatch.setenv("BEHOLDER_TELEGRAM_API_URL", "http://127.0.0.1:8081/")
    config = load(platform=True)
    assert config.telegram_token
    assert config.telegram_token.get_secret_value() == TELEGRAM
    assert config.telegram_api_url == "http://127.0.0.1:8081"
    assert config.telegram_mode is TelegramMode.POLLING
    monkeypatch.delenv("BEHOLDER_TELEGRAM_TOKEN")
    monkeypatch.setenv("BEHOLDER_TELEGRAM_TOKEN_FILE", str(write(tmp_path, TELEGRAM)))
    assert load(platform=True).telegram_token == config.telegram_token


@pytest.mark.parametrize(
    "wrong", ["AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "110201543", "110201543:short", "'1:a'", "1:a b"]
)
def test_what_is_no_telegram_token_is_not_repeated(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_TELEGRAM_TOKEN", wrong)
    (problem,) = problems()
    assert problem.startswith("BEHOLDER_TELEGRAM_TOKEN ")
    assert wrong not in problem


def test_the_webhook_s_secret_outlives_a_restart_and_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().webhook_secret == ""
    monkeypatch.setenv("BEHOLDER_TELEGRAM_TOKEN", TELEGRAM)
    made = load().webhook_secret
    assert re.fullmatch("[0-9a-f]{64}", made)
    assert load().webhook_secret == made
    assert {made, TELEGRAM} <= set(load().secrets)
    monkeypatch.setenv("BEHOLDER_TELEGRAM_WEBHOOK_SECRET", "my-own_1")
    assert load().webhook_secret == "my-own_1"
    monkeypatch.setenv("BEHOLDER_TELEGRAM_WEBHOOK_SECRET", "my own")
    assert "letters, digits" in problems()[0]


def test_a_webhook_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHOLDER_TELEGRAM_MODE", "WebHook")
    assert load().telegram_mode is TelegramMode.WEBHOOK
    monkeypatch.setenv("BEHOLDER_TELEGRAM_TOKEN", TELEGRAM)
    assert problems() == (
        "BEHOLDER_TELEGRAM_MODE webhook needs BEHOLDER_PUBLIC_URL, under which Telegram reaches the web server",
    )
    monkeypatch.setenv("BEHOLDER_PUBLIC_URL", "https://bot.example")
    assert load().public_url == "https://bot.example"
    monkeypatch.setenv("BEHOLDER_TELEGRAM_API_URL", f"https://api.telegram.org/bot{TELEGRAM}")
    (problem,) = problems()
    assert "root alone" in problem
    assert TELEGRAM not in problem
