"""Five policies to start from. A guild's own settings are kept as what differs from one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from policies.model import (
    NEVER,
    SEXUAL,
    Act,
    Category,
    Evidence,
    Ladder,
    Newcomers,
    Policy,
    Remedy,
    Rung,
    Surface,
    Threshold,
    Thresholds,
    UnscreenedReason,
    frozen,
)

PRESETS: Mapping[str, str] = frozen(
    {
        "relaxed": "Removes only what is all but certain, and asks moderators seldom.",
        "standard": "Removes the gravest images when sure, and shows moderators the doubtful.",
        "strict": "Removes sooner and for more reasons, and is stricter with members of their first day.",
        "family": "For communities with children: the strictest, in age-restricted channels too.",
        "art": "Like standard for photographs; a drawing is at most shown to moderators, never removed by itself.",
    }
)

DEFAULT = "standard"

HOUR = 60
DAY = 24 * HOUR

# Ruling 1.
UNSCREENED = frozen(
    {
        UnscreenedReason.PENDING: Remedy.LEAVE,
        UnscreenedReason.OUTAGE: Remedy.LEAVE,
        UnscreenedReason.UNSUPPORTED: Remedy.LEAVE,
        UnscreenedReason.UNDECODABLE: Remedy.REVIEW,
        UnscreenedReason.TINY: Remedy.LEAVE,
        UnscreenedReason.SPENT: Remedy.LEAVE,
    }
)

# Ruling 7.
EVIDENCE = frozen(
    {
        c: Evidence.MOSAIC if c in {Category.SEXUAL_EXPLICIT, Category.VIOLENCE_GRAPHIC} else Evidence.FULL
        for c in Category
    }
)

SEXUAL_OFF: Thresholds = frozen(dict.fromkeys(sorted(SEXUAL), NEVER))


def preset(name: str) -> Policy:
    """The preset called `name`, in observe. Raises ValueError, which says what there is."""
    try:
        return _MAKERS[name]()
    except KeyError:
        raise ValueError(f"there is no preset {name!r}; choose one of {', '.join(PRESETS)}") from None


def _table(
    *,
    explicit: Threshold,
    suggestive: Threshold,
    grave: Threshold,
    violence: Threshold,
    advertising: Threshold,
    offensive: Threshold,
    other: Threshold,
) -> Thresholds:
    """Thresholds of every category; `grave` is for graphic violence, extremism, hate and self-harm."""
    return frozen(
        {
            Category.SEXUAL_EXPLICIT: explicit,
            Category.SEXUAL_SUGGESTIVE: suggestive,
            Category.VIOLENCE_GRAPHIC: grave,
            Category.VIOLENCE: violence,
            Category.EXTREMISM: grave,
            Category.HATE: grave,
            Category.SELF_HARM: grave,
            Category.ADVERTISING: advertising,
            Category.OFFENSIVE_TEXT: offensive,
            Category.OTHER: other,
        }
    )


def _standard() -> Policy:
    """The numbers of ruling 3."""
    return Policy(
        preset="standard",
        thresholds=_table(
            explicit=Threshold(0.5, 0.85),
            suggestive=Threshold(0.7),
            grave=Threshold(0.6, 0.9),
            violence=Threshold(0.8),
            advertising=Threshold(0.7),
            offensive=Threshold(0.7),
            other=Threshold(0.8),
        ),
        age_restricted=SEXUAL_OFF,
        unscreened=UNSCREENED,
        evidence=EVIDENCE,
        ladder=Ladder(
            rungs=(
                Rung(2, Act.TIMEOUT, 10),
                Rung(3, Act.TIMEOUT, HOUR),
                Rung(5, Act.TIMEOUT, DAY),
                Rung(6, Act.BAN),
            ),
            days=30,
        ),
    )


def _relaxed() -> Policy:
    return replace(
        _standard(),
        preset="relaxed",
        thresholds=_table(
            explicit=Threshold(0.7, 0.95),
            suggestive=Threshold(0.9),
            grave=Threshold(0.75, 0.95),
            violence=Threshold(0.9),
            advertising=Threshold(0.85),
            offensive=Threshold(0.85),
            other=Threshold(0.9),
        ),
        ladder=Ladder(rungs=(Rung(3, Act.TIMEOUT, 10), Rung(5, Act.TIMEOUT, HOUR), Rung(8, Act.KICK)), days=14),
    )


def _strict() -> Policy:
    return replace(
        _standard(),
        preset="strict",
        thresholds=_table(
            explicit=Threshold(0.45, 0.8),
            suggestive=Threshold(0.6, 0.9),
            grave=Threshold(0.5, 0.8),
            violence=Threshold(0.7, 0.95),
            advertising=Threshold(0.6, 0.9),
            offensive=Threshold(0.6, 0.9),
            other=Threshold(0.7, 0.95),
        ),
        newcomers=Newcomers(hours=24, margin=0.05),
        ladder=Ladder(
            rungs=(
                Rung(1, Act.TIMEOUT, 10),
                Rung(2, Act.TIMEOUT, 2 * HOUR),
                Rung(3, Act.TIMEOUT, DAY),
                Rung(4, Act.KICK),
                Rung(5, Act.BAN),
            ),
            days=60,
        ),
    )


def _family() -> Policy:
    return replace(
        _strict(),
        preset="family",
        thresholds=_table(
            explicit=Threshold(0.4, 0.7),
            suggestive=Threshold(0.45, 0.75),
            grave=Threshold(0.4, 0.7),
            violence=Threshold(0.5, 0.85),
            advertising=Threshold(0.6, 0.85),
            offensive=Threshold(0.5, 0.8),
            other=Threshold(0.6, 0.9),
        ),
        age_restricted=frozen({}),
        surfaces=frozenset(Surface),
        newcomers=Newcomers(hours=72, margin=0.05),
        ladder=Ladder(
            rungs=(
                Rung(1, Act.TIMEOUT, HOUR),
                Rung(2, Act.TIMEOUT, DAY),
                Rung(3, Act.TIMEOUT, 7 * DAY),
                Rung(4, Act.BAN),
            ),
            days=90,
        ),
    )


def _art() -> Policy:
    base = _standard()
    looks = {category: Threshold(threshold.review) for category, threshold in base.thresholds.items()}
    suggestive = {Category.SEXUAL_SUGGESTIVE: NEVER}  # figure drawing is what such a community is for
    return replace(base, preset="art", drawn=frozen({**looks, **suggestive}))


_MAKERS: Mapping[str, Callable[[], Policy]] = frozen(
    {"relaxed": _relaxed, "standard": _standard, "strict": _strict, "family": _family, "art": _art}
)
