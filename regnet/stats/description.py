"""The full description of a sample: its center, its spread, their uncertainty, and which seeds are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, sqrt

import numpy as np

from regnet.stats.bootstrap import bootstrap_interval, fewest, middle_interval
from regnet.stats.interval import Interval
from regnet.stats.measure import UNBOUNDED, Measure
from regnet.stats.outlying import far
from regnet.stats.sample import Sample
from regnet.stats.skewness import skewness_that_matters
from regnet.stats.summary import independent, summarize


@dataclass(frozen=True)
class Description:
    """One metric of a study over its seeds; all but `failed` is computed from the seeds that did not fail."""

    name: str
    n: int
    failed: int
    mean: float
    std: float | None
    """The standard deviation, with n - 1; None if n is 1."""
    standard_error: float | None
    """Of the mean: ``std √(1/n + overlap)``, see `Sample.overlap`; None if n is 1."""
    median: float
    interquartile_mean: float
    """The mean of the middle half of the values."""
    middle_interval: Interval | None
    """The bootstrap interval of the interquartile mean; None where there is no `bootstrap`."""
    student: Interval | None
    """Student's t interval for the mean, cut at the measure's bounds; None if n is 1 or all values are equal."""
    bootstrap: Interval | None
    """The bootstrap interval, between the smallest and the largest value; None for fewer seeds than its level needs, and for runs
    that are not independent."""
    notes: tuple[str, ...]
    """What the numbers leave out, such as failed seeds and cut intervals."""


def describe(sample: Sample, rng: np.random.Generator, measure: Measure = UNBOUNDED, *, level: float = 0.95) -> Description:
    """Describe a sample; `rng` draws the bootstrap's resamples, `measure` gives the bounds of the values.

    Student's interval is exact for normal values and ignores bounds: the part beyond them is cut off, and a note says so. The
    coverage stays the same, since the true mean lies within the bounds. For log-normal values with σ = 0.5 it is 91 to 95 %, and
    with σ = 1 82 to 92 %; a note says if the values are seen to be skewed, which few values seldom are. With rare runs far from the
    rest, such as dead networks, the interval covers the mean of the others until one is seen; the tables name those that are.

    Raises:
        SampleError: every seed failed, or there are no seeds.

    Source for the interquartile mean: Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice",
    NeurIPS 2021.
    """
    from scipy import stats

    sample.require_some()
    values = np.asarray(sample.values, dtype=float)
    short = summarize(values, level, sample.overlap)
    spread = None if isnan(short.std) else short.std
    resampled = short.n >= fewest(level) and not sample.overlap and short.std > 0
    whole = None if spread is None or spread == 0 else Interval(short.low, short.high, level)
    return Description(
        name=sample.name,
        n=short.n,
        failed=len(sample.failures),
        mean=short.mean,
        std=spread,
        standard_error=None if spread is None else spread / sqrt(independent(short.n, sample.overlap)),
        median=float(np.median(values)),
        interquartile_mean=float(stats.trim_mean(values, 0.25)),
        middle_interval=middle_interval(values, rng, level=level) if resampled else None,
        student=whole and whole.cut(measure.smallest, measure.largest),
        bootstrap=bootstrap_interval(values, rng, level=level) if resampled else None,
        notes=tuple(_notes(sample, whole, measure, level)),
    )


def _notes(sample: Sample, whole: Interval | None, measure: Measure, level: float) -> Iterator[str]:
    n = len(sample.seeds)
    planned = n + len(sample.lacking)
    if sample.worst:
        yield f"{len(sample.worst)} of {planned} seeds failed and count as the worst value"
    if sample.failures:
        yield f"{len(sample.failures)} of {planned} seeds failed and are not in these numbers"
    if sample.undefined:
        yield f"for {len(sample.undefined)} of {planned} seeds the metric is undefined, and they are not in these numbers"
    for state, count in Counter(state.partition(":")[0] for state in sample.unfinished.values()).items():
        yield f"{count} of {planned} seeds {'is' if count == 1 else 'are'} {state} and not in these numbers"
    if n == 1:
        yield "one seed only: it gives no interval"
    elif whole is None:
        yield "all seeds have the same value: it gives no interval"
    elif (skewness := _skewness(sample)) is not None:
        yield (
            f"the values are skewed (skewness {skewness:+.2g}): Student's interval for the mean of such values covers it less "
            f"often than in {100 * level:.4g} %"
        )
    low, high = measure.smallest, measure.largest
    if whole and whole.cut(low, high) != whole:
        yield f"Student's interval reaches beyond what the metric can be, and is cut at {low:g} and {high:g}"


def _skewness(sample: Sample) -> float | None:
    """Return the skewness of the values if it matters; None if it comes from unusual runs, which the tables name."""
    values = np.asarray(sample.values, dtype=float)
    return None if sample.unlearned or len(far(values)) else skewness_that_matters(values)
