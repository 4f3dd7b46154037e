"""The MLflow tracker: a listener that makes one flat run for each seed, and writes metrics in batches."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.data import from_numpy  # type: ignore[attr-defined]  # made at import, by name
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.entities import DatasetInput, InputTag, Metric, Param
from omegaconf import OmegaConf
from safetensors.torch import save_file

from regnet.events import EpochEnded, ListenerFailed, RunEnded, RunFailed, RunStarted
from regnet.hookspecs import hookimpl
from regnet.machine import describe_machine
from regnet.results import StudyResult
from regnet.study import Study
from regnet.tracking.read import STOPPED
from regnet.tracking.store import connect, experiment_id, flatten, store_uri, tracking_errors

FLUSH_SECONDS = 10.0
"""How often metrics are written while training goes on, so that somebody can watch."""
BATCH = 1000
"""How many metrics MLflow takes in one call."""


class MlflowTracker:
    """Writes a study's runs into an MLflow store as its events come."""

    regnet_fatal = True  # what cannot be kept need not be computed

    def __init__(self, options: Mapping[str, Any], launch: str) -> None:
        """Connects to the store; raises TrackingError if that cannot be done."""
        self._uri = store_uri(options.get("uri"))
        self._launch = launch
        self._client = connect(options.get("uri"))
        with tracking_errors(self._uri):
            self._experiment = experiment_id(self._client, str(options.get("experiment") or "regnet"))
        self._runs: dict[int, str] = {}
        self._buffers: dict[int, list[Metric]] = defaultdict(list)
        self._flushed = time.monotonic()

    @hookimpl
    def regnet_run_started(self, event: RunStarted) -> None:
        study, seed = event.study, event.seed
        with tracking_errors(self._uri):
            run = self._client.create_run(
                self._experiment, start_time=_now(), tags=self._tags(study, seed), run_name=f"{study.name} · seed {seed}"
            )
            self._runs[seed] = run.info.run_id
            params = flatten({**study.config, "seed": seed})
            params.pop("seeds", None)
            self._client.log_batch(run.info.run_id, params=[Param(key, value) for key, value in params.items()])
            self._client.log_inputs(run.info.run_id, datasets=_dataset_inputs(event))
            self._client.log_text(run.info.run_id, OmegaConf.to_yaml(dict(study.config)), "config.yaml")

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        stamp = _now()
        for row, seed in enumerate(event.seeds):
            for name, values in event.metrics.items():
                if np.isfinite(values[row]):
                    self._buffers[seed].append(Metric(name, float(values[row]), stamp, event.epoch))
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            with tracking_errors(self._uri):
                for seed in event.seeds:
                    self._flush(seed)
            self._flushed = time.monotonic()

    @hookimpl
    def regnet_run_ended(self, event: RunEnded) -> None:
        (seed,) = event.result.seeds
        with tracking_errors(self._uri):
            self._buffers[seed].extend(_final_metrics(event.result))
            self._flush(seed)
            self._log_weights(seed, event.result)
            if seed in event.result.stopped:
                self._client.set_tag(self._runs[seed], STOPPED, str(event.result.stopped[seed]))
            self._client.set_terminated(self._runs[seed], "FINISHED", end_time=_now())

    @hookimpl
    def regnet_run_failed(self, event: RunFailed) -> None:
        run = self._runs.get(event.seed)
        if run is None:  # it failed while its MLflow run was being made
            return
        with tracking_errors(self._uri):
            self._flush(event.seed)
            self._client.set_tag(run, "regnet.failure", event.reason)
            self._client.set_terminated(run, "KILLED" if event.interrupted else "FAILED", end_time=_now())

    @hookimpl
    def regnet_listener_failed(self, event: ListenerFailed) -> None:
        with tracking_errors(self._uri):
            for run in self._runs.values():
                self._client.set_tag(run, "regnet.listener_failed", f"{event.listener} in {event.hook}: {event.reason}")

    def _flush(self, seed: int) -> None:
        buffer = self._buffers.pop(seed, [])
        for start in range(0, len(buffer), BATCH):
            self._client.log_batch(self._runs[seed], metrics=buffer[start : start + BATCH])

    def _log_weights(self, seed: int, result: StudyResult) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            save_file({name: tensor.contiguous() for name, tensor in result.network.weights.items()}, path)
            self._client.log_artifact(self._runs[seed], str(path))

    def _tags(self, study: Study, seed: int) -> dict[str, str]:
        commit = git_commit()
        return {
            "regnet.role": "run",
            "regnet.study": study.identity,
            "regnet.study_name": study.name,
            "regnet.launch": self._launch,
            "regnet.seed": str(seed),
            "regnet.engine": study.engine,
            "regnet.replicas": study.replicas,
            "regnet.report": str(study.config.get("report")),
            "regnet.machine": describe_machine(),
            "regnet.version": version("regnet"),
            "regnet.plugins": ", ".join(map(str, study.origins)),
        } | ({"mlflow.source.git.commit": commit} if commit else {})


@cache
def git_commit() -> str | None:
    """The commit that the working directory is at, if it is in a git repository."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def _final_metrics(result: StudyResult) -> list[Metric]:
    """The values after the last epoch, and the time: alone its own, in lockstep the group's and the share, never mixed."""
    final = {f"final/{name}": float(values[0, -1]) for name, values in result.history.items()}
    seconds, together = float(result.seconds[0]), int(result.together[0])
    if together == 1:
        final["time/train_seconds"] = seconds
    else:
        final["time/lockstep_group_train_seconds"] = seconds
        final["time/lockstep_train_seconds_per_replica"] = seconds / together
        final["time/lockstep_replicas"] = together
    epochs = next(iter(result.history.values())).shape[1]
    return [Metric(name, value, _now(), epochs) for name, value in final.items()]


def _dataset_inputs(event: RunStarted) -> list[DatasetInput]:
    name = str(event.study.config["dataset"]["name"])
    source = CodeDatasetSource({"mlflow.source.name": f"regnet dataset {name}"})
    inputs = []
    for context, examples in (("training", event.data.train), ("testing", event.data.test)):
        described = from_numpy(examples.x.numpy(), source=source, targets=examples.y.numpy(), name=name)
        inputs.append(DatasetInput(described._to_mlflow_entity(), [InputTag("mlflow.data.context", context)]))
    return inputs


def _now() -> int:
    return int(time.time() * 1000)
