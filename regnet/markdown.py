"""Tables in Markdown, as GitHub and MLflow show them."""

from __future__ import annotations

from collections.abc import Sequence

from regnet.escape import markdown_cell


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under headings as a Markdown table; every column but the first is aligned to the right."""
    ruler = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(map(markdown_cell, row))} |" for row in (headings, ruler, *rows))
