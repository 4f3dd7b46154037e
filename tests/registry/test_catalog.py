"""The catalog: components by name, errors of names and options, and plugins that fail or collide."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import torch
from torch import Tensor

from regnet import hookspecs
from regnet.config.compose import compose_config
from regnet.contracts import KINDS, Initializer
from regnet.errors import BadOption, PluginError, UnknownComponent
from regnet.registry.catalog import HOOKS, Catalog, Entry, load_catalog
from regnet.registry.loading import load_plugins
from regnet.registry.selection import OWN
from tests.builtin.cases import build, entries

Install: TypeAlias = Callable[..., None]
"""Installs a distribution with a name, the source of its module and its requirements."""

BUILTIN = {
    "layer": "batch_norm dropout gelu layer_norm leaky_relu linear relu residual sigmoid silu softmax tanh",
    "loss": "binary_cross_entropy cross_entropy huber mse",
    "optimizer": "adam adamw rmsprop sgd",
    "dataset": "breast_cancer diabetes digits disc iris table wine",
    "metric": "accuracy auroc balanced_accuracy brier calibration_error class_f1 class_precision class_recall confusion_matrix "
    "error_rate f1 log_loss mae median_absolute_error r2 rmse",
    "initializer": "constant he_fan_in he_fan_out lecun_normal lecun_uniform orthogonal torch_default xavier_normal xavier_uniform "
    "zeros",
}


# Finding


@pytest.mark.parametrize("kind", KINDS)
def test_built_in_names(catalog: Catalog, kind: str) -> None:
    own = [name for name in catalog.names(kind) if catalog.find(kind, name).origin.distribution == OWN]
    assert " ".join(own) == BUILTIN[kind]


def test_every_kind_has_a_hook() -> None:
    assert HOOKS.keys() == KINDS.keys()
    assert all(hasattr(hookspecs, hook) for hook in HOOKS.values())


def test_no_installed_plugin_is_broken(catalog: Catalog) -> None:
    assert catalog.broken == ()


@pytest.mark.parametrize("entry", [pytest.param(entry, id=f"{kind} {entry.name}") for kind in KINDS for entry in entries(kind)])
def test_every_entry_is_documented_and_can_be_built(entry: Entry) -> None:
    component = build(entry)
    assert isinstance(component, KINDS[entry.kind])
    assert type(component) is entry.component
    assert entry.summary


@pytest.mark.parametrize(
    ("kind", "name", "closest"),
    [
        ("layer", "rleu", "relu"),
        ("optimizer", "adm", "adam"),
        ("loss", "cross_entrpy", "cross_entropy"),
        ("dataset", "disk", "disc"),
    ],
)
def test_unknown_name_has_a_suggestion(catalog: Catalog, kind: str, name: str, closest: str) -> None:
    with pytest.raises(UnknownComponent) as raised:
        catalog.build(kind, name)
    message = str(raised.value)
    assert message.startswith(f"unknown {kind} '{name}': did you mean '{closest}'?")
    assert all(other in message for other in BUILTIN[kind].split())


def test_unknown_name_without_a_suggestion_lists_all(catalog: Catalog) -> None:
    with pytest.raises(UnknownComponent, match="unknown optimizer 'zzz': available: adam, adamw, rmsprop, sgd"):
        catalog.find("optimizer", "zzz")


# Building


def test_build_from_a_name(catalog: Catalog) -> None:
    assert catalog.build("optimizer", "sgd") == catalog.build("optimizer", {"name": "sgd", "lr": 0.001})


def test_component_is_returned_unchanged(catalog: Catalog) -> None:
    sgd = catalog.build("optimizer", "sgd")
    assert catalog.build("optimizer", sgd) is sgd


def test_missing_value_is_the_default(catalog: Catalog) -> None:
    assert catalog.build("optimizer", {"name": "sgd", "lr": "???"}).lr == 0.001


def test_nested_specs(catalog: Catalog) -> None:
    """A name, a mapping and a component, nested two levels deep."""
    inner = {"name": "linear", "out_features": 4, "initializer": {"name": "constant", "value": 0.5}}
    relu = catalog.build("layer", "relu")
    residual = catalog.build("layer", {"name": "residual", "layers": ["tanh", inner, relu]})
    assert [type(layer).__name__ for layer in residual.layers] == ["Tanh", "Linear", "ReLU"]
    assert residual.layers[1].initializer.value == 0.5
    assert residual.layers[2] is relu
    params, _ = residual.init(4, torch.Generator())
    assert params["1"]["weight"].tolist() == [[0.5] * 4] * 4


@pytest.mark.parametrize(
    ("kind", "spec", "said"),
    [
        ("optimizer", {"name": "sgd", "learning_rate": 1}, ["optimizer sgd", "no option 'learning_rate'", "lr", "momentum"]),
        ("optimizer", {"name": "sgd", "momentom": 0.9}, ["optimizer sgd", "no option 'momentom'", "did you mean 'momentum'?"]),
        ("optimizer", {"name": "sgd", "lr": -1.0}, ["optimizer.lr", "optimizer sgd", "greater than 0", "got -1.0"]),
        ("optimizer", {"name": "sgd", "lr": "fast"}, ["optimizer.lr", "optimizer sgd", "number", "got 'fast'"]),
        ("optimizer", {"name": "sgd", "lr": None}, ["optimizer.lr", "optimizer sgd", "number", "got None"]),
        ("optimizer", {"name": "sgd", "nesterov": True}, ["optimizer sgd", "nesterov needs momentum"]),
        ("loss", {"name": "mse", "reduction": "total"}, ["loss.reduction", "loss mse", "'sum' or 'mean'", "got 'total'"]),
        ("layer", "linear", ["layer linear", "needs its option 'out_features'", "layer.out_features"]),
        ("layer", {"name": "linear", "out_features": "???"}, ["layer linear", "needs its option 'out_features'"]),
        ("layer", {"name": "linear", "out_features": 0}, ["layer.out_features", "layer linear", "1", "got 0"]),
        ("layer", {"name": "linear", "out_features": 2, "initializer": "he"}, ["unknown initializer 'he'", "he_fan_in"]),
        ("layer", {"name": "residual", "layers": "tanh"}, ["layer.layers", "layer residual", "list of layers", "got 'tanh'"]),
        ("layer", {"name": "residual", "layers": ["tanh", "tan"]}, ["unknown layer 'tan'", "did you mean 'tanh'?"]),
        (
            "layer",
            {"name": "residual", "layers": [{"name": "dropout", "p": 1}]},
            ["layer.layers[0].p", "dropout", "less than 1"],
        ),
        ("layer", {"nam": "tanh"}, ["layer takes the name of a layer", "`name`", "got {'nam': 'tanh'}"]),
        ("optimizer", 3, ["optimizer takes the name of an optimizer", "got 3"]),
        ("dataset", None, ["dataset takes the name of a dataset", "got None"]),
    ],
    ids=str,
)
def test_errors_of_specs(catalog: Catalog, kind: str, spec: Any, said: list[str]) -> None:
    with pytest.raises((BadOption, UnknownComponent)) as raised:
        catalog.build(kind, spec)
    for part in said:
        assert part in str(raised.value)


def test_errors_have_the_config_key(catalog: Catalog) -> None:
    with pytest.raises(BadOption, match=r"model\.layers\[3\]\.p of layer dropout"):
        catalog.build("layer", {"name": "dropout", "p": 2}, where="model.layers[3]")


# Describing


@pytest.mark.parametrize("entry", [pytest.param(entry, id=f"{kind} {entry.name}") for kind in KINDS for entry in entries(kind)])
def test_description_builds_an_equal_component(catalog: Catalog, entry: Entry) -> None:
    component = build(entry)
    description = catalog.describe(component)
    assert description["name"] == entry.name
    assert catalog.build(entry.kind, description) == component


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("optimizer", {"name": "adam", "lr": 0.3, "beta1": 0.1, "beta2": 0.2, "eps": 0.01, "weight_decay": 0.5, "amsgrad": True}),
        ("layer", {"name": "linear", "out_features": 2, "bias": False, "initializer": {"name": "constant", "value": 0.5}}),
        ("layer", {"name": "residual", "layers": [{"name": "dropout", "p": 0.25}, {"name": "residual", "layers": []}]}),
    ],
    ids=str,
)
def test_description_equals_the_given_config(catalog: Catalog, kind: str, spec: dict[str, Any]) -> None:
    """Plain values on all levels, so that it can be written to a file."""
    assert catalog.describe(catalog.build(kind, spec)) == spec


class Stray(Initializer):
    """A component that is not in the catalog."""

    def weight(self, out_features: int, in_features: int, generator: torch.Generator) -> Tensor:
        return torch.zeros(out_features, in_features)


def test_unregistered_component_cannot_be_described(catalog: Catalog) -> None:
    with pytest.raises(UnknownComponent, match="Stray is not registered"):
        catalog.describe(Stray())


# Plugins: distributions as installed by pip, isolated from each other

DOUBLE = """
from dataclasses import dataclass

from regnet import Layer, hookimpl


@dataclass(frozen=True)
class Double(Layer):
    '''`y = 2 x`.'''

    factor: float = 2.0

    def forward(self, params, x, context):
        return self.factor * x, None

    def backward(self, params, cache, dy):
        return self.factor * dy, {}


@hookimpl
def regnet_layers():
    return {"double": Double}
"""
"""A plugin with one layer."""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Fixture that puts a distribution with one module on the path, with the metadata of its entry point."""
    modules = []

    def add(name: str, source: str, *requires: str) -> None:
        module = name.replace("-", "_")
        folder = tmp_path / name
        metadata = folder / f"{module}-2.1.dist-info"
        metadata.mkdir(parents=True)
        (folder / f"{module}.py").write_text(source, encoding="utf-8")
        lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 2.1", *(f"Requires-Dist: {text}" for text in requires)]
        (metadata / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (metadata / "entry_points.txt").write_text(f"[regnet]\nplugin = {module}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(folder))
        modules.append(module)

    yield add
    for module in modules:
        sys.modules.pop(module, None)


def test_layer_of_a_third_party(install: Install) -> None:
    install("regnet-double", DOUBLE)
    catalog = load_catalog()
    assert catalog.broken == ()
    assert catalog.build("layer", {"name": "double", "factor": 3}).factor == 3
    entry = catalog.find("layer", "double")
    assert str(entry) == "layer double (from regnet-double 2.1)"
    assert (entry.origin.distribution, entry.origin.version) == ("regnet-double", "2.1")
    assert entry.summary == "`y = 2 x`."


def test_option_error_names_the_distribution(install: Install) -> None:
    install("regnet-double", DOUBLE)
    with pytest.raises(BadOption, match=r"layer\.factor of layer double \(from regnet-double 2\.1\).*number.*got 'twice'"):
        load_catalog().build("layer", {"name": "double", "factor": "twice"})


def test_ambiguous_name_lists_both_distributions(install: Install) -> None:
    """Even if both entry points have the same name."""
    install("regnet-one", DOUBLE)
    install("regnet-other", DOUBLE)
    catalog = load_catalog()
    assert catalog.broken == ()
    with pytest.raises(PluginError, match=r"layer 'double' is claimed by regnet-one 2\.1 and regnet-other 2\.1"):
        catalog.build("layer", "double")


def test_ambiguous_name_does_not_affect_others(install: Install) -> None:
    install("regnet-one", DOUBLE)
    install("regnet-other", DOUBLE)
    catalog = load_catalog()
    assert catalog.build("layer", "relu")
    assert "double" in catalog.names("layer")


def test_ambiguous_name_with_a_distribution(install: Install) -> None:
    install("regnet-one", DOUBLE)
    install("regnet-other", DOUBLE)
    assert load_catalog().find("layer", "regnet-other:double").origin.distribution == "regnet-other"


def test_built_in_name_claimed_by_a_plugin(install: Install) -> None:
    install("regnet-thief", DOUBLE.replace('"double"', '"relu"'))
    with pytest.raises(PluginError, match=r"layer 'relu' is claimed by regnet-framework .* and regnet-thief 2\.1"):
        load_catalog().build("layer", "relu")


BROKEN = {
    "cannot be imported": ("import no_such_package", ["ModuleNotFoundError", "no_such_package"]),
    "raises when imported": ("raise RuntimeError('no licence found')", ["RuntimeError", "no licence found"]),
    "is not Python": ("def :", ["SyntaxError"]),
    "raises in its hook": (
        DOUBLE.replace('return {"double": Double}', "raise RuntimeError('no licence found')"),
        ["regnet_layers", "RuntimeError", "no licence found"],
    ),
    "returns no mapping": (DOUBLE.replace('return {"double": Double}', "return None"), ["regnet_layers", "NoneType"]),
    "gives an object": (DOUBLE.replace('"double": Double', '"double": Double()'), ["double", "Double(factor=2.0)", "regnet.Layer"]),
    "returns another kind": (DOUBLE.replace("regnet_layers", "regnet_optimizers"), ["double", "regnet.Optimizer"]),
    "has an option without a type": (
        DOUBLE.replace("    factor: float = 2.0", "    def __init__(self, factor=2.0): ..."),
        ["Double", "does not annotate its option 'factor'"],
    ),
    "has a hook with an unknown parameter": (
        DOUBLE.replace("regnet_layers()", "regnet_layers(nonsense)"),
        ["regnet_layers", "nonsense"],
    ),
    "implements an unknown hook": (DOUBLE.replace("regnet_layers", "regnet_layer"), ["regnet_layer"]),
}


@pytest.mark.parametrize(("source", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_plugin(install: Install, source: str, said: list[str]) -> None:
    """It is recorded with its distribution and a one-line reason, which errors for unknown names mention; other plugins work."""
    install("regnet-bad", source)
    install("regnet-double", DOUBLE)
    catalog = load_catalog()
    (broken,) = catalog.broken
    assert str(broken.origin) == "regnet-bad 2.1"
    assert "\n" not in broken.reason
    for part in said:
        assert part in broken.reason
    assert catalog.build("layer", "double").factor == 2
    assert all(name in catalog.names(kind) for kind, names in BUILTIN.items() for name in names.split())
    with pytest.raises(UnknownComponent, match=r"unknown layer 'mine'.*regnet-bad 2\.1"):
        catalog.find("layer", "mine")


def test_wrong_component_does_not_affect_the_others(install: Install) -> None:
    install("regnet-half", DOUBLE.replace('"double": Double', '"bad": 3, "double": Double'))
    catalog = load_catalog()
    (broken,) = catalog.broken
    assert "bad" in broken.reason
    assert catalog.build("layer", "double").factor == 2


def test_plugin_for_another_regnet_is_not_imported(install: Install) -> None:
    install("regnet-future", "raise AssertionError('imported')", "regnet-framework>=99")
    (broken,) = load_catalog().broken
    assert "regnet-framework>=99" in broken.reason
    assert "imported" not in broken.reason


def test_disabled_plugin_is_not_imported(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("regnet-bad", "raise AssertionError('imported')")
    install("regnet-double", DOUBLE)
    monkeypatch.setenv("REGNET_PLUGINS", "-regnet-bad")
    catalog = load_catalog()
    assert catalog.broken == ()
    assert catalog.build("layer", "double")


def test_built_in_components_are_first_and_use_an_entry_point() -> None:
    origins = list(load_plugins().origins.values())
    assert origins[0].distribution == OWN
    assert "regnet.builtin" in vars(origins[0]).values()


def test_catalogs_are_independent(install: Install, catalog: Catalog) -> None:
    """No global state: an entry added to one catalog is not in another."""
    install("regnet-double", DOUBLE)
    assert "double" in load_catalog().names("layer")
    assert "double" not in catalog.names("layer")


ODD = """
from dataclasses import dataclass, field
from typing import Any

from regnet import Optimizer, hookimpl


@dataclass(frozen=True)
class Odd(Optimizer):
    OPTION

    def update(self, parameters, gradients, state):
        return


@hookimpl
def regnet_optimizers():
    return {"odd": Odd}
"""


@pytest.mark.parametrize("option", ["what: Any = object", "rates: list[float] = field(default_factory=list)", "name: str = 'odd'"])
def test_component_that_a_config_cannot_describe(install: Install, option: str) -> None:
    """A default that is not a plain value, or an option with the name that selects the component."""
    install("regnet-odd", ODD.replace("OPTION", option))
    assert compose_config(["tracking=none", "optimizer=adam"], load_catalog())["optimizer"]["name"] == "adam"
