"""Which studies, and which of their seeds, to show if there are too many to show all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regnet.study.final import final_summary, final_values
from regnet.study.result import StudyResult

MOST = 8
"""The most studies in a figure; with more, the lines cannot be distinguished."""


def best_studies(results: Sequence[StudyResult], metric: str, most: int = MOST) -> list[int]:
    """Return the indices of the studies with the best final mean, in the order given; studies whose seeds all failed rank last."""
    if not results:
        return []
    summaries = [final_summary(result, metric) for result in results]
    sign = 1 if results[0].measure(metric).smaller_is_better else -1
    ends = [np.inf if summary is None else sign * summary.mean for summary in summaries]
    return sorted(np.argsort(ends, kind="stable")[:most].tolist())


def median_seed(result: StudyResult, metric: str) -> int | None:
    """Return the seed with the median final value among those that did not fail, of two the better; None if all failed."""
    values = final_values(result, metric)
    sign = 1 if result.measure(metric).smaller_is_better else -1
    ranked = sorted(values, key=lambda seed: sign * values[seed])
    return ranked[(len(ranked) - 1) // 2] if ranked else None
