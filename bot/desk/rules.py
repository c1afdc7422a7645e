"""One rule after the other: what follows, where, for whom; each change is a version with who and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from bot.desk.amending import Amending
from bot.desk.gate import Gate
from bot.desk.modes import RULES
from bot.desk.objections import Objection, limit, one_of
from bot.desk.rights import may_manage
from bot.model import Answer, Presser, Tenant
from bot.texts import names, refusals
from bot.texts import rules as words
from bot.texts import settings as settings_words
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from bot.texts.markup import Voice
from policies import form
from policies.model import (
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Exemptions,
    Place,
    Policy,
    Surface,
    Threshold,
    frozen,
)
from policies.resolve import CARD_ONLY, WORN, actions

WHEN: Final = ("block", "review")
USUAL: Final = "usual"  # for a context: what holds everywhere
NONE: Final = "nothing"
CHANNEL: Final = "1"  # of a place that stands for all channels

Say = Callable[[Policy], str]


class Rules:
    """The small changes; whole policies are `bot.desk.exchange`'s."""

    def __init__(self, gate: Gate, amending: Amending, coverage: Coverage) -> None:
        self._gate = gate
        self._amending = amending
        self._coverage = coverage

    # --- what follows -----------------------------------------------------------------------------

    async def actions(self, tenant: Tenant, presser: Presser, when: str, acts: str, context: str | None) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            _ = voice.texts.gettext
            which = one_of(when, WHEN, voice, what=_("a kind of finding"))
            where = None if context is None else _context(context, voice)
            wanted = _acts(acts, voice, usual=where is not None)
            notes = lambda now: _mind_actions(now, which, where, voice.texts)  # noqa: E731
            return await self._amend(
                tenant,
                presser,
                f"what follows {which}",
                lambda old: _with_actions(old, which, where, wanted, voice),
                voice,
                words.what_follows(which, where, voice.texts),
                lambda p: _said_actions(p, which, where, voice.texts),
                notes,
            )

        return await self._gate.tuning(tenant, presser, change)

    async def quarantine(self, tenant: Tenant, presser: Presser, role: str | None) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            if not may_manage(presser):  # whoever chooses the role chooses what those in quarantine may do
                raise Objection(refusals.only_a_manager(voice.texts.gettext("the quarantine role"), voice.texts))
            return await self._amend(
                tenant,
                presser,
                "quarantine role",
                lambda old: replace(old, quarantine_role=role),
                voice,
                voice.texts.gettext("Quarantine role"),
                lambda p: words.role(p.quarantine_role, voice),
            )

        return await self._gate.tuning(tenant, presser, change)

    # --- where ------------------------------------------------------------------------------------

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
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            where, which = _context(context, voice), _category(category, voice)
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
            return await self._amend(
                tenant, presser, f"context {where} {which}", amended, voice, what, said, self._unseen(which, texts)
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
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            where = None if context is None else _context_or_usual(context, voice)
            which = None if category is None else _category(category, voice)
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

            return await self._amend(
                tenant,
                presser,
                f"channel {channel}",
                amended,
                voice,
                voice.markup.channel(channel),
                lambda p: words.channel_rule(p.channels.get(channel), texts),
                self._unseen(which, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def surfaces(self, tenant: Tenant, presser: Presser, surface: str, *, on: bool) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            which = Surface(one_of(surface, Surface, voice, what=texts.gettext("a surface")))
            return await self._amend(
                tenant,
                presser,
                f"surface {which}",
                lambda old: replace(old, surfaces=old.surfaces | {which} if on else old.surfaces - {which}),
                voice,
                texts.gettext("Looked at, beside attachments and previews"),
                lambda p: words.surfaces(p.surfaces, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    # --- for whom, and what for ---------------------------------------------------------------------

    async def exempt(
        self, tenant: Tenant, presser: Presser, what: str, *, role: str | None = None, member: str | None = None
    ) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            _ = texts.gettext
            does = one_of(what, ("add", "remove", "list"), voice, what=_("one of what can be done"))
            roles, authors = (frozenset({x}) if x is not None else frozenset[str]() for x in (role, member))
            if does == "list":
                return Answer(_("Exempt, so never acted on: {who}.", who=words.exempt(policy.exempt, voice)))
            if not roles and not authors:
                raise Objection(_("Name a role or a member."))
            if does == "add" and role == tenant.id:  # Discord's @everyone has the id of its server
                raise Objection(words.everyone_is_exempt(texts))

            def amended(old: Policy) -> Policy:
                held = old.exempt
                if does == "add":
                    return replace(old, exempt=Exemptions(held.roles | roles, held.authors | authors))
                return replace(old, exempt=Exemptions(held.roles - roles, held.authors - authors))

            return await self._amend(
                tenant,
                presser,
                f"exempt {does}",
                amended,
                voice,
                _("Exempt, so never acted on"),
                lambda p: words.exempt(p.exempt, voice),
            )

        return await self._gate.tuning(tenant, presser, change)

    async def require(self, tenant: Tenant, presser: Presser, category: str, *, on: bool) -> Answer:
        """See `bot.ports.desk.Rules`."""

        async def change(policy: Policy, voice: Voice) -> Answer:
            texts = voice.texts
            which = _category(category, voice)
            return await self._amend(
                tenant,
                presser,
                f"require {which}",
                lambda old: replace(old, required=old.required | {which} if on else old.required - {which}),
                voice,
                texts.gettext("Required, so an image that nobody assessed for it is shown to moderators"),
                lambda p: words.categories(p.required, texts),
            )

        return await self._gate.tuning(tenant, presser, change)

    # --- all of them --------------------------------------------------------------------------------

    async def _amend(
        self,
        tenant: Tenant,
        presser: Presser,
        why: str,
        change: Callable[[Policy], Policy],
        voice: Voice,
        what: str,
        said: Say,
        notes: Callable[[Policy], Sequence[str]] = lambda _: (),
    ) -> Answer:
        done = await self._amending.amend(tenant, change, presser.id, f"{RULES}{why}")
        lines = [
            words.changed(what, said(done.before), said(done.after), voice.texts),
            *words.surprises(done.before, done.after, self._coverage, voice.texts),
            *notes(done.after),
        ]
        return Answer(words.answer(lines, voice.texts), done=done.before != done.after)

    def _unseen(self, which: Category | None, texts: Texts) -> Callable[[Policy], Sequence[str]]:
        """A threshold that nothing can reach."""
        seen = which is None or which in frozenset[Category]().union(*self._coverage.values())
        return lambda _: () if seen or which is None else (settings_words.nobody_looks_for(which, texts),)


# --- reading what was typed ------------------------------------------------------------------------


def _context(typed: str, voice: Voice) -> Context:
    return Context(one_of(typed, Context, voice, what=voice.texts.gettext("a context")))


def _context_or_usual(typed: str, voice: Voice) -> str:
    return one_of(typed, (USUAL, *Context), voice, what=voice.texts.gettext("a context"))


def _category(typed: str, voice: Voice) -> Category:
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


# --- actions -----------------------------------------------------------------------------------------


def _acts(typed: str, voice: Voice, *, usual: bool) -> tuple[Act, ...] | None:
    """None: as everywhere. The order is the order in which it is done."""
    parts = typed.replace(",", " ").replace("+", " ").split()
    if parts == [USUAL] and usual:
        return None
    if parts == [NONE]:
        return ()
    known = [act.value for act in form.BY_RULE]
    wanted = {one_of(part, known, voice, what=voice.texts.gettext("an action")) for part in parts}
    if not wanted:
        raise Objection(voice.texts.gettext("There are: {options}.", options=", ".join([*known, NONE])))
    return tuple(act for act in form.BY_RULE if act in wanted)


def _with_actions(
    old: Policy, when: str, where: Context | None, wanted: tuple[Act, ...] | None, voice: Voice
) -> Policy:
    base = _own_actions(old, where)
    made = None if wanted is None else replace(base, **{when: wanted})
    if made is not None:
        _sound(made, voice)
    if where is None:
        return old if made is None else replace(old, actions=made)
    others = {c: a for c, a in old.context_actions.items() if c is not where}
    return replace(old, context_actions=frozen(others if made is None else {**others, where: made}))


def _own_actions(policy: Policy, where: Context | None) -> Actions:
    """What holds in a context before anything is set for it."""
    if where is None:
        return policy.actions
    return policy.context_actions.get(where, CARD_ONLY if where in WORN else policy.actions)


def _sound(made: Actions, voice: Voice) -> None:
    """The policy's own rules on what goes together."""
    try:
        form.load({"actions": {"block": [a.value for a in made.block], "review": [a.value for a in made.review]}})
    except form.PolicyError as error:
        raise Objection(words.wrong_actions(error.problems, voice)) from None


def _said_actions(policy: Policy, when: str, where: Context | None, texts: Texts) -> str:
    own = policy.actions if where is None else policy.context_actions.get(where)
    if own is None and where in WORN:
        own = CARD_ONLY
    return words.same_everywhere(own, when, texts)


def _mind_actions(policy: Policy, when: str, where: Context | None, texts: Texts) -> Sequence[str]:
    """What is set for a context and cannot be done there; what a general change leaves alone."""
    if where is None:
        return (words.own_actions(policy.context_actions, texts),)
    channel = None if where in WORN else CHANNEL
    wanted, possible = _own_actions(policy, where), actions(policy, Place(where, channel))
    lost = [act for act in getattr(wanted, when) if act not in getattr(possible, when)]
    return (words.cannot_be_done(lost, where, texts),) if lost else ()
