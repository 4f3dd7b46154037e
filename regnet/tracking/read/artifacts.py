"""Reading a run's files: from the folder where they are if it is on this machine, which is much quicker than asking MLflow."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mlflow.tracking import MlflowClient


def read_artifact(client: MlflowClient, run_id: str, location: str, name: str) -> bytes:
    """What is in a file of a run's, whose files are at that location."""
    there = Path(location) / name
    if there.is_file():
        return there.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        return Path(client.download_artifacts(run_id, name, folder)).read_bytes()
