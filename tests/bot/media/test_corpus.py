"""2,562 bad inputs made by others, through the real intake."""

from __future__ import annotations

import asyncio
import json
import resource
from collections import Counter
from pathlib import Path

import pytest

from bot.media.intake import Intake
from policies.model import Unscreened, UnscreenedReason
from providers.base import Image

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of bad inputs is not beside this checkout")


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


@pytest.mark.slow
@pytest.mark.asyncio
async def test_every_bad_input_ends_in_a_picture_or_in_words() -> None:
    rows = [json.loads(line) for line in (CORPUS / "labels.jsonl").read_text().splitlines()]
    ends: Counter[tuple[str, str]] = Counter()
    lost: list[str] = []
    turn = asyncio.Semaphore(4)

    async with Intake(2) as intake:

        async def meet(row: dict[str, str]) -> None:
            async with turn:
                answer = await intake.open((CORPUS / row["file"]).read_bytes())
            assert isinstance(answer, Image | Unscreened)
            ends[row["label"], answer.reason if isinstance(answer, Unscreened) else "image"] += 1
            if isinstance(answer, Unscreened) and answer.detail.startswith("the decoder"):
                lost.append(row["file"])

        await asyncio.gather(*(meet(row) for row in rows[:50]))
        before = resident()
        await asyncio.gather(*(meet(row) for row in rows[50:]))
        grown = resident() - before

    assert lost == []  # no crash, no hang
    assert grown < 40 * 1024
    assert ends.total() == len(rows) > 2500
    images = {label: n for (label, end), n in ends.items() if end == "image"}
    assert "valid-exotic-format" not in images  # refused by the list of formats, never parsed
    assert not any(label.startswith("bomb") for label in images)
    assert images["bypass-shown"] >= 70  # refused by Pillow, shown by browsers, judged by us
    assert images["valid-web"] + ends["valid-web", UnscreenedReason.TINY] == sum(
        n for (label, _), n in ends.items() if label == "valid-web"
    )
    assert not ends["bypass-shown", UnscreenedReason.UNSUPPORTED]  # by default that would be left alone
