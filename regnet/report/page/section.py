"""A chapter of the report: the studies with the same headline, in words, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass

from regnet.report.assessment import Judgement, judge
from regnet.report.launch_info import Material
from regnet.report.page.figures import Illustration, decision_regions, distribution, learning_curves, performance_profiles
from regnet.report.page.headline import answer
from regnet.report.ranking import best_studies
from regnet.report.tables.metrics import metric_tables
from regnet.report.tables.results import comparison
from regnet.report.tables.table import Table


@dataclass(frozen=True)
class Chapter:
    """The content about the studies of one task."""

    metric: str
    """The headline in words."""
    answer: tuple[str, ...]
    """The result in a few sentences."""
    results: Table
    metrics: tuple[Table, ...]
    """Tables of the other metrics."""
    shown: str
    """Which studies the figures show; empty if they show all."""
    distribution: Illustration | None
    """None if nothing was measured; then there are no other figures either."""
    profile: Illustration | None
    """None if no study has several seeds."""
    curves: tuple[Illustration, ...]
    regions: tuple[Illustration, ...]
    judgement: Judgement

    @property
    def figures(self) -> tuple[Illustration, ...]:
        """All figures, in the order in which the page shows them."""
        return (*filter(None, [self.distribution, self.profile]), *self.curves, *self.regions)


def write_chapter(material: Material, metric: str, prefix: str, *, published: bool) -> Chapter:
    """Make the chapter of studies with the same headline.

    Args:
        material: the studies.
        metric: their headline.
        prefix: the start of the figures' names.
        published: whether to include the paper's Table I.
    """
    measured = material.of(index for index, result in enumerate(material.results) if metric in result.history)
    drawn = measured.of(best_studies(measured.results, metric))
    count, total = len(drawn.results), len(material.results)
    judgement = judge(material.names, material.results, metric)
    title = material.results[0].describe_metric(metric)
    superlative = material.results[0].measure(metric).superlative
    return Chapter(
        metric=title,
        answer=tuple(answer(material, metric, judgement)),
        results=comparison(material.results, material.names, published=published),
        metrics=tuple(metric_tables(material.results, material.names)),
        shown="" if count == total else f"The figures show the {count} studies of {total} with the {superlative} {title}.",
        distribution=distribution(drawn, metric, prefix) if count else None,
        profile=performance_profiles(drawn, metric, prefix) if count else None,
        curves=tuple(learning_curves(drawn, metric, prefix)) if count else (),
        regions=tuple(decision_regions(drawn, metric, prefix)),
        judgement=judgement,
    )
