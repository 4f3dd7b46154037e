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
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from torch import Tensor

from regnet.builtin.datasets.disc import Disc
from regnet.data.prepare import load_splits, prepare
from regnet.registry.catalog import Catalog
from regnet.report.figures import curves, save
from regnet.report.figures.curves import MOST_EPOCHS, Drawing
from regnet.report.figures.effects import effects
from regnet.report.figures.inline import inline
from regnet.report.figures.profile import MOST_STEPS, profile
from regnet.report.figures.regions import regions
from regnet.report.figures.spread import spread
from regnet.report.figures.style import study_colour
from regnet.report.launch_info import Material, Origin
from regnet.report.page.figures import performance_profiles
from regnet.stats import paired_effect, summarize
from regnet.stats.profile import performance_profile
from regnet.study.result import UNFINISHED, StudyResult, TrainedNetwork
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


# Performance profiles


def with_ends(values: list[float], metric: str = METRIC, failed: int = 0, **changes: Any) -> StudyResult:
    """A study with these final values, and more seeds that failed."""
    ends = np.array([*values, *[np.nan] * failed])
    failures = dict.fromkeys(range(len(values), len(ends)), "diverged in epoch 1")
    return dataclasses.replace(result(seeds=len(ends)), history={metric: ends[:, None]}, failures=failures, **changes)


def heights(figure: Figure, at: list[float], line: int = 0) -> list[float]:
    """The height of a curve at some values, read from its drawn path."""
    x, y = figure.axes[0].lines[line].get_path().vertices.T
    return [float(y[np.searchsorted(x, value, side="right") - 1]) for value in at]


def illustrate(studies: list[StudyResult], catalog: Catalog, metric: str = METRIC) -> Any:
    names = [f"study {index}" for index in range(len(studies))]
    origin = Origin("a launch", weights=lambda result, seed: None)
    return performance_profiles(Material(studies, names, origin, catalog), metric, "")


def test_profile_is_the_share_of_seeds_that_end_at_least_as_well() -> None:
    figure = profile([with_ends([0.03, 0.01, 0.02, 0.02])], ["study"], METRIC)
    (line,) = figure.axes[0].lines
    assert line.get_drawstyle() == "steps-post"
    assert heights(figure, [0.99, 1.01, 1.99, 2.01, 3.01]) == [0, 25, 25, 75, 100]
    assert texts(figure) == ["", "study (4 seeds)", "with a 95 % band for the whole curve; further up and left is better"]
    assert figure.axes[0].get_ylabel() == "seeds at τ or below (%)"
    assert figure.axes[0].get_xlabel() == "τ: test error rate (%) after the last epoch"
    assert_nothing_cut_off(figure)


def test_profile_of_a_metric_of_which_larger_values_are_better() -> None:
    figure = profile([with_ends([0.3, 0.1, 0.2, 0.2], "test/r2")], ["study"], "test/r2")
    (line,) = figure.axes[0].lines
    assert line.get_drawstyle() == "steps-pre"
    points = dict(zip(np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist(), strict=True))
    assert [points[value] for value in (0.1, 0.2, 0.3)] == [100, 75, 25]
    assert [points[end] for end in figure.axes[0].get_xlim()] == [100, 0]
    assert texts(figure)[-1].endswith("further up and right is better")
    assert figure.axes[0].get_ylabel() == "seeds at τ or above (%)"


def test_profile_of_failed_seeds_ends_below_all() -> None:
    figure = profile([with_ends([0.01, 0.02, 0.03], failed=2), with_ends([], failed=2)], ["some", "all"], METRIC)
    assert np.asarray(figure.axes[0].lines[0].get_ydata())[-1] == 60
    assert np.ptp(figure.axes[0].lines[1].get_ydata()) == 0
    assert texts(figure)[1:-1] == ["some (3 seeds, 2 failed)", "all (0 seeds, 2 failed)"]
    assert_nothing_cut_off(figure)


def test_unfinished_seeds_are_not_in_a_profile() -> None:
    study = with_ends([0.01, 0.02], failed=2)
    waiting = dataclasses.replace(study, failures={2: UNFINISHED[0], 3: "diverged"})
    figure = profile([waiting], ["study"], METRIC)
    assert np.asarray(figure.axes[0].lines[0].get_ydata())[-1] == pytest.approx(200 / 3)
    assert texts(figure)[1] == "study (2 seeds, 1 failed, 1 unfinished)"


@pytest.mark.parametrize("metric", [METRIC, "test/r2"])
def test_band_of_a_profile(metric: str) -> None:
    """Just inside and just outside of the drawn band, between the steps."""
    values = np.array([0.01, 0.02, 0.02, 0.03, 0.04, 0.05])
    figure = profile([with_ends(values.tolist(), metric, failed=1)], ["study"], metric)
    area, scale = bands(figure)[0].get_paths()[0], 100 if metric == METRIC else 1
    expected = performance_profile(values, 1, smaller_is_better=metric == METRIC)
    for value in (0.0099, 0.0101, 0.015, 0.021, 0.035, 0.0501):
        band = expected.band(expected.at(np.array(value)))
        assert band is not None
        low, high = (100 * float(end) for end in band)
        assert high - low > 40
        inside = [area.contains_point((scale * value, height)) for height in (low - 0.1, low + 0.1, high - 0.1, high + 0.1)]
        assert inside == [False, True, True, False]


def test_single_seeds_have_no_band() -> None:
    figure = profile([with_ends([0.01]), with_ends([0.02, 0.03])], ["one", "two"], METRIC)
    assert len(bands(figure)) == 1
    alone = profile([with_ends([0.01])], ["one"], METRIC)
    assert not bands(alone)
    assert texts(alone)[-1] == "further up and left is better"


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 10])
def test_each_of_many_studies_has_a_panel_with_its_band(count: int) -> None:
    names = ["a name of some length, which takes lines", *("ab_" * 60 for _ in range(count - 1))]
    figure = profile([result(seed=seed) for seed in range(count)], names, METRIC)
    assert_nothing_cut_off(figure)
    if count <= 2:
        assert (len(figure.axes), len(bands(figure))) == (1, count)
        return
    assert len(figure.axes) == count
    for index, axes in enumerate(figure.axes):
        (band,) = [drawn for drawn in axes.collections if isinstance(drawn, PolyCollection)]
        assert to_rgba(study_colour(index))[:3] == tuple(band.get_facecolor()[0, :3])
        assert [line.get_color() for line in axes.lines] == [study_colour(other) for other in range(count)]
        assert [line.get_alpha() is None for line in axes.lines] == [other == index for other in range(count)]
        assert axes.get_title(loc="left").splitlines()[-1].endswith("(20 seeds)")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    titles = [axes.title.axes._left_title.get_window_extent() for axes in figure.axes]
    assert not [(a, b) for index, a in enumerate(titles) for b in titles[:index] if a.overlaps(b)]
    labelled = [axes for axes in figure.axes if any(label.get_visible() for label in axes.get_xticklabels())]
    assert labelled == figure.axes[-2:]


def test_profile_is_on_the_scale_of_the_spread() -> None:
    far, near = [result(floor=0.01), result(floor=0.5)], [result(floor=0.5), result(floor=0.5)]
    for studies in (far, near):
        scales = [draw(studies, ["a", "b"], METRIC).axes[0].get_xscale() for draw in (profile, spread)]
        assert scales == ["log" if studies is far else "linear"] * 2


def test_many_steps_are_not_all_drawn() -> None:
    values = np.random.default_rng(0).random(3 * MOST_STEPS)
    figure = profile([with_ends(values.tolist())], ["study"], METRIC)
    (line,) = figure.axes[0].lines
    x, y = np.asarray(line.get_xdata()) / 100, np.asarray(line.get_ydata()) / 100
    assert len(x) == MOST_STEPS + 2
    assert np.abs(y - (values <= x[:, None] + 1e-12).mean(axis=1)).max() < 1e-9
    assert np.diff(y).max() <= 2 / MOST_STEPS


def test_description_of_profiles(catalog: Catalog) -> None:
    shown = illustrate([with_ends([0.03, 0.01, 0.02, 0.02]), with_ends([0.04, 0.05], failed=2), with_ends([0.06])], catalog)
    assert (shown.name, shown.title) == ("profile", "The share of seeds that reach each test error rate")
    assert shown.description == (
        "Performance profiles: for every value τ, the share of a study's seeds whose final test error rate is τ or less. A "
        "curve further up and to the left is better. A seed that failed counts, and reaches no value. With a probability of at "
        "least 95 %, a curve's band contains the whole curve of infinitely many seeds. study 0, of 4 seeds: half reach 2.00 %, "
        "all reach 3.00 %; study 1, of 4 seeds: half reach 5.00 %, 2 reach 5.00 %, 2 failed, so the curve stays at 50 % or "
        "below; study 2, of 1 seed: half reach 6.00 %, all reach 6.00 %."
    )
    larger = illustrate([with_ends([0.3, 0.1, 0.2], "test/r2")], catalog, "test/r2").description
    assert "whose final test R² is τ or more. A curve further up and to the right is better. With" in larger
    assert larger.endswith("study 0, of 3 seeds: half reach 0.2, all reach 0.1.")


def test_no_profiles_of_single_seeds_or_without_values(catalog: Catalog) -> None:
    assert illustrate([with_ends([0.01]), with_ends([0.02])], catalog) is None
    assert illustrate([with_ends([], failed=3)], catalog) is None
    assert illustrate([with_ends([0.01]), with_ends([], failed=1), with_ends([0.01, 0.02])], catalog) is not None


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
