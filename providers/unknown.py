"""Labels of a vendor's that the mapping has not heard of: counted, so that somebody may give them one."""

from __future__ import annotations

from collections import Counter

import structlog

log = structlog.get_logger("beholder.providers")

MOST = 256  # names that are counted, however many a vendor invents


class UnknownLabels:
    """How often each came, by name. Each is told once in the log. Their names are the vendor's, nobody's words."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self.counted: Counter[str] = Counter()

    def count(self, label: str, **said: str) -> None:
        """`label` came once more; `said` is what the log is told beside it."""
        if label not in self.counted:
            if len(self.counted) >= MOST:
                return
            log.info("label_unknown", provider=self._provider, label=label, **said)
        self.counted[label] += 1
