"""Ruling 21: texts, codes and faces that a provider read from an image never reach the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.store.store import Store
from policies.model import Detail, DetailKind, Verdict
from tests.bot.store.samples import HOME, event, judged, lease, ruling, sha, verdict

CANARIES = ("canary-ocr-text", "canary-qr-content", "canary-segment", "canary-glossary")
BOX = (11011, 22022, 33033, 44044)
DETAILS = (
    Detail(DetailKind.TEXT, CANARIES[0]),
    Detail(DetailKind.QR_CODE, CANARIES[1], BOX),
    Detail(DetailKind.WORDS, CANARIES[2], glossary=CANARIES[3]),
    Detail(DetailKind.FACE, box=BOX),
)
TOLD = replace(verdict(), details=DETAILS, cost=0.25, request_id="canary-request-id")


def traces(folder: Path) -> set[str]:
    """Which of the canaries stand in any file of the database, its log included."""
    everything = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    return {c for c in (*CANARIES, *map(str, BOX), "canary-request-id") if c.encode() in everything}


@pytest.mark.asyncio
async def test_no_detail_is_in_the_file_after_a_case_and_a_verdict(store: Store, data_dir: Path) -> None:
    happened = event()
    image = replace(judged(), screenings=(TOLD,))
    concluded = await store.ledger.conclude(await lease(store, happened), ruling(happened, image))
    await store.verdicts.put(sha("a"), "v", "ask", TOLD)
    assert traces(data_dir) == {"canary-request-id"}  # so the canaries would be found
    assert concluded.case is not None
    case = await store.ledger.case(HOME, concluded.case)
    assert case is not None
    [screening] = case.images[0].screenings
    assert isinstance(screening, Verdict)
    assert (screening.details, screening.request_id) == ((), "canary-request-id")
