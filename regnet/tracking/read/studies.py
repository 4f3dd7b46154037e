"""Read the results of studies from the MLflow store: the same results as were written, without the trained networks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from regnet.errors import TrackingError, one_of
from regnet.gc_pause import uncollected
from regnet.serving.header import CONFIG
from regnet.stats.measure import Measure
from regnet.study.identity import SEED_KEYS
from regnet.study.population import Population
from regnet.study.result import MISSING, RUNNING, SPLITS, StudyResult, with_faults
from regnet.tracking.read.deduplicate import unite
from regnet.tracking.read.params import nested
from regnet.tracking.store.messages import (
    AUTOMATIC,
    CONTENT,
    HEADLINE,
    MEASURES,
    NOTES,
    PLANNED,
    POPULATION,
    STOPPED,
    UNLEARNED,
    read_seeds,
)
from regnet.tracking.store.store import ROLE, History, Store, TrackedRun

FINAL = "final/"
"""The prefix of metrics that hold the value after the last epoch."""


def newest_experiment(store: Store) -> str:
    """Return the name of the experiment with the newest run.

    Raises:
        TrackingError: there are no runs.
    """
    run = store.newest_run(store.experiments())
    if run is None:
        raise TrackingError("the MLflow store has no regnet runs: start one with `regnet run`")
    return run.experiment


def newest_launch(store: Store, experiment: str) -> str:
    """Return the name of the newest launch in an experiment.

    Raises:
        TrackingError: the experiment does not exist, or has no runs.
    """
    run = store.newest_run(store.experiments(experiment))
    if run is None:
        raise TrackingError(f"MLflow experiment {experiment!r} has no regnet runs: start one with `regnet run`")
    return run.launch


def read_launch(store: Store, experiment: str, launch: str) -> list[StudyResult]:
    """Return the studies of a launch, in the order of their start.

    Raises:
        TrackingError: the launch does not exist.
    """
    within = store.experiments(experiment)
    runs = store.find_runs(within, ROLE | {"regnet.launch": launch})
    if not runs:
        launches = store.tag_values(within, ["regnet.launch"])
        raise TrackingError(f"MLflow experiment {experiment!r} has no launch {launch!r}: {one_of(launch, launches)}")
    runs = list(unite(runs).runs)
    with uncollected():  # MLflow has many objects in memory, which makes garbage collection slow
        histories = store.histories(runs, measured(runs))
    return [_study(study, histories, _config(store, study[0])) for study in by_study(runs).values()]


def final_results(runs: Iterable[TrackedRun]) -> list[StudyResult]:
    """Return the studies of some runs, in the order of their first appearance, with histories that have only the final values.

    This is much faster than reading every epoch. The configuration is read from the runs' parameters. The runs of a study must have
    different seeds.
    """
    return [
        _study(study, {run.run_id: _final(run) for run in study}, _config_by_params(study[0])) for study in by_study(runs).values()
    ]


def by_study(runs: Iterable[TrackedRun]) -> dict[str, list[TrackedRun]]:
    """Return the runs of each study, by its identity."""
    studies: dict[str, list[TrackedRun]] = defaultdict(list)
    for run in runs:
        studies[run.study].append(run)
    return dict(studies)


def measured(runs: Sequence[TrackedRun]) -> set[str]:
    """Return the names of the metrics that the runs measure after each epoch, such as ``test/error_rate``."""
    names = {name.removeprefix(FINAL) for run in runs for name in run.metrics}
    return {name for name in names if name.partition("/")[0] in SPLITS}


def _study(runs: Sequence[TrackedRun], by_run: Mapping[str, History], config: Mapping[str, Any]) -> StudyResult:
    """Return the result of a study, given its runs; interrupted and running runs count as failed."""
    runs = sorted(runs, key=lambda run: run.seed)
    tags = runs[0].tags
    histories = [by_run[run.run_id] for run in runs]
    lengths = [max(map(len, history.values()), default=0) for history in histories]
    names = sorted({name for history in histories for name in history} | measured(runs))
    rows = {
        name: [
            _padded(history.get(name, np.empty(0)), length, max(lengths), run.finished)
            for history, length, run in zip(histories, lengths, runs, strict=True)
        ]
        for name in names
    }
    result = StudyResult(
        name=tags["regnet.study_name"],
        identity=tags["regnet.study"],
        config=config,
        seeds=tuple(run.seed for run in runs),
        history={name: np.stack(values) for name, values in rows.items()},
        together=np.array([int(run.metrics.get("time/lockstep_replicas", 1)) for run in runs]),
        seconds=np.array([_seconds(run) for run in runs]),
        failures={run.seed: run.failure for run in runs if run.failure is not None},
        stopped={run.seed: int(run.tags[STOPPED]) for run in runs if STOPPED in run.tags},
        unlearned={run.seed: run.tags[UNLEARNED] for run in runs if UNLEARNED in run.tags and run.finished},
        machine=tags.get("regnet.machine", ""),
        measures={name: Measure.from_plain(plain) for name, plain in json.loads(tags.get(MEASURES, "{}")).items()},
        headline=tags.get(HEADLINE, "test/loss"),
        content=tags.get(CONTENT, ""),
        notes=tuple(tags.get(NOTES, "").splitlines()),
        automatic=tuple(tags.get(AUTOMATIC, "").split()),
        population=Population.from_plain(json.loads(tags.get(POPULATION, "null"))),
    )
    missing = _missing(runs)
    return with_faults([result], missing, sorted([*result.seeds, *missing])) if missing else result


def _missing(runs: Sequence[TrackedRun]) -> dict[int, str]:
    """Return the seeds of a study that its launches planned, and of which the store has no run, each with the reason."""
    planned = {seed for run in runs for seed in read_seeds(run.tags.get(PLANNED, ""))}
    running = any((run.failure or "").startswith(RUNNING) for run in runs)
    reason = f"{RUNNING}: not started" if running else f"{MISSING}: it was not trained to the end"
    return dict.fromkeys(sorted(planned - {run.seed for run in runs}), reason)


def _padded(values: np.ndarray, length: int, epochs: int, keep: bool) -> np.ndarray:
    """Return a metric's history extended to ``(epochs,)``.

    Args:
        values: the history of the metric, ``(n,)``; it may be shorter than the run.
        length: the number of epochs of the run; missing values up to this epoch are NaN.
        epochs: the number of epochs of the longest run.
        keep: whether to repeat the last value after the run's end, as for a run that was stopped early; otherwise, NaN follows.
    """
    history = np.concatenate([values, np.full(length - len(values), np.nan)])
    filling = history[-1] if keep and length else np.nan
    return np.concatenate([history, np.full(epochs - length, filling)])


def _final(run: TrackedRun) -> History:
    """Return the final value of each metric of the run; NaN if the run failed."""
    if not run.finished:
        return {name: np.array([np.nan]) for name in measured([run])}
    return {name.removeprefix(FINAL): np.array([value]) for name, value in run.metrics.items() if name.startswith(FINAL)}


def _seconds(run: TrackedRun) -> float:
    metrics = run.metrics
    return float(metrics.get("time/lockstep_group_train_seconds", metrics.get("time/train_seconds", np.nan)))


def _config_by_params(run: TrackedRun) -> dict[str, Any]:
    return nested({name: text for name, text in run.params.items() if name not in SEED_KEYS})


def _config(store: Store, run: TrackedRun) -> dict[str, object]:
    """Return the configuration, which OmegaConf wrote; PyYAML's C loader reads it ten times as fast, with the same result."""
    text = store.artifact(run, CONFIG)
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
