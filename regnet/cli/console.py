"""Where results are printed: as wide as the terminal, or wide enough for a table where there is none."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

WIDTH_OF_A_FILE = 120


def results_console() -> Console:
    """A console on standard output that leaves numbers uncoloured."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False, markup=False)


def print_written(console: Console, folder: Path, files: Sequence[Path]) -> None:
    """Says where a report is: its documents by name, its figures by their number."""
    documents = [path.name for path in files if path.suffix in (".html", ".md")]
    figures = len({path.stem for path in files if path.name not in documents})
    rest = [f"{figures} figures"] if figures else []
    console.print(f"Written to {folder}: {', '.join([*documents, *rest])}")
