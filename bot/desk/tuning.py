"""Thresholds by hand, and the policy read out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.desk.amending import Amending
from bot.desk.modes import TUNED, Modes
from bot.desk.objections import Objection, limit, one_of
from bot.model import Answer, Page, Presser, Tenant
from bot.ports import Settings
from bot.texts import overrides, readout
from bot.texts import settings as words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.lines import ANSWER, fit
from bot.texts.markup import Voice
from policies.model import NEVER, Category, Policy, Threshold, frozen

POLICY = "policy"


class Tuning:
    """One slider after the other."""

    def __init__(self, settings: Settings, amending: Amending, modes: Modes, coverage: Coverage) -> None:
        self._settings = settings
        self._modes = modes
        self._amending = amending
        self._coverage = coverage

    async def show(self, tenant: Tenant, voice: Voice) -> Answer:
        """See `bot.ports.Desk.show_policy`."""
        policy, version = await self._settings.policy(tenant)
        history = await self._settings.versions(tenant, 1)
        changed = (history[0][1], history[0][2]) if history else None
        paused = await self._modes.paused(tenant)
        text = readout.read_out(policy, version, changed, self._coverage, voice, paused=paused)
        return Answer(text, page=Page(POLICY, voice.texts.gettext("The rules here"), text))

    async def set(
        self, tenant: Tenant, presser: Presser, category: str, review: str | None, remove: str | None, voice: Voice
    ) -> Answer:
        """See `bot.ports.Desk.set_threshold`."""
        texts = voice.texts
        which = Category(one_of(category, Category, voice, what=texts.gettext("a category")))
        if review is None and remove is None:
            raise Objection(words.neither_threshold(texts))
        given = {
            name: limit(typed, texts, what=name)
            for name, typed in (("review", review), ("remove", remove))
            if typed is not None
        }
        done = await self._amending.amend(
            tenant, lambda policy: _with(policy, which, given, texts), presser.id, f"{TUNED}{which}"
        )
        before, after = (p.thresholds.get(which, NEVER) for p in (done.before, done.after))
        lines = [words.threshold_set(which, before, after, texts), *overrides.of(done.after, which, voice)]
        if which not in frozenset[Category]().union(*self._coverage.values()):
            lines.append(words.nobody_looks_for(which, texts))
        return Answer(fit(lines, ANSWER, texts), done=done.before != done.after)


def _with(policy: Policy, which: Category, given: Mapping[str, float | None], texts: Texts) -> Policy:
    old = policy.thresholds.get(which, NEVER)
    review, remove = given.get("review", old.review), given.get("remove", old.remove)
    if review is not None and remove is not None and review > remove:
        raise Objection(words.out_of_order(which, review, remove, texts))
    return replace(policy, thresholds=frozen({**policy.thresholds, which: Threshold(review, remove)}))
