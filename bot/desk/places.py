"""What differs in some places: in one context, in one channel."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.desk.changing import Changing
from bot.desk.gate import Gate
from bot.desk.objections import Objection, limit, one_of
from bot.model import Answer, Presser, Tenant
from bot.texts import names
from bot.texts import rules as words
from bot.texts import settings as settings_words
from bot.texts.catalogue import Texts
from bot.texts.markup import Voice
from policies.model import NEVER, Category, ChannelRule, Context, Policy, Threshold, frozen

USUAL: Final = "usual"  # for a channel: images there are judged as what they are


class Places:
    """Later ones win over the general rules; what a place does not set holds as everywhere."""

    def __init__(self, gate: Gate, changing: Changing) -> None:
        self._gate = gate
        self._changing = changing

    async def context(
        self,
        tenant: Tenant,
        presser: Presser,
        context: str,
        category: str,
        review: str | None,
        remove: str | None,
        *,
        reset: bool = False,
    ) -> Answer:
        """See `bot.ports.desk.Places`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            where, which = context_of(context, voice), category_of(category, voice)
            given = _limits(review, remove, texts)
            _either(given, reset, texts)

            def amended(old: Policy) -> Policy:
                own = dict(old.contexts.get(where, {}))
                _set(own, which, given, old, texts, reset=reset)
                others = {c: limits for c, limits in old.contexts.items() if c is not where}
                return replace(old, contexts=frozen({**others, where: frozen(own)} if own else others))

            def said(p: Policy) -> str:
                own = p.contexts.get(where, {}).get(which)
                return words.limits_or_general(own, p.thresholds.get(which, NEVER), texts)

            what = f"{texts.gettext(names.CONTEXTS[where])}, {names.category(which, texts)}"
            return await self._changing.amend(
                tenant,
                presser,
                f"context {where} {which}",
                amended,
                voice,
                what,
                said,
                self._changing.unseen(which, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def channel(
        self,
        tenant: Tenant,
        presser: Presser,
        channel: str,
        *,
        exempt: bool | None = None,
        context: str | None = None,
        category: str | None = None,
        review: str | None = None,
        remove: str | None = None,
        reset: bool = False,
    ) -> Answer:
        """See `bot.ports.desk.Places`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            where = None if context is None else _context_or_usual(context, voice)
            which = None if category is None else category_of(category, voice)
            given = _limits(review, remove, texts)
            if given and which is None:
                raise Objection(texts.gettext("Say which category review and remove are for."))
            if which is not None and not given and not reset:
                raise Objection(settings_words.neither_threshold(texts))
            if which is None and where is None and exempt is None and not reset:
                own = words.channel_rule(policy.channels.get(channel), texts)
                return Answer(texts.gettext("{channel}: {rules}.", channel=voice.markup.channel(channel), rules=own))

            def amended(old: Policy) -> Policy:
                rule = ChannelRule() if reset and which is None else old.channels.get(channel, ChannelRule())
                if exempt is not None:
                    rule = replace(rule, exempt=exempt)
                if where is not None:
                    rule = replace(rule, context=None if where == USUAL else Context(where))
                if which is not None:
                    own = dict(rule.thresholds)
                    _set(own, which, given, old, texts, reset=reset)
                    rule = replace(rule, thresholds=frozen(own))
                others = {c: r for c, r in old.channels.items() if c != channel}
                return replace(old, channels=frozen(others if rule == ChannelRule() else {**others, channel: rule}))

            return await self._changing.amend(
                tenant,
                presser,
                f"channel {channel}",
                amended,
                voice,
                voice.markup.channel(channel),
                lambda p: words.channel_rule(p.channels.get(channel), texts),
                self._changing.unseen(which, texts),
            )

        return await self._gate.tuning(tenant, presser, change)


# --- reading what was typed ------------------------------------------------------------------------


def context_of(typed: str, voice: Voice) -> Context:
    """The context that was meant. Raises Objection."""
    return Context(one_of(typed, Context, voice, what=voice.texts.gettext("a context")))


def _context_or_usual(typed: str, voice: Voice) -> str:
    return one_of(typed, (USUAL, *Context), voice, what=voice.texts.gettext("a context"))


def category_of(typed: str, voice: Voice) -> Category:
    """The category that was meant. Raises Objection."""
    return Category(one_of(typed, Category, voice, what=voice.texts.gettext("a category")))


def _limits(review: str | None, remove: str | None, texts: Texts) -> dict[str, float | None]:
    typed = (("review", review), ("remove", remove))
    return {name: limit(said, texts, what=name) for name, said in typed if said is not None}


def _either(given: dict[str, float | None], reset: bool, texts: Texts) -> None:
    if not given and not reset:
        raise Objection(settings_words.neither_threshold(texts))


def _set(
    own: dict[Category, Threshold],
    which: Category,
    given: dict[str, float | None],
    policy: Policy,
    texts: Texts,
    *,
    reset: bool,
) -> None:
    """Change one category's own limits in place; what is not given stays, and is at first the general one."""
    if reset:
        own.pop(which, None)
    if not given:
        return
    old = own.get(which, policy.thresholds.get(which, NEVER))
    review, remove = given.get("review", old.review), given.get("remove", old.remove)
    if review is not None and remove is not None and review > remove:
        raise Objection(settings_words.out_of_order(which, review, remove, texts))
    own[which] = Threshold(review, remove)
