"""Results: their data, joining parts of them, and saving and loading."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import regnet
from regnet.study.result import StudyResult, by_study, join
from regnet.study.storage import RESULT, find_results, load_result, load_weights, save_result
from tests.conftest import RunStudy

SMALL = ("epochs=3", "dataset.train_size=40", "dataset.test_size=30")


def equal(first: StudyResult, second: StudyResult) -> bool:
    arrays = first.history.keys() == second.history.keys() and all(
        np.array_equal(first.history[name], second.history[name], equal_nan=True) for name in first.history
    )
    return arrays and first.seeds == second.seeds and first.failures == second.failures


def test_shapes(run: RunStudy) -> None:
    result = run("seeds=4", *SMALL)
    assert set(result.history) == {"train/loss", "train/error_rate", "test/loss", "test/error_rate"}
    assert all(values.shape == (4, 3) for values in result.history.values())
    assert isinstance(result.final, pd.DataFrame)
    assert list(result.final.index) == [0, 1, 2, 3]
    assert (result.final["test/error_rate"] == result.history["test/error_rate"][:, -1]).all()


def test_metrics_of_a_regression(run: RunStudy) -> None:
    result = run("dataset=diabetes", "model.output=null", "epochs=2")
    assert set(result.history) == {f"{split}/{metric}" for split in ("train", "test") for metric in ("loss", "rmse", "r2")}


def test_metrics_of_the_trained_network_by_hand(run: RunStudy) -> None:
    result = run(*SMALL, "seed=3")
    net = result.network
    test = net.data.test
    raw = test.x * net.data.scale + net.data.shift
    wrong = (net.predict(raw) != test.y).double().mean().item()
    assert wrong == pytest.approx(result.history["test/error_rate"][0, -1])
    loss = (net.output(raw) - test.target).square().sum(-1).mean().item()
    assert loss == pytest.approx(result.history["test/loss"][0, -1], rel=1e-5)


def test_regression_metrics_have_the_units_of_the_data(run: RunStudy) -> None:
    result = run("dataset=diabetes", "model.output=null", "epochs=5", "optimizer.lr=0.01")
    net, y = result.network, result.network.data.test.y
    raw = net.data.test.x * net.data.scale + net.data.shift
    error = net.predict(raw) - y
    assert error.square().mean().sqrt().item() == pytest.approx(result.history["test/rmse"][0, -1], rel=1e-4)
    r2 = 1 - (error.square().sum() / (y - y.mean()).square().sum()).item()
    assert r2 == pytest.approx(result.history["test/r2"][0, -1], abs=1e-4)
    assert result.history["test/rmse"][0, -1] > 10  # the target is between 25 and 346


def test_times_in_lockstep_and_solo(run: RunStudy) -> None:
    together, alone = run("seeds=3", *SMALL), run("seeds=3", "replicas=solo", *SMALL)
    assert not together.solo
    assert len(set(together.seconds)) == 1
    assert together.seconds_per_run == pytest.approx(together.seconds / 3)
    assert alone.solo
    assert len(set(alone.seconds)) == 3


def test_jobs_of_a_study_are_joined(run: RunStudy) -> None:
    whole = run("seeds=3", "replicas=solo", *SMALL)
    jobs = [run(f"seed={seed}", "replicas=solo", *SMALL) for seed in (2, 0, 1)]
    other = run("seed=0", "replicas=solo", "optimizer.lr=0.01", *SMALL)
    studies = by_study([*jobs, other, jobs[0]])
    assert [study.seeds for study in studies] == [(0, 1, 2), (0,)]
    assert equal(studies[0], whole)


def test_of_and_join_are_inverse(run: RunStudy) -> None:
    result = run("seeds=3", *SMALL)
    assert equal(join([result.of(seed) for seed in result.seeds]), result)
    assert result.of(1).network.seed == 1


def test_saving_and_loading(run: RunStudy, tmp_path: Path) -> None:
    result = run("seeds=2", *SMALL)
    save_result(result, tmp_path / "3")
    save_result(run(*SMALL), tmp_path / "10")
    assert [path.name for path in find_results(tmp_path)] == ["3", "10"]
    loaded = load_result(tmp_path / "3")
    assert equal(loaded, result)
    assert (loaded.identity, loaded.config, loaded.machine) == (result.identity, dict(result.config), result.machine)
    assert loaded.seconds == pytest.approx(result.seconds)
    assert list(loaded.history) == list(result.history)
    assert [path.name for path in (tmp_path / "3").iterdir()] == [RESULT]
    (tmp_path / "other").touch()
    assert (tmp_path / "3" / RESULT).stat().st_mode == (tmp_path / "other").stat().st_mode  # readable by the group


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_loading_from_a_folder_whose_name_is_not_utf8(run: RunStudy, tmp_path: Path) -> None:
    result, folder = run(*SMALL), tmp_path / os.fsdecode(b"\xe9")
    save_result(result, folder)
    assert equal(load_result(folder), result)
    assert load_weights(folder, 0).keys() == result.network.weights.keys()


def test_weights_of_a_seed_are_saved_with_its_result(run: RunStudy, tmp_path: Path) -> None:
    result = run("seeds=2", *SMALL)
    save_result(result, tmp_path)
    for network in result.networks:
        kept = load_weights(tmp_path, network.seed)
        assert kept.keys() == network.weights.keys()
        assert all(torch.equal(value, network.weights[name]) for name, value in kept.items())
    assert load_weights(tmp_path, 7) == {}


def test_run_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = regnet.run(["optimizer=adam", "seeds=5", "tracking=none", *SMALL])
    assert result.history["test/error_rate"].shape == (5, 3)
    assert isinstance(result.network.predict(torch.rand(7, 2)), torch.Tensor)
    (folder,) = find_results(tmp_path)
    assert equal(load_result(folder), result)
    again = regnet.run(["optimizer=adam", "seeds=5", "tracking=none", *SMALL])
    assert equal(result, again)


def test_divergence_is_no_fault(run: RunStudy) -> None:
    result = run("model.output=null", "optimizer.lr=100", *SMALL)
    assert result.failures
    assert not result.faults
    assert replace(result, failures={0: "TroubleError: no such file"}).faults == {0: "TroubleError: no such file"}
