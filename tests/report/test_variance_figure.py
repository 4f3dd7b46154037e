"""The figure of the sources of randomness: what it shows, and that nothing is cut off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from regnet.report.figures.saving import save
from regnet.report.figures.variance import variance
from regnet.report.variance import Sources
from regnet.rng import SOURCES
from regnet.stats.variance_shares import design, variance_shares
from tests.measures import ERROR_RATE


def given(k: int) -> Sources:
    first, other = np.random.default_rng(k).normal(size=(2, 20, k))
    scale = 0.01 / np.arange(k, 0, -1)  # the last source is the largest
    found = variance_shares(np.stack([np.where(row, other, first) @ scale for row in design(k)]), design(k))
    return Sources(
        SOURCES[:k], found, "test/error_rate", "test error rate", ERROR_RATE, "disc", "", tuple(range(20)), {}, len(design(k)), None
    )


def points(figure: Figure, index: int) -> np.ndarray:
    return np.asarray(figure.axes[0].lines[index].get_xdata(), dtype=float)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_shares_with_their_intervals(k: int) -> None:
    sources = given(k)
    figure = variance(sources)
    order = np.argsort([-share.with_interactions.value for share in sources.found.sources])
    shares = [sources.found.sources[index] for index in order]
    assert points(figure, 0) == pytest.approx(100 * np.clip([share.with_interactions.value for share in shares], 0, 1))
    assert points(figure, 1) == pytest.approx(100 * np.clip([share.alone.value for share in shares], 0, 1))
    lines = [part for part in figure.axes[0].collections if isinstance(part, LineCollection)]
    for part, kind in zip(lines, ("with_interactions", "alone"), strict=True):
        drawn = [segment[:, 0].tolist() for segment in part.get_segments() if len(segment)]
        intervals = [found for share in shares if (found := getattr(share, kind).interval)]
        assert len(intervals) == (k if k > 1 else 0)
        assert drawn == [pytest.approx([100 * interval.low, 100 * interval.high]) for interval in intervals]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert [label.partition("\n")[0].split()[0] for label in labels] == ["the"] * k
    assert labels[0].endswith(f"std {ERROR_RATE.gap(shares[0].std)}")


def test_no_text_is_cut_off_or_overlaps() -> None:
    figure = variance(given(5))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes = figure.axes[0]
    texts = [*axes.get_yticklabels(), *axes.get_xticklabels(), axes.xaxis.label, *figure.legends[0].get_texts()]
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in texts if text.get_text()]
    assert not [(a, b) for index, a in enumerate(boxes) for b in boxes[:index] if a.overlaps(b)]
    for box in boxes:
        assert figure.bbox.fully_containsx(box.x0)
        assert figure.bbox.fully_containsx(box.x1)
        assert figure.bbox.fully_containsy(box.y0)
        assert figure.bbox.fully_containsy(box.y1)


def test_saved(tmp_path: Path) -> None:
    first, second = (save(variance(replace(given(3), title=r"$x_ rate")), tmp_path / name, "variance") for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
