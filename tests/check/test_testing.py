"""The interface for third-party test suites: an assertion, and a test of all components of a distribution."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from regnet import testing
from regnet.errors import ConfigError, PluginError
from regnet.registry.catalog import Catalog
from regnet.registry.loading import Broken
from tests.check.test_subject import TooDemanding
from tests.check.zoo.activations import ReluWithoutMask, Tanh


def test_conforming_component_passes(catalog: Catalog) -> None:
    testing.assert_conforms(Tanh, catalog)
    testing.assert_conforms("dropout", catalog, p=0.3)


def test_other_component_fails_with_the_report(catalog: Catalog) -> None:
    with pytest.raises(AssertionError, match="likely cause  equals dy,"):
        testing.assert_conforms(ReluWithoutMask, catalog)


def test_unchecked_component_fails(catalog: Catalog) -> None:
    with pytest.raises(AssertionError, match=r"could not be checked[\s\S]*give it, rate=\.\.\."):
        testing.assert_conforms(TooDemanding, catalog)


@dataclass(frozen=True)
class Fake:
    """An installed distribution with components."""

    catalog: Catalog


@pytest.fixture
def installed(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """A distribution with two components: one correct, and one that is wrong or requires an option."""
    entry = catalog.find("layer", "tanh")
    origin = replace(entry.origin, distribution="my-plugin")
    mine = {
        name: (replace(entry, name=name, component=component, origin=origin),)
        for name, component in (("right", Tanh), ("wrong", ReluWithoutMask))
    }
    layers = {**catalog.entries["layer"], **mine}
    fake = replace(catalog, entries={**catalog.entries, "layer": layers})
    monkeypatch.setattr(testing, "load_catalog", lambda: fake)
    return Fake(fake)


@pytest.mark.usefixtures("installed")
def test_each_component_of_a_distribution_is_tested() -> None:
    test = testing.component_tests("My_Plugin")
    (mark,) = test.pytestmark  # type: ignore[attr-defined]
    right, wrong = mark.args[1]
    assert (right.id, wrong.id) == ("layer right", "layer wrong")
    test(*right.values)
    with pytest.raises(AssertionError, match="layer wrong"):
        test(*wrong.values)


@pytest.mark.usefixtures("installed")
def test_component_is_tested_with_each_setting() -> None:
    test = testing.component_tests("my-plugin", {"right": [{}, {"no_such_option": 3}], "wrong": []})
    (mark,) = test.pytestmark  # type: ignore[attr-defined]
    assert [case.id for case in mark.args[1]] == ["layer right", "layer right no_such_option=3", "layer wrong"]
    test(*mark.args[1][0].values)
    with pytest.raises(ConfigError, match="no_such_option"):
        test(*mark.args[1][1].values)


@pytest.mark.usefixtures("installed")
def test_distribution_without_components_is_an_error() -> None:
    with pytest.raises(PluginError, match=r"no component comes from 'my-plugins'.*did you mean 'my-plugin'"):
        testing.component_tests("my-plugins")


@pytest.mark.usefixtures("installed")
def test_options_for_an_unknown_component_are_an_error() -> None:
    with pytest.raises(PluginError, match="my-plugin has no component 'rihgt' to give options to: did you mean 'right'"):
        testing.component_tests("my-plugin", {"rihgt": {"slope": 1}})


def test_broken_plugin_is_reported(installed: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = installed.catalog.find("layer", "right").origin
    broken = replace(installed.catalog, broken=(Broken(origin, "ImportError: no jax"),))
    monkeypatch.setattr(testing, "load_catalog", lambda: broken)
    with pytest.raises(PluginError, match="ImportError: no jax"):
        testing.component_tests("my-plugin")


@pytest.mark.slow
def test_one_line_is_a_whole_test_suite(tmp_path: Path) -> None:
    """In a separate process, as a third-party test suite runs it."""
    suite = "from regnet.testing import component_tests\n\ntest_components = component_tests('regnet')\n"
    (tmp_path / "test_mine.py").write_text(suite)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "tanh or constant", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_regnet_testing_does_not_import_pytest() -> None:
    program = "import sys, regnet.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
