"""Reading results back from the MLflow store: the same results as were written, less the trained networks."""

from __future__ import annotations

import gc
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import yaml  # type: ignore[import-untyped]
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from regnet.errors import TrackingError, one_of
from regnet.metrics import METRICS
from regnet.results import StudyResult
from regnet.tracking.changes import CONFIG
from regnet.tracking.histories import History, read_histories
from regnet.tracking.records import STOPPED
from regnet.tracking.store import existing_experiment, search

MEASURED = {f"{split}/{metric}" for names in METRICS.values() for metric in names for split in ("train", "test")}
"""The metrics that regnet itself writes after each epoch."""


def newest_experiment(client: MlflowClient) -> str:
    """The name of the experiment with the newest of regnet's runs.

    Raises:
        TrackingError: there is none.
    """
    names = {experiment.experiment_id: experiment.name for experiment in client.search_experiments()}
    found = client.search_runs(list(names), "tags.`regnet.role` = 'run'", max_results=1)
    if not found:
        raise TrackingError("the MLflow store has no runs of regnet's: start some with `regnet run`")
    return str(names[found[0].info.experiment_id])


def newest_launch(client: MlflowClient, experiment: str) -> str:
    """The name of what was started last in an experiment.

    Raises:
        TrackingError: there is no such experiment, or nothing of regnet's in it.
    """
    found = client.search_runs([existing_experiment(client, experiment)], "tags.`regnet.role` = 'run'", max_results=1)
    if not found:
        raise TrackingError(f"MLflow experiment {experiment!r} has no runs of regnet's: start some with `regnet run`")
    return str(found[0].data.tags["regnet.launch"])


def read_launch(client: MlflowClient, experiment: str, launch: str) -> list[StudyResult]:
    """The studies that were started together, in the order of their start.

    Raises:
        TrackingError: there is no such launch.
    """
    with _uncollected():
        return _read_launch(client, experiment, launch)


def _read_launch(client: MlflowClient, experiment: str, launch: str) -> list[StudyResult]:
    runs = list(search(client, experiment, f"tags.`regnet.role` = 'run' and tags.`regnet.launch` = '{launch}'"))
    if not runs:
        launches = {run.data.tags["regnet.launch"] for run in search(client, experiment, "tags.`regnet.role` = 'run'")}
        raise TrackingError(f"MLflow experiment {experiment!r} has no launch {launch!r}: {one_of(launch, launches)}")
    studies: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.info.start_time):
        studies[run.data.tags["regnet.study"]].append(run)
    histories = read_histories(client, runs, MEASURED)
    return [_study(client, study, histories) for study in studies.values()]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Within, Python does not look for cycles among all that MLflow keeps in memory, which takes longer than reading many rows."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _study(client: MlflowClient, runs: list[Run], read: Mapping[str, History]) -> StudyResult:
    """A study from its runs; those that were interrupted, or are still going on, count as failed."""
    runs = sorted(runs, key=lambda run: int(run.data.tags["regnet.seed"]))
    tags = runs[0].data.tags
    histories = [read[run.info.run_id] for run in runs]
    epochs = max((len(values) for history in histories for values in history.values()), default=0)
    names = sorted({name for history in histories for name in history})
    finished = [run.info.status == "FINISHED" for run in runs]
    rows = {
        name: [_padded(one.get(name, np.empty(0)), epochs, keep) for one, keep in zip(histories, finished, strict=True)]
        for name in names
    }
    return StudyResult(
        name=tags["regnet.study_name"],
        identity=tags["regnet.study"],
        config=_config(client, runs[0]),
        seeds=tuple(int(run.data.tags["regnet.seed"]) for run in runs),
        history={name: np.stack(values) for name, values in rows.items()},
        together=np.array([int(run.data.metrics.get("time/lockstep_replicas", 1)) for run in runs]),
        seconds=np.array([_seconds(run) for run in runs]),
        failures={int(run.data.tags["regnet.seed"]): _failure(run) for run in runs if run.info.status != "FINISHED"},
        stopped={int(run.data.tags["regnet.seed"]): int(run.data.tags[STOPPED]) for run in runs if STOPPED in run.data.tags},
        machine=tags.get("regnet.machine", ""),
    )


def _padded(values: np.ndarray, epochs: int, keep: bool) -> np.ndarray:
    """A history as long as the longest: with its last value where the run was stopped early, else with "not a number"."""
    filling = values[-1] if keep and len(values) else np.nan
    return np.concatenate([values, np.full(epochs - len(values), filling)])


def _seconds(run: Run) -> float:
    metrics = run.data.metrics
    return float(metrics.get("time/lockstep_group_train_seconds", metrics.get("time/train_seconds", np.nan)))


def _failure(run: Run) -> str:
    return str(run.data.tags.get("regnet.failure", run.info.status.lower()))


def _config(client: MlflowClient, run: Run) -> dict[str, object]:
    there = Path(run.info.artifact_uri) / CONFIG
    if there.is_file():
        return _parsed(there.read_text())
    with tempfile.TemporaryDirectory() as folder:
        return _parsed(Path(client.download_artifacts(run.info.run_id, CONFIG, folder)).read_text())


def _parsed(text: str) -> dict[str, object]:
    """What OmegaConf wrote; plain YAML reads it the same, and in C, ten times as fast."""
    return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
