"""How acting begins: only what is all but certain is removed, whatever the preset's own limits are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from policies.model import NEVER, Category, Newcomers, Policy, Threshold, frozen
from policies.presets import PRESETS, preset

SURE: Final = 0.85
"""Sure enough to remove, on the one scale that all providers share (ruling 3)."""


def cautious(policy: Policy) -> Policy:
    """`policy` with every limit of its preset from which images are removed raised to `SURE`.

    What the guild set by hand stays, since it was meant; that newcomers meet lower limits, by the preset's own
    margin, waits too.
    """
    usual = _usual(policy)
    if usual is None:
        return policy
    raised = {c: _raised(t) if usual.thresholds.get(c, NEVER) == t else t for c, t in policy.thresholds.items()}
    off = policy.newcomers == usual.newcomers
    return replace(policy, thresholds=frozen(raised), newcomers=Newcomers() if off else policy.newcomers)


def unbridled(policy: Policy) -> Policy:
    """The preset's own limits where `cautious` had raised them; the inverse of it."""
    usual = _usual(policy)
    if usual is None:
        return policy
    own = {c: _lowered(t, usual.thresholds.get(c, NEVER)) for c, t in policy.thresholds.items()}
    off = policy.newcomers == Newcomers()
    return replace(policy, thresholds=frozen(own), newcomers=usual.newcomers if off else policy.newcomers)


def differing(before: Policy, after: Policy) -> Mapping[Category, Threshold]:
    """Categories that have other limits in `after`, with these."""
    return {c: t for c in Category if (t := after.thresholds.get(c, NEVER)) != before.thresholds.get(c, NEVER)}


def _usual(policy: Policy) -> Policy | None:
    return preset(policy.preset) if policy.preset in PRESETS else None


def _raised(limits: Threshold) -> Threshold:
    return limits if limits.remove is None else replace(limits, remove=max(limits.remove, SURE))


def _lowered(limits: Threshold, usual: Threshold) -> Threshold:
    return usual if limits == _raised(usual) else limits
