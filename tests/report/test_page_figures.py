"""The figures of the report page: they show the given numbers, and how they are embedded."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from torch import Tensor

from regnet.builtin.datasets.disc import Disc
from regnet.data.prepare import load_splits, prepare
from regnet.report.figures import curves, save
from regnet.report.figures.curves import MOST_EPOCHS, Drawing
from regnet.report.figures.effects import effects
from regnet.report.figures.inline import inline
from regnet.report.figures.regions import regions
from regnet.report.figures.spread import spread
from regnet.stats import paired_effect, summarize
from regnet.study.result import TrainedNetwork
from tests.report.test_figures import assert_nothing_cut_off, bands, result, texts

METRIC = "test/error_rate"


def dots(figure: Figure) -> list[np.ndarray]:
    return [np.asarray(drawn.get_offsets()) for drawn in figure.axes[0].collections if isinstance(drawn, PathCollection)]


def bars(figure: Figure) -> list[np.ndarray]:
    """The ends of the interval of each mean."""
    found = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, LineCollection)]
    return [np.array([segment[0, 0] for segment in lines.get_segments()]) for lines in found]


# The spread over seeds


def test_dots_of_seeds_with_mean_and_interval() -> None:
    studies = [result(seed=1), result(seed=2, seeds=7)]
    figure = spread(studies, ["first", "second"], METRIC)
    for index, (study, found, bar) in enumerate(zip(studies, dots(figure), bars(figure), strict=True)):
        values = 100 * study.history[METRIC][:, -1]
        np.testing.assert_allclose(found[:, 0], values)
        assert np.abs(found[:, 1] - index).max() <= 0.2
        summary = summarize(values)
        np.testing.assert_allclose(bar, [summary.low, summary.high])
    means = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() == "D"]
    np.testing.assert_allclose(means, [100 * study.history[METRIC][:, -1].mean() for study in studies])
    assert [text for text in texts(figure) if text] == ["first (20 seeds)", "second (7 seeds)"]
    assert_nothing_cut_off(figure)


def test_equal_values_do_not_overlap() -> None:
    study = result(seeds=10)
    study.history[METRIC][:, -1] = 0.25
    heights = dots(spread([study], ["study"], METRIC))[0][:, 1]
    assert len(np.unique(heights.round(3))) == 10


def test_failed_seeds_are_counted() -> None:
    study = dataclasses.replace(result(), failures={3: "diverged", 4: "diverged"})
    figure = spread([study], ["study"], METRIC)
    assert len(dots(figure)[0]) == 18
    assert "study (18 seeds, 2 failed)" in texts(figure)
    nothing = dataclasses.replace(study, failures=dict.fromkeys(range(20), "diverged"))
    assert "study (0 seeds, 20 failed)" in texts(spread([nothing], ["study"], METRIC))


def test_single_seed_has_no_interval() -> None:
    figure = spread([result(seeds=1)], ["study"], METRIC)
    assert len(dots(figure)) == 1
    assert not bars(figure)


@pytest.mark.parametrize(("floors", "scale"), [((0.01, 0.5), "log"), ((0.5, 0.5), "linear")])
def test_means_far_apart_are_on_a_logarithmic_scale(floors: tuple[float, float], scale: str) -> None:
    studies = [result(floor=floor) for floor in floors]
    assert spread(studies, ["a", "b"], METRIC).axes[0].get_xscale() == scale


# Learning curves


def test_a_band_can_be_the_means_interval() -> None:
    study = result()
    figure = curves(study, "loss", Drawing(("test",), "interval"))
    edge = bands(figure)[0].get_paths()[0].vertices
    for epoch, values in enumerate(study.history["test/loss"].T, start=1):
        at, summary = edge[edge[:, 0] == epoch, 1], summarize(values)
        np.testing.assert_allclose([at.min(), at.max()], [summary.low, summary.high])
    assert texts(figure)[0] == "mean of 20 seeds with its 95 % interval"
    assert figure.axes[0].get_ylabel().startswith("test loss")


def test_single_split_is_a_solid_line() -> None:
    figure = curves([result(seed=1), result(seed=2)], "loss", Drawing(("train",), "interval"))
    assert [line.get_linestyle() for line in figure.axes[0].lines] == ["-", "-"]
    assert texts(figure)[1:] == ["", "study 1", "study 2"]


def test_three_splits_are_three_lines() -> None:
    study = result()
    study.history["validation/loss"] = study.history["test/loss"] * 1.1  # type: ignore[index]
    figure = curves(study, "loss", Drawing(("train", "validation", "test")))
    assert [line.get_linestyle() for line in figure.axes[0].lines] == ["--", ":", "-"]
    assert texts(figure)[1:] == ["train", "validation", "test"]


def test_first_and_last_of_many_epochs_are_drawn() -> None:
    epochs = np.asarray(curves(result(seeds=2, epochs=5000), "loss").axes[0].lines[0].get_xdata())
    assert len(epochs) == MOST_EPOCHS
    assert (epochs[0], epochs[-1]) == (1, 5000)


# Decision regions


@dataclasses.dataclass(frozen=True)
class Halves:
    """A replacement for a network, which predicts class 1 on the right of a line."""

    at: float
    data: Any

    def predict(self, x: Tensor) -> Tensor:
        return (x[:, 0] > self.at).long()


def test_regions_show_predictions_and_crosses_show_errors() -> None:
    disc = Disc(test_size=300)
    splits = load_splits(disc, 0)
    data = prepare(splits, "scalar", "signed", torch.float32)
    trained: Any = Halves(0.4, data)
    figure = regions(trained, disc, splits.test, "a study")
    (crosses,) = dots(figure)
    wrong = (splits.test.x[:, 0] > 0.4).long() != splits.test.y
    np.testing.assert_allclose(crosses, splits.test.x[wrong])
    assert f"wrong on test: {int(wrong.sum())} of 300" in texts(figure)
    left, right, boundary = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, ContourSet)]
    step = 1.06 / 200
    assert left.get_paths()[0].vertices[:, 0].max() == pytest.approx(0.4, abs=step)
    assert right.get_paths()[0].vertices[:, 0].min() == pytest.approx(0.4, abs=step)
    radius = np.linalg.norm(boundary.get_paths()[0].vertices - 0.5, axis=1)
    np.testing.assert_allclose(radius, 1 / math.sqrt(2 * math.pi), atol=step)
    assert_nothing_cut_off(figure)


def test_regions_have_the_units_of_the_data(run: Any, study: Any) -> None:
    words = ("epochs=30", "optimizer.lr=0.01", "dataset.train_size=300", "dataset.test_size=400")
    trained: TrainedNetwork = run(*words).network
    test = load_splits(study(*words).dataset, 0).test
    figure = regions(trained, study(*words).dataset, test, "disc")
    wrong = int((trained.predict(test.x) != test.y).sum())
    assert wrong == round(400 * run(*words).history[METRIC][0, -1])
    assert f"wrong on test: {wrong} of 400" in texts(figure)


# Effects


def test_effects_are_points_with_intervals() -> None:
    rng = np.random.default_rng(0)
    found = [paired_effect("clear", rng.normal(0.01, 0.001, 50)), paired_effect("none", rng.normal(0, 0.001, 50))]
    figure = effects(found, ["a clear effect", "no effect"])
    points = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    np.testing.assert_allclose([line.get_xdata()[0] for line in points], [100 * one.difference.mean for one in found])
    assert [line.get_markerfacecolor() == "white" for line in points] == [False, True]
    for lines, one in zip(list(figure.axes[0].collections), found, strict=True):
        np.testing.assert_allclose(lines.get_segments()[0][:, 0], [100 * one.difference.low, 100 * one.difference.high])
    assert_nothing_cut_off(figure)


# Inside the page


def test_embedded_drawing_has_texts_ids_and_colours_of_the_page(tmp_path: Path) -> None:
    _, drawing = save(curves([result(seed=1), result(seed=2)], "loss"), tmp_path, "figure")
    element = inline(drawing.read_text(encoding="utf-8"), "one", "A <title>", "5 & more")
    assert element.startswith('<svg role="img" aria-labelledby="one-title one-description"')
    assert '<title id="one-title">A &lt;title&gt;</title>' in element
    assert '<desc id="one-description">5 &amp; more</desc>' in element
    names = re.findall(r'(?:\bid="|url\(#|href="#)([^")]+)', element)
    assert len(names) > 10
    assert all(name.startswith("one-") for name in names)
    assert not re.search(r"#333333|#e4e4e4|#ffffff|font-family|<metadata|<style|<!--", element)
    assert {"var(--ink)", "var(--faint)", "var(--paper)"} <= set(re.findall(r"var\(--\w+\)", element))
    assert element.count("</svg>") == 1
