"""Telegram's Bot API as a judge: finds what a call or an update has that the documentation does not allow.

The document is the machine-readable one of the PaulSonOfLars project (`methods` and `types`, each with
`fields`), which is made from core.telegram.org/bots/api. It is not part of the package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from bot.sandbox.telegram.entities import Json

ARRAY = "Array of "
_CONSTANT = re.compile(r'(?:always|must be) [“"]?([a-z_]+)[”"]?$')
_SCALARS = {"Integer": int, "String": str, "Boolean": bool, "True": bool, "Float": float}


class Specification:
    """What is allowed."""

    def __init__(self, document: Json) -> None:
        self.methods: Json = document["methods"]
        self.types: Json = document["types"]

    @classmethod
    def load(cls, path: Path) -> Self:
        """From its JSON file."""
        return cls(json.loads(path.read_text()))

    @cached_property
    def update_types(self) -> frozenset[str]:
        """What an Update can be, and so what `allowed_updates` may name."""
        return frozenset(field["name"] for field in self.types["Update"]["fields"]) - {"update_id"}

    def constant(self, field: Json) -> str | None:
        """The one value that a discriminating field may have; None: it is free."""
        if field["types"] != ["String"] or field["name"] not in ("type", "status", "source"):
            return None
        match = _CONSTANT.search(field["description"])
        return match.group(1) if match else None

    def request(self, method: str, params: Mapping[str, Any], files: Collection[str] = ()) -> list[str]:
        """What is wrong with a call; `files`: the parts of its body that are files."""
        if method not in self.methods:
            return []
        fields = {field["name"]: field for field in self.methods[method].get("fields", [])}
        found = [f"{method}: unknown parameter {name}" for name in params if name not in fields]
        loose = {name for name in files if name not in fields and f"attach://{name}" not in str(params)}
        found += [f"{method}: unknown file {name}" for name in sorted(loose)]
        for name, field in fields.items():
            if name in params:
                found += self._any(field["types"], _unpacked(params[name], field["types"]), f"{method}.{name}")
            elif field["required"] and name not in files:
                found.append(f'{method}: parameter "{name}" is required')
        return found

    def update(self, update: Json) -> list[str]:
        """What is wrong with an Update."""
        return self.value("Update", update, "Update")

    def result(self, method: str, result: Any) -> list[str]:
        """What is wrong with the answer to a call."""
        return self._any(self.methods[method]["returns"], result, f"{method} ->")

    def value(self, kind: str, value: Any, where: str) -> list[str]:
        """What is wrong with a value that should be of type `kind`; `where` names it."""
        if kind.startswith(ARRAY):
            if not isinstance(value, list):
                return [f"{where}: no array"]
            inner = kind.removeprefix(ARRAY)
            return [fault for n, part in enumerate(value) for fault in self.value(inner, part, f"{where}[{n}]")]
        if kind in _SCALARS:
            return [] if _is(kind, value) else [f"{where}: {value!r:.40} is no {kind}"]
        if kind == "InputFile":
            return [] if isinstance(value, str) else [f"{where}: no file"]
        of = self.types[kind]
        if "subtypes" in of:
            return self._any(of["subtypes"], value, where)
        return self._object(kind, of.get("fields", []), value, where)

    def _object(self, kind: str, fields: list[Json], value: Any, where: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{where}: no {kind}"]
        known = {field["name"]: field for field in fields}
        found = [f"{where}: unknown field {name}" for name in value if name not in known]
        for name, field in known.items():
            if name in value:
                found += self._field(field, value[name], f"{where}.{name}")
            elif field["required"]:
                found.append(f"{where}: {name} is missing")
        return found

    def _field(self, field: Json, value: Any, where: str) -> list[str]:
        constant = self.constant(field)
        if constant is not None and value != constant:
            return [f"{where}: {value!r:.40} is not {constant}"]
        return self._any(field["types"], value, where)

    def _any(self, kinds: list[str], value: Any, where: str) -> list[str]:
        """The faults under the kind that fits best; none if one fits."""
        return min((self.value(kind, value, where) for kind in kinds), key=len)


def _is(kind: str, value: Any) -> bool:
    if kind == "Float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "Integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, _SCALARS[kind])


def _unpacked(value: Any, kinds: list[str]) -> Any:
    """A parameter as JSON: forms carry numbers, booleans and objects as text."""
    if not isinstance(value, str) or kinds == ["String"] or "InputFile" in kinds:
        return value
    if "String" in kinds and not re.fullmatch(r"-?\d+", value):
        return value
    if kinds == ["Boolean"] and value.lower() in ("true", "false", "0", "1"):
        return value.lower() in ("true", "1")
    try:
        return json.loads(value)
    except ValueError:
        return value
