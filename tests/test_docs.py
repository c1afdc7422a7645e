"""Whatever can be set, typed or pressed is documented, or this fails."""

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from discord.app_commands import ContextMenu, Group
from typer.main import get_command

from bot.cli import app
from bot.config import SETTINGS, Config
from bot.platforms.discord.commands import COMMANDS
from providers import errors
from providers.names import COSTS_MONEY

ROOT = Path(__file__).parents[1]
DOCUMENTS = "\n".join(f.read_text(encoding="utf-8") for f in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))))


def typed_commands(command: Any, path: str = "beholder") -> Iterator[tuple[str, Any]]:
    """Every command with the words that lead to it; groups stand for their members."""
    for name, below in getattr(command, "commands", {}).items():
        if hasattr(below, "commands"):
            yield from typed_commands(below, f"{path} {name}")
        else:
            yield f"{path} {name}", below


def typed_options() -> set[str]:
    own = get_command(app)
    every = [own, *(command for _, command in typed_commands(own))]
    return {option for c in every for p in c.params for option in p.opts if option.startswith("--")}


def slash_commands() -> Iterator[str]:
    for command in COMMANDS:
        if isinstance(command, ContextMenu):
            yield command.name
            continue
        inner = list(command.commands) if isinstance(command, Group) else [command]
        yield from (f"/{each.qualified_name}" for each in inner if not isinstance(each, Group))


def is_documented(words: str) -> bool:
    """`words` as a whole, in code: `--out` is not documented by `--output`."""
    return re.search(rf"`[^`\n]*(?<![\w-]){re.escape(words)}(?![\w-])[^`\n]*`", DOCUMENTS) is not None


@pytest.mark.parametrize("name", SETTINGS)
def test_setting(name: str) -> None:
    assert is_documented(name)


@pytest.mark.parametrize("name", [n for n, _ in typed_commands(get_command(app))])
def test_command(name: str) -> None:
    assert is_documented(name)


@pytest.mark.parametrize("option", sorted(typed_options() - {"--help"}))
def test_option(option: str) -> None:
    assert is_documented(option)


@pytest.mark.parametrize("name", list(slash_commands()))
def test_slash_command(name: str) -> None:
    assert is_documented(name)


def test_the_lists_are_not_empty() -> None:
    assert len(list(typed_commands(get_command(app)))) >= 13
    assert {"--once", "--json", "--guild", "--config"} <= typed_options()
    assert {"/setup", "/policy show", "/pause"} <= set(slash_commands())
    assert not is_documented("--frobnicate")


@pytest.mark.parametrize("name", [n for n in Config.model_fields if n not in ("database_url", "data_dir")])
def test_a_default_is_the_documented_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in SETTINGS:
        monkeypatch.delenv(setting, raising=False)
    default = getattr(Config(), name)
    row = next(line for line in DOCUMENTS.splitlines() if line.startswith(f"| `BEHOLDER_{name.upper()}` "))
    said = row.split("|")[2].strip().strip("`")
    assert said == ("–" if default is None else ",".join(default) if isinstance(default, tuple) else str(default))


# --- docs/add-a-provider.md -----------------------------------------------------------------------------------

GUIDE = (ROOT / "docs" / "add-a-provider.md").read_text(encoding="utf-8")
QUOTED = [dedent(code) for code in re.findall(r"^ *```python\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)]
GAP = "…"


def pieces(code: str) -> tuple[Path, list[str]]:
    """The file that a quotation names, and what stands between its gaps."""
    source, _, quoted = code.partition("\n")
    return ROOT / source.removeprefix("# "), re.split(rf"^ *{GAP}\n", quoted, flags=re.MULTILINE)


def is_quoted_from(text: str, parts: list[str]) -> bool:
    """Whether the parts stand in the text, whole lines of it, one after another; a method stands deeper there."""
    if parts and parts[0].startswith("def ") and "(self" in parts[0].partition("\n")[0]:
        parts = [indent(part, "    ") for part in parts]
    at = 0
    for part in parts:
        found = f"\n{text}".find(f"\n{part}", at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@pytest.mark.parametrize("code", QUOTED, ids=lambda code: code.split("\n")[0])
def test_the_guide_shows_the_code_as_it_is(code: str) -> None:
    file, parts = pieces(code)
    text = file.read_text(encoding="utf-8")
    assert is_quoted_from(text, parts)
    assert not is_quoted_from(text.replace(parts[-1], ""), parts), "nor would it be noticed where it is gone"


def test_every_file_of_the_guide_is_there() -> None:
    named = set(re.findall(r"`((?:bot|docs|policies|providers|tests)/[\w./-]+)`", GUIDE))
    assert len(named) > 15
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_test_of_the_guide_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", GUIDE))
    code = "\n".join(f.read_text(encoding="utf-8") for f in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 8
    assert {name for name in named if f"def {name}(" not in code} == set()


def test_the_guide_knows_every_error() -> None:
    kinds = {k for k, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.ProviderError)}
    assert {kind for kind in kinds - {"Refused"} if f"`{kind}`" not in GUIDE} == set()


@pytest.mark.parametrize("name", [name for name in COSTS_MONEY if name != "local"])
def test_every_vendor_has_its_page(name: str) -> None:
    """Whom a picture is shown to must be told before it is shown."""
    assert (ROOT / "docs" / "providers" / f"{name}.md").read_text(encoding="utf-8").startswith("# ")
    [listed] = (line for line in DOCUMENTS.splitlines() if line.startswith("| `BEHOLDER_PROVIDERS` "))
    assert f"`{name}`" in listed


def test_those_that_cost_money_are_all_named_wherever_they_are_listed() -> None:
    paid = ", ".join(f"`{name}`" for name, costs in COSTS_MONEY.items() if costs)
    lists = re.findall(r"(?:Those that cost money|Grants a paid provider) \(([^)]*)\)", DOCUMENTS)
    assert lists == [paid, paid]
