"""What a new policy changes, and what of it will surprise: told before or after it is taken over as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.texts import names
from bot.texts.catalogue import Texts
from bot.texts.coverage import Coverage
from policies.form import dump
from policies.model import Act, Category, Mode, Policy

NOTHING = "-"

Difference = tuple[str, str, str]
"""A setting's place in YAML, its old value and its new one."""


def differences(before: Policy, after: Policy) -> list[Difference]:
    """Every setting that differs, in the order of a policy file."""
    old, new = (dict(_leaves(dump(policy, whole=True))) for policy in (before, after))
    places = [*new, *(place for place in old if place not in new)]
    return [
        (place, old.get(place, NOTHING), new.get(place, NOTHING))
        for place in places
        if old.get(place) != new.get(place)
    ]


def changes(before: Policy, after: Policy) -> list[str]:
    """One line a setting that differs."""
    return [f"{place}: {old} -> {new}" for place, old, new in differences(before, after)]


def points(before: Policy, after: Policy) -> list[str]:
    """The same as points of a list, in chat."""
    return [f"• `{place}`: {old} → {new}" for place, old, new in differences(before, after)]


def warnings(policy: Policy, texts: Texts, coverage: Coverage | None = None) -> list[str]:
    """What makes this policy do less, or more, than its author may think, each with the cure."""
    return [*_standing_still(policy, texts), *_unseen(policy, texts, coverage), *_idle(policy, texts)]


def _standing_still(policy: Policy, texts: Texts) -> Iterator[str]:
    _ = texts.gettext
    if policy.mode is Mode.OBSERVE:
        yield _("the mode is observe: nothing is removed, only shown; to act, set the mode to enforce")
    if policy.mode is Mode.PAUSED:
        yield _("the mode is paused: no image is looked at; to act, set the mode to enforce")


def _unseen(policy: Policy, texts: Texts, coverage: Coverage | None) -> Iterator[str]:
    _ = texts.gettext
    if policy.mod_channel is None:
        yield _(
            "there is no moderators' channel: what needs a look is seen by nobody but who lists the cases;"
            " choose one with /setup, or write its id as mod_channel"
        )
    if coverage is None:
        return
    found = frozenset[Category]().union(*coverage.values())
    if missing := [names.category(c, texts) for c in Category if c in policy.required - found]:
        yield _(
            "required, but no provider here looks for it, so every image is shown to moderators: {what}",
            what="; ".join(missing),
        )


def _idle(policy: Policy, texts: Texts) -> Iterator[str]:
    _ = texts.gettext
    every = (policy.actions, *policy.context_actions.values())
    if not policy.actions.block:
        yield _("nothing follows from what breaks the rules: it is neither removed nor shown to moderators")
    elif Act.DELETE not in policy.actions.block:
        yield _("what breaks the rules is not removed")
    if Act.ESCALATE not in policy.actions.review:
        yield _("what needs a look is not shown to moderators")
    wanted = {act for actions in every for act in (*actions.block, *actions.review)} | {
        rung.act for rung in policy.ladder.rungs
    }
    if Act.QUARANTINE in wanted and policy.quarantine_role is None:
        yield _("quarantine is wanted, but there is no role for it: choose one with /policy quarantine")


def _leaves(form: Mapping[str, object], at: str = "") -> Iterator[tuple[str, str]]:
    for name, value in form.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{at}{name}.")
        elif isinstance(value, list):
            yield f"{at}{name}", ", ".join(_item(item) for item in value) or "none"
        else:
            yield f"{at}{name}", _item(value)


def _item(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values() if part)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)
