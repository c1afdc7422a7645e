"""Who asks for something, and what they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.actions import Card
from bot.model.pages import Button, Page
from policies.model import Screening
from providers.base import Fingerprint


@dataclass(frozen=True, slots=True)
class Presser:
    """Who pressed a button or gave a command, as the platform vouches for them at that moment.

    `rights` are platform-neutral: `moderate` (may delete others' messages), `punish` (may time out), `roles`
    (may give roles), `kick`, `ban`, `manage` (may change the guild's settings). The desk decides what they
    suffice for.
    """

    id: str
    name: str
    roles: frozenset[str] = frozenset()
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser is told, privately. `done`: something was changed. `confirm`: ask again with
    this button, since it cannot be undone. `picture`: an image to show along. `file`: a name and what is in it.
    `page`: what is shown next, in place of the page that was pressed. `card`: a case, laid out as its card is."""

    text: str
    done: bool = False
    confirm: Button | None = None
    picture: bytes | None = field(default=None, repr=False)
    file: tuple[str, bytes] | None = field(default=None, repr=False)
    page: Page | None = None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What a vendor's answer to one harmless picture showed: `seconds` it took, `cost` in US dollars, `finds` of our
    categories it looked for, and what is known of its `quota`, in words. `price`: what that cost is reckoned from."""

    seconds: float
    cost: float
    finds: int
    quota: str
    price: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a self-check: what was looked at, whether it is well, and if not the cure. `probe`: of a vendor."""

    name: str
    ok: bool
    cure: str = ""
    probe: Probe | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at one image's bytes gave. `sha256` is '' and `skipped` True if it was no image at
    all. For evidence it carries the `still`, or where the verdict came from the cache and nothing was
    decoded, the `original` bytes: in memory only, and only until the card is posted (ruling 7).
    `fingerprint`: what it looks like, where that is known."""

    sha256: str
    screenings: tuple[Screening, ...]
    width: int = 0
    height: int = 0
    still: bytes | None = field(default=None, repr=False)
    original: bytes | None = field(default=None, repr=False)
    skipped: bool = False
    recalled: bool = False  # the platform's id stood for bytes that were judged before; none were fetched
    ms: Mapping[str, float] = field(default_factory=dict)
    fingerprint: Fingerprint | None = None
