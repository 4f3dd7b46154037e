"""The writing process: training does not wait for it, and the death of either process is reported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

import regnet
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.errors import ConfigError, RegnetError, TrackingError
from regnet.events import EpochEnded
from regnet.hookspecs import hookimpl
from regnet.registry.catalog import load_catalog
from regnet.registry.dispatch import Listeners
from regnet.tracking import open_tracker
from regnet.tracking.read.studies import newest_launch, read_launch
from regnet.tracking.store.connect import store_of
from regnet.tracking.store.messages import Destination
from regnet.tracking.write.process import WritingProcess, writing_process
from regnet.training.lockstep import run_study

Store = Callable[[], MlflowClient]
SMALL = ["dataset.train_size=40", "dataset.test_size=30"]
LONG = [*SMALL, "epochs=1000000"]


def runs(client: MlflowClient, experiment: str = "regnet") -> list[Run]:
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id], "tags.`regnet.role` = 'run'")) if found is not None else []


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


class Meanwhile:
    """A listener that calls a function once, in the second epoch."""

    regnet_fatal = True

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    @hookimpl
    def regnet_epoch_ended(self, event: EpochEnded) -> None:
        if event.epoch == 2:
            self._action()


def train(*overrides: str, action: Callable[[], None] = lambda: None) -> None:
    """Trains several studies one after another in one launch, each with an override in addition to `SMALL`."""
    catalog = load_catalog()
    catalog.plugins.manager.register(Meanwhile(action))
    with open_tracker(catalog.plugins.manager, "a launch"):
        for override in overrides:
            run_study(
                assemble(compose_config([*SMALL, "epochs=3", *override.split()], catalog), catalog), Listeners(catalog.plugins)
            )


@pytest.mark.slow
def test_the_training_process_does_not_import_mlflow(store: Store, tmp_path: Path) -> None:
    code = f"import sys, regnet; regnet.run(['epochs=1', *{SMALL!r}]); print('mlflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr.count("\n")) == ("False\n", 1)
    assert done.stderr.startswith("auto: ")
    assert [run.info.status for run in runs(store())] == ["FINISHED"]


def test_launch_with_studies_for_several_stores_and_none(store: Store, tmp_path: Path) -> None:
    train("tracking.experiment=one", "tracking=none", "tracking.experiment=two seeds=2", "tracking.experiment=one optimizer.lr=0.1")
    assert [len(runs(store(), name)) for name in ("one", "two", "regnet")] == [2, 2, 0]
    assert {run.data.tags["regnet.launch"] for name in ("one", "two") for run in runs(store(), name)} == {"a launch"}


def test_two_equal_jobs_are_two_runs(store: Store) -> None:
    train("seeds=2", "seeds=2")
    assert sorted(run.data.tags["regnet.seed"] for run in runs(store())) == ["0", "0", "1", "1"]


def test_launches_share_the_process(store: Store) -> None:
    train("seed=1")
    first = writing_process()
    train("seed=2")
    assert writing_process() is first
    assert len(runs(store())) == 2


@pytest.mark.slow
def test_untracked_study_starts_no_process(tmp_path: Path) -> None:
    code = (
        f"import regnet; regnet.run(['epochs=1', 'tracking=none', *{SMALL!r}])\n"
        "import sys; module = sys.modules.get('regnet.tracking.write.process')\n"
        "print(bool(module and module._processes), 'mlflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_unknown_tracking_is_an_error_before_training(store: Store) -> None:
    with pytest.raises(ConfigError, match="unknown tracking 'mlfow': did you mean 'mlflow'"):
        train("tracking.name=mlfow", action=lambda: pytest.fail("it was trained"))


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sqlite:////no/such/folder/x.db", "^the MLflow store sqlite:////no/such/folder/x.db cannot be used: .* does not exist"),
        ("nonsense://x", "^the MLflow store nonsense://x cannot be used: "),
    ],
)
def test_unusable_store_ends_the_training(store: Store, uri: str, words: str) -> None:
    start = time.monotonic()
    with pytest.raises(TrackingError, match=words) as caught:
        regnet.run([*LONG, f"tracking.uri={uri}"])
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < 20
    regnet.run([*SMALL, "epochs=1"])  # other stores are not affected
    assert [run.info.status for run in runs(store())] == ["FINISHED"]


def test_store_lost_during_training_is_reported(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def lose() -> None:
        eventually(lambda: len(runs(store())) == 1)
        (tmp_path / "mlflow.db").write_text("this is no database")

    train("epochs=300", action=lose)
    assert caplog.text.count("cannot be used") == 1
    assert "training continues" in caplog.text


@pytest.mark.slow
def test_killed_writing_process_is_reported_and_replaced(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The run has every epoch, also those that were sent before; a run of the next launch is not affected."""

    def kill() -> None:
        eventually(lambda: len(runs(store())) == 1)
        process = writing_process()
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: not process.running)

    train("epochs=60", action=kill)
    assert caplog.text.count("training continues") == 1
    assert re.search(r"the writing process \d+ ended with exit code -9 \(SIGKILL\)", caplog.text)
    (run,) = runs(store())
    assert run.info.status == "FINISHED"
    history = store().get_metric_history(run.info.run_id, "train/loss")
    assert sorted(point.step for point in history) == list(range(1, 61))
    assert run.inputs.dataset_inputs
    train("seed=7")
    assert "7" in {run.data.tags["regnet.seed"] for run in runs(store()) if run.info.status == "FINISHED"}


@pytest.mark.slow
def test_stopped_writing_process_is_replaced(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("regnet.tracking.write.process.ASK", 0.2)
    monkeypatch.setattr("regnet.tracking.write.process.ANSWER", 1.0)

    def stop() -> None:
        eventually(lambda: len(runs(store())) == 1)
        os.kill(writing_process().pid, signal.SIGSTOP)

    train("epochs=20", action=stop)
    assert re.search(r"the writing process \d+ did not answer for 2 s \(stopped\) and was ended", caplog.text)
    assert len(runs(store())) == 1


def test_channel_to_an_ended_process_raises(tmp_path: Path) -> None:
    process = WritingProcess()
    process.end(os.getpid())
    assert not process.running
    with pytest.raises(RegnetError, match=r"the writing process .* ended"):
        process.open(Destination("sqlite:///x.db", "x", tmp_path)).close()


@pytest.mark.slow
def test_metrics_are_visible_during_training(store: Store, tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-m", "regnet", "run", *LONG], cwd=tmp_path, stderr=subprocess.PIPE)
    try:
        eventually(lambda: any("train/loss" in run.data.metrics for run in runs(store())))
        (run,) = runs(store())
        seen = len(store().get_metric_history(run.info.run_id, "train/loss"))
        eventually(lambda: len(store().get_metric_history(run.info.run_id, "train/loss")) > seen, 12)
        assert run.info.status == "RUNNING"
    finally:
        process.kill()
        process.communicate()
    eventually(lambda: [run.info.status for run in runs(store())] == ["KILLED"])
    (run,) = runs(store())
    assert run.data.tags["regnet.failure"] == "the training process ended without reporting a result"


@pytest.mark.slow
def test_interruption_of_both_processes_loses_nothing(store: Store) -> None:
    def interrupt() -> None:
        eventually(lambda: len(runs(store())) == 2)
        os.kill(writing_process().pid, signal.SIGINT)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("seeds=2", action=interrupt)
    assert [run.info.status for run in runs(store())] == ["KILLED"] * 2
    (read,) = read_launch(store_of(store()), "regnet", newest_launch(store_of(store()), "regnet"))
    assert read.history["train/loss"].shape == (2, 2)
