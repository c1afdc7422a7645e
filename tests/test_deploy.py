"""What is deployed by hand is held against what the code needs: paths, ports, users, signals, time to stop."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app import GRACE_SECONDS
from bot.config import SETTINGS, Config
from bot.media.sandbox import MEMORY

ROOT = Path(__file__).parents[1]
MEGABYTE = 2**20


class _Unit(configparser.RawConfigParser):
    """A systemd unit: names keep their case, and a name may stand more than once."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    found: dict[str, Any] = composed["services"]["beholder"]
    return found


@pytest.fixture(scope="module")
def unit() -> dict[str, str]:
    parser = _Unit(strict=True)
    parser.read(ROOT / "deploy/beholder.service")
    return dict(parser["Service"])


@pytest.fixture(scope="module")
def image() -> list[tuple[str, str]]:
    """The instructions of the last stage, lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    last = max(n for n, line in enumerate(lines) if line.startswith("FROM"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines[last:])]


def said(image: list[tuple[str, str]], word: str) -> str:
    """The last of its kind, which is the one that holds."""
    return [rest for each, rest in image if each == word][-1]


def environment(image: list[tuple[str, str]]) -> dict[str, str]:
    return dict(pair.split("=", 1) for word, rest in image if word == "ENV" for pair in shlex.split(rest))


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def megabytes(text: str) -> float:
    return float(text[:-1]) * {"m": 1, "g": 1024}[text[-1].lower()]


# --- the image ---------------------------------------------------------------------------------------------------


def test_the_image_runs_as_a_numbered_user_who_owns_the_data(image: list[tuple[str, str]]) -> None:
    uid, gid = said(image, "USER").split(":")
    assert uid.isdecimal()
    assert int(uid) > 0
    assert f"install -d -m 0700 -o {uid} -g {gid} /data" in said(image, "RUN")
    order = [word for word, _ in image]
    assert order.index("RUN") < order.index("USER") < order.index("ENTRYPOINT")


def test_every_setting_of_the_image_is_one_and_points_into_its_volume(
    image: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    env = environment(image)
    ours = {k: v for k, v in env.items() if k.startswith("BEHOLDER_")}
    assert set(ours) <= set(SETTINGS)
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    config = Config()
    assert said(image, "VOLUME") == said(image, "WORKDIR") == str(config.data_dir) == env["HOME"]
    assert config.web_host == "0.0.0.0", "else nobody outside of the container reaches it"
    assert said(image, "EXPOSE") == str(config.web_port)
    assert "PYTHONDONTWRITEBYTECODE" in env


def test_the_image_starts_the_bot_itself_so_that_signals_reach_it(image: list[tuple[str, str]]) -> None:
    assert said(image, "ENTRYPOINT") == '["beholder"]'
    assert said(image, "CMD") == '["run"]'
    assert said(image, "STOPSIGNAL") == "SIGTERM"


def test_the_health_check_asks_what_the_bot_serves(image: list[tuple[str, str]], service: dict[str, Any]) -> None:
    asked = said(image, "HEALTHCHECK")
    assert "/healthz" in asked
    assert service["healthcheck"]["test"][-1] in asked, "compose asks the same"
    compile(service["healthcheck"]["test"][-1], "healthcheck", "exec")


def test_every_path_that_is_copied_is_there_and_let_into_the_build() -> None:
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [p for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.M) for p in line.split()[:-1]]
    assert {"bot", "policies", "providers", "requirements/runtime.txt"} <= set(copied)
    for path in copied:
        assert (ROOT / path).exists(), path
        assert f"!{path}" in ignored, path


def test_requirements_are_installed_by_their_hashes() -> None:
    assert "pip install --require-hashes -r requirements/runtime.txt" in (ROOT / "Dockerfile").read_text()


# --- compose -----------------------------------------------------------------------------------------------------


def test_compose_takes_away_whatever_the_bot_does_not_need(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "user" not in service, "the image's own"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_compose_gives_what_the_bot_needs(service: dict[str, Any], image: list[tuple[str, str]]) -> None:
    assert [v.split(":")[1] for v in service["volumes"]] == [said(image, "VOLUME")]
    assert [t.split(":")[0] for t in service["tmpfs"]] == ["/tmp"]
    assert service["ports"][0].split(":")[-1] == said(image, "EXPOSE")
    assert set(service["environment"]) <= set(SETTINGS)
    assert megabytes(service["mem_limit"]) * MEGABYTE > 2 * MEMORY
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text())
    (secret,) = service["secrets"]
    assert service["environment"]["BEHOLDER_DISCORD_TOKEN_FILE"] == f"/run/secrets/{secret}"
    assert composed["secrets"][secret]["file"].startswith("./secrets/")
    assert "secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_no_token_stands_in_what_is_committed(service: dict[str, Any]) -> None:
    assert "BEHOLDER_DISCORD_TOKEN" not in service["environment"]


# --- systemd -----------------------------------------------------------------------------------------------------


def test_the_unit_runs_the_bot_where_it_may_write(unit: dict[str, str]) -> None:
    env = dict(pair.split("=", 1) for pair in unit["Environment"].split())
    assert env["BEHOLDER_DATA_DIR"] == f"/var/lib/{unit['StateDirectory']}" == unit["WorkingDirectory"]
    assert {name for name in env if name.startswith("BEHOLDER_")} <= set(SETTINGS)
    assert unit["StateDirectoryMode"] == "0700"
    words = unit["ExecStart"].split()
    assert words[1:3] == ["run", "--config"]
    assert words[3] == f"${{CREDENTIALS_DIRECTORY}}/{unit['LoadCredential'].split(':')[0]}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DynamicUser", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
    ],
)
def test_the_unit_takes_away_whatever_the_bot_does_not_need(unit: dict[str, str], name: str, value: str) -> None:
    assert unit[name] == value


def test_the_unit_leaves_the_decoders_their_walls(unit: dict[str, str]) -> None:
    """`bot.media.sandbox` leaves the network by namespaces of the kinds user and net."""
    assert set(unit["RestrictNamespaces"].split()) == {"user", "net"}
    assert set(unit["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}
    assert megabytes(unit["MemoryMax"]) * MEGABYTE > 2 * MEMORY
    assert "MemoryDenyWriteExecute" not in unit, "the models' runtime may need such pages"


def test_both_give_the_bot_time_to_stop_well(unit: dict[str, str], service: dict[str, Any]) -> None:
    assert seconds(service["stop_grace_period"]) > GRACE_SECONDS + 5
    assert float(unit["TimeoutStopSec"]) > GRACE_SECONDS + 5
