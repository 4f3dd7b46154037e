"""What third-party test suites use: an assertion, and a test of all of a distribution's components in one line."""

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


def test_what_conforms_passes(catalog: Catalog) -> None:
    testing.assert_conforms(Tanh, catalog)
    testing.assert_conforms("dropout", catalog, p=0.3)


def test_what_does_not_fails_with_the_report(catalog: Catalog) -> None:
    with pytest.raises(AssertionError, match="likely cause  equals dy alone"):
        testing.assert_conforms(ReluWithoutMask, catalog)


def test_what_could_not_be_judged_fails_too(catalog: Catalog) -> None:
    with pytest.raises(AssertionError, match=r"could not be checked[\s\S]*give it, rate=\.\.\."):
        testing.assert_conforms(TooDemanding, catalog)


@dataclass(frozen=True)
class Fake:
    """Stands in for what is installed."""

    catalog: Catalog


@pytest.fixture
def installed(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Two components of a distribution of one's own: one right, and one that is wrong or needs an option."""
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
def test_a_component_is_tested_with_each_of_its_settings() -> None:
    test = testing.component_tests("my-plugin", {"right": [{}, {"no_such_option": 3}], "wrong": []})
    (mark,) = test.pytestmark  # type: ignore[attr-defined]
    assert [case.id for case in mark.args[1]] == ["layer right", "layer right no_such_option=3", "layer wrong"]
    test(*mark.args[1][0].values)
    with pytest.raises(ConfigError, match="no_such_option"):
        test(*mark.args[1][1].values)


@pytest.mark.usefixtures("installed")
def test_a_distribution_without_components_is_refused() -> None:
    with pytest.raises(PluginError, match=r"no component comes from 'my-plugins'.*did you mean 'my-plugin'"):
        testing.component_tests("my-plugins")


@pytest.mark.usefixtures("installed")
def test_options_for_no_component_are_refused() -> None:
    with pytest.raises(PluginError, match="my-plugin has no component 'rihgt' to give options to: did you mean 'right'"):
        testing.component_tests("my-plugin", {"rihgt": {"slope": 1}})


def test_a_broken_plugin_is_told(installed: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = installed.catalog.find("layer", "right").origin
    broken = replace(installed.catalog, broken=(Broken(origin, "ImportError: no jax"),))
    monkeypatch.setattr(testing, "load_catalog", lambda: broken)
    with pytest.raises(PluginError, match="ImportError: no jax"):
        testing.component_tests("my-plugin")


def test_one_line_is_a_whole_test_suite(tmp_path: Path) -> None:
    """In a process of its own, as a stranger's test suite would run it."""
    suite = "from regnet.testing import component_tests\n\ntest_components = component_tests('regnet')\n"
    (tmp_path / "test_mine.py").write_text(suite)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "tanh or constant", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_check_does_without_pytest() -> None:
    program = "import sys, regnet.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
