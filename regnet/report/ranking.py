"""Which studies, and which of their seeds, stand for the others where not all can be shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regnet.report.tables.results import final_summary
from regnet.study.result import StudyResult

MOST = 8
"""Studies in a figure: of more, the lines can no longer be told apart."""


def best_studies(results: Sequence[StudyResult], metric: str, most: int = MOST) -> list[int]:
    """The places of the studies that end best on average, in the order given; before them none of which every seed failed."""
    if not results:
        return []
    summaries = [final_summary(result, metric) for result in results]
    sign = 1 if results[0].measure(metric).smaller_is_better else -1
    ends = [np.inf if summary is None else sign * summary.mean for summary in summaries]
    return sorted(np.argsort(ends, kind="stable")[:most].tolist())


def median_seed(result: StudyResult, metric: str) -> int | None:
    """The seed that ends in the middle of those that did not fail, of two the better one; None if all failed."""
    good = result.succeeded[metric].dropna()
    good = good.sort_values(kind="stable", ascending=result.measure(metric).smaller_is_better)
    return None if good.empty else int(good.index[(len(good) - 1) // 2])
