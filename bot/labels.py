"""The host's own table for a vendor's labels: a file of YAML, or of JSON, which is YAML too.

sexy_female: sexual_explicit       # Huawei's label, whichever category it is found in
image_text/gambling: advertising   # the same, in one of its categories alone: as the log names it (`label_unknown`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.yamls import Unreadable, parse
from policies.model import Category
from providers.huawei.settings import CATEGORIES
from providers.huawei.wire import LONGEST_NAME

MOST = 1 << 20  # bytes


def read(file: Path) -> Mapping[str, Category]:
    """What the host calls each label. Raises ValueError with every mistake and its cure."""
    try:
        if file.stat().st_size > MOST:
            raise ValueError(f"{file} is larger than {MOST >> 20} MB; it must hold lines such as sexy_female: other")
        found = parse(file.read_bytes())
    except OSError as error:
        raise ValueError(f"{file} cannot be read ({error.strerror}); check the path and its permissions") from None
    except Unreadable as error:
        raise ValueError(f"{file} cannot be read: {error}") from None
    if mistakes := list(_mistakes(found)):
        raise ValueError(f"{file}: {'; '.join(mistakes)}")
    return {label: Category(category) for label, category in found.items()}


def _mistakes(found: Mapping[Any, Any]) -> Iterator[str]:
    for label, category in found.items():
        if why := _unfit(label):
            yield f"{label!r} {why}"
        elif category not in tuple(Category):
            yield f"{label} cannot be {category!r}; known are: {', '.join(Category)}"


def _unfit(label: object) -> str:
    """Why it can be no label of Huawei's; empty where it can."""
    if not isinstance(label, str):
        return "is no text; write it in quotes"
    category, slash, name = label.rpartition("/")
    if slash and category not in CATEGORIES:
        return f"names no category of Huawei's before the slash; known are: {', '.join(CATEGORIES)}"
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        return f"is no label: one to {LONGEST_NAME} characters that can be printed"
    return ""
