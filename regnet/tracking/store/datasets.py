"""Describing examples to MLflow: their shapes and a digest, never the examples themselves."""

from __future__ import annotations

from mlflow.data import from_numpy  # type: ignore[attr-defined]  # made at import, by name
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.entities import DatasetInput, InputTag

from regnet.tracking.store.messages import DataSeen
from regnet.tracking.store.run_changes import Inputs


def dataset_inputs(seen: DataSeen) -> Inputs:
    """The inputs of a run that is trained on these examples: one for each use."""
    source = CodeDatasetSource({"mlflow.source.name": f"regnet dataset {seen.name}"})
    inputs = []
    for use, (x, y) in seen.splits.items():
        described = from_numpy(x, source=source, targets=y, name=seen.name)
        inputs.append(DatasetInput(described._to_mlflow_entity(), [InputTag("mlflow.data.context", use)]))
    return inputs
