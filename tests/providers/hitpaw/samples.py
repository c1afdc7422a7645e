"""Pictures that HitPaw takes, providers that ask it, and the samples of its documents."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from policies.model import Frames
from providers.base import Ask, Image
from providers.hitpaw import HitPawProvider, HitPawSettings
from providers.http import Http
from providers.tickets import MemoryTickets
from tests.clock import FakeClock
from tests.providers.samples import scene

KEY = "canary-hitpaw-key-0123456789"
ASK = Ask()
PAGES = [p / "shared/seeds/000_ab52deb65da748b4.txt" for p in Path(__file__).parents[3:6]]
"""Where the vendor's page may lie: beside the checkout (`../shared`)."""
JOB = "8f3c1d9a-4b2e-4f6c-9a1b-2a7b6c5d4e3f"
Make = Callable[..., HitPawProvider]


@cache
def jpeg(seed: int = 1) -> bytes:
    out = io.BytesIO()
    scene(seed).save(out, "JPEG")
    return out.getvalue()


def picture(seed: int = 1, **changes: Any) -> Image:
    """An image whose still HitPaw can really open."""
    usual = Image(f"{seed:064x}", "jpeg", 256, 256, Frames(), jpeg(seed % 7))
    return replace(usual, **changes)


def provider_of(url: str, clock: FakeClock, **changes: Any) -> HitPawProvider:
    """`changes`: of the provider's own arguments, or of its settings. Patient, so that jobs end in time."""
    names = [n for n in ("tickets", "publisher", "cadence", "chance", "http") if n in changes]
    own: dict[str, Any] = {n: changes.pop(n) for n in names}
    usual_settings = {"api_key": KEY, "url": url, "direct_from": (f"{url}/files/",), "soft_deadline": 25.0}
    settings = HitPawSettings(**{**usual_settings, **changes})
    usual: dict[str, Any] = {"tickets": MemoryTickets(), "http": Http("HitPaw", deadline=5.0), **own}
    return HitPawProvider(settings, clock=clock, **usual)


DOCUMENTED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "documented.json").read_text(encoding="utf-8"))
"""Every JSON object in the vendor's page, in its order."""


def in_the_page(text: str) -> list[dict[str, Any]]:
    """The same, from the page itself."""
    found = []
    for start in (m.start() for m in re.finditer(r"^\{$", text, re.MULTILINE)):
        try:
            found.append(json.JSONDecoder().raw_decode(text[start:])[0])
        except ValueError:
            continue  # Python's braces, not JSON's
    return found
