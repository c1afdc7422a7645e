"""Endpoints about the bot itself: who it is, its gateway, its commands, its direct messages."""

from __future__ import annotations

from typing import Any

from bot.sandbox import acts, wire
from bot.sandbox.entities import Json
from bot.sandbox.errors import invalid_form, unknown
from bot.sandbox.rest import NO_CONTENT, Call, Reply, Routes, snowflake

routes = Routes()
_COMMANDS = "/applications/{application_id}/commands"
_GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"
CHAT_INPUT = 1
LARGEST = 8000


@routes.add("GET", "/gateway", public=True)
def gateway(call: Call) -> Reply:
    """Where the gateway is."""
    return Reply(body={"url": call.world.at.gateway})


@routes.add("GET", "/gateway/bot")
def gateway_bot(call: Call) -> Reply:
    """Where the gateway is and how many shards are advised."""
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return Reply(body={"url": call.world.at.gateway, "shards": call.world.shards, "session_start_limit": limit})


@routes.add("GET", "/users/@me")
def me(call: Call) -> Reply:
    """The bot's user."""
    own = {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}
    return Reply(body={**wire.user(call.world.bot), **own})


@routes.add("GET", "/users/{user_id}")
def get_user(call: Call) -> Reply:
    """Any user."""
    return Reply(body=wire.user(call.world.user(call.id("user_id"))))


@routes.add("POST", "/users/@me/channels")
def open_direct(call: Call) -> Reply:
    """The direct messages with somebody."""
    recipient = (call.form or {}).get("recipient_id")
    if recipient is None:
        raise invalid_form("recipient_id", "BASE_TYPE_REQUIRED", "This field is required")
    return Reply(body=wire.channel(acts.direct(call.world, call.world.user(snowflake(recipient, "recipient_id")))))


@routes.add("GET", "/users/@me/guilds")
def my_guilds(call: Call) -> Reply:
    """Guilds the bot is in."""
    world = call.world
    mine = [g for g in world.guilds.values() if world.bot.id in g.members]
    return Reply(
        body=[
            {
                "id": str(g.id),
                "name": g.name,
                "icon": g.icon,
                "banner": None,
                "owner": g.owner_id == world.bot.id,
                "permissions": "0",
                "features": [],
            }
            for g in mine
        ]
    )


@routes.add("DELETE", "/users/@me/guilds/{guild_id}")
def leave_guild(call: Call) -> Reply:
    """The bot leaves."""
    acts.remove_guild(call.world, call.world.guild(call.id("guild_id")))
    return NO_CONTENT


def _application(call: Call) -> Json:
    world = call.world
    return {
        "id": str(world.app_id),
        "name": world.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": wire.user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": world.app_flags,
        "flags_new": str(world.app_flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": wire.user(world.host),
        "team": None,
        "approximate_guild_count": len(world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": ["bot"],
    }


@routes.add("GET", "/oauth2/applications/@me")
def oauth2_application(call: Call) -> Reply:
    """The bot's application, as `commands.Bot` asks for it at login."""
    return Reply(body=_application(call))


@routes.add("GET", "/applications/@me")
def application(call: Call) -> Reply:
    """The bot's application."""
    return Reply(body=_application(call))


# --- commands -----------------------------------------------------------------------------------------


@routes.add("GET", _COMMANDS)
def list_commands(call: Call) -> Reply:
    """Global commands; with their translations if asked for."""
    _own(call)
    known = call.world.commands.get(0, [])
    return Reply(body=known if call.query.get("with_localizations") == "true" else _untranslated(known))


@routes.add("PUT", _COMMANDS)
def set_commands(call: Call) -> Reply:
    """Replace all global commands."""
    return Reply(body=_replace(call, 0))


@routes.add("GET", _GUILD_COMMANDS)
def list_guild_commands(call: Call) -> Reply:
    """Commands of one guild."""
    _own(call)
    return Reply(body=call.world.commands.get(call.world.guild(call.id("guild_id")).id, []))


@routes.add("PUT", _GUILD_COMMANDS)
def set_guild_commands(call: Call) -> Reply:
    """Replace all commands of one guild."""
    return Reply(body=_replace(call, call.world.guild(call.id("guild_id")).id))


def _untranslated(tree: Any) -> Any:
    """As Discord shows commands to who does not ask for their translations."""
    if isinstance(tree, list):
        return [_untranslated(branch) for branch in tree]
    if not isinstance(tree, dict):
        return tree
    return {key: _untranslated(value) for key, value in tree.items() if not key.endswith("_localizations")}


def _own(call: Call) -> None:
    if call.id("application_id") != call.world.app_id:
        raise unknown("Application")


def _replace(call: Call, guild_id: int) -> list[Json]:
    _own(call)
    before = {(c["name"], c["type"]): c["id"] for c in call.world.commands.get(guild_id, ())}
    commands = [_command(call, form, before, guild_id) for form in call.form or ()]
    names = [(c["name"], c["type"]) for c in commands]
    if len(set(names)) != len(names):
        raise invalid_form("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    call.world.commands[guild_id] = commands
    return commands


def _command(call: Call, form: Json, before: dict[tuple[str, int], str], guild_id: int) -> Json:
    kind = int(form.get("type") or CHAT_INPUT)
    _check_name(form, kind)
    if _letters(form) > LARGEST:
        raise invalid_form("", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)")
    ident = before.get((form["name"], kind)) or str(call.world.ids.next())
    wanted = form.get("default_member_permissions")
    body: Json = {
        "nsfw": False,
        "contexts": None,
        **{key: value for key, value in form.items() if value is not None or key.endswith("_localizations")},
        "id": ident,
        "application_id": str(call.world.app_id),
        "version": str(call.world.ids.next()),
        "type": kind,
        "description": form.get("description") or "",
        "default_member_permissions": None if wanted is None else str(wanted),
        "integration_types": form.get("integration_types") or [0],
        "dm_permission": form.get("dm_permission") is not False,
    }
    plain: Json = _plain_options(body | ({"guild_id": str(guild_id)} if guild_id else {}))
    return plain


def _check_name(form: Json, kind: int) -> None:
    """A command's names and descriptions in every language, and those of all its options."""
    for name in (form.get("name") or "", *(form.get("name_localizations") or {}).values()):
        if not 1 <= len(name) <= 32 or (kind == CHAT_INPUT and (name != name.lower() or " " in name)):
            raise invalid_form("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    said = [form.get("description") or "", *(form.get("description_localizations") or {}).values()]
    if kind == CHAT_INPUT and not all(1 <= len(text) <= 100 for text in said):
        raise invalid_form("description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    _check_choices(form.get("choices") or [])
    options = form.get("options") or []
    if len(options) > 25:
        raise invalid_form("options", "BASE_TYPE_BAD_LENGTH", "Must be between 0 and 25 in length.")
    _check_unique(options, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID")
    for option in options:
        _check_name(option, CHAT_INPUT)


def _letters(form: Json) -> int:
    """Names, descriptions and choices with all below, each in its longest language."""
    own = 0
    for part in ("name", "description"):
        said = [form.get(part) or "", *(form.get(f"{part}_localizations") or {}).values()]
        own += max(map(len, said))
    value = len(str(form["value"])) if "value" in form else 0
    return own + value + sum(map(_letters, [*(form.get("options") or ()), *(form.get("choices") or ())]))


def _check_choices(choices: list[Json]) -> None:
    for choice in choices:
        for name in (choice["name"], *(choice.get("name_localizations") or {}).values()):
            if not 1 <= len(name) <= 100:
                raise invalid_form("choices", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if len(choices) > 25:
        raise invalid_form("choices", "BASE_TYPE_BAD_LENGTH", "Must be between 0 and 25 in length.")
    _check_unique(choices, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS")


def _check_unique(siblings: list[Json], code: str) -> None:
    """No two beside each other are called the same, in no language."""
    languages = {language for one in siblings for language in one.get("name_localizations") or ()}
    for language in ("", *languages):
        called = [(one.get("name_localizations") or {}).get(language, one["name"]) for one in siblings]
        if len(set(called)) != len(called):
            raise invalid_form("name", code, "Option name already exists")


def _plain_options(tree: Any) -> Any:
    """Options as Discord gives them back: what was null is left out."""
    if isinstance(tree, list):
        return [_plain_options(branch) for branch in tree]
    if not isinstance(tree, dict) or "options" not in tree:
        return tree
    options = [{k: v for k, v in option.items() if v is not None} for option in tree["options"] or ()]
    return {**tree, "options": _plain_options(options)}
