"""The effects of several choices on a metric, and their interactions: a point with its interval for each."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

from matplotlib.figure import Figure

from regnet.report.figures.style import BLUE, INK, new_figure, styled
from regnet.stats import Effect

POINTS = 100.0
"""Changes of an error rate are shown in percentage points."""
LINE = 34
"""Characters in a line of an effect's name."""


@styled()
def effects(found: Sequence[Effect], names: Sequence[str]) -> Figure:
    """Draw each effect's mean change of an error rate with its 95 % interval; the marker is filled if that leaves out zero.

    Args:
        found: the effects, from top to bottom.
        names: their labels.
    """
    labels = [fill(name, LINE) for name in names]
    figure = new_figure(5.6, 0.8 + 0.19 * sum(1.6 + label.count("\n") for label in labels))
    axes = figure.add_subplot(xlabel="change in error (points) with its 95 % interval")
    axes.axvline(0, color=INK, linewidth=0.8)
    for index, effect in enumerate(found):
        change = effect.difference
        reach = [[POINTS * (change.mean - change.low)], [POINTS * (change.high - change.mean)]]
        clear = change.low > 0 or change.high < 0
        axes.errorbar(
            [POINTS * change.mean],
            [index],
            xerr=reach,
            fmt="o",
            color=BLUE,
            markerfacecolor=BLUE if clear else "white",
            capsize=2.5,
        )
    axes.set_yticks(range(len(found)), labels)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    return figure
