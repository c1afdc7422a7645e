"""The house rules that no linter knows."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_no_file_of_ours_is_too_long_to_read() -> None:
    files = [f for room in ("policies", "providers", "bot") for f in (ROOT / room).rglob("*.py")]
    assert files
    long = {str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text().splitlines())) > 500}
    assert long == {}
