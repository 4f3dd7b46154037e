"""Broken plugins, installed like distributions: each is reported with the right message, and does not affect the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

import regnet
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.errors import ConfigError, PluginError, UnknownComponent
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.listing import list_items
from regnet.registry.loading import load_plugins
from regnet.registry.selection import VARIABLE, read_policy
from tests.conftest import OTHERS

Install = Callable[..., None]

GOOD = """
import regnet

class Double(regnet.Layer):
    def forward(self, params, x, context):
        return 2 * x, None

    def backward(self, params, cache, dy):
        return 2 * dy, {}
"""
LAYERS = "\n@regnet.hookimpl\ndef regnet_layers():\n    return "


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Fixture that puts a module and its metadata on the path, as pip does."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def put(distribution: str, code: str, *, entry: str | None = None, requires: str = "regnet-framework") -> None:
        module = distribution.replace("-", "_")
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(dedent(code))
        info = tmp_path / f"{module}-1.5.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5\nRequires-Dist: {requires}\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(f"[regnet]\nplugin = {entry or module}\n")

    return put


ZOO = {
    "missing dependency": ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
    "syntax error": ("def f(:", "SyntaxError: "),
    "raises when imported": ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
    "exits when imported": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "unknown hook": (
        "import regnet\n@regnet.hookimpl\ndef regnet_layer(): ...",
        "no hook regnet_layer: did you mean 'regnet_layers'?",
    ),
    "wrapper": (
        "import regnet\n@regnet.hookimpl(wrapper=True)\ndef regnet_layers():\n    return (yield)",
        "hook regnet_layers is a wrapper, which regnet does not run: decorate it with @hookimpl alone",
    ),
    "old-style wrapper": (
        "import regnet\n@regnet.hookimpl(hookwrapper=True)\ndef regnet_epoch_ended(event):\n    yield",
        "hook regnet_epoch_ended is a wrapper",
    ),
    "generator": (
        "import regnet\n@regnet.hookimpl\ndef regnet_run_ended(event):\n    yield",
        "hook regnet_run_ended is a generator, whose lines regnet does not run: write a plain function",
    ),
    "coroutine": ("import regnet\n@regnet.hookimpl\nasync def regnet_run_ended(event): ...", "regnet_run_ended is a coroutine"),
    "unknown hook as specname": (
        "import regnet\n@regnet.hookimpl(specname='regnet_layer')\ndef mine(): ...",
        "no hook regnet_layer: did you mean 'regnet_layers'?",
    ),
    "hook with an unknown parameter": ("import regnet\n@regnet.hookimpl\ndef regnet_layers(seed): ...", "PluginValidationError"),
    "hook raises": (f"{GOOD}{LAYERS}1 / 0", "regnet_layers raised ZeroDivisionError: division by zero"),
    "hook returns a list": (f"{GOOD}{LAYERS}[Double]", "regnet_layers returned list, expected a dict"),
    "hook returns nothing": (f"{GOOD}{LAYERS}None", "regnet_layers returned NoneType, expected a dict"),
    "an object instead of a class": (f"{GOOD}{LAYERS}{{'double': Double()}}", "is not a subclass of regnet.Layer"),
    "another kind": (f"{GOOD}{LAYERS}{{'double': int}}", "layer 'double': <class 'int'> is not a subclass of regnet.Layer"),
    "no backward": (
        f"import regnet\nclass Half(regnet.Layer):\n    def forward(self, params, x, context): ...\n{LAYERS}{{'half': Half}}",
        "layer 'half': Half does not implement backward",
    ),
    "option without a type": (
        f"{GOOD}\nclass Times(Double):\n    def __init__(self, factor): ...\n{LAYERS}{{'times': Times}}",
        "Times does not annotate its option 'factor'",
    ),
    "options without names": (
        f"{GOOD}\nclass Times(Double):\n    def __init__(self, **options: int): ...\n{LAYERS}{{'times': Times}}",
        "options must be named one by one",
    ),
    "type that cannot be read": (
        f"{GOOD}\nclass Times(Double):\n    def __init__(self, a: 'Nope'): ...\n{LAYERS}{{'times': Times}}",
        "the type of an option of Times cannot be read: name 'Nope' is not defined",
    ),
    "invalid config path": (
        "import regnet\n@regnet.hookimpl\ndef regnet_config_path(): return 3",
        "returned int, expected a text",
    ),
    "invalid name": (f"{GOOD}{LAYERS}{{'my layer': Double}}", "a component's name is a word"),
}


def test_hook_with_specname(install: Install) -> None:
    install("fine-thing", f"{GOOD}\n@regnet.hookimpl(specname='regnet_layers')\ndef mine():\n    return {{'fine': Double}}")
    assert load_catalog().build("layer", "fine") is not None


@pytest.mark.parametrize("case", ZOO)
def test_broken_plugin_is_recorded_and_does_not_affect_others(install: Install, case: str) -> None:
    code, words = ZOO[case]
    install("poor-thing", code)
    install("fine-thing", f"{GOOD}{LAYERS}{{'fine': Double}}")
    catalog = load_catalog()
    (broken,) = catalog.broken
    assert words in broken.reason
    assert "\n" not in str(broken)
    assert "poor-thing 1.5" in str(broken)
    assert f"pip install -U poor-thing, or switch it off: {VARIABLE}=-poor-thing" in str(broken)
    assert catalog.build("layer", "fine") is not None
    assert catalog.build("layer", "relu") is not None
    with pytest.raises(UnknownComponent, match=r"poor-thing 1\.5 is broken"):
        catalog.build("layer", "double")


@pytest.mark.parametrize(("entry", "words"), [("no_such_module", "ModuleNotFoundError"), ("poor_thing:nothing", "AttributeError")])
def test_entry_points_that_do_not_exist(install: Install, entry: str, words: str) -> None:
    install("poor-thing", "", entry=entry)
    assert words in load_catalog().broken[0].reason


def test_plugin_for_a_newer_regnet_is_not_imported(install: Install) -> None:
    install("poor-thing", "raise AssertionError('imported')", requires="regnet-framework>=99")
    (broken,) = load_catalog().broken
    assert broken.reason.startswith("it needs regnet-framework>=99, and this is regnet-framework 0.")


def test_plugin_with_config_files(install: Install, tmp_path: Path) -> None:
    folder = tmp_path / "their_configs" / "experiment"
    folder.mkdir(parents=True)
    (folder / "theirs.yaml").write_text("# @package _global_\nepochs: 7\nmodel:\n  activation: double\n")
    hook = f"\n@regnet.hookimpl\ndef regnet_config_path():\n    return 'file://{tmp_path}/their_configs'\n"
    install("config-thing", f"{GOOD}{LAYERS}{{'double': Double}}{hook}")
    config = compose_config(["experiment=theirs", "tracking=none"], load_catalog())
    assert (config["epochs"], config["model"]["activation"]) == (7, "double")


def test_wrong_component_does_not_affect_the_others(install: Install) -> None:
    install("mixed-thing", f"{GOOD}{LAYERS}{{'good': Double, 'bad': 3}}")
    catalog = load_catalog()
    assert catalog.build("layer", "good") is not None
    assert ["layer 'bad'" in broken.reason for broken in catalog.broken] == [True]


def both(install: Install) -> Catalog:
    for distribution in ("first-thing", "other-thing"):
        install(distribution, f"{GOOD}{LAYERS}{{'double': Double}}")
    return load_catalog()


def test_ambiguous_name_is_an_error_when_used(install: Install) -> None:
    catalog = both(install)
    assert not catalog.broken
    with pytest.raises(
        PluginError, match=r"claimed by first-thing 1.5 and other-thing 1.5: say which, first-thing:double or other"
    ):
        catalog.build("layer", "double")


def test_ambiguous_name_with_a_distribution(install: Install) -> None:
    catalog = both(install)
    for distribution in ("first-thing", "other-thing"):
        layer = catalog.build("layer", f"{distribution}:double")
        assert type(layer).__module__ == distribution.replace("-", "_")


RATE = """
import regnet

class Still(regnet.Optimizer):
    def __init__(self, lr: float = %s):
        self.lr = lr

    def update(self, parameters, gradients, state):
        return

@regnet.hookimpl
def regnet_optimizers():
    return {"still": Still}
"""


def test_ambiguous_name_on_the_command_line(install: Install) -> None:
    install("first-thing", RATE % 1.0)
    install("other-thing", RATE % 2.0)
    catalog = load_catalog()
    for distribution, rate in (("first-thing", 1.0), ("other-thing", 2.0)):
        config = compose_config([f"optimizer={distribution}:still", "tracking=none"], catalog)
        assert assemble(config, catalog).optimizer.lr == rate  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="say which"):
        assemble(compose_config(["optimizer=still", "tracking=none"], catalog), catalog)


def test_built_in_name_claimed_by_a_plugin(install: Install) -> None:
    install("poor-thing", f"{GOOD}{LAYERS}{{'relu': Double}}")
    catalog = load_catalog()
    with pytest.raises(PluginError, match="regnet-framework:relu or poor-thing:relu"):
        catalog.build("layer", "relu")
    assert type(catalog.build("layer", "regnet:relu")).__name__ == "ReLU"


POISON = "raise AssertionError('imported')"


@pytest.mark.parametrize("policy", ["-poor-thing", "-Poor_Thing", "fine-thing", "fine-thing,-poor-thing", "regnet"])
def test_disabled_plugin_is_not_imported(install: Install, monkeypatch: pytest.MonkeyPatch, policy: str) -> None:
    install("poor-thing", POISON)
    install("fine-thing", f"{GOOD}{LAYERS}{{'fine': Double}}")
    monkeypatch.setenv(VARIABLE, f"{policy},{OTHERS}")
    catalog = load_catalog()
    assert not catalog.broken
    assert "poor-thing" in {origin.distribution for origin in catalog.plugins.off}
    assert ("fine" in catalog.names("layer")) == (policy != "regnet")
    assert "relu" in catalog.names("layer")
    with pytest.raises(UnknownComponent, match=r"plugin poor-thing 1\.5 is switched off by REGNET_PLUGINS"):
        catalog.build("layer", "poor")


def test_disabled_plugin_with_the_importlib_metadata_backport(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow imports the backport, whose entry points have a different class."""
    pytest.importorskip("importlib_metadata")
    install("poor-thing", POISON)
    monkeypatch.setenv(VARIABLE, f"-poor-thing,{OTHERS}")
    assert not load_catalog().broken


def test_policy_of_a_call_does_not_affect_the_next(install: Install) -> None:
    install("fine-thing", f"{GOOD}{LAYERS}{{'fine': Double}}")
    small = ["tracking=none", "epochs=1", "dataset.train_size=20"]
    with pytest.raises(UnknownComponent, match="switched off"):
        regnet.run([*small, "plugins=-fine-thing", "model.activation=fine"])
    regnet.run([*small, "model.activation=fine"])


def test_policy_in_a_config_file_is_an_error(catalog: Catalog) -> None:
    config = compose_config(["tracking=none"], catalog) | {"plugins": "-somebody"}
    with pytest.raises(ConfigError, match="comes too late"):
        assemble(config, catalog)


def test_file_as_a_plugin(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"{GOOD}{LAYERS}{{'double': Double}}")
    catalog = load_catalog(load_plugins(read_policy(f"{file},{OTHERS}")))
    assert catalog.find("layer", "double").origin.distribution == "mine.py"


def test_missing_plugin_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no plugin file"):
        read_policy(str(tmp_path / "nowhere.py"))


def test_list_shows_every_state(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    both(install)
    install("poor-thing", POISON)
    install("tired-thing", POISON)
    monkeypatch.setenv(VARIABLE, f"-tired-thing,{OTHERS}")
    items = {(item.distribution, item.name): item for item in list_items()}
    assert items["regnet-framework", "relu"].state == "loaded"
    assert items["first-thing", "double"].state == items["other-thing", "double"].state == "collision"
    assert items["tired-thing", "–"].state == "off"
    broken = items["poor-thing", "–"]
    assert broken.state == "broken"
    assert "imported" in broken.detail
    assert "REGNET_PLUGINS=-poor-thing" in broken.detail
    option = items["regnet-framework", "sgd"].options[0]
    assert option == {"name": "lr", "type": "float > 0", "default": "0.001"}


def test_list_is_cached_until_a_file_changes(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("fine-thing", f"{GOOD}{LAYERS}{{'fine': Double}}")
    first = list_items()
    with monkeypatch.context() as without:
        without.setattr("regnet.registry.catalog.load_catalog", lambda plugins: pytest.fail("loaded again"))
        assert list_items() == first
    (tmp_path / "fine_thing.py").write_text(f"{GOOD}{LAYERS}{{'finer': Double}}")
    monkeypatch.delitem(sys.modules, "fine_thing", raising=False)
    assert "finer" in {item.name for item in list_items()}
