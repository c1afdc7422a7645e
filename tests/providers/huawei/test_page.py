"""The page about Huawei says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policies.model import Context
from providers.huawei.codes import MEANINGS
from providers.huawei.question import COVERS
from providers.huawei.settings import REGION
from providers.huawei.wire import BY_LABEL, BY_SUGGESTION

PAGE = (Path(__file__).parents[3] / "docs" / "providers" / "huawei.md").read_text(encoding="utf-8")


def test_every_code_stands_in_the_table_of_errors_and_no_other() -> None:
    table = PAGE.partition("## Errors")[2]
    assert set(re.findall(r"`((?:AIS|APIGW|IAM)\.\d{4})`", table)) == set(MEANINGS)


@pytest.mark.parametrize("category", COVERS)
def test_what_each_category_is_asked_for(category: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{category}`") and line.count("|") == 4)
    assert set(re.findall(r"`(\w+)`", row.split("|")[3])) == set(COVERS[category])


def test_the_mapping_is_the_documented_one() -> None:
    for category, suggestion in BY_SUGGESTION:
        rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{category}` | `")]
        cells = [cell.strip(" `") for cell in rows[0].split("|")[2:4]]
        assert cells[("block", "review").index(suggestion.value)] == BY_SUGGESTION[category, suggestion]


def test_every_label_and_context_is_named() -> None:
    missing = [label for _, label in BY_LABEL if f"`{label}`" not in PAGE and label not in ("ad", "qr_code")]
    assert missing == []
    assert [c for c in Context if f"`{c.value}`" not in PAGE] == []
    assert f"`{REGION}`" in PAGE
