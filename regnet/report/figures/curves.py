"""The report's Figures 3 and 4: how a metric moves from epoch to epoch, over all the seeds of a study, on train and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from regnet.report.figures.style import BLUE, INK, MARKERS, PALETTE, VERMILLION, new_figure, styled
from regnet.report.labels import labels
from regnet.results import StudyResult

LABELS: dict[str, str] = {"loss": "loss", "error_rate": "error rate (%)", "rmse": "root mean square error", "r2": "R²"}
UNITS = {"error_rate": 100.0}
"""What a metric is multiplied by to be shown: error rates are in percent."""
DASHES: dict[str, Literal["--", "-"]] = {"train": "--", "test": "-"}
BAND = 0.16
"""How opaque a band is."""
LINE = 66
"""Characters in a line of the legend."""
LOG_RANGE = 8
"""A loss that falls by this factor or more is shown on a logarithmic scale."""


@dataclass(frozen=True)
class _Curves:
    """One study's metric, as it is shown."""

    name: str
    values: dict[str, np.ndarray]
    """For train and test ``(seeds kept, E)``."""
    left_out: int
    """Seeds that failed: they have no number in some epoch."""

    @property
    def kept(self) -> int:
        return len(self.values["test"])

    @property
    def note(self) -> str:
        """Of how many seeds the lines are, what the band is, and how many seeds failed."""
        if self.kept < 2:
            return self.count
        return f"mean of {self.kept} seeds ± 1 standard deviation{self._failed}"

    @property
    def count(self) -> str:
        """How many seeds there are, and how many failed."""
        if not self.kept:
            return f"all {self.left_out} seeds failed" if self.left_out > 1 else "the seed failed"
        return f"{self.kept} seed{'s' if self.kept > 1 else ''}{self._failed}"

    @property
    def _failed(self) -> str:
        return f", {self.left_out} failed seed{'s' if self.left_out > 1 else ''} left out" if self.left_out else ""


@styled()
def curves(results: StudyResult | Sequence[StudyResult], metric: str) -> Figure:
    """A metric against the epochs, of train (dashed) and test (solid): each line the mean over a study's seeds.

    With more than one seed a band shows one standard deviation (of the sample) to either side. Seeds that failed are left
    out, and the legend says how many. Error rates are in percent.

    Args:
        results: one study, in two colours; or several, each in a colour of its own.
        metric: the metric's name without its split: ``loss``, ``error_rate``, ``rmse`` or ``r2``.

    Raises:
        KeyError: a study has no such metric.
    """
    studies = [results] if isinstance(results, StudyResult) else list(results)
    read = [_read(result, name, metric) for result, name in zip(studies, labels(studies), strict=True)]
    keys = _study_keys(read) if len(read) > 1 else []
    figure = new_figure(5.0, 3.2 + 0.2 * sum(1 + key.count("\n") for key in keys) / _key_columns(keys))
    axes = figure.add_subplot(xlabel="epoch", ylabel=_metric_label(studies, metric))
    for place, study in enumerate(read):
        _draw(axes, study, _colours(place, len(read)), _marker(place))
    _scale(axes, read, metric)
    _legend(figure, read, keys)
    return figure


def _read(result: StudyResult, name: str, metric: str) -> _Curves:
    histories = {split: result.history[f"{split}/{metric}"] * UNITS.get(metric, 1.0) for split in DASHES}
    whole = np.all([np.isfinite(values).all(-1) for values in histories.values()], axis=0)
    return _Curves(name, {split: values[whole] for split, values in histories.items()}, int((~whole).sum()))


def _metric_label(studies: Sequence[StudyResult], metric: str) -> str:
    """The metric in words and with its unit; the loss with its name, where all studies share it."""
    names = {str(study.config.get("loss", {}).get("name", "")) for study in studies}
    said = LABELS.get(metric, metric)
    return f"{said} ({names.pop()})" if metric == "loss" and len(names) == 1 and "" not in names else said


def _colours(place: int, studies: int) -> dict[str, str]:
    if studies == 1:
        return {"train": BLUE, "test": VERMILLION}
    return dict.fromkeys(DASHES, PALETTE[place % len(PALETTE)])


def _marker(place: int) -> str:
    """Nothing, until colours repeat."""
    turn = place // len(PALETTE)
    return MARKERS[(turn - 1) % len(MARKERS)] if turn else ""


def _draw(axes: Axes, study: _Curves, colours: dict[str, str], marker: str) -> None:
    if not study.kept:
        return
    for split, values in study.values.items():
        epochs, mean = np.arange(1, values.shape[1] + 1), values.mean(0)
        mark = marker or ("o" if len(epochs) == 1 else "")
        axes.plot(epochs, mean, DASHES[split], color=colours[split], marker=mark, markevery=max(1, len(epochs) // 8))
        if study.kept > 1:
            deviation = values.std(0, ddof=1)
            edge = 0 if len(epochs) > 1 else 3  # over a single epoch a band has no width of its own
            axes.fill_between(epochs, mean - deviation, mean + deviation, color=colours[split], alpha=BAND, linewidth=edge)


def _scale(axes: Axes, studies: list[_Curves], metric: str) -> None:
    last = max(values.shape[1] for study in studies for values in study.values.values())
    beside = 0.02 * min(last, 25) if last > 1 else 0.5
    axes.set_xlim(1 - beside, last + beside)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    means = np.concatenate([values.mean(0) for study in studies if study.kept for values in study.values.values()] or [np.ones(1)])
    if metric == "loss" and means.min() > 0 and means.max() >= LOG_RANGE * means.min():
        _scale_logarithmically(axes, float(means.min()))
    elif metric == "error_rate" or (metric != "r2" and axes.get_ylim()[0] < 0 <= means.min()):
        axes.set_ylim(bottom=0)


def _scale_logarithmically(axes: Axes, smallest: float) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    # A band wider than its mean would reach down to zero, which this scale does not have.
    axes.set_ylim(bottom=max(axes.get_ylim()[0], smallest / 2))


def _legend(figure: Figure, studies: list[_Curves], keys: list[str]) -> None:
    """Outside the axes: above, train and test and whose seeds these are; below, the studies if there are several."""
    colours = _colours(0, 1) if len(studies) == 1 else dict.fromkeys(DASHES, INK)
    splits = [Line2D([], [], color=colours[split], linestyle=dash, label=split) for split, dash in DASHES.items()]
    notes = {study.note for study in studies}
    title = notes.pop() if len(notes) == 1 else "mean over seeds ± 1 standard deviation"
    figure.legend(handles=splits, title=title, ncols=2, loc="outside upper center")
    lines = [
        Line2D([], [], color=_colours(place, len(studies))["test"], marker=_marker(place), label=key)
        for place, key in enumerate(keys)
    ]
    if lines:
        figure.legend(handles=lines, ncols=_key_columns(keys), loc="outside lower center")


def _study_keys(studies: list[_Curves]) -> list[str]:
    """What the legend says of each study: its name, and of how many seeds it is where they differ in that."""
    same = len({study.note for study in studies}) == 1
    keys = [study.name if same else f"{study.name} ({study.count})" for study in studies]
    return ["\n".join(wrap(key, LINE, max_lines=3, placeholder=" …")) for key in keys]


def _key_columns(keys: list[str]) -> int:
    """Two where there are many keys and all are short."""
    return 2 if len(keys) > 3 and all(len(key) < LINE / 2 - 4 for key in keys) else 1
