"""When seeds stop, and that stopping a seed does not affect the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from regnet_early_stopping.watch import Watch

import regnet
from regnet import StudyResult

SMALL = ["tracking=none", "dataset.train_size=60", "dataset.test_size=40", "epochs=30", "optimizer.lr=0.02"]
WAYS = [["replicas=lockstep"], ["replicas=solo"], ["engine=torch"]]


def run(*overrides: str) -> StudyResult:
    return regnet.run([*SMALL, *overrides])


def same(first: StudyResult, second: StudyResult) -> bool:
    return all(np.array_equal(first.history[name], values) for name, values in second.history.items())


def test_nothing_stops_by_default() -> None:
    result = run("seeds=3")
    assert result.stopped == {}
    assert "early_stopping" not in result.config


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_a_stopped_seed_does_not_affect_other_seeds(way: list[str]) -> None:
    whole = run("seeds=6", *way)
    stopped = run("seeds=6", "early_stopping.patience=2", *way)
    assert 0 < len(stopped.stopped) < 6, "the settings are chosen so that some seeds stop and others do not"
    for row, seed in enumerate(whole.seeds):
        end = stopped.stopped.get(seed, 30)
        for name, values in whole.history.items():
            assert np.array_equal(stopped.history[name][row, :end], values[row, :end])
            assert (stopped.history[name][row, end:] == values[row, end - 1]).all()
        if seed not in stopped.stopped:
            assert all(torch.equal(stopped.networks[row].weights[name], w) for name, w in whole.networks[row].weights.items())


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0])
def test_weights_of_a_stopped_seed(way: list[str]) -> None:
    """They equal, bit for bit, those of a run with only that many epochs."""
    stopped = run("seeds=6", "early_stopping.patience=2", *way)
    for seed, epoch in list(stopped.stopped.items())[:2]:
        row = stopped.seeds.index(seed)
        until = run("seeds=6", f"epochs={epoch}", *way)
        for name, weight in until.networks[row].weights.items():
            assert torch.equal(stopped.networks[row].weights[name], weight)


def test_nothing_stops_after_the_last_epoch() -> None:
    """A seed whose patience ends with the last epoch has been trained to the end."""
    seed, epoch = next(iter(run("seeds=6", "early_stopping.patience=2").stopped.items()))
    assert seed not in run("seeds=6", "early_stopping.patience=2", f"epochs={epoch}").stopped
    assert run("seeds=6", "early_stopping.patience=2", f"epochs={epoch + 1}").stopped[seed] == epoch


def test_lockstep_and_solo_stop_at_the_same_epoch() -> None:
    settings = ["seeds=6", "early_stopping.patience=2", "dtype=float64"]
    assert run(*settings).stopped == run(*settings, "replicas=solo").stopped == run(*settings, "engine=torch").stopped != {}


def test_consecutive_studies_are_independent() -> None:
    settings = ["seeds=4", "early_stopping.patience=2"]
    first, second = run(*settings), run(*settings)
    assert first.stopped == second.stopped
    assert same(first, replace(second))


def test_patience_is_part_of_the_identity() -> None:
    identities = {run("epochs=1", *words).identity for words in ([], ["early_stopping.patience=2"], ["early_stopping.patience=3"])}
    assert len(identities) == 3


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("early_stopping.patience=0", "early_stopping.patience of settings early_stopping"),
        ("early_stopping.patienc=3", "did you mean 'patience'?"),
        ("early_stopping.min_delta=-1", "should be greater than or equal to 0"),
    ],
)
def test_errors_of_settings(word: str, message: str) -> None:
    with pytest.raises(regnet.RegnetError) as caught:
        run(word)
    assert message in str(caught.value)


def test_unknown_metric() -> None:
    with pytest.raises(regnet.BadOption, match="no metric 'test/rmse'; available: train/loss"):
        run("early_stopping.patience=2", "early_stopping.metric=test/rmse")


@pytest.mark.parametrize(
    ("values", "patience", "min_delta", "stops_at"),
    [
        ([3, 2, 1, 1, 1], 2, 0.0, 5),
        ([3, 2, 2, 1, 1], 2, 0.0, None),
        ([3, 2.9, 2.8, 2.7], 2, 0.5, 3),
        ([1, 1], 1, 0.0, 2),
    ],
)
def test_watch(values: list[float], patience: int, min_delta: float, stops_at: int | None) -> None:
    watch = Watch(patience, min_delta)
    over = [place for place, value in enumerate(values, 1) if watch.is_over(value)]
    assert (over[0] if over else None) == stops_at


def test_metrics_that_improve_by_increasing() -> None:
    watch = Watch(1, 0.0, smaller_is_better=False)
    assert [watch.is_over(value) for value in (0.1, 0.5, 0.4)] == [False, False, True]
