"""What people press and ask: buttons, selects, slash commands, context menus, forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox import acts, permissions, wire, wire_messages
from bot.sandbox.entities import TEXT, Channel, Json, Message, Role, User
from bot.sandbox.forms import walk
from bot.sandbox.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Answered, Interactions
from bot.sandbox.members import File, uploads
from bot.sandbox.world import World

SUB_COMMAND, SUB_COMMAND_GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE = 1, 2, 3, 4, 5, 6, 7, 8
MENTIONABLE, NUMBER, ATTACHMENT = 9, 10, 11
CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3
BUTTON, STRING_SELECT, FILE_UPLOAD = 2, 3, 19
BUTTON, STRING_SELECT = 2, 3
USER_SELECT, ROLE_SELECT, CHANNEL_SELECT = 5, 6, 8
ANSWER = 5.0


class NotOffered(Exception):
    """Discord would not let this person do that: no such button or command, greyed out, no right."""


class Presses:
    """The pressing half of the facade; every method waits for the bot's answer."""

    world: World
    interactions: Interactions

    async def press(
        self,
        message: Message,
        button: str,
        user: User,
        *,
        values: Sequence[str | User | Role | Channel] | None = None,
        stale: bool = False,
        acknowledged: bool = False,
        timeout: float = ANSWER,  # noqa: ASYNC109
    ) -> Answered:
        """Press a button (by custom id or label) or choose `values` of a select: of its options, or the people, roles
        or channels themselves. Raises `NotOffered` for what it does not offer.

        `stale`: the presser's screen still shows buttons that an edit has taken away meanwhile.
        `acknowledged`: return at the callback, do not wait for a visible answer.
        """
        component = _find([*message.components, *(message.former if stale else ())], button)
        body: Json = {"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]}
        if component["type"] != BUTTON:
            body |= self._picked(component, list(values or ()), message.channel)
        begun = self.interactions.begin(COMPONENT, user, message.channel, button, message)
        self._tell(begun, body, {"message": self.world.render(message)})
        return await begun.wait(acknowledged=acknowledged, timeout=timeout)

    async def command(
        self,
        name: str,
        user: User,
        channel: Channel,
        *,
        options: Mapping[str, object] | None = None,
        attachments: Mapping[str, File] | None = None,
        timeout: float = ANSWER,  # noqa: ASYNC109
    ) -> Answered:
        """Give a slash command; subcommands with spaces: `policy threshold`.

        Options as Python values (users, channels and roles as such); files under `attachments`.
        Raises `NotOffered` if the bot has not registered it so or `user` may not use it.
        """
        registered, path = self._registered(name, channel, CHAT_INPUT)
        self._may_use(registered, user, channel)
        body = self._chosen(registered, path, options or {}, attachments or {}, channel)
        begun = self.interactions.begin(COMMAND, user, channel, name)
        self._tell(begun, body)
        return await begun.wait(timeout=timeout)

    async def autocomplete(
        self,
        name: str,
        user: User,
        channel: Channel,
        option: str,
        typed: str = "",
        *,
        options: Mapping[str, object] | None = None,
        timeout: float = ANSWER,  # noqa: ASYNC109
    ) -> list[Json]:
        """What is suggested while `option` of a command is being typed."""
        registered, path = self._registered(name, channel, CHAT_INPUT)
        body = self._chosen(registered, path, {**(options or {}), option: typed}, {}, channel, complete=False)
        for given in _innermost(body):
            if given["name"] == option:
                given["focused"] = True
        begun = self.interactions.begin(AUTOCOMPLETE, user, channel, name)
        self._tell(begun, body)
        return (await begun.wait(timeout=timeout)).choices

    async def context_menu(
        self,
        name: str,
        user: User,
        channel: Channel,
        target: Message | User,
        *,
        timeout: float = ANSWER,  # noqa: ASYNC109
    ) -> Answered:
        """Choose an entry of the menu of a message or a user."""
        of_message = isinstance(target, Message)
        registered, _ = self._registered(name, channel, MESSAGE_MENU if of_message else USER_MENU)
        self._may_use(registered, user, channel)
        if isinstance(target, Message):
            resolved: Json = {"messages": {str(target.id): self.world.render(target)}}
        else:
            resolved = self._resolve_user(target, channel)
        body = {**_head(registered), "target_id": str(target.id), "resolved": resolved}
        begun = self.interactions.begin(COMMAND, user, channel, name)
        self._tell(begun, body)
        return await begun.wait(timeout=timeout)

    async def submit(
        self,
        form: Answered,
        user: User,
        values: Mapping[str, object],
        *,
        files: Mapping[str, Sequence[File]] | None = None,
        timeout: float = ANSWER,  # noqa: ASYNC109
    ) -> Answered:
        """Fill in and send the form that `form` opened; values, and uploaded files, by custom id."""
        modal = form.modal
        if modal is None:
            raise NotOffered(f"{form.name!r} opened no form")
        begun = self.interactions.begin(MODAL_SUBMIT, user, form.channel, modal["custom_id"], form.message)
        resolved: Json = {}
        uploaded: dict[str, list[str]] = {
            c["custom_id"]: [] for c in walk(modal["components"]) if c["type"] == FILE_UPLOAD
        }
        uploaded |= {name: self._uploaded(form.channel, some, resolved) for name, some in (files or {}).items()}
        _check_uploads(modal["components"], uploaded)
        filled = _filled(modal["components"], {**values, **uploaded})
        body = {"custom_id": modal["custom_id"], "components": filled, "resolved": resolved}
        more = {"message": self.world.render(form.message)} if form.message else {}
        self._tell(begun, body, more)
        return await begun.wait(timeout=timeout)

    def _picked(self, select: Json, values: Sequence[str | User | Role | Channel], channel: Channel) -> Json:
        """What of a select was chosen, as its clients let one choose. Discord's own lists resolve what they name."""
        least, most = select.get("min_values", 1), select.get("max_values", 1)
        if not least <= len(values) <= most:
            raise NotOffered(f"choose {least} to {most}, not {len(values)}")
        if select["type"] == STRING_SELECT:
            offered = [option["value"] for option in select["options"]]
            if strange := [value for value in values if value not in offered]:
                raise NotOffered(f"there are {offered}, not {strange}")
            return {"values": list(values)}
        resolved: Json = {}
        for value in values:
            self._resolve_pick(select, value, resolved, channel)
        ids = [str(value.id) for value in values if not isinstance(value, str)]
        return {"values": ids, "resolved": resolved} if ids else {"values": []}

    def _resolve_pick(self, select: Json, value: object, resolved: Json, channel: Channel) -> None:
        guild = channel.guild
        kinds = select.get("channel_types") or [TEXT]
        if select["type"] == ROLE_SELECT and isinstance(value, Role):
            resolved.setdefault("roles", {})[str(value.id)] = wire.role(value)
        elif select["type"] == CHANNEL_SELECT and isinstance(value, Channel) and value.guild is guild:
            if value.type not in kinds:
                raise NotOffered(f"#{value.name} is of type {value.type}, only {kinds} are offered")
            shown = {**wire.channel(value), "permissions": str(self.world.granted(value))}
            resolved.setdefault("channels", {})[str(value.id)] = shown
        elif select["type"] == USER_SELECT and isinstance(value, User):
            for part, content in self._resolve_user(value, channel).items():
                resolved.setdefault(part, {}).update(content)
        else:
            raise NotOffered(f"a select of type {select['type']} does not offer {value!r}")

    # --- what the bot is told ---------------------------------------------------------------------------

    def _tell(self, begun: Answered, body: Json, more: Json | None = None) -> None:
        world, channel, guild = self.world, begun.channel, begun.channel.guild
        payload: Json = {
            "id": str(begun.id),
            "application_id": str(world.app_id),
            "type": begun.type,
            "data": body,
            "token": begun.token,
            "version": 1,
            "channel_id": str(channel.id),
            "channel": {**wire.channel(channel), "permissions": str(world.granted(channel, begun.user))},
            "app_permissions": str(world.granted(channel)),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild.id)} if guild else {},
            "context": 0 if guild else 1,
            "attachment_size_limit": 10 * 1024 * 1024,
            **(more or {}),
        }
        if guild and begun.user.id in guild.members:
            member = {**wire.member(guild.members[begun.user.id]), "permissions": payload["channel"]["permissions"]}
            payload |= {"guild_id": str(guild.id), "guild_locale": guild.locale, "member": member}
            payload["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
        else:
            payload["user"] = wire.user(begun.user)
        world.emit("INTERACTION_CREATE", payload, guild=guild)

    def _registered(self, name: str, channel: Channel, kind: int) -> tuple[Json, list[str]]:
        known = list(self.world.commands.get(0, ()))
        if channel.guild:
            known += self.world.commands.get(channel.guild.id, [])
        first, *rest = name.split() if kind == CHAT_INPUT else [name]
        for command in known:
            if command["name"] == first and command["type"] == kind:
                return command, rest
        raise NotOffered(f"no command {first!r} of type {kind}; the bot registered {[c['name'] for c in known]}")

    def _may_use(self, command: Json, user: User, channel: Channel) -> None:
        guild = channel.guild
        if guild is None:
            if command["dm_permission"] is False or 1 not in (command.get("contexts") or [1]):
                raise NotOffered(f"{command['name']!r} is not offered in direct messages")
            return
        granted = self.world.granted(channel, user)
        needed = int(command["default_member_permissions"] or 0)
        allowed = granted & permissions.Permission.USE_APPLICATION_COMMANDS
        if command["default_member_permissions"] == "0" or granted & needed != needed or not allowed:
            raise NotOffered(f"{user.name} may not use {command['name']!r} here")

    def _chosen(
        self,
        command: Json,
        path: list[str],
        options: Mapping[str, object],
        attachments: Mapping[str, File],
        channel: Channel,
        *,
        complete: bool = True,
    ) -> Json:
        resolved: Json = {}
        level, wrap = command.get("options") or [], []
        for step in path:
            found = next(
                (o for o in level if o["name"] == step and o["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP)), None
            )
            if found is None:
                raise NotOffered(f"{command['name']!r} has no subcommand {step!r}: {[o['name'] for o in level]}")
            wrap.append({"name": step, "type": found["type"]})
            level = found.get("options") or []
        known = {o["name"]: o for o in level}
        if complete:
            _all_there(known, {*options, *attachments})
        given = [
            self._option(known[n], v, resolved, channel) for n, v in {**options, **attachments}.items() if n in known
        ]
        for step_body in reversed(wrap):
            given = [{**step_body, "options": given}]
        body = {**_head(command), "options": given}
        return {**body, "resolved": resolved} if resolved else body

    def _option(self, declared: Json, value: Any, resolved: Json, channel: Channel) -> Json:
        kind = declared["type"]
        if kind == ATTACHMENT:
            (value,) = self._uploaded(channel, [value], resolved)
        elif kind in (USER, MENTIONABLE) and isinstance(value, User):
            for part, content in self._resolve_user(value, channel).items():
                resolved.setdefault(part, {}).update(content)
            value = str(value.id)
        elif kind in (CHANNEL, ROLE):
            body = wire.channel(value) if kind == CHANNEL else wire.role(value)
            if kind == CHANNEL:
                body["permissions"] = str(self.world.granted(value))
            resolved.setdefault("channels" if kind == CHANNEL else "roles", {})[str(value.id)] = body
            value = str(value.id)
        elif (choices := declared.get("choices")) and value not in [c["value"] for c in choices]:
            raise NotOffered(f"{declared['name']} offers {[c['value'] for c in choices]}, not {value!r}")
        return {"name": declared["name"], "type": kind, "value": value}

    def _uploaded(self, channel: Channel, files: Sequence[File], resolved: Json) -> list[str]:
        """The ids of files, which lie beside what was typed."""
        stored = [acts.upload(self.world, channel.id, upload, ephemeral=True) for upload in uploads(list(files))]
        shown = {str(s.id): wire_messages.attachment(s, self.world.signer.attachment) for s in stored}
        if shown:
            resolved.setdefault("attachments", {}).update(shown)
        return list(shown)

    def _resolve_user(self, user: User, channel: Channel) -> Json:
        body: Json = {"users": {str(user.id): wire.user(user)}}
        guild = channel.guild
        if guild and user.id in guild.members:
            member = wire.partial_member(guild.members[user.id])
            member["permissions"] = str(permissions.in_guild(guild, guild.members[user.id]))
            body["members"] = {str(user.id): member}
        return body


def _head(command: Json) -> Json:
    head = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return head | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _all_there(declared: Mapping[str, Json], given: set[str]) -> None:
    if strange := given - set(declared):
        raise NotOffered(f"there are no options {sorted(strange)}; there are {sorted(declared)}")
    missing = [name for name, option in declared.items() if option.get("required") and name not in given]
    if missing:
        raise NotOffered(f"the options {missing} are required")


def _innermost(body: Json) -> list[Json]:
    given: list[Json] = body["options"]
    while given and given[0]["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP):
        given = given[0]["options"]
    return given


def _find(components: Sequence[Json], button: str) -> Json:
    live = [c for c in walk(components) if c.get("custom_id")]
    for component in live:
        if button in (component["custom_id"], component.get("label")):
            if component.get("disabled"):
                raise NotOffered(f"{button!r} is greyed out")
            return component
    raise NotOffered(f"no button {button!r}; there are {[(c['custom_id'], c.get('label')) for c in live]}")


def _check_uploads(components: Sequence[Json], uploaded: Mapping[str, Sequence[str]]) -> None:
    """As many files as each upload asks for, and none where nothing asks."""
    wanted = {c["custom_id"]: c for c in walk(components) if c["type"] == FILE_UPLOAD}
    if strange := set(uploaded) - set(wanted):
        raise NotOffered(f"the form has no upload {sorted(strange)}; there are {sorted(wanted)}")
    for name, upload in wanted.items():
        least = upload.get("min_values", 1) if upload.get("required", True) else 0
        if not least <= len(uploaded.get(name, ())) <= upload.get("max_values", 1):
            raise NotOffered(f"{name!r} takes {least} to {upload.get('max_values', 1)} files")


def _filled(components: Sequence[Json], values: Mapping[str, object]) -> list[Json]:
    """The form's components with what was typed: labels and rows keep their shape."""
    filled = []
    for index, component in enumerate(components, 1):
        body: Json = {"type": component["type"], "id": component.get("id") or index}
        if "components" in component:
            body["components"] = _filled(component["components"], values)
        if "component" in component:
            body["component"] = _filled([component["component"]], values)[0]
        if "custom_id" in component:
            value = values.get(component["custom_id"], "")
            body |= {
                "custom_id": component["custom_id"],
                **({"values": value} if isinstance(value, list) else {"value": value}),
            }
        filled.append(body)
    return filled
