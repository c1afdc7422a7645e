"""Policies as YAML: strictly read, plainly written."""

from __future__ import annotations

from typing import Any

import yaml


class Unreadable(ValueError):
    """It cannot be read; the text says where and why, to be put behind the file's name."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which the stock loader silently keeps the last; and aliases, with
    which a few lines can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not taken; write it out", problem_mark=mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (k for k, _ in node.value if isinstance(k, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands here twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Writes everything out: what it writes, the loader takes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def parse(content: bytes) -> dict[str, Any]:
    """The mapping in `content`. Raises `Unreadable`, with the line where there is one."""
    try:
        found = yaml.load(content.decode("utf-8-sig"), _Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        raise Unreadable(" is not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # the latter two: an impossible date, a deep nest
        raise Unreadable(_fault(error)) from None
    if not isinstance(found, dict):
        raise Unreadable(" must hold lines like `preset: standard`; an export is an example")
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
    return comments + yaml.dump(policy, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)
