"""The check finds every wrong component of the zoo, with the right property, location and cause."""

from __future__ import annotations

import json

import pytest

from regnet.check import Property, Report, check_component
from regnet.registry.catalog import Catalog
from tests.check.zoo import RIGHT, ZOO, Specimen

every_specimen = pytest.mark.parametrize("specimen", ZOO, ids=lambda specimen: specimen.component.__name__)

KINDS = {"layer": 45, "loss": 8, "optimizer": 8, "dataset": 7, "initializer": 6, "metric": 10}
"""The smallest number of wrong components of each kind."""


@every_specimen
def test_wrong_component_fails(specimen: Specimen, catalog: Catalog) -> None:
    report = check_component(specimen.component, catalog)
    assert report.state == "failed"
    finding = report.findings[0]
    assert finding.property == specimen.property, report
    assert finding.name == specimen.name, report
    assert specimen.words in finding.cause, report
    if specimen.index is not None:
        assert finding.index == specimen.index, report
    if specimen.during:
        assert finding.during == specimen.during, report
    if specimen.only:
        assert report.failed == (specimen.property,), report


@every_specimen
def test_report_fits_a_terminal_and_json(specimen: Specimen, catalog: Catalog) -> None:
    report = check_component(specimen.component, catalog)
    assert all(len(line) <= 132 for line in str(report).splitlines())
    again = json.loads(json.dumps(report.as_dict()))
    assert again["state"] == "failed"
    assert again["findings"][0]["cause"] == report.findings[0].cause
    for finding in report.findings:
        assert finding.expected != finding.got


@pytest.mark.parametrize("component", RIGHT, ids=lambda component: component.__name__)
def test_base_components_pass(component: type, catalog: Catalog) -> None:
    report: Report = check_component(component, catalog)
    assert report.state == "passed", report


def test_size_of_the_zoo(catalog: Catalog) -> None:
    assert len({specimen.component for specimen in ZOO}) == len(ZOO)
    for kind, count in KINDS.items():
        held = [s for s in ZOO if any(base.__name__.lower() == kind for base in s.component.__mro__)]
        assert len(held) >= count, kind


def test_every_property_can_fail() -> None:
    """Every property has a component that breaks it."""
    assert {specimen.property for specimen in ZOO} == set(Property)
