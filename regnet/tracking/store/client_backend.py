"""Write runs through MLflow's public client: works with every store, but slowly."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlflow.entities import DatasetInput, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random

from regnet.tracking.store.run_changes import Changes
from regnet.tracking.store.uri import artifact_errors


def _met_another(error: BaseException) -> bool:
    """Whether a row could not be inserted because another client has inserted it meanwhile."""
    return isinstance(error, MlflowException) and any(sign in str(error) for sign in ("IntegrityError", "UniqueViolation"))


class ClientBackend:
    """A backend that writes several runs at a time, and the changes of each run in order.

    Args:
        client: MLflow's client of the store.
        experiment: the id of the experiment.
        workers: the maximum number of simultaneous requests; more than one only for servers.
    """

    def __init__(self, client: MlflowClient, experiment: str, workers: int) -> None:
        self._client = client
        self._experiment = experiment
        self._workers = workers
        self._ids: dict[int, str] = {}

    def adopt(self, run: int, run_id: str) -> None:
        self._ids[run] = run_id

    def delete(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            self._client.delete_run(run_id)

    def write(self, changes: list[Changes]) -> None:
        with ThreadPoolExecutor(self._workers) as pool:
            for _ in pool.map(self._write, changes):
                pass

    def _write(self, new: Changes) -> None:
        if new.begun is not None and new.run not in self._ids:  # an earlier attempt may have created it
            run = self._client.create_run(self._experiment, new.begun.milliseconds, new.tags, new.begun.name)
            self._ids[new.run] = run.info.run_id
        run_id = self._ids[new.run]
        if new.begun is not None and new.begun.known:
            self._reopen(run_id, new)
        elif new.begun is not None and new.begun.inputs:
            self._log_inputs(run_id, new.begun.inputs)
        self._client.log_batch(
            run_id,
            metrics=[Metric(point.name, point.value, point.milliseconds, point.step) for point in new.points],
            params=[Param(key, value) for key, value in new.params.items()],
            tags=[] if new.begun and not new.begun.known else [RunTag(key, value) for key, value in new.tags.items()],
        )
        self._save_files(run_id, new)
        if new.ended is not None:
            self._client.set_terminated(run_id, new.ended.status, new.ended.milliseconds)

    def _reopen(self, run_id: str, new: Changes) -> None:
        assert new.begun is not None
        run = self._client.get_run(run_id)
        self._client.update_run(run_id, "RUNNING")
        for key in new.removed_tags & run.data.tags.keys():
            self._client.delete_tag(run_id, key)
        if new.begun.inputs and not (run.inputs and run.inputs.dataset_inputs):
            self._log_inputs(run_id, new.begun.inputs)

    @retry(retry=retry_if_exception(_met_another), wait=wait_random(0, 0.5), stop=stop_after_attempt(10), reraise=True)
    def _log_inputs(self, run_id: str, inputs: list[DatasetInput]) -> None:
        """Log data sets; a server that is asked by several at once to insert the same data set refuses all but one."""
        self._client.log_inputs(run_id, datasets=inputs)

    def _location(self) -> str:
        return str(self._client.get_experiment(self._experiment).artifact_location)

    def _save_files(self, run_id: str, new: Changes) -> None:
        if not new.files and new.report is None:
            return
        with artifact_errors(self._location), tempfile.TemporaryDirectory() as folder:
            for name, content in new.files.items():
                (Path(folder) / name).write_bytes(content)
            if new.report is not None:
                shutil.copytree(new.report, Path(folder) / new.report.name)
            self._client.log_artifacts(run_id, folder)
