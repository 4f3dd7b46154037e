"""A chapter of the report: the studies that are judged by one metric, in words, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass

from regnet.report.judgement import Judgement, judge
from regnet.report.launch_info import Material
from regnet.report.page.figures import Illustration, decision_regions, distribution, learning_curves
from regnet.report.page.headline import answer
from regnet.report.ranking import best_studies
from regnet.report.tables.metrics import metric_tables
from regnet.report.tables.results import comparison
from regnet.report.tables.table import Table


@dataclass(frozen=True)
class Chapter:
    """What is said of the studies of one task."""

    metric: str
    """In words."""
    answer: tuple[str, ...]
    """In a few sentences."""
    results: Table
    metrics: tuple[Table, ...]
    """What was measured besides."""
    shown: str
    """Which studies the figures show, where those are not all."""
    distribution: Illustration | None
    """None where nothing was measured, and so nothing else is drawn either."""
    curves: tuple[Illustration, ...]
    regions: tuple[Illustration, ...]
    judgement: Judgement

    @property
    def figures(self) -> tuple[Illustration, ...]:
        """All of them, in the order in which they come."""
        return (*filter(None, [self.distribution]), *self.curves, *self.regions)


def write_chapter(material: Material, metric: str, prefix: str, *, published: bool) -> Chapter:
    """Puts together what there is to say of studies that are all judged by one metric.

    Args:
        material: the studies.
        metric: what they are judged by.
        prefix: what the figures' names begin with.
        published: whether the report's Table I stands beside them.
    """
    measured = material.of(place for place, result in enumerate(material.results) if metric in result.history)
    drawn = measured.of(best_studies(measured.results, metric))
    count, of = len(drawn.results), len(material.results)
    judgement = judge(material, metric)
    what = material.results[0].describe_metric(metric)
    superlative = material.results[0].measure(metric).superlative
    return Chapter(
        metric=what,
        answer=tuple(answer(material, metric, judgement)),
        results=comparison(material.results, material.names, published=published),
        metrics=tuple(metric_tables(material.results, material.names)),
        shown="" if count == of else f"The figures show the {count} studies of {of} with the {superlative} {what}.",
        distribution=distribution(drawn, metric, prefix) if count else None,
        curves=tuple(learning_curves(drawn, metric, prefix)) if count else (),
        regions=tuple(decision_regions(drawn, metric, prefix)),
        judgement=judgement,
    )
