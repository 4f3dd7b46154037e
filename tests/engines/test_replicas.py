"""Which studies can share a program, and the components with options for all of its replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest
import torch
from torch import Tensor

from regnet.builtin.initializers.xavier_normal import XavierNormal
from regnet.builtin.layers.dropout import Dropout
from regnet.builtin.layers.linear import Linear
from regnet.builtin.optimizers.sgd import SGD
from regnet.contracts import PER_REPLICA, Context, Layer, Optimizer, Params, State
from regnet.engines.replicas import merge, structure, with_tensors
from regnet.errors import ConfigError
from regnet.network.sequential import Sequential
from tests.conftest import MakeStudy

SMALL = ("dataset.train_size=60", "dataset.test_size=40", "epochs=1", "model.hidden=[4]")

TOGETHER: dict[str, list[str]] = {
    "learning rate": ["optimizer.lr=0.1"],
    "momentum": ["optimizer.momentum=0.5"],
    "seed": ["seed=7"],
    "seeds": ["seeds=3"],
    "gain": ["model.initializer={name: he_fan_out, gain: 2}"],
    "initializer": ["model.initializer=xavier_normal"],
    "data": ["streams.data=0"],
    "scaling of inputs": ["normalization=feature"],
    "name": ["study=another"],
}
APART: dict[str, list[str]] = {
    "width": ["model.hidden=[5]"],
    "depth": ["model.hidden=[4,4]"],
    "activation": ["model.activation=sigmoid"],
    "loss": ["loss=huber"],
    "reduction": ["loss.reduction=mean"],
    "optimizer": ["optimizer=adam"],
    "switch": ["optimizer.momentum=0.5", "optimizer.nesterov=true"],
    "epochs": ["epochs=2"],
    "batch": ["batch_size=20"],
    "order": ["shuffle=true"],
    "examples": ["dataset.train_size=50"],
    "precision": ["dtype=float64"],
    "validation": ["dataset.train_size=80", "validation=0.25"],
}


@pytest.mark.parametrize("other", TOGETHER.values(), ids=TOGETHER.keys())
def test_options_that_may_differ_between_replicas(study: MakeStudy, other: list[str]) -> None:
    assert structure(study(*SMALL)) == structure(study(*SMALL, *other))


@pytest.mark.parametrize("other", APART.values(), ids=APART.keys())
def test_options_that_replicas_share(study: MakeStudy, other: list[str]) -> None:
    assert structure(study(*SMALL)) != structure(study(*SMALL, *other))


def test_option_of_a_nested_layer(study: MakeStudy) -> None:
    def inner(p: float) -> str:
        return f"model.activation={{name: residual, layers: [{{name: dropout, p: {p}}}, tanh]}}"

    one, other = study(*SMALL, inner(0.1)), study(*SMALL, inner(0.4))
    assert structure(one) == structure(other)
    merged: Any = merge([one, other, one]).network.layers[1]
    assert merged.layers[0].p.shape == (3, 1, 1)
    assert merged.layers[0].p.flatten().tolist() == pytest.approx([0.1, 0.4, 0.1])


def test_only_options_that_differ_become_tensors(study: MakeStudy) -> None:
    one, other = study(*SMALL, "optimizer.momentum=0.5"), study(*SMALL, "optimizer.momentum=0.5", "optimizer.lr=0.25")
    merged: Any = merge([one, other])
    assert merged.optimizer.momentum == 0.5
    assert merged.optimizer.lr.tolist() == pytest.approx([0.001, 0.25])
    assert merged.network == one.network
    assert merge([one, one]) is one


def test_each_replica_has_its_own_initializer(study: MakeStudy) -> None:
    """It is used only before training, so replicas may even have different initializers."""
    one = study(*SMALL)
    first = replace(one.network.layers[0], initializer=XavierNormal())  # type: ignore[type-var]
    other = replace(one, network=Sequential((first, *one.network.layers[1:])))
    assert structure(one) == structure(other)
    assert merge([one, other]).network.layers[0] == one.network.layers[0]


@dataclass(frozen=True)
class Comparing(Layer):
    """Its option is marked PER_REPLICA, but cannot be a tensor."""

    scale: Annotated[float, PER_REPLICA] = 1.0

    def __post_init__(self) -> None:
        if not 0 < float(self.scale) < 9:
            raise ValueError("scale must be between 0 and 9")

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return x * self.scale, None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return dy * self.scale, {}


def test_marked_option_that_rejects_a_tensor(study: MakeStudy) -> None:
    one, other = (replace(study(*SMALL), network=Sequential((Linear(2), Comparing(scale)))) for scale in (1.0, 2.0))
    with pytest.raises(ConfigError, match="Comparing cannot be given one value for each replica in scale"):
        merge([one, other])


@dataclass(frozen=True)
class Wrapper(Optimizer):
    inner: Optimizer

    def update(self, parameters: Tensor, gradients: Tensor, state: State) -> None:
        self.inner.update(parameters, gradients, state)


def test_tensors_are_found_in_nested_components() -> None:
    def doubled(tensor: Tensor) -> Tensor:
        return 2 * tensor

    rates = torch.tensor([0.1, 0.2])
    assert with_tensors(Wrapper(SGD(lr=rates)), doubled).inner.lr.tolist() == pytest.approx([0.2, 0.4])  # type: ignore[arg-type]
    layers: Sequence[Layer] = (Linear(3), Dropout(p=rates))  # type: ignore[arg-type]
    network: Any = with_tensors(Sequential(tuple(layers)), doubled)
    assert network.layers[1].p.tolist() == pytest.approx([0.2, 0.4])
    untouched = Sequential((Linear(3),))
    assert with_tensors(untouched, doubled) is untouched
