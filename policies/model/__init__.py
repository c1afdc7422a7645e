"""The nouns of moderation, as frozen values.

Read in the order of the street: an image is *screened* (`Verdict` or `Unscreened`), a guild's
`Policy` turns screenings into a `Decision`, whose `Step`s the platform performs as actions.
Everything here is a value: equal by content, hashable, free of platform and vendor objects.
"""

from __future__ import annotations

from policies.details import Detail, DetailKind
from policies.model.conclusions import Decision, Listed, Near, Place, Reason, ReasonCode, Seen, Standing, Step
from policies.model.frozen import frozen, nothing
from policies.model.screenings import Frames, Label, Screening, Unscreened, UnscreenedReason, Verdict, Versions, kept
from policies.model.settings import (
    FOR_A_WHILE,
    NEVER,
    OF_LADDER,
    USUAL_SURFACES,
    Act,
    Actions,
    ChannelRule,
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
    WhenSpent,
)
from policies.model.vocabulary import SEXUAL, Category, Context, Medium, Suggestion

__all__ = [
    "FOR_A_WHILE",
    "NEVER",
    "OF_LADDER",
    "SEXUAL",
    "USUAL_SURFACES",
    "Act",
    "Actions",
    "Category",
    "ChannelRule",
    "Context",
    "Decision",
    "Detail",
    "DetailKind",
    "Duty",
    "Evidence",
    "Exemptions",
    "Frames",
    "Label",
    "Ladder",
    "Listed",
    "Medium",
    "Mode",
    "Near",
    "Newcomers",
    "Place",
    "Policy",
    "Reason",
    "ReasonCode",
    "Remedy",
    "Rung",
    "Screening",
    "Seen",
    "Standing",
    "Step",
    "Suggestion",
    "Surface",
    "Threshold",
    "Thresholds",
    "Unscreened",
    "UnscreenedReason",
    "Verdict",
    "Versions",
    "WhenSpent",
    "frozen",
    "kept",
    "nothing",
]
