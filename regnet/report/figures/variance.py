"""The sources of randomness of a study: the share of each in the variance of a metric, alone and with its interactions."""

from __future__ import annotations

from textwrap import fill
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regnet.report.figures.style import BLUE, VERMILLION, new_figure, styled
from regnet.report.variance import Sources
from regnet.stats import Estimate

LINE: Final = 26
"""Characters in a line of a source's name."""
ROW: Final = 0.5
"""Inches for a source."""
APART: Final = 0.13
"""The distance of the two shares of a source from its middle, in rows."""
PERCENT: Final = 100.0


@styled()
def variance(given: Sources) -> Figure:
    """Draw each source's two shares in the variance with their intervals, the largest first, from top to bottom.

    Each source's label has its standard deviation if only it varies.
    """
    shares = given.found.sources
    order = sorted(range(len(shares)), key=lambda index: -shares[index].with_interactions.value)
    figure = new_figure(5.6, 1.0 + ROW * len(order))
    axes = figure.add_subplot(xlabel=f"share in the variance of the {given.title} (%)")
    for look, kind in (((BLUE, "o", -APART), "with interactions"), ((VERMILLION, "s", APART), "alone")):
        _draw(axes, [getattr(shares[index], kind.replace(" ", "_")) for index in order], look, kind)
    labels = [f"{fill(given.names[index], LINE)}\nstd {given.measure.gap(shares[index].std)}" for index in order]
    axes.set_yticks(range(len(order)), labels)
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlim(-3, 103)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def _draw(axes: Axes, shares: list[Estimate], look: tuple[str, str, float], label: str) -> None:
    """Draw a point for each share, with a line for its interval; a look is a colour, a marker, and rows below the row's middle."""
    colour, marker, offset = look
    values = PERCENT * np.clip([share.value for share in shares], 0.0, 1.0)
    ends = [(share.interval.low, share.interval.high) if share.interval else (np.nan, np.nan) for share in shares]
    low, high = PERCENT * np.array(ends).T
    rows = np.arange(len(shares)) + offset
    axes.hlines(rows, low, high, color=colour, linewidth=1.2)
    axes.plot(values, rows, marker, color=colour, markersize=5, label=label, clip_on=False)
