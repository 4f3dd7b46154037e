"""A table that can be read in a terminal and pasted into Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from rich.console import Console, OverflowMethod
from rich.table import Table as RichTable

from regnet.encoding import encodable
from regnet.escape import markdown_cell
from regnet.markdown import markdown_table


@dataclass(frozen=True)
class Table:
    """Rows of text under headings, with a title above and notes below."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def markdown(self) -> str:
        """Return the table as GitHub's Markdown; every column but the first is aligned to the right."""
        table = markdown_table(self.headings, self.rows)
        return f"**{self.title}**\n\n{table}" + "".join(f"\n\n{markdown_cell(note)}" for note in self.notes) + "\n"

    def print(self, console: Console) -> None:
        """Write the table to a terminal, its columns aligned in every encoding."""
        shown = partial(encodable, encoding=console.encoding)
        table = RichTable(title=shown(self.title), title_justify="left", title_style="bold")
        overflow: OverflowMethod = "fold" if console.options.ascii_only else "ellipsis"  # an ellipsis may become three dots
        for index, heading in enumerate(self.headings):
            table.add_column(shown(heading), justify="right" if index else "left", overflow=overflow)
        for row in self.rows:
            table.add_row(*map(shown, row))
        console.print(table)
        for note in self.notes:
            console.print(shown(note), style="dim", highlight=False)
