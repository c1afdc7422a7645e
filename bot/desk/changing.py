"""One rule is changed: saved as a version, told beside what held before, with what of it may surprise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.desk.amending import Amending
from bot.desk.modes import RULES
from bot.model import Answer, Presser, Tenant
from bot.texts import rules as words
from bot.texts import settings as settings_words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from policies.model import Category, Policy

Say = Callable[[Policy], str]
Note = Callable[[Policy], Sequence[str]]


class Changing:
    """What all small changes have in common."""

    def __init__(self, amending: Amending, coverage: Coverage) -> None:
        self._amending = amending
        self._coverage = coverage

    async def amend(
        self,
        tenant: Tenant,
        presser: Presser,
        why: str,
        change: Callable[[Policy], Policy],
        voice: Voice,
        what: str,
        said: Say,
        notes: Note = lambda _: (),
    ) -> Answer:
        """Save what `change` makes of the rules. `said` tells how they stand with `what`; `notes` come last."""
        done = await self._amending.amend(tenant, change, presser.id, f"{RULES}{why}")
        lines = [
            words.changed(what, said(done.before), said(done.after), voice.texts),
            *words.surprises(done.before, done.after, self._coverage, voice.texts),
            *notes(done.after),
        ]
        return Answer(words.answer(lines, voice.texts), done=done.before != done.after)

    def unseen(self, which: Category | None, texts: Texts) -> Note:
        """A threshold that nothing can reach."""
        seen = which is None or which in frozenset[Category]().union(*self._coverage.values())
        return lambda _: () if seen or which is None else (settings_words.nobody_looks_for(which, texts),)
