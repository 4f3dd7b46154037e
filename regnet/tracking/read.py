"""Reading results back from the MLflow store: the same results as were written, less the trained networks."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from omegaconf import OmegaConf

from regnet.errors import TrackingError, one_of
from regnet.metrics import METRICS
from regnet.results import StudyResult

PAGE = 1000
STOPPED = "regnet.stopped_after_epoch"


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
    found = client.search_runs([_experiment_id(client, experiment)], "tags.`regnet.role` = 'run'", max_results=1)
    if not found:
        raise TrackingError(f"MLflow experiment {experiment!r} has no runs of regnet's: start some with `regnet run`")
    return str(found[0].data.tags["regnet.launch"])


def read_launch(client: MlflowClient, experiment: str, launch: str) -> list[StudyResult]:
    """The studies that were started together, in the order of their start.

    Raises:
        TrackingError: there is no such launch.
    """
    runs = list(search(client, experiment, f"tags.`regnet.role` = 'run' and tags.`regnet.launch` = '{launch}'"))
    if not runs:
        launches = {run.data.tags["regnet.launch"] for run in search(client, experiment, "tags.`regnet.role` = 'run'")}
        raise TrackingError(f"MLflow experiment {experiment!r} has no launch {launch!r}: {one_of(launch, launches)}")
    studies: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.info.start_time):
        studies[run.data.tags["regnet.study"]].append(run)
    return [read_study(client, study) for study in studies.values()]


def read_study(client: MlflowClient, runs: list[Run]) -> StudyResult:
    """A study from its runs; those that were interrupted, or are still going on, count as failed."""
    runs = sorted(runs, key=lambda run: int(run.data.tags["regnet.seed"]))
    tags = runs[0].data.tags
    histories = [_history(client, run) for run in runs]
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


def search(client: MlflowClient, experiment: str, filter_string: str) -> Iterator[Run]:
    """Every run that fits, over as many pages as it takes."""
    identity, token = _experiment_id(client, experiment), None
    while True:
        page = client.search_runs([identity], filter_string, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _experiment_id(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        names = [experiment.name for experiment in client.search_experiments()]
        raise TrackingError(f"no MLflow experiment is called {name!r}: {one_of(name, names)}")
    return str(found.experiment_id)


def _history(client: MlflowClient, run: Run) -> dict[str, np.ndarray]:
    metrics = {f"{split}/{metric}" for names in METRICS.values() for metric in names for split in ("train", "test")}
    found = {}
    for name in metrics & set(run.data.metrics):
        points = {point.step: point.value for point in client.get_metric_history(run.info.run_id, name)}
        found[name] = np.array([points[step] for step in sorted(points)])
    return found


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
    text = _artifact_text(client, run, "config.yaml")
    return OmegaConf.to_container(OmegaConf.create(text))  # type: ignore[return-value]


def _artifact_text(client: MlflowClient, run: Run, name: str) -> str:

    with tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run.info.run_id, name, folder)).read_text()
