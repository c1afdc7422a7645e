"""HitPaw's JSON <-> our values, and nothing else: pure.

The calls are those of developer.hitpaw.com (image moderation, presigned uploads; as of June 2026), the fourteen
statuses those of the vendor's own client (HitPaw-Official/hitpaw-mcp-server, internal/handler/task_status.go). An
answer that cannot be read exactly as documented is `Garbled`: it must never become a pass by guessing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from policies.model import Category, Frames, Label, Suggestion, Verdict, Versions
from providers.errors import Garbled

NAME = "hitpaw"
COVERS = frozenset({Category.SEXUAL_EXPLICIT})
VERSIONS = Versions(model="image-nsfw", mapping="hitpaw-1", preprocessing="still-1")
CREDITS = 5  # a task costs, whatever the picture's size
JOB_LENGTH = 200  # characters of a job id that are believed


class Stage(StrEnum):
    """What a status means for us."""

    RUNNING = "running"
    ANSWERED = "answered"
    EMPTY = "empty"  # said to be completed, without a result that can be read
    FAILED = "failed"  # nothing came of this image
    BROKEN_OFF = "broken off"  # nothing came of this job: the vendor's trouble


STATUSES: Mapping[str, Stage] = MappingProxyType(
    {
        "WAITING": Stage.RUNNING,
        "PENDING": Stage.RUNNING,
        "INPUT_PREPARING": Stage.RUNNING,
        "CONVERTING": Stage.RUNNING,
        "CONVERT_COMPLETED": Stage.RUNNING,
        "OUTPUT_SAVING": Stage.RUNNING,
        "OUTPUT_SAVED": Stage.RUNNING,
        "COMPLETED": Stage.ANSWERED,
        "NSFW": Stage.ANSWERED,
        "ERROR": Stage.FAILED,
        "REJECT": Stage.FAILED,
        "ERROR_INTERRUPTION": Stage.BROKEN_OFF,
        "TIMEOUT": Stage.BROKEN_OFF,
        "CANCEL": Stage.BROKEN_OFF,
    }
)

NSFW = "NSFW"
RISKS: Mapping[str, tuple[float, Suggestion]] = MappingProxyType(
    {
        "low": (0.1, Suggestion.PASS),
        "mid": (0.5, Suggestion.REVIEW),
        "high": (0.9, Suggestion.BLOCK),
        NSFW: (0.5, Suggestion.REVIEW),  # a status, not a result; what it means here no document says
    }
)
"""The mapping that `VERSIONS.mapping` names (ruling 3): change one only with the other."""
RESULTS = frozenset(RISKS) - {NSFW}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands. `risk` is a key of `RISKS` once it is answered; `known`: whether the status is."""

    status: str
    stage: Stage
    risk: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job that was taken on, and the credits that it cost."""

    job: str
    credits: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where to put a picture, and where it can then be fetched."""

    upload_url: str
    access_url: str
    content_type: str


# --- what is sent ---------------------------------------------------------------------------------------


def presigning(filename: str, content_type: str, seconds: int) -> bytes:
    """Body of `POST /api/oss/presign-put`; it takes 60 to 7200 seconds."""
    return _bytes({"filename": filename, "content_type": content_type, "expire_seconds": min(max(seconds, 60), 7200)})


def submission(file_url: str) -> bytes:
    """Body of `POST /api/image-nsfw`."""
    return _bytes({"file_url": file_url})


def question(job: str) -> bytes:
    """Body of `POST /api/task-status`."""
    return _bytes({"job_id": job})


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


# --- what is answered: each takes the `data` of an answer whose code is good ------------------------------


def shelf(data: Mapping[str, Any]) -> Shelf:
    """Raises Garbled."""
    return Shelf(*(_text(data, name, 4096) for name in ("upload_url", "access_url", "content_type")))


def submitted(data: Mapping[str, Any]) -> Submitted:
    """Raises Garbled. Where the price is missing or absurd, the documented one is counted."""
    coins = data.get("consume_coins")
    sane = isinstance(coins, int) and not isinstance(coins, bool) and 0 <= coins <= 1000
    return Submitted(_text(data, "job_id", JOB_LENGTH), coins if sane and isinstance(coins, int) else CREDITS)


def progress(data: Mapping[str, Any], job: str) -> Progress:
    """Where `job` stands. Raises Garbled, also for the answer of another job.

    A status that nobody has heard of is one that runs on: only an end that is certain ends a job.
    """
    if data.get("job_id") != job:
        raise Garbled("HitPaw answered for another job than was asked for; it is asked again.")
    status = _text(data, "status", 64)
    stage = STATUSES.get(status, Stage.RUNNING)
    if stage is not Stage.ANSWERED:
        return Progress(status, stage, known=status in STATUSES)
    risk = _result(data)
    if status == NSFW:
        return Progress(status, stage, "high" if risk == "high" else NSFW)
    return Progress(status, stage, risk) if risk else Progress(status, Stage.EMPTY)


def verdict(risk: str, frames: Frames, *, job: str, cost: float) -> Verdict:
    """What `risk` (a key of `RISKS`) says. Raises Garbled for any other word."""
    if risk not in RISKS:
        raise Garbled("HitPaw gave a result that is none of low, mid and high; screen the image again.")
    confidence, suggestion = RISKS[risk]
    return Verdict(
        provider=NAME,
        labels=(Label(Category.SEXUAL_EXPLICIT, risk, confidence),),
        assessed=COVERS,
        versions=VERSIONS,
        suggestion=suggestion,
        frames=frames,
        request_id=job,
        cost=cost,
    )


def _result(data: Mapping[str, Any]) -> str:
    """`check_result` where it is exactly one of the three words, else nothing."""
    found = data.get("res_data")
    word = found.get("check_result") if isinstance(found, Mapping) else None
    return word if isinstance(word, str) and word in RESULTS else ""


def _text(data: Mapping[str, Any], name: str, most: int) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise Garbled(f"HitPaw answered without a usable {name}; it is asked again.")
    return value
