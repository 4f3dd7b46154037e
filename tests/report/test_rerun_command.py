"""The commands in a report compose the configurations of its studies."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

from regnet.config.automatic import open_settings
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.config.override_text import override_text
from regnet.registry.catalog import Catalog
from regnet.registry.settings import Settings
from regnet.report.page.rerun_command import commands
from regnet.study.result import StudyResult

SINGLE = [
    [],
    ["seeds=5", "epochs=3"],
    ["seeds=[3,5,9]", "report=page"],
    ["seed=7", "seeds=2", "optimizer=adam", "optimizer.lr=1e-5"],
    ["dataset=digits"],
    ["model.activation=tanh", "model.initializer=he_fan_out", "loss=cross_entropy", "dataset=wine"],
    ["dataset=diabetes", "loss=huber", "model.output=null", "engine=torch", "tracking=none"],
    ["model.hidden=[50,50]", "model.initializer={name: constant, value: 0.5}", "study='it\\'s a name: {x}, [y] = 1'"],
    ["model=layers", "model.layers=[{name: linear, out_features: 50}, gelu, {name: linear, out_features: 2}, tanh]"],
    ["study='null'", "plugins='-nothing'", "shuffle=true", "validation=0.25"],
]


def assembled(overrides: Sequence[str], catalog: Catalog) -> dict[str, Any]:
    """The configuration of a study, with the values of `auto`; the plugins are those of the catalog."""
    return dict(assemble({**compose_config(overrides, catalog), "plugins": None}, catalog).config)


def result(overrides: list[str], catalog: Catalog) -> StudyResult:
    config = assembled(overrides, catalog)
    seeds = Settings(seed=config["seed"], seeds=config["seeds"]).seed_list
    nothing = np.ones(len(seeds))
    automatic = open_settings(compose_config(overrides, catalog))
    return StudyResult("a study", str(config), config, seeds, {}, nothing, nothing, {}, automatic=automatic)


def composed(command: str, catalog: Catalog) -> list[dict[str, Any]]:
    """The configurations that Hydra composes from a command, for every combination of a sweep's values."""
    words = shlex.split(command)
    assert words[:2] == ["regnet", "run"]
    sweep = "-m" in words
    choices = [
        [f"{key}={value}" for value in (values.split(",") if sweep else [values])]
        for key, _, values in (word.partition("=") for word in words[2:] if word != "-m")
    ]
    return [assembled(overrides, catalog) for overrides in product(*choices)]


def numbers(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration without its seeds, which can be written in several ways, and without the policy on plugins."""
    return {key: value for key, value in config.items() if key not in ("seed", "seeds", "plugins")}


@pytest.mark.parametrize("overrides", SINGLE, ids=lambda words: " ".join(words) or "defaults")
def test_command_composes_the_study(overrides: list[str], catalog: Catalog) -> None:
    study = result(overrides, catalog)
    (command,) = commands([study], catalog)
    (config,) = composed(command, catalog)
    assert numbers(config) == numbers(dict(study.config))
    assert Settings(seed=config["seed"], seeds=config["seeds"]).seed_list == study.seeds


@pytest.mark.slow
def test_grid_is_one_sweep(catalog: Catalog) -> None:
    grid = [[f"optimizer.lr={lr}", f"engine={engine}", "seeds=3"] for lr, engine in product((0.001, 0.1), ("handbuilt", "torch"))]
    studies = [result(words, catalog) for words in grid]
    (command,) = commands(studies, catalog)
    assert command.startswith("regnet run -m ")
    again = [str(numbers(config)) for config in composed(command, catalog)]
    assert sorted(again) == sorted(str(numbers(dict(study.config))) for study in studies)


@pytest.mark.slow
def test_sweep_over_data_sets_names_nothing_that_is_automatic(catalog: Catalog) -> None:
    studies = [result([f"dataset={dataset}"], catalog) for dataset in ("disc", "wine", "diabetes")]
    assert commands(studies, catalog) == ["regnet run -m dataset=disc,wine,diabetes seeds=1"]


@pytest.mark.slow
def test_other_studies_have_a_command_each(catalog: Catalog) -> None:
    studies = [result(words, catalog) for words in (["optimizer.lr=0.1"], ["optimizer=adam"], ["epochs=3"])]
    found = commands(studies, catalog)
    assert [numbers(config) for command in found for config in composed(command, catalog)] == [
        numbers(dict(study.config)) for study in studies
    ]


TEXTS = ["relu", "true", "12", "", "a b", "it's", "back\\slash", "ends\\", "\\'"]


@pytest.mark.parametrize("value", [None, True, 3, 1e-7, float("inf"), *TEXTS, ["a", 1, {"b": None}]], ids=repr)
def test_values_are_parsed_by_hydra(value: Any, catalog: Catalog) -> None:
    config = compose_config([f"+more={override_text({'it': value})}"], catalog)
    assert config["more"] == {"it": value}
