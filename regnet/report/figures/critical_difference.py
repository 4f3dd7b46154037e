"""Average ranks over several data sets on a scale, with bars that connect the configurations not shown to differ."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regnet.report.figures.style import BLUE, INK, SMALL, styled, text_width
from regnet.stats.over_data import OverData

LINE: Final = 34
"""Characters in a line of a configuration's name."""
SCALE_WIDTH: Final = 3.4
"""Inches, as all lengths here; more for many ranks."""
RANK_WIDTH: Final = 0.25
"""The least room for a rank's number."""
LINE_HEIGHT: Final = 0.14
ROW_GAP: Final = 0.07
"""Between two names."""
BAR_WIDTH: Final = 3.0
"""Points."""
BAR_GAP: Final = 0.1
"""Between two bars."""
TEXT_GAP: Final = 0.06
ARM: Final = 0.2
"""The shortest line from the scale to a name beside it."""
MARGIN: Final = 0.1
TICK: Final = 0.05


@styled()
def critical_difference(found: OverData) -> Figure:
    """Draw the average ranks on a scale, the best on the left; the figure's size depends on the names.

    A solid bar connects configurations of which no pair is shown to differ; a dotted one, only the two at its ends. The bar above
    the scale is as long as the critical difference, if there is one.

    Source: Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006), section 3.2.4.
    """
    order = found.order
    half = (len(order) + 1) // 2
    labels = {index: f"{fill(found.names[index], LINE)}  {found.average_ranks[index]:.2f}" for index in order}
    sides = order[:half], order[half:][::-1]
    widths = [max(text_width(line) for index in side for line in labels[index].split("\n")) for side in sides]
    figure = Figure()
    start = MARGIN + widths[0] + TEXT_GAP + ARM
    diagram = _Diagram(figure.add_axes((0, 0, 1, 1)), found, start)
    diagram.draw_scale()
    top = diagram.draw_bars()
    bottom = min(diagram.draw_names([(index, labels[index]) for index in side], top, left=side is sides[0]) for side in sides)
    diagram.axes.set(xlim=(0, diagram.end + ARM + TEXT_GAP + widths[1] + MARGIN), ylim=(bottom, diagram.height))
    diagram.axes.axis("off")
    figure.set_size_inches(diagram.axes.get_xlim()[1], diagram.height - bottom)
    return figure


@dataclass(frozen=True)
class _Diagram:
    """The diagram around its scale, which lies at height 0 and starts at `start`; heights below it are negative."""

    axes: Axes
    found: OverData
    start: float

    @property
    def height(self) -> float:
        """The height above the scale."""
        return 0.46 if self.found.critical_difference is None else 0.78

    @property
    def end(self) -> float:
        """The position of the last rank."""
        return self.start + max(SCALE_WIDTH, RANK_WIDTH * (len(self.found.names) - 1))

    def x(self, rank: float) -> float:
        """Return the position of a rank."""
        return self.start + (self.end - self.start) * (rank - 1) / (len(self.found.names) - 1)

    def draw_scale(self) -> None:
        """Draw the scale with its ticks and its name, and the critical difference above it."""
        k, middle = len(self.found.names), (self.start + self.end) / 2
        self._line([self.x(1), self.x(k)], [0, 0])
        for rank in range(1, k + 1):
            self._line([self.x(rank)] * 2, [0, TICK])
            self.axes.text(self.x(rank), TICK + 0.03, str(rank), ha="center", va="bottom", size=SMALL)
        name = f"average rank on {len(self.found.data_sets)} data sets"
        self.axes.text(middle, TICK + 0.2, name, ha="center", va="bottom", size=SMALL)
        if self.found.critical_difference is not None:
            self._draw_gap(self.found.critical_difference)

    def draw_bars(self) -> float:
        """Draw the bars below the scale, and return the height of the last."""
        height = -0.02
        for members, style in [*((group, "-") for group in self.found.groups), *((pair, "o:") for pair in self.found.other_pairs)]:
            height -= BAR_GAP
            low, high = (self.x(self.found.average_ranks[index]) for index in (members[0], members[-1]))
            over = 0.015 if style == "-" else 0.0
            ends = [low - over, high + over]
            self.axes.plot(ends, [height] * 2, style, color=BLUE, linewidth=BAR_WIDTH, markersize=5, solid_capstyle="butt")
        return height

    def draw_names(self, labels: list[tuple[int, str]], top: float, *, left: bool) -> float:
        """Write the names of a side from top to bottom, each with a line to its rank, and return the height of its lower end."""
        end = self.start - ARM if left else self.end + ARM
        lower = top - 0.1
        for index, text in labels:
            height = LINE_HEIGHT * (1 + text.count("\n"))
            x, y = self.x(self.found.average_ranks[index]), lower - height / 2
            self._line([x, x, end], [0, y, y])
            side = -1 if left else 1
            self.axes.text(end + side * TEXT_GAP, y, text, ha="right" if left else "left", va="center", size=SMALL)
            lower -= height + ROW_GAP
        return lower

    def _draw_gap(self, gap: float) -> None:
        """Draw a bar of the length of a gap between ranks above the scale."""
        ends, height = [self.x(1), self.x(1 + gap)], 0.52
        self._line(ends, [height] * 2)
        for end in ends:
            self._line([end] * 2, [height - TICK / 2, height + TICK / 2])
        self.axes.text(ends[0], height + 0.06, f"critical difference {gap:.2f}", ha="left", va="bottom", size=SMALL)

    def _line(self, x: list[float], y: list[float]) -> None:
        self.axes.plot(x, y, color=INK, linewidth=0.8, solid_capstyle="butt", solid_joinstyle="miter")
