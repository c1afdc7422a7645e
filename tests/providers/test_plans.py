"""Who is asked, and whom nobody is paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import NEVER, Category, Label, Screening, Threshold, Unscreened, UnscreenedReason, Verdict, frozen
from policies.presets import PRESETS, preset
from providers.base import Ask
from providers.errors import BadCredentials, BadRequest, ProviderError, ServerFault
from providers.plans import CLEAN, SURE, Band, Failover, Plan, SecondOpinion, Together, grey
from providers.router import Router
from tests.providers.samples import VERDICT, VERSIONS, Scripted, image

EXPLICIT, HATE = Category.SEXUAL_EXPLICIT, Category.HATE
GREY = frozen({EXPLICIT: Band(0.3, 0.85)})
ASK = Ask()


def verdict(provider: str, score: float = 0.0, *, assessed: frozenset[Category] = frozenset({EXPLICIT})) -> Verdict:
    labels = (Label(EXPLICIT, "porn", score),) if score else ()
    return Verdict(provider, labels, assessed, VERSIONS)


def missing(provider: str, reason: UnscreenedReason = UnscreenedReason.OUTAGE) -> Unscreened:
    return Unscreened(provider, reason)


def opinion(**changes: object) -> SecondOpinion:
    return replace(SecondOpinion(("local",), ("huawei", "hitpaw"), GREY), **changes)  # type: ignore[arg-type]


# --- laws of every plan -------------------------------------------------------------------------------

names = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4).map(tuple)
plans: st.SearchStrategy[Plan] = st.one_of(
    st.builds(Together, names),
    st.builds(Failover, names),
    st.builds(SecondOpinion, names, names, st.just(GREY), st.sampled_from([frozenset(), frozenset({HATE})])),
)


def answer(provider: str, kind: int) -> Screening:
    return (
        verdict(provider),
        verdict(provider, 0.5),
        verdict(provider, 0.99),
        missing(provider),
        missing(provider, UnscreenedReason.UNDECODABLE),
        missing(provider, UnscreenedReason.PENDING),
    )[kind]


@given(plans, st.lists(st.integers(0, 5), min_size=8, max_size=8))
def test_every_plan_ends_and_asks_nobody_twice_and_nobody_unnamed(plan: Plan, kinds: list[int]) -> None:
    said: list[Screening] = []
    rounds = 0
    while asked := plan.next(said):
        rounds += 1
        assert len(set(asked)) == len(asked)
        assert set(asked) <= set(plan.names) - {s.provider for s in said}
        said += [answer(name, kinds[len(said) + n]) for n, name in enumerate(asked)]
        assert rounds <= len(plan.names)
    assert said, "somebody is always asked"


@given(names, st.lists(st.integers(0, 5), min_size=4, max_size=4))
def test_failover_stops_at_the_first_that_answers(providers: tuple[str, ...], kinds: list[int]) -> None:
    plan, said = Failover(providers), list[Screening]()
    while asked := plan.next(said):
        said += [answer(name, kinds[len(said)]) for name in asked]
    answers = [isinstance(s, Verdict) or s.reason is UnscreenedReason.PENDING for s in said]
    assert not any(answers[:-1])
    assert answers[-1] or len(said) == len(set(providers))


@given(st.floats(0, 1))
def test_money_is_spent_in_the_grey_band_alone(score: float) -> None:
    said = [verdict("local", score)]
    assert opinion().next(said) == (("huawei",) if 0.3 <= score < 0.85 else ())


# --- the second opinion -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ((), ("local",)),
        ((verdict("local", 0.5),), ("huawei",)),
        ((verdict("local", 0.5), missing("huawei")), ("hitpaw",)),
        ((verdict("local", 0.5), verdict("huawei", 0.5)), ()),
        ((verdict("local", 0.5), missing("huawei", UnscreenedReason.PENDING)), ()),
        ((verdict("local", 0.5), missing("huawei"), missing("hitpaw")), ()),
        ((missing("local"),), ("huawei",)),
        ((missing("local", UnscreenedReason.UNDECODABLE),), ("huawei",)),
    ],
)
def test_whom_next(said: Sequence[Screening], asked: tuple[str, ...]) -> None:
    assert opinion().next(said) == asked


def test_a_required_category_is_bought_where_the_paid_look_for_it() -> None:
    clean = [verdict("local", 0.01)]
    assert opinion(required=frozenset({HATE})).next(clean) == ("huawei",)
    assert opinion(required=frozenset({EXPLICIT})).next(clean) == ()
    both = dict.fromkeys(("huawei", "hitpaw"), frozenset({EXPLICIT}))
    assert opinion(required=frozenset({HATE}), covers=both).next(clean) == ()


def test_nothing_is_bought_about_what_the_paid_do_not_look_for() -> None:
    assert opinion(covers=dict.fromkeys(("huawei", "hitpaw"), frozenset({HATE}))).next([verdict("local", 0.5)]) == ()


def test_whoever_could_settle_the_doubt_is_paid_and_nobody_else() -> None:
    """A vendor that looks for sexual content alone is no answer to whether there is hate."""
    plan = opinion(paid=("hitpaw", "huawei"), covers={"hitpaw": frozenset({EXPLICIT})}, required=frozenset({HATE}))
    clean, doubtful = verdict("local", 0.01), verdict("local", 0.5)
    hate = verdict("huawei", assessed=frozenset({HATE, EXPLICIT}))
    assert plan.next([clean]) == ("huawei",)
    assert plan.next([doubtful]) == ("hitpaw",)
    assert plan.next([doubtful, verdict("hitpaw", 0.9)]) == ("huawei",), "what is required is still in doubt"
    assert plan.next([doubtful, missing("hitpaw", UnscreenedReason.PENDING)]) == ("huawei",)
    assert plan.next([doubtful, missing("hitpaw"), hate]) == ()
    assert plan.next([clean, hate]) == ()


def test_of_two_free_opinions_the_later_has_the_say() -> None:
    plan = opinion(free=("local", "openai"))
    assert plan.next([]) == ("local", "openai")
    assert plan.next([verdict("local", 0.5)]) == ("openai",)
    assert plan.next([verdict("local", 0.5), verdict("openai", 0.01)]) == ()
    assert plan.next([missing("local"), verdict("openai", 0.6)]) == ("huawei",)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_grey_band_holds_every_threshold_of_the_guild(name: str) -> None:
    policy = preset(name)
    for category, limit in policy.thresholds.items():
        band = grey(policy.thresholds)[category]
        assert band.low <= CLEAN
        assert band.high >= SURE
        assert limit.review is None or limit.review in band or limit.review >= band.high


def test_a_category_without_thresholds_is_never_in_doubt() -> None:
    policy = replace(preset("standard"), thresholds=frozen({EXPLICIT: Threshold(0.1, 0.95), HATE: NEVER}))
    assert grey(policy.thresholds) == {EXPLICIT: Band(0.1, 0.95)}


def test_where_one_of_two_may_hold_the_band_holds_both() -> None:
    photos, drawings = {EXPLICIT: Threshold(0.2, 0.8)}, {EXPLICIT: Threshold(0.5, 0.95), HATE: Threshold(0.4)}
    assert grey(photos, drawings) == {EXPLICIT: Band(0.2, 0.95), HATE: Band(CLEAN, SURE)}


@pytest.mark.parametrize("make", [lambda: Together(()), lambda: Failover(()), lambda: SecondOpinion((), ("a",))])
def test_a_plan_of_nobody_is_refused(make: object) -> None:
    with pytest.raises(ValueError, match="at least one provider"):
        make()  # type: ignore[operator]


# --- through the router -------------------------------------------------------------------------------


class NoVerdicts:
    async def get(self, sha256: str, provider: str, version: str, ask: str) -> None: ...

    async def put(self, sha256: str, version: str, ask: str, verdict: Verdict) -> None: ...


def staff(**answers: Verdict | ProviderError) -> tuple[Router, dict[str, Scripted]]:
    providers = {
        name: Scripted(replace(a, provider=name) if isinstance(a, Verdict) else a, name=name)
        for name, a in answers.items()
    }
    return Router(providers, NoVerdicts()), providers


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [ServerFault("down"), BadCredentials("key"), BadRequest("no gif")])
async def test_the_next_is_asked_where_one_fails(error: ProviderError) -> None:
    router, asked = staff(one=error, two=VERDICT, three=VERDICT)
    screenings = await router.screen(image(), ASK, Failover(("one", "two", "three")))
    assert [(s.provider, isinstance(s, Verdict)) for s in screenings] == [("one", False), ("two", True)]
    assert (asked["one"].calls, asked["two"].calls, asked["three"].calls) == (1, 1, 0)


@pytest.mark.asyncio
async def test_what_was_settled_for_nothing_costs_nothing_the_second_time_either() -> None:
    router, asked = staff(local=verdict("", 0.01), huawei=VERDICT)
    plan = opinion(paid=("huawei",))
    first = await router.screen(image(), ASK, plan)
    assert await router.cached(image().sha256, ASK, plan) == first
    assert (asked["local"].calls, asked["huawei"].calls) == (1, 0)


@pytest.mark.asyncio
async def test_a_verdict_that_would_have_to_be_bought_is_not_remembered_as_settled() -> None:
    router, _ = staff(local=verdict("", 0.5), huawei=VERDICT)
    await router.screen(image(), ASK, Together(("local",)))
    assert await router.cached(image().sha256, ASK, opinion(), test_cards=False) is None


@pytest.mark.asyncio
async def test_five_hundred_in_doubt_at_once_are_one_call() -> None:
    router, asked = staff(local=verdict("", 0.5), huawei=verdict("", 0.9))
    plan = opinion(paid=("huawei",))
    every = await asyncio.gather(*(router.screen(image(), ASK, plan) for _ in range(500)))
    assert len(set(every)) == 1
    assert (asked["local"].calls, asked["huawei"].calls) == (1, 1)
