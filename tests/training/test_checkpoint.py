"""Checkpoints: training that was stopped continues with the numbers that it would have had, to the last bit."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from regnet.events import EpochEnded, RunEnded, RunFailed
from regnet.launch_folder.keeper import FolderKeeper
from regnet.launch_folder.plan import PLAN, Plan
from regnet.network.sequential import Sequential
from regnet.processes.stop import OutOfTime
from regnet.registry.launch_settings import LaunchSettings
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.checkpoint import (
    LATEST,
    CheckpointRule,
    Checkpoints,
    find_checkpoints,
    flatten_state,
    trained_epochs,
    unflatten_state,
)
from regnet.training.lockstep import run_together
from tests.builtin.cases import CATALOG, FEATURES, SETTINGS
from tests.conftest import MakeStudy
from tests.launch_folder.test_plan import START
from tests.training.together import Observer, assert_same, processes

SMALL = ("dataset.train_size=50", "dataset.test_size=30", "epochs=5", "model.hidden=[6]", "shuffle=true", "seeds=3")
EVERY_EPOCH = Plan(Path(PLAN), replace(START, settings=LaunchSettings(checkpoint_epochs=1).kept), ())
EVERY_WAY = pytest.mark.parametrize(
    "changes",
    [
        {"replicas": "lockstep"},
        {"replicas": "lockstep", "replay": False},
        {"replicas": "solo"},
        {"replicas": "solo", "engine": "torch"},
    ],
    ids=["lockstep", "plain", "solo", "torch"],
)


class Interrupting(Observer):
    """Sends a signal to this process after an epoch, as Ctrl-C does, and stops seeds as a plugin does."""

    def __init__(self, epoch: int, **stop: Any) -> None:
        super().__init__(**stop)
        self._interrupting = epoch

    def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
        if ended[0].epoch == self._interrupting:
            signal.raise_signal(signal.SIGINT)
        return super().end_epoch(ended)


def trained(
    studies: Sequence[Study], folder: Path, observer: Observer, workers: int = 1, plan: Plan = EVERY_EPOCH
) -> list[StudyResult]:
    """The results of the studies, whose jobs have folders below the given one."""
    keeper = FolderKeeper(studies, [folder / str(job) for job in range(len(studies))], plan)
    outcomes = dict(run_together(studies, observer, workers, keeper=keeper))
    results = [outcomes[job] for job in range(len(studies))]
    assert all(isinstance(result, StudyResult) for result in results), results
    return results  # type: ignore[return-value]


def interrupt(studies: Sequence[Study], folder: Path, epoch: int, **options: Any) -> Observer:
    """Train until a signal arrives after an epoch; return the observer."""
    observer = Interrupting(epoch, **options)
    with pytest.raises(KeyboardInterrupt):
        trained(studies, folder, observer)
    assert observer.epochs[-1].epoch == epoch, "the epoch is the last"
    assert all(event.interrupted for event in observer.events if isinstance(event, RunFailed))
    return observer


def check_resumed(studies: Sequence[Study], folder: Path, **options: Any) -> None:
    """Training interrupted after each of several epochs gives what an undisturbed one gives, and reports the same."""
    undisturbed = Observer(**options)
    whole = trained(studies, folder / "whole", undisturbed)
    for epoch in (1, 3):
        there = folder / f"after-{epoch}"
        interrupt(studies, there, epoch, **options)
        assert find_checkpoints(there / "0")
        resumed = Observer(**options)
        results = trained(studies, there, resumed)
        for result, expected in zip(results, whole, strict=True):
            assert_same(result, expected, exactly=True)
            assert result.together.tolist() == expected.together.tolist()
        assert not list(there.rglob("checkpoint-*"))
        assert [(event.study, event.seeds, event.epoch) for event in resumed.epochs][-3:] == [
            (event.study, event.seeds, event.epoch) for event in undisturbed.epochs
        ][-3:]


@EVERY_WAY
def test_a_stopped_training_continues_with_the_same_numbers(study: MakeStudy, tmp_path: Path, changes: dict[str, Any]) -> None:
    check_resumed([study(*SMALL, **changes)], tmp_path)


@EVERY_WAY
def test_dropout_and_batch_norm_continue(study: MakeStudy, tmp_path: Path, changes: dict[str, Any]) -> None:
    network = network_of("batch_norm", {"name": "dropout", "p": 0.3}, "tanh")
    check_resumed([study(*SMALL, network=network, batch_size=20, **changes)], tmp_path)


def network_of(*layers: Any) -> Sequential:
    """A network for two classes with some layers of `FEATURES` features inside."""
    first, last = ({"name": "linear", "out_features": features} for features in (FEATURES, 2))
    return Sequential(tuple(CATALOG.build("layer", layer) for layer in (first, *layers, last)))


@EVERY_WAY
@pytest.mark.parametrize("name", CATALOG.names("optimizer"))
def test_every_optimizer_continues(study: MakeStudy, tmp_path: Path, name: str, changes: dict[str, Any]) -> None:
    settings = {"lr": 0.01, **SETTINGS.get(name, [{}])[-1]}
    optimizer = CATALOG.build("optimizer", {"name": name, **settings})
    check_resumed([study(*SMALL, optimizer=optimizer, **changes)], tmp_path)


@pytest.mark.parametrize("name", CATALOG.names("layer"))
@pytest.mark.parametrize("replicas", ["lockstep", "solo"])
def test_every_layer_continues(study: MakeStudy, tmp_path: Path, name: str, replicas: str) -> None:
    for number, settings in enumerate(SETTINGS.get(name, [{}])[:2]):
        network = network_of({"name": name, **settings})
        check_resumed([study(*SMALL, network=network, batch_size=20, replicas=replicas)], tmp_path / str(number))


@pytest.mark.slow
@processes
@pytest.mark.usefixtures("small_programs")
def test_studies_in_lockstep_continue(study: MakeStudy, tmp_path: Path, workers: int) -> None:
    """Also if workers train them: each writes the checkpoints of its program, and finishes its epoch first."""
    studies = [study(*SMALL, f"optimizer.lr={rate}") for rate in (0.01, 0.02)]
    whole = trained(studies, tmp_path / "whole", Observer(), workers=workers)
    observer = Interrupting(2)
    with pytest.raises(KeyboardInterrupt):
        trained(studies, tmp_path / "stopped", observer, workers=workers)
    resumed = Observer()
    results = trained(studies, tmp_path / "stopped", resumed, workers=workers)
    for result, expected in zip(results, whole, strict=True):
        assert_same(result, expected, exactly=True)
    assert not list((tmp_path / "stopped").rglob("checkpoint-*"))


def test_seeds_that_were_stopped_early_or_diverged_stay_so(study: MakeStudy, tmp_path: Path) -> None:
    studies = [study(*SMALL, "shuffle=false"), study(*SMALL, "shuffle=false", "optimizer.lr=1e30")]
    options = {"stop": [1], "after": 2}
    check_resumed(studies, tmp_path, **options)
    (first, second) = trained(studies, tmp_path / "once", Observer(**options))
    assert first.stopped == {1: 2}
    assert set(second.failures) == {0, 1, 2}


def test_all_epochs_are_reported_to_listeners(study: MakeStudy, tmp_path: Path) -> None:
    """So they know what they would know in an undisturbed training, such as for how long no epoch was better."""
    studies, undisturbed = [study(*SMALL)], Observer()
    trained(studies, tmp_path / "whole", undisturbed)
    interrupt(studies, tmp_path, 2)
    resumed = Observer()
    trained(studies, tmp_path, resumed)
    assert [event.epoch for event in resumed.epochs] == [1, 2, 3, 4, 5]
    for event, expected in zip(resumed.epochs, undisturbed.epochs, strict=True):
        for name, values in event.metrics.items():
            np.testing.assert_array_equal(values, expected.metrics[name])
    assert sum(isinstance(event, RunEnded) for event in resumed.events) == 3


def test_what_is_finished_is_not_reported_again(study: MakeStudy, tmp_path: Path) -> None:
    """A program with finished seeds continues from its checkpoint, too."""
    studies = [study(*SMALL)]
    (whole,) = trained(studies, tmp_path / "whole", Observer())
    interrupt(studies, tmp_path, 4)
    FolderKeeper(studies, [tmp_path / "0"], EVERY_EPOCH).keep(0, whole.of(1))
    resumed = Observer()
    (result,) = trained(studies, tmp_path, resumed)
    assert_same(result, whole, exactly=True)
    assert {event.seeds for event in resumed.epochs} == {(0, 2)}


def test_training_ends_in_order_when_the_time_is_over(study: MakeStudy, tmp_path: Path) -> None:
    """After the epoch in which it is over; a program is not started then."""
    studies = [study(*SMALL, replicas="solo")]
    (whole,) = trained(studies, tmp_path / "whole", Observer())
    plan = replace(EVERY_EPOCH, start=replace(EVERY_EPOCH.start, settings=LaunchSettings(max_time=0.3).kept))
    assert plan.deadline is not None
    assert plan.deadline < time.time()
    late = Observer()
    with pytest.raises(OutOfTime):
        trained(studies, tmp_path, late, plan=plan)
    assert not late.events

    class Slow(Observer):
        def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
            time.sleep(0.2)
            return super().end_epoch(ended)

    now = datetime.now(UTC).isoformat()
    observer, plan = Slow(), replace(plan, start=replace(plan.start, started=now))
    with pytest.raises(OutOfTime):
        trained(studies, tmp_path, observer, plan=plan)
    last = observer.epochs[-1]
    assert (last.seeds, last.epoch) < ((2,), 5)
    (result,) = trained(studies, tmp_path, Observer())
    assert_same(result, whole, exactly=True)


@pytest.mark.parametrize("damaged", [1, 2])
@pytest.mark.parametrize("damage", ["truncated", "changed", "foreign"])
def test_a_checkpoint_that_cannot_be_used_is_named(
    study: MakeStudy, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str, damaged: int
) -> None:
    """An older one is used, and if there is none, the runs start over."""
    studies = [study(*SMALL)]
    (whole,) = trained(studies, tmp_path / "whole", Observer())
    interrupt(studies, tmp_path, 4)
    interrupt([study(*SMALL, "optimizer.lr=0.3")], tmp_path / "other", 4)
    found = sorted(find_checkpoints(tmp_path / "0"), reverse=True)
    best = found[LATEST:]
    for path in best:
        path.unlink()
    found = found[:damaged]
    for path in found:
        content = path.read_bytes()
        match damage:
            case "truncated":
                path.write_bytes(content[:-1])
            case "changed":
                path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            case "foreign":
                path.write_bytes(find_checkpoints(tmp_path / "other" / "0")[-1].read_bytes())
    (result,) = trained(studies, tmp_path, Observer())
    assert_same(result, whole, exactly=True)
    assert all(str(path) in caplog.text for path in found)
    assert caplog.text.count("its runs start over") == damaged


def one_layer(study: Study) -> Study:
    """The study with other layers and the same identity, as after a change in a plugin that has the same version."""
    return replace(study, network=Sequential((CATALOG.build("layer", {"name": "linear", "out_features": 2}),)))


def test_a_checkpoint_of_other_layers_starts_over(study: MakeStudy, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = study(*SMALL)
    interrupt([made], tmp_path, 3)
    (expected,) = trained([one_layer(made)], tmp_path / "whole", Observer())
    (result,) = trained([one_layer(made)], tmp_path, Observer())
    assert_same(result, expected, exactly=True)
    assert "does not fit" in caplog.text


@pytest.mark.parametrize(("better", "best"), [(1, 2), (-1, 1)])
def test_the_latest_two_and_the_best_are_kept(tmp_path: Path, better: int, best: int) -> None:
    checkpoints = Checkpoints(CheckpointRule(tmp_path, epochs=1))
    for epoch, score in enumerate((3.0, 9.0, 5.0, 6.0, 7.0), start=1):
        assert checkpoints.due(epoch)
        checkpoints.write(epoch, {"epoch": epoch}, better * score)
    assert [found.epoch for found in checkpoints.newest_first()] == [5, 4, best]
    again = Checkpoints(CheckpointRule(tmp_path, epochs=1))
    assert [found.state["epoch"] for found in again.newest_first()] == [5, 4, best]
    again.write(6, {"epoch": 6}, None)
    assert [found.epoch for found in again.newest_first()] == [6, 5, best]
    again.remove()
    assert not find_checkpoints(tmp_path)


def test_checkpoints_are_due_by_epochs_and_by_seconds(tmp_path: Path) -> None:
    rule = CheckpointRule(tmp_path, epochs=3)
    assert [Checkpoints(rule).due(epoch) for epoch in range(1, 7)] == [False, False, True, False, False, True]
    assert Checkpoints(CheckpointRule(tmp_path, seconds=0)).due(1)
    assert not Checkpoints(CheckpointRule(tmp_path, seconds=1000)).due(1)
    assert not Checkpoints(CheckpointRule(tmp_path)).due(1)
    assert not Checkpoints(None).due(1)


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    Checkpoints(CheckpointRule(tmp_path / "file")).write(1, {})
    assert "no checkpoint can be written" in caplog.text


def test_programs_have_checkpoints_of_their_own(tmp_path: Path) -> None:
    rule = CheckpointRule(tmp_path)
    programs = [
        Checkpoints(rule, [("a", (0, 1))], replica_axis=True),
        Checkpoints(rule, [("a", (0, 1))], replica_axis=False),
        Checkpoints(rule, [("a", (0,)), ("a", (1,))], replica_axis=True),
        Checkpoints(rule, [("b", (0, 1))], replica_axis=True),
        Checkpoints(rule, [("a", (1, 0))], replica_axis=True),
    ]
    for number, checkpoints in enumerate(programs):
        checkpoints.write(number + 1, number)
    assert [[found.state for found in checkpoints.newest_first()] for checkpoints in programs] == [[0], [1], [2], [3], [4]]
    assert trained_epochs(tmp_path) == {("a", 0): 5, ("a", 1): 5, ("b", 0): 4, ("b", 1): 4}


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
STATES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(max_size=5), inner, max_size=3)
)


@given(STATES)
def test_every_state_survives(state: Any) -> None:
    tensors = [torch.arange(3), torch.tensor(2.5), torch.ones(0, 2), torch.tensor([True])]
    plain, stored = flatten_state({"state": state, 1: tensors, "views": [tensors[0][1:], tensors[0].numpy()]})
    back = unflatten_state(plain, stored)
    assert back["state"] == state
    assert all(map(torch.equal, back[1], tensors))
    assert back["views"][0].tolist() == [1, 2]
    assert back["views"][1].tolist() == [0, 1, 2]
