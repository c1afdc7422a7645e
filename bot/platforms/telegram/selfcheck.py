"""What the host's self-check and `init` ask Telegram: does it know the token, who sees what, what may the bot do where.

Raw requests, since python-telegram-bot need not be loaded for a handful of questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from bot.model import Finding, Tenant

TIMEOUT = aiohttp.ClientTimeout(total=10)
RIGHTS: Mapping[str, str] = {"can_delete_messages": "Delete messages", "can_restrict_members": "Ban users"}
"""What the bot needs in a group, as Telegram's apps call it; in channels nobody is restricted."""


class Unanswered(Exception):
    """Telegram did not say what was asked. The text is the cure; no address is in it, since those hold the token."""


class Asking:
    """Methods of one bot."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, token: str) -> None:
        self._session = session
        self._root = api_url
        self._token = token

    async def result(self, method: str, **params: str | int) -> dict[str, Any]:
        """An object. Raises Unanswered."""
        url = f"{self._root}/bot{self._token}/{method}"
        try:
            async with self._session.post(url, data=params, allow_redirects=False) as answer:
                status, found = answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unanswered(
                f"{self._root} gives no answer ({type(error).__name__});"
                " check the network and BEHOLDER_TELEGRAM_API_URL"
            ) from None
        if status in (401, 404) and method == "getMe":
            raise Unanswered("Telegram refuses it; ask @BotFather for it: /mybots, the bot, API Token")
        if not isinstance(found, dict) or not isinstance(found.get("result"), dict):
            said = found.get("description", status) if isinstance(found, dict) else status
            raise Unanswered(f"Telegram answers {said}; try again in a minute")
        result: dict[str, Any] = found["result"]
        return result


async def telegram(
    api_url: str, token: str, *, webhook_url: str | None = None, chats: Iterable[Tenant] = ()
) -> list[Finding]:
    """The token is taken; privacy mode; the webhook; and the bot's rights in every chat that it knows."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        ask = Asking(session, api_url, token)
        try:
            me = await ask.result("getMe")
            info = await ask.result("getWebhookInfo")
        except Unanswered as error:
            return [Finding("Telegram token", ok=False, cure=str(error))]
        rights = [await _rights(ask, me["id"], chat) for chat in chats]
        return [Finding("Telegram token", ok=True), _privacy(me), _webhook(info, webhook_url), *rights]


async def username(api_url: str, token: str) -> str | None:
    """Of the bot; None where Telegram does not say."""
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        try:
            found = (await Asking(session, api_url, token).result("getMe")).get("username")
        except Unanswered:
            return None
    return found if isinstance(found, str) else None


def group_link(name: str) -> str:
    """Adds the bot to a group and asks for exactly the rights that it needs (core.telegram.org/api/links)."""
    rights = "+".join(right.removeprefix("can_") for right in RIGHTS)
    return f"https://t.me/{name}?startgroup=added&admin={rights}"


def _privacy(me: Mapping[str, Any]) -> Finding:
    """On is well where the bot is an administrator, and what is not so is found chat by chat."""
    if me.get("can_read_all_group_messages"):
        return Finding("Telegram privacy mode (off: the bot is shown everything)", ok=True)
    return Finding("Telegram privacy mode (on: pictures are seen only where the bot is an administrator)", ok=True)


def _webhook(info: Mapping[str, Any], wanted: str | None) -> Finding:
    url, error = info.get("url") or None, info.get("last_error_message")
    if wanted is None:
        return Finding("Telegram polling" if url is None else "Telegram polling (takes a webhook away)", ok=True)
    if url == wanted and error and info.get("pending_update_count"):
        cure = f"Telegram cannot reach it ({error}); check BEHOLDER_PUBLIC_URL and what stands before the web server"
        return Finding("Telegram webhook", ok=False, cure=cure)
    return Finding("Telegram webhook" if url == wanted else "Telegram webhook (set when the bot starts)", ok=True)


async def _rights(ask: Asking, me: int, chat: Tenant) -> Finding:
    name = f"rights in {chat}"
    try:
        member = await ask.result("getChatMember", chat_id=chat.id, user_id=me)
        kind = (await ask.result("getChat", chat_id=chat.id)).get("type")
    except Unanswered as error:
        return Finding(name, ok=False, cure=str(error))
    needed = [r for r in RIGHTS if not (kind == "channel" and r == "can_restrict_members")]
    missing = [RIGHTS[r] for r in needed if not (member.get("status") == "creator" or member.get(r))]
    cure = "make the bot an administrator there, with the rights: " + ", ".join(missing) if missing else ""
    return Finding(name, ok=not missing, cure=cure)
