"""Fixtures with an MLflow store in a folder for each test; a new store takes seconds to create, so a template is copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from regnet.tracking import quiet_mlflow

quiet_mlflow()

from mlflow.tracking import MlflowClient  # noqa: E402 - MLflow reads its settings when it is imported


@pytest.fixture(scope="session")
def ready_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(ready_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], MlflowClient]:
    """Changes into the test's folder with a store in it, and returns a client of that store."""
    shutil.copy(ready_database, tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return lambda: MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
