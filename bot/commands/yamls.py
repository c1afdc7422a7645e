"""Policies as YAML: strictly read, plainly written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.commands.console import Stop

MOST = 1 << 20  # bytes: no policy is that long


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: the stock loader silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (k for k, _ in node.value if isinstance(k, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read(file: Path) -> dict[str, Any]:
    """The mapping in `file`. Raises Stop with the line and the cure."""
    try:
        if file.stat().st_size > MOST:
            raise Stop(f"{file} is not a policy: it is larger than {MOST >> 20} MB")
        found = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise Stop(f"{file} cannot be read ({error.strerror}); check the path and its permissions") from None
    except UnicodeDecodeError:
        raise Stop(f"{file} is not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # the latter two: an impossible date, a deep nest
        raise Stop(f"{file}{_fault(error)}") from None
    if not isinstance(found, dict):
        raise Stop(f"{file} must hold lines like `preset: standard`; `beholder policy export` writes an example")
    return found


def _fault(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "it cannot be read as YAML"
    if "\\t" in what:
        what = "a tab stands where YAML wants spaces; indent with spaces"
    return f", line {mark.line + 1}: {what}" if mark else f": {what}"


def written(policy: dict[str, Any], header: tuple[str, ...]) -> str:
    """`policy` as YAML below `header` as comments."""
    comments = "".join(f"# {' '.join(line.split())}\n" for line in header)
    return comments + yaml.safe_dump(policy, sort_keys=False, allow_unicode=True, default_flow_style=False)
