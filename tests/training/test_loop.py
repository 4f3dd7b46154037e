"""The training loop: reports after each epoch, stopped seeds, and the resulting networks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pytest
import torch

from regnet.events import EpochEnded, Event
from regnet.machine import torch_threads
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import run_study
from tests.conftest import MakeStudy, RunStudy

SMALL = ("dataset.train_size=60", "dataset.test_size=40", "epochs=3", "model.hidden=[4]")


class Witness:
    """Records the reported epochs, and stops given seeds after a given epoch."""

    def __init__(self, stop: Collection[int] = (), after: int = 0) -> None:
        self.epochs: list[EpochEnded] = []
        self._stop, self._after = set(stop), after
        self.may_stop = bool(stop)

    def notify(self, event: Event) -> None:
        pass

    def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
        self.epochs.extend(ended)
        return [self._stop if event.epoch == self._after else set() for event in ended]


def test_every_epoch_is_reported(study: MakeStudy) -> None:
    witness = Witness()
    result = run_study(study(*SMALL, seeds=(4, 2)), witness)
    assert [event.epoch for event in witness.epochs] == [1, 2, 3]
    for event in witness.epochs:
        assert event.metrics.keys() == result.history.keys()
        for name, values in event.metrics.items():
            np.testing.assert_array_equal(values, result.history[name][:, event.epoch - 1])


def stopped_after(study: Study, seed: int, last: int) -> StudyResult:
    """The result of a study with one seed stopped after an epoch, as by a plugin."""
    return run_study(study, Witness([seed], last))


def test_stopped_seed_keeps_its_weights_and_metrics(study: MakeStudy, run: RunStudy) -> None:
    """Its weights and metrics equal those of a shorter training; in lockstep the other seeds are not affected."""
    seeds = (4, 2, 7)
    found = stopped_after(study(*SMALL, seeds=seeds), 2, last=2)
    shorter, longer = run(*SMALL, seeds=seeds, epochs=2), run(*SMALL, seeds=seeds)
    assert found.stopped == {2: 2}
    for metric, values in found.history.items():
        np.testing.assert_array_equal(values[[0, 2]], longer.history[metric][[0, 2]])
        np.testing.assert_array_equal(values[1, :2], shorter.history[metric][1])
        assert values[1, 2] == values[1, 1]
    for network, expected in zip(found.networks, (longer.networks[0], shorter.networks[1], longer.networks[2]), strict=True):
        assert all(torch.equal(weight, expected.weights[name]) for name, weight in network.weights.items())


def test_training_finishes_when_no_seed_is_left(study: MakeStudy) -> None:
    result = stopped_after(study(*SMALL, seeds=(4,)), 4, last=1)
    assert result.history["train/loss"].shape == (1, 1)
    assert result.stopped == {4: 1}


def test_networks_of_the_result_reproduce_the_metrics(run: RunStudy) -> None:
    """The final weights have the error rates and the loss of the last epoch, for inputs in their original units."""
    result = run(*SMALL, "model.activation=batch_norm", seeds=(4, 2))
    for row, network in enumerate(result.networks):
        data = network.data
        x = data.test.x * data.scale + data.shift
        wrong = (network.predict(x) != data.test.y).double().mean().item()
        assert wrong == pytest.approx(result.history["test/error_rate"][row, -1])
        loss = (network.output(x) - data.test.target).square().sum(-1).mean().item()
        assert loss == pytest.approx(result.history["test/loss"][row, -1], rel=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_number_of_threads_is_restored(count: int) -> None:
    before = torch.get_num_threads()
    with torch_threads(count):
        assert torch.get_num_threads() == (count or before)
    assert torch.get_num_threads() == before
