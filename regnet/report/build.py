"""Building a report: writing the tables and, if a launch's `report` setting asks for it, a page with figures into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from regnet.encoding import SUBSTITUTE
from regnet.launch_folder.looks import Looks
from regnet.registry.catalog import Catalog
from regnet.report.launch_info import Material, Origin
from regnet.report.paper.attribution import attribution
from regnet.report.tables.metrics import metric_tables
from regnet.report.tables.results import by_metric, comparison
from regnet.report.tables.sequential import sequential_tables
from regnet.report.tables.table import Table
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

TABLES = "table.md"
PAGES = ("page", "figures", "table1", "attribution")
"""The kinds of report that have figures and a page, which take seconds to draw; a table does not."""


@dataclass(frozen=True)
class Report:
    """The tables and files made from a launch's results."""

    tables: tuple[Table, ...]
    files: tuple[Path, ...]
    """The tables as Markdown; the page, and its figures as PNG and SVG."""


def build_report(  # noqa: PLR0913  # the last two have names
    results: Sequence[StudyResult],
    kind: str,
    folder: Path,
    catalog: Catalog,
    origin: Origin | None = None,
    *,
    looks: Looks | None = None,
) -> Report:
    """Make a report and write its files.

    Args:
        results: the launch's studies.
        kind: "table", "page", "figures", "table1" or "attribution".
        folder: where to write; created if it does not exist.
        catalog: the components that the configurations name.
        origin: where the results come from, which a page shows; not needed for tables.
        looks: what was shown with ``seeds=auto``.

    Raises:
        ConfigError: this kind of report cannot be made from these results.
    """
    names = study_labels(results)
    sequential = [] if looks is None else sequential_tables(results, looks)
    tables = [*sequential]
    for indices in by_metric(results).values():
        studies, labels = [results[index] for index in indices], [names[index] for index in indices]
        tables += [comparison(studies, labels, published=kind == "table1"), *metric_tables(studies, labels)]
    effects = attribution(results) if kind == "attribution" else None
    if effects:
        tables += effects.tables
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLES).write_text("\n".join(table.markdown() for table in tables), encoding="utf-8", errors=SUBSTITUTE)
    if kind not in PAGES:
        return Report(tuple(tables), (folder / TABLES,))
    from regnet.report.page.compose import compose
    from regnet.report.page.page import write_page

    assert origin is not None
    material = Material(results, names, origin, catalog)
    return Report(tuple(tables), (folder / TABLES, *write_page(compose(material, kind, effects, sequential), folder)))
