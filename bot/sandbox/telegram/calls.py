"""One call of a Bot API method: its parameters, the table of methods, the record that tests read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.forms import Upload
from bot.sandbox.telegram.entities import Bot, Chat
from bot.sandbox.telegram.errors import NO_METHOD, bad
from bot.sandbox.telegram.inbox import Inbox
from bot.sandbox.telegram.world import World


@dataclass(slots=True)
class Exchange:
    """One call and what became of it. `status` 0: the connection broke; `effect`: it reached its method.

    `at` and `done` are perf_counter seconds. The token is not kept.
    """

    method: str
    params: Mapping[str, Any]
    files: Mapping[str, Upload]
    bot: Bot | None
    at: float
    status: int = 0
    body: Any = None
    done: float = 0.0
    effect: bool = False
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as a method sees it. Parameters come as JSON or as text, as the client likes."""

    world: World
    bot: Bot
    params: Mapping[str, Any]
    files: Mapping[str, Upload]

    @property
    def inbox(self) -> Inbox:
        """The bot's updates."""
        return self.world.inboxes[self.bot.id]

    def text(self, name: str) -> str | None:
        """A string, or None."""
        value = self.params.get(name)
        return None if value is None else str(value)

    def needed(self, name: str) -> str:
        """A string; 400 if it is not there."""
        value = self.text(name)
        if not value:
            raise bad(f'parameter "{name}" is required')
        return value

    def integer(self, name: str, default: int = 0) -> int:
        """A number; 400 if it is none."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad(f'field "{name}" must be of type Number') from None

    def flag(self, name: str) -> bool:
        """True for true, 1, yes and their like."""
        return str(self.params.get(name, "")).lower() in ("true", "1", "yes")

    def parsed(self, name: str) -> Any:
        """An object or list, or None; 400 if it is no JSON."""
        value = self.params.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {name} JSON object") from None

    def objects(self, name: str) -> list[Any]:
        """A list; 400 if there is something else."""
        value = self.parsed(name)
        if not isinstance(value, list):
            raise bad(f'expected an Array in "{name}"')
        return value

    def chat(self, name: str = "chat_id") -> Chat:
        """The chat that the call is about."""
        value = self.params.get(name)
        if value is None or value == "":
            raise bad(f"{name} is empty")
        return self.world.chat(self.bot, value)

    def upload(self, name: str, given: Any = None) -> Upload | str:
        """The file that comes as part `name`, or that `given` names (`attach://`, file_id); else 400."""
        given = self.params.get(name) if given is None else given
        part = given.removeprefix("attach://") if isinstance(given, str) and given.startswith("attach://") else name
        if part in self.files:
            return self.files[part]
        if isinstance(given, str) and given and not given.startswith("attach://"):
            return given
        raise bad(f"there is no {name} in the request")


Endpoint = Callable[[Call], Any | Awaitable[Any]]
Cost = Callable[[Call], int]


def _one(_: Call) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Method:
    """A method. `cost`: how many messages it counts for in flood control; None: it is not counted.

    `as_is`: its result is answered as it is; updates were rendered and judged when they came about.
    """

    name: str
    endpoint: Endpoint
    cost: Cost | None
    as_is: bool


class Methods:
    """The table of methods; like Telegram's it does not mind case."""

    def __init__(self) -> None:
        self._by_name: dict[str, Method] = {}

    def add(
        self, name: str, *, sends: bool = False, cost: Cost | None = None, as_is: bool = False
    ) -> Callable[[Endpoint], Endpoint]:
        """Decorator: `endpoint` answers `name`; `sends`: it counts as one message."""

        def register(endpoint: Endpoint) -> Endpoint:
            self._by_name[name.lower()] = Method(name, endpoint, cost or (_one if sends else None), as_is)
            return endpoint

        return register

    def include(self, other: Methods) -> None:
        """Take over all methods of `other`."""
        self._by_name |= other._by_name

    def find(self, name: str) -> Method:
        """The method; else 404."""
        if name.lower() not in self._by_name:
            raise NO_METHOD
        return self._by_name[name.lower()]

    def names(self) -> list[str]:
        """All of them, as the documentation spells them."""
        return sorted(method.name for method in self._by_name.values())
