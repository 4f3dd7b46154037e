"""The benchmark's curve: the time of a training step per replica, by the number of replicas trained at once."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from regnet.bench.contender import WAYS
from regnet.bench.race import Race, Timing
from regnet.report.figures.style import BLUE, GREEN, INK, ORANGE, PURPLE, VERMILLION, new_figure, styled

CURVES = {
    "lockstep": (BLUE, "o"),
    "jax": (VERMILLION, "x"),
    "compiled-vmap": (GREEN, "^"),
    "vmap": (PURPLE, "s"),
}
"""The colour and marker of each way that trains many replicas at once."""
LEVELS = {"torch": (INK, "--"), "compile": (ORANGE, "-."), "c": (INK, ":")}
"""The colour and dashes of each way that trains one replica."""
BAND = 0.16
"""The opacity of the band from the fastest to the slowest round."""


def crossover(race: Race) -> int | None:
    """Return the smallest number of replicas at which lockstep trains a replica faster than solo; None if there is none."""
    for timing in _curve(race, "lockstep"):
        speed = race.speed(timing, "solo")
        if timing.contender.way == "lockstep" and speed is not None and np.median(speed) > 1:
            return timing.contender.replicas
    return None


@styled()
def scaling(race: Race) -> Figure:
    """Draw microseconds per step and replica by the number of replicas, both logarithmic: medians of the rounds.

    Ways that train many replicas at once are curves, with a band from the fastest to the slowest round; hand-built solo training is
    the first point of its curve. Ways that train one are horizontal lines. A vertical line marks where lockstep first beats solo.
    """
    figure = new_figure(6.0, 4.2)
    axes = figure.add_subplot(xlabel="replicas trained at once", ylabel="time of a step, per replica (µs)")
    axes.set(xscale="log", yscale="log")
    for way, (colour, marker) in CURVES.items():
        _draw_curve(axes, _curve(race, way), WAYS[way].name, colour, marker)
    for way, (colour, dashes) in LEVELS.items():
        if timing := race.find(way):
            axes.axhline(_median(timing), color=colour, linestyle=dashes, linewidth=1.2, label=WAYS[way].name)
    _mark_crossover(axes, crossover(race))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    figure.legend(ncols=2, loc="outside upper center")
    return figure


def describe_scaling(race: Race) -> str:
    """Return a text alternative for the figure in a sentence."""
    points = [f"{_median(timing):.3g} µs at {timing.contender.replicas:,}" for timing in _curve(race, "lockstep")]
    levels = [f"{WAYS[way].name} {_median(timing):.3g} µs" for way in LEVELS if (timing := race.find(way))]
    first = crossover(race)
    beats = f"; quicker than solo from {first:,} replicas on" if first else ""
    return f"Time of a step per replica, hand-built: {', '.join(points)}{beats}. For comparison: {', '.join(levels)}."


def _curve(race: Race, way: str) -> list[Timing]:
    """Return the timings of a way by number of replicas; those of lockstep start with hand-built solo training."""
    found = [timing for timing in race.timings if timing.contender.way in (way, "solo" if way == "lockstep" else way)]
    return sorted(found, key=lambda timing: timing.contender.replicas)


def _median(timing: Timing) -> float:
    return float(np.median(timing.step_microseconds))


def _draw_curve(axes: Axes, timings: list[Timing], name: str, colour: str, marker: str) -> None:
    if not timings:
        return
    replicas = [timing.contender.replicas for timing in timings]
    axes.plot(replicas, [_median(timing) for timing in timings], color=colour, marker=marker, label=name)
    lowest, highest = ([edge(timing.step_microseconds) for timing in timings] for edge in (np.min, np.max))
    axes.fill_between(replicas, lowest, highest, color=colour, alpha=BAND, linewidth=0)


def _mark_crossover(axes: Axes, replicas: int | None) -> None:
    if replicas is None:
        return
    axes.axvline(replicas, color=BLUE, linewidth=0.8)
    axes.annotate(
        f"lockstep beats solo\nfrom {replicas:,} replicas on",
        (replicas, 0.5),
        xycoords=("data", "axes fraction"),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
    )
