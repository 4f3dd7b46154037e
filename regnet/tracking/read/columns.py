"""The columns of a table of runs: what each holds, and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import pandas as pd

from regnet.stats.measure import Measure, name_of
from regnet.tracking.store.messages import GIT_COMMIT, LABEL, MEASURES, STOPPED, UNLEARNED
from regnet.tracking.store.store import TrackedRun

EPOCH: Final = "epoch"
VERSION: Final = r"{} (\S+?)(?:,|$)"
"""A version in the line of `regnet.machine.describe_machine`."""


class Column(NamedTuple):
    """A column that does not depend on the configuration."""

    meaning: str
    read: Callable[[TrackedRun], object]
    """Returns the value for a run; None if it is missing."""
    dtype: str = "string"


def _tag(name: str) -> Callable[[TrackedRun], object]:
    return lambda run: run.tags.get(name)


def _version(name: str) -> Callable[[TrackedRun], object]:
    def read(run: TrackedRun) -> str | None:
        found = re.search(VERSION.format(name), run.tags.get("regnet.machine", ""))
        return found[1] if found else None

    return read


RUN_COLUMNS: Final[dict[str, Column]] = {
    "run_id": Column("MLflow's id of the run", lambda run: run.run_id),
    "experiment": Column("the MLflow experiment", lambda run: run.experiment),
    "launch": Column("the launch that the run belongs to: the folder in which it was started", lambda run: run.launch),
    "study": Column("the study's name", _tag("regnet.study_name")),
    "label": Column("the study's label in tables: the settings in which the studies of its launch differ", _tag(LABEL)),
    "identity": Column("the study's hash: runs that have the same one differ only in their seeds", lambda run: run.study),
    "seed": Column("the seed, which distinguishes the runs of a study", lambda run: run.seed, "Int64"),
    "status": Column("MLflow's status: FINISHED, FAILED, KILLED or RUNNING", lambda run: run.status),
    "failure": Column("why the run was not trained to the end; missing if it was", lambda run: run.failure),
    "started": Column(
        "when the run started", lambda run: pd.Timestamp(run.start, unit="ms", tz="UTC"), dtype="datetime64[us, UTC]"
    ),
    "stopped_after_epoch": Column(
        "the epoch after which a plugin stopped the run early; missing if none did",
        lambda run: int(run.tags[STOPPED]) if STOPPED in run.tags else None,
        "Int64",
    ),
    "unlearned": Column(
        "why the network has learned nothing, such as the same outputs for all inputs; missing if it has learned, or failed",
        lambda run: run.tags.get(UNLEARNED) if run.finished else None,
    ),
    "host": Column(
        "the computer that trained the run; missing if `regnet sync` wrote it", lambda run: run.owner.host if run.owner else None
    ),
    "machine": Column("that computer's processor, cores and system, with the versions of Python and torch", _tag("regnet.machine")),
    "regnet_version": Column("the version of regnet", _tag("regnet.version")),
    "python_version": Column("the version of Python", _version("Python")),
    "torch_version": Column("the version of torch", _version("torch")),
    "plugin_versions": Column("the distributions whose components are used, with their versions", _tag("regnet.plugins")),
    "commit": Column("the git commit that was checked out in the working directory", _tag(GIT_COMMIT)),
}
"""The first columns of each table."""

TIMES: Final = {
    "time/train_seconds": ("the time of the training without evaluation, of a run that was trained alone", "s"),
    "time/lockstep_group_train_seconds": ("the time of the training of all runs that were trained together with this one", "s"),
    "time/lockstep_train_seconds_per_replica": ("that time divided by the number of these runs", "s"),
    "time/lockstep_replicas": ("the number of runs that were trained together, this one included", "runs"),
}
"""The meaning and the unit of the columns with times."""


def explain(names: Iterable[str], runs: Sequence[TrackedRun]) -> dict[str, tuple[str, str]]:
    """Return the meaning and the unit of the columns of a table of runs, by name; the unit is empty if there is none.

    Settings are named, and not explained: `regnet.tracking.read.dictionary` does that.
    """
    names = list(names)
    measures = _measures(runs)
    when = "after this epoch" if EPOCH in names else "after the last epoch"
    known = {name: (column.meaning, "") for name, column in RUN_COLUMNS.items()} | TIMES
    known[EPOCH] = ("the epoch, from 1; missing in the row of a run that has no metrics of any epoch", "")
    return {
        name: known[name] if name in known else _metric(name, measures, when) if "/" in name else (_setting(name), "")
        for name in names
    }


def _measures(runs: Sequence[TrackedRun]) -> dict[str, Measure]:
    """Return how to read each metric's values; the newest run decides."""
    texts = dict.fromkeys(run.tags.get(MEASURES, "{}") for run in runs)
    return {name: Measure.from_plain(plain) for text in texts for name, plain in json.loads(text).items()}


def _metric(name: str, measures: Mapping[str, Measure], when: str) -> tuple[str, str]:
    """Return the meaning and the unit of a metric such as ``test/error_rate`` or ``test/confusion_matrix/0/1``."""
    split, _, *indices = name.split("/")
    measure = measures.get(name_of(name)) or Measure(title=name_of(name))
    cell = ", ".join(f"{axis} {index}" for axis, index in zip(measure.axes, indices, strict=False))
    meaning = f"the {split} {measure.title}{f' ({cell})' if cell else ''} {when}"
    if len(measure.axes) < 2:  # of a table of counts, neither is better
        meaning += f"; {measure.better} is better"
    return meaning, measure.unit if measure.scale == 1 else f"1 = {measure.scale:g} {measure.unit}"


def _setting(name: str) -> str:
    component, _, option = name.rpartition(".")
    if not component:
        return f"the setting {name}"
    return f"which {component} was chosen" if option == "name" else f"the option {option} of {component}"
