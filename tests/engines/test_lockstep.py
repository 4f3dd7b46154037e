"""Many seeds at once equal single seeds, are reproducible, and use no layers, optimizers or autograd of PyTorch."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch

import regnet.builtin
from regnet.study.result import StudyResult
from tests.conftest import RunStudy

SEEDS = (3, 0, 12, 7)
SMALL = ("epochs=3", "batch_size=8", "model.hidden=[6,6]", "optimizer.lr=0.02")
DISC = ("dataset.train_size=60", "dataset.test_size=40")

STUDIES: dict[str, tuple[str, ...]] = {
    "plain": DISC,
    "shuffled": (*DISC, "shuffle=true"),
    "shared data": (*DISC, "streams.data=0"),
    "shared data shuffled": (*DISC, "streams.data=0", "shuffle=true"),
    "dropout": (*DISC, "model.activation={name: dropout, p: 0.3}"),
    "batch_norm": (*DISC, "model.activation=batch_norm"),
    "residual": (
        *DISC,
        "shuffle=true",
        "model.activation={name: residual, layers: [batch_norm, {name: dropout, p: 0.3}, {name: linear, out_features: 6}, tanh]}",
    ),
    "adam": (*DISC, "optimizer=adam"),
    "adamw": (*DISC, "optimizer=adamw"),
    "rmsprop": (*DISC, "optimizer=rmsprop", "optimizer.lr=0.002"),
    "momentum": (*DISC, "optimizer.momentum=0.9", "optimizer.nesterov=true", "optimizer.weight_decay=0.01"),
    "feature normalization": (*DISC, "normalization=feature"),
    "digits": ("dataset=digits", "dataset.test_share=0.9", "loss=cross_entropy", "model.output=null", "shuffle=true"),
    "diabetes": ("dataset=diabetes", "dataset.test_share=0.8", "loss=huber", "model.output=null"),
    "diabetes shared": ("dataset=diabetes", "streams.split=0", "dataset.test_share=0.8", "model.output=null"),
}
every_study = pytest.mark.parametrize("overrides", STUDIES.values(), ids=STUDIES.keys())


def assert_close(first: StudyResult, second: StudyResult, *, rtol: float = 1e-9, atol: float = 1e-10) -> None:
    """Check that metrics and weights of every seed are equal up to rounding."""
    assert first.seeds == second.seeds
    assert first.failures == second.failures
    for metric, values in first.history.items():
        np.testing.assert_allclose(second.history[metric], values, rtol=rtol, atol=atol, err_msg=metric)
    for ours, theirs in zip(first.networks, second.networks, strict=True):
        assert ours.weights.keys() == theirs.weights.keys()
        for name, weight in ours.weights.items():
            torch.testing.assert_close(theirs.weights[name], weight, rtol=rtol, atol=atol, equal_nan=True)


def assert_identical(first: StudyResult, second: StudyResult) -> None:
    """Check that they are equal to the last bit."""
    assert first.seeds == second.seeds
    for metric, values in first.history.items():
        np.testing.assert_array_equal(second.history[metric], values)
    for ours, theirs in zip(first.networks, second.networks, strict=True):
        assert all(torch.equal(weight, theirs.weights[name]) for name, weight in ours.weights.items())


def differ(first: StudyResult, second: StudyResult) -> bool:
    return not np.allclose(first.history["train/loss"], second.history["train/loss"], rtol=1e-6)


def both_ways(run: RunStudy, *overrides: str, **changes: Any) -> tuple[StudyResult, StudyResult]:
    lockstep = run(*overrides, seeds=SEEDS, replicas="lockstep", **changes)
    solo = run(*overrides, seeds=SEEDS, replicas="solo", **changes)
    assert lockstep.together.tolist() == [4, 4, 4, 4]
    assert solo.together.tolist() == [1, 1, 1, 1]
    return lockstep, solo


@every_study
def test_lockstep_is_the_same_as_solo(run: RunStudy, overrides: tuple[str, ...]) -> None:
    lockstep, solo = both_ways(run, *SMALL, *overrides, dtype=torch.float64)
    assert_close(lockstep, solo)
    for seed in SEEDS[1:]:
        assert differ(lockstep.of(SEEDS[0]), lockstep.of(seed))


@every_study
def test_lockstep_is_the_same_as_solo_in_single_precision(run: RunStudy, overrides: tuple[str, ...]) -> None:
    """With a larger tolerance, since rounding errors of 1e-7 grow with every step."""
    lockstep, solo = both_ways(run, *SMALL, *overrides, epochs=2)
    for metric in ("train/loss", "test/loss"):
        np.testing.assert_allclose(lockstep.history[metric], solo.history[metric], rtol=1e-3, err_msg=metric)
    for ours, theirs in zip(lockstep.networks, solo.networks, strict=True):
        for name, weight in ours.weights.items():
            torch.testing.assert_close(theirs.weights[name], weight, rtol=1e-3, atol=1e-4)


def test_network_of_the_paper_in_single_precision(run: RunStudy) -> None:
    lockstep, solo = both_ways(run, epochs=2)
    np.testing.assert_allclose(lockstep.history["test/loss"], solo.history["test/loss"], rtol=1e-4)


def test_seed_does_not_depend_on_other_seeds(run: RunStudy) -> None:
    """Seed 7 alone, among the first ten seeds, and among others in another order."""
    overrides = (*SMALL, *DISC, "dtype=float64", "shuffle=true", "model.activation={name: dropout, p: 0.2}")
    alone = run(*overrides, seeds=(7,))
    for company in (tuple(range(10)), (31, 7, 2), (7, 9)):
        assert_close(run(*overrides, seeds=company).of(7), alone)


def test_seeds_share_data_only_if_their_stream_is_fixed(run: RunStudy) -> None:
    shared = run(*SMALL, *DISC, "streams.data=0", seeds=(0, 1))
    own = run(*SMALL, *DISC, seeds=(0, 1))
    first, second = (network.data.train for network in shared.networks)
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.target, second.target)
    first, second = (network.data.train for network in own.networks)
    assert not torch.equal(first.x, second.x)
    assert differ(shared.of(0), shared.of(1))


UNBOUNDED = (*DISC, "dtype=float64", "epochs=6", "model.output=null", "model.hidden=[25,25]")
"""Without Tanh the loss is unbounded."""
DIVERGING = (*UNBOUNDED, "model.activation=silu", "optimizer.lr=0.2")
"""At this learning rate some of ten seeds diverge, in different epochs, and others do not."""
TEN = tuple(range(10))


def test_diverging_seed_does_not_affect_other_seeds(run: RunStudy) -> None:
    everybody = run(*DIVERGING, seeds=TEN)
    failed = set(everybody.failures)
    healthy = tuple(seed for seed in TEN if seed not in failed)
    assert failed
    assert len(healthy) >= 2
    for seed in failed:
        assert np.isnan(everybody.of(seed).history["train/loss"][:, -1]).all()
    among_themselves = run(*DIVERGING, seeds=healthy)
    assert not among_themselves.failures
    for seed in healthy:
        assert np.isfinite(everybody.of(seed).history["train/loss"]).all()
        assert_close(everybody.of(seed), among_themselves.of(seed))


def test_seed_diverges_in_the_same_epoch_alone(run: RunStudy) -> None:
    """While it diverges, its numbers grow so fast that rounding errors show; afterwards they are not compared."""
    lockstep, solo = run(*DIVERGING, seeds=TEN), run(*DIVERGING, seeds=TEN, replicas="solo")
    assert lockstep.failures
    assert lockstep.failures == solo.failures
    healthy = [seed not in lockstep.failures for seed in TEN]
    for metric, values in lockstep.history.items():
        np.testing.assert_allclose(solo.history[metric][healthy], values[healthy], rtol=1e-9, err_msg=metric)
        np.testing.assert_array_equal(np.isnan(solo.history[metric]), np.isnan(values))


def test_seed_diverges_in_the_same_epoch_with_pytorch(run: RunStudy) -> None:
    ours, theirs = run(*DIVERGING, seeds=TEN), run(*DIVERGING, seeds=TEN, engine="torch", replicas="solo")
    assert ours.failures == theirs.failures


every_way = pytest.mark.parametrize(
    "way",
    [
        pytest.param({"replicas": "lockstep"}, id="lockstep"),
        pytest.param({"replicas": "solo"}, id="solo"),
        pytest.param({"replicas": "solo", "engine": "torch"}, id="torch"),
    ],
)
RANDOM = (*SMALL, *DISC, "shuffle=true", "model.activation={name: dropout, p: 0.2}")
"""A study that uses all random streams: data, weights, order and noise."""


@every_way
def test_the_same_study_twice_is_identical(run: RunStudy, way: dict[str, str]) -> None:
    first = run(*RANDOM, seeds=(0, 1, 2), **way)
    torch.manual_seed(12345)  # independent of the global generator
    assert_identical(first, run(*RANDOM, seeds=(0, 1, 2), **way))
    assert differ(first, run(*RANDOM, seeds=(1, 2, 3), **way))


@every_way
def test_global_generators_are_not_used(run: RunStudy, way: dict[str, str]) -> None:
    torch_before, python_before, numpy_before = torch.get_rng_state(), random.getstate(), np.random.get_state()
    run(*RANDOM, seeds=(0, 1), **way)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert random.getstate() == python_before
    assert all(np.array_equal(now, then) for now, then in zip(np.random.get_state(), numpy_before, strict=True))


@contextmanager
def without_pytorch_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Context manager in which modules, optimizers and autograd of PyTorch raise errors."""

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("the hand-built engine used PyTorch's modules, optimizers or autograd")

    with monkeypatch.context() as patch, torch.set_grad_enabled(False):
        patch.setattr(torch.nn.Module, "__init__", fail)
        patch.setattr(torch.nn.Module, "__call__", fail)
        patch.setattr(torch.optim.Optimizer, "__init__", fail)
        patch.setattr(torch.Tensor, "backward", fail)
        patch.setattr(torch.Tensor, "requires_grad_", fail)
        patch.setattr(torch.autograd, "backward", fail)
        patch.setattr(torch.autograd, "grad", fail)
        yield


@every_study
def test_the_handbuilt_engine_needs_no_autograd(run: RunStudy, monkeypatch: pytest.MonkeyPatch, overrides: tuple[str, ...]) -> None:
    for seeds in ((0, 1), (0,)):
        expected = run(*SMALL, *overrides, seeds=seeds)
        with without_pytorch_modules(monkeypatch):
            found = run(*SMALL, *overrides, seeds=seeds)
        assert_identical(found, expected)


def test_the_torch_engine_needs_autograd(run: RunStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail."""
    with without_pytorch_modules(monkeypatch), pytest.raises(AssertionError, match="used PyTorch's modules"):
        run(*SMALL, *DISC, engine="torch")


def test_no_weight_requires_a_gradient(run: RunStudy) -> None:
    result = run(*SMALL, *DISC, seeds=(0, 1))
    assert not any(weight.requires_grad for network in result.networks for weight in network.weights.values())


BUILTIN = Path(regnet.builtin.__file__).parent
HANDBUILT = BUILTIN.parent / "engines" / "handbuilt.py"
FORBIDDEN = {"nn", "optim", "autograd", "ops", "func", "_C", "jit", "compile"}
"""Modules of torch with derivatives, losses, layers or optimizers."""
FORBIDDEN_NAMES = {"requires_grad", "requires_grad_", "grad_fn", "retain_grad", "enable_grad"}
BASELINES = {"torch_module", "torch_loss", "torch_optimizer"}
"""The methods that return PyTorch's counterpart; they receive `torch.nn` or `torch.optim` and may use it."""

source_files = pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(BUILTIN.parent))) for path in [*sorted(BUILTIN.rglob("*.py")), HANDBUILT]]
)


@source_files
def test_sources_are_hand_written(path: Path) -> None:
    """No import of torch's layers, optimizers or autograd, and no call of torch's derivative kernels."""
    assert not list(uses_of_pytorch(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn",
        "import torch.nn.functional as F",
        "from torch import nn, Tensor",
        "from torch.autograd import grad",
        "from torch.nn.functional import relu",
        "import torch\ny = torch.ops.aten.tanh_backward(a, b)",
        "import torch\ny = torch.nn.functional.relu(x)",
        "import torch\ny = torch.threshold_backward(x)",
        "x.requires_grad_()",
        "def forward(self, nn): return nn.functional.relu",
    ],
)
def test_uses_of_pytorch_are_found(source: str) -> None:
    assert list(uses_of_pytorch(ast.parse(source)))


def uses_of_pytorch(tree: ast.AST) -> Iterator[str]:
    """Uses of PyTorch's layers, optimizers or derivatives in a file, except in annotations."""
    for node in executed_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if forbidden(alias.name))
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in names if forbidden(name) or forbidden(node.module or ""))
        elif isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in {"self", "layer", "loss", "network"}
            inside_torch = isinstance(node.value, ast.Name) and node.value.id == "torch" and node.attr in FORBIDDEN
            if inside_torch or node.attr in FORBIDDEN_NAMES or (node.attr.endswith("_backward") and not own):
                yield ast.unparse(node)
        elif isinstance(node, ast.Name) and node.id in {"nn", "optim", "F"}:
            yield node.id


def forbidden(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "torch" and len(parts) > 1 and parts[1] in FORBIDDEN


def executed_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below, except annotations and the methods that return PyTorch's counterpart."""
    yield node
    if isinstance(node, ast.FunctionDef) and node.name in BASELINES:
        return
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from executed_nodes(child)
