"""MLflow's descriptions of data sets: the shapes of the examples and a digest, without the examples."""

from __future__ import annotations

from mlflow.data import from_numpy  # type: ignore[attr-defined]  # created dynamically at import
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.entities import DatasetInput, InputTag

from regnet.tracking.store.messages import DataSeen
from regnet.tracking.store.run_changes import Inputs


def dataset_inputs(seen: DataSeen) -> Inputs:
    """Return the inputs of a run that uses these examples: one for each split."""
    source = CodeDatasetSource({"mlflow.source.name": f"regnet dataset {seen.name}"})
    inputs = []
    for use, (x, y) in seen.splits.items():
        dataset = from_numpy(x, source=source, targets=y, name=seen.name)
        inputs.append(DatasetInput(dataset._to_mlflow_entity(), [InputTag("mlflow.data.context", use)]))
    return inputs
