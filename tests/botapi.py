"""Telegram's own specification for the tests: as a judge, and to build messages along its paths.

The specification lies beside the checkout (`../shared/specs`), not in it; where it is absent
`specification_or_skip` skips and says so. `along` makes the smallest message that has a file where a
path of `telegram-image-paths.txt` says that one can be.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.telegram.specification import ARRAY, Specification

_SPECS = Path(__file__).parents[2] / "shared" / "specs"
SPECIFICATION = _SPECS / "telegram-bot-api-10.1.json"
PATHS = _SPECS / "telegram-image-paths.txt"
_STEP = re.compile(r"(?P<name>\w+)(?P<many>(?:\[\])*)(?:<(?P<kind>\w+)>)?")
DATE = 1_700_000_000
_SCALARS: dict[str, Any] = {"Integer": 1, "String": "x", "Boolean": False, "True": True, "Float": 0.5}
_NEWER = {"ChatMemberAdministrator": ("can_send_welcome_messages", "Boolean")}
"""What Telegram sends since 10.2 and 10.3, of what the sandbox sends; aiogram wants to see it."""


@cache
def specification() -> Specification | None:
    """The Bot API 10.1 with what came later, or None where it is absent."""
    if not SPECIFICATION.exists():
        return None
    found = Specification.load(SPECIFICATION)
    for kind, (name, of) in _NEWER.items():
        found.types[kind]["fields"].append({"name": name, "types": [of], "required": False, "description": ""})
    return found


def specification_or_skip() -> Specification:
    """The Bot API 10.1; skips the test where it is absent."""
    found = specification()
    if found is None:
        pytest.skip("../shared/specs/telegram-bot-api-10.1.json is not here: nothing was compared with it")
    return found


def image_paths() -> list[str]:
    """Every way from a Message to a file with a picture, `Message.photo[]`; empty where the list is absent."""
    if not PATHS.exists():
        return []
    return [line.split()[0] for line in PATHS.read_text().splitlines() if line.startswith("Message.")]


class Builder:
    """Builds smallest objects. Files are named in turn: `file-1`, `file-2` …"""

    def __init__(self, of: Specification) -> None:
        self._of = of
        self._files = 0

    def along(self, path: str) -> tuple[dict[str, Any], str]:
        """The smallest Message with the file that `path` leads to, and that file's `file_unique_id`."""
        start, *steps = [match.groupdict() for match in _STEP.finditer(path)]
        self._files = 0
        message, target = self._walk(start["name"], steps)
        return message, target["file_unique_id"]

    def _walk(self, kind: str, steps: list[dict[str, str]]) -> tuple[Any, Any]:
        """An object of `kind` and the thing at the end of `steps`."""
        body = self.smallest(kind)
        if not steps:
            return body, body
        step, *rest = steps
        field = next(field for field in self._of.types[kind]["fields"] if field["name"] == step["name"])
        inner = step["kind"] or field["types"][0].replace(ARRAY, "")
        value, target = self._walk(inner, rest)
        for _ in range(field["types"][0].count(ARRAY)):
            value = [value]
        body[step["name"]] = value
        return body, target

    def smallest(self, kind: str) -> Any:
        """An object of `kind` with nothing but what it must have."""
        if kind.startswith(ARRAY):
            return []
        if kind in _SCALARS:
            return _SCALARS[kind]
        of = self._of.types[kind]
        if "subtypes" in of:
            return self.smallest(of["subtypes"][0])
        body = {field["name"]: self._required(field) for field in of.get("fields", []) if field["required"]}
        if "file_unique_id" in body:
            self._files += 1
            body |= {"file_id": f"file-{self._files}", "file_unique_id": f"unique-{self._files}"}
        return body

    def _required(self, field: dict[str, Any]) -> Any:
        constant = self._of.constant(field)
        if constant is not None:
            return constant
        if field["name"] == "date":
            return DATE
        return self.smallest(field["types"][0])


def along(path: str) -> tuple[dict[str, Any], str]:
    """`Builder.along` of the specification; skips the test where that is absent."""
    return Builder(specification_or_skip()).along(path)
