"""The vendors' books beside the bot's: they must agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from rich.table import Table
from rich.text import Text

from bot.sandbox.vendors import Books

COST = "beholder_provider_cost_total"
NOTHING = 1e-9
TITLES = ("vendor", "asked", "answered", "charged", "by its books", "at most in doubt", "as the bot counted", "")


@dataclass(frozen=True, slots=True)
class Account:
    """One vendor: what it wrote down, and what the bot counted, in US dollars."""

    name: str
    books: Books
    counted: float

    @property
    def agrees(self) -> bool:
        """Whether both name the same cost, or the bot counted more and no more than it had to doubt."""
        return -NOTHING < self.counted - self.books.cost < self.books.doubtful + NOTHING


def compared(books: Mapping[str, Books], metrics: str) -> list[Account]:
    """Each vendor's account. `metrics`: what the bot's `/metrics` says."""
    samples = [s for family in text_string_to_metric_families(metrics) for s in family.samples if s.name == COST]
    counted = {sample.labels["provider"]: sample.value for sample in samples}
    return [Account(name, kept, counted.get(name, 0.0)) for name, kept in books.items()]


def settled(accounts: Sequence[Account]) -> Table:
    """All of them as a table."""
    drawn = Table(box=None, padding=(0, 3, 0, 0))
    for n, title in enumerate(TITLES):
        drawn.add_column(title, justify="left" if n in (0, len(TITLES) - 1) else "right")
    for account in accounts:
        books = account.books
        verdict = Text("✓", style="green") if account.agrees else Text("✗ they differ", style="bold red")
        sums = (f"US$ {books.cost:.4f}", f"US$ {books.doubtful:.4f}", f"US$ {account.counted:.4f}")
        drawn.add_row(account.name, str(books.asked), str(books.answered), books.charged, *sums, verdict)
    return drawn
