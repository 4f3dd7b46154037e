"""The folder of a store is moved or copied: its artifacts are there, and new ones are kept beside it (mlflow#3144)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow.artifacts import download_artifacts
from mlflow.tracking import MlflowClient

from tests.conftest import Inside

RUN = ("run", "seeds=2", "epochs=1", "report=none", "dataset.train_size=40", "dataset.test_size=30", "tracking.models=all")


def artifacts(folder: Path) -> list[str]:
    """Where each run keeps its artifacts."""
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    return [run.info.artifact_uri for run in client.search_runs(["1"])]


@pytest.mark.slow
@pytest.mark.parametrize("how", [pytest.param(shutil.move, marks=pytest.mark.long), shutil.copytree])
def test_a_store_moves_with_its_folder(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: object) -> None:
    first, second = tmp_path / "A", tmp_path / "B"
    first.mkdir()
    monkeypatch.chdir(first)
    assert inside(*RUN, "hydra.run.dir=x").code == 0
    there = sorted(path.relative_to(first) for path in first.rglob("*"))
    monkeypatch.chdir(tmp_path)
    how(first, second)  # type: ignore[operator]
    monkeypatch.chdir(second)
    assert inside(*RUN, "seed=5", "hydra.run.dir=y").code == 0
    assert len(artifacts(second)) == 4
    assert all(Path(uri).is_relative_to(second) for uri in artifacts(second))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{second}/mlflow.db")
    for run in MlflowClient(f"sqlite:///{second}/mlflow.db").search_runs(["1"]):
        assert Path(download_artifacts(run_id=run.info.run_id, artifact_path="weights.safetensors")).is_file()
    if first.exists():
        assert sorted(path.relative_to(first) for path in first.rglob("*")) == there
        assert all(Path(uri).is_relative_to(first) for uri in artifacts(first))


@pytest.mark.slow
def test_a_store_without_its_artifacts_keeps_their_paths(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "A", tmp_path / "B"
    for folder in (first, second):
        folder.mkdir()
    monkeypatch.chdir(first)
    assert inside(*RUN, "hydra.run.dir=x").code == 0
    shutil.copy(first / "mlflow.db", second / "mlflow.db")
    monkeypatch.chdir(second)
    done = inside("results")
    assert done.code == 0, done.stderr
    assert all(Path(uri).is_relative_to(first) for uri in artifacts(second))
    assert inside(*RUN, "seed=5", "hydra.run.dir=y").code == 0
    assert sum(Path(uri).is_relative_to(second) for uri in artifacts(second)) == 2


@pytest.mark.slow
def test_artifacts_that_are_elsewhere_stay_there(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "A", tmp_path / "B"
    first.mkdir()
    monkeypatch.chdir(first)
    assert inside(*RUN, "hydra.run.dir=x", "tracking.artifacts=../shared").code == 0
    assert len(list((tmp_path / "shared").rglob("artifacts/weights.safetensors"))) == 2
    monkeypatch.chdir(tmp_path)
    shutil.move(first, second)
    monkeypatch.chdir(second)
    assert inside(*RUN, "seed=5", "hydra.run.dir=y").code == 0
    assert all(Path(uri).is_relative_to(tmp_path / "shared") for uri in artifacts(second))


@pytest.mark.slow
def test_an_experiment_keeps_its_place(inside: Inside) -> None:
    assert inside(*RUN, "hydra.run.dir=x", "tracking.artifacts=one").code == 0
    assert inside(*RUN, "hydra.run.dir=y", "tracking.artifacts=one").code == 0
    refused = inside(*RUN, "hydra.run.dir=z", "tracking.artifacts=two")
    assert refused.code == 2
    assert "keeps its artifacts in" in refused.stderr
    assert "leave out tracking.artifacts" in refused.stderr
