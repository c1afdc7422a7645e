"""What the host's monitoring is told as things happen. Nothing of it may wait, fail or name anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.model import EffectKind, Judged, Outcome
from policies.model import ReasonCode


class Observer(Protocol):
    """Called in the bot's own loop, after whatever was urgent is done."""

    def judged(self, images: Sequence[Judged], ms: Mapping[str, float]) -> None:
        """A post came to its end; `ms` are milliseconds by station."""
        ...

    def unseen(self, images: int, code: ReasonCode) -> None:
        """So many images were left alone by a rule that comes before looking: paused, or the host's limit."""
        ...

    def settled(self, kind: EffectKind, outcome: Outcome) -> None:
        """An effect ended, or (`outcome.retry`) is tried again later."""
        ...


class Unobserved:
    """`Observer` for when nobody watches."""

    def judged(self, images: Sequence[Judged], ms: Mapping[str, float]) -> None:
        """Not noted."""

    def unseen(self, images: int, code: ReasonCode) -> None:
        """Not noted."""

    def settled(self, kind: EffectKind, outcome: Outcome) -> None:
        """Not noted."""
