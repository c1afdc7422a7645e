"""The numbers for the host: right, bounded, and about nobody."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from bot.config import Config
from bot.model import EffectKind, Funds, Outcome, OutcomeState
from bot.web.health import Web
from bot.web.metrics import STAGES, STATES, Gateway, Metrics, Snapshot, chief, unscreened
from policies.engine import FRAMES
from policies.model import Category, Decision, Mode, Reason, ReasonCode, Suggestion, UnscreenedReason
from tests.bot.store.samples import BLOCKED, CLEAN, judged
from tests.bot.web.test_health import Patient

QUIET = Snapshot(
    backlog=0, oldest=None, database_trouble=False, commits=0, guilds={}, providers={"local": "ok"}, gateways={}
)
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series(text: bytes) -> Series:
    """Every sample by its name and labels, as Prometheus itself reads them; none twice."""
    samples = [s for family in text_string_to_metric_families(text.decode()) for s in family.samples]
    found = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples}
    assert len(found) == len(samples)
    return found


def value(text: bytes, name: str, **labels: str) -> float | None:
    return series(text).get((name, tuple(sorted(labels.items()))))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(["local"])


def left(reason: str, suggestion: Suggestion = Suggestion.UNSCREENED) -> Decision:
    return Decision(suggestion, reasons=(Reason(ReasonCode.UNSCREENED, provider="media", detail=reason),))


# --- as it happens -------------------------------------------------------------------------------------------


def test_images_are_counted_by_suggestion_and_chief_reason(metrics: Metrics) -> None:
    metrics.judged([judged("a", BLOCKED), judged("b", BLOCKED), judged("c", CLEAN)], {})
    text = metrics.render(QUIET)
    assert value(text, "beholder_images_total", suggestion="block", reason="threshold_remove") == 2
    assert value(text, "beholder_images_total", suggestion="pass", reason="none") == 1


def test_the_chief_reason_is_one_of_many_whatever_their_order() -> None:
    reasons = (
        Reason(ReasonCode.UNSCREENED, detail="tiny"),
        Reason(ReasonCode.THRESHOLD_REVIEW, Category.HATE),
        Reason(ReasonCode.THRESHOLD_REMOVE, Category.HATE),
    )
    for some in (reasons, reasons[::-1]):
        assert chief(Decision(Suggestion.BLOCK, reasons=some)) == "threshold_remove"
    assert chief(Decision(Suggestion.PASS)) == "none"


@pytest.mark.parametrize("reason", UnscreenedReason)
def test_what_nobody_could_judge_is_counted_by_why(metrics: Metrics, reason: UnscreenedReason) -> None:
    assert value(metrics.render(QUIET), "beholder_unscreened_total", reason=reason.value) == 0
    metrics.judged([judged("a", left(reason.value))], {})
    assert value(metrics.render(QUIET), "beholder_unscreened_total", reason=reason.value) == 1


def test_frames_that_were_not_seen_count_as_undecodable_and_words_as_nothing() -> None:
    assert unscreened(left(f"{FRAMES}8/120")) == {UnscreenedReason.UNDECODABLE}
    assert unscreened(left("whatever a stranger wrote")) == set()


def test_images_left_unseen_are_counted_too(metrics: Metrics) -> None:
    metrics.unseen(4, ReasonCode.HOST_LIMIT)
    metrics.unseen(1, ReasonCode.PAUSED)
    text = metrics.render(QUIET)
    assert value(text, "beholder_images_total", suggestion="unscreened", reason="host_limit") == 4
    assert value(text, "beholder_images_total", suggestion="unscreened", reason="paused") == 1


def test_each_station_has_its_seconds(metrics: Metrics) -> None:
    metrics.judged([judged()], {"fetch": 12.0, "inference": 30.0, "total": 50.0, "unheard_of": 1.0})
    text = metrics.render(QUIET)
    assert value(text, "beholder_stage_seconds_sum", stage="inference") == pytest.approx(0.03)
    assert value(text, "beholder_stage_seconds_bucket", stage="fetch", le="0.01") == 0
    assert value(text, "beholder_stage_seconds_bucket", stage="fetch", le="0.025") == 1
    assert {labels[0][1] for name, labels in series(text) if name == "beholder_stage_seconds_count"} == set(STAGES)


def test_effects_are_counted_by_kind_and_end(metrics: Metrics) -> None:
    metrics.settled(EffectKind.DELETE, Outcome(OutcomeState.DONE))
    metrics.settled(EffectKind.DELETE, Outcome(OutcomeState.FAILED, "not now", retry=True))
    metrics.settled(EffectKind.WARN, Outcome(OutcomeState.REFUSED, "I lack the right"))
    text = metrics.render(QUIET)
    assert value(text, "beholder_effects_total", kind="delete", outcome="done") == 1
    assert value(text, "beholder_effects_total", kind="delete", outcome="retry") == 1
    assert value(text, "beholder_effects_total", kind="warn", outcome="refused") == 1


def test_providers_are_counted_by_call_memory_and_cost(metrics: Metrics) -> None:
    text = metrics.render(QUIET)
    assert value(text, "beholder_provider_calls_total", provider="local", outcome="answered") == 0
    assert value(text, "beholder_provider_cost_total", provider="local") == 0
    metrics.called("local", "answered")
    metrics.called("local", "timeout")
    metrics.remembered("local")
    metrics.spent("local", 0.25)
    text = metrics.render(QUIET)
    assert value(text, "beholder_provider_calls_total", provider="local", outcome="timeout") == 1
    assert value(text, "beholder_provider_remembered_total", provider="local") == 1
    assert value(text, "beholder_provider_cost_total", provider="local") == 0.25


# --- when asked ----------------------------------------------------------------------------------------------


def test_the_state_of_the_moment(metrics: Metrics) -> None:
    now = Snapshot(
        backlog=7,
        oldest=93.5,
        database_trouble=True,
        commits=12,
        guilds={Mode.ENFORCE: 3},
        providers={"local": "paused: too many of its last calls failed; see https://canary.example"},
        gateways={"discord": Gateway(ready=True, guilds=4, latency=0.05, restarts=2, malformed=1)},
    )
    text = metrics.render(now)
    assert value(text, "beholder_backlog_jobs") == 7
    assert value(text, "beholder_backlog_oldest_seconds") == 93.5
    assert value(text, "beholder_database_trouble") == 1
    assert value(text, "beholder_database_commits_total") == 12
    assert [value(text, "beholder_guilds", mode=m.value) for m in Mode] == [3, 0, 0]
    assert [value(text, "beholder_provider_state", provider="local", state=s) for s in STATES] == [0, 1, 0]
    assert value(text, "beholder_gateway_latency_seconds", platform="discord") == 0.05
    assert value(text, "beholder_gateway_restarts_total", platform="discord") == 2
    assert value(text, "beholder_gateway_malformed_events_total", platform="discord") == 1
    assert b"canary" not in text


def test_an_unknown_latency_is_left_out_and_not_nought(metrics: Metrics) -> None:
    down = replace(QUIET, gateways={"discord": Gateway(False, 0, None, 0, 0)})
    text = metrics.render(down)
    assert value(text, "beholder_gateway_latency_seconds", platform="discord") is None
    assert value(text, "beholder_gateway_ready", platform="discord") == 0


def test_the_process_itself_is_among_them(metrics: Metrics) -> None:
    text = metrics.render(QUIET)
    assert (value(text, "process_resident_memory_bytes") or 0) > 1e6


# --- about nobody, and bounded -------------------------------------------------------------------------------

BOUNDED = {
    "suggestion": set(Suggestion),
    "reason": {*ReasonCode, *UnscreenedReason, "none"},
    "stage": set(STAGES),
    "kind": set(EffectKind),
    "outcome": {*OutcomeState, "retry", "answered", "timeout", "quotaspent"},
    "provider": {"local"},
    "state": set(STATES),
    "mode": set(Mode),
    "platform": {"discord"},
    "version": None,
    "le": None,
}


def test_no_label_can_carry_anything_of_anybody(metrics: Metrics) -> None:
    canaries = ("123456789012345678", "canary", "attachment:", "discord:1")
    image = judged(
        "canary", replace(BLOCKED, reasons=(*BLOCKED.reasons, Reason(ReasonCode.UNSCREENED, detail="canary")))
    )
    for n in range(500):
        metrics.judged([replace(image, sha256=f"{n:064x}")], {"total": 1.0, f"canary{n}": 2.0})
        metrics.settled(EffectKind.WARN, Outcome(OutcomeState.REFUSED, f"canary {n}", ref="123456789012345678"))
        metrics.called("local", "quotaspent")
    text = metrics.render(replace(QUIET, gateways={"discord": Gateway(True, 1, 0.1, 0, 0)}))
    assert not [c for c in canaries if c.encode() in text]
    for _, labels in series(text):
        for name, said in labels:
            allowed = BOUNDED[name]
            assert allowed is None or said in allowed, (name, said)
    assert len(series(text)) < 300


# --- over the wire -------------------------------------------------------------------------------------------


class Numbers:
    """Scraped; `broken`: what it raises instead."""

    def __init__(self) -> None:
        self.metrics = Metrics(["local"])
        self.broken: Exception | None = None

    async def __call__(self) -> bytes:
        if self.broken:
            raise self.broken
        return self.metrics.render(QUIET)


@pytest.fixture
def numbers() -> Numbers:
    return Numbers()


@pytest_asyncio.fixture
async def web(numbers: Numbers) -> AsyncIterator[Web]:
    async with Web(Config(web_port=0), Patient(), numbers) as running:
        yield running


async def scraped(web: Web) -> tuple[int, str, bytes]:
    url = f"http://127.0.0.1:{web.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, answer.headers["Content-Type"], await answer.read()


@pytest.mark.asyncio
async def test_prometheus_reads_what_is_served(web: Web, numbers: Numbers) -> None:
    numbers.metrics.judged([judged()], {})
    status, kind, text = await scraped(web)
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert value(text, "beholder_images_total", suggestion="block", reason="threshold_remove") == 1


@pytest.mark.asyncio
async def test_numbers_that_cannot_be_had_say_so_without_saying_why(web: Web, numbers: Numbers) -> None:
    numbers.broken = RuntimeError("canary")
    status, _, text = await scraped(web)
    assert status == 503
    assert b"canary" not in text
    numbers.broken = None
    assert (await scraped(web))[0] == 200


# --- for people ----------------------------------------------------------------------------------------------


def test_every_metric_is_explained_to_the_host(metrics: Metrics) -> None:
    """`…_guilds` beside `beholder_gateway_ready` stands for `beholder_gateway_guilds`."""
    said = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(beholder_\w+)`", said)) | {
        f"beholder_gateway_{rest}" for rest in re.findall(r"`…_(\w+)`", said)
    }
    gateways = {"discord": Gateway(ready=True, guilds=1, latency=0.1, restarts=0, malformed=0)}
    budget = Funds(Decimal("0.25"), Decimal(2))
    text = metrics.render(replace(QUIET, gateways=gateways, budget=budget)).decode()
    assert "beholder_budget_left 1.75" in text
    assert "beholder_budget_left" not in metrics.render(QUIET).decode()
    served = {n for n in re.findall(r"^# TYPE (beholder_\w+) ", text, re.MULTILINE) if not n.endswith("_created")}
    assert len(served) > 12
    assert served == named


def test_an_outage_says_since_when_and_how_many_wait(metrics: Metrics) -> None:
    now = replace(QUIET, providers={"a": "ok", "b": "paused: x"}, outages={"b": (1234.0, 9000)})
    text = metrics.render(now).decode()
    for name, a, b in (("out", 0.0, 1.0), ("out_since_seconds", 0.0, 1234.0), ("waiting_images", 0.0, 9000.0)):
        assert f'beholder_provider_{name}{{provider="a"}} {a}' in text
        assert f'beholder_provider_{name}{{provider="b"}} {b}' in text
