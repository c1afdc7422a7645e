"""Hands that only pretend: observe mode is an object, not an `if` (ruling 12)."""

from __future__ import annotations

from bot.model import Action, Outcome, OutcomeState


class Simulated:
    """`bot.ports.Hands` that does nothing to a post or a person, and says what it would have done."""

    async def perform(self, action: Action) -> Outcome:
        """The outcome `simulated`."""
        return Outcome(OutcomeState.SIMULATED, detail=type(action).__name__)
