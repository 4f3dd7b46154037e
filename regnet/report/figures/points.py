"""The paper's Figure 2: the examples of a data set with two features, and the true boundary between its classes."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from regnet.contracts import Dataset, Split
from regnet.report.figures.style import INK, MARKERS, PALETTE, new_figure, styled

GRID = 801
"""Points along each side of the grid on which the true boundary is searched."""
COLUMNS = 3
"""Columns of the legend."""
MANY = 5000
"""More points than this are drawn as a bitmap inside the SVG, which would otherwise take megabytes."""
STRETCH = 4
"""Features whose ranges differ by more than this factor get separate scales."""


@styled()
def points(split: Split, dataset: Dataset) -> Figure | None:
    """Draw the examples of a split in their original units, each class with its colour and marker; of two, class 1 is blue, 0 red.

    Args:
        split: the examples, of inputs ``(N, 2)`` and class numbers ``(N,)``.
        dataset: the data set of the examples; the boundary is drawn if it can label any input.

    Returns:
        The figure; None if inputs are not points in a plane or targets are not classes.
    """
    if split.x.shape[-1] != 2 or split.y.ndim != 1 or split.y.is_floating_point():
        return None
    numbers = split.y.unique().tolist()
    figure = new_figure(3.6, 3.75 + 0.2 * (len(numbers) // COLUMNS))
    axes = figure.add_subplot(xlabel="x₁", ylabel="x₂")
    handles = [_scatter(axes, split, number) for number in numbers]
    frame(axes, split.x)
    if draw_boundary(axes, dataset):
        handles.append(Line2D([], [], color=INK, linewidth=1.2, label="true boundary"))
    figure.legend(handles=handles, ncols=min(len(handles), COLUMNS), loc="outside upper center", columnspacing=1.4)
    return figure


def look(number: int) -> tuple[str, str]:
    """Return the colour and the marker of a class: the paper's blue for 1 and red for 0, then the rest of the palette."""
    index = {0: 1, 1: 0}.get(number, number) % len(PALETTE)
    return PALETTE[index], MARKERS[index]


def _scatter(axes: Axes, split: Split, number: int) -> Line2D:
    """Draw one class and return its line in the legend."""
    colour, marker = look(number)
    x = split.x[split.y == number].numpy()
    axes.scatter(x[:, 0], x[:, 1], s=11, c=colour, marker=marker, linewidths=0.8, alpha=0.8, rasterized=len(split.x) > MANY)
    return Line2D([], [], color=colour, marker=marker, linestyle="none", label=f"class {number}")


def frame(axes: Axes, x: Tensor) -> None:
    """Fit the axes around the points ``(N, 2)``, with equal scales if the features' ranges allow it."""
    low, high = x.amin(0), x.amax(0)
    span = torch.where(high > low, high - low, 1.0)
    margin = 0.03 * span
    axes.set_xlim(float(low[0] - margin[0]), float(high[0] + margin[0]))
    axes.set_ylim(float(low[1] - margin[1]), float(high[1] + margin[1]))
    if span.max() <= STRETCH * span.min():
        axes.set_aspect("equal")


def draw_boundary(axes: Axes, dataset: Dataset) -> bool:
    """Draw the true class boundary, if the data set can label any input; return whether there is one within the axes."""
    across, up = np.linspace(*axes.get_xlim(), GRID), np.linspace(*axes.get_ylim(), GRID)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    labels = dataset.label(torch.from_numpy(grid).float())
    if labels is None:
        return False
    classes = labels.reshape(GRID, GRID).numpy()
    numbers = np.unique(classes)
    for number in numbers[1:]:
        axes.contour(across, up, classes == number, levels=[0.5], colors=INK, linewidths=1.2)
    return len(numbers) > 1
