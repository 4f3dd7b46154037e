"""Training many studies as few programs: each has the same result as alone, even if others fail."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

from regnet.builtin.datasets.disc import Disc
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.contracts import Splits
from regnet.events import EpochEnded, Event, RunEnded, RunFailed, RunStarted, StudyEnded, StudyStarted
from regnet.registry.catalog import load_catalog
from regnet.registry.selection import VARIABLE
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import bytes_per_replica, plan, run_study, run_together
from regnet.training.worker_pool import TARGET, WorkerDied
from tests.conftest import OTHERS, MakeStudy
from tests.endings import runs
from tests.training.test_loop import Witness

PLUGIN = Path(__file__).parents[1] / "plugins" / "troubled.py"
SMALL = ("dataset.train_size=60", "dataset.test_size=40", "epochs=3", "model.hidden=[6]")

processes = pytest.mark.parametrize("workers", [1, 2])

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def small_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use several processes even for short trainings."""
    monkeypatch.setattr("regnet.training.lockstep.WORTHWHILE", 1e-9)
    monkeypatch.setattr("regnet.training.lockstep.FEW", 1)


class Observer(Witness):
    """Records all events."""

    def __init__(self, **stop: Any) -> None:
        super().__init__(**stop)
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


def train(studies: Sequence[Study], workers: int = 1, observer: Observer | None = None) -> list[StudyResult]:
    outcomes = dict(run_together(studies, observer or Observer(), workers))
    assert outcomes.keys() == set(range(len(studies)))
    results = []
    for _, outcome in sorted(outcomes.items()):
        assert not isinstance(outcome, Exception), outcome
        results.append(outcome)
    return results


def alone(study: Study, observer: Observer) -> StudyResult:
    """Train the study separately, in this process."""
    return run_study(replace(study, workers=1), observer)


def assert_same(first: StudyResult, second: StudyResult, *, exactly: bool) -> None:
    tolerance = 0 if exactly else 2e-6
    assert (first.seeds, first.name, first.identity, first.config) == (second.seeds, second.name, second.identity, second.config)
    assert first.failures == second.failures
    assert first.stopped == second.stopped
    assert first.history.keys() == second.history.keys()
    for metric, values in first.history.items():
        np.testing.assert_allclose(second.history[metric], values, rtol=tolerance, atol=tolerance)
    for ours, theirs in zip(first.networks, second.networks, strict=True):
        assert ours.network == theirs.network
        for name, weight in ours.weights.items():
            torch.testing.assert_close(theirs.weights[name], weight, rtol=tolerance, atol=tolerance, equal_nan=True)


def mixed(study: MakeStudy) -> list[Study]:
    """Studies with several seeds, learning rates, gains, sizes and engines, different numbers of seeds, and one that diverges."""
    rates = [study(*SMALL, f"seed={seed}", f"optimizer.lr={rate}") for rate in (0.001, 0.01) for seed in (0, 5)]
    wide = [study(*SMALL, "model.hidden=[9]", f"model.initializer={{name: he_fan_out, gain: {gain}}}") for gain in (0.5, 2)]
    torch_ = [study(*SMALL, "engine=torch", f"optimizer.lr={rate}") for rate in (0.001, 0.01)]
    return [
        *rates,
        study(*SMALL, "seeds=3", "optimizer.momentum=0.9"),
        *wide,
        *torch_,
        study(*SMALL, "optimizer.lr=1e9"),
        study(*SMALL, "replicas=solo", "seeds=2"),
    ]


def test_plan_has_groups_and_reasons(study: MakeStudy) -> None:
    found = [(group.jobs, group.reason) for group in plan(mixed(study))]
    assert found == [
        ((0, 1, 2, 3, 4, 9), "they differ in seed, seeds, optimizer.lr, optimizer.momentum"),
        ((5, 6), "they differ in model.initializer.gain"),
        ((7,), "engine=torch trains one seed at a time"),
        ((8,), "engine=torch trains one seed at a time"),
        ((10,), "replicas=solo"),
    ]


def test_single_study_is_reported_with_its_differences(study: MakeStudy) -> None:
    first, second, other = study(*SMALL), study(*SMALL, "seed=1"), study(*SMALL, "model.hidden=[7]", "optimizer.lr=0.5")
    assert plan([first, second, other])[1].reason == "no other has model.layers.0.out_features=7"
    assert plan([first])[0].reason == "there is no other"
    assert plan([first, first])[0].reason == "they are alike"


@processes
def test_every_study_has_the_same_result_as_alone(study: MakeStudy, workers: int) -> None:
    studies = mixed(study)
    for given, result in zip(studies, train(studies, workers), strict=True):
        assert_same(result, alone(given, Observer()), exactly=False)


STUDIES: dict[str, list[str]] = {
    "sgd": [],
    "momentum": ["optimizer.momentum=0.9", "optimizer.weight_decay=0.01"],
    "adam": ["optimizer=adam"],
    "adamw": ["optimizer=adamw"],
    "rmsprop": ["optimizer=rmsprop"],
    "leaky relu": ["model.activation=leaky_relu"],
    "dropout": ["model.activation={name: dropout, p: 0.3}", "shuffle=true"],
    "batch norm": ["model.activation=batch_norm"],
    "sizes of the paper": ["model.hidden=[25,25,25]"],
    "one output": ["dataset=diabetes", "model.output=null", "optimizer.lr=0.0001"],
    "one hidden unit": ["model.hidden=[1]"],
}


ODD_ONE: dict[str, list[str]] = {
    "optimizer.momentum=0.9": ["optimizer.momentum=0.3", "optimizer.weight_decay=0.1"],
    "optimizer=adam": ["optimizer.beta1=0.3", "optimizer.beta2=0.5", "optimizer.eps=0.1"],
    "optimizer=adamw": ["optimizer.beta1=0.3", "optimizer.beta2=0.5", "optimizer.weight_decay=0.3"],
    "optimizer=rmsprop": ["optimizer.alpha=0.3", "optimizer.eps=0.1"],
    "model.activation=leaky_relu": ["model.activation={name: leaky_relu, negative_slope: 0.3}"],
    "model.activation={name: dropout, p: 0.3}": ["model.activation={name: dropout, p: 0.7}"],
}
"""Another option that differs in the diverging study, so that it becomes a tensor."""


NEIGHBOURS = [(name, lost) for name in STUDIES for lost in ((0, 2, 6) if name in ("sgd", "batch norm") else (2,))]
"""Studies, and the index of the diverging one of seven: the first and the last for plain studies and for layers with buffers."""


@pytest.mark.parametrize(("options", "lost"), [pytest.param(STUDIES[name], lost, id=f"{name} {lost}") for name, lost in NEIGHBOURS])
def test_diverging_study_does_not_affect_the_others(study: MakeStudy, options: list[str], lost: int) -> None:
    """To the last bit, also if only this study made an option differ, and if other studies move up to its row."""
    data = [] if "dataset=diabetes" in options else list(SMALL[:2])
    base = (*data, "epochs=3", "model.hidden=[6]", *options)
    studies = [study(*base, f"seed={seed}") for seed in range(7)]
    studies[lost] = study(*base, "optimizer.lr=1e30", *ODD_ONE.get(options[0] if options else "", []))
    with_it = train(studies)
    without = train([given for job, given in enumerate(studies) if job != lost])
    with_it.pop(lost)
    for one, other in zip(with_it, without, strict=True):
        assert_same(one, other, exactly=True)


MakeTroubled = Callable[..., Study]
"""Makes a study whose data set fails in a chosen way once `flag` exists."""


@pytest.fixture
def troubled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeTroubled:
    monkeypatch.setenv(VARIABLE, f"{OTHERS},{PLUGIN}")
    catalog = load_catalog()

    def make(trouble: str, *overrides: str) -> Study:
        data = ("dataset=troubled", f"dataset.trouble={trouble}", f"dataset.flag={tmp_path}/flag")
        return assemble(compose_config(["tracking=none", *data, *SMALL, *overrides], catalog), catalog)

    return make


@processes
def test_study_whose_data_cannot_be_loaded_fails_alone(troubled: MakeTroubled, workers: int, tmp_path: Path) -> None:
    """If loading raises an error, and if the data have other sizes than those of the other studies."""
    studies = [troubled("raise", f"seed={seed}", "dataset.flag=nowhere") for seed in range(6)]
    studies[1], studies[4] = troubled("raise", "seed=1"), troubled("size", "seed=4")
    (tmp_path / "flag").touch()
    outcomes = dict(run_together(studies, Observer(), workers))
    assert [type(outcomes[job]).__name__ for job in (1, 4)] == ["TroubleError", "ShapeError"]
    for job in (0, 2, 3, 5):
        outcome = outcomes[job]
        assert isinstance(outcome, StudyResult)
        assert_same(outcome, train([studies[job]])[0], exactly=False)


@processes
@pytest.mark.parametrize("replicas", ["lockstep", "solo"])
def test_a_seed_whose_data_cannot_be_loaded_is_a_failed_seed(
    troubled: MakeTroubled, replicas: str, workers: int, tmp_path: Path
) -> None:
    """And nothing else: the others have the numbers that they would have without it."""
    given = troubled("some", "seeds=8", f"replicas={replicas}")
    whole = alone(given, Observer())
    (tmp_path / "flag").touch()
    observer = Observer()
    (result,) = train([given], workers, observer)
    assert result.seeds == given.seeds
    assert 0 < len(result.faults) < 8
    assert set(result.faults.values()) == {"TroubleError: no such file"}
    for seed in given.seeds:
        if seed in result.faults:
            assert np.isnan(result.of(seed).history["test/loss"]).all()
            assert not result.of(seed).networks
        else:
            assert result.of(seed).networks[0].seed == seed
            np.testing.assert_allclose(result.of(seed).history["test/loss"], whole.of(seed).history["test/loss"], rtol=1e-5)
    failed = [event.seed for event in observer.events if isinstance(event, RunFailed)]
    assert sorted(failed) == sorted(result.faults)
    assert isinstance(observer.events[-1], StudyEnded)


def test_a_worker_that_is_lost_takes_only_its_own_seeds_with_it(troubled: MakeTroubled, tmp_path: Path) -> None:
    given = troubled("kill", "seeds=4", "dataset.flag=nowhere")
    other = troubled("kill", "seed=9")
    (tmp_path / "flag").touch()
    observer = Observer()
    outcomes = dict(run_together([given, other], observer, 2))
    result = outcomes[0]
    assert isinstance(result, StudyResult)
    assert isinstance(outcomes[1], WorkerDied)
    assert result.seeds == given.seeds
    lost = [seed for seed in given.seeds if seed in result.faults]
    assert 0 < len(lost) < 4
    assert all("SIGKILL" in result.faults[seed] for seed in lost)
    assert sorted(event.seed for event in observer.events if isinstance(event, RunFailed)) == sorted([*lost, 9])


def reported(events: Sequence[Event], study: Study) -> Iterator[str]:
    for event in events:
        own = event.study if hasattr(event, "study") else None
        if own is study:
            match event:
                case RunStarted(seed=seed) | RunFailed(seed=seed):
                    yield f"{type(event).__name__} {seed}"
                case RunEnded(result=result):
                    yield f"RunEnded {result.seeds[0]}"
                case _:
                    yield type(event).__name__


@processes
def test_events_of_each_study(study: MakeStudy, workers: int) -> None:
    studies = [study(*SMALL, "seeds=2"), study(*SMALL, "seed=4"), study(*SMALL, "optimizer.lr=1e30")]
    observer = Observer()
    train(studies, workers, observer)
    assert list(reported(observer.events, studies[0])) == [
        "StudyStarted",
        "RunStarted 0",
        "RunStarted 1",
        "RunEnded 0",
        "RunEnded 1",
        "StudyEnded",
    ]
    assert list(reported(observer.events, studies[2])) == ["StudyStarted", "RunStarted 0", "RunFailed 0", "StudyEnded"]
    epochs = {id(given): [event.epoch for event in observer.epochs if event.study is given] for given in studies}
    assert epochs == {id(studies[0]): [1, 2, 3], id(studies[1]): [1, 2, 3], id(studies[2]): [1]}
    assert {type(event) for event in observer.events} == {StudyStarted, RunStarted, RunEnded, RunFailed, StudyEnded}


@processes
def test_stopping_one_of_several_studies(study: MakeStudy, workers: int) -> None:
    studies = [study(*SMALL, "seeds=[3,4]"), study(*SMALL, "seeds=[5]")]
    results = train(studies, workers, Observer(stop=[4, 5], after=2))
    for given, result in zip(studies, results, strict=True):
        assert_same(result, alone(given, Observer(stop=[4, 5], after=2)), exactly=False)
    assert results[0].stopped == {4: 2}
    assert results[1].history["train/loss"].shape == (1, 2)


@processes
def test_ctrl_c_ends_all_studies(study: MakeStudy, workers: int) -> None:
    class Interrupted(Observer):
        def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
            time.sleep(1)  # now the other process also waits for an answer
            raise KeyboardInterrupt

    studies = [study(*SMALL, f"seed={seed}", "epochs=1000") for seed in range(4)]
    observer = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        list(run_together(studies, observer, workers))
    started = [event for event in observer.events if isinstance(event, RunStarted)]
    failed = [event for event in observer.events if isinstance(event, RunFailed)]
    assert started
    assert sorted(event.seed for event in failed) == sorted(event.seed for event in started)
    assert all(event.interrupted and event.reason == "interrupted" for event in failed)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("kill", r"exit code -9 \(SIGKILL\) while it trained seeds 2 to 3 of 2 jobs: probably out of memory"),
        pytest.param("exit", r"exit code 3 while it trained seeds 2 to 3", marks=pytest.mark.slow),
        pytest.param("stop", r"neither answered nor used its processor for 2 s \(stopped\)", marks=pytest.mark.slow),
        pytest.param("sleep", r"neither answered nor used its processor for 2 s \(sleeping\)", marks=pytest.mark.slow),
        pytest.param("lock", r"neither answered nor used its processor for 2 s \(sleeping\)", marks=pytest.mark.slow),
        ("stuck", r"neither answered nor used its processor for 2 s \(sleeping\)"),
    ],
)
def test_lost_worker_fails_only_its_own_studies(
    troubled: MakeTroubled, trouble: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regnet.training.worker_pool.SILENCE", 2.0)
    monkeypatch.setattr("regnet.processes.child.SILENCE", 2.0)
    studies = [troubled(trouble, f"seed={seed}", "dataset.flag=nowhere") for seed in range(4)]
    studies[3] = troubled(trouble, "seed=3")
    (tmp_path / "flag").touch()
    outcomes = dict(run_together(studies, Observer(), 2))
    assert [isinstance(outcomes[job], StudyResult) for job in range(4)] == [True, True, False, False]
    assert isinstance(outcomes[3], WorkerDied)
    assert re.search(rf"worker process \d+ .*{words}", str(outcomes[3])), outcomes[3]
    assert running_workers() == []


@pytest.mark.parametrize(
    "trouble", ["stuck", *(pytest.param(other, marks=pytest.mark.slow) for other in ("sleep", "busy", "stop"))]
)
def test_interruption_ends_workers_within_seconds(troubled: MakeTroubled, trouble: str, tmp_path: Path) -> None:
    studies = [troubled(trouble, f"seed={seed}", "epochs=100000") for seed in range(2)]
    (tmp_path / "flag").touch()
    ctrl_c = threading.Timer(4, lambda: os.kill(os.getpid(), signal.SIGINT))
    ctrl_c.start()
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            list(run_together(studies, Observer(), 2))
    finally:
        ctrl_c.cancel()
    assert time.monotonic() - start < 10
    assert running_workers() == []


def test_component_that_cannot_be_pickled_is_built_in_the_worker(
    troubled: MakeTroubled, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    studies = [troubled("log", f"seed={seed}", "model.activation=tripled") for seed in range(2)]
    (tmp_path / "flag").touch()
    results = train(studies, workers=2)
    assert {record.getMessage() for record in caplog.records if record.name == "troubled"} == {"trouble is logged"}
    for one, other in zip(results, train(studies), strict=True):
        assert_same(one, other, exactly=False)


def running_workers() -> list[psutil.Process]:
    """The running workers of this process."""
    return [child for child in psutil.Process().children() if runs(child) and TARGET in child.cmdline()]


def test_memory_limit(study: MakeStudy) -> None:
    """Three studies of two seeds, at most two in each program: the results are the same, and the groups are reported."""
    studies = [study(*SMALL, f"seeds=[{seed},{seed + 1}]") for seed in (0, 2, 4)]
    outcomes = dict(run_together(studies, Observer(), memory=4 * bytes_per_replica(studies[0])))
    whole = train(studies)
    for job, outcome in outcomes.items():
        assert isinstance(outcome, StudyResult)
        assert_same(outcome, whole[job], exactly=True)
        assert outcome.together.max() <= 4
    assert whole[0].together.tolist() == [6, 6]


def test_error_in_the_program_fails_all_studies(study: MakeStudy) -> None:
    class Refusing(Observer):
        def end_epoch(self, ended: Sequence[EpochEnded]) -> list[set[int]]:
            raise OSError("disk full")

    observer = Refusing()
    outcomes = dict(run_together([study(*SMALL), study(*SMALL, "seed=1")], observer))
    assert [str(outcome) for outcome in outcomes.values()] == ["disk full", "disk full"]
    assert [event.reason for event in observer.events if isinstance(event, RunFailed)] == ["OSError: disk full"] * 2


@processes
def test_seeds_of_a_study_are_distributed_over_processes(study: MakeStudy, workers: int) -> None:
    given = study(*SMALL, "seeds=[9,2,5,1]")
    observer = Observer()
    (result,) = train([given], workers, observer)
    assert result.seeds == (9, 2, 5, 1)
    assert result.together.tolist() == [4 // workers] * 4
    assert_same(result, alone(given, Observer()), exactly=True)
    assert [type(event) for event in observer.events].count(StudyStarted) == 1
    assert isinstance(observer.events[-1], StudyEnded)


def test_solo_training_runs_without_other_processes(study: MakeStudy) -> None:
    """So that its training time can be measured."""
    process = os.getpid()
    seen: list[int] = []

    @dataclass(frozen=True)
    class Watching(Disc):
        def load(self, generator: torch.Generator) -> Splits:
            seen.append(os.getpid())
            return super().load(generator)

    solo = study(*SMALL, "seeds=3", "replicas=solo")
    solo = replace(solo, dataset=Watching(train_size=60, test_size=40))
    (result,) = train([solo], workers=2)
    assert seen == [process] * 3
    assert result.together.tolist() == [1, 1, 1]
