"""The figures of studies with the same headline: which are drawn, with their titles and descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matplotlib.figure import Figure

from regnet.config.build_study import assemble
from regnet.data.prepare import load_examples, prepare
from regnet.data.targets import TASK
from regnet.errors import RegnetError
from regnet.registry.catalog import Catalog
from regnet.report.figures.curves import Drawing, curves
from regnet.report.figures.profile import StudyProfile, profile, study_profiles
from regnet.report.figures.regions import regions
from regnet.report.figures.spread import spread
from regnet.report.launch_info import Material
from regnet.report.ranking import median_seed
from regnet.report.tables.format import interval
from regnet.stats import Measure
from regnet.study.final import final_summary
from regnet.study.result import SPLITS, StudyResult, TrainedNetwork
from regnet.study.study import Study

TOGETHER = 2
"""The most studies whose splits share a figure; with more studies, each split has its own figure."""


@dataclass(frozen=True)
class Illustration:
    """A figure with its title and description."""

    name: str
    """The name of its files without the suffix."""
    title: str
    description: str
    """A text alternative: what the figure shows."""
    figure: Figure


def distribution(material: Material, metric: str, prefix: str) -> Illustration:
    """Return the figure of every seed's final value."""
    what = material.results[0].describe_metric(metric)
    return Illustration(
        f"{prefix}spread",
        f"The {what} of every seed after the last epoch",
        f"A dot for each seed, and the mean with its 95 % interval. {_ends(material, metric)}.",
        spread(material.results, material.names, metric),
    )


def performance_profiles(material: Material, metric: str, prefix: str) -> Illustration | None:
    """Return the figure of the share of seeds that reach each value; None if no study has several seeds, or none has a value."""
    found = study_profiles(material.results, material.names, metric)
    known = [study.profile for study in found if study.profile]
    if all(one.n < 2 for one in known) or not any(len(one.thresholds) for one in known):
        return None
    what, measure = material.results[0].describe_metric(metric), material.results[0].measure(metric)
    less, left = ("less", "left") if measure.smaller_is_better else ("more", "right")
    sentences = [
        f"Performance profiles: for every value τ, the share of a study's seeds whose final {what} is τ or {less}.",
        f"A curve further up and to the {left} is better.",
    ]
    if any(study.sample.failures for study in found):
        sentences.append("A seed that failed counts, and reaches no value.")
    if any(one.reach for one in known):
        sentences.append("With a probability of at least 95 %, a curve's band contains the whole curve of infinitely many seeds.")
    reached = "; ".join(_reached(study, measure) for study in found)
    return Illustration(
        f"{prefix}profile",
        f"The share of seeds that reach each {what}",
        f"{' '.join(sentences)} {reached}.",
        profile(material.results, material.names, metric),
    )


def _reached(study: StudyProfile, measure: Measure) -> str:
    """Return in words which values half of a study's seeds and all that did not fail reach, and how many failed."""
    if study.profile is None:
        return f"{study.name} has no finished seed"
    n, count, failed = study.profile.n, len(study.sample.seeds), len(study.sample.failures)
    wanted = {"half": 0.5, str(count) if failed else "all": count / n} if count else {}
    values = {words: study.profile.reached_by(share) for words, share in wanted.items()}
    parts = [f"{words} reach {measure.show(value)}" for words, value in values.items() if value is not None]
    lost = [f"{failed} failed, so the curve stays at {100 * count / n:.3g} % or below"] if failed else []
    return f"{study.name}, of {n} seed{'s' * (n != 1)}: {', '.join(parts + lost)}"


def learning_curves(material: Material, metric: str, prefix: str) -> Iterator[Illustration]:
    """Yield the learning curves of each metric of the task, the headline first."""
    results = material.results
    splits = [split for split in SPLITS if all(f"{split}/loss" in result.history for result in results)]
    groups = [tuple(splits)] if len(results) <= TOGETHER else [(split,) for split in reversed(splits)]
    headline = metric.partition("/")[2]
    measures = {name: measure for name, measure in results[0].measures.items() if not measure.axes}
    common = [name for name in measures if all(f"{splits[0]}/{name}" in result.history for result in results)]
    for short in sorted(common, key=lambda name: name != headline):
        title = measures[short].title
        for group in groups:
            yield Illustration(
                f"{prefix}curves_{'_'.join(group)}_{short}",
                f"{title[:1].upper()}{title[1:]} on {' and '.join(group)} examples",
                f"The mean over the seeds, epoch by epoch, with its 95 % interval. At the end on {group[-1]} examples: "
                f"{_ends(material, f'{group[-1]}/{short}')}.",
                curves(results, short, Drawing(group, "interval", ("loss", "error_rate")), material.names),
            )


def decision_regions(material: Material, metric: str, prefix: str) -> Iterator[Illustration]:
    """Yield the predictions of each study's median network over the plane, if inputs have two features and weights were kept."""
    for number, (result, name) in enumerate(zip(material.results, material.names, strict=True), start=1):
        seed, study = median_seed(result, metric), _study(result, material.catalog)
        if seed is None or study is None or study.features != 2 or TASK[study.coding] != "classification":
            continue
        weights = material.origin.weights(result, seed)
        if weights is None:
            continue
        splits, validation = load_examples(study.dataset, study.validation, seed, study.streams)
        data = prepare(splits, study.normalization, study.coding, study.dtype, validation)
        trained = TrainedNetwork(study.network, seed, weights, data)
        value = result.measure(metric).show(float(result.history[metric][result.seeds.index(seed), -1]))
        yield Illustration(
            f"{prefix}regions_{number}",
            f"Seed {seed} of {name}",
            f"The plane by the class that the trained network answers, and the test examples it is wrong on: {value}.",
            regions(trained, study.dataset, splits.test, name),
        )


def _study(result: StudyResult, catalog: Catalog) -> Study | None:
    """Return the study that the configuration describes; None if one of its plugins is not installed."""
    try:
        return assemble({**result.config, "plugins": None}, catalog)
    except RegnetError:
        return None


def _ends(material: Material, metric: str) -> str:
    """Return each study's mean and interval in words."""
    return "; ".join(f"{name} {_end(result, metric)}" for result, name in zip(material.results, material.names, strict=True))


def _end(result: StudyResult, metric: str) -> str:
    summary = final_summary(result, metric)
    if summary is None:
        return "failed with every seed"
    measure = result.measure(metric)
    around = interval(measure, summary.low, summary.high) if summary.n > 1 else "(one seed)"
    return f"{measure.show(summary.mean)} {around}"
