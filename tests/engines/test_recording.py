"""A recorded step gives the same numbers as the components' code, to the last bit, or it is not used."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from regnet.builtin.layers.linear import Linear
from regnet.builtin.layers.tanh import Tanh
from regnet.builtin.optimizers.sgd import SGD
from regnet.contracts import Context, Layer, Params, State
from regnet.engines import recording
from regnet.engines.recording.plan import Plan, needed
from regnet.engines.recording.recorder import RecordedNoise, Recorder, storage_of
from regnet.engines.recording.script import Script
from regnet.network.sequential import Sequential
from regnet.registry.catalog import Entry
from regnet.rng import Noise
from regnet.study.result import StudyResult
from tests.builtin.cases import build, entries
from tests.conftest import MakeStudy, RunStudy
from tests.engines.test_agreement import NEEDED
from tests.engines.test_lockstep import SEEDS, SMALL, assert_identical, every_study

REST = ("dataset.train_size=60", "dataset.test_size=40", "batch_size=8")
"""Sixty examples in batches of eight: the last batch has four, so there are two shapes and two recordings."""

seeds = pytest.mark.parametrize("seeds", [(3,), SEEDS], ids=["solo", "lockstep"])


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Script]:
    """The scripts that were replayed."""
    found: list[Script] = []
    test = recording.RecordedStep._test

    def watch(self: recording.RecordedStep, script: Script, batch: Any) -> None:
        test(self, script, batch)
        found.extend([script] if self._proven else [])

    monkeypatch.setattr(recording.RecordedStep, "_test", watch)
    return found


def check(run: RunStudy, played: list[Script], *overrides: str, recordings: int = 2, **changes: Any) -> None:
    one = run(*overrides, replay=True, **changes)
    assert len(played) == recordings
    other = run(*overrides, replay=False, **changes)
    assert len(played) == recordings
    learned(one)
    assert_identical(one, other)


def learned(result: StudyResult) -> None:
    curve = result.history["train/loss"]
    assert not result.failures
    assert (curve[:, 0] != curve[:, -1]).all()


@every_study
@seeds
def test_every_kind_of_study(run: RunStudy, played: list[Script], overrides: tuple[str, ...], seeds: tuple[int, ...]) -> None:
    one = run(*SMALL, *overrides, seeds=seeds)
    assert played
    assert_identical(one, run(*SMALL, *overrides, seeds=seeds, replay=False))


@seeds
@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("layer")])
def test_every_layer(run: RunStudy, played: list[Script], entry: Entry, seeds: tuple[int, ...]) -> None:
    activation = f"model.activation={NEEDED.get(entry.name, entry.name)}"
    check(run, played, "epochs=3", "model.hidden=[6,6]", *REST, activation, seeds=seeds)


@seeds
@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("optimizer")])
def test_every_optimizer(run: RunStudy, played: list[Script], entry: Entry, seeds: tuple[int, ...]) -> None:
    check(run, played, "epochs=3", *REST, f"optimizer={entry.name}", "optimizer.lr=0.002", seeds=seeds)


@seeds
@pytest.mark.parametrize(
    ("entry", "coding"),
    [pytest.param(entry, coding, id=f"{entry.name} {coding}") for entry in entries("loss") for coding in build(entry).codings],
)
def test_every_loss(run: RunStudy, played: list[Script], entry: Entry, coding: str, seeds: tuple[int, ...]) -> None:
    regression = coding in ("standardized", "values")
    data = ("dataset=diabetes", "dataset.test_share=0.8", "batch_size=8") if regression else REST
    rate = "0.0000001" if coding == "values" else "0.01"
    options = (f"loss={entry.name}", f"coding={coding}", "model.output=null", f"optimizer.lr={rate}")
    check(run, played, "epochs=2", *data, *options, seeds=seeds, recordings=1 if regression else 2)


def test_in_double_precision(run: RunStudy, played: list[Script]) -> None:
    check(run, played, "epochs=3", "dtype=float64", *REST)


def test_diverging_replica(run: RunStudy, played: list[Script]) -> None:
    """Infinity and NaN are also equal in both ways."""
    options = ("epochs=3", "optimizer.lr=3", "model.output=null", *REST)
    one = run(*options, seeds=SEEDS)
    assert one.failures.keys() == set(SEEDS)
    assert played
    other = run(*options, seeds=SEEDS, replay=False)
    for ours, theirs in zip(one.networks, other.networks, strict=True):
        for name, weight in ours.weights.items():
            assert torch.equal(weight.nan_to_num(0.5), theirs.weights[name].nan_to_num(0.5))


@dataclass(frozen=True)
class Doubled(Layer):
    """A layer that doubles its input, and calls a given function in forward."""

    odd: Callable[[Tensor], Any] = field(compare=False)

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return x * 2 * self.odd(x), self.odd(x)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return dy * 2 * cache, {}


def counting() -> Callable[[Tensor], float]:
    """A function that violates the contract: it counts its calls."""
    calls: list[int] = []

    def odd(x: Tensor) -> float:
        calls.append(0)
        return 1 + len(calls) / 1000

    return odd


ODD: dict[str, tuple[Callable[[], Callable[[Tensor], Any]], str]] = {
    "a number read": (lambda: lambda x: 1.5 if x.max().item() > 0.9 else 1.0, "reads a tensor's numbers, by item"),
    "a branch": (lambda: lambda x: 1.5 if x.max() > 0.9 else 1.0, "reads a tensor's numbers, by __bool__"),
    "numpy": (lambda: lambda x: float(x.numpy().max()), "reads a tensor's numbers, by numpy"),
    "a list": (lambda: lambda x: max(map(max, x.tolist())), "reads a tensor's numbers, by tolist"),
    "numbers of its own": (lambda: lambda x: torch.rand(1, generator=torch.Generator().manual_seed(3)), "aten.rand"),
    "as many as there are": (lambda: lambda x: x[x > 0].mean(), "gives something else each time"),
    "a memory": (counting, "does not give the same numbers"),
}


@pytest.mark.parametrize(("odd", "reason"), ODD.values(), ids=ODD.keys())
def test_steps_that_cannot_be_recorded(
    run: RunStudy,
    played: list[Script],
    caplog: pytest.LogCaptureFixture,
    odd: Callable[[], Callable[[Tensor], Any]],
    reason: str,
) -> None:
    def trained(replay: bool) -> StudyResult:
        network = Sequential((Linear(6), Doubled(odd()), Linear(2), Tanh()))
        return run("epochs=3", *REST, "dataset.train_size=64", network=network, replay=replay)

    with caplog.at_level(logging.INFO, "regnet"):
        one = trained(True)
    assert reason in caplog.text
    assert not played
    learned(one)
    assert_identical(one, trained(False))


class Rebinding(SGD):
    """Violates the contract: its state is replaced instead of changed in place."""

    def init(self, parameters: Tensor) -> State:
        return {"velocity": torch.zeros_like(parameters)}

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        state["velocity"] = 0.5 * state["velocity"] + gradients
        parameters.sub_(state["velocity"], alpha=self.lr)


def test_optimizer_that_replaces_its_state(run: RunStudy, played: list[Script]) -> None:
    one = run("epochs=3", *REST, optimizer=Rebinding(lr=0.01))
    assert not played
    assert_identical(one, run("epochs=3", *REST, optimizer=Rebinding(lr=0.01), replay=False))


def test_one_step_per_epoch_is_tested_in_the_second_epoch(run: RunStudy, played: list[Script]) -> None:
    check(run, played, "epochs=4", *REST, "batch_size=60", recordings=1)


def recorded(step: Callable[[Tensor, Tensor], None], gradients: Tensor) -> tuple[Script, Plan, Tensor, Tensor]:
    x, target = torch.arange(6.0).view(2, 3), torch.ones(2, 3)
    recorder = Recorder()
    with torch.inference_mode(), recorder:
        step(x, target)
    plan = Plan(needed(recorder.calls), gradients)
    return Script(plan, (x, target)), plan, x, target


def test_unused_results_are_not_computed() -> None:
    result = torch.zeros(2, 3)

    def step(x: Tensor, target: Tensor) -> None:
        (x @ target.mT).exp()
        result.copy_(x * target)

    _, plan, *_ = recorded(step, torch.zeros(1))
    assert [call.name for call in plan.calls] == ["mul", "copy_"]


def test_gradients_are_written_into_the_parameter_store() -> None:
    gradients = torch.zeros(12)

    def step(x: Tensor, target: Tensor) -> None:
        gradients[3:9].view(2, 3).copy_(x + target)

    script, plan, x, target = recorded(step, gradients)
    assert [call.name for call in plan.calls] == ["add"]
    gradients.zero_()
    with torch.inference_mode():
        script.play([script.arguments((2 * x, target))])
    assert gradients.tolist() == [0, 0, 0, 1, 3, 5, 7, 9, 11, 0, 0, 0]


def test_memory_is_reused() -> None:
    """Ten consecutive results need one buffer, or two if one is read while the next is computed."""
    result = torch.zeros(2, 3)

    def step(x: Tensor, target: Tensor) -> None:
        y = x + target
        for _ in range(10):
            y = (y.tanh() @ y.mT) @ y
        result.copy_(y)

    _, plan, *_ = recorded(step, torch.zeros(1))
    places = {storage_of(plan.view(tensor)) for call in plan.calls for tensor in call.made}
    assert len(places) <= 5


def test_noise_is_drawn_for_every_step() -> None:
    result = torch.zeros(2, 3)
    noise, same_noise = (Noise([4], replica_axis=False) for _ in range(2))
    recorder = Recorder()
    x = torch.zeros(2, 3)
    with torch.inference_mode(), recorder:
        result.copy_(RecordedNoise(noise, recorder).rand_like(x) + x)
    assert torch.equal(result, same_noise.rand_like(x))
    script = Script(Plan(needed(recorder.calls), torch.zeros(1)), (x, x))
    for _ in range(3):
        with torch.inference_mode():
            script.play([script.arguments((x, x))])
        assert torch.equal(result, same_noise.rand_like(x))


def test_recording_can_be_disabled(study: MakeStudy) -> None:
    assert study().replay
    assert not study("replay=false").replay
    assert study("replay=false").identity == study().identity


@pytest.mark.slow
def test_recording_does_not_load_the_compiler() -> None:
    """Loading it takes a second, half of a short run."""
    code = "import sys, regnet; regnet.run(['tracking=none', 'epochs=1']); sys.exit('torch._dynamo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
