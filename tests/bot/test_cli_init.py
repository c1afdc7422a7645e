"""`init` and `doctor`: from nothing to a bot that can be invited, and what is wrong with one."""

import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dotenv import dotenv_values
from pytest_httpserver import HTTPServer

from bot.config import load
from bot.doctor import MESSAGE_CONTENT, files
from bot.invite import invite
from bot.opening import open_store
from tests.bot.commandline import TOKEN, Host
from tests.bot.store.samples import AWAY, HOME, remove
from tests.clock import FakeClock

LIMITED_INTENT = 1 << 19


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.at(tmp_path)


def answer_as_discord(server: HTTPServer, host: Host, *, token: str = TOKEN, flags: int = LIMITED_INTENT) -> None:
    """A Discord on loopback that knows one token."""
    right = {"Authorization": f"Bot {token}"}
    application = {"id": "1", "flags": flags}
    server.expect_request("/api/v10/users/@me", headers=right).respond_with_json({"id": "1"})
    server.expect_request("/api/v10/oauth2/applications/@me", headers=right).respond_with_json(application)
    refusal = {"message": "401: Unauthorized", "code": 0}
    server.expect_request("/api/v10/users/@me").respond_with_json(refusal, status=401)
    host.env["BEHOLDER_DISCORD_API_URL"] = server.url_for("/api/v10")


def token_file(host: Host, token: str = TOKEN) -> Path:
    file = host.folder / "token"
    file.write_text(f"{token}\n")
    return file


# --- init --------------------------------------------------------------------------------------------


def test_the_walk_from_nothing_to_an_invite(host: Host, httpserver: HTTPServer) -> None:
    answer_as_discord(httpserver, host)
    out, data = host.folder / "beholder.env", host.folder / "my data"
    said = host.ok("init", "--out", out, typed=f"{TOKEN}\n{data}\n")
    assert "discord.com/developers/applications" in said
    assert "Message Content Intent" in said
    assert "ok  Discord token" in said
    assert "ok  Message Content intent" in said
    assert f"beholder run --config {out}" in said
    assert "canary" not in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert dotenv_values(out) == {"BEHOLDER_DISCORD_TOKEN": TOKEN, "BEHOLDER_DATA_DIR": str(data)}


def test_the_link_asks_for_exactly_the_rights_needed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.platforms.discord.rights import NEEDED

    said = host.ok("init", "--out", host.folder / "b.env", "--token-file", token_file(host), "--offline")
    link = next(word for word in said.split() if word.startswith("https://discord.com/oauth2/"))
    query = parse_qs(urlsplit(link).query)
    assert query["client_id"] == ["123456789012345678"]
    assert int(query["permissions"][0]) == sum(right.bit for right in NEEDED)
    monkeypatch.setenv("BEHOLDER_DISCORD_TOKEN", TOKEN)
    assert invite(load()) == link


def test_what_init_writes_run_takes(host: Host) -> None:
    out = host.folder / "b.env"
    host.ok("init", "--out", out, "--token-file", token_file(host), "--data-dir", "it's a folder", "--offline")
    config = load(out, platform=True)
    assert config.secrets == (TOKEN,)
    assert config.data_dir == Path("it's a folder").absolute()


def test_a_wrong_paste_is_asked_for_again(host: Host) -> None:
    done = host("init", "--out", host.folder / "b.env", "--offline", typed=f"Bot {TOKEN}\n12345\n{TOKEN}\n\n")
    assert done.exit_code == 0
    assert 'starts with "Bot "' in done.stderr
    assert "is an application id" in done.stderr
    assert "canary" not in done.output


def test_nothing_is_overwritten_unasked(host: Host) -> None:
    out = host.folder / "b.env"
    out.write_text("precious")
    args = ("init", "--out", out, "--token-file", token_file(host), "--offline")
    assert "add --force" in host.refused(*args)
    assert out.read_text() == "precious"
    host.ok(*args, "--force")
    assert TOKEN in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_a_token_file_of_no_use(host: Host) -> None:
    out = host.folder / "b.env"
    assert "check the path" in host.refused("init", "--out", out, "--token-file", host.folder / "none", "--offline")
    bad = token_file(host, f'"{TOKEN}"')
    said = host.refused("init", "--out", out, "--token-file", bad, "--offline")
    assert "has quotes around it" in said
    assert "canary" not in said
    assert not out.exists()


def test_a_place_that_cannot_be_written(host: Host) -> None:
    out = host.folder / "none" / "b.env"
    assert "--out" in host.refused("init", "--out", out, "--token-file", token_file(host), "--offline")


def test_a_token_without_an_application_id(host: Host) -> None:
    token = token_file(host, "an-unusual-token")
    said = host.ok("init", "--out", host.folder / "b.env", "--token-file", token, "--offline")
    assert "client_id=APPLICATION_ID" in said
    assert "General Information" in said


def test_a_token_that_discord_refuses_is_told_and_kept(host: Host, httpserver: HTTPServer) -> None:
    answer_as_discord(httpserver, host, token="another")
    out = host.folder / "b.env"
    done = host("init", "--out", out, "--token-file", token_file(host))
    assert done.exit_code == 1
    assert "NOT OK  Discord token: Discord refuses it" in done.stdout
    assert out.exists()
    assert "canary" not in done.output


def test_a_forgotten_intent_can_be_looked_at_again(host: Host, httpserver: HTTPServer) -> None:
    answer_as_discord(httpserver, host, flags=0)
    done = host("init", "--out", host.folder / "b.env", typed=f"{TOKEN}\n\ny\nn\n")
    assert done.exit_code == 1
    assert done.stdout.count("NOT OK  Message Content intent: switch on") == 2


@pytest.mark.parametrize(
    "wrong", [{"BEHOLDER_DISCORD_TOKEN": '"quoted"'}, {"BEHOLDER_WEB_PORT": "x"}, {"BEHOLDER_FROB": "1"}]
)
def test_what_is_wrong_in_the_environment_does_not_stop_the_cure(host: Host, wrong: dict[str, str]) -> None:
    host.env |= wrong
    out = host.folder / "b.env"
    said = host.ok("init", "--out", out, "--token-file", token_file(host), "--offline")
    assert dotenv_values(out)["BEHOLDER_DISCORD_TOKEN"] == TOKEN
    overruled = "Mind that BEHOLDER_DISCORD_TOKEN says something else in the environment, which wins over"
    assert (overruled in said) == ("BEHOLDER_DISCORD_TOKEN" in wrong)
    assert "quoted" not in said


def test_the_same_in_the_environment_is_nothing_to_mind(host: Host) -> None:
    host.env |= {"BEHOLDER_DISCORD_TOKEN": TOKEN, "BEHOLDER_DATA_DIR": "data"}
    args = ("init", "--token-file", token_file(host), "--offline")
    assert "Mind that" not in host.ok(*args, "--out", host.folder / "b.env")
    said = host.ok(*args, "--out", host.folder / "c.env", "--data-dir", host.folder)
    assert "Mind that BEHOLDER_DATA_DIR says something else" in said


def test_an_api_that_cannot_be_is_still_objected_to(host: Host) -> None:
    host.env["BEHOLDER_DISCORD_API_URL"] = "https://discord.com"
    said = host.refused("init", "--out", host.folder / "b.env", "--token-file", token_file(host))
    assert "BEHOLDER_DISCORD_API_URL must end in /api/v10" in said


# --- doctor ------------------------------------------------------------------------------------------


def examined(host: Host, *args: object) -> dict[str, dict[str, Any]]:
    done = host("doctor", "--json", *args)
    findings: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.exit_code == int(not all(f["ok"] for f in findings))
    assert all(bool(f["cure"]) is not f["ok"] for f in findings)
    return {f["name"]: f for f in findings}


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the models, which take a second; one test has them."""

    async def nothing(config: object) -> list[object]:
        return []

    monkeypatch.setattr("bot.doctor.screening", nothing)


def test_a_healthy_bot_from_its_token_to_its_models(host: Host, httpserver: HTTPServer) -> None:
    answer_as_discord(httpserver, host)
    host.env["BEHOLDER_DISCORD_TOKEN"] = TOKEN
    done = host.process("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [f["name"] for f in json.loads(done.stdout)] == [
        "configuration",
        "data folder",
        "file permissions",
        "database",
        "in the last 24 hours: 0 images judged, 0 removed, 0 cases for the moderators, none left unjudged",
        "sandbox",
        "sandbox: no network, no new privileges",
        "provider local",
        "provider testcard",
        "Discord token",
        "Message Content intent",
        "Server Members intent (off: avatars are seen of those who write, not of those who only join)",
    ]
    assert {f["ok"] for f in json.loads(done.stdout)} == {True}


@pytest.mark.usefixtures("no_models")
class TestUnwell:
    """Each with its cure."""

    def test_every_fault_of_the_configuration(self, host: Host) -> None:
        host.env |= {"BEHOLDER_WEB_PORT": "x", "BEHOLDER_FROB": "1"}
        done = host("doctor", "--json")
        findings = json.loads(done.stdout)
        assert [f["name"] for f in findings] == ["configuration"] * 2
        assert done.exit_code == 1

    def test_no_token(self, host: Host) -> None:
        assert "beholder init" in examined(host)["Discord token"]["cure"]

    def test_a_refused_token(self, host: Host, httpserver: HTTPServer) -> None:
        answer_as_discord(httpserver, host, token="another")
        host.env["BEHOLDER_DISCORD_TOKEN"] = TOKEN
        found = examined(host)
        assert "Reset Token" in found["Discord token"]["cure"]
        assert "canary" not in json.dumps(found)

    def test_a_forgotten_intent(self, host: Host, httpserver: HTTPServer) -> None:
        answer_as_discord(httpserver, host, flags=~MESSAGE_CONTENT & 0xFFFFFF)
        host.env["BEHOLDER_DISCORD_TOKEN"] = TOKEN
        found = examined(host)
        assert found["Discord token"]["ok"]
        assert "switch on Message Content Intent" in found["Message Content intent"]["cure"]

    @pytest.mark.parametrize(
        ("body", "status", "cure"),
        [
            ("no json", 200, "gives no answer"),
            ("[]", 200, "is not Discord"),
            ("{}", 503, "answers 503"),
            ("", 302, "answers 302"),
        ],
    )
    def test_something_else_than_discord(
        self, host: Host, httpserver: HTTPServer, body: str, status: int, cure: str
    ) -> None:
        httpserver.expect_request("/api/v10/users/@me").respond_with_data(body, status=status)
        host.env |= {
            "BEHOLDER_DISCORD_TOKEN": TOKEN,
            "BEHOLDER_DISCORD_API_URL": httpserver.url_for("/api/v10"),
        }
        assert cure in examined(host)["Discord token"]["cure"]

    def test_no_network(self, host: Host) -> None:
        host.env |= {"BEHOLDER_DISCORD_TOKEN": TOKEN, "BEHOLDER_DISCORD_API_URL": "http://127.0.0.1:1/api/v10"}
        assert "check the network" in examined(host)["Discord token"]["cure"]

    def test_the_last_day_of_all_guilds_is_counted(self, host: Host) -> None:
        async def judge() -> None:
            async with open_store(_config(host)) as store:
                for number, tenant in enumerate((HOME, AWAY, AWAY)):
                    await remove(store, str(number), tenant=tenant)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bot.opening.SystemClock", lambda: FakeClock(datetime.now(UTC) - timedelta(hours=1)))
            asyncio.run(judge())
        lately = "in the last 24 hours: 3 images judged, 3 removed, 3 cases for the moderators, none left unjudged"
        assert examined(host)[lately]["ok"]

    def test_a_broken_database(self, host: Host) -> None:
        host.database.parent.mkdir()
        host.database.write_bytes(b"precious" * 1000)
        assert "put a backup back" in examined(host)["database"]["cure"]

    def test_files_that_others_can_read(self, host: Host) -> None:
        secret = token_file(host)
        secret.chmod(0o644)
        host.env["BEHOLDER_DISCORD_TOKEN_FILE"] = str(secret)
        host.ok("migrate")
        host.database.parent.chmod(0o755)
        found = files(_config(host), None)
        cure = next(f.cure for f in found if f.name == "file permissions")
        assert f"chmod 600 {secret}" in cure
        assert f"chmod 700 {host.database.parent}" in cure

    def test_for_people_there_is_a_table(self, host: Host) -> None:
        done = host("doctor")
        assert done.exit_code == 1
        assert any(line.split()[:4] == ["NOT", "OK", "Discord", "token"] for line in done.stdout.splitlines())


def _config(host: Host) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in host.env.items():
            patch.setenv(name, value)
        return load()


def test_a_model_that_does_not_load_is_a_finding(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot import vendors

    def fail() -> Any:
        raise OSError("no such model")

    monkeypatch.setattr(vendors, "LocalProvider", fail)
    found = examined(host)
    assert "no such model" in found["screening"]["cure"]
