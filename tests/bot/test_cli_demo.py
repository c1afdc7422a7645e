"""What `demo` is told on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import demo
from tests.bot.commandline import Host


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ("--providers", "huawai"),
            "known are: local, huawei, hitpaw, rekognition, openai, custom",
        ),
        (("--providers", "local,huawei", "--no-local"), "local is named and excluded; leave one out"),
        (("--no-local",), "without the local models name a vendor with --providers"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    words = " ".join(Host.at(tmp_path).refused("demo", *args, code=2).replace("│", " ").split())
    assert said in words


@pytest.mark.parametrize(
    ("args", "names", "local"),
    [
        ((), (), True),
        (("--providers", "local"), (), True),
        (("--providers", "hitpaw, local,huawei,hitpaw"), ("hitpaw", "huawei"), True),
        (("--providers", "openai", "--no-local"), ("openai",), False),
    ],
)
def test_names_are_taken_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], names: tuple[str, ...], local: bool
) -> None:
    told: list[object] = []

    async def shown(*given: object, **more: object) -> int:
        told.extend((*given, more))
        return 0

    monkeypatch.setattr(demo, "demo", shown)
    Host.at(tmp_path).ok("demo", "--once", *args)
    assert told == [True, None, names, {"local": local}]
