"""Decide again over what was stored, with another policy: what would change?

Nothing is screened anew, so an answer is only as good as the screenings compared: those of two
versions of one provider are not on the same footing, and are refused unless asked for (ruling 10).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.engine import judge
from policies.model import (
    Decision,
    Place,
    Policy,
    ReasonCode,
    Seen,
    Standing,
    Suggestion,
    Verdict,
    Versions,
    frozen,
)
from policies.reasons import gives
from policies.restrain import restrain


@dataclass(frozen=True, slots=True)
class Past:
    """One post as it was judged: all that `judge` was given, and what came of it.

    `key` finds it again (a case, a message). `decision` is the one that was stored, after the cap.
    """

    key: str
    place: Place
    standing: Standing
    images: tuple[Seen, ...]
    policy_version: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Change:
    """One post that would have gone otherwise."""

    key: str
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True)
class Replay:
    """What another policy would have made of `total` posts.

    `moves` counts them by suggestion before and after, unchanged ones too. `versions` and
    `policy_versions` say what the stored side was made with.
    """

    total: int
    changes: tuple[Change, ...]
    moves: Mapping[tuple[Suggestion, Suggestion], int]
    versions: Mapping[str, frozenset[Versions]]
    policy_versions: frozenset[int]

    @property
    def mixed(self) -> tuple[str, ...]:
        """The providers of which more than one version is compared."""
        return _mixed(self.versions)


class MixedVersions(ValueError):
    """The screenings were made by different versions of a provider."""

    def __init__(self, versions: Mapping[str, frozenset[Versions]]) -> None:
        self.versions = versions
        names = ", ".join(f"{name} ({len(versions[name])} versions)" for name in _mixed(versions))
        super().__init__(
            f"these posts were screened by different versions of {names}, whose scores do not compare: "
            "replay a shorter span, or say that mixing is meant"
        )


def replay(posts: Iterable[Past], policy: Policy, *, mix: bool = False) -> Replay:
    """What `policy` would have made of `posts`. Raises `MixedVersions` unless `mix`.

    The action cap is no part of the question: what it held back then is held back again. Decisions
    count as changed if their suggestion or steps differ; reasons alone do not.
    """
    posts = tuple(posts)
    versions = _versions(posts)
    if _mixed(versions) and not mix:
        raise MixedVersions(versions)
    pairs = [Change(post.key, post.decision, _again(post, policy)) for post in posts]
    return Replay(
        total=len(posts),
        changes=tuple(c for c in pairs if _differ(c.before, c.after)),
        moves=frozen(Counter((c.before.suggestion, c.after.suggestion) for c in pairs)),
        versions=versions,
        policy_versions=frozenset(post.policy_version for post in posts),
    )


def _again(post: Past, policy: Policy) -> Decision:
    _, decision = judge(policy, post.place, post.images, post.standing)
    capped = gives(post.decision.reasons, ReasonCode.CAP_REACHED)
    return restrain(decision, spent=policy.cap, cap=policy.cap, copy=not capped)


def _differ(before: Decision, after: Decision) -> bool:
    return (before.suggestion, before.steps) != (after.suggestion, after.steps)


def _versions(posts: Sequence[Past]) -> Mapping[str, frozenset[Versions]]:
    """Every version of every provider whose verdicts are among the screenings."""
    found: dict[str, set[Versions]] = {}
    for verdict in (s for p in posts for image in p.images for s in image.screenings if isinstance(s, Verdict)):
        found.setdefault(verdict.provider, set()).add(verdict.versions)
    return frozen({name: frozenset(versions) for name, versions in found.items()})


def _mixed(versions: Mapping[str, frozenset[Versions]]) -> tuple[str, ...]:
    return tuple(sorted(name for name, several in versions.items() if len(several) > 1))
