"""A method that returns an object of the wrong type is a finding, never an error of the check."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from regnet.check import check_component
from regnet.contracts import Split, Splits
from regnet.registry.catalog import Catalog
from tests.check.zoo.datasets import Points
from tests.check.zoo.initializers import Normal
from tests.check.zoo.losses import MSE
from tests.check.zoo.optimizers import SGD
from tests.check.zoo.parametrized import Linear

ODD: list[Any] = [3, "x", (), {"a": 1.0}, torch.zeros(2), torch.tensor(1 + 2j), (torch.zeros(2), None), ({}, torch.zeros(1))]

METHODS = [
    (Linear, "init forward backward gradients torch_module"),
    (MSE, "forward backward torch_loss"),
    (SGD, "init torch_optimizer"),
    (Points, "load label"),
    (Normal, "weight bias"),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd).replace("\n", ""))
@pytest.mark.parametrize(("base", "method"), [(base, method) for base, methods in METHODS for method in methods.split()])
def test_return_values_of_wrong_types(base: type, method: str, odd: Any, catalog: Catalog) -> None:
    component = type("Odd", (base,), {method: lambda self, *_: odd})
    assert check_component(component, catalog).state == "failed"


@pytest.mark.parametrize("codings", [None, (), "signed", ("signed", "other"), ({}, 1)])
def test_codings_of_wrong_types(codings: Any, catalog: Catalog) -> None:
    assert check_component(type("Odd", (MSE,), {"codings": codings}), catalog).state == "failed"


@pytest.mark.parametrize("classes", ["2", 0, 2.0])
def test_classes_of_wrong_types(classes: Any, catalog: Catalog) -> None:
    split = Split(torch.rand(9, 2), torch.zeros(9, dtype=torch.int64))
    component = type("Odd", (Points,), {"load": lambda self, generator: Splits(split, split, classes)})
    assert "classes" in {finding.name for finding in check_component(component, catalog).findings}


@pytest.mark.parametrize("sizes", [(0, 0), (9, 0), (0, 9)])
def test_data_sets_of_any_size(sizes: tuple[int, int], catalog: Catalog) -> None:
    train, test = (Split(torch.rand(size, 2), torch.zeros(size, dtype=torch.int64)) for size in sizes)
    component = type("Odd", (Points,), {"load": lambda self, generator: Splits(train, test, 2)})
    assert check_component(component, catalog).state == "failed"
