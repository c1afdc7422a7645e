"""Discord's own OpenAPI as a judge: `Validator` watches a `Loopback` and collects violations.

The specification lies beside the checkout (`../shared/specs`), not in it; where it is absent
`specification_or_skip` skips and says so. Schemas are compiled once a process, exchanges are
judged only when `violations()` is asked for, so that watching costs nothing while sockets are busy.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing
from referencing.jsonschema import DRAFT202012

from bot.sandbox.loopback import Loopback
from bot.sandbox.rest import Exchange
from bot.sandbox.world import Happened

SPECIFICATION = Path(__file__).parents[2] / "shared" / "specs" / "discord-openapi-v10.json"
_EVENTS = {
    "MESSAGE_CREATE": "MessageResponse",
    "MESSAGE_UPDATE": "MessageResponse",
    "GUILD_MEMBER_ADD": "GuildMemberResponse",
    "GUILD_MEMBER_UPDATE": "GuildMemberResponse",
    "GUILD_AUDIT_LOG_ENTRY_CREATE": "AuditLogEntryResponse",
    "GUILD_CREATE": "GuildWithCountsResponse",
    "CHANNEL_CREATE": "GuildChannelResponse",
    "THREAD_CREATE": "ThreadResponse",
}
_PARTS = {
    "GUILD_BAN_ADD": ("user", "UserResponse"),
    "GUILD_MEMBER_REMOVE": ("user", "UserResponse"),
    "GUILD_ROLE_CREATE": ("role", "GuildRoleResponse"),
    "GUILD_ROLE_UPDATE": ("role", "GuildRoleResponse"),
    "INTERACTION_CREATE": ("message", "MessageResponse"),
}


@dataclass(frozen=True)
class Violation:
    """Something on the wire that Discord's specification does not allow."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@cache
def specification() -> dict[str, Any] | None:
    """The OpenAPI document, or None where it is absent."""
    if not SPECIFICATION.exists():
        return None
    document: dict[str, Any] = json.loads(SPECIFICATION.read_text())
    # On the wire the codes of field errors are words (BASE_TYPE_MAX_LENGTH); the document says integer.
    schemas = document["components"]["schemas"]
    schemas["Error"]["properties"]["code"] = {"type": ["integer", "string"]}
    # The document knows replies only; a forward's reference has type 1 (documentation, "Message Reference Types").
    schemas["MessageReferenceType"] = {"type": "integer", "enum": [0, 1]}
    return document


def specification_or_skip() -> dict[str, Any]:
    """The OpenAPI document; skips the test where it is absent."""
    found = specification()
    if found is None:
        pytest.skip("../shared/specs/discord-openapi-v10.json is not here: the wire was not compared with it")
    return found


@cache
def _registry(side: str) -> referencing.Registry[Any]:
    document = specification()
    assert document is not None
    if side == "request":
        # discord.py sends snowflakes as numbers, and Discord takes them; a role's permissions are text in
        # Discord's documentation and from discord.py, and numbers in this document.
        document = copy.deepcopy(document)
        schemas = document["components"]["schemas"]
        schemas["SnowflakeType"] = {"type": ["string", "integer"]}
        schemas["CreateRoleRequest"]["properties"]["permissions"] = {"type": ["string", "integer", "null"]}
    registry: referencing.Registry[Any] = referencing.Registry().with_resource(
        f"urn:{side}", DRAFT202012.create_resource(document)
    )
    return registry


@cache
def _judge(side: str, pointer: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"urn:{side}#{pointer}"}, registry=_registry(side))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def schema_violations(side: str, pointer: str, body: Any, where: str) -> Iterator[Violation]:
    """What is wrong with `body` against the schema at `pointer` (`/components/schemas/UserResponse`)."""
    for error in _judge(side, pointer).iter_errors(body):
        best = jsonschema.exceptions.best_match([error]) or error
        path = "/".join(map(str, best.absolute_path))
        yield Violation(where, f"at {path or 'the top'}: {best.message[:300]}")


class Validator:
    """Collects what went over the wire; `violations()` judges it.

    `unspecified` counts what the document says nothing of (faults on demand, undocumented routes);
    `refused` the requests that were answered 400 or 413: those are known to be wrong and not judged.
    """

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []
        self._events: list[Happened] = []
        self.unspecified: Counter[str] = Counter()
        self.judged: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def watch(self, discord: Loopback) -> Validator:
        """From now on."""
        discord.rest.observers.append(self)
        discord.world.listeners.append(self._events.append)
        return self

    def __call__(self, exchange: Exchange) -> None:
        self._exchanges.append(exchange)

    def violations(self) -> list[str]:
        """All of them so far; [] also where the specification is absent."""
        if specification() is None:
            return []
        found = [v for e in self._exchanges for v in (*self._request(e), *self._response(e))]
        found += [v for e in self._events for v in self._event(e)]
        return [f"{n} x {text}" for text, n in Counter(map(str, found)).items()]

    def _operation(self, exchange: Exchange) -> tuple[str, dict[str, Any]] | None:
        document = specification_or_skip()
        operation = document["paths"].get(exchange.template, {}).get(exchange.method.lower())
        if operation is None:
            self.unspecified[f"{exchange.method} {exchange.template}"] += 1
            return None
        return f"/paths/{_escaped(exchange.template)}/{exchange.method.lower()}", operation

    def _request(self, exchange: Exchange) -> Iterator[Violation]:
        found = self._operation(exchange)
        if found is None or exchange.form is None:
            return
        pointer, operation = found
        where = f"request {exchange.method} {exchange.template}"
        if exchange.status in (400, 413):
            self.refused[where] += 1
            return
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            self.unspecified[where] += 1
            return
        self.judged[where] += 1
        yield from schema_violations(
            "request", f"{pointer}/requestBody/content/application~1json/schema", exchange.form, where
        )

    def _response(self, exchange: Exchange) -> Iterator[Violation]:
        found = self._operation(exchange)
        if found is None or not exchange.status:
            return
        pointer, operation = found
        where = f"response {exchange.status} to {exchange.method} {exchange.template}"
        code = _code(operation["responses"], exchange.status)
        if code is None:
            if exchange.status < 500:
                yield Violation(where, "no such status is documented")
            self.unspecified[where] += 1
            return
        self.judged[where] += 1
        at = f"{pointer}/responses/{code}"
        if reference := operation["responses"][code].get("$ref"):
            at = reference.removeprefix("#")
        if exchange.status != 204:
            yield from schema_violations("response", f"{at}/content/application~1json/schema", exchange.body, where)
        elif exchange.body is not None:
            yield Violation(where, "a 204 has no body")

    def _event(self, event: Happened) -> Iterator[Violation]:
        where = f"event {event.name}"
        if name := _EVENTS.get(event.name):
            self.judged[where] += 1
            yield from schema_violations("response", f"/components/schemas/{name}", event.payload, where)
        part, name = _PARTS.get(event.name, ("", ""))
        if part in event.payload:
            self.judged[where] += 1
            yield from schema_violations("response", f"/components/schemas/{name}", event.payload[part], where)


def _code(responses: dict[str, Any], status: int) -> str | None:
    if str(status) in responses:
        return str(status)
    family = f"{status // 100}XX"
    return family if family in responses else None
