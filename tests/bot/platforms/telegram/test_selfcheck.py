"""What `doctor` and `init` ask Telegram, and what they make of the answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pytest_httpserver import HTTPServer

from bot.config import Config, load
from bot.model import Finding, Presence, Tenant
from bot.opening import open_store
from bot.platforms.telegram.selfcheck import group_link, telegram
from bot.sandbox.faults import Break
from bot.sandbox.telegram.inbox import Webhook
from bot.sandbox.telegram.loopback import LoopbackTelegram
from tests.bot.commandline import Host
from tests.bot.platforms.telegram.conftest import tenant

TOKEN = "110201543:AAHcanary-canary-canary-canary-canar"
HOOK = "https://bot.example/telegram"


def bad(findings: list[Finding]) -> dict[str, str]:
    return {f.name: f.cure for f in findings if not f.ok}


@pytest.mark.asyncio
async def test_all_is_well(t: LoopbackTelegram) -> None:
    town, news = t.supergroup(), t.channel()
    t.add_bot(town, "can_delete_messages", "can_restrict_members")
    t.add_bot(news, "can_delete_messages")
    findings = await telegram(t.root, t.token, chats=[tenant(town), tenant(news)])
    assert bad(findings) == {}
    assert [f.name for f in findings][:1] == ["Telegram token"]
    assert any("privacy mode (on" in f.name for f in findings)
    assert any(f.name == "Telegram polling" for f in findings)


@pytest.mark.asyncio
async def test_each_missing_right_is_named(t: LoopbackTelegram) -> None:
    town, other = t.supergroup(), t.supergroup()
    t.add_bot(town, "can_delete_messages")
    t.add_bot(other)
    found = bad(await telegram(t.root, t.token, chats=[tenant(town), tenant(other), Tenant("telegram", "-10042")]))
    assert found[f"rights in {tenant(town)}"].endswith("the rights: Ban users")
    assert found[f"rights in {tenant(other)}"].endswith("the rights: Delete messages, Ban users")
    assert "chat not found" in found["rights in telegram:-10042"]


@pytest.mark.asyncio
async def test_a_token_that_telegram_does_not_know(t: LoopbackTelegram) -> None:
    (finding,) = await telegram(t.root, TOKEN)
    assert not finding.ok
    assert "@BotFather" in finding.cure
    assert "canary" not in repr(finding)


@pytest.mark.asyncio
async def test_nobody_answers(t: LoopbackTelegram) -> None:
    t.fail("getMe", reset=Break.BEFORE)
    for root in (t.root, "http://127.0.0.1:1"):
        (finding,) = await telegram(root, t.token)
        assert "BEHOLDER_TELEGRAM_API_URL" in finding.cure
        assert t.token not in repr(finding)


@pytest.mark.asyncio
async def test_a_webhook_that_telegram_cannot_reach(t: LoopbackTelegram) -> None:
    inbox = t.world.inboxes[t.bot.id]
    assert bad(await telegram(t.root, t.token, webhook_url=HOOK)) == {}
    inbox.webhook = Webhook(HOOK)
    assert bad(await telegram(t.root, t.token, webhook_url=HOOK)) == {}
    inbox.last_error = (1, "Connection refused")
    inbox.put_raw({"message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private", "first_name": "a"}}})
    assert "Connection refused" in bad(await telegram(t.root, t.token, webhook_url=HOOK))["Telegram webhook"]
    assert any("takes a webhook away" in f.name for f in await telegram(t.root, t.token))


# --- the command line -----------------------------------------------------------------------------------


@pytest.fixture
def host(tmp_path: Path, httpserver: HTTPServer) -> Host:
    """Beside a Telegram that knows one token."""
    me = {"id": 110201543, "is_bot": True, "first_name": "B", "username": "beholder_bot"}
    at = f"/bot{TOKEN}"
    httpserver.expect_request(f"{at}/getMe").respond_with_json({"ok": True, "result": me})
    httpserver.expect_request(f"{at}/getWebhookInfo").respond_with_json({"ok": True, "result": {"url": ""}})
    admin = {"status": "administrator", "can_delete_messages": True}
    httpserver.expect_request(f"{at}/getChatMember").respond_with_json({"ok": True, "result": admin})
    httpserver.expect_request(f"{at}/getChat").respond_with_json({"ok": True, "result": {"id": -5, "type": "group"}})
    host = Host.at(tmp_path)
    host.env["BEHOLDER_TELEGRAM_API_URL"] = httpserver.url_for("")
    return host


def test_init_knows_the_platform_by_the_token(host: Host) -> None:
    out = host.folder / "beholder.env"
    said = host.ok("init", "--out", out, typed=f"{TOKEN}\n{host.folder / 'data'}\n")
    assert "@BotFather" in said
    assert "ok  Telegram token" in said
    assert group_link("beholder_bot") in said
    assert "canary" not in said
    assert dotenv_values(out)["BEHOLDER_TELEGRAM_TOKEN"] == TOKEN
    assert "BEHOLDER_DISCORD_TOKEN" not in dotenv_values(out)
    assert load(out, platform=True).telegram_token


def test_doctor_asks_in_every_chat(host: Host) -> None:
    host.env["BEHOLDER_TELEGRAM_TOKEN"] = TOKEN

    async def joined() -> None:
        async with open_store(Config(data_dir=host.database.parent)) as store:
            now = datetime.now(UTC)
            await store.guilds.arrived([Presence(Tenant("telegram", "-5"), "Town", joined_at=now)])

    asyncio.run(joined())
    said = host("doctor").output
    assert "rights in telegram:-5" in said
    assert "Ban users" in said
    assert "Discord token" not in said
    assert "canary" not in said
