"""What the host's monitoring reads: `/metrics`, in the text format of Prometheus.

Two kinds of numbers: what is counted as it happens (`Metrics`, an observer of the street and a meter of the
providers), and what is only looked up when somebody asks (`Snapshot`). No label carries anything of a guild, a
person or a picture: each takes its values from a short list that the code or the configuration knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot import __version__
from bot.model import EffectKind, Funds, Judged, Outcome
from policies.engine import FRAMES
from policies.model import Decision, Mode, ReasonCode, Suggestion, UnscreenedReason

STAGES = ("fetch", "decode", "inference", "decide", "disk", "act", "total")
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds, from our own share of a post (a few milliseconds) to a slow network."""
NOTHING = "none"
STATES = ("ok", "paused", "unavailable")
_RANK = {code: rank for rank, code in enumerate(ReasonCode)}


@dataclass(frozen=True, slots=True)
class Gateway:
    """How one platform's connection is. `latency` in seconds, None while there is none."""

    ready: bool
    guilds: int
    latency: float | None
    restarts: int
    malformed: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is looked up at the moment of asking. `oldest` in seconds. `providers`: how each is, in words. `budget`:
    the instance's in this month. `outages`: of each that is out, since when (seconds since 1970) and how many images
    wait for it."""

    backlog: int
    oldest: float | None
    database_trouble: bool
    commits: int
    guilds: Mapping[Mode, int]
    providers: Mapping[str, str]
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    budget: Funds = Funds(Decimal(0))
    outages: Mapping[str, tuple[float, int]] = field(default_factory=dict)


class Metrics:
    """`bot.ports.observing.Observer` and `providers.base.Meter`, in a registry of its own."""

    def __init__(self, providers: Iterable[str]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(namespace="", registry=registry)
        self._images = Counter(
            "beholder_images",
            "Images, by what was concluded and the chief reason.",
            ("suggestion", "reason"),
            registry=registry,
        )
        self._unscreened = Counter(
            "beholder_unscreened", "Images that nobody could judge, by why.", ("reason",), registry=registry
        )
        self._seconds = Histogram(
            "beholder_stage_seconds",
            "Seconds that a post spent at each station.",
            ("stage",),
            buckets=QUICK,
            registry=registry,
        )
        self._effects = Counter(
            "beholder_effects",
            "What was done to posts and people, and how it ended.",
            ("kind", "outcome"),
            registry=registry,
        )
        self._calls = Counter(
            "beholder_provider_calls",
            "Calls to providers, answered or by the kind of error.",
            ("provider", "outcome"),
            registry=registry,
        )
        self._remembered = Counter(
            "beholder_provider_remembered",
            "Verdicts that needed no call, since the exact bytes were known.",
            ("provider",),
            registry=registry,
        )
        self._cost = Counter(
            "beholder_provider_cost",
            "What calls have cost by the prices that are set, in US dollars; in doubt they count as paid.",
            ("provider",),
            registry=registry,
        )
        self._begin(providers)

    def _begin(self, providers: Iterable[str]) -> None:
        """Series that are there from the start, so that a first error is a rise and not an appearance."""
        self._stages = {stage: self._seconds.labels(stage) for stage in STAGES}
        for reason in UnscreenedReason:
            self._unscreened.labels(reason.value)
        for name in providers:
            self._calls.labels(name, "answered")
            self._remembered.labels(name)
            self._cost.labels(name)

    # --- as it happens ------------------------------------------------------------------------

    def judged(self, images: Sequence[Judged], ms: Mapping[str, float]) -> None:
        """See `Observer.judged`."""
        for image in images:
            decision = image.decision
            self._images.labels(decision.suggestion.value, chief(decision)).inc()
            for reason in unscreened(decision):
                self._unscreened.labels(reason.value).inc()
        for name, stage in self._stages.items():
            if name in ms:
                stage.observe(ms[name] / 1000)

    def unseen(self, images: int, code: ReasonCode) -> None:
        """See `Observer.unseen`."""
        self._images.labels(Suggestion.UNSCREENED.value, code.value).inc(images)

    def settled(self, kind: EffectKind, outcome: Outcome) -> None:
        """See `Observer.settled`."""
        self._effects.labels(kind.value, "retry" if outcome.retry else outcome.state.value).inc()

    def called(self, provider: str, outcome: str) -> None:
        """See `Meter.called`."""
        self._calls.labels(provider, outcome).inc()

    def remembered(self, provider: str) -> None:
        """See `Meter.remembered`."""
        self._remembered.labels(provider).inc()

    def spent(self, provider: str, amount: float) -> None:
        """See `Meter.spent`."""
        self._cost.labels(provider).inc(amount)

    # --- when asked -----------------------------------------------------------------------------

    def render(self, snapshot: Snapshot) -> bytes:
        """Everything, as text."""
        return generate_latest(_Joined(self._registry, snapshot))


class _Joined(Collector):
    """The registry, and what is known at this moment."""

    def __init__(self, registry: CollectorRegistry, snapshot: Snapshot) -> None:
        self._registry = registry
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from families(self._snapshot)


def chief(decision: Decision) -> str:
    """The one reason an image is counted under: the first of its reasons in the order of `ReasonCode`."""
    codes = [reason.code for reason in decision.reasons]
    return min(codes, key=_RANK.__getitem__).value if codes else NOTHING


def unscreened(decision: Decision) -> set[UnscreenedReason]:
    """Why an image has no verdict. One of which some frames were not seen is treated as undecodable (ruling 1)."""
    details = {r.detail for r in decision.reasons if r.code is ReasonCode.UNSCREENED}
    known = {UnscreenedReason(d) for d in details if d in set(UnscreenedReason)}
    return known | ({UnscreenedReason.UNDECODABLE} if any(d.startswith(FRAMES) for d in details) else set())


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """`snapshot` as Prometheus sees it."""
    yield _of("beholder_build_info", "The version that runs.", "version", {__version__: 1})
    yield GaugeMetricFamily("beholder_backlog_jobs", "Jobs that wait or are worked on.", snapshot.backlog)
    yield GaugeMetricFamily(
        "beholder_backlog_oldest_seconds", "How long the oldest of them has waited.", snapshot.oldest or 0.0
    )
    yield GaugeMetricFamily(
        "beholder_database_trouble", "1 while the database cannot be written.", int(snapshot.database_trouble)
    )
    yield CounterMetricFamily("beholder_database_commits", "Transactions committed.", snapshot.commits)
    modes = {mode.value: snapshot.guilds.get(mode, 0) for mode in Mode}
    yield _of("beholder_guilds", "Guilds that the bot is in, by mode.", "mode", modes)
    yield _provider_states(snapshot.providers)
    yield from _outages(snapshot)
    yield from _gateways(snapshot.gateways)
    yield from _budget(snapshot.budget)


def _of(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, number in values.items():
        family.add_metric((value,), number)
    return family


def _provider_states(providers: Mapping[str, str]) -> Metric:
    """The words after a state name a cure, and stay out."""
    family = GaugeMetricFamily(
        "beholder_provider_state", "1 for the state a provider is in.", labels=("provider", "state")
    )
    for name, said in providers.items():
        now = said.partition(":")[0]
        for state in STATES:
            family.add_metric((name, state), float(state == now))
    return family


def _budget(funds: Funds) -> Iterator[Metric]:
    """A ceiling and what is left of it only where there is one."""
    yield GaugeMetricFamily(
        "beholder_budget_spent", "US dollars spent or held in this month (UTC).", float(funds.spent)
    )
    if funds.ceiling is not None and funds.left is not None:
        yield GaugeMetricFamily("beholder_budget_ceiling", "US dollars a month, as set.", float(funds.ceiling))
        yield GaugeMetricFamily("beholder_budget_left", "US dollars left in this month.", float(funds.left))


def _outages(snapshot: Snapshot) -> Iterator[Metric]:
    told = ("provider",)
    out = GaugeMetricFamily("beholder_provider_out", "1 while a provider is out.", labels=told)
    since = GaugeMetricFamily(
        "beholder_provider_out_since_seconds", "When that began, in seconds since 1970; 0 while it is not.", labels=told
    )
    waiting = GaugeMetricFamily("beholder_provider_waiting_images", "Images that wait for it.", labels=told)
    for name in snapshot.providers:
        began, images = snapshot.outages.get(name, (0.0, 0))
        out.add_metric((name,), float(name in snapshot.outages))
        since.add_metric((name,), began)
        waiting.add_metric((name,), images)
    yield from (out, since, waiting)


def _gateways(gateways: Mapping[str, Gateway]) -> Iterator[Metric]:
    told = ("platform",)
    ready = GaugeMetricFamily("beholder_gateway_ready", "1 while the platform is connected.", labels=told)
    guilds = GaugeMetricFamily("beholder_gateway_guilds", "Guilds that the connection shows.", labels=told)
    latency = GaugeMetricFamily("beholder_gateway_latency_seconds", "From heartbeat to answer.", labels=told)
    restarts = CounterMetricFamily("beholder_gateway_restarts", "New connections after a crash.", labels=told)
    malformed = CounterMetricFamily("beholder_gateway_malformed_events", "Events that were skipped.", labels=told)
    for name, gateway in gateways.items():
        ready.add_metric((name,), float(gateway.ready))
        guilds.add_metric((name,), gateway.guilds)
        restarts.add_metric((name,), gateway.restarts)
        malformed.add_metric((name,), gateway.malformed)
        if gateway.latency is not None:
            latency.add_metric((name,), gateway.latency)
    yield from (ready, guilds, latency, restarts, malformed)
