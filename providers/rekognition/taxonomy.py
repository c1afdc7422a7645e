"""What Rekognition looks for, and what each of its labels is here.

Its labels form a tree of up to three levels (version 7.0 of the taxonomy, developer guide, moderation-api). A label
comes together with all that stand above it. AWS advises to moderate by the upper two levels and to use the third for
what is *not* to be acted on; so what stands above counts only as far as nothing below explains it (see `wire`).

How bad a thing is lies in the category, so a label may be milder than what stands above it: a fist fight is filed
under *Graphic Violence* and is `violence` here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from policies.model import Category


class Meaning(NamedTuple):
    """A label's place in the tree ("" above the first level) and what it is here."""

    parent: str
    category: Category


_EXPLICIT, _SUGGESTIVE = Category.SEXUAL_EXPLICIT, Category.SEXUAL_SUGGESTIVE
_GRAPHIC, _VIOLENCE = Category.VIOLENCE_GRAPHIC, Category.VIOLENCE

# Above whom they stand: (label, above, category), each level after the one above it.
_TREE: tuple[tuple[str, str, Category], ...] = (
    ("Explicit", "", _EXPLICIT),
    ("Explicit Nudity", "Explicit", _EXPLICIT),
    ("Exposed Male Genitalia", "Explicit Nudity", _EXPLICIT),
    ("Exposed Female Genitalia", "Explicit Nudity", _EXPLICIT),
    ("Exposed Buttocks or Anus", "Explicit Nudity", _EXPLICIT),
    ("Exposed Female Nipple", "Explicit Nudity", _EXPLICIT),
    ("Explicit Sexual Activity", "Explicit", _EXPLICIT),
    ("Sex Toys", "Explicit", _EXPLICIT),
    ("Non-Explicit Nudity of Intimate parts and Kissing", "", _SUGGESTIVE),
    ("Non-Explicit Nudity", "Non-Explicit Nudity of Intimate parts and Kissing", _SUGGESTIVE),
    ("Bare Back", "Non-Explicit Nudity", _SUGGESTIVE),
    ("Exposed Male Nipple", "Non-Explicit Nudity", _SUGGESTIVE),
    ("Partially Exposed Buttocks", "Non-Explicit Nudity", _SUGGESTIVE),
    ("Partially Exposed Female Breast", "Non-Explicit Nudity", _SUGGESTIVE),
    ("Implied Nudity", "Non-Explicit Nudity", _SUGGESTIVE),
    ("Obstructed Intimate Parts", "Non-Explicit Nudity of Intimate parts and Kissing", _SUGGESTIVE),
    ("Obstructed Female Nipple", "Obstructed Intimate Parts", _SUGGESTIVE),
    ("Obstructed Male Genitalia", "Obstructed Intimate Parts", _SUGGESTIVE),
    ("Kissing on the Lips", "Non-Explicit Nudity of Intimate parts and Kissing", _SUGGESTIVE),
    ("Swimwear or Underwear", "", _SUGGESTIVE),
    ("Female Swimwear or Underwear", "Swimwear or Underwear", _SUGGESTIVE),
    ("Male Swimwear or Underwear", "Swimwear or Underwear", _SUGGESTIVE),
    ("Violence", "", _VIOLENCE),
    ("Weapons", "Violence", _VIOLENCE),
    ("Graphic Violence", "Violence", _GRAPHIC),
    ("Weapon Violence", "Graphic Violence", _VIOLENCE),
    ("Physical Violence", "Graphic Violence", _VIOLENCE),
    ("Self-Harm", "Graphic Violence", Category.SELF_HARM),
    ("Blood & Gore", "Graphic Violence", _GRAPHIC),
    ("Explosions and Blasts", "Graphic Violence", _VIOLENCE),
    ("Visually Disturbing", "", _GRAPHIC),
    ("Death and Emaciation", "Visually Disturbing", _GRAPHIC),
    ("Emaciated Bodies", "Death and Emaciation", _GRAPHIC),
    ("Corpses", "Death and Emaciation", _GRAPHIC),
    ("Crashes", "Visually Disturbing", _VIOLENCE),
    ("Air Crash", "Crashes", _VIOLENCE),
    ("Drugs & Tobacco", "", Category.OTHER),
    ("Products", "Drugs & Tobacco", Category.OTHER),
    ("Pills", "Products", Category.OTHER),
    ("Drugs & Tobacco Paraphernalia & Use", "Drugs & Tobacco", Category.OTHER),
    ("Smoking", "Drugs & Tobacco Paraphernalia & Use", Category.OTHER),
    ("Alcohol", "", Category.OTHER),
    ("Alcohol Use", "Alcohol", Category.OTHER),
    ("Drinking", "Alcohol Use", Category.OTHER),
    ("Alcoholic Beverages", "Alcohol", Category.OTHER),
    ("Rude Gestures", "", Category.OTHER),
    ("Middle Finger", "Rude Gestures", Category.OTHER),
    ("Gambling", "", Category.OTHER),
    ("Hate Symbols", "", Category.HATE),
    ("Nazi Party", "Hate Symbols", Category.HATE),
    ("White Supremacy", "Hate Symbols", Category.HATE),
    ("Extremist", "Hate Symbols", Category.EXTREMISM),
)


def folded(name: str) -> str:
    """AWS writes its own labels now in large, now in small letters ("Kissing on the lips")."""
    return name.casefold()


MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {folded(name): Meaning(folded(above), category) for name, above, category in _TREE}
)
"""By folded name."""

VERSION = "rekognition-1"
LEVELS = 3
COVERS = frozenset(meaning.category for meaning in MEANINGS.values())


def parent(name: str, told: str) -> str:
    """The folded name of the known label that stands above `name`, or "" where there is none.

    A known label's is the tree's, whatever the answer says, so that no answer can make a circle; a new label's is the
    one that it was told to have, where that one is known.
    """
    known = MEANINGS.get(folded(name))
    if known is not None:
        return known.parent
    return folded(told) if folded(told) in MEANINGS else ""
