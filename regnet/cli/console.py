"""What commands print: results, as wide as the terminal or as a table needs, and which plugins are broken."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from regnet.errors import PluginError

if TYPE_CHECKING:
    from regnet.registry.catalog import Catalog
    from regnet.report.tables.table import Table

WIDTH_OF_A_FILE = 120


def results_console() -> Console:
    """A console on standard output that leaves numbers uncoloured."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False, markup=False)


def print_verdict(table: Table, sentence: str, record: Mapping[str, object], form: str, more: str = "") -> None:
    """Prints a table and its verdict in a form: text, markdown, latex, or json, which is the record and the verdict.

    Args:
        table: the table.
        sentence: the verdict.
        record: everything, as JSON can hold it.
        form: the form.
        more: a last line of the text, such as a command.
    """
    from regnet.report.tables.latex import escaped, latex

    if form == "json":
        print(json.dumps({**record, "verdict": sentence}, indent=1))
    elif form == "latex":
        print(f"{latex(table)}\n{escaped(sentence)}")
    elif form == "markdown":
        print(f"{table.markdown()}\n{sentence}")
    else:
        console = results_console()
        table.print(console)
        console.print()
        console.print(sentence, markup=False)
        if more:
            console.print(more, markup=False, soft_wrap=True)


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
