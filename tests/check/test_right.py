"""Correct but difficult components pass the check. `tests/builtin` tests that regnet's own components pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import torch
from annotated_types import Ge
from torch import Tensor

from regnet.check import Property, check_component
from regnet.contracts import Buffer, Context, Layer, Params
from regnet.errors import RegnetError
from regnet.registry.catalog import Catalog
from tests.check.zoo.parametrized import Linear


class Kinks(Layer):
    """Piecewise linear with a kink at each tenth, so that few inputs are away from all kinks."""

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        fraction = 10 * x - (10 * x).floor().detach()
        return (fraction - 0.5).abs(), fraction

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return 10 * dy * (cache - 0.5).sign(), {}


class Numpy(Layer):
    """Uses numpy, which autograd does not support."""

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return torch.from_numpy(x.numpy() ** 3), x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return 3 * cache**2 * dy, {}


class Steps(Layer):
    """Jumps within every step, and uses numpy: there is nothing to compare a gradient with."""

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return (1e7 * x).sin().round(), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return 0 * dy, {}


class Log(Layer):
    """A parameter that must stay near its start: if it is moved as far as others, its logarithm is NaN."""

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"scale": torch.ones(in_features)}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        log = params["scale"].log().unsqueeze(-2)
        return x * log, (x, log)

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        x, log = cache
        return dy * log, {"scale": (dy * x).sum(-2) / params["scale"]}


class Counting(Layer):
    """An integer buffer."""

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        return {"steps": Buffer(torch.zeros((), dtype=torch.int64))}, in_features

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        if context.training:
            params["steps"] += 1
        return x, None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return dy, {}


@dataclass(frozen=True)
class Grouped(Layer):
    """Accepts only a multiple of four features, and raises an error otherwise."""

    groups: Annotated[int, Ge(1)] = 4

    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        if in_features % self.groups:
            raise RegnetError(f"expected a multiple of {self.groups} features")
        return {}, in_features // self.groups

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return x.unflatten(-1, (self.groups, -1)).mean(-2), None

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return torch.cat([dy] * self.groups, -1) / self.groups, {}


class Plain(Layer):
    """Not a dataclass, with a nested component: equality is not defined."""

    def __init__(self, inner: Sequence[Layer], power: int = 2) -> None:
        self.inner = inner
        self.power = power

    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return x**self.power, x

    def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
        return dy * self.power * cache ** (self.power - 1), {}


@pytest.mark.parametrize("component", [Kinks, Numpy, Steps, Log, Counting, Grouped, Plain])
def test_difficult_components_pass(component: type[Layer], catalog: Catalog) -> None:
    report = check_component(component, catalog)
    assert report.state == "passed", report


def test_reasons_for_skipped_properties(catalog: Catalog) -> None:
    skipped = check_component(Numpy, catalog).skipped
    assert "autograd cannot differentiate forward" in skipped[Property.AUTOGRAD]
    assert "the torch engine cannot run the layer either" in skipped[Property.AUTOGRAD]
    assert "kink or jump" in check_component(Steps, catalog).skipped[Property.DIFFERENCES]


@pytest.mark.parametrize(("name", "index"), [("", (3, 2)), ("weight", (2, 4)), ("weight", (0, 1)), ("bias", (1,))])
@pytest.mark.parametrize("size", [1e-7, 1.0])
def test_a_single_wrong_number_is_found(name: str, index: tuple[int, ...], size: float, catalog: Catalog) -> None:
    """In every gradient, at every index, even if the error is small."""

    class OneWrongNumber(Linear):
        def backward(self, params: Params, cache: Any, dy: Tensor) -> tuple[Tensor, Params]:
            dx, gradients = super().backward(params, cache, dy)
            wrong = gradients[name] if name else dx
            if wrong.dim() == len(index) and dy.shape[-2] == 7:
                wrong[index] += size
            return dx, gradients

    report = check_component(OneWrongNumber, catalog)
    finding = report.findings[0]
    assert (finding.property, finding.index) == (Property.AUTOGRAD, index)
    assert finding.name == f"gradient of {name or 'the input'}"
    assert finding.extent.startswith("1 of ")
    assert (Property.DIFFERENCES in report.failed) == (size == 1.0)


def test_global_state_is_restored(catalog: Catalog) -> None:
    before = torch.get_rng_state()
    with torch.inference_mode():
        assert check_component("layer/dropout", catalog).state == "passed"
    assert torch.equal(torch.get_rng_state(), before)
