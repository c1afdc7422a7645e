"""Values to store, made short."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.model import (
    Author,
    EffectKind,
    Entry,
    Event,
    EventKind,
    Job,
    JobKind,
    Judged,
    Media,
    MediaKind,
    Origin,
    Plan,
    Ruling,
    Tenant,
)
from bot.store.codec import event_payload
from bot.store.store import Store
from policies.model import (
    Act,
    Category,
    Context,
    Decision,
    Label,
    Place,
    Reason,
    ReasonCode,
    Standing,
    Step,
    Suggestion,
    Verdict,
    Versions,
)

HOME = Tenant("discord", "1")
AWAY = Tenant("discord", "2")
START = datetime(2026, 11, 1, 12, tzinfo=UTC)

CLEAN = Decision(Suggestion.PASS)
BLOCKED = Decision(
    Suggestion.BLOCK,
    (Step(Act.DELETE), Step(Act.WARN), Step(Act.ESCALATE)),
    (Reason(ReasonCode.THRESHOLD_REMOVE, Category.SEXUAL_EXPLICIT, "local", "porn", 0.93, 0.85),),
)
PLANS = (
    Plan(EffectKind.DELETE, {"channel": "55", "message": "1"}),
    Plan(EffectKind.WARN, {"channel": "55", "author": "ann"}),
    Plan(EffectKind.CARD, {"channel": "99", "evidence": "mosaic"}),
)


def sha(text: str) -> str:
    """64 hexadecimal digits that are recognisably `text`."""
    return text.encode().hex().rjust(64, "0")


def verdict(confidence: float = 0.93) -> Verdict:
    return Verdict(
        provider="local",
        labels=(Label(Category.SEXUAL_EXPLICIT, "porn", confidence),),
        assessed=frozenset({Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE}),
        versions=Versions("m1", "p1", "v1"),
    )


def event(message: str = "1", version: str = "0", *, tenant: Tenant = HOME, author: str = "ann") -> Event:
    return Event(
        tenant=tenant,
        kind=EventKind.MESSAGE,
        place=Place(Context.GROUP_MESSAGE, "55"),
        message=message,
        version=version,
        author=Author(author, roles=frozenset({"r1", "r2"}), joined_at=START),
        media=(Media(MediaKind.ATTACHMENT, f"attachment:{message}", immutable=True),),
        at=START,
    )


def entry(happened: Event) -> Entry:
    return Entry(happened.tenant, happened.key, JobKind.EVENT, event_payload(happened), happened.subject)


def judged(image: str = "a", decision: Decision = BLOCKED) -> Judged:
    media = Media(MediaKind.ATTACHMENT, f"attachment:{image}")
    return Judged(media, sha(image), (verdict(),), decision, 640, 480)


def ruling(happened: Event, *images: Judged, observed: bool = False) -> Ruling:
    """A removal, as the pipeline would record it."""
    images = images or (judged(),)
    bad = tuple(i.sha256 for i in images if i.decision.removes)
    return Ruling(
        event=happened,
        standing=Standing(happened.author.id),
        images=images,
        decision=BLOCKED,
        policy_version=3,
        observed=observed,
        plans=PLANS,
        origin=Origin.OBSERVED if observed else Origin.REMOVED,
        strikes=bad,
        removed=bad,
        ms={"fetch": 1.5, "decode": 4.25},
    )


def passed(happened: Event) -> Ruling:
    """Nothing found."""
    nothing = replace(ruling(happened, judged(decision=CLEAN)), decision=CLEAN, plans=(), origin=None)
    return replace(nothing, strikes=(), removed=())


async def lease(store: Store, happened: Event) -> Job:
    """`happened`, journalled and taken by us."""
    (job,) = await store.journal.put([entry(happened)], lease=True)
    return job


async def remove(store: Store, message: str = "1", *images: Judged, tenant: Tenant = HOME, author: str = "ann") -> int:
    """Journal and conclude a removal; returns the case's number."""
    happened = event(message, tenant=tenant, author=author)
    concluded = await store.ledger.conclude(await lease(store, happened), ruling(happened, *images))
    assert concluded.case is not None
    return concluded.case
