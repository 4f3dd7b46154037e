"""Where results are printed: as wide as the terminal, or wide enough for a table where there is none."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_OF_A_FILE = 120


def results_console() -> Console:
    """A console on standard output that leaves numbers uncoloured."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False, markup=False)
