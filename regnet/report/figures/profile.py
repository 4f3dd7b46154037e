"""Performance profiles: for every value of a metric, the share of each study's seeds that end at least as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from textwrap import wrap
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from regnet.report.figures.curves import BAND, LINE, axis_label
from regnet.report.figures.spread import is_wide
from regnet.report.figures.style import NORMAL, SMALL, new_figure, scale_logarithmically, study_colour, styled
from regnet.report.samples import samples
from regnet.stats import Sample
from regnet.stats.profile import Profile, performance_profile
from regnet.study.result import StudyResult

WIDTH = 5.0
"""Inches, as all heights here."""
HEIGHT = 3.2
"""The height of a figure with a single panel, without the names."""
ROW = 1.2
"""The height of a row of panels, without the names."""
AROUND = 0.8
"""The height of the labels above and below several panels."""
TEXT_LINE = 0.17
TOGETHER = 2
"""The most studies in one panel, since more bands hide each other; of more studies, each has a panel."""
COLUMNS = 2
PANEL_LINE = 30
"""Characters in a line of a panel's name."""
OWN: dict[str, Any] = {"zorder": 3}
"""How a study's curve is drawn."""
OTHERS: dict[str, Any] = {"linewidth": 0.8, "alpha": 0.6}
"""How the curves of the other studies in a panel are drawn."""
SHARE = 100.0
"""Shares are shown in percent."""
MOST_STEPS = 250
"""The most steps of a curve that are drawn; of more, some are left out, which is hardly visible and keeps the file small."""
MOST_FAINT_STEPS = 100


@dataclass(frozen=True)
class StudyProfile:
    """A study's profile and the seeds that it comes from."""

    name: str
    sample: Sample
    profile: Profile | None
    """None if no seed has a value or failed."""

    @property
    def counts(self) -> str:
        """The number of seeds with a value, and those of the other seeds."""
        rest = {"failed": self.sample.failures, "unfinished": self.sample.unfinished, "undefined": self.sample.undefined}
        count = len(self.sample.seeds)
        return ", ".join(
            [f"{count} seed{'s' * (count != 1)}", *(f"{len(seeds)} {state}" for state, seeds in rest.items() if seeds)]
        )

    def scaled(self, scale: float) -> StudyProfile:
        """Return the same with the profile's values multiplied by a factor, as they are shown."""
        profile = self.profile and replace(self.profile, thresholds=scale * self.profile.thresholds)
        return replace(self, profile=profile)

    def title(self, line: int) -> str:
        """Return the study's name and `counts`, in lines of at most that many characters."""
        lines = wrap(self.name, line, max_lines=2, placeholder=" …") or [""]
        counts = f"({self.counts})"
        if len(lines[-1]) + 1 + len(counts) <= line:
            return "\n".join([*lines[:-1], f"{lines[-1]} {counts}"])
        return "\n".join([*lines, counts])


def study_profiles(results: Sequence[StudyResult], names: Sequence[str], metric: str) -> list[StudyProfile]:
    """Return the profile of each study's final values: of the seeds with a value and of those that failed."""
    smaller_is_better = results[0].measure(metric).smaller_is_better
    return [
        StudyProfile(name, sample, _profile(sample, smaller_is_better=smaller_is_better))
        for name, sample in zip(names, samples(names, results, metric), strict=True)
    ]


def _profile(sample: Sample, *, smaller_is_better: bool) -> Profile | None:
    values, failed = np.asarray(sample.values, dtype=float), len(sample.failures)
    if len(values) + failed == 0:
        return None
    return performance_profile(values, failed, smaller_is_better=smaller_is_better, overlap=sample.overlap)


@styled()
def profile(results: Sequence[StudyResult], names: Sequence[str], metric: str) -> Figure:
    """Draw the share of each study's seeds whose final value is τ or better, over τ, with its 95 % band.

    Seeds that failed reach no value, so that the curve ends below 100 %. One or two studies share a panel; of more, each has a
    panel with its band, in which the curves of the others are faint. Error rates are in percent.

    Args:
        results: the studies, in the order of their colours.
        names: their labels.
        metric: the metric's full name, such as ``test/error_rate``.
    """
    measure = results[0].measure(metric)
    found = [study.scaled(measure.scale) for study in study_profiles(results, names, metric)]
    x = f"τ: {metric.partition('/')[0]} {axis_label(measure)} after the last epoch"
    y = f"seeds at τ or {'below' if measure.smaller_is_better else 'above'} (%)"
    figure = _draw_panels(found, x, y) if len(found) > TOGETHER else _draw_together(found, x, y)
    banded = any(study.profile and study.profile.reach for study in found)
    better = f"further up and {'left' if measure.smaller_is_better else 'right'} is better"
    title = f"with a 95 % band for the whole curve; {better}" if banded else better
    figure.legend(handles=[], title=title, loc="outside upper center")
    return figure


def _draw_together(found: list[StudyProfile], x: str, y: str) -> Figure:
    """Return a figure with one panel, and the studies' names below."""
    titles = [study.title(LINE) for study in found]
    figure = new_figure(WIDTH, HEIGHT + TEXT_LINE * sum(1 + title.count("\n") for title in titles))
    axes = figure.add_subplot(xlabel=x, ylabel=y)
    _scale(axes, found)
    for index, study in enumerate(found):
        _draw(axes, study, study_colour(index))
    keys = [Line2D([], [], color=study_colour(index), label=title) for index, title in enumerate(titles)]
    figure.legend(handles=keys, loc="outside lower center")
    return figure


def _draw_panels(found: list[StudyProfile], x: str, y: str) -> Figure:
    """Return a figure with a panel for each study."""
    titles = [study.title(PANEL_LINE) for study in found]
    rows = ceil(len(found) / COLUMNS)
    height = ROW + TEXT_LINE * max(1 + title.count("\n") for title in titles)
    figure = new_figure(WIDTH, AROUND + rows * height)
    grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True).ravel()
    _scale(grid[0], found)
    grid[0].set_yticks([0, SHARE / 2, SHARE])
    for shown, (axes, title) in enumerate(zip(grid, titles, strict=False)):
        for index, study in enumerate(found):
            _draw(axes, study, study_colour(index), faint=index != shown)
        axes.set_title(title, fontsize=SMALL, loc="left")
        axes.tick_params(labelbottom=shown + COLUMNS >= len(found))
    for axes in grid[len(found) :]:
        axes.remove()
    figure.supxlabel(x, fontsize=NORMAL)
    figure.supylabel(y, fontsize=NORMAL)
    return figure


def _scale(axes: Axes, found: list[StudyProfile]) -> None:
    """Set the scales of axes, as wide as the studies' values."""
    profiles = [study.profile for study in found if study.profile and len(study.profile.thresholds)]
    if is_wide([np.asarray(study.sample.values) for study in found if len(study.sample.values)]):
        scale_logarithmically(axes, "x")
    if profiles:
        ends = min(one.thresholds[0] for one in profiles), max(one.thresholds[-1] for one in profiles)
        axes.update_datalim([(end, 0) for end in ends])
        axes.autoscale_view()
    axes.set(xlim=axes.get_xlim(), ylim=(0, SHARE))


def _draw(axes: Axes, study: StudyProfile, colour: str, *, faint: bool = False) -> None:
    """Draw a study's curve from one end of the axes to the other; if it is not faint, with its band."""
    if study.profile is None:
        return
    start, end = axes.get_xlim()
    steps, most = len(study.profile.thresholds), MOST_FAINT_STEPS if faint else MOST_STEPS
    kept = np.linspace(0, steps - 1, min(steps, most)).round().astype(int)
    x = np.array([start, *study.profile.thresholds[kept], end])
    shares = study.profile.at(x)
    step: Literal["pre", "post"] = "post" if study.profile.smaller_is_better else "pre"
    axes.step(x, SHARE * shares, where=step, color=colour, clip_on=False, **(OTHERS if faint else OWN))
    if (band := study.profile.band(shares)) and not faint:
        low, high = band
        axes.fill_between(x, SHARE * low, SHARE * high, step=step, color=colour, alpha=BAND, linewidth=0)
