"""Read-only mappings, for fields of frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def frozen(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """A read-only copy of `mapping`, for fields of frozen dataclasses."""
    return MappingProxyType(dict(mapping))


def nothing() -> Mapping[K, V]:
    """An empty read-only mapping: the default of overrides."""
    return MappingProxyType({})
