"""The critical-difference diagram and the table of average ranks: what they show, and that no texts overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from regnet.report.figures.critical_difference import critical_difference
from regnet.report.figures.saving import save
from regnet.report.figures.style import BLUE
from regnet.report.tables.over_data import over_data_table
from regnet.stats import Measure
from regnet.stats.over_data import OverData, compare_over_data
from regnet.stats.rank_tests import PostHoc
from tests.measures import ERROR_RATE, R_SQUARED

LONG = "optimizer=adam_with_decoupled_weight_decay, lr=0.001, layers=[linear(64), relu, linear(64)], $x_"


def compared(k: int, *, long: bool = False, post_hoc: PostHoc = "nemenyi", gap: float = 0.4, d: int = 10) -> OverData:
    values = np.random.default_rng(k).normal(size=(d, k)) + gap * np.arange(k)
    names = [f"{LONG if long else 'c'}{index}" for index in range(k)]
    return compare_over_data(values, names, smaller_is_better=True, post_hoc=post_hoc)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def bars(figure: Figure, style: str = "-") -> list[list[float]]:
    """The ends of the bars that connect configurations."""
    lines = [line for line in figure.axes[0].lines if line.get_color() == BLUE and line.get_linestyle() == style]
    return [np.asarray(line.get_xdata()).tolist() for line in lines]


def assert_clear(figure: Figure) -> None:
    """Check that no texts overlap, that no line crosses a text, and that all of them are inside the figure."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.axes[0].texts]
    assert not [(a, b) for index, a in enumerate(boxes) for b in boxes[:index] if a.overlaps(b)]
    assert not [
        line
        for line in figure.axes[0].lines
        for box in boxes
        if line.get_path().transformed(line.get_transform()).intersects_bbox(box, filled=False)
    ]
    for box in boxes:
        assert figure.bbox.fully_containsx(box.x0)
        assert figure.bbox.fully_containsx(box.x1)
        assert figure.bbox.fully_containsy(box.y0)
        assert figure.bbox.fully_containsy(box.y1)


@pytest.mark.parametrize("k", range(2, 13))
def test_texts_do_not_overlap(k: int) -> None:
    assert_clear(critical_difference(compared(k, long=True, gap=0.0)))


@pytest.mark.parametrize("k", [2, 5, 12])
def test_texts_of_short_names_do_not_overlap(k: int) -> None:
    assert_clear(critical_difference(compared(k)))


def test_many_configurations() -> None:
    assert_clear(critical_difference(compared(30, gap=0.1)))


def test_names_with_their_average_ranks() -> None:
    found = compared(5)
    written = texts(critical_difference(found))
    assert {f"c{index}  {found.average_ranks[index]:.2f}" for index in range(5)} <= set(written)
    assert {"1", "2", "3", "4", "5", "average rank on 10 data sets"} <= set(written)
    assert f"critical difference {found.critical_difference:.2f}" in written


def test_a_bar_for_each_group() -> None:
    found = compared(6)
    drawn = bars(critical_difference(found))
    assert len(drawn) == len(found.groups) > 1
    widths = [np.ptp(found.average_ranks[group]) for group in found.groups]
    assert np.diff(drawn).ravel() == pytest.approx(np.array(widths) * 3.4 / 5 + 0.03)


def test_dotted_bar_for_a_pair_around_a_configuration_that_differs() -> None:
    values = np.random.default_rng(1).normal(size=(15, 12)) * np.random.default_rng(2).uniform(0.3, 3, 12) + np.arange(12) / 2
    found = compare_over_data(values, [f"c{index}" for index in range(12)], smaller_is_better=True, post_hoc="wilcoxon_holm")
    figure = critical_difference(found)
    assert len(bars(figure, ":")) == len(found.other_pairs) > 0
    assert not [text for text in texts(figure) if "critical" in text]
    assert_clear(figure)


def test_no_bar_for_two_configurations_that_differ() -> None:
    assert bars(critical_difference(compared(2, gap=3.0))) == []
    alike = compare_over_data(np.tile([[0.1, 0.2], [0.2, 0.1]], (5, 1)), ["a", "b"], smaller_is_better=True)
    assert len(bars(critical_difference(alike))) == 1


def test_saved(tmp_path: Path) -> None:
    first, second = (save(critical_difference(compared(4)), tmp_path / name, "ranks") for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


# Table


def test_table_with_a_measure_for_each_data_set() -> None:
    values = np.array([[0.021, 0.034, 0.05], [0.9, 0.9, 0.8], [0.1, 0.2, 0.3], [0.2, 0.3, 0.4]])
    measures = [ERROR_RATE, R_SQUARED, Measure(), Measure(unit="s")]
    found = compare_over_data(
        values,
        ["a", "b", "c"],
        smaller_is_better=[measure.smaller_is_better for measure in measures],
        data_sets=["disc", "housing", "x", "y"],
    )
    table = over_data_table(found, measures)
    assert table.headings == ("configuration", "average rank", "disc", "housing", "x", "y", "shown better than")
    assert table.rows == (
        ("a", "1.12", "2.10 % (1)", "0.9 (1.5)", "0.1 (1)", "0.2 s (1)", "1 of 2"),
        ("b", "1.88", "3.40 % (2)", "0.9 (1.5)", "0.2 (2)", "0.3 s (2)", "0 of 2"),
        ("c", "3.00", "5.00 % (3)", "0.8 (3)", "0.3 (3)", "0.4 s (3)", "0 of 2"),
    )
    assert table.notes[0].endswith("Errors of different data sets are not averaged.")
    assert table.notes[1].startswith("Any difference over 4 data sets: Friedman, χ² = 7.60, F = 57.00, p = 0.0")
    assert table.notes[2:] == ("Pairs: critical difference 1.66.",)


def test_notes_without_a_difference_and_of_two_configurations() -> None:
    assert over_data_table(compared(3, gap=0.0), [Measure()] * 10).notes[2].startswith("Pairs: none is shown to differ")
    assert over_data_table(compared(2, gap=3.0), [Measure()] * 10).notes[1:] == (
        "Any difference over 10 data sets: Wilcoxon's signed ranks, p = 0.002.",
    )
    alike = over_data_table(compared(3, gap=50.0), [Measure()] * 10)
    assert "F = ∞, p < 0.0001 by permutation." in alike.notes[1]
    assert "p < 0.0001." in over_data_table(compared(3, gap=3.0, d=60), [Measure()] * 60).notes[1]
