"""Telling Discord of our commands, once and not at every start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import discord
import structlog
from discord.http import Route

from bot.platforms.discord.client import BeholderClient
from bot.platforms.discord.commands.translating import LOCALIZATIONS, told_apart, within_size

log = structlog.get_logger("beholder.discord")


async def synced(client: BeholderClient, known: str) -> str:
    """Give Discord our commands unless it has them; `known` is the digest of what it was last given.

    Returns the digest now. A refusal is logged and tried again at the next connection.
    """
    try:
        ours = await _payload(client)
        digest = _digest(ours)
        if digest == known:
            return known
        if await _digest_there(client) != digest:
            await client.http.bulk_upsert_global_commands(client.application_id or 0, payload=ours)
            log.info("commands synchronised", commands=sorted(command.name for command in client.tree.get_commands()))
    except (discord.DiscordException, OSError) as error:
        log.error("commands not synchronised", error=repr(error))
        return known
    return digest


async def _payload(client: BeholderClient) -> list[Any]:
    """Our commands as Discord wants them, in every language that we have."""
    commands, translator = client.tree.get_commands(), client.tree.translator
    if translator is None:
        return [command.to_dict(client.tree) for command in commands]
    translated = [await command.get_translated_payload(client.tree, translator) for command in commands]
    return within_size(told_apart(translated))


async def _digest_there(client: BeholderClient) -> str:
    try:
        route = Route("GET", "/applications/{application_id}/commands", application_id=client.application_id or 0)
        return _digest(await client.http.request(route, params={"with_localizations": "true"}))
    except discord.NotFound:
        return ""


def _digest(commands: Sequence[Any]) -> str:
    """Over what we set ourselves: Discord's answer has ids and defaults besides."""
    essence = sorted((_essence(command) for command in commands), key=lambda c: (str(c["name"]), c["type"]))
    return hashlib.sha256(json.dumps(essence, sort_keys=True).encode()).hexdigest()


def _essence(command: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a command or an option that people see; what is absent equals its default."""
    plain: Callable[[str, Any], Any] = command.get
    return {
        "name": plain("name", ""),
        "description": plain("description", ""),
        "type": plain("type", 1),
        "required": bool(plain("required", False)),
        "autocomplete": bool(plain("autocomplete", False)),
        "choices": [
            [choice["name"], choice["value"], choice.get("name_localizations") or {}]
            for choice in plain("choices", None) or ()
        ],
        **{name: plain(name, None) or {} for name in LOCALIZATIONS},
        "rights": str(plain("default_member_permissions", None) or ""),
        "options": [_essence(option) for option in plain("options", None) or ()],
    }
