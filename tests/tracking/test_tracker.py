"""The contents of an MLflow store, read with MLflow's API and with regnet's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient
from safetensors.torch import load_file

import regnet
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.errors import TrackingError
from regnet.events import EpochEnded
from regnet.hookspecs import hookimpl
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.loading import Plugins, load_plugins
from regnet.stats import summarize
from regnet.tracking import open_tracker
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import connect, store_of
from regnet.tracking.store.messages import params_of
from regnet.training.lockstep import run_study

Store = Callable[[], MlflowClient]
SMALL = ["epochs=4", "dataset.train_size=40", "dataset.test_size=30"]


def runs(client: MlflowClient, role: str = "run", experiment: str = "regnet") -> list[Run]:
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return sorted(client.search_runs([found.experiment_id], f"tags.`regnet.role` = '{role}'"), key=lambda run: run.info.start_time)


def test_each_seed_is_a_run_with_params_and_metrics(store: Store) -> None:
    result = regnet.run(["seeds=3", "optimizer=adam", *SMALL])
    client = store()
    found = runs(client)
    assert [run.info.status for run in found] == ["FINISHED"] * 3
    for run in found:
        seed = int(run.data.tags["regnet.seed"])
        assert run.data.params["seed"] == str(seed)
        assert run.data.params["optimizer.lr"] == "0.001"
        assert run.data.params["model.hidden"] == "[25, 25, 25]"
        row = result.seeds.index(seed)
        for name, values in result.history.items():
            history = sorted(client.get_metric_history(run.info.run_id, name), key=lambda point: point.step)
            assert [point.step for point in history] == [1, 2, 3, 4]
            assert [point.value for point in history] == pytest.approx(values[row], abs=0)
            assert run.data.metrics[f"final/{name}"] == values[row, -1]


def test_artifacts_and_the_data_set(store: Store, tmp_path: Path) -> None:
    result = regnet.run(["seeds=2", *SMALL])
    client = store()
    (run,) = (one for one in runs(client) if one.data.tags["regnet.seed"] == "1")
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"config.yaml", "weights.safetensors"}
    weights = load_file(client.download_artifacts(run.info.run_id, "weights.safetensors", str(tmp_path)))
    assert all((weights[name] == tensor).all() for name, tensor in result.networks[1].weights.items())
    inputs = {tag.value: one.dataset for one in run.inputs.dataset_inputs for tag in one.tags}
    assert inputs["training"].name == "disc"
    assert inputs.keys() == {"training", "testing"}


def test_times_are_never_mixed(store: Store) -> None:
    regnet.run(["seeds=2", *SMALL])
    regnet.run(["seeds=2", "replicas=solo", *SMALL])
    together, alone = runs(store())[:2], runs(store())[2:]
    for run in together:
        metrics = run.data.metrics
        assert metrics["time/lockstep_group_train_seconds"] == 2 * metrics["time/lockstep_train_seconds_per_replica"]
        assert "time/train_seconds" not in metrics
    for run in alone:
        assert [name for name in run.data.metrics if name.startswith("time/")] == ["time/train_seconds"]


def test_tags(store: Store) -> None:
    regnet.run(["seeds=2", *SMALL])
    regnet.run(["seed=5", *SMALL])
    tags = [run.data.tags for run in runs(store())]
    assert len({one["regnet.study"] for one in tags}) == 1  # the seed is not part of a study's identity
    assert len({one["regnet.launch"] for one in tags}) == 2
    assert tags[0]["regnet.engine"] == "handbuilt"
    assert tags[0]["regnet.plugins"].startswith("regnet-framework ")
    assert tags[0]["regnet.machine"]


def test_summary_run(store: Store) -> None:
    result = regnet.run(["seeds=5", *SMALL])
    (summary,) = runs(store(), "summary")
    expected = summarize(result.history["test/error_rate"][:, -1])
    metrics = summary.data.metrics
    assert metrics["n"] == 5
    assert metrics["failed"] == 0
    assert metrics["test/error_rate/mean"] == pytest.approx(expected.mean)
    assert metrics["test/error_rate/std"] == pytest.approx(expected.std)
    assert metrics["test/error_rate/ci95_low"] == pytest.approx(expected.low)
    assert metrics["test/error_rate/ci95_high"] == pytest.approx(expected.high)
    assert "seed" not in summary.data.params


def test_interval_of_a_summary_is_clipped_to_possible_values(store: Store) -> None:
    result = regnet.run(["seeds=[5,6]", *SMALL])
    (summary,) = runs(store(), "summary")
    metrics = summary.data.metrics
    assert summarize(result.history["test/error_rate"][:, -1]).low < 0  # the two values are far apart
    assert metrics["test/error_rate/ci95_low"] == 0
    assert f"| 0 to {metrics['test/error_rate/ci95_high']:.4g} |" in summary.data.tags["mlflow.note.content"]


def test_read_results_equal_written_ones(store: Store) -> None:
    written = regnet.run(["seeds=[4,2]", *SMALL])
    client = store()
    (read,) = read_launch(store_of(client), "regnet", newest_launch(store_of(client), "regnet"))
    assert read.seeds == (2, 4)
    assert read.config == written.config
    assert (read.identity, read.name, read.machine) == (written.identity, written.name, written.machine)
    for name, values in written.history.items():
        assert np.array_equal(read.history[name], values[::-1])
    assert read.seconds == pytest.approx(written.seconds)
    assert not read.solo


def test_diverged_seed_is_a_failed_run_with_its_epoch(store: Store) -> None:
    unstable = ["model.output=null", "optimizer.lr=0.14", "epochs=3", "seeds=12", "dataset.train_size=200"]
    result = regnet.run(unstable)
    assert 0 < len(result.failures) < 12  # the learning rate is close to the limit of divergence
    by_seed = {int(run.data.tags["regnet.seed"]): run for run in runs(store())}
    for seed, run in by_seed.items():
        assert run.info.status == ("FAILED" if seed in result.failures else "FINISHED")
        assert run.data.tags.get("regnet.failure") == result.failures.get(seed)
    (summary,) = runs(store(), "summary")
    assert (summary.data.metrics["n"], summary.data.metrics["failed"]) == (12 - len(result.failures), len(result.failures))
    (read,) = read_launch(store_of(store()), "regnet", newest_launch(store_of(store()), "regnet"))
    assert read.failures == result.failures
    for name, values in result.history.items():
        assert np.array_equal(read.history[name], values, equal_nan=True)


class Saboteur:
    """A fatal listener that raises an exception in the second epoch."""

    regnet_fatal = True

    def __init__(self, error: BaseException) -> None:
        self._error = error

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        if event.epoch == 2:
            raise self._error


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), "KILLED"), (RuntimeError("boom"), "FAILED")])
def test_no_run_is_left_running(store: Store, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: str) -> None:
    def with_saboteur(plugins: Plugins | None = None) -> Catalog:
        plugins = plugins or load_plugins()
        plugins.manager.register(Saboteur(error))
        return load_catalog(plugins)

    monkeypatch.setattr("regnet.api.load_catalog", with_saboteur)
    with pytest.raises(type(error)):
        regnet.run(["seeds=2", *SMALL])
    found = runs(store())
    assert [run.info.status for run in found] == [status] * 2
    assert [run.data.tags["regnet.failure"] for run in found] == [["interrupted"], ["RuntimeError: boom"]][status == "FAILED"] * 2
    assert all("train/loss" in run.data.metrics for run in found)  # the metrics so far are kept


class Faint:
    """A listener that raises an exception and is not fatal."""

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        raise ValueError("not well")


def test_failed_listener_is_recorded_in_a_tag(store: Store) -> None:
    catalog = load_catalog()
    catalog.plugins.manager.register(Faint(), "faint")
    config = compose_config(SMALL, catalog)
    with open_tracker(catalog.plugins.manager, "a launch"):
        run_study(assemble(config, catalog), Listeners(catalog.plugins))
    (run,) = runs(store())
    assert run.info.status == "FINISHED"
    assert run.data.tags["regnet.listener_failed"] == "faint in regnet_epoch_ended: ValueError: not well"


def test_store_by_option_and_by_environment(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow.db").rename(tmp_path / "other.db")
    regnet.run([f"tracking.uri=sqlite:///{tmp_path}/other.db", *SMALL])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/other.db")
    regnet.run(["tracking.experiment=mine", *SMALL])
    client = MlflowClient(f"sqlite:///{tmp_path}/other.db")
    assert len(runs(client)) == len(runs(client, experiment="mine")) == 1
    assert not (tmp_path / "mlflow.db").exists()


def test_unusable_stores_are_errors_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("this is no database")
    for uri, words in [
        ("sqlite:////no/such/folder/x.db", "does not exist"),
        (f"sqlite:///{tmp_path}/file", "cannot be used"),
        ("http://127.0.0.1:9", "does not answer"),
        ("nonsense://x", "cannot be used"),
    ]:
        with pytest.raises(TrackingError, match=words) as caught:
            connect(uri)
        assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_processes_may_open_a_new_store_simultaneously(tmp_path: Path) -> None:
    """Each process waits until all have imported their modules."""
    code = """
import sys
from regnet.tracking.store.connect import connect
print("ready", flush=True)
sys.stdin.readline()
connect("sqlite:///mlflow.db").make_experiment(sys.argv[1])
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", code, name], cwd=tmp_path, **pipes) for name in "abc"]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    found = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").search_experiments()
    assert {experiment.name for experiment in found} == {"Default", "a", "b", "c"}


def test_params_of() -> None:
    nested = {"a": 1, "b": {"c": [1, 2], "d": None}, "e": [{"name": "relu"}, "tanh"]}
    assert params_of(nested) == {"a": "1", "b.c": "[1, 2]", "b.d": "None", "e.0.name": "relu", "e.1": "tanh"}
