"""The spread of a metric's final values over seeds: a point for each seed, a row for each study, the mean and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regnet.report.figures.curves import axis_label
from regnet.report.figures.style import INK, SMALL, new_figure, scale_logarithmically, study_colour, styled
from regnet.study.final import final_summary, final_values
from regnet.study.result import StudyResult

ROW = 0.6
"""Inches for each study: its name and, below, its points."""
WIDTH = 5.0
LENGTH = 74
"""The most characters of a study's name."""
BINS = 40
THICKNESS = 0.4
"""The share of a row's height that the points fill where they are densest."""
MEAN = 0.3
"""The distance of a study's mean below its points."""
FAR = 8
"""If a value is at least this many times a study's median, the scale is logarithmic."""
MANY = 2000
"""More points than this are drawn as a bitmap inside the SVG."""


@styled()
def spread(results: Sequence[StudyResult], names: Sequence[str], metric: str) -> Figure:
    """Draw the final value of a metric for every seed that did not fail, and each study's mean with its 95 % interval.

    Vertical offsets only separate the points, and are larger where there are more seeds. Error rates are in percent.

    Args:
        results: the studies, from top to bottom, in the colours of their curves.
        names: their labels.
        metric: the metric's full name, such as ``test/error_rate``.
    """
    split, _, _ = metric.partition("/")
    measure = results[0].measure(metric)
    figure = new_figure(WIDTH, 0.75 + ROW * len(results))
    axes = figure.add_subplot(xlabel=f"{split} {axis_label(measure)} after the last epoch")
    samples = [measure.scale * np.array(list(final_values(result, metric).values())) for result in results]
    crowded = sum(map(len, samples)) > MANY
    if is_wide([sample for sample in samples if len(sample)]):
        scale_logarithmically(axes, "x")
    for index, (sample, result, name) in enumerate(zip(samples, results, names, strict=True)):
        axes.annotate(*_title(name, result, index), fontsize=SMALL, va="center", annotation_clip=False)
        if summary := final_summary(result, metric):
            _draw_points(axes, index, sample, rasterized=crowded)
            _draw_mean(axes, index, measure.scale * np.array([summary.low, summary.mean, summary.high]))
    axes.set(ylim=(len(results) - 0.5, -0.6), yticks=[])
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    figure.supxlabel("dots: seeds; below them their mean and its 95 % interval", fontsize=SMALL)
    return figure


def _title(name: str, result: StudyResult, index: int) -> tuple[str, tuple[float, float], tuple[float, float], tuple[str, str]]:
    """Return the text above a study's points, and its position: at the left edge, for any scale."""
    failed = f", {len(result.failures)} failed" if result.failures else ""
    count = len(result.seeds) - len(result.failures)
    text = f"{shorten(name, LENGTH, placeholder=' …')} ({count} seed{'s' * (count != 1)}{failed})"
    return text, (0, index - 0.38), (0, index - 0.38), ("axes fraction", "data")


def _draw_points(axes: Axes, index: int, sample: np.ndarray, *, rasterized: bool) -> None:
    along = np.log(sample) if axes.get_xscale() == "log" else sample
    heights = index + THICKNESS * _spread_out(along)
    axes.scatter(sample, heights, s=10, color=study_colour(index), alpha=0.6, linewidths=0, rasterized=rasterized)


def _draw_mean(axes: Axes, index: int, numbers: np.ndarray) -> None:
    """Draw the low end, the mean and the high end, ``(3,)``; for a single seed, which has no interval, only the mean."""
    low, mean, high = numbers
    axes.plot([mean], [index + MEAN], "D", color=INK, markersize=4, zorder=4)
    if np.isfinite(low):
        axes.errorbar([low, high], [index + MEAN] * 2, yerr=0.06, color=INK, linewidth=1.6)


def is_wide(samples: Sequence[np.ndarray]) -> bool:
    """Return whether the values need a logarithmic scale and are all positive."""
    if not samples or min(sample.min() for sample in samples) <= 0:
        return False
    return bool(max(sample.max() for sample in samples) >= FAR * min(np.median(sample) for sample in samples))


def _spread_out(sample: np.ndarray) -> np.ndarray:
    """Return a height from -½ to ½ for each value: spread up and down, farther where values are dense."""
    counts, edges = np.histogram(sample, bins=BINS)
    bins = np.clip(np.searchsorted(edges, sample, side="right") - 1, 0, BINS - 1)
    order = np.argsort(np.argsort(sample, kind="stable"), kind="stable")
    return np.asarray(((order * (np.sqrt(5) - 1) / 2) % 1 - 0.5) * np.sqrt(counts[bins] / counts.max()))
