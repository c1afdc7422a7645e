"""Which providers a host may list, and whether each costs money. Names alone: reading settings loads no provider."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COSTS_MONEY: Mapping[str, bool] = MappingProxyType(
    {
        "local": False,
        "huawei": True,
        "hitpaw": True,
        "rekognition": True,
        "openai": False,
        "custom": False,
    }
)
"""By name, in the order in which they are listed. One that costs money is off until the host grants it (ruling 20),
so that there is no default to forget."""
