"""Building a report: the tables and figures that a launch's `report` setting asks for, written into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regnet.assemble import assemble
from regnet.catalog import Catalog
from regnet.data import load_splits
from regnet.report.attribution import attribution
from regnet.report.comparison import comparison, headline
from regnet.report.table import Table
from regnet.results import StudyResult


@dataclass(frozen=True)
class Report:
    """What was made of a launch's results."""

    tables: tuple[Table, ...]
    files: tuple[Path, ...]
    """The tables as Markdown, and every figure as PNG and SVG."""


def build_report(results: Sequence[StudyResult], kind: str, folder: Path, catalog: Catalog) -> Report:
    """Makes the report of that kind and writes its files: "table", "figures", "table1" or "attribution".

    Raises:
        ConfigError: the results are not those that the kind of report is about.
    """
    tables = [comparison(results, published=kind == "table1")]
    if kind == "attribution":
        tables.append(attribution(results))
    folder.mkdir(parents=True, exist_ok=True)
    markdown = folder / "table.md"
    markdown.write_text("\n".join(table.markdown() for table in tables))
    figures = _figures(results, folder, catalog) if kind in ("figures", "table1") else []
    return Report(tuple(tables), (markdown, *figures))


def _figures(results: Sequence[StudyResult], folder: Path, catalog: Catalog) -> list[Path]:
    """The report's Figures 1 to 4, drawn from the first study: the hand-built one in `table1`."""
    from regnet.report.figures import architecture, curves, points, save

    first = results[0]
    study = assemble({**first.config, "plugins": None}, catalog)  # whatever plugins it was run with, these are loaded now
    metric = headline(first).rpartition("/")[2]
    names = {entry.component: entry.name for claims in catalog.entries["layer"].values() for entry in claims}
    drawn = {
        "figure1_architecture": architecture(study.network, study.features, names),
        "figure2_data": points(load_splits(study.dataset, first.seeds[0]).train, study.dataset),
        "figure3_loss": curves(first, "loss"),
        f"figure4_{metric}": curves(first, metric),
    }
    return [path for name, figure in drawn.items() if figure is not None for path in save(figure, folder, name)]
