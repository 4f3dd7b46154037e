"""Keeping a run's network as an MLflow model: plain files beside an `MLmodel` that names regnet as what loads them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import mlflow.pyfunc
import numpy as np
from mlflow.entities import LoggedModel, LoggedModelOutput, Run
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ParamSchema, ParamSpec, Schema, TensorSpec

from regnet.errors import TrackingError
from regnet.registry.selection import OWN
from regnet.serving.header import CONFIG, NEEDS, SCORES, WEIGHTS, Header, read_header
from regnet.tracking.store.messages import LABEL, ModelsWanted, ModelWanted

NAME = "model"
"""What a run calls its model: ``runs:/RUN/model``."""
ALIAS = "best"
"""The alias of the version that was registered last: ``models:/NAME@best``."""
TAGS = ("regnet.study", "regnet.study_name", "regnet.launch", "regnet.seed", LABEL)
"""Those of the run's tags that its model has too."""


ReadFile: TypeAlias = Callable[[Run, str], bytes]
"""Reads a file of a run."""


def log_models(client: MlflowClient, best: Iterable[Run], wanted: ModelsWanted, read: ReadFile) -> None:
    """Keeps the best runs of a launch as models; a run that has a model already is passed over.

    Raises:
        TrackingError: such a run is not in the store.
    """
    runs = {run.data.tags["regnet.study"]: run for run in best}
    for one in wanted.models:
        run = runs.get(one.study)
        if run is None:
            raise TrackingError(f"{one.label}: its best run, with seed {one.seed}, is not in the store to be kept as a model")
        if run.outputs and run.outputs.model_outputs:
            continue
        model = _log_model(client, run, one, read)
        if one.register:
            _register(client, one.register, model, run)


def _log_model(client: MlflowClient, run: Run, wanted: ModelWanted, read: ReadFile) -> LoggedModel:
    tags = {name: run.data.tags[name] for name in TAGS} | {"regnet.chosen_by": wanted.judged_by}
    model = client.create_logged_model(run.info.experiment_id, NAME, run.info.run_id, tags, run.data.params)
    with tempfile.TemporaryDirectory() as folder:
        data, whole = Path(folder) / NAME, Path(folder) / "whole"
        data.mkdir()
        for name in (CONFIG, WEIGHTS):
            (data / name).write_bytes(read(run, name))
        (data / NEEDS).write_text(json.dumps([asdict(need) for need in wanted.needs], indent=1) + "\n", encoding="utf-8")
        header = read_header(data / WEIGHTS)
        mlflow.pyfunc.save_model(
            whole,
            loader_module="regnet.serving",
            data_path=data,
            mlflow_model=Model(NAME, run.info.run_id, model_id=model.model_id),
            signature=_signature(header),
            input_example=np.array(header.examples),
            pip_requirements=_requirements(wanted),
        )
        client.log_model_artifacts(model.model_id, str(whole))
    client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 0)])
    return client.finalize_logged_model(model.model_id, "READY")


def _signature(header: Header) -> ModelSignature:
    """Features ``(N, F)``; class numbers ``(N,)`` or values ``(N, K)``; and that scores may be asked for instead."""
    classes = header.task == "classification"
    given = TensorSpec(np.dtype(float), (-1, header.features))
    answer = TensorSpec(np.dtype(np.int64), (-1,)) if classes else TensorSpec(np.dtype(float), (-1, header.outputs))
    return ModelSignature(Schema([given]), Schema([answer]), ParamSchema([ParamSpec(SCORES, "boolean", False)]))


def _requirements(wanted: ModelWanted) -> list[str]:
    """What has to be installed to load the model, in the versions of here; a loose file is no distribution."""
    plugins = {need.distribution: need.version for need in wanted.needs if not need.source.endswith(".py")}
    needed = {name: version(name) for name in ("mlflow", OWN, "torch")} | plugins
    return [f"{name}=={number.partition('+')[0]}" for name, number in needed.items()]


def _register(client: MlflowClient, name: str, model: LoggedModel, run: Run) -> None:
    """Makes the model the newest version of the registered model of that name, which gets the alias."""
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {tag: run.data.tags[tag] for tag in TAGS}
    made = client.create_model_version(name, model.artifact_location, run.info.run_id, tags, model_id=model.model_id)
    client.set_registered_model_alias(name, ALIAS, made.version)
