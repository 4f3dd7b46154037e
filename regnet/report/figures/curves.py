"""Learning curves: a metric by epoch, over all the seeds of a study, such as the paper's Figures 3 and 4."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from textwrap import wrap
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from regnet.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    VERMILLION,
    new_figure,
    scale_logarithmically,
    study_colour,
    study_marker,
    styled,
)
from regnet.stats import Measure, from_moments
from regnet.study.labels import study_labels
from regnet.study.result import StudyResult

Band = Literal["deviation", "interval"]
"""What a band shows: one standard deviation of the seeds, or the 95 % interval of their mean."""

Dash = Literal["--", ":", "-"]
DASHES: dict[str, Dash] = {"train": "--", "validation": ":", "test": "-"}
COLOURS = {"train": BLUE, "validation": GREEN, "test": VERMILLION}
"""The colour of each split, for a single study."""
AROUND: dict[Band, str] = {"deviation": " ± 1 standard deviation", "interval": " with its 95 % interval"}
BAND = 0.16
"""The opacity of a band."""
LINE = 66
"""Characters in a line of the legend."""
LOG_RANGE = 8
"""A metric that falls by this factor or more can be shown on a logarithmic scale."""
MOST_EPOCHS = 1000
"""The most epochs that are drawn; of more, some are left out, which is not visible and keeps the file small."""


@dataclass(frozen=True)
class Drawing:
    """How curves are drawn; the defaults are those of the paper."""

    splits: tuple[str, ...] = ("train", "test")
    band: Band = "deviation"
    """One standard deviation (of the sample) to either side of the mean, or the mean's 95 % interval."""
    logarithmic: Collection[str] = ("loss",)
    """The metrics whose scale is logarithmic if they fall far."""


AS_IN_PAPER = Drawing()


@dataclass(frozen=True)
class _Curves:
    """One study's metric, as shown."""

    name: str
    values: dict[str, np.ndarray]
    """For each split ``(seeds kept, E)``."""
    left_out: int
    """The number of seeds that failed: they have no value in some epoch."""
    band: Band
    overlap: dict[str, float]
    """For each split, the correction for runs that share examples."""

    @property
    def kept(self) -> int:
        return len(next(iter(self.values.values())))

    @property
    def note(self) -> str:
        """The number of seeds, the meaning of the band, and the number of seeds that failed."""
        if self.kept < 2:
            return self.count
        return f"mean of {self.kept} seeds{AROUND[self.band]}{self._failed}"

    @property
    def count(self) -> str:
        """The number of seeds, and the number that failed."""
        if not self.kept:
            return f"all {self.left_out} seeds failed" if self.left_out > 1 else "the seed failed"
        return f"{self.kept} seed{'s' if self.kept > 1 else ''}{self._failed}"

    @property
    def _failed(self) -> str:
        return f", {self.left_out} failed seed{'s' if self.left_out > 1 else ''} left out" if self.left_out else ""


@styled()
def curves(
    results: StudyResult | Sequence[StudyResult],
    metric: str,
    drawing: Drawing = AS_IN_PAPER,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw a metric by epoch, on train (dashed), validation (dotted) and test (solid) examples; each line is a mean over seeds.

    With more than one seed there is a band around the line. Seeds that failed are left out, and the legend says how many. Error
    rates are in percent.

    Args:
        results: one study, with a colour for each split; or several, with a colour for each study.
        metric: the metric's name without its split, such as ``loss`` or ``error_rate``.
        drawing: the splits, the band and the scale.
        names: the studies' labels; by default the settings in which they differ.

    Raises:
        KeyError: a study has no such metric.
    """
    studies = [results] if isinstance(results, StudyResult) else list(results)
    titles = study_labels(studies) if names is None else names
    read = [_read(result, name, metric, drawing) for result, name in zip(studies, titles, strict=True)]
    keys = _study_keys(read) if len(read) > 1 else []
    figure = new_figure(5.0, 3.2 + 0.2 * sum(1 + key.count("\n") for key in keys) / _key_columns(keys))
    axes = figure.add_subplot(xlabel="epoch", ylabel=_metric_label(studies, metric, drawing.splits))
    for index, study in enumerate(read):
        _draw(axes, study, _colours(index, len(read)), study_marker(index))
    _scale(axes, read, studies[0].measure(metric), logarithmic=metric in drawing.logarithmic)
    _legend(figure, read, keys)
    return figure


def _read(result: StudyResult, name: str, metric: str, drawing: Drawing) -> _Curves:
    histories = {split: result.history[f"{split}/{metric}"] * result.measure(metric).scale for split in drawing.splits}
    whole = np.array([seed not in result.failures for seed in result.seeds])
    kept = {split: values[whole] for split, values in histories.items()}
    return _Curves(name, kept, int((~whole).sum()), drawing.band, {split: result.overlap(f"{split}/{metric}") for split in kept})


def axis_label(measure: Measure) -> str:
    """Return a metric in words, with its unit."""
    return f"{measure.title} ({measure.unit})" if measure.unit else measure.title


def _metric_label(studies: Sequence[StudyResult], metric: str, splits: Sequence[str]) -> str:
    """Return the metric with its unit; with the loss's name, if all studies share it, and with the split, if there is only one."""
    names = {str(study.config.get("loss", {}).get("name", "")) for study in studies}
    label = " ".join([*(splits if len(splits) == 1 else ()), axis_label(studies[0].measure(metric))])
    return f"{label} ({names.pop()})" if metric == "loss" and len(names) == 1 and "" not in names else label


def _colours(index: int, studies: int) -> dict[str, str]:
    return COLOURS if studies == 1 else dict.fromkeys(DASHES, study_colour(index))


def _draw(axes: Axes, study: _Curves, colours: dict[str, str], marker: str) -> None:
    if not study.kept:
        return
    dashes = _dashes(study)
    for split, values in study.values.items():
        reach = 1.0 if study.band == "deviation" else from_moments(0.0, 1.0, study.kept, overlap=study.overlap[split]).high
        epochs = _epochs(values.shape[1])
        shown = values[:, epochs - 1]
        mean = _over_seeds(shown, np.ma.mean)
        mark = marker or ("o" if len(epochs) == 1 else "")
        axes.plot(epochs, mean, dashes[split], color=colours[split], marker=mark, markevery=max(1, len(epochs) // 8))
        if study.kept > 1:
            around = reach * _over_seeds(shown, partial(np.ma.std, ddof=1))
            edge = 0 if len(epochs) > 1 else 3  # over a single epoch a band has no width
            axes.fill_between(epochs, mean - around, mean + around, color=colours[split], alpha=BAND, linewidth=edge)


def _over_seeds(values: np.ndarray, statistic: Callable[..., Any]) -> np.ndarray:
    """Return a statistic over the seeds for which the metric is defined, ``(E,)``; NaN in an epoch in which it is for none."""
    return np.asarray(statistic(np.ma.masked_invalid(values), axis=0).filled(np.nan))


def _dashes(study: _Curves) -> Mapping[str, Dash]:
    """Return the dashes that distinguish the splits, if there is more than one."""
    return DASHES if len(study.values) > 1 else dict.fromkeys(study.values, "-")


def _epochs(count: int) -> np.ndarray:
    """Return the epochs to draw, counted from 1: all of them, or at most `MOST_EPOCHS`, evenly spaced."""
    return np.linspace(1, count, min(count, MOST_EPOCHS)).round().astype(int)


def _scale(axes: Axes, studies: list[_Curves], measure: Measure, *, logarithmic: bool) -> None:
    histories = [values for study in studies if study.kept for values in study.values.values()]
    last = max(values.shape[1] for study in studies for values in study.values.values())
    beside = 0.02 * min(last, 25) if last > 1 else 0.5
    axes.set_xlim(1 - beside, last + beside)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    means = np.concatenate([_over_seeds(values, np.ma.mean) for values in histories] or [np.ones(1)])
    means = means[np.isfinite(means)] if np.isfinite(means).any() else np.ones(1)
    from_zero = measure.smaller_is_better and measure.smallest == 0 and measure.largest < inf
    may_start_at_zero = (measure.smaller_is_better or measure.smallest == 0) and axes.get_ylim()[0] < 0 <= means.min()
    if logarithmic and means.min() > 0 and means.max() >= LOG_RANGE * means.min():
        _scale_to_logarithms(axes, float(means.min()))
    elif from_zero or may_start_at_zero:
        axes.set_ylim(bottom=0)


def _scale_to_logarithms(axes: Axes, smallest: float) -> None:
    scale_logarithmically(axes, "y")
    # A band wider than its mean would reach zero, which a logarithmic scale cannot show.
    axes.set_ylim(bottom=max(axes.get_ylim()[0], smallest / 2))


def _legend(figure: Figure, studies: list[_Curves], keys: list[str]) -> None:
    """Add legends outside the axes: above, the splits and the numbers of seeds; below, the studies if there are several."""
    colours = COLOURS if len(studies) == 1 else dict.fromkeys(DASHES, INK)
    drawn = studies[0].values if len(studies[0].values) > 1 else ()
    splits = [Line2D([], [], color=colours[split], linestyle=DASHES[split], label=split) for split in drawn]
    notes = {study.note for study in studies}
    title = notes.pop() if len(notes) == 1 else f"mean over seeds{AROUND[studies[0].band]}"
    figure.legend(handles=splits, title=title, ncols=3, loc="outside upper center")
    lines = [Line2D([], [], color=study_colour(index), marker=study_marker(index), label=key) for index, key in enumerate(keys)]
    if lines:
        figure.legend(handles=lines, ncols=_key_columns(keys), loc="outside lower center")


def _study_keys(studies: list[_Curves]) -> list[str]:
    """Return the legend's text for each study: its name, and its number of seeds if the studies differ in that."""
    same = len({study.note for study in studies}) == 1
    keys = [study.name if same else f"{study.name} ({study.count})" for study in studies]
    return ["\n".join(wrap(key, LINE, max_lines=3, placeholder=" …")) for key in keys]


def _key_columns(keys: list[str]) -> int:
    """Return the number of columns: 2 if there are many keys and all are short."""
    return 2 if len(keys) > 3 and all(len(key) < LINE / 2 - 4 for key in keys) else 1
