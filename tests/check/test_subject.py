"""The component to check: found by class, object, entry or name, and constructed with the options that it requires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
import torch
from annotated_types import Ge, Gt, Interval
from torch import Tensor

from regnet.check import Property, check_component
from regnet.contracts import Context, Dataset, Initializer, Layer, Loss, Optimizer, Params, Splits
from regnet.errors import BadOption, ConfigError, UnknownComponent
from regnet.registry.catalog import Catalog
from tests.check.zoo.activations import Tanh
from tests.check.zoo.datasets import Points


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [("relu", "layer", "relu"), ("initializer/zeros", "initializer", "zeros"), ("layer/regnet:tanh", "layer", "tanh")],
)
def test_by_name(given: str, kind: str, name: str, catalog: Catalog) -> None:
    report = check_component(given, catalog)
    assert (report.kind, report.name, report.state) == (kind, name, "passed")
    assert report.origin.startswith("regnet-framework ")


def test_by_entry_class_and_object(catalog: Catalog) -> None:
    entry = catalog.find("layer", "tanh")
    for given in (entry, entry.component, entry.component()):
        report = check_component(given, catalog)
        assert (report.name, report.state) == ("tanh", "passed")


def test_class_without_a_plugin(catalog: Catalog) -> None:
    report = check_component(Tanh(), catalog)
    assert (report.name, report.origin, report.state) == ("Tanh", "", "passed")


def test_options_are_read_like_those_of_a_config(catalog: Catalog) -> None:
    report = check_component("linear", catalog, out_features=2, initializer={"name": "he_fan_in", "gain": 2.0})
    assert report.state == "passed", report


@pytest.mark.parametrize("given", ["tanhh", "loss/tanh", 3, int, "nonsense/tanh"])
def test_other_objects_are_an_error(given: object, catalog: Catalog) -> None:
    with pytest.raises(UnknownComponent):
        check_component(given, catalog)


def test_wrong_options_are_an_error(catalog: Catalog) -> None:
    with pytest.raises(BadOption, match="no option 'out'"):
        check_component("linear", catalog, out=3)
    with pytest.raises(BadOption, match="greater than or equal to 1"):
        check_component("linear", catalog, out_features=0)
    with pytest.raises(ConfigError, match="already constructed"):
        check_component(Tanh(), catalog, slope=3)


@dataclass(frozen=True)
class Demanding(Tanh):
    """Options without defaults, all of which can be guessed."""

    size: Annotated[int, Ge(2)]
    share: Annotated[float, Interval(gt=0, lt=1)]
    rate: Annotated[float, Gt(10)]
    switch: bool
    mode: Literal["sum", "mean"]
    sizes: list[int]
    layer: Layer
    layers: Sequence[Layer]
    loss: Loss
    optimizer: Optimizer
    dataset: Dataset
    initializer: Initializer


@dataclass(frozen=True)
class TooDemanding(Demanding):
    """Options without defaults, one of which cannot be guessed."""

    rate: Annotated[float, Gt(100)]


def test_options_are_guessed(catalog: Catalog) -> None:
    report = check_component(Demanding, catalog, rate=11.0)
    assert report.state == "passed", report


def test_missing_option_is_requested(catalog: Catalog) -> None:
    report = check_component(TooDemanding, catalog)
    assert report.state == "unchecked"
    assert "its option 'rate' has no default and cannot be guessed: give it, rate=..." in report.skipped.values()
    assert check_component(TooDemanding, catalog, rate=200.0).state == "passed"


@dataclass(frozen=True)
class FromFile(Points):
    path: str = "data.csv"

    def load(self, generator: torch.Generator) -> Splits:
        raise FileNotFoundError(self.path)


def test_error_is_reported_with_its_line(catalog: Catalog) -> None:
    finding = check_component(FromFile, catalog).findings[0]
    assert (finding.property, finding.name) == (Property.SHAPES, "load()")
    assert "FileNotFoundError: data.csv (test_subject.py, line" in finding.got
    assert "raise FileNotFoundError(self.path)" in finding.got


class Abstract(Layer):
    def forward(self, params: Params, x: Tensor, context: Context) -> tuple[Tensor, Any]:
        return x, None


class Untyped(Tanh):
    def __init__(self, slope=1) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  # the missing annotation is tested
        self.slope = slope


class Refusing(Tanh):
    def __init__(self, slope: float = 1.0) -> None:
        raise ValueError(f"slope {slope} is not allowed")


class NeverSatisfied(Tanh):
    def init(self, in_features: int, generator: torch.Generator) -> tuple[Params, int]:
        raise ConfigError("expected 1000 features")


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (Abstract, "abstract method"),
        (Untyped, "does not annotate its option 'slope'"),
        (Refusing, "slope 1.0 is not allowed"),
    ],
)
def test_errors_of_constructors_are_findings(component: type, words: str, catalog: Catalog) -> None:
    report = check_component(component, catalog)
    assert report.failed == (Property.CONSTRUCTION,)
    assert words in report.findings[0].got
    assert all("not meaningful before" in reason for reason in report.skipped.values())


def test_layer_that_accepts_no_size_is_unchecked(catalog: Catalog) -> None:
    report = check_component(NeverSatisfied, catalog)
    assert report.state == "unchecked"
    assert "takes none of 5, 6, 4" in str(report)
    assert "expected 1000 features" in str(report)


def test_a_bug_of_the_check_keeps_its_traceback(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("regnet.check.layers.shapes.plain_start", broken)
    with pytest.raises(ZeroDivisionError):
        check_component(Tanh, catalog)
