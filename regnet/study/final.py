"""What a study ended with: the values of a metric after the last epoch, and their summary over the seeds."""

from __future__ import annotations

import math

from regnet.stats.summary import Summary, summarize
from regnet.study.result import StudyResult


def final_values(result: StudyResult, metric: str) -> dict[int, float]:
    """Return the metric after the last epoch by seed, of the seeds that did not fail and for which it is defined."""
    if metric not in result.history:
        return {}
    ends = zip(result.seeds, result.history[metric][:, -1].tolist(), strict=True)
    return {seed: value for seed, value in ends if math.isfinite(value) and seed not in result.failures}


def final_summary(result: StudyResult, metric: str) -> Summary | None:
    """Summarize `final_values`, with the interval cut at the metric's bounds; None if there are no values."""
    values = list(final_values(result, metric).values())
    return summarize(values, overlap=result.overlap(metric)).within(result.measure(metric)) if values else None
