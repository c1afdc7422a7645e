"""A vendor is out while a flood goes on: what is lost, what is asked in vain, and how long it takes to catch up.

The real bot in one process, its journal, pipeline, router and guards, on a simulated clock. The vendor and the
community are in the same process, and pictures are not decoded: what is measured is the waiting.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from benchmarks.report import Bound, Report
from benchmarks.simulated import Simulated
from bot.app import App
from bot.config import Config
from bot.media.fetch import Fetcher
from bot.media.intake import Intake
from bot.model import (
    Action,
    Author,
    Capabilities,
    Delete,
    Event,
    EventKind,
    Media,
    MediaKind,
    Outcome,
    OutcomeState,
    Say,
    Tenant,
)
from bot.opening import WORKS, Screening
from bot.planning import Always
from bot.ports import Submit
from bot.screening import Screener
from bot.store.store import Store
from bot.waiting import TRIES
from policies.model import Act, Category, Context, Evidence, Frames, Label, Mode, Place, Verdict, Versions
from policies.model import Screening as Answer
from policies.presets import DEFAULT, preset
from providers.base import Ask, Image, Ticket
from providers.errors import BadRequest, ServerFault
from providers.guard import Breaker, Guard
from providers.plans import Together
from providers.router import Router

VENDOR = "vendor"
MODS = "9"
LATENCY = 0.2  # seconds a call takes, answered or not
EVERY_BAD = 11  # one picture in so many has to go; of no common factor with the guilds, else one has them all
# and meets its action cap
SLACK = 15.0  # seconds: until the journal is looked at again, the calls on their way, the cards of the last


@dataclass(frozen=True, slots=True)
class Flood:
    """`arrivals` pictures a second in `guilds` guilds for `seconds`, while a vendor that takes `pace` a second is
    out; they go on coming until all is caught up with."""

    seconds: float = 1800.0
    arrivals: float = 5.0
    pace: float = 30.0
    guilds: int = 10
    after: float = 700.0  # seconds after all is judged; in them moderators are told that it is over
    breaker: Breaker = Breaker()

    @property
    def limit(self) -> float:
        """Seconds by which everything that waited must be judged, once the vendor answers: the backlog at the rate that
        arrivals leave, the longest pause of the breaker, slack."""
        return self.seconds * self.arrivals / (self.pace - self.arrivals) + self.breaker.longest + SLACK


class Vendor:
    """Answers, or not; counts what it is asked."""

    name = VENDOR
    covers = frozenset(Category)
    version = "1/1/1"

    def __init__(self, clock: Simulated) -> None:
        self._clock = clock
        self.down = False
        self.calls: Counter[str] = Counter()

    def cache_key(self, ask: Ask) -> str:
        """Always the same."""
        return ""

    async def screen(self, image: Image, ask: Ask) -> Answer:
        """What the picture's bytes say. Raises ServerFault."""
        self.calls[image.sha256] += 1
        await self._clock.sleep(LATENCY)
        if self.down:
            raise ServerFault("the vendor is down; it is asked again")
        bad = image.still.startswith(b"bad")
        labels = (Label(Category.SEXUAL_EXPLICIT, "bad", 0.95),) if bad else ()
        return Verdict(self.name, labels, self.covers, Versions("1", "1", "1"))

    async def resume(self, ticket: Ticket) -> Answer:
        """Raises BadRequest: it leaves nothing pending."""
        raise BadRequest("nothing is pending")

    async def aclose(self) -> None:
        """Holds nothing."""


class Undecoded(Intake):
    """Takes bytes for pictures."""

    async def open(self, original: bytes) -> Image:
        """The bytes themselves are the still."""
        return Image(hashlib.sha256(original).hexdigest(), "png", 640, 480, Frames(), still=original)

    async def picture(self, still: bytes, level: Evidence) -> bytes | None:
        """Evidence of anything."""
        return still


@dataclass
class Community:
    """`bot.ports.Platform`: some guilds, and what was done in them."""

    flood: Flood
    clock: Simulated
    name: str = "discord"
    capabilities: Capabilities = Capabilities(frozenset(Act), private_notice=True, history=True, evidence=True)
    pictures: dict[str, bytes] = field(default_factory=dict)
    deleted: Counter[str] = field(default_factory=Counter)  # by message
    said: Counter[Tenant] = field(default_factory=Counter)
    submit: Submit | None = None
    fetched: Counter[str] = field(default_factory=Counter)  # by media

    async def run(self, submit: Submit) -> None:
        """Listen for ever."""
        self.submit = submit
        await asyncio.Event().wait()

    async def fetch(self, event: Event, media: Media, *, reduced: bool = False) -> AsyncIterator[bytes]:
        """The picture."""
        self.fetched[media.key] += 1
        yield self.pictures[media.key]

    async def perform(self, action: Action) -> Outcome:
        """Done."""
        if isinstance(action, Delete):
            self.deleted[action.message] += 1
        if isinstance(action, Say) and action.channel == MODS:
            self.said[action.tenant] += 1
        return Outcome(OutcomeState.DONE, ref=str(sum(self.deleted.values())))

    async def find(self, tenant: Tenant, channel: str, nonce: str) -> Outcome:
        """Nothing of ours is ever in doubt."""
        return Outcome(OutcomeState.FAILED, "it was not posted")

    async def chatter(self) -> None:
        """Pictures at even distances, by one guild after another, for ever."""
        assert self.submit is not None
        for number in itertools.count():
            await self.submit([self._post(number)])
            await self.clock.sleep(1 / self.flood.arrivals)

    def tenants(self) -> Iterator[Tenant]:
        """All guilds."""
        return (Tenant(self.name, str(100 + n)) for n in range(self.flood.guilds))

    def _post(self, number: int) -> Event:
        media = Media(MediaKind.ATTACHMENT, f"attachment:{number}", immutable=True)
        kind = b"fine" if number % EVERY_BAD else b"bad"
        self.pictures[media.key] = kind + b" %d" % number
        return Event(
            tenant=Tenant(self.name, str(100 + number % self.flood.guilds)),
            kind=EventKind.MESSAGE,
            place=Place(Context.GROUP_MESSAGE, "7"),
            message=str(number),
            version="0",
            author=Author(str(number)),
            media=(media,),
            at=self.clock.now(),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a flood. Times are simulated seconds since the vendor was back; `cpu` are real ones."""

    images: int
    caught_up: float
    first: float
    lost: int
    unjudged: int
    undeleted: int
    twice: int
    tries: int
    calls_in_vain: int
    fetches: int
    told: Counter[Tenant]
    cpu: float


async def run(flood: Flood = Flood()) -> Report:
    """One outage, and what came after."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # tens of thousands
    return report(flood, await measured(flood))


async def measured(flood: Flood) -> Result:
    """Let it happen."""
    clock = Simulated()
    vendor, community = Vendor(clock), Community(flood, clock)
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="beholder-bench-") as folder:
        async with _running(Path(folder), clock, vendor, community) as store:
            chatting = asyncio.create_task(community.chatter())
            vendor.down = True
            await clock.until(lambda: clock.monotonic() >= flood.seconds)
            images, in_vain = len(community.pictures), vendor.calls.total()
            back = clock.monotonic()
            vendor.down = False
            open_ = await _unjudged(store, images)
            first = 0.0
            while open_:
                await clock.until(_passed(clock, 1.0))
                left = await _unjudged(store, images)
                first = first or (clock.monotonic() - back if left < open_ else 0.0)
                open_ = left
                if clock.monotonic() - back > 2 * flood.limit:
                    break
            caught_up = clock.monotonic() - back
            chatting.cancel()
            await clock.until(_passed(clock, 5.0))
            fetches = sum(community.fetched[f"attachment:{n}"] for n in range(images))
            found = await _found(store, images)
            await clock.until(_passed(clock, flood.after))
    must_go = {str(n) for n in range(images) if n % EVERY_BAD == 0}
    return Result(
        images=images,
        caught_up=caught_up,
        first=first,
        lost=images - found["decided"],
        unjudged=found["unscreened"],
        undeleted=len(must_go - community.deleted.keys()),
        twice=sum(n > 1 for n in community.deleted.values()),
        tries=max(vendor.calls.values()),
        calls_in_vain=in_vain,
        fetches=fetches,
        told=community.said,
        cpu=time.process_time() - began,
    )


def _passed(clock: Simulated, seconds: float) -> Callable[[], bool]:
    at = clock.monotonic() + seconds
    return lambda: clock.monotonic() >= at


@asynccontextmanager
async def _running(folder: Path, clock: Simulated, vendor: Vendor, community: Community) -> AsyncIterator[Store]:
    async with await Store.open(None, data_dir=folder, clock=clock) as store, Fetcher([]) as source:
        store.db.read = clock.busy(store.db.read)  # type: ignore[method-assign]
        store.db.write = clock.busy(store.db.write)  # type: ignore[method-assign]
        for tenant in community.tenants():
            policy = replace(preset(DEFAULT), mode=Mode.ENFORCE, mod_channel=MODS)
            await store.settings.save(tenant, policy, "host", "a benchmark")
        guard = Guard(vendor, clock=clock, per_second=community.flood.pace, breaker=community.flood.breaker)
        router = Router({VENDOR: guard}, store.verdicts)
        screener = Screener(Undecoded(workers=1), router, Always(Together((VENDOR,))))
        screening = Screening(screener, {VENDOR: vendor.covers}, _ready, lambda: {VENDOR: WORKS}, {VENDOR: guard})
        app = App(Config(data_dir=folder, web_port=0), store, screening, source, clock)
        app.platforms[community.name] = community
        task = asyncio.create_task(app.run())
        while community.submit is None:  # noqa: ASYNC110 - the web server starts in real time
            await asyncio.sleep(0.01)
        yield store
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=10)
        await router.aclose()


def report(flood: Flood, found: Result) -> Report:
    """The figures against what was promised."""
    alerts = sorted(found.told.values())
    return Report(
        name="outage",
        title=(
            f"An outage of {flood.seconds / 60:g} minutes at {flood.arrivals:g} pictures a second in {flood.guilds} "
            f"guilds, against a vendor that takes {flood.pace:g} a second (simulated clock)"
        ),
        columns=("what", "measured"),
        rows=(
            ("pictures posted meanwhile", found.images),
            ("of them without a decision in the end", found.lost),
            ("left unjudged", found.unjudged),
            ("bad ones that were not removed", found.undeleted),
            ("removed twice", found.twice),
            ("calls for one picture at most", found.tries),
            ("calls in vain during the outage", found.calls_in_vain),
            ("fetches a picture", found.fetches / found.images),
            ("messages to each guild's moderators: fewest, most", f"{alerts[0]}, {alerts[-1]}" if alerts else "0"),
            ("seconds until the vendor's return was noticed", found.first),
            ("seconds until all of it was judged", found.caught_up),
            ("processor seconds of the whole", found.cpu),
        ),
        bounds=(
            Bound("lost", found.lost + found.unjudged + found.undeleted + found.twice, 0, ""),
            Bound("calls for one picture", found.tries, TRIES, ""),
            Bound("messages to one guild", alerts[-1] if alerts else 0, 2, ""),
            Bound("guilds that were not told", flood.guilds - len(alerts), 0, ""),
            Bound("all judged after", found.caught_up, flood.limit, "s"),
        ),
        notes=(
            f"The limit is {flood.seconds * flood.arrivals:,.0f} / ({flood.pace:g} − {flood.arrivals:g}) s for the "
            f"backlog at the rate that new pictures leave, {flood.breaker.longest:g} s for the breaker's longest "
            f"pause, {SLACK:g} s of slack.",
            "Two messages a guild: that it began, and that it is over. New pictures keep coming while it catches up.",
            "The bot's own loops, journal, pipeline, router and guard; the vendor and the community are in the same "
            "process, and pictures are not decoded. A fetch before the outage is noticed and one after it, since a "
            "picture is kept nowhere meanwhile.",
        ),
    )


async def _ready() -> None:
    """Nothing to load."""


async def _unjudged(store: Store, images: int) -> int:
    """How many of the first `images` posts are still in the journal."""
    query = f"SELECT count(*) FROM jobs WHERE kind = 'event' AND state IN ('todo', 'leased') AND id <= {images}"
    return int(await store.db.read(lambda c: c.exec_driver_sql(query).scalar_one()))


async def _found(store: Store, images: int) -> dict[str, int]:
    """How many of them were decided, and how many of these without a verdict."""
    query = f"SELECT count(*), sum(suggestion = 'unscreened') FROM decisions WHERE job <= {images}"
    decided, unscreened = await store.db.read(lambda c: c.exec_driver_sql(query).one())
    return {"decided": decided, "unscreened": unscreened or 0}
