"""The conformance check for test suites, of plugins in particular: as an assertion, and as a pytest test in one line.

# tests/test_components.py of a distribution called my-plugin
from regnet.testing import component_tests

test_components = component_tests("my-plugin")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from regnet.check import Finding, Property, Report, check_component
from regnet.errors import PluginError, one_of
from regnet.registry.catalog import Catalog, Entry, load_catalog

__all__ = ["Finding", "Property", "Report", "assert_conforms", "check_component", "component_tests"]

Options: TypeAlias = Mapping[str, Any]
"""A component's options by name."""


def assert_conforms(component: object, catalog: Catalog | None = None, /, **options: Any) -> None:
    """Fail with the report unless the component conforms to its contract; takes the arguments of `check_component`.

    Raises:
        AssertionError: a property does not hold, or none could be checked because an option is missing.
    """
    __tracebackhide__ = True  # pytest shows the report, not this line
    report = check_component(component, catalog, **options)
    if report.state != "passed":
        raise AssertionError(str(report))


def component_tests(distribution: str, options: Mapping[str, Options | Sequence[Options]] | None = None) -> Callable[..., None]:
    """Return a pytest test with a case for every component that an installed distribution, or a loose file, registers.

    Args:
        distribution: its name, as `regnet plugins list` shows it.
        options: for components that need some, by the component's name: ``{"table": {"path": "tests/a.csv"}}``; or several, to
            check the component with each: ``{"gelu": [{}, {"approximate": "tanh"}]}``.

    Raises:
        PluginError: the distribution registers nothing, is not installed, or is broken; the message says why.
    """
    import pytest  # only test suites need it

    given, catalog = dict(options or {}), load_catalog()
    entries = _entries(distribution, catalog)
    unknown = given.keys() - {entry.name for entry in entries}
    if unknown:
        names = one_of(min(unknown), (entry.name for entry in entries))
        raise PluginError(f"{distribution} has no component {min(unknown)!r} to give options to: {names}")

    cases = [(entry, chosen) for entry in entries for chosen in _each(given.get(entry.name, {}))]

    @pytest.mark.parametrize(("entry", "chosen"), [pytest.param(*case, id=_label(*case)) for case in cases])
    def test_component_conforms(entry: Entry, chosen: Options) -> None:
        __tracebackhide__ = True
        assert_conforms(entry, catalog, **chosen)

    return test_component_conforms


def _each(given: Options | Sequence[Options]) -> Sequence[Options]:
    return [given] if isinstance(given, Mapping) else given or [{}]


def _label(entry: Entry, chosen: Options) -> str:
    return " ".join([entry.kind, entry.name, *(f"{name}={value}" for name, value in chosen.items())])


def _entries(distribution: str, catalog: Catalog) -> list[Entry]:
    claims = [entry for kind in catalog.entries.values() for found in kind.values() for entry in found]
    broken = [str(plugin) for plugin in catalog.broken if plugin.origin.is_called(distribution)]
    if broken:
        raise PluginError("; ".join(broken))
    found = [entry for entry in claims if entry.origin.is_called(distribution)]
    if not found:
        names = one_of(distribution, {entry.origin.distribution for entry in claims})
        raise PluginError(f"no component comes from {distribution!r}, is it installed and its entry point declared? {names}")
    return found
