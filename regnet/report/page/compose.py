"""The composition of a page: from a launch's results to the page's content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from regnet.config.build_study import assemble
from regnet.data.prepare import load_splits
from regnet.errors import RegnetError
from regnet.report.figures import architecture, curves, points
from regnet.report.figures.effects import effects as draw_effects
from regnet.report.launch_info import Material
from regnet.report.page.figures import Illustration
from regnet.report.page.page import Commands, Effects, Page
from regnet.report.page.rerun_command import commands
from regnet.report.page.section import write_chapter
from regnet.report.page.settings import circumstances, differing, shared
from regnet.report.paper.attribution import Attribution
from regnet.report.tables.results import by_metric
from regnet.report.tables.table import Table

TITLES = {"table1": "Table I, made anew", "attribution": "What explains the gap in Table I?"}
PAPER_FIGURES = ("figures", "table1")
"""The kinds of report that show the paper's Figures 1 to 4."""
NAMED = 3
"""The most settings that a title names."""


def compose(material: Material, kind: str, effects: Attribution | None = None, sequential: Sequence[Table] = ()) -> Page:
    """Return the page about a launch.

    Args:
        material: its studies.
        kind: the kind of report.
        effects: the effects of several choices, if the launch was made to measure them.
        sequential: what the looks of ``seeds=auto`` have shown.
    """
    groups, settings = by_metric(material.results), differing(material)
    chapters = [
        write_chapter(
            material.of(indices),
            metric,
            prefix="" if len(groups) == 1 else f"{metric.rpartition('/')[2]}_",
            published=kind == "table1",
        )
        for metric, indices in groups.items()
    ]
    return Page(
        title=TITLES.get(kind) or _title(material, settings),
        answer=effects.clearest.answer if effects else tuple(sentence for chapter in chapters for sentence in chapter.answer),
        effects=_effects(effects) if effects else None,
        sequential=tuple(sequential),
        chapters=tuple(chapters),
        paper=tuple(_paper_figures(material, next(iter(groups)))) if kind in PAPER_FIGURES else (),
        facts=circumstances(material),
        differing=settings,
        shared=shared(material),
        rerun=_rerun(material),
    )


def _title(material: Material, settings: Table | None) -> str:
    if settings is None:
        return material.names[0]
    swept = settings.headings[1:]
    by = f", by {' and '.join(swept)}" if len(swept) <= NAMED else ""
    return f"{len(material.results)} studies{by}"


def _rerun(material: Material) -> Commands:
    if material.origin.command:
        return Commands((material.origin.command,), typed=True)
    try:
        return Commands(tuple(commands(material.results, material.catalog)))
    except RegnetError as error:  # a plugin that the launch used is not installed
        return Commands((), problem=str(error))


def _effects(found: Attribution) -> Effects:
    shown = found.clearest
    values = "; ".join(f"{row[0]}: {row[1]} {row[2]}" for row in shown.table.rows)
    figure = draw_effects(shown.effects, shown.labels)
    return Effects(found.tables, Illustration("effects", shown.title, f"Each effect with its interval. {values}.", figure))


def _paper_figures(material: Material, metric: str) -> Iterator[Illustration]:
    """Yield the paper's Figures 1 to 4, drawn from the first study, which is the hand-built one in `table1`."""
    first, name, short = material.results[0], material.names[0], metric.rpartition("/")[2]
    study = assemble({**first.config, "plugins": None}, material.catalog)  # with the plugins that are loaded now
    layers = {entry.component: entry.name for claims in material.catalog.entries["layer"].values() for entry in claims}
    chain = ", ".join(layers.get(type(layer), type(layer).__name__) for layer in study.network.layers)
    yield Illustration(
        "figure1_architecture",
        f"Figure 1: the network of {name}",
        f"Its layers from left to right: {chain}.",
        architecture(study.network, study.features, layers),
    )
    seed = min(first.seeds, key=lambda seed: seed in first.faults)  # the first whose data could be loaded
    data = points(load_splits(study.dataset, seed, study.streams).train, study.dataset)
    if data is not None:
        yield Illustration("figure2_data", "Figure 2: the training data", f"The examples of seed {seed}, by class.", data)
    for number, quantity in ((3, "loss"), (4, short)):
        yield Illustration(
            f"figure{number}_{quantity}",
            f"Figure {number}: {quantity.replace('_', ' ')} of {name}",
            "The mean over the seeds, on the training and on the test examples, with one standard deviation to either side.",
            curves(first, quantity),
        )
