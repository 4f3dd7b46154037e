"""The benchmark: every contender trains the same in a separate process, and a wrong contender is an error."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from regnet.bench import engines, floor, jax
from regnet.bench.contender import WAYS, Contender, contenders, expand
from regnet.bench.memory import peak_memory
from regnet.bench.problem import Problem, read_problem
from regnet.bench.process import WARM_UP, Racer
from regnet.bench.program import InProcess, Program
from regnet.bench.race import TOLERANCE, Plan, benchmark, race, reference_losses
from regnet.errors import ConfigError, RegnetError
from regnet.study.study import Study
from tests.conftest import MakeStudy

pytestmark = pytest.mark.slow


SMALL = ("dataset.train_size=60", "dataset.test_size=40")
REPLICAS = 3
ONCE = Plan(rounds=1, epochs=1)


@pytest.fixture(scope="module")
def small(study: MakeStudy) -> Study:
    return study(*SMALL)


@pytest.fixture(scope="module")
def problem(small: Study) -> Problem:
    return read_problem(small, REPLICAS)


@pytest.fixture(scope="module")
def reference(small: Study) -> np.ndarray:
    return reference_losses(small, REPLICAS)


def test_problem_is_that_of_the_engine(problem: Problem) -> None:
    assert problem.x.shape == (6, REPLICAS, 10, 2)
    assert problem.target.shape == (6, REPLICAS, 10, 2)
    assert [weight.shape for weight, _ in problem.layers] == [
        (REPLICAS, *sizes) for sizes in ((2, 25), (25, 25), (25, 25), (25, 2))
    ]
    assert not np.array_equal(problem.x[:, 0], problem.x[:, 1])
    first = problem.first(1)
    assert first.replicas == 1
    np.testing.assert_array_equal(first.layers[1][0][0], problem.layers[1][0][0])


@pytest.mark.parametrize("way", [pytest.param(way, marks=[pytest.mark.long] if "compile" in way else []) for way in WAYS])
def test_every_contender_trains_the_same(way: str, small: Study, problem: Problem, reference: np.ndarray) -> None:
    replicas = REPLICAS if WAYS[way].batched else 1
    (contender,) = contenders([(way, replicas)], small, problem)
    assert contender.missing is None
    (timing,) = race([contender], problem.steps, reference, ONCE, lambda _: None)
    assert timing.loss_error < TOLERANCE / 10
    assert timing.step_microseconds.shape == (1,)
    assert 0 < timing.step_microseconds[0] < 1e5
    assert timing.cores[0] < 1.25
    assert timing.start_seconds > 0
    assert timing.peak_memory
    assert timing.peak_memory > 2**20


def test_training_continues_after_a_lap(problem: Problem) -> None:
    at_once, in_turn = jax.prepare(problem), jax.prepare(problem)
    before = at_once.losses()
    at_once.train(2)
    in_turn.train(1)
    in_turn.train(1)
    np.testing.assert_allclose(at_once.losses(), in_turn.losses(), rtol=1e-6)
    assert (at_once.losses() < before).all()


@dataclass(frozen=True)
class Wrong:
    """A contender that trains less than the engine, or differently."""

    problem: Problem

    def __call__(self) -> Program:
        return jax.prepare(self.problem)


WRONG: dict[str, Callable[[Problem], Problem]] = {
    "a batch left out": lambda problem: replace(problem, x=problem.x[1:], target=problem.target[1:]),
    "another learning rate": lambda problem: replace(problem, learning_rate=1.01 * problem.learning_rate),
    "other data": lambda problem: replace(problem, x=problem.x[:, ::-1].copy()),
    "NaN": lambda problem: replace(problem, learning_rate=float("nan")),
    "too few replicas": lambda problem: problem.first(1),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_contender_is_an_error(change: Callable[[Problem], Problem], problem: Problem, reference: np.ndarray) -> None:
    cheat = Contender("jax", REPLICAS, "cheat", Wrong(change(problem)))
    with pytest.raises(RegnetError, match=r"bench: cheat(: expected 3 losses| does not train what the engine trains)"):
        race([cheat], problem.steps, reference, ONCE, lambda _: None)


def explode() -> Program:
    raise RegnetError("the moon is full")


def have_a_bug() -> Program:
    raise ZeroDivisionError("mine")


def vanish() -> Program:
    os._exit(7)


@pytest.mark.parametrize(
    ("prepare", "kind", "message"),
    [
        (explode, RegnetError, "bench: it failed: the moon is full"),
        (have_a_bug, RuntimeError, "ZeroDivisionError: mine"),
        (vanish, RegnetError, "bench: it: process \\d+ ended with exit code 7"),
    ],
)
def test_errors_in_a_process_are_reported(prepare: Callable[[], Program], kind: type[Exception], message: str) -> None:
    racer = Racer(Contender("solo", 1, "it", prepare))
    with pytest.raises(kind, match=message):
        racer.ready()
    racer.stop()


def judge_threads() -> np.ndarray:
    import torch

    return np.array([torch.get_num_threads(), len(os.environ["XLA_FLAGS"].split())])


def prepare_threads() -> Program:
    return InProcess(lambda epochs: time.sleep(1e-5 * epochs), judge_threads)


def test_process_has_one_thread_and_its_own_environment() -> None:
    before = dict(os.environ)
    racer = Racer(Contender("solo", 1, "it", prepare_threads))
    assert racer.ready().losses.tolist() == [1, 2]
    assert dict(os.environ) == before
    assert racer.lap(1).epochs >= 1
    assert racer.lap(10**4).epochs >= 10**4
    racer.finish()


def test_peak_memory() -> None:
    before = peak_memory(os.getpid())
    assert before
    block = np.ones(before // 8 + 2**24)  # more than the peak so far
    grown = peak_memory(os.getpid())
    del block
    assert grown
    assert grown - before > 2**25
    assert peak_memory(os.getpid()) == pytest.approx(grown, rel=0.01)  # the system updates its counters in batches


def test_errors_of_the_c_program(problem: Problem, capfd: pytest.CaptureFixture[str]) -> None:
    other = replace(problem, x=problem.x[:, :, :5].copy(), target=problem.target[:, :, :5].copy())
    racer = Racer(Contender("c", 1, "it", partial(floor.prepare, other)))
    with pytest.raises(RuntimeError, match=r"floor\.c ended with exit code 1"):
        racer.ready()
    racer.stop()
    assert "made for the paper's network" in capfd.readouterr().err


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("c", "no C compiler was found: install one of gcc"),
        ("compile", "install g++"),
        ("compiled-vmap", "install g++"),
    ],
)
@pytest.mark.usefixtures("empty_path")
def test_missing_compiler_is_reported(way: str, reason: str, small: Study, problem: Problem) -> None:
    (contender,) = contenders([(way, 1)], small, problem)
    assert reason in str(contender.missing)


def test_expansion_of_contenders() -> None:
    assert expand(["solo", "jax:1", "lockstep", "jax", "solo"], [1, 20]) == [
        ("solo", 1),
        ("jax", 1),
        ("lockstep", 1),
        ("lockstep", 20),
        ("jax", 20),
    ]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("jaxx", "unknown contender 'jaxx': did you mean 'jax'"),
        ("solo:3", "trains one network at a time, got 'solo:3': write solo"),
        ("jax:", "from 1 up, such as jax:20"),
        ("jax:0", "from 1 up"),
        ("jax:-1", "from 1 up"),
    ],
)
def test_errors_of_contenders(word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        expand([word], [20])


@pytest.mark.long
def test_speeds_are_ratios_within_a_round(small: Study) -> None:
    heard: list[str] = []
    found = benchmark(small, expand(["torch", "solo", "lockstep:2"], []), Plan(2, 1), heard.append)
    base, solo, lockstep = found.timings
    assert [one.contender.key for one in found.timings] == ["torch", "solo", "lockstep:2"]
    speed = found.speed(solo)
    assert speed is not None
    np.testing.assert_array_equal(speed, base.step_microseconds / solo.step_microseconds)
    assert found.speed(lockstep, "c") is None
    assert "round 2 of 2" in heard


def test_double_precision_is_the_reference(small: Study, reference: np.ndarray) -> None:
    program = engines.prepare(small, REPLICAS)
    program.train(WARM_UP)
    np.testing.assert_allclose(program.losses(), reference, rtol=1e-5)
    assert not np.array_equal(program.losses(), reference)
