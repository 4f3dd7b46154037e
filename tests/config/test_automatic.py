"""What `auto` becomes: the paper's settings for the disc, what is usual for other data, and never what the user gave."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
import torch

from regnet.config.automatic import SETTINGS, DataFacts, resolve
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.contracts import RECOMMENDABLE, Dataset, Split, Splits
from regnet.errors import ConfigError
from regnet.hookspecs import hookimpl
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.loading import load_plugins
from regnet.study.study import Study

PAPER = [
    "loss=mse",
    "optimizer=sgd",
    "model.hidden=[25,25,25]",
    "model.output=tanh",
    "model.initializer=he_fan_out",
    "epochs=200",
    "shuffle=false",
    "normalization=scalar",
    "batch_size=10",
]
CAREFUL = [
    "optimizer=adam",
    "model.hidden=[100]",
    "model.output=null",
    "model.initializer=he_fan_in",
    "epochs=200",
    "shuffle=true",
    "normalization=feature",
    "batch_size=32",
]
"""In the order of RECOMMENDABLE, with the loss left out."""


def study(catalog: Catalog, *overrides: str) -> Study:
    return assemble(compose_config(["tracking=none", *overrides], catalog), catalog)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ("disc", PAPER),
        ("digits", ["loss=cross_entropy", *CAREFUL]),
        ("wine", ["loss=cross_entropy", *CAREFUL]),
        ("diabetes", ["loss=mse", *(word.replace("200", "70") for word in CAREFUL)]),
    ],
)
def test_study_is_the_one_with_the_same_settings_by_name(data: str, named: list[str], catalog: Catalog) -> None:
    automatic = study(catalog, f"dataset={data}")
    assert automatic.identity == study(catalog, f"dataset={data}", *named).identity
    assert automatic.notes[-1] == f"auto: {' '.join(named)}"
    assert "auto" not in str({key: automatic.config[key] for key in ("loss", "model", "optimizer", "shuffle", "normalization")})


def test_component_that_is_named_by_its_option_is_complete(catalog: Catalog) -> None:
    assert study(catalog, "optimizer.name=adam").identity == study(catalog, "optimizer=adam").identity
    given = study(catalog, "loss.name=huber", "loss.delta=2", "dataset=diabetes")
    assert given.identity == study(catalog, "loss=huber", "loss.delta=2.0", "dataset=diabetes").identity


def test_nothing_is_noted_if_everything_is_named(catalog: Catalog) -> None:
    assert study(catalog, *PAPER).notes == ()


@pytest.mark.parametrize("data", ["disc", "wine"])
@pytest.mark.parametrize("override", [*PAPER, *CAREFUL, "loss=huber", "model.initializer={name: constant, value: 0.5}"])
def test_what_is_given_stays(data: str, override: str, catalog: Catalog) -> None:
    name = override.partition("=")[0]
    given = compose_config([override], catalog)
    found = study(catalog, f"dataset={data}", override)
    for word in name.split("."):
        given = given[word]
    chosen: Any = found.config
    for word in name.split("."):
        chosen = chosen[word]
    assert chosen == given
    assert not any(f" {name}=" in note for note in found.notes if note.startswith("auto:"))


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        ("relu", "he_fan_in"),
        ("gelu", "he_fan_in"),
        ("leaky_relu", "he_fan_in"),
        ("[batch_norm,relu]", "he_fan_in"),
        ("[relu,dropout]", "he_fan_in"),
        ("tanh", "xavier_uniform"),
        ("sigmoid", "xavier_uniform"),
        ("[tanh,dropout]", "xavier_uniform"),
        ("layer_norm", "lecun_normal"),
    ],
)
def test_initializer_suits_the_activation(activation: str, initializer: str, catalog: Catalog) -> None:
    found = study(catalog, "dataset=wine", f"model.activation={activation}")
    assert found.config["model"]["initializer"] == initializer


@pytest.mark.parametrize(
    ("loss", "output"), [("mse", "tanh"), ("huber", "tanh"), ("cross_entropy", None), ("binary_cross_entropy", None)]
)
def test_recommended_output_is_for_the_coding_of_the_recommended_loss(loss: str, output: str | None, catalog: Catalog) -> None:
    assert study(catalog, f"loss={loss}").config["model"]["output"] == output


def test_options_belong_to_the_component_that_is_chosen(catalog: Catalog) -> None:
    assert study(catalog, "optimizer.momentum=0.5").config["optimizer"]["momentum"] == 0.5
    assert study(catalog, "dataset=wine", "optimizer.beta1=0.5").config["optimizer"]["beta1"] == 0.5
    message = (
        "optimizer adam has no option 'momentum': available: amsgrad, beta1, beta2, eps, lr, weight_decay "
        "(optimizer=auto is adam here; name another if needed)"
    )
    with pytest.raises(ConfigError) as caught:
        study(catalog, "dataset=wine", "optimizer.momentum=0.5")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("batch_size=ten", "batch_size should be 'auto', or should be a valid integer"),
        ("shuffle=maybe", "shuffle should be 'auto', or should be a valid boolean"),
        ("optimizer.lr=fast", "optimizer.lr of optimizer sgd should be a valid number"),
        ("epochs=null", "epochs should be 'auto', or should be a valid integer; got None"),
        ("normalization=null", "^normalization takes 'auto' | 'scalar' | 'feature' | 'none'; got null$"),
        ("dtype=null", "^dtype takes 'float32' | 'float64'; got null$"),
        ("optimizer.name=adma", "unknown optimizer 'adma': did you mean 'adam'"),
        ("model.output=atuo", "unknown layer 'atuo'"),
    ],
)
def test_wrong_values(override: str, message: str, catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match=message):
        study(catalog, override)


@pytest.mark.parametrize(("examples", "size"), [(1000, 32), (129, 31), (33, 31), (2, 32), (20_000, 256), (20_225, 255)])
def test_batch_size_depends_on_the_number_of_examples(examples: int, size: int, catalog: Catalog) -> None:
    facts = DataFacts("classification", examples)
    assert resolve(compose_config([], catalog), facts, catalog)["batch_size"] == size


def test_everything_may_be_recommended(catalog: Catalog) -> None:
    recommended: Mapping[str, Any] = {
        "loss": "huber",
        "optimizer": "rmsprop",
        "model.hidden": [3, 2],
        "model.output": "sigmoid",
        "model.initializer": "xavier_normal",
        "epochs": 9,
        "shuffle": False,
        "normalization": "none",
        "batch_size": 7,
    }
    assert set(recommended) == set(RECOMMENDABLE)
    found = resolve(compose_config([], catalog), DataFacts("classification", 50, recommended), catalog)
    flat = {"loss": found["loss"]["name"], "optimizer": found["optimizer"]["name"], **{key: found[key] for key in SETTINGS}}
    assert flat | {f"model.{key}": found["model"][key] for key in ("hidden", "output", "initializer")} == recommended


class Wrong(Dataset):
    """A data set that recommends what is never left open."""

    variation = "fixed"
    recommended = MappingProxyType({"dtype": "float64"})

    def load(self, generator: torch.Generator) -> Splits:
        examples = Split(torch.arange(8.0).reshape(4, 2), torch.tensor([0, 1, 0, 1]))
        return Splits(examples, examples, classes=2)


class Naming:
    """A plugin that registers it."""

    def __init__(self, name: str) -> None:
        self._name = name

    @hookimpl
    def regnet_datasets(self) -> dict[str, type[Dataset]]:
        return {self._name: Wrong}


def test_recommendation_of_something_else_is_refused() -> None:
    plugins = load_plugins()
    plugins.manager.register(Naming("wrong"))
    with pytest.raises(ConfigError, match="data set Wrong recommends dtype, which is never auto: available: batch_size, epochs"):
        study(load_catalog(plugins), "dataset=wrong")


def test_name_auto_is_refused_for_a_component() -> None:
    plugins = load_plugins()
    plugins.manager.register(Naming("auto"))
    catalog = load_catalog(plugins)
    assert any("regnet itself uses the name auto" in str(broken) for broken in catalog.broken)
