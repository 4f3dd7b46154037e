"""The page: a launch's report as one HTML file that needs nothing else, neither other files nor a network."""

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
    """What each of several choices does."""

    tables: tuple[Table, ...]
    figure: Illustration


@dataclass(frozen=True)
class Commands:
    """How to run the studies again."""

    lines: tuple[str, ...]
    typed: bool = False
    """Whether it is the launch's own command; else they are made from the configurations."""
    problem: str = ""
    """Why there are none."""


@dataclass(frozen=True)
class Page:
    """All that a page says, in this order."""

    title: str
    answer: tuple[str, ...]
    """What came out, in a few sentences."""
    effects: Effects | None
    chapters: tuple[Chapter, ...]
    reported: tuple[Illustration, ...]
    """The report's own figures, drawn anew."""
    facts: Mapping[str, str]
    """What is to be known beside the settings."""
    differing: Table | None
    shared: Table
    again: Commands

    @property
    def figures(self) -> tuple[Illustration, ...]:
        """Every figure."""
        own = (self.effects.figure,) if self.effects else ()
        return (*own, *(one for chapter in self.chapters for one in chapter.figures), *self.reported)


def write_page(page: Page, folder: Path) -> list[Path]:
    """Writes the page and each of its figures, as PNG and as SVG, into a folder that exists; returns the files' paths."""
    drawn = [path for one in page.figures for path in save(one.figure, folder, one.name)]
    (folder / PAGE).write_text(_render(page, folder), encoding="utf-8", errors=SUBSTITUTE)
    return [folder / PAGE, *drawn]


def _render(page: Page, folder: Path) -> str:
    """The page as HTML, with the drawings in the folder; whatever stands in a configuration is text to it."""

    def svg(one: Illustration) -> Markup:
        return Markup(inline((folder / f"{one.name}.svg").read_text(encoding="utf-8"), one.name, one.title, one.description))

    environment = Environment(
        loader=PackageLoader("regnet.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(page=page, svg=svg, pair_table=pair_table, sentences=sentences)
