"""Decision regions: the class that a trained network predicts at every point of a plane, and its errors on test examples."""

from __future__ import annotations

from textwrap import fill

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from regnet.contracts import Dataset, Split
from regnet.report.figures.points import draw_boundary, frame, look
from regnet.report.figures.style import INK, NORMAL, new_figure, styled
from regnet.study.result import TrainedNetwork

ACROSS = 201
"""Points along each side of the grid of inputs."""
TINT = 0.35
"""The opacity of a region."""
LINE = 38
"""Characters in a line of the title."""


@styled()
def regions(trained: TrainedNetwork, dataset: Dataset, test: Split, title: str) -> Figure:
    """Draw the plane in the colours of the predicted classes, the wrongly predicted test examples, and the true boundary.

    Args:
        trained: the network of one seed.
        dataset: the data set of the examples; the true boundary is drawn if it can label any input.
        test: the test examples, ``(N, 2)``, in their original units.
        title: the text above the figure.
    """
    classes = trained.data.targets.width
    figure = new_figure(3.0, 3.7)
    axes = figure.add_subplot(xlabel="x₁", ylabel="x₂")
    frame(axes, test.x)
    axes.grid(visible=False)
    _fill_regions(axes, trained, classes)
    wrong = trained.predict(test.x) != test.y
    missed = test.x[wrong].numpy()
    axes.scatter(missed[:, 0], missed[:, 1], s=16, marker="x", c=INK, linewidths=1.0)
    known = draw_boundary(axes, dataset)
    axes.set_title(fill(title, LINE, max_lines=2, placeholder=" …"), fontsize=NORMAL)
    figure.legend(handles=_keys(classes, int(wrong.sum()), len(test.y), known=known), ncols=2, loc="outside lower center")
    return figure


def _fill_regions(axes: Axes, trained: TrainedNetwork, classes: int) -> None:
    across, up = np.linspace(*axes.get_xlim(), ACROSS), np.linspace(*axes.get_ylim(), ACROSS)
    grid = torch.from_numpy(np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2))
    answers = trained.predict(grid).reshape(ACROSS, ACROSS).numpy()
    for number in range(classes):
        axes.contourf(across, up, answers == number, levels=[0.5, 1.5], colors=[look(number)[0]], alpha=TINT)


def _keys(classes: int, wrong: int, count: int, *, known: bool) -> list[Patch | Line2D]:
    keys: list[Patch | Line2D] = [
        Patch(facecolor=look(number)[0], alpha=TINT, label=f"answers {number}") for number in range(classes)
    ]
    keys.append(Line2D([], [], color=INK, marker="x", linestyle="none", label=f"wrong on test: {wrong} of {count}"))
    if known:
        keys.append(Line2D([], [], color=INK, linewidth=1.2, label="true boundary"))
    return keys
