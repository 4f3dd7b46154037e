"""The style of all figures: fonts, sizes, line widths, and colours that colour-blind readers can distinguish."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
INK = "#333333"
"""The colour of text, spines and everything else that is not data."""
FAINT = "#E4E4E4"
"""The colour of the grid and of what lies behind the data."""

PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, "#000000")
"""Okabe and Ito's colours, "Color Universal Design", 2008, without the yellow, which is too light for lines on white."""

MARKERS = ("o", "x", "^", "s", "+", "D", "v")
"""A marker for each colour, for readers who do not see colours."""

SMALL = 8.0
"""Points: ticks, legends and the names inside diagrams."""
NORMAL = 9.0
"""Points: the labels of axes."""

STYLE: dict[str, Any] = {
    "font.size": SMALL,
    "axes.labelsize": NORMAL,
    "legend.title_fontsize": SMALL,
    "text.color": INK,
    "text.parse_math": False,  # names of components may contain $ and _
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "legend.frameon": False,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "regnet",
}


def study_colour(index: int) -> str:
    """Return the colour of a study, by its index in a figure."""
    return PALETTE[index % len(PALETTE)]


def study_marker(index: int) -> str:
    """Return the marker of a study, by its index in a figure; empty until colours repeat."""
    turn = index // len(PALETTE)
    return MARKERS[(turn - 1) % len(MARKERS)] if turn else ""


@contextmanager
def styled() -> Iterator[None]:
    """Context manager and decorator that draws in this style, and restores matplotlib's settings afterwards."""
    with style.context(["default", STYLE]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sized in inches, that makes room for its labels and legends; it is not registered with pyplot."""
    return Figure(figsize=(width, height), layout="constrained")


def scale_logarithmically(axes: Axes, which: Literal["x", "y"]) -> None:
    """Give one of the axes a logarithmic scale with plain numbers at 1, 2 and 5 times the powers of ten."""
    axes.set(**{f"{which}scale": "log"})
    axis: Axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def text_width(text: str, points: float = SMALL) -> float:
    """Return the width of a text in inches."""
    path = TextPath((0, 0), text, size=points, prop=FontProperties(family=["sans-serif"]))
    return float(path.get_extents().width) / 72
