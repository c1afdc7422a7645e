"""What a new policy changes, and what of it will surprise: printed after `beholder policy apply`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.form import dump
from policies.model import Mode, Policy

NOTHING = "-"


def changes(before: Policy, after: Policy) -> list[str]:
    """One line a setting that differs: its place, the old value and the new."""
    old, new = (dict(_leaves(dump(policy, whole=True))) for policy in (before, after))
    places = [*new, *(place for place in old if place not in new)]
    return [
        f"{place}: {old.get(place, NOTHING)} -> {new.get(place, NOTHING)}"
        for place in places
        if old.get(place) != new.get(place)
    ]


def warnings(policy: Policy) -> list[str]:
    """What makes this policy do less than its author may think, each with the cure."""
    found = []
    if policy.mode is Mode.OBSERVE:
        found.append("the mode is observe: nothing is removed, only shown; to act, write `mode: enforce`")
    if policy.mode is Mode.PAUSED:
        found.append("the mode is paused: no image is looked at; to act, write `mode: enforce`")
    if policy.mod_channel is None:
        found.append(
            "there is no moderators' channel: what needs a look is seen by nobody but `beholder case list`;"
            " write its id as `mod_channel`, or run /setup"
        )
    return found


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
