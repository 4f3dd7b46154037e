"""A store that is read and written through MLflow's client: works with every store, including servers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from mlflow.entities import Experiment, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from regnet.errors import TrackingError, one_of
from regnet.tracking.store.client_backend import ClientBackend
from regnet.tracking.store.messages import BEST, FAILURE, LAUNCH_ID, ModelsWanted
from regnet.tracking.store.models import log_models
from regnet.tracking.store.relocate import FOLDER
from regnet.tracking.store.run_changes import Backend
from regnet.tracking.store.store import ROLE, ChooseTags, Experiments, History, Tags, TrackedRun, with_heartbeats
from regnet.tracking.store.uri import SQLITE

PAGE = 1000
REQUESTS = 8
"""Maximum number of simultaneous requests to a server."""

SERVED = "mlflow-artifacts:"
"""The scheme of artifacts that only a server can read and write."""


class ClientStore:
    """Any MLflow store.

    Args:
        client: MLflow's client of the store.
        requests: the maximum number of simultaneous write requests; more than one only for servers.
    """

    def __init__(self, client: MlflowClient, requests: int = 1) -> None:
        self.client = client
        self._requests = requests

    def experiments(self, name: str | None = None) -> Experiments:
        if name is None:
            return {str(experiment.experiment_id): str(experiment.name) for experiment in self._all_experiments()}
        found = self.client.get_experiment_by_name(name)
        if found is None:
            names = [str(experiment.name) for experiment in self._all_experiments()]
            raise TrackingError(f"no MLflow experiment is called {name!r}: {one_of(name, names)}")
        return {str(found.experiment_id): name}

    def _all_experiments(self) -> Iterator[Experiment]:
        token = None
        while True:
            page = self.client.search_experiments(page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def make_experiment(self, name: str, artifacts: str | None = None) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(self.client.create_experiment(name, artifacts, None if artifacts else self._folder()))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
                found = self.client.get_experiment_by_name(name)
        if found is None or found.lifecycle_stage == "deleted":
            raise TrackingError(f"MLflow experiment {name!r} was deleted: restore it, or set tracking.experiment to another name")
        if found.artifact_location.startswith(SERVED) and not self.client.tracking_uri.startswith("http"):
            raise TrackingError(
                f"MLflow experiment {name!r} has its artifacts on an MLflow server: set tracking.uri to the server's address, or "
                "tracking.experiment to another name"
            )
        kept = found.artifact_location.removeprefix("file://").rstrip("/")
        if artifacts and artifacts.removeprefix("file://").rstrip("/") != kept:
            raise TrackingError(
                f"MLflow experiment {name!r} keeps its artifacts in {kept} already: leave out tracking.artifacts, or set "
                "tracking.experiment to another name"
            )
        return str(found.experiment_id)

    def _folder(self) -> dict[str, str] | None:
        """The tag of an experiment whose artifacts are beside its store."""
        uri = str(self.client.tracking_uri)
        return {FOLDER: str(Path(uri.removeprefix(SQLITE)).parent)} if uri.startswith(SQLITE) else None

    def experiment_tag(self, experiment: str, key: str) -> str | None:
        found: str | None = self.client.get_experiment(experiment).tags.get(key)
        return found

    def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
        self.client.set_experiment_tag(experiment, key, value)

    def newest_run(self, within: Experiments) -> TrackedRun | None:
        found = self.client.search_runs(list(within), _filter(ROLE), max_results=1)
        return _tracked(found[0], within) if found else None

    def find_runs(self, within: Experiments, tags: Tags) -> list[TrackedRun]:
        return with_heartbeats(_tracked(run, within) for run in self._search(within, _filter(tags)))

    def running_runs(self, within: Experiments) -> list[TrackedRun]:
        chosen = f"{_filter(ROLE)} and attributes.status = 'RUNNING'"
        return with_heartbeats(_tracked(run, within) for run in self._search(within, chosen))

    def tag_values(self, within: Experiments, keys: Iterable[str]) -> set[str]:
        wanted = list(keys)
        return {run.data.tags[key] for run in self._search(within, _filter(ROLE)) for key in wanted if key in run.data.tags}

    def histories(self, runs: Sequence[TrackedRun], names: set[str]) -> Mapping[str, History]:
        with ThreadPoolExecutor(REQUESTS) as pool:
            found = pool.map(lambda run: self._history(run, names), runs)
            return {run.run_id: history for run, history in zip(runs, found, strict=True)}

    def _history(self, run: TrackedRun, names: set[str]) -> History:
        return {
            name: by_epoch({point.step: point.value for point in self.client.get_metric_history(run.run_id, name)})
            for name in names & set(run.metrics)
        }

    def artifact(self, run: TrackedRun, name: str) -> bytes:
        local = Path(run.artifacts) / name
        if local.is_file():
            return local.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            try:
                return Path(self.client.download_artifacts(run.run_id, name, folder)).read_bytes()
            except MlflowException as error:
                raise OSError(str(error)) from error

    def tag_runs(self, experiment: str, launch_id: str, choose: ChooseTags) -> None:
        def tag(run: Run) -> None:
            tags = choose(run.data.tags["regnet.study"], run.data.tags["regnet.seed"])
            if tags is not None:
                self.client.log_batch(run.info.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

        runs = list(self._search({experiment: ""}, _filter(ROLE | {LAUNCH_ID: launch_id})))
        with ThreadPoolExecutor(REQUESTS) as pool:
            for _ in pool.map(tag, runs):
                pass

    def kill_runs(self, runs: Sequence[TrackedRun], reason: str, milliseconds: int) -> None:
        for run in runs:
            self.client.set_tag(run.run_id, FAILURE, reason)
            self.client.set_terminated(run.run_id, "KILLED", milliseconds)

    def backend(self, experiment: str) -> Backend:
        return ClientBackend(self.client, experiment, self._requests)

    def keep_models(self, experiment: str, wanted: ModelsWanted) -> None:
        within = {experiment: ""}
        runs = self._search(within, _filter(ROLE | {LAUNCH_ID: wanted.launch_id, BEST: "yes"}))
        log_models(self.client, runs, wanted, lambda run, name: self.artifact(_tracked(run, within), name))

    def _search(self, within: Experiments, chosen: str) -> Iterator[Run]:
        """Yield every run that MLflow's filter chooses, from all pages of results."""
        token = None
        while True:
            page = self.client.search_runs(list(within), chosen, max_results=PAGE, page_token=token)
            yield from page
            token = page.token
            if not token:
                return


def by_epoch(points: Mapping[int, float | None]) -> np.ndarray:
    """Return values given by epoch, from 1, as an array ``(epochs,)``; NaN for an epoch after which the metric was undefined."""
    values = np.full(max(points, default=0), np.nan)
    for step, value in points.items():
        values[step - 1] = np.nan if value is None else value
    return values


def _filter(tags: Tags) -> str:
    """Return a filter for MLflow's search that selects the runs with all of these tags."""
    return " and ".join(f"tags.`{key}` = {_quoted(value)}" for key, value in tags.items())


def _quoted(value: str) -> str:
    if "'" in value and '"' in value:
        raise TrackingError(f"MLflow cannot search for {value!r}, which has both kinds of quotation marks")
    return f'"{value}"' if "'" in value else f"'{value}'"


def _tracked(run: Run, within: Experiments) -> TrackedRun:
    info, data = run.info, run.data
    experiment = within[info.experiment_id]
    return TrackedRun(
        info.run_id, experiment, info.status, info.start_time, info.artifact_uri, data.tags, data.params, data.metrics
    )
