"""A model of the host's own, behind a small HTTP contract (docs/providers/custom.md)."""

from providers.custom.provider import CustomProvider, CustomSettings

__all__ = ["CustomProvider", "CustomSettings"]
