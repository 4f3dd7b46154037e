"""The report: a few lines for each finding, repeated causes told once, and JSON with everything."""

from __future__ import annotations

import json

from regnet.check import Finding, Property, Report, check_component
from regnet.registry.catalog import Catalog
from tests.check.zoo.activations import ReluWithoutMask

FAILED = """\
layer ReluWithoutMask: 15 of 17 properties hold, 3 skipped

  gradient against autograd
    where         gradient of the input[0, 0], training, 18 of 35 numbers
    expected      0
    got           -0.786044
    likely cause  equals dy alone, as if the layer were the identity: the derivative of forward is missing; wrong exactly where the
                  input is negative
    seen again in gradient against autograd (predicting); gradient against central differences (training; predicting)"""


def test_a_failure_is_told_in_a_few_lines(catalog: Catalog) -> None:
    assert str(check_component(ReluWithoutMask, catalog)) == FAILED


def test_what_passes_is_told_in_one(catalog: Catalog) -> None:
    report = check_component("tanh", catalog)
    assert str(report).startswith("layer tanh (regnet-framework ")
    assert str(report).endswith("ok, 18 of 18 properties hold, 2 skipped")
    assert len(str(report).splitlines()) == 1


def test_at_length_properties_are_named(catalog: Catalog) -> None:
    lines = "\n".join(check_component("tanh", catalog).lines(verbose=True))
    assert "passed        construction, shapes, double precision" in lines
    assert "skipped       predicting is not random: the layer draws no random numbers" in lines


def test_json_has_it_all(catalog: Catalog) -> None:
    told = json.loads(json.dumps(check_component(ReluWithoutMask, catalog).as_dict()))
    assert (told["kind"], told["name"], told["origin"], told["state"]) == ("layer", "ReluWithoutMask", "", "failed")
    first = told["findings"][0]
    assert first["property"] == "gradient against autograd"
    assert first["name"] == "gradient of the input"
    assert first["index"] == [0, 0]
    assert first["where"] == "gradient of the input[0, 0], training, 18 of 35 numbers"
    assert "shapes" in told["passed"]
    assert told["skipped"]["agreement with PyTorch"] == "the layer names no torch_module"


def test_one_cause_of_two_things_is_told_of_each() -> None:
    findings = tuple(Finding(Property.AUTOGRAD, name, "1", "2", "off by a factor 2", (0,)) for name in ("weight", "bias", "weight"))
    lines = str(Report("layer", "mine", "", findings, (), {})).splitlines()
    assert sum("where" in line for line in lines) == 2
    assert lines[0] == "layer mine: 0 of 1 properties hold"


def test_a_property_is_never_passed_and_failed(catalog: Catalog) -> None:
    report = check_component(ReluWithoutMask, catalog)
    told = [*report.passed, *report.failed, *report.skipped]
    assert sorted(told) == sorted(set(told))
