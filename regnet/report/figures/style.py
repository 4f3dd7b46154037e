"""How every figure looks, said once: fonts, sizes, line widths, and colours that colour-blind readers can tell apart."""

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
"""Text, spines and everything else that is not data."""
FAINT = "#E4E4E4"
"""The grid, and what lies behind the data."""

PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, "#000000")
"""Okabe and Ito's colours, "Color Universal Design", 2008, less the yellow, which is too light for lines on white."""

MARKERS = ("o", "x", "^", "s", "+", "D", "v")
"""One for each colour, for readers who see none of them."""

SMALL = 8.0
"""Points: ticks, legends and the names inside diagrams."""
NORMAL = 9.0
"""Points: the labels of axes."""

STYLE: dict[str, Any] = {
    "font.size": SMALL,
    "axes.labelsize": NORMAL,
    "legend.title_fontsize": SMALL,
    "text.color": INK,
    "text.parse_math": False,  # a component's name is never mathematics
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


def study_colour(place: int) -> str:
    """The colour of a study, by its place among those in a figure."""
    return PALETTE[place % len(PALETTE)]


def study_marker(place: int) -> str:
    """The marker of a study: none, until colours repeat."""
    turn = place // len(PALETTE)
    return MARKERS[(turn - 1) % len(MARKERS)] if turn else ""


@contextmanager
def styled() -> Iterator[None]:
    """Within, or in a function decorated with it, matplotlib draws in this style; afterwards its settings are what they were."""
    with style.context(["default", STYLE]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, that makes room for its labels and legends; it belongs to no window and no global list."""
    return Figure(figsize=(width, height), layout="constrained")


def scale_logarithmically(axes: Axes, which: Literal["x", "y"]) -> None:
    """Gives one of the axes a logarithmic scale with plain numbers at 1, 2 and 5 times the powers of ten."""
    axes.set(**{f"{which}scale": "log"})
    axis: Axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def text_width(text: str, points: float = SMALL) -> float:
    """How wide a text will be, in inches."""
    path = TextPath((0, 0), text, size=points, prop=FontProperties(family=["sans-serif"]))
    return float(path.get_extents().width) / 72
