"""What commands print: results, as wide as the terminal or as a table needs, and which plugins are broken."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from regnet.errors import PluginError

if TYPE_CHECKING:
    from regnet.registry.catalog import Catalog

WIDTH_OF_A_FILE = 120


def results_console() -> Console:
    """A console on standard output that leaves numbers uncoloured."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False, markup=False)


def print_written(console: Console, folder: Path, files: Sequence[Path]) -> None:
    """Prints where a report is: its documents by name, its figures by their number."""
    documents = [path.name for path in files if path.suffix in (".html", ".md")]
    figures = len({path.stem for path in files if path.name not in documents})
    rest = [f"{figures} figures"] if figures else []
    console.print(f"Written to {folder}: {', '.join([*documents, *rest])}")


def print_broken(catalog: Catalog, *, strict: bool) -> None:
    """Prints what is wrong with each broken plugin, once a command; with `strict`, raises PluginError."""
    if strict and catalog.broken:
        raise PluginError("--strict: " + "; ".join(map(str, catalog.broken)))
    for broken in catalog.broken:
        Console(stderr=True).print(f"regnet: {broken}", style="yellow", soft_wrap=True, highlight=False, markup=False)


@contextmanager
def messages_last() -> Iterator[None]:
    """Context manager that shows log messages at its end, behind what is printed within it; warnings are shown at once."""
    root = logging.getLogger()
    handlers, kept = root.handlers[:], _Kept(root.handlers)
    root.handlers = [kept]
    try:
        yield
    finally:
        root.handlers = handlers
        for record in kept.records:
            root.handle(record)


class _Kept(logging.Handler):
    def __init__(self, handlers: Sequence[logging.Handler]) -> None:
        super().__init__()
        self.handlers = list(handlers)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno < logging.WARNING:
            self.records.append(record)
            return
        for handler in self.handlers:
            if record.levelno >= handler.level:
                handler.handle(record)
