"""Answers that were torn, bent or stuffed with rubbish on their way."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

_RUBBISH: tuple[Any, ...] = (
    *(None, "", "pass", [], {}, [[]], True, False),
    *(-1, 2, 10**400, float("inf"), "💥", {"a": None}),
)


def paths(answer: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the value itself left out."""
    pairs = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    return [p for key, below in pairs for p in ((*at, key), *paths(below, (*at, key)))]


@st.composite
def damaged(draw: st.DrawFn, answer: Any) -> Any:
    """`answer` with one to three places dropped or replaced by rubbish."""
    bent = copy.deepcopy(answer)
    for _ in range(draw(st.integers(1, 3))):
        if not (places := paths(bent)):
            break
        *way, last = draw(st.sampled_from(places))
        parent = bent
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            del parent[last]
        else:
            parent[last] = copy.deepcopy(draw(st.sampled_from(_RUBBISH)))
    return bent
