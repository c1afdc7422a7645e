"""Policies as YAML: strictly read, plainly written."""

from __future__ import annotations

from typing import Any

import yaml

from policies.wording import Worded


class Unreadable(ValueError):
    """It cannot be read; `why` says where and what is wrong."""

    def __init__(self, why: Worded) -> None:
        super().__init__(why)
        self.why = why


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which the stock loader silently keeps the last; and aliases, with
    which a few lines can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=Worded("aliases (*name) are not taken; write it out"), problem_mark=mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key in (k for k, _ in node.value if isinstance(k, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=_twice(key.value), problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _twice(key: str) -> Worded:
    return Worded("{key} stands here twice", key=repr(key))


class _Dumper(yaml.SafeDumper):
    """Writes everything out: what it writes, the loader takes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def parse(content: bytes) -> dict[str, Any]:
    """The mapping in `content`. Raises `Unreadable`, with the line where there is one."""
    try:
        found = yaml.load(content.decode("utf-8-sig"), _Loader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        raise Unreadable(Worded("it is not UTF-8 text")) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # the latter two: an impossible date, a deep nest
        raise Unreadable(_fault(error)) from None
    if not isinstance(found, dict):
        raise Unreadable(Worded("it must hold lines such as preset: standard; an export is an example"))
    return found


def _fault(error: Exception) -> Worded:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or Worded("it is not YAML")
    if "\\t" in what:
        what = Worded("a tab stands where YAML wants spaces; indent with spaces")
    return Worded("line {line}: {what}", line=mark.line + 1, what=what) if mark else Worded("{what}", what=what)


def written(policy: dict[str, Any], header: tuple[str, ...]) -> str:
    """`policy` as YAML below `header` as comments."""
    comments = "".join(f"# {' '.join(line.split())}\n" for line in header)
    return comments + yaml.dump(policy, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False)
