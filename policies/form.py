"""The stored form of a policy: a preset's name and what differs from it (YAML or JSON).

    preset: standard
    mode: enforce
    mod_channel: "123"
    thresholds: {sexual_explicit: {review: 0.4, remove: 0.8}, hate: never}
    channels: {"456": {exempt: true}}

A sub-key that is not given stays what the preset says; in overrides, what the guild's own thresholds
say. `never` and null switch a threshold off; `unset` takes an entry of the preset out again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from policies.ladder import AUTOMATIC, REMOVAL
from policies.model import (
    FOR_A_WHILE,
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Duty,
    Evidence,
    Exemptions,
    Ladder,
    Mode,
    Newcomers,
    Policy,
    Remedy,
    Rung,
    Surface,
    Threshold,
    Thresholds,
    UnscreenedReason,
    WhenSpent,
    nothing,
)
from policies.presets import DEFAULT, PRESETS, preset
from policies.shapes import (
    Bag,
    Flag,
    Fraction,
    Ident,
    Many,
    Maybe,
    PolicyError,
    Record,
    Shape,
    Table,
    Text,
    Whole,
    Word,
    unknown,
    wrong,
)
from policies.wording import Worded

__all__ = ["SCHEMA", "PolicyError", "dump", "load"]

SCHEMA = 2
"""Of the form that `dump` writes. A form without a number was written by hand for this one."""

Form = dict[str, Any]


def _roles_by_duty(form: Form) -> Form:
    """Until schema 1 there was one list of moderators' roles."""
    roles = form.pop("mod_roles", None)
    return form | {"staff": {Duty.DECIDE.value: roles}} if roles else form


UPGRADES: dict[int, Callable[[Form], Form]] = {1: _roles_by_duty}
"""From schema N to N + 1. A change of the form that is more than a new key adds one here."""

LONGEST_TIMEOUT = 40_320  # minutes: 28 days, Discord's own limit
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
STRIKES_LIVE = 180  # days: what retention keeps, so no ladder can look further back
BASIS = frozenset({"thresholds", "actions"})
BY_RULE = (Act.DELETE, Act.WARN, Act.ESCALATE, Act.QUARANTINE)
LONGEST_REACH = 604_800  # seconds: a week, Discord's own limit on what a ban deletes
PROVIDER = re.compile(r"[a-z][a-z0-9_]{0,31}")


def dump(policy: Policy, *, whole: bool = False) -> Form:
    """`policy` as plain objects: what differs from its preset, or everything if `whole`.

    `load(dump(policy)) == policy` for every policy that `load` can give. Raises ValueError if its
    preset does not exist.
    """
    settings = _settings(policy.thresholds, policy.actions).write(policy, preset(policy.preset), whole)
    return {"schema": SCHEMA, "preset": policy.preset} | settings


def load(form: object) -> Policy:
    """The policy that `form` says. Raises `PolicyError` with every problem there is."""
    if not isinstance(form, Mapping):
        raise wrong(
            "policy", Worded("a mapping such as {example}", example=f"{{preset: {DEFAULT}, mode: observe}}"), form
        )
    given = _upgraded(dict(form))
    base, named = _preset(given.pop("preset", DEFAULT))
    # First what the others build on; where that is wrong, the others are still read, to find all problems.
    basis = {name: value for name, value in given.items() if name in BASIS}
    read, found = _attempt(_settings(base.thresholds, base.actions), basis, base)
    rest = {name: value for name, value in given.items() if name not in BASIS}
    policy, more = _attempt(_settings(read.thresholds, read.actions), rest, read)
    if problems := (*named, *found, *more):
        raise PolicyError(problems)
    return policy


def _attempt(settings: Record[Policy], given: Form, base: Policy) -> tuple[Policy, tuple[str, ...]]:
    try:
        return settings.read(given, base, ""), ()
    except PolicyError as error:
        return base, error.problems


def _preset(name: object) -> tuple[Policy, tuple[str, ...]]:
    if isinstance(name, str) and name in PRESETS:
        return preset(name), ()
    return preset(DEFAULT), unknown(name, PRESETS, Worded("preset"), "preset").problems


def _upgraded(form: Form) -> Form:
    """`form` in the present schema, without its number."""
    schema = form.pop("schema", SCHEMA)
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        wanted = Worded("a whole number from {low} to {high}{because}", low=1, high=SCHEMA, because="")
        raise wrong("schema", wanted, schema)
    if schema > SCHEMA:
        raise PolicyError(
            [
                Worded(
                    "schema: this policy was written by a later version (schema {schema}); upgrade the bot",
                    schema=schema,
                )
            ]
        )
    for older in range(schema, SCHEMA):
        form = UPGRADES[older](form)
    return form


# --- what a policy is made of ---------------------------------------------------------------------


class _Limits(Record[Threshold]):
    """Both thresholds of a category; `never` for both at once."""

    __slots__ = ()

    def read(self, given: object, base: Threshold | None, at: str) -> Threshold:
        """See `Shape`."""
        return NEVER if given == "never" else super().read(given, base, at)


_LIMIT = Maybe(Fraction(Worded("a number from 0 to 1, or never")), "never")
_LIMITS = _Limits(NEVER, {"review": _LIMIT, "remove": _LIMIT})
_CATEGORY = Word(Category, Worded("category"))
_CONTEXT = Word(Context, Worded("context"))


def _overrides(thresholds: Thresholds) -> Table[Category, Threshold]:
    """Thresholds where a new entry's missing half is taken from `thresholds`."""
    return Table(_CATEGORY, _LIMITS, fill=lambda category: thresholds.get(category, NEVER))


def _check_rung(rung: Rung) -> Iterable[str]:
    if rung.act not in AUTOMATIC | REMOVAL:
        yield Worded(
            "act: {act} is not for a ladder; choose warn, mute_images, timeout, quarantine, kick or ban", act=rung.act
        )
    if (rung.act in FOR_A_WHILE) != (rung.minutes > 0):
        yield Worded("minutes: a timeout and mute_images need them, nothing else takes them")


def _check_ladder(ladder: Ladder) -> Iterable[str]:
    rungs = [(r.strikes, r.act) for r in ladder.rungs]
    for strikes, act in sorted({r for r in rungs if rungs.count(r) > 1}):
        yield Worded("rungs: {act} stands twice at {strikes} strikes; keep one", act=act, strikes=strikes)


def _check_actions(actions: Actions) -> Iterable[str]:
    for act in sorted({*actions.block, *actions.review} - {*BY_RULE}):
        yield Worded(
            "{act} does not follow from one image: put it on the ladder; here are {acts}", act=act, acts=tuple(BY_RULE)
        )
    for name, acts in (("block", actions.block), ("review", actions.review)):
        if Act.WARN in acts and Act.DELETE not in acts:
            yield Worded(
                "{when}: warn says in public that an image was removed: add delete, or take warn out", when=name
            )
    if Act.DELETE in actions.review and Act.DELETE not in actions.block:
        yield Worded("review must not delete where block does not: add delete to block or take it from review")
    elif Act.DELETE in actions.review and Act.ESCALATE not in actions.review:
        yield Worded(
            "review: what is removed until a moderator has looked must be shown: add escalate, or take delete out"
        )


_ACTS = Many(Word(Act, Worded("action")))
_ACTIONS = Record(Actions(), {"block": _ACTS, "review": _ACTS}, check=_check_actions)
_RUNG = Record(
    Rung(1, Act.WARN),
    {"strikes": Whole(1, 1000), "act": Word(Act, Worded("action")), "minutes": Whole(0, LONGEST_TIMEOUT)},
    needs=("strikes", "act"),
    check=_check_rung,
)
_LADDER = Record(
    Ladder(),
    {
        "rungs": Many(_RUNG),
        "days": Whole(1, STRIKES_LIVE, because=Worded(" (strikes are not kept longer)")),
        "automatic_removal": Flag(),
    },
    check=_check_ladder,
)
_IDS = Bag(Ident())


def _channel(thresholds: Thresholds) -> Record[ChannelRule]:
    fields: dict[str, Shape[Any]] = {
        "thresholds": _overrides(thresholds),
        "context": Maybe(_CONTEXT),
        "exempt": Flag(),
    }
    return Record(ChannelRule(), fields)


def _settings(thresholds: Thresholds, actions: Actions) -> Record[Policy]:
    """The fields of a policy, whose overrides build on `thresholds` and `actions`."""
    overrides = _overrides(thresholds)
    fields: dict[str, Shape[Any]] = {
        "mode": Word(Mode, Worded("mode")),
        "mod_channel": Maybe(Ident()),
        "staff": Table(Word(Duty, Worded("duty")), _IDS),
        "surfaces": Bag(Word(Surface, Worded("surface"))),
        "providers": Many(
            Text(Worded("the name of a provider such as local"), lambda text: bool(PROVIDER.fullmatch(text)))
        ),
        "when_spent": Word(WhenSpent, Worded("rule")),
        "suspect_near": Flag(),
        "quarantine_role": Maybe(Ident()),
        "ban_delete_seconds": Whole(0, LONGEST_REACH),
        "thresholds": overrides,
        "drawn": overrides,
        "contexts": Table(_CONTEXT, overrides, fill=lambda _: nothing(), blank=nothing()),
        "channels": Table(Ident(), _channel(thresholds), fill=lambda _: ChannelRule(), blank=ChannelRule()),
        "age_restricted": overrides,
        "actions": _ACTIONS,
        "context_actions": Table(_CONTEXT, _ACTIONS, fill=lambda _: actions),
        "exempt": Record(Exemptions(), {"roles": _IDS, "authors": _IDS}),
        "newcomers": Record(Newcomers(), {"hours": Whole(0, 87_600), "margin": Fraction()}),
        "unscreened": Table(Word(UnscreenedReason, Worded("reason")), Word(Remedy, Worded("remedy"))),
        "trust_vendor": Flag(),
        "required": Bag(_CATEGORY),
        "ladder": _LADDER,
        "cap": Whole(0, 1_000_000),
        "test_cards": Flag(),
        "evidence": Table(_CATEGORY, Word(Evidence, Worded("evidence level"))),
        "notice_seconds": Whole(0, 86_400),
        "language": Text(Worded("a language such as en or de"), lambda text: bool(LANGUAGE.fullmatch(text))),
    }
    return Record(preset(DEFAULT), fields)
