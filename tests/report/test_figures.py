"""Rendered figures: they show the given numbers, nothing is cut off, and equal input gives equal bytes."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import matplotlib as mpl
import numpy as np
import pytest
import torch
from annotated_types import Ge
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Circle, FancyArrowPatch
from torch import Tensor

from regnet.builtin.datasets.disc import Disc
from regnet.builtin.layers.linear import Linear
from regnet.builtin.layers.relu import ReLU
from regnet.contracts import Context, Dataset, Layer, Params, Split, Splits
from regnet.errors import ShapeError
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Catalog
from regnet.report.figures import architecture, curves, points, save
from regnet.report.figures.architecture import RADIUS
from regnet.report.figures.blocks import Names
from regnet.study.result import StudyResult
from tests.measures import MEASURES

SEEDS, EPOCHS = 20, 12


def linear(size: int) -> dict[str, Any]:
    return {"name": "linear", "out_features": size}


PAPER = [linear(25), "relu", linear(25), "relu", linear(25), "relu", linear(2), "tanh"]
DIGITS = [linear(64), "batch_norm", "relu", {"name": "dropout", "p": 0.2}, linear(10)]
RESIDUAL = [
    "layer_norm",
    linear(6),
    {"name": "residual", "layers": ["relu", linear(6), {"name": "residual", "layers": [linear(3), "gelu", linear(6)]}]},
    {"name": "residual", "layers": [linear(100), "leaky_relu", linear(6)]},
    linear(1),
]
NETWORKS = [pytest.param(PAPER, 2, id="report"), pytest.param(DIGITS, 64, id="digits"), pytest.param(RESIDUAL, 30, id="residual")]


@pytest.fixture
def names(catalog: Catalog) -> Names:
    return {entry.component: entry.name for claims in catalog.entries["layer"].values() for entry in claims}


@pytest.fixture
def network(catalog: Catalog) -> Any:
    return lambda layers: Sequential(tuple(catalog.build("layer", spec) for spec in layers))


def result(*, seed: int = 0, seeds: int = SEEDS, epochs: int = EPOCHS, floor: float = 0.01, **changes: Any) -> StudyResult:
    """An artificial classification study, whose loss falls from about 1 to the floor."""
    random = np.random.default_rng(seed)
    decay = floor + np.exp(-np.arange(epochs) / 3) * random.uniform(0.8, 1.2, (seeds, epochs))
    history = {
        f"{split}/{metric}": decay * factor
        for split, factor in (("train", 1.0), ("test", 1.3))
        for metric, factor in (("loss", factor), ("error_rate", factor / 4))
    }
    alone = np.ones(seeds)
    made = StudyResult(f"study {seed}", "0", {"study": "x"}, tuple(range(seeds)), history, alone, alone, {}, measures=MEASURES)
    return dataclasses.replace(made, **changes)


def failing(whole: StudyResult, rows: Sequence[int]) -> StudyResult:
    """The same study, in which the given seeds diverged in the fourth epoch."""
    history = {metric: values.copy() for metric, values in whole.history.items()}
    for values in history.values():
        values[list(rows), 3:] = np.nan
    return dataclasses.replace(whole, history=history, failures={whole.seeds[row]: "diverged" for row in rows})


def texts(figure: Figure) -> list[str]:
    """All texts of the legends and in the diagram."""
    keys = [text.get_text() for legend in figure.legends for text in (legend.get_title(), *legend.get_texts())]
    return keys + [text.get_text() for axes in figure.axes for text in axes.texts]


def bands(figure: Figure) -> list[PolyCollection]:
    return [drawn for drawn in figure.axes[0].collections if isinstance(drawn, PolyCollection)]


def assert_nothing_cut_off(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn, paper = figure.get_tightbbox(canvas.get_renderer()), figure.bbox_inches.padded(1e-6)
    assert paper.containsx(drawn.x0)
    assert paper.containsx(drawn.x1)
    assert paper.containsy(drawn.y0)
    assert paper.containsy(drawn.y1)


# Figure 1


def test_network_of_the_paper_with_its_sizes_and_activations(network: Any, names: Names) -> None:
    written = texts(architecture(network(PAPER), 2, names))
    assert [text for text in written if text.isdigit()] == ["2", "25", "25", "25", "2"]
    assert [text for text in written if text in names.values()] == ["relu"] * 3 + ["tanh"] + ["linear"] * 4
    assert {"input", "output"} <= set(written)


def test_large_columns_are_shortened_and_every_neuron_drawn_is_connected(network: Any, names: Names) -> None:
    axes = architecture(network(PAPER), 2, names).axes[0]
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert sum(circle.radius == RADIUS for circle in circles) == 2 + 8 + 8 + 8 + 2
    assert sum(circle.radius < RADIUS for circle in circles) == 3 * 3
    widest = [len(lines.get_segments()) for lines in axes.collections if isinstance(lines, LineCollection)]
    assert [count for count in widest if count > 8] == [2 * 8, 8 * 8, 8 * 8, 8 * 2]


@pytest.mark.parametrize(("layers", "features"), NETWORKS)
def test_diagram_is_complete_and_texts_do_not_overlap(network: Any, names: Names, layers: list[Any], features: int) -> None:
    figure = architecture(network(layers), features, names)
    assert_nothing_cut_off(figure)
    shapes = [patch.get_window_extent() for patch in figure.axes[0].patches]
    assert all(figure.bbox.fully_containsx(edge) for shape in shapes for edge in (shape.x0, shape.x1))
    assert all(figure.bbox.fully_containsy(edge) for shape in shapes for edge in (shape.y0, shape.y1))
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_long_names_move_the_columns_apart(network: Any) -> None:
    figure = architecture(network([linear(1), linear(1)]), 1, lambda component: "a layer with quite a long name")
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert_nothing_cut_off(figure)


def test_a_residual_layer_has_an_arrow_around_its_layers(network: Any, names: Names) -> None:
    figure = architecture(network(RESIDUAL), 30, names)
    arrows = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    outputs = 1
    assert len(arrows) - outputs == texts(figure).count("residual") == texts(figure).count("+") == 3


def test_options_that_are_not_defaults_are_shown(network: Any, names: Names) -> None:
    assert "dropout, p = 0.2" in texts(architecture(network(DIGITS), 64, names))
    assert "dropout" in texts(architecture(network(["dropout"]), 64, names))


def test_names_from_a_function_and_of_unknown_classes(network: Any) -> None:
    assert "LINEAR" in texts(architecture(network(PAPER), 2, lambda component: component.__name__.upper()))
    assert "Linear" in texts(architecture(network(PAPER), 2, {}))


def test_sizes_that_do_not_fit_are_an_error(network: Any, names: Names) -> None:
    with pytest.raises(ShapeError, match="residual"):
        architecture(network([{"name": "residual", "layers": [linear(3)]}]), 2, names)


@dataclasses.dataclass(frozen=True)
class Pairs(Layer):
    """A layer without weights that halves the number of features."""

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {}, in_features // 2

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        raise NotImplementedError

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class Beside(Pairs):
    """A layer of two parallel branches."""

    left: Layer
    right: Layer
    size: Annotated[int, Ge(1)] = 4

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"left": self.left.init(in_features, generator)[0]}, self.size


@dataclasses.dataclass(frozen=True)
class Wrapped(Pairs):
    """A layer with a nested layer, followed by another that is not an option."""

    inner: Layer

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return self.inner.init(in_features, generator)[0], 7


@pytest.mark.parametrize("layer", [Pairs(), Beside(Linear(8), ReLU()), Wrapped(Linear(3))])
def test_unknown_layers_are_separate_columns(layer: Layer) -> None:
    figure = architecture(Sequential((layer,)), 8, {})
    assert type(layer).__name__ in texts(figure)
    assert_nothing_cut_off(figure)


# Figure 2


def test_points_of_each_class_have_a_colour_and_a_marker() -> None:
    disc = Disc(train_size=60)
    split = disc.load(torch.Generator()).train
    figure = points(split, disc)
    assert figure is not None
    red, blue = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, PathCollection)]
    np.testing.assert_array_equal(red.get_offsets(), split.x[split.y == 0])
    np.testing.assert_array_equal(blue.get_offsets(), split.x[split.y == 1])
    assert red.get_facecolor()[0, 0] > red.get_facecolor()[0, 2]
    assert blue.get_facecolor()[0, 2] > blue.get_facecolor()[0, 0]
    assert red.get_paths()[0].vertices.shape != blue.get_paths()[0].vertices.shape
    assert texts(figure) == ["", "class 0", "class 1", "true boundary"]
    assert figure.axes[0].get_aspect() == 1
    assert_nothing_cut_off(figure)


def test_boundary_of_the_disc_is_the_circle_of_the_paper() -> None:
    disc = Disc()
    figure = points(disc.load(torch.Generator()).train, disc)
    assert figure is not None
    (contour,) = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, ContourSet)]
    radius = np.linalg.norm(contour.get_paths()[0].vertices - 0.5, axis=1)
    step = 1.06 / 800
    np.testing.assert_allclose(radius, 1 / math.sqrt(2 * math.pi), atol=step)


@dataclasses.dataclass(frozen=True)
class Stripes(Dataset):
    """Stripes in a plane whose second feature is a thousand times as large as the first."""

    classes: int
    known: bool
    variation = "draws"

    def load(self, generator: torch.Generator) -> Splits:
        x = torch.rand(200, 2, generator=generator) * torch.tensor([1.0, 1000.0])
        split = Split(x, (x[:, 0] * self.classes).long())
        return Splits(split, split, self.classes)

    def label(self, x: Tensor) -> Tensor | None:
        return (x[:, 0].clamp(0, 0.999) * self.classes).long() if self.known else None


def test_many_classes_and_features_of_different_scales() -> None:
    data = Stripes(5, known=True)
    figure = points(data.load(torch.Generator()).train, data)
    assert figure is not None
    scatters = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, PathCollection)]
    assert len({tuple(drawn.get_facecolor()[0]) for drawn in scatters}) == 5
    assert figure.axes[0].get_aspect() == "auto"
    contours = [drawn for drawn in figure.axes[0].collections if isinstance(drawn, ContourSet)]
    across = np.concatenate([contour.get_paths()[0].vertices[:, 0] for contour in contours])
    np.testing.assert_allclose(across * 5, np.round(across * 5), atol=0.01)
    assert set(np.round(across * 5)) == {1, 2, 3, 4}
    assert_nothing_cut_off(figure)


def test_unknown_boundary_is_not_drawn() -> None:
    data = Stripes(2, known=False)
    figure = points(data.load(torch.Generator()).train, data)
    assert figure is not None
    assert "true boundary" not in texts(figure)
    assert not [drawn for drawn in figure.axes[0].collections if isinstance(drawn, ContourSet)]


@pytest.mark.parametrize(
    "split",
    [
        pytest.param(Split(torch.rand(9, 3), torch.zeros(9).long()), id="three features"),
        pytest.param(Split(torch.rand(9, 2), torch.rand(9, 1)), id="regression"),
    ],
)
def test_other_data_sets_are_an_error(split: Split) -> None:
    assert points(split, Disc()) is None


# Figures 3 and 4


@pytest.mark.parametrize(("metric", "unit"), [("loss", 1), ("error_rate", 100)])
def test_the_line_is_the_mean_and_the_band_the_standard_deviation(metric: str, unit: int) -> None:
    study = result()
    figure = curves(study, metric)
    for line, band, split in zip(figure.axes[0].lines, bands(figure), ("train", "test"), strict=True):
        values = unit * study.history[f"{split}/{metric}"]
        mean, deviation = values.mean(0), values.std(0, ddof=1)
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, EPOCHS + 1))
        np.testing.assert_allclose(line.get_ydata(), mean)
        edge = band.get_paths()[0].vertices
        for epoch in range(EPOCHS):
            at = edge[edge[:, 0] == epoch + 1, 1]
            np.testing.assert_allclose([at.min(), at.max()], [mean[epoch] - deviation[epoch], mean[epoch] + deviation[epoch]])
    assert texts(figure) == ["mean of 20 seeds ± 1 standard deviation", "train", "test"]
    assert_nothing_cut_off(figure)


def test_error_rates_are_in_percent_and_start_at_zero() -> None:
    axes = curves(result(), "error_rate").axes[0]
    assert axes.get_ylabel() == "error rate (%)"
    assert axes.get_ylim()[0] == 0


def test_single_seed_has_no_band() -> None:
    figure = curves(result(seeds=1), "loss")
    assert not bands(figure)
    assert texts(figure) == ["1 seed", "train", "test"]


def test_failed_seeds_are_left_out_and_counted() -> None:
    whole = result()
    figure = curves(failing(whole, [0, 7, 9]), "loss")
    kept = np.delete(whole.history["train/loss"], [0, 7, 9], axis=0)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), kept.mean(0))
    assert "mean of 17 seeds ± 1 standard deviation, 3 failed seeds left out" in texts(figure)


@pytest.mark.parametrize(("seeds", "note"), [(SEEDS, "all 20 seeds failed"), (1, "the seed failed")])
def test_study_whose_seeds_all_failed_is_an_empty_figure(seeds: int, note: str) -> None:
    figure = curves(failing(result(seeds=seeds), range(seeds)), "loss")
    assert not figure.axes[0].lines
    assert note in texts(figure)
    assert_nothing_cut_off(figure)


def test_studies_differ_by_colour_and_splits_by_dashes() -> None:
    figure = curves([result(seed=1), result(seed=2), failing(result(seed=3), [4])], "loss")
    lines = figure.axes[0].lines
    assert [line.get_linestyle() for line in lines] == ["--", "-"] * 3
    assert [to_rgba(line.get_color()) for line in lines[::2]] == [to_rgba(line.get_color()) for line in lines[1::2]]
    assert len({line.get_color() for line in lines}) == 3
    assert texts(figure)[4:] == ["study 1 (20 seeds)", "study 2 (20 seeds)", "study 3 (19 seeds, 1 failed seed left out)"]
    assert_nothing_cut_off(figure)


def test_more_studies_than_colours_differ_by_markers() -> None:
    lines = curves([result(seed=seed) for seed in range(9)], "loss").axes[0].lines
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 9


def test_a_long_name_is_broken_into_lines() -> None:
    long = dataclasses.replace(result(), name="a study with a name " * 40)
    assert_nothing_cut_off(curves([long, result(seed=1)], "loss"))


@pytest.mark.parametrize(("floor", "scale"), [(0.01, "log"), (5.0, "linear")])
def test_a_loss_that_falls_far_is_on_a_logarithmic_scale(floor: float, scale: str) -> None:
    assert curves(result(floor=floor), "loss").axes[0].get_yscale() == scale


def test_a_band_that_reaches_below_zero_does_not_stretch_a_logarithmic_scale() -> None:
    study = result()
    study.history["test/loss"][0, -1] = 10.0
    axes = curves(study, "loss").axes[0]
    lowest = min(study.history[f"{split}/loss"].mean(0).min() for split in ("train", "test"))
    assert lowest / 2 <= axes.get_ylim()[0] < lowest


def test_a_single_epoch_is_a_point_with_its_deviation() -> None:
    figure = curves(result(epochs=1), "loss")
    assert [line.get_marker() for line in figure.axes[0].lines] == ["o", "o"]
    low, high = figure.axes[0].get_xlim()
    assert [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high] == [1]
    assert_nothing_cut_off(figure)


def test_metric_of_another_task_is_an_error() -> None:
    with pytest.raises(KeyError, match="train/rmse"):
        curves(result(), "rmse")


# Files


def drawings(names: Names, network: Any) -> dict[str, Figure]:
    disc = Disc()
    data = points(disc.load(torch.Generator().manual_seed(0)).train, disc)
    assert data is not None
    return {"architecture": architecture(network(RESIDUAL), 30, names), "points": data, "curves": curves(result(), "loss")}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, names: Names, network: Any) -> None:
    for folder in ("once", "again"):
        for name, figure in drawings(names, network).items():
            files = save(figure, tmp_path / folder, name)
            assert files == [tmp_path / folder / f"{name}.png", tmp_path / folder / f"{name}.svg"]
    for file in (tmp_path / "once").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_saving_twice_changes_nothing(tmp_path: Path) -> None:
    figure = curves([result(seed=1), result(seed=2)], "loss")
    first = [file.read_bytes() for file in save(figure, tmp_path, "figure")]
    assert [file.read_bytes() for file in save(figure, tmp_path, "figure")] == first


def test_resolution_of_png_and_text_in_svg(tmp_path: Path) -> None:
    figure = curves(result(), "loss")
    picture, drawing = save(figure, tmp_path, "figure")
    width, height = figure.get_size_inches()
    assert imread(picture).shape[:2] == (round(height * 200), round(width * 200))
    svg = drawing.read_text(encoding="utf-8")
    assert ">mean of 20 seeds ± 1 standard deviation</text>" in svg
    assert "dc:date" not in svg


def test_settings_of_matplotlib_are_restored(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    save(curves(result(), "loss"), tmp_path, "figure")
    assert dict(mpl.rcParams) == before


@pytest.mark.slow
def test_importing_figures_loads_no_unneeded_modules() -> None:
    unwanted = ["matplotlib.pyplot", "mlflow", "hydra"]
    code = f"import sys, regnet.report.figures; print([name for name in {unwanted} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
