"""The paper's Figure 1: a network from left to right, its layers as columns of neurons and its activations between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import BoxStyle, Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from regnet.network.sequential import Sequential
from regnet.report.figures.blocks import Block, Column, Group, Names, Plate, read_blocks
from regnet.report.figures.style import BLUE, GREEN, INK, ORANGE, SKY, SMALL, styled, text_width

UNIT = 0.2
"""Inches between two neurons of a column: the unit of all lengths here."""
RADIUS = 0.33
GAP = 4.0
"""Between a column and what stands before it: room for the connections."""
PLATE_WIDTH = 1.25
SPACE = 0.45
"""Between a column and the plate behind it."""
WHOLE = 9
"""The most neurons of a column that is drawn whole; of larger ones, the ends are drawn with dots between."""
ENDS = 4
"""Neurons drawn at each end of such a column."""
ARROW: dict[str, Any] = {
    "arrowstyle": "-|>",
    "color": INK,
    "linewidth": 0.8,
    "mutation_scale": 6,
    "shrinkA": 0,
    "shrinkB": 0,
    "zorder": 2,
}


@styled()
def architecture(network: Sequential, features: int, catalog_names: Names) -> Figure:
    """Draw the network as a diagram whose width depends on its layers.

    Layers that make new features are columns of neurons, large ones shortened, with their size and name below. Layers that
    process each feature separately are plates to their right: orange, or green if they have parameters. A layer made of layers is
    a box around them; an arrow shows an input that skips them.

    Args:
        network: the layers.
        features: the number of input features.
        catalog_names: the catalog's name for each layer's class, as a function or as a mapping.

    Raises:
        ShapeError: a layer does not take the output of the layer before it.
    """
    blocks, _ = read_blocks(network.layers, features, catalog_names)
    figure = Figure()
    diagram = _Diagram(figure.add_axes((0, 0, 1, 1)))
    diagram.add_input(features)
    for block in blocks:
        diagram.add(block, depth=0)
    diagram.add_output()
    diagram.fit(figure)
    return figure


@dataclass
class _Diagram:
    """A diagram under construction, from left to right along height 0."""

    axes: Axes
    right: float = 0.0
    """The right edge of what has been drawn."""
    ports: list[float] = field(default_factory=list)
    """The heights of the last column's neurons, at which lines run to the next."""
    anchor: tuple[float, float] = (0.0, 0.0)
    """The middle of the last column's or plate's upper edge."""
    top: float = 0.0
    bottom: float = 0.0
    labels: list[tuple[float, str, str]] = field(default_factory=list)
    """For each column its horizontal position, its size and its name, to be written below the diagram."""

    def add(self, block: Block, depth: int) -> None:
        """Draw a block to the right of the others; `depth` is the number of groups around it."""
        match block:
            case Column():
                self._add_column(block)
            case Plate(text=text, trained=trained):
                self._add_plate(text, GREEN if trained else ORANGE)
            case Group():
                self._add_group(block, depth)

    def add_input(self, features: int) -> None:
        self._add_neurons(0.0, features, "input", SKY)

    def add_output(self) -> None:
        for height in self.ports:
            self.axes.add_patch(FancyArrowPatch((self.right + 0.1, height), (self.right + 1.3, height), **ARROW))
        self.axes.text(self.right + 1.5, 0, "output", ha="left", va="center", size=SMALL)
        self.right += 1.5 + text_width("output") / UNIT

    def fit(self, figure: Figure) -> None:
        """Write the labels, and fit the figure's size to the diagram."""
        for x, size, name in self.labels:
            self.axes.text(x, self.bottom - 0.6, size, ha="center", va="top", size=SMALL, weight="bold")
            self.axes.text(x, self.bottom - 1.4, name, ha="center", va="top", size=SMALL)
        ends = [(x - _label_width(size, name) / 2, x + _label_width(size, name) / 2) for x, size, name in self.labels]
        left, right = min(ends)[0] - 0.4, max(self.right, ends[-1][1]) + 0.4
        low, high = self.bottom - 2.4, self.top + 0.4
        self.axes.set(xlim=(left, right), ylim=(low, high))
        self.axes.axis("off")
        figure.set_size_inches((right - left) * UNIT, (high - low) * UNIT)

    def _add_column(self, column: Column) -> None:
        x, size, name = self.labels[-1]
        apart = (_label_width(size, name) + _label_width(str(column.size), column.name)) / 2 + 0.5
        x = max(self.right + GAP + RADIUS, x + apart)
        start, ports = self.right, self.ports
        self._add_neurons(x, column.size, column.name, "white")
        ends = [(a, b) for a in ports for b in self.ports] if column.dense else [(ports[i], self.ports[i]) for i in (0, -1)]
        lines = [((start, a), (x - RADIUS, b)) for a, b in ends]
        self.axes.add_collection(LineCollection(lines, colors=INK, linewidths=0.35, alpha=0.45, zorder=1), autolim=False)

    def _add_neurons(self, x: float, size: int, name: str, colour: str) -> None:
        self.ports, dots = _heights(size)
        for height in self.ports:
            self.axes.add_patch(Circle((x, height), RADIUS, facecolor=colour, edgecolor=BLUE, linewidth=0.8, zorder=3))
        for height in dots:
            self.axes.add_patch(Circle((x, height), 0.09, color=BLUE, linewidth=0, zorder=3))
        self.labels.append((x, str(size), name))
        self._moved(x - RADIUS, x + RADIUS, self.ports[0] + RADIUS)

    def _add_plate(self, text: str, colour: str, width: float = PLATE_WIDTH) -> None:
        self._run_lines(SPACE)
        left, half = self.right, max(self.ports[0] + 0.6, text_width(text) / UNIT / 2 + 0.4)
        self._add_box(left, width, half, -half, facecolor=_tint(colour), edgecolor=colour, zorder=3)
        self.axes.text(left + width / 2, 0, text, ha="center", va="center", rotation=90, size=SMALL, zorder=4)
        self._moved(left, left + width, half)

    def _add_group(self, group: Group, depth: int) -> None:
        source, above, below = self.anchor, self.top, self.bottom
        self._run_lines(0.35)
        left, self.top, self.bottom = self.right, 0.0, 0.0
        for block in group.blocks:
            self.add(block, depth + 1)
        if group.skips:
            self._add_plate("+", INK, width=0.8)
        self._run_lines(0.35)
        self.top, self.bottom = self.top + 0.45, self.bottom - 0.45
        face = "#F6F6F6" if depth % 2 == 0 else "#ECECEC"
        behind = depth / 100  # a box lies on the box around it, which is drawn later
        self._add_box(left, self.right - left, self.top, self.bottom, facecolor=face, edgecolor="#CCCCCC", zorder=behind)
        if group.skips:
            self.top = max(self.top, source[1]) + 0.6
            self._add_skip(source, self.anchor, self.top)
        self.axes.text((left + self.right) / 2, self.top + 0.2, group.name, ha="center", va="bottom", size=SMALL)
        self.top, self.bottom = max(self.top + 1.0, above), min(self.bottom, below)

    def _add_skip(self, source: tuple[float, float], target: tuple[float, float], height: float) -> None:
        """Draw an arrow from the top of one block to the top of a later one, at that height in between."""
        (x, low), (end, last) = (source[0] + 0.15, source[1] + 0.1), (target[0] - 0.15, target[1])
        corners = [(x, low), (x, height - 0.4), (x, height), (x + 0.4, height)]
        corners += [(end - 0.4, height), (end, height), (end, height - 0.4), (end, last)]
        codes = [Path.MOVETO, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO, Path.CURVE3, Path.CURVE3, Path.LINETO]
        self.axes.add_patch(FancyArrowPatch(path=Path(corners, codes), **ARROW))

    def _add_box(self, left: float, width: float, top: float, bottom: float, **look: Any) -> None:
        corner = BoxStyle.Round(pad=0, rounding_size=0.25)
        self.axes.add_patch(FancyBboxPatch((left, bottom), width, top - bottom, boxstyle=corner, linewidth=0.8, **look))

    def _run_lines(self, length: float) -> None:
        """Continue to the right with one line for each neuron shown."""
        lines = [((self.right, height), (self.right + length, height)) for height in self.ports]
        self.axes.add_collection(LineCollection(lines, colors=INK, linewidths=0.6, alpha=0.7, zorder=1), autolim=False)
        self.right += length

    def _moved(self, left: float, right: float, half: float) -> None:
        self.right, self.anchor = right, ((left + right) / 2, half)
        self.top, self.bottom = max(self.top, half), min(self.bottom, -half)


def _heights(size: int) -> tuple[list[float], list[float]]:
    """Return the heights of the circles of a column of that many neurons, from above, and of its dots if it is not drawn whole."""
    if size <= WHOLE:
        return [(size - 1) / 2 - index for index in range(size)], []
    upper = [ENDS + 0.5 - index for index in range(ENDS)]
    return upper + [-height for height in reversed(upper)], [0.45, 0.0, -0.45]


def _label_width(size: str, name: str) -> float:
    return max(text_width(size), text_width(name)) / UNIT


def _tint(colour: str) -> tuple[float, float, float]:
    """Return a light shade of a colour, for a background."""
    red, green, blue = to_rgb(colour)
    return (1 - (1 - red) / 5, 1 - (1 - green) / 5, 1 - (1 - blue) / 5)
