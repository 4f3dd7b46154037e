"""A table that can be read in a terminal and pasted into Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """Rows of text under headings, with a title above and notes below."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """The table as GitHub's Markdown; every column but the first is aligned to the right."""
        ruler = ["---", *["---:"] * (len(self.headings) - 1)]
        lines = [_line(self.headings), _line(ruler), *map(_line, self.rows)]
        return f"**{self.title}**\n\n" + "\n".join(lines) + "".join(f"\n\n{note}" for note in self.notes) + "\n"

    def print(self, console: Console) -> None:
        """Writes the table to a terminal."""
        table = RichTable(title=self.title, title_justify="left", title_style="bold")
        for place, heading in enumerate(self.headings):
            table.add_column(heading, justify="right" if place else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            console.print(note, style="dim", highlight=False)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
