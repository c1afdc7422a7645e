"""What the providers of this instance can find, and what nobody looks for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts import names
from bot.texts.catalogue import Texts
from policies.model import Category

Coverage = Mapping[str, frozenset[Category]]
"""What each provider of this instance can find, by its name."""


def lines(coverage: Coverage, texts: Texts) -> list[str]:
    """No preset protects from what nobody looks for, so it stands beside every promise of one."""
    _ = texts.gettext
    found = frozenset[Category]().union(*coverage.values())
    if not found:
        return [_("No provider is set up here, so nothing can be found.")]
    said = [_("What I can find here: {categories}.", categories=_listed(found, texts))]
    if missing := frozenset(Category) - found:
        said.append(_("Nobody here looks for: {categories}.", categories=_listed(missing, texts)))
    return said


def _listed(categories: frozenset[Category], texts: Texts) -> str:
    return "; ".join(names.category(c, texts) for c in Category if c in categories)
