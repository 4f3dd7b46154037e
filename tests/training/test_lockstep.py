"""Training many studies as few programs: each has the same result as alone, even if others fail."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
import torch

from regnet.builtin.datasets.disc import Disc
from regnet.contracts import Splits
from regnet.events import EpochEnded, Event, RunEnded, RunFailed, RunStarted, StudyEnded, StudyStarted
from regnet.study.result import StudyResult
from regnet.study.study import Study
from regnet.training.lockstep import Batch, bytes_per_replica, plan, run_together
from tests.conftest import MakeStudy
from tests.training.together import SMALL, Observer, alone, assert_same, processes, train

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("small_programs")]


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


NEIGHBOURS = [(name, lost) for name in STUDIES for lost in ((0, 2, 3) if name in ("sgd", "batch norm") else (2,))]
"""Studies, and the index of the diverging one of four: the first and the last for plain studies and for layers with buffers."""


@pytest.mark.parametrize(("options", "lost"), [pytest.param(STUDIES[name], lost, id=f"{name} {lost}") for name, lost in NEIGHBOURS])
def test_diverging_study_does_not_affect_the_others(study: MakeStudy, options: list[str], lost: int) -> None:
    """To the last bit, also if only this study made an option differ, and if other studies move up to its row."""
    data = [] if "dataset=diabetes" in options else list(SMALL[:2])
    base = (*data, "epochs=3", "model.hidden=[6]", *options)
    studies = [study(*base, f"seed={seed}") for seed in range(4)]
    studies[lost] = study(*base, "optimizer.lr=1e30", *ODD_ONE.get(options[0] if options else "", []))
    with_it = train(studies)
    without = train([given for job, given in enumerate(studies) if job != lost])
    with_it.pop(lost)
    for one, other in zip(with_it, without, strict=True):
        assert_same(one, other, exactly=True)


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


@pytest.mark.slow
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


def test_memory_limit(study: MakeStudy) -> None:
    """Three studies of two seeds, at most two in each program: the results are the same, and the groups are reported."""
    studies = [study(*SMALL, f"seeds=[{seed},{seed + 1}]") for seed in (0, 2, 4)]
    outcomes = dict(run_together(studies, Observer(), batches=[Batch.of(studies, 1, 4 * bytes_per_replica(studies[0]))]))
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


@pytest.mark.slow
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
