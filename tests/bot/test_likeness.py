"""Which of many known images another one nearly looks like."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.likeness import NEAR, Gallery, near
from policies.model import Near
from providers.base import Fingerprint

bits = st.integers(0, 2**64 - 1)
_few = st.sets(st.integers(0, 63), max_size=14).map(lambda places: sum(1 << p for p in places))


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Fingerprint, list[Fingerprint]]:
    """A picture and others, of which many are close to the limit."""
    own = Fingerprint(draw(bits), draw(bits), flat=draw(st.integers(0, 9)) == 0)
    others = st.builds(lambda p, d, flat: Fingerprint(own.phash ^ p, own.dhash ^ d, flat), _few, _few, st.booleans())
    return own, draw(st.lists(others, max_size=12))


def hung(pictures: list[Fingerprint]) -> Gallery:
    gallery = Gallery()
    gallery.hang((Near(str(n), 0, n), prints) for n, prints in enumerate(pictures))
    return gallery


@settings(deadline=None, max_examples=150)
@given(crowds(), st.none() | st.integers(0, 11))
def test_all_at_once_finds_what_one_by_one_finds(crowd: tuple[Fingerprint, list[Fingerprint]], itself: int) -> None:
    own, others = crowd
    apart = {
        n: max((own.phash ^ o.phash).bit_count(), (own.dhash ^ o.dhash).bit_count())
        for n, o in enumerate(others)
        if near(own, o) and n != itself
    }
    found = hung(others).nearest(own, str(itself))
    if not apart:
        assert found is None
        return
    nearest = min(apart, key=lambda n: (apart[n], n))
    assert found == Near(str(nearest), apart[nearest], nearest)
    assert found.distance <= NEAR


@settings(deadline=None, max_examples=60)
@given(crowds(), st.integers(0, 12))
def test_hung_at_once_or_one_after_another_is_the_same(
    crowd: tuple[Fingerprint, list[Fingerprint]], first: int
) -> None:
    own, others = crowd
    pictures = [(Near(str(n), 0, n), prints) for n, prints in enumerate(others)]
    gallery = Gallery()
    gallery.hang(pictures[:first])
    gallery.hang(pictures[first:])
    gallery.hang((Near(known.sha256, 0, 99), prints) for known, prints in pictures)
    assert gallery.nearest(own, "") == hung(others).nearest(own, ""), "of what hangs there the first word stands"
    assert len(gallery) == sum(not prints.flat for prints in others)


def test_both_hashes_have_to_agree_to_the_last_bit() -> None:
    gallery = hung([Fingerprint(0, 0, flat=False)])
    at, beyond = (1 << NEAR) - 1, (1 << NEAR + 1) - 1
    assert gallery.nearest(Fingerprint(at, at, flat=False), "") == Near("0", NEAR, 0)
    assert gallery.nearest(Fingerprint(beyond, 0, flat=False), "") is None
    assert gallery.nearest(Fingerprint(0, beyond, flat=False), "") is None
    assert gallery.nearest(Fingerprint(0, 0, flat=True), "") is None


def test_all_64_bits_count() -> None:
    top = 1 << 63
    gallery = hung([Fingerprint(top, 2**64 - 1, flat=False)])
    assert gallery.nearest(Fingerprint(0, 2**64 - 1, flat=False), "") == Near("0", 1, 0)
    assert gallery.nearest(Fingerprint(top, 0, flat=False), "") is None
