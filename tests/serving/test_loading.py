"""Loading networks from files, and errors about missing plugins."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
import yaml  # type: ignore[import-untyped]
from safetensors.torch import load_file, save_file

from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.errors import PluginError
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.loading import load_plugins
from regnet.registry.selection import OWN, VARIABLE, read_policy
from regnet.serving.header import CONFIG, NEEDS, WEIGHTS, read_header
from regnet.serving.loading import load_network
from regnet.serving.needs import needs_of
from regnet.serving.packing import EXAMPLES, pack
from regnet.study.result import StudyResult
from regnet.training.lockstep import run_study
from tests.conftest import OTHERS, RunStudy

DISC = ("seeds=2", "epochs=3", "dataset.train_size=60", "dataset.test_size=30")
DIGITS = ("seeds=2", "epochs=1", "dataset=digits", "loss=cross_entropy", "model.output=null")
DIABETES = ("seeds=2", "epochs=1", "dataset=diabetes", "model.output=null")
CASES = {
    "classes": DISC,
    "class numbers as targets": (*DISC, "loss=cross_entropy", "model.output=null", "normalization=feature"),
    "many features": (*DIGITS, "validation=0.2"),
    "values": (*DIABETES, "normalization=feature"),
    "values as they are": (*DIABETES, "coding=values", "normalization=none"),
    "double precision": (*DISC, "dtype=float64"),
    "buffers and noise": (
        *DISC,
        "model=layers",
        "model.layers=[batch_norm,{name: dropout, p: 0.3},{name: linear, out_features: 2}]",
    ),
    "solo": (*DISC, "replicas=solo"),
}
SCALED = """
import dataclasses

import regnet
import torch

@dataclasses.dataclass(frozen=True)
class Scaled(regnet.Layer):
    OPTION: float = 1.0

    def init(self, in_features, generator):
        return {"scale": torch.ones(SIZE)}, in_features

    def forward(self, params, x, context):
        return params["scale"].unsqueeze(-2) * x, x

    def backward(self, params, cache, dy):
        return dy * params["scale"].unsqueeze(-2), {"scale": (dy * cache).sum(-2)}

@regnet.hookimpl
def regnet_layers():
    return {"scaled": Scaled}
"""
"""The source of a plugin with a layer, with parts that change between versions."""

Install = Callable[..., Catalog]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Fixture that installs a version of a distribution, instead of an earlier one, and returns the new catalog."""
    home = tmp_path / "site"
    home.mkdir()
    monkeypatch.syspath_prepend(str(home))

    def put(distribution: str | None, version: str = "1.5", size: str = "in_features", option: str = "start") -> Catalog:
        shutil.rmtree(home)
        home.mkdir()
        if distribution:
            module = f"{distribution.replace('-', '_')}_{version.replace('.', '_')}"
            monkeypatch.delitem(sys.modules, module, raising=False)
            (home / f"{module}.py").write_text(SCALED.replace("SIZE", size).replace("OPTION", option))
            info = home / f"{module}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
            (info / "entry_points.txt").write_text(f"[regnet]\nplugin = {module}\n")
        return load_catalog(load_plugins(read_policy(OTHERS)))

    return put


def kept(result: StudyResult, catalog: Catalog, folder: Path) -> Path:
    """The files of a model with the last network of the result."""
    network = result.networks[-1]
    folder.mkdir()
    (folder / CONFIG).write_text(yaml.safe_dump(result.config))
    (folder / WEIGHTS).write_bytes(pack(network))
    (folder / NEEDS).write_text(json.dumps([asdict(need) for need in needs_of(network.network, catalog)]))
    return folder


def scaled(catalog: Catalog, folder: Path) -> Path:
    """The files of a model with the layer of the plugin."""
    choice = "model.layers=[{name: scaled, start: 2.0},{name: linear, out_features: 2}]"
    study = assemble(compose_config([*DISC, "tracking=none", "model=layers", choice], catalog), catalog)
    return kept(run_study(study, Listeners(catalog.plugins)), catalog, folder)


@pytest.mark.parametrize("overrides", CASES.values(), ids=CASES)
def test_loaded_network_equals_the_saved_one(overrides: tuple[str, ...], run: RunStudy, catalog: Catalog, tmp_path: Path) -> None:
    result = run(*overrides)
    trained = result.networks[-1]
    loaded = load_network(kept(result, catalog, tmp_path / "model"), catalog)
    x = trained.data.test.x * trained.data.scale + trained.data.shift
    assert torch.equal(loaded.output(x), trained.output(x))
    torch.testing.assert_close(loaded.predict(x), trained.predict(x), check_dtype=False)
    assert (loaded.seed, len(loaded.data.train.x)) == (1, 0)


def test_input_example_has_the_units_of_the_data_set(run: RunStudy, catalog: Catalog, tmp_path: Path) -> None:
    result = run(*DISC)
    header = read_header(kept(result, catalog, tmp_path / "model") / WEIGHTS)
    assert (header.features, header.outputs, header.task, len(header.examples)) == (2, 2, "classification", EXAMPLES)
    data = result.networks[-1].data
    torch.testing.assert_close(data.normalize(torch.tensor(header.examples)), data.train.x[:EXAMPLES])


def test_weights_without_metadata_are_an_error(tmp_path: Path) -> None:
    save_file({"0.weight": torch.zeros(2)}, tmp_path / WEIGHTS)
    with pytest.raises(ValueError, match="no weights file of a tracked run"):
        read_header(tmp_path / WEIGHTS)


def test_requirements_of_a_network(install: Install, catalog: Catalog, run: RunStudy, tmp_path: Path) -> None:
    folder = scaled(install("scaling", "1.5"), tmp_path / "model")
    assert [(need["distribution"], need["version"]) for need in json.loads((folder / NEEDS).read_text())] == [
        (OWN, next(iter(catalog.plugins.origins.values())).version),
        ("scaling", "1.5"),
    ]
    assert [need.distribution for need in needs_of(run(*DISC).network.network, catalog)] == [OWN]


def test_missing_plugin_is_reported(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling", "1.5"), tmp_path / "model")
    with pytest.raises(PluginError, match=r"it needs scaling 1\.5, which is not installed: pip install scaling==1\.5"):
        load_network(folder, install(None))


def test_disabled_plugin_is_reported(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling"), tmp_path / "model")
    off = load_catalog(load_plugins(read_policy(f"-scaling,{OTHERS}")))
    with pytest.raises(PluginError, match=rf"it needs scaling 1\.5, which {VARIABLE} switches off"):
        load_network(folder, off)


def test_broken_plugin_is_reported(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling", "1.5"), tmp_path / "model")
    with pytest.raises(PluginError, match=r"it needs scaling 1\.5, but plugin scaling 2\.0 is broken: SyntaxError"):
        load_network(folder, install("scaling", "2.0", size="("))


def test_missing_plugin_file_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "loose.py"
    file.write_text(SCALED.replace("SIZE", "in_features").replace("OPTION", "start"))
    folder = scaled(load_catalog(load_plugins(read_policy(f"{file},{OTHERS}"))), tmp_path / "model")
    with pytest.raises(PluginError, match=rf"it needs the plugin file loose\.py: name it in {VARIABLE}"):
        load_network(folder, load_catalog(load_plugins(read_policy(OTHERS))))


def test_compatible_plugin_of_another_version_is_used(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling", "1.5"), tmp_path / "model")
    loaded = load_network(folder, install("scaling", "2.0"))
    assert loaded.output(torch.zeros(3, 2)).shape == (3, 2)


def test_plugin_with_other_parameters_is_an_error(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling", "1.5"), tmp_path / "model")
    message = (
        r"parameter 0\.scale of shape \(1,\) here, and \(2,\) in the model; it was made with scaling 1\.5, and here is scaling 2\.0"
    )
    with pytest.raises(PluginError, match=message):
        load_network(folder, install("scaling", "2.0", size="1"))


def test_plugin_with_other_options_is_an_error(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling", "1.5"), tmp_path / "model")
    with pytest.raises(
        PluginError, match=r"cannot be built again: .*no option 'start'.* made with scaling 1\.5, and here is scaling 2\.0"
    ):
        load_network(folder, install("scaling", "2.0", option="begin"))


def test_component_of_another_distribution_is_an_error(install: Install, tmp_path: Path) -> None:
    folder = scaled(install("scaling"), tmp_path / "model")
    needs = [need for need in json.loads((folder / NEEDS).read_text()) if need["distribution"] == OWN]
    (folder / NEEDS).write_text(json.dumps(needs))  # as if the layer were regnet's
    with pytest.raises(PluginError, match=r"come from regnet-framework .*, and here from scaling 1\.5"):
        load_network(folder, install("scaling"))


def test_nothing_is_unpickled(install: Install, run: RunStudy, catalog: Catalog, tmp_path: Path) -> None:
    folder = kept(run(*DISC), catalog, tmp_path / "model")
    assert {path.name for path in folder.iterdir()} == {CONFIG, WEIGHTS, NEEDS}
    assert load_file(folder / WEIGHTS).keys() == {f"{index}.{name}" for index in (0, 2, 4, 6) for name in ("weight", "bias")}
