"""What hypothesis draws policies, posts and decisions from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st

from policies.model import (
    NEVER,
    Act,
    Actions,
    Category,
    ChannelRule,
    Context,
    Decision,
    Duty,
    Evidence,
    Exemptions,
    Frames,
    Label,
    Ladder,
    Listed,
    Medium,
    Mode,
    Near,
    Newcomers,
    Place,
    Policy,
    Reason,
    ReasonCode,
    Remedy,
    Rung,
    Seen,
    Standing,
    Step,
    Suggestion,
    Surface,
    Threshold,
    Thresholds,
    Unscreened,
    UnscreenedReason,
    Verdict,
    frozen,
)
from policies.presets import PRESETS, preset
from policies.reasons import canonical

from .samples import V1

law = settings()  # as often as the profile says

ids = st.sampled_from(["1", "2", "3"])
knees = st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.7, 0.85, 0.9, 1.0])
scores = knees | st.floats(0, 1).map(abs)
categories = st.sampled_from(Category)
some_categories = st.frozensets(categories)
id_sets = st.frozensets(ids, max_size=2)


# --- screenings -----------------------------------------------------------------------------------

labels = st.builds(Label, categories, st.sampled_from(["a", "b"]), scores)
frames = st.integers(1, 20).flatmap(lambda n: st.builds(Frames, st.integers(1, n), st.just(n)))


def verdicts(
    provider: st.SearchStrategy[str] = st.sampled_from(["local", "huawei", "hitpaw"]),
) -> st.SearchStrategy[Verdict]:
    return st.builds(
        Verdict,
        provider=provider,
        labels=st.lists(labels, max_size=4).map(tuple),
        assessed=some_categories,
        versions=st.just(V1),
        suggestion=st.sampled_from([None, Suggestion.PASS, Suggestion.REVIEW, Suggestion.BLOCK]),
        medium=st.sampled_from(Medium),
        frames=frames,
        request_id=st.sampled_from([None, "r1", "r2"]),
    )


unscreened = st.builds(Unscreened, st.sampled_from(["local", "huawei", "media"]), st.sampled_from(UnscreenedReason))
test_cards = verdicts(st.just("testcard"))
real = st.lists(verdicts() | unscreened, max_size=3).map(tuple)
screenings = st.lists(verdicts() | unscreened | test_cards, max_size=4).map(tuple)
nears = st.builds(
    Near, st.sampled_from(["a" * 64, "b" * 64]), st.integers(0, 10), st.none() | st.integers(1, 9), some_categories
)
images = st.builds(Seen, screenings, st.none() | st.sampled_from(Listed), st.booleans(), st.none() | nears)


# --- policies -------------------------------------------------------------------------------------


def _threshold(pair: tuple[float | None, float | None]) -> Threshold:
    review, remove = pair
    if review is not None and remove is not None:
        review, remove = sorted((review, remove))
    return Threshold(review, remove)


thresholds = st.tuples(st.none() | scores, st.none() | scores).map(_threshold) | st.just(NEVER)
tables = st.dictionaries(categories, thresholds, max_size=4).map(frozen)
full_tables = st.fixed_dictionaries(dict.fromkeys(Category, thresholds)).map(frozen)
_milder = st.lists(st.sampled_from([Act.WARN, Act.ESCALATE, Act.QUARANTINE]), max_size=2, unique=True).map(tuple)
_looks = st.sampled_from([(), (Act.ESCALATE,), (Act.DELETE, Act.ESCALATE), (Act.DELETE, Act.WARN, Act.ESCALATE)])
actions = st.builds(Actions, block=_milder.map(lambda acts: (Act.DELETE, *acts)), review=_looks)
rungs = st.builds(
    Rung, st.integers(1, 9), st.sampled_from([Act.MUTE_IMAGES, Act.TIMEOUT]), st.integers(1, 40_320)
) | st.builds(Rung, st.integers(1, 9), st.sampled_from([Act.WARN, Act.QUARANTINE, Act.KICK, Act.BAN]))
ladders = st.builds(
    Ladder,
    rungs=st.lists(rungs, max_size=4, unique_by=lambda r: (r.strikes, r.act)).map(tuple),
    days=st.integers(1, 180),
    automatic_removal=st.booleans(),
)
channel_rules = st.builds(ChannelRule, tables, st.none() | st.sampled_from(Context), st.booleans())

policies = st.builds(
    lambda name, fields: replace(preset(name), **fields),
    st.sampled_from(sorted(PRESETS)),
    st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(Mode),
            "thresholds": tables | full_tables,
            "drawn": tables,
            "contexts": st.dictionaries(st.sampled_from(Context), tables, max_size=2).map(frozen),
            "channels": st.dictionaries(ids, channel_rules, max_size=2).map(frozen),
            "age_restricted": tables,
            "actions": actions,
            "context_actions": st.dictionaries(st.sampled_from(Context), actions, max_size=2).map(frozen),
            "exempt": st.builds(Exemptions, id_sets, id_sets),
            "newcomers": st.builds(Newcomers, st.integers(0, 100), scores),
            "unscreened": st.dictionaries(st.sampled_from(UnscreenedReason), st.sampled_from(Remedy)).map(frozen),
            "trust_vendor": st.booleans(),
            "required": st.frozensets(categories, max_size=2),
            "ladder": ladders,
            "cap": st.integers(0, 500),
            "test_cards": st.booleans(),
            "suspect_near": st.booleans(),
            "evidence": st.dictionaries(categories, st.sampled_from(Evidence)).map(frozen),
            "mod_channel": st.none() | ids,
            "staff": st.dictionaries(st.sampled_from(Duty), id_sets, max_size=2).map(frozen),
            "surfaces": st.frozensets(st.sampled_from(Surface)),
            "providers": st.lists(st.sampled_from(["local", "huawei"]), max_size=2, unique=True).map(tuple),
            "quarantine_role": st.none() | ids,
            "ban_delete_seconds": st.integers(0, 604_800),
            "notice_seconds": st.integers(0, 600),
            "language": st.sampled_from(["en", "de", "pt-BR"]),
        },
    ),
)


def mapped(policy: Policy, change: Callable[[Threshold], Threshold]) -> Policy:
    """`policy` with every threshold of every layer changed."""

    def table(layer: Thresholds) -> Thresholds:
        return frozen({c: change(t) for c, t in layer.items()})

    return replace(
        policy,
        thresholds=table(policy.thresholds),
        drawn=table(policy.drawn),
        age_restricted=table(policy.age_restricted),
        contexts=frozen({c: table(layer) for c, layer in policy.contexts.items()}),
        channels=frozen({i: replace(r, thresholds=table(r.thresholds)) for i, r in policy.channels.items()}),
    )


@st.composite
def raised(draw: st.DrawFn, policy: Policy) -> Policy:
    """`policy` with any of its thresholds, in any layer, raised by any amount or switched off."""

    def higher(value: float | None, least: float = 0.0) -> float | None:
        if value is None or draw(st.integers(0, 5)) == 0:
            return None
        low = max(value, least)
        return low if draw(st.booleans()) else draw(st.floats(low, 1))

    def change(threshold: Threshold) -> Threshold:
        review = higher(threshold.review)
        return Threshold(review, higher(threshold.remove, review or 0.0))

    return mapped(policy, change)


# --- posts ------------------------------------------------------------------------------------------

places = st.builds(Place, st.sampled_from(Context), st.none() | ids, st.none() | ids, st.booleans())
standings = st.builds(
    Standing,
    author=ids,
    roles=id_sets,
    hours=st.none() | st.floats(0, 200),
    strikes=st.integers(0, 10),
    upheld=st.integers(0, 10),
    member=st.booleans(),
)


# --- decisions ----------------------------------------------------------------------------------------

reasons = st.builds(
    Reason,
    st.sampled_from(ReasonCode),
    st.none() | categories,
    st.sampled_from([None, "local", "testcard"]),
    score=st.none() | scores,
)
decisions = st.builds(
    Decision,
    suggestion=st.sampled_from(Suggestion),
    steps=st.lists(
        st.builds(Step, st.sampled_from(Act), st.integers(0, 3)), max_size=3, unique_by=lambda step: step.act
    ).map(lambda steps: tuple(sorted(steps, key=lambda step: list(Act).index(step.act)))),
    reasons=st.lists(reasons, max_size=4).map(canonical),
    evidence=st.sampled_from(Evidence),
)
