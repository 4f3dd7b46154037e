"""The report of a check: a few lines for each finding, repeated causes once, and complete JSON."""

from __future__ import annotations

import json

from regnet.check import Finding, Property, Report, check_component
from regnet.registry.catalog import Catalog
from tests.check.zoo.activations import ReluWithoutMask

FAILED = """\
layer ReluWithoutMask: 16 of 18 properties hold, 3 skipped

  gradient against autograd
    where         gradient of the input[0, 0], training, 18 of 35 numbers
    expected      0
    got           -0.786044
    likely cause  equals dy, as if the layer were the identity: the derivative of forward is missing; wrong only where the input is
                  negative
    seen again in gradient against autograd (predicting); gradient against central differences (training; predicting)"""


def test_failure_as_text(catalog: Catalog) -> None:
    assert str(check_component(ReluWithoutMask, catalog)) == FAILED


def test_success_is_one_line(catalog: Catalog) -> None:
    report = check_component("tanh", catalog)
    assert str(report).startswith("layer tanh (regnet-framework ")
    assert str(report).endswith("ok, 19 of 19 properties hold, 2 skipped")
    assert len(str(report).splitlines()) == 1


def test_verbose_lists_properties(catalog: Catalog) -> None:
    lines = "\n".join(check_component("tanh", catalog).lines(verbose=True))
    assert "passed        construction, shapes, double precision" in lines
    assert "skipped       prediction is not random: the layer draws no random numbers" in lines


def test_json_is_complete(catalog: Catalog) -> None:
    found = json.loads(json.dumps(check_component(ReluWithoutMask, catalog).as_dict()))
    assert (found["kind"], found["name"], found["origin"], found["state"]) == ("layer", "ReluWithoutMask", "", "failed")
    first = found["findings"][0]
    assert first["property"] == "gradient against autograd"
    assert first["name"] == "gradient of the input"
    assert first["index"] == [0, 0]
    assert first["where"] == "gradient of the input[0, 0], training, 18 of 35 numbers"
    assert "shapes" in found["passed"]
    assert found["skipped"]["agreement with PyTorch"] == "the layer has no torch_module"


def test_same_cause_of_two_results_is_reported_for_each() -> None:
    findings = tuple(Finding(Property.AUTOGRAD, name, "1", "2", "off by a factor 2", (0,)) for name in ("weight", "bias", "weight"))
    lines = str(Report("layer", "mine", "", findings, (), {})).splitlines()
    assert sum("where" in line for line in lines) == 2
    assert lines[0] == "layer mine: 0 of 1 properties hold"


def test_failed_properties_are_not_passed(catalog: Catalog) -> None:
    report = check_component(ReluWithoutMask, catalog)
    found = [*report.passed, *report.failed, *report.skipped]
    assert sorted(found) == sorted(set(found))
