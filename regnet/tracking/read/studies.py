"""Reading results back from the MLflow store: the same results as were written, less the trained networks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import yaml  # type: ignore[import-untyped]

from regnet.errors import TrackingError, one_of
from regnet.gc_pause import uncollected
from regnet.serving.header import CONFIG
from regnet.stats.measure import Measure
from regnet.study.identity import SEED_KEYS
from regnet.study.result import SPLITS, StudyResult
from regnet.tracking.read.params import nested
from regnet.tracking.store.messages import HEADLINE, MEASURES, STOPPED
from regnet.tracking.store.store import ROLE, History, Store, TrackedRun

FINAL = "final/"
"""What a metric's name begins with when its value is that after the last epoch."""


def newest_experiment(store: Store) -> str:
    """The name of the experiment with the newest of regnet's runs.

    Raises:
        TrackingError: there is none.
    """
    found = store.newest_run(store.experiments())
    if found is None:
        raise TrackingError("the MLflow store has no runs of regnet's: start some with `regnet run`")
    return found.experiment


def newest_launch(store: Store, experiment: str) -> str:
    """The name of what was started last in an experiment.

    Raises:
        TrackingError: there is no such experiment, or nothing of regnet's in it.
    """
    found = store.newest_run(store.experiments(experiment))
    if found is None:
        raise TrackingError(f"MLflow experiment {experiment!r} has no runs of regnet's: start some with `regnet run`")
    return found.launch


def read_launch(store: Store, experiment: str, launch: str) -> list[StudyResult]:
    """The studies that were started together, in the order of their start.

    Raises:
        TrackingError: there is no such launch.
    """
    within = store.experiments(experiment)
    runs = store.find_runs(within, ROLE | {"regnet.launch": launch})
    if not runs:
        launches = store.tag_values(within, ["regnet.launch"])
        raise TrackingError(f"MLflow experiment {experiment!r} has no launch {launch!r}: {one_of(launch, launches)}")
    with uncollected():  # MLflow keeps much in memory
        histories = store.histories(runs, measured(runs))
    return [_study(study, histories, _config(store, study[0])) for study in by_study(runs).values()]


def final_results(runs: Iterable[TrackedRun]) -> list[StudyResult]:
    """The studies of some runs, in the order in which they first come, with what they ended with: histories of one column.

    That is read much sooner than every epoch. The configuration is what the runs' parameters say of it. Of one study no two runs
    may have the same seed.
    """
    return [
        _study(study, {run.run_id: _final(run) for run in study}, _config_by_params(study[0])) for study in by_study(runs).values()
    ]


def by_study(runs: Iterable[TrackedRun]) -> dict[str, list[TrackedRun]]:
    """The runs of each study, by its identity."""
    studies: dict[str, list[TrackedRun]] = defaultdict(list)
    for run in runs:
        studies[run.study].append(run)
    return dict(studies)


def measured(runs: Sequence[TrackedRun]) -> set[str]:
    """The metrics that the runs have measured after each epoch, such as ``test/error_rate``."""
    names = {name.removeprefix(FINAL) for run in runs for name in run.metrics}
    return {name for name in names if name.partition("/")[0] in SPLITS}


def _study(runs: Sequence[TrackedRun], read: Mapping[str, History], config: Mapping[str, Any]) -> StudyResult:
    """A study from its runs; those that were interrupted, or are still going on, count as failed."""
    runs = sorted(runs, key=lambda run: run.seed)
    tags = runs[0].tags
    histories = [read[run.run_id] for run in runs]
    lengths = [max(map(len, history.values()), default=0) for history in histories]
    names = sorted({name for history in histories for name in history} | measured(runs))
    rows = {
        name: [
            _padded(one.get(name, np.empty(0)), length, max(lengths), run.finished)
            for one, length, run in zip(histories, lengths, runs, strict=True)
        ]
        for name in names
    }
    return StudyResult(
        name=tags["regnet.study_name"],
        identity=tags["regnet.study"],
        config=config,
        seeds=tuple(run.seed for run in runs),
        history={name: np.stack(values) for name, values in rows.items()},
        together=np.array([int(run.metrics.get("time/lockstep_replicas", 1)) for run in runs]),
        seconds=np.array([_seconds(run) for run in runs]),
        failures={run.seed: run.failure for run in runs if run.failure is not None},
        stopped={run.seed: int(run.tags[STOPPED]) for run in runs if STOPPED in run.tags},
        machine=tags.get("regnet.machine", ""),
        measures={name: Measure.from_plain(plain) for name, plain in json.loads(tags.get(MEASURES, "{}")).items()},
        headline=tags.get(HEADLINE, "test/loss"),
    )


def _padded(values: np.ndarray, length: int, epochs: int, keep: bool) -> np.ndarray:
    """A history as long as the longest: NaN up to the run's own length, then its last value if it was stopped early, else NaN."""
    own = np.concatenate([values, np.full(length - len(values), np.nan)])
    filling = own[-1] if keep and length else np.nan
    return np.concatenate([own, np.full(epochs - length, filling)])


def _final(run: TrackedRun) -> History:
    """What the run ended with; if it failed, "not a number" for all that it measured before."""
    if not run.finished:
        return {name: np.array([np.nan]) for name in measured([run])}
    return {name.removeprefix(FINAL): np.array([value]) for name, value in run.metrics.items() if name.startswith(FINAL)}


def _seconds(run: TrackedRun) -> float:
    metrics = run.metrics
    return float(metrics.get("time/lockstep_group_train_seconds", metrics.get("time/train_seconds", np.nan)))


def _config_by_params(run: TrackedRun) -> dict[str, Any]:
    return nested({name: text for name, text in run.params.items() if name not in SEED_KEYS})


def _config(store: Store, run: TrackedRun) -> dict[str, object]:
    """What OmegaConf wrote; plain YAML reads it the same, and in C, ten times as fast."""
    text = store.artifact(run, CONFIG)
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
