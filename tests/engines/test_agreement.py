"""Both engines give the same numbers: training with the hand-written derivatives of every component equals PyTorch."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from torch import nn

from regnet.data.targets import TASK
from regnet.registry.catalog import Entry
from regnet.study.result import StudyResult
from tests.builtin.cases import build, entries
from tests.conftest import RunStudy

SMALL = ("dtype=float64", "epochs=4", "batch_size=8", "shuffle=true", "model.hidden=[6,6]", "optimizer.lr=0.05")
"""Few examples, a batch size that does not divide their number, and a new order in each epoch."""
DISC = ("dataset.train_size=60", "dataset.test_size=40")

NEEDED = {
    "linear": "{name: linear, out_features: 6}",
    "residual": "{name: residual, layers: [{name: linear, out_features: 6}, batch_norm, {name: dropout, p: 0.3}, silu]}",
}
"""The config of layers that require options, for six features."""

every_layer = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("layer")])
every_loss = pytest.mark.parametrize(
    ("entry", "coding"),
    [pytest.param(entry, coding, id=f"{entry.name} {coding}") for entry in entries("loss") for coding in build(entry).codings],
)
every_optimizer = pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in entries("optimizer")])


def agree(one: StudyResult, other: StudyResult, *, rtol: float = 1e-9, atol: float = 1e-10) -> None:
    """Check that metrics and weights are equal up to rounding, and that the network has learned."""
    assert one.history.keys() == other.history.keys()
    for metric, values in one.history.items():
        np.testing.assert_allclose(other.history[metric], values, rtol=rtol, atol=atol, err_msg=metric)
    for ours, theirs in zip(one.networks, other.networks, strict=True):
        assert ours.weights.keys() == theirs.weights.keys()
        for name, weight in ours.weights.items():
            torch.testing.assert_close(
                theirs.weights[name], weight, rtol=rtol, atol=atol, msg=lambda text, name=name: f"{name}: {text}"
            )
    curve = one.history["train/loss"]
    assert not one.failures
    assert (curve[:, 0] != curve[:, -1]).all()


def check(run: RunStudy, *overrides: str) -> None:
    agree(run(*overrides), run(*overrides, engine="torch"))


@every_layer
def test_every_layer_as_an_activation(run: RunStudy, entry: Entry) -> None:
    check(run, *SMALL, *DISC, f"model.activation={NEEDED.get(entry.name, entry.name)}")


@pytest.mark.parametrize(
    "layer",
    [
        "{name: gelu, approximate: tanh}",
        "{name: leaky_relu, negative_slope: 0.3}",
        "{name: dropout, p: 0.2}",
        "{name: layer_norm, eps: 0.1}",
        "{name: batch_norm, eps: 0.1, momentum: 0.3}",
        "{name: linear, out_features: 6, bias: false}",
        "{name: linear, out_features: 6, initializer: torch_default}",
    ],
)
def test_layers_with_options(run: RunStudy, layer: str) -> None:
    check(run, *SMALL, *DISC, f"model.activation={layer}")


def fail(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("the PyTorch engine called a hand-written method although PyTorch has a counterpart")


@every_layer
def test_the_torch_engine_uses_the_counterpart(run: RunStudy, monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    """It never calls a hand-written backward, and no hand-written forward if PyTorch has the layer."""
    layer = NEEDED.get(entry.name, entry.name)
    layers = f"model.layers=[{{name: linear, out_features: 6}}, {layer}, {{name: linear, out_features: 2}}, tanh]"
    overrides = [*(option for option in SMALL if not option.startswith("model.")), *DISC, "model=layers", layers]
    ours = run(*overrides)
    for other in entries("layer"):
        monkeypatch.setattr(other.component, "backward", fail)
        monkeypatch.setattr(other.component, "gradients", fail)
    if entry.component.torch_module(build(entry), nn, 6) is not None:
        for name in (entry.name, "linear", "tanh"):
            monkeypatch.setattr(next(other.component for other in entries("layer") if other.name == name), "forward", fail)
    with pytest.raises(AssertionError, match="hand-written"):
        run(*overrides)
    agree(ours, run(*overrides, engine="torch"))


@every_layer
def test_layers_without_a_counterpart_run_under_autograd(run: RunStudy, monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    """Like a third party's layer; here the counterpart of each layer is removed."""
    monkeypatch.setattr(entry.component, "torch_module", lambda *_: None)
    monkeypatch.setattr(entries_by_name("layer")["linear"].component, "torch_module", lambda *_: None)
    check(run, *SMALL, *DISC, f"model.activation={NEEDED.get(entry.name, entry.name)}")


def entries_by_name(kind: str) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries(kind)}


def loss_overrides(entry: Entry, coding: Any) -> list[str]:
    """Overrides for a loss: data of its task, Tanh only for the signed coding, and a suitable learning rate."""
    data = list(DISC) if TASK[coding] == "classification" else ["dataset=diabetes", "dataset.test_share=0.8"]
    rate = "0.0000001" if coding == "values" else "0.01"
    return [*SMALL, *data, f"loss={entry.name}", f"coding={coding}", "model.output=null", f"optimizer.lr={rate}"]


@every_loss
def test_every_loss(run: RunStudy, entry: Entry, coding: Any) -> None:
    check(run, *loss_overrides(entry, coding))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("name", ["mse", "huber", "binary_cross_entropy"])
def test_losses_with_either_reduction(run: RunStudy, name: str, reduction: str) -> None:
    check(run, *SMALL, *DISC, f"loss={name}", f"loss.reduction={reduction}", "model.output=null")


@every_loss
def test_the_torch_engine_uses_the_counterpart_of_the_loss(
    run: RunStudy, monkeypatch: pytest.MonkeyPatch, entry: Entry, coding: Any
) -> None:
    """The hand-written forward is used only for metrics, without autograd."""
    overrides = loss_overrides(entry, coding)
    ours = run(*overrides)
    forward = entry.component.forward
    monkeypatch.setattr(entry.component, "backward", fail)
    monkeypatch.setattr(entry.component, "forward", lambda *given: fail() if torch.is_grad_enabled() else forward(*given))
    agree(ours, run(*overrides, engine="torch"))


@pytest.mark.parametrize(
    ("entry", "coding"),
    [pytest.param(entry, coding, id=f"{entry.name} {coding}") for entry in entries("loss") for coding in build(entry).codings],
)
def test_losses_without_a_counterpart_run_under_autograd(
    run: RunStudy, monkeypatch: pytest.MonkeyPatch, entry: Entry, coding: Any
) -> None:
    overrides = loss_overrides(entry, coding)
    ours = run(*overrides)
    monkeypatch.setattr(entry.component, "torch_loss", lambda *_: None)
    monkeypatch.setattr(entry.component, "backward", fail)
    agree(ours, run(*overrides, engine="torch"))


def optimizer_overrides(name: str) -> tuple[str, ...]:
    """Overrides with small steps, so that Tanh does not saturate: its gradients would be as small as rounding errors."""
    return (*SMALL, *DISC, f"optimizer={name}", "optimizer.lr=0.002", "epochs=10")


@every_optimizer
def test_every_optimizer(run: RunStudy, entry: Entry) -> None:
    check(run, *optimizer_overrides(entry.name))


@pytest.mark.parametrize(
    "options",
    [
        ["optimizer=sgd", "optimizer.momentum=0.9"],
        ["optimizer=sgd", "optimizer.momentum=0.9", "optimizer.nesterov=true", "optimizer.weight_decay=0.1"],
        ["optimizer=adam", "optimizer.beta1=0.5", "optimizer.beta2=0.8", "optimizer.weight_decay=0.1"],
        ["optimizer=adamw", "optimizer.eps=0.001", "optimizer.weight_decay=0.2"],
        ["optimizer=rmsprop", "optimizer.alpha=0.5", "optimizer.eps=0.001", "optimizer.weight_decay=0.1"],
    ],
    ids=" ".join,
)
def test_optimizers_with_options(run: RunStudy, options: list[str]) -> None:
    check(run, *SMALL, *DISC, *options, "optimizer.lr=0.002")


@every_optimizer
def test_the_torch_engine_uses_the_optimizer_of_pytorch(run: RunStudy, monkeypatch: pytest.MonkeyPatch, entry: Entry) -> None:
    ours = run(*optimizer_overrides(entry.name))
    monkeypatch.setattr(entry.component, "update", fail)
    agree(ours, run(*optimizer_overrides(entry.name), engine="torch"))


@every_optimizer
def test_optimizers_without_a_counterpart_use_gradients_of_autograd(
    run: RunStudy, monkeypatch: pytest.MonkeyPatch, entry: Entry
) -> None:
    ours = run(*optimizer_overrides(entry.name))
    monkeypatch.setattr(entry.component, "torch_optimizer", lambda *_: None)
    agree(ours, run(*optimizer_overrides(entry.name), engine="torch"))


@pytest.mark.parametrize("shuffle", ["true", "false"])
@pytest.mark.parametrize("batch_size", [1, 7, 60, 100])
def test_batch_sizes(run: RunStudy, batch_size: int, shuffle: str) -> None:
    """Single examples, a size with a remainder, all examples, and a size larger than all."""
    check(run, *SMALL, *DISC, f"batch_size={batch_size}", f"shuffle={shuffle}", "optimizer.lr=0.005")


def test_ten_classes(run: RunStudy) -> None:
    check(run, *SMALL, "dataset=digits", "dataset.test_share=0.9", "loss=cross_entropy", "model.output=null")


def test_lockstep_against_pytorch_seed_by_seed(run: RunStudy) -> None:
    overrides = (*SMALL, *DISC, "seeds=[4,0,11]", "model.activation={name: dropout, p: 0.2}")
    ours, theirs = run(*overrides), run(*overrides, "engine=torch")
    assert ours.together.tolist() == [3, 3, 3]
    assert theirs.together.tolist() == [1, 1, 1]
    agree(ours, theirs)


def test_setup_of_the_paper(run: RunStudy) -> None:
    """In single precision: after five epochs of a hundred steps, only the last digits differ."""
    agree(run("epochs=5"), run("epochs=5", "engine=torch"), rtol=1e-4, atol=1e-6)


def test_baseline_of_the_paper_halves_the_steps(run: RunStudy) -> None:
    """PyTorch's default reduction at twice the learning rate equals the paper's loss: the curves differ only by a factor of two."""
    base = ("epochs=2", "dtype=float64", *DISC)
    sum_ = run(*base, "loss.reduction=sum", "optimizer.lr=0.001")
    mean = run(*base, "loss.reduction=mean", "optimizer.lr=0.002", "engine=torch")
    np.testing.assert_allclose(sum_.history["train/loss"], 2 * mean.history["train/loss"], rtol=1e-10)
    np.testing.assert_array_equal(sum_.history["test/error_rate"], mean.history["test/error_rate"])


def test_comparisons_detect_differences(run: RunStudy) -> None:
    """Another seed, or a slightly different learning rate, gives different numbers."""
    base = run(*SMALL, *DISC)
    for other in (run(*SMALL, *DISC, "seed=1"), run(*SMALL, *DISC, "optimizer.lr=0.0500001")):
        with pytest.raises(AssertionError):
            agree(base, other)


def test_metrics_of_a_regression(run: RunStudy) -> None:
    overrides = (*SMALL, "dataset=diabetes", "loss=mse", "model.output=null", "optimizer.lr=0.005")
    result = run(*overrides)
    assert set(result.history) == {f"{split}/{metric}" for split in ("train", "test") for metric in ("loss", "rmse", "r2")}
    assert math.isfinite(result.history["test/rmse"][0, -1])
    check(run, *overrides)
