"""The page: a launch's report as one self-contained HTML file, which needs neither other files nor a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from regnet.encoding import SUBSTITUTE
from regnet.report.figures import save
from regnet.report.figures.inline import inline
from regnet.report.page.figures import Illustration
from regnet.report.page.section import Chapter
from regnet.report.tables.comparisons import pair_table, sentences
from regnet.report.tables.table import Table

TEMPLATE = "page.html.jinja"
PAGE = "report.html"


@dataclass(frozen=True)
class Effects:
    """The effects of several choices."""

    tables: tuple[Table, ...]
    figure: Illustration


@dataclass(frozen=True)
class Commands:
    """How to run the studies again."""

    lines: tuple[str, ...]
    typed: bool = False
    """Whether this is the launch's command line; otherwise the commands are made from the configurations."""
    problem: str = ""
    """Why there are no commands."""


@dataclass(frozen=True)
class Page:
    """The content of a page, in this order."""

    title: str
    answer: tuple[str, ...]
    """The result in a few sentences."""
    effects: Effects | None
    sequential: tuple[Table, ...]
    """What the looks of ``seeds=auto`` have shown."""
    chapters: tuple[Chapter, ...]
    paper: tuple[Illustration, ...]
    """The paper's figures, redrawn."""
    facts: Mapping[str, str]
    """Facts about the launch besides the settings, by name."""
    differing: Table | None
    shared: Table
    rerun: Commands

    @property
    def figures(self) -> tuple[Illustration, ...]:
        """Every figure."""
        effects = (self.effects.figure,) if self.effects else ()
        return (*effects, *(figure for chapter in self.chapters for figure in chapter.figures), *self.paper)


def write_page(page: Page, folder: Path) -> list[Path]:
    """Write the page and each of its figures, as PNG and SVG, into an existing folder; return the files' paths."""
    drawn = [path for shown in page.figures for path in save(shown.figure, folder, shown.name)]
    (folder / PAGE).write_text(_render(page, folder), encoding="utf-8", errors=SUBSTITUTE)
    return [folder / PAGE, *drawn]


def _render(page: Page, folder: Path) -> str:
    """Return the page as HTML with the SVG files in the folder; values from configurations are escaped."""

    def svg(figure: Illustration) -> Markup:
        drawing = (folder / f"{figure.name}.svg").read_text(encoding="utf-8")
        return Markup(inline(drawing, figure.name, figure.title, figure.description))

    environment = Environment(
        loader=PackageLoader("regnet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(page=page, svg=svg, pair_table=pair_table, sentences=sentences)
