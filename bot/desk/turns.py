"""One press after the other on the same case, so that what one does to its author the next knows of."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from bot.model import Case, Tenant


class Turns:
    """A turn for each case. Kept only while somebody has it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[Tenant, int], asyncio.Lock] = WeakValueDictionary()

    def of(self, case: Case) -> asyncio.Lock:
        """To be held around reading a case again and acting on what it says."""
        return self._locks.setdefault((case.tenant, case.number), asyncio.Lock())
