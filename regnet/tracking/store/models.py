"""Save a run's network as an MLflow model: plain files, and an `MLmodel` file that names regnet as their loader."""

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
import pandas as pd
import torch
from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus, Run
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.tracking import MlflowClient
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

from regnet.data.schema import read_schema
from regnet.errors import TrackingError
from regnet.registry.selection import OWN
from regnet.serving.header import CONFIG, NEEDS, SCORES, WEIGHTS, Header, read_header
from regnet.table.prediction import rows_of
from regnet.tracking.store.messages import LABEL, ModelsWanted, ModelWanted

NAME = "model"
"""The name of a run's model: ``runs:/RUN/model``."""
ALIAS = "best"
"""The alias of the newest registered version: ``models:/NAME@best``."""
TAGS = ("regnet.study", "regnet.study_name", "regnet.launch", "regnet.seed", LABEL)
"""The tags of a run that are copied to its model."""


ReadFile: TypeAlias = Callable[[Run, str], bytes]
"""Reads a run's artifact of a given name."""


def fetch_model(source: str, uri: str | None) -> object:
    """Load a model that regnet has saved, and return its trained network.

    Args:
        source: MLflow's address of the model, or its folder.
        uri: the store.

    Raises:
        TrackingError: there is no such model, or it was not saved by regnet.
    """
    try:
        folder = source if uri is None else download_artifacts(artifact_uri=_location(MlflowClient(uri), source), tracking_uri=uri)
        return mlflow.pyfunc.load_model(folder).get_raw_model()
    except (MlflowException, OSError) as error:
        raise TrackingError(f"the model {source} cannot be loaded: {' '.join(str(error).split())}") from error


def _location(client: MlflowClient, source: str) -> str:
    """Return where the files of a model are. MLflow finds them itself only in the store that is set for the whole process."""
    scheme, _, path = source.partition(":/")
    name, _, rest = path.strip("/").replace("@", "/").partition("/")
    if scheme == "runs":
        run = client.get_run(name)
        found = client.search_logged_models([run.info.experiment_id], f"source_run_id = '{name}' AND name = '{rest}'")
        return str(found[0].artifact_location) if found else f"{run.info.artifact_uri}/{rest}"
    if not rest:
        return str(client.get_logged_model(name).artifact_location)
    version = client.get_model_version_by_alias(name, rest) if "@" in path else client.get_model_version(name, rest)
    return str(version.source)


def log_models(client: MlflowClient, best: Iterable[Run], wanted: ModelsWanted, read: ReadFile) -> None:
    """Save the best runs of a launch as models; skip a run that already has a model.

    Args:
        client: MLflow's client of the store.
        best: the best run of each study.
        wanted: the models to save.
        read: reads an artifact of a run.

    Raises:
        TrackingError: a study's best run is not in the store.
    """
    runs = {run.data.tags["regnet.study"]: run for run in best}
    for model_wanted in wanted.models:
        run = runs.get(model_wanted.study)
        if run is None:
            raise TrackingError(
                f"{model_wanted.label}: its best run (seed {model_wanted.seed}) is not in the store and cannot be kept as a model"
            )
        model = _known_model(client, run) or _log_model(client, run, model_wanted, read)
        linked = run.outputs.model_outputs if run.outputs else []
        if model.model_id not in [output.model_id for output in linked]:
            client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 0)])
        if model_wanted.register:
            _register(client, model_wanted.register, model, run)


def _known_model(client: MlflowClient, run: Run) -> LoggedModel | None:
    """Return the model that the run has; delete others, which processes that were killed left incomplete."""
    known = None
    for model in client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run.info.run_id}'"):
        if model.status == LoggedModelStatus.READY and known is None:
            known = model
        else:
            client.delete_logged_model(model.model_id)
    return known


def _log_model(client: MlflowClient, run: Run, wanted: ModelWanted, read: ReadFile) -> LoggedModel:
    tags = {name: run.data.tags[name] for name in TAGS} | {"regnet.chosen_by": wanted.judged_by}
    model = client.create_logged_model(run.info.experiment_id, NAME, run.info.run_id, tags, run.data.params)
    with tempfile.TemporaryDirectory() as folder:
        data, package = Path(folder) / NAME, Path(folder) / "package"
        data.mkdir()
        for name in (CONFIG, WEIGHTS):
            (data / name).write_bytes(read(run, name))
        (data / NEEDS).write_text(json.dumps([asdict(need) for need in wanted.needs], indent=1) + "\n", encoding="utf-8")
        header = read_header(data / WEIGHTS)
        mlflow.pyfunc.save_model(
            package,
            loader_module="regnet.serving",
            data_path=data,
            mlflow_model=Model(NAME, run.info.run_id, model_id=model.model_id, metadata=_metadata(header)),
            signature=_signature(header),
            input_example=_examples(header),
            pip_requirements=_requirements(wanted),
        )
        client.log_model_artifacts(model.model_id, str(package))
    return client.finalize_logged_model(model.model_id, "READY")


def _examples(header: Header) -> np.ndarray | pd.DataFrame:
    """Return a few inputs, as rows of the table that the network was trained on if it was."""
    schema = read_schema(header.schema)
    return rows_of(torch.tensor(header.examples, dtype=torch.float64), schema) if schema else np.array(header.examples)


def _signature(header: Header) -> ModelSignature:
    """Return the model's signature: classes or values, or scores on request.

    The inputs are left out: by MLflow's rules a column of fractions would refuse whole numbers, a column of any type would refuse
    CSV, and an array with too many features would be cut. The network checks them, and the names are in the model's metadata.
    """
    params = ParamSchema([ParamSpec(SCORES, "boolean", False)])
    if header.schema:
        kinds = {str: "string", bool: "boolean", int: "long"}
        kind = kinds.get(type(header.schema["labels"][0]), "double") if header.schema["labels"] else "double"
        return ModelSignature(None, Schema([ColSpec(kind, header.schema["target"])]), params)
    classification = header.task == "classification"
    prediction = TensorSpec(np.dtype(np.int64), (-1,)) if classification else TensorSpec(np.dtype(float), (-1, header.outputs))
    return ModelSignature(None, Schema([prediction]), params)


def _metadata(header: Header) -> dict[str, str] | None:
    """Return the columns that a network needs, each with how it is read; None if its inputs have no names."""
    if header.schema is None:
        return None
    columns = header.schema["columns"]
    return {
        column["name"]: ", ".join(column["words"]) if column["kind"] in ("words", "truth values") else column["kind"]
        for column in columns
    }


def _requirements(wanted: ModelWanted) -> list[str]:
    """Return the distributions needed to load the model, with their installed versions; plugins in single files are not listed."""
    plugins = {need.distribution: need.version for need in wanted.needs if not need.source.endswith(".py")}
    versions = {name: version(name) for name in ("mlflow", OWN, "torch")} | plugins
    return [f"{name}=={number.partition('+')[0]}" for name, number in versions.items()]


def _register(client: MlflowClient, name: str, model: LoggedModel, run: Run) -> None:
    """Register the model as the newest version of that name, and move the alias to it; a registered one is left as it is."""
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if client.search_model_versions(f"name = '{name}' and run_id = '{run.info.run_id}'"):
        return
    tags = {tag: run.data.tags[tag] for tag in TAGS}
    newest = client.create_model_version(name, model.artifact_location, run.info.run_id, tags, model_id=model.model_id)
    client.set_registered_model_alias(name, ALIAS, newest.version)
