"""The bot itself: who it is, its updates, its webhook, its commands, its files."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.sandbox.telegram import wire
from bot.sandbox.telegram.calls import Call, Methods
from bot.sandbox.telegram.entities import Json
from bot.sandbox.telegram.errors import bad
from bot.sandbox.telegram.inbox import Webhook

methods = Methods()
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MOST_COMMANDS = 100


@methods.add("getMe")
def get_me(call: Call) -> Json:
    """User."""
    return wire.me(call.bot)


@methods.add("getUpdates", as_is=True)
async def get_updates(call: Call) -> list[Json]:
    """Array of Update."""
    return await call.inbox.poll(
        call.integer("offset"), call.integer("limit", 100), call.integer("timeout"), _allowed(call)
    )


@methods.add("setWebhook")
def set_webhook(call: Call) -> bool:
    """True; an empty URL removes it."""
    url, secret = call.text("url") or "", call.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains illegal characters")
    if url and not url.startswith(("https://", "http://127.0.0.1:")):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    hook = Webhook(url, secret, call.integer("max_connections", 40)) if url else None
    call.inbox.set_webhook(hook, _allowed(call), drop=call.flag("drop_pending_updates"))
    return True


@methods.add("deleteWebhook")
def delete_webhook(call: Call) -> bool:
    """True."""
    call.inbox.set_webhook(None, None, drop=call.flag("drop_pending_updates"))
    return True


@methods.add("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    """WebhookInfo."""
    return call.inbox.info()


def _allowed(call: Call) -> list[str] | None:
    """`allowed_updates`; None: as before."""
    return None if call.parsed("allowed_updates") is None else call.objects("allowed_updates")


@methods.add("setMyCommands")
def set_my_commands(call: Call) -> bool:
    """True."""
    commands = call.objects("commands")
    if len(commands) > _MOST_COMMANDS:
        raise bad("too many commands specified")
    for command in commands:
        if not _COMMAND.fullmatch(command["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    call.bot.commands[_scope(call)] = commands
    return True


@methods.add("getMyCommands")
def get_my_commands(call: Call) -> list[Json]:
    """Array of BotCommand; empty where none were set for just this scope and language."""
    return call.bot.commands.get(_scope(call), [])


@methods.add("deleteMyCommands")
def delete_my_commands(call: Call) -> bool:
    """True."""
    call.bot.commands.pop(_scope(call), None)
    return True


@methods.add("setMyDefaultAdministratorRights")
def set_my_default_administrator_rights(call: Call) -> bool:
    """True; nothing given takes them back."""
    suggested: dict[str, bool] = call.parsed("rights") or {}
    call.bot.suggested[call.flag("for_channels")] = frozenset(right for right, asked in suggested.items() if asked)
    return True


def _scope(call: Call) -> tuple[str, str]:
    scope: Any = call.parsed("scope") or {"type": "default"}
    if "chat_id" in scope:
        call.world.chat(call.bot, scope["chat_id"])
    return json.dumps(scope, sort_keys=True), call.text("language_code") or ""


@methods.add("getFile")
def get_file(call: Call) -> Json:
    """File, with the path under which it can be fetched for an hour."""
    unique = wire.unique_of(call.bot, call.needed("file_id"))
    if unique is None:
        raise bad("invalid file_id")
    file = call.world.files.grant(unique)
    return {"file_unique_id": file.unique, "file_size": file.size, "file_path": file.path}


@methods.add("getUserProfilePhotos")
def get_user_profile_photos(call: Call) -> Json:
    """UserProfilePhotos; none where the user's privacy hides them."""
    user = call.world.user(call.integer("user_id"))
    photos = [] if user.hides_photos else user.photos
    start, limit = call.integer("offset"), call.integer("limit", 100)
    return {"total_count": len(photos), "photos": photos[start : start + limit]}
