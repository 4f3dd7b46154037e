"""The figures of studies that are judged by one metric: which are drawn, what each is called and what it shows, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from regnet.config.build_study import assemble
from regnet.data.prepare import load_splits, prepare, set_aside
from regnet.data.targets import TASK
from regnet.errors import RegnetError
from regnet.registry.catalog import Catalog
from regnet.report.figures.curves import Drawing, curves
from regnet.report.figures.regions import regions
from regnet.report.figures.spread import spread
from regnet.report.launch_info import Material
from regnet.report.ranking import median_seed
from regnet.report.tables.format import interval
from regnet.report.tables.results import final_summary
from regnet.study.result import SPLITS, StudyResult, TrainedNetwork
from regnet.study.study import Study

TOGETHER = 2
"""Up to so many studies have all splits in one figure; of more, each split has a figure of its own."""


@dataclass(frozen=True)
class Illustration:
    """A figure and what to say of it."""

    name: str
    """Its files' name without the ending."""
    title: str
    description: str
    """What it shows, for those who do not see it."""
    figure: Figure


def distribution(material: Material, metric: str, prefix: str) -> Illustration:
    """Where every seed ended."""
    what = material.results[0].describe_metric(metric)
    return Illustration(
        f"{prefix}spread",
        f"The {what} of every seed after the last epoch",
        f"A dot for each seed, and the mean with its 95 % interval. {_ends(material, metric)}.",
        spread(material.results, material.names, metric),
    )


def learning_curves(material: Material, metric: str, prefix: str) -> Iterator[Illustration]:
    """How each metric of the task moved from epoch to epoch, that by which studies are judged first."""
    results = material.results
    splits = [split for split in SPLITS if all(f"{split}/loss" in result.history for result in results)]
    together = [tuple(splits)] if len(results) <= TOGETHER else [(split,) for split in reversed(splits)]
    judged = metric.partition("/")[2]
    measures = {name: measure for name, measure in results[0].measures.items() if not measure.axes}
    common = [name for name in measures if all(f"{splits[0]}/{name}" in result.history for result in results)]
    for short in sorted(common, key=lambda name: name != judged):
        title = measures[short].title
        for some in together:
            yield Illustration(
                f"{prefix}curves_{'_'.join(some)}_{short}",
                f"{title[:1].upper()}{title[1:]} on {' and '.join(some)} examples",
                f"The mean over the seeds, epoch by epoch, with its 95 % interval. At the end on {some[-1]} examples: "
                f"{_ends(material, f'{some[-1]}/{short}')}.",
                curves(results, short, Drawing(some, "interval", ("loss", "error_rate")), material.names),
            )


def decision_regions(material: Material, metric: str, prefix: str) -> Iterator[Illustration]:
    """What each study's median network answers over the plane, where examples are points in one and weights were kept."""
    for place, (result, name) in enumerate(zip(material.results, material.names, strict=True), start=1):
        seed, study = median_seed(result, metric), _study(result, material.catalog)
        if seed is None or study is None or study.features != 2 or TASK[study.coding] != "classification":
            continue
        weights = material.origin.weights(result, seed)
        if weights is None:
            continue
        splits, validation = set_aside(load_splits(study.dataset, seed), study.validation, seed, redraw=study.dataset.redraw)
        data = prepare(splits, study.normalization, study.coding, study.dtype, validation)
        trained = TrainedNetwork(study.network, seed, weights, data)
        value = result.measure(metric).show(float(result.history[metric][result.seeds.index(seed), -1]))
        yield Illustration(
            f"{prefix}regions_{place}",
            f"Seed {seed} of {name}",
            f"The plane by the class that the trained network answers, and the test examples it is wrong on: {value}.",
            regions(trained, study.dataset, splits.test, name),
        )


def _study(result: StudyResult, catalog: Catalog) -> Study | None:
    """The study as its configuration describes it; None where a plugin of its is not here."""
    try:
        return assemble({**result.config, "plugins": None}, catalog)
    except RegnetError:
        return None


def _ends(material: Material, metric: str) -> str:
    """Each study's mean and interval in words."""
    return "; ".join(f"{name} {_end(result, metric)}" for result, name in zip(material.results, material.names, strict=True))


def _end(result: StudyResult, metric: str) -> str:
    summary = final_summary(result, metric)
    if summary is None:
        return "failed with every seed"
    measure = result.measure(metric)
    around = interval(measure, summary.low, summary.high) if summary.n > 1 else "(one seed)"
    return f"{measure.show(summary.mean)} {around}"
