"""The packages that `regnet plugins new` writes work without changes."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from regnet.check import check_component
from regnet.config.build_study import assemble
from regnet.config.compose import compose_config
from regnet.errors import ConfigError
from regnet.registry.catalog import Catalog, load_catalog
from regnet.registry.dispatch import Listeners
from regnet.registry.loading import load_plugins
from regnet.registry.selection import read_policy
from regnet.scaffold import USES, Scaffold, new_plugin
from regnet.training.lockstep import run_study
from tests.conftest import OTHERS

every_kind = pytest.mark.parametrize("kind", USES)


def catalog_with(made: Scaffold) -> Catalog:
    (module,) = made.folder.glob("regnet_*.py")
    return load_catalog(load_plugins(read_policy(f"{module},{OTHERS}")))


@every_kind
def test_new_component_conforms(tmp_path: Path, kind: str) -> None:
    catalog = catalog_with(new_plugin("my_own", kind, tmp_path))
    report = check_component(f"{kind}/my_own", catalog)
    assert report.state == "passed", str(report)


@every_kind
def test_new_component_trains(tmp_path: Path, kind: str) -> None:
    made = new_plugin("my_own", kind, tmp_path)
    catalog = catalog_with(made)
    config = compose_config(["tracking=none", "epochs=3", "seeds=2", made.use], catalog)
    result = run_study(assemble(config, catalog), Listeners(catalog.plugins))
    losses = result.history["train/loss"]
    assert (losses[:, -1] < losses[:, 0]).all()


@pytest.mark.slow
def test_tests_of_new_packages_pass(tmp_path: Path) -> None:
    folders = [new_plugin(f"my_{kind}", kind, tmp_path).folder for kind in USES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *folders], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert f"{len(USES)} passed" in done.stdout, done.stdout


@every_kind
def test_pyproject_names_the_module(tmp_path: Path, kind: str) -> None:
    made = new_plugin("my_own", kind, tmp_path)
    project = tomllib.loads((made.folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == made.distribution == "regnet-my-own"
    assert project["project"]["entry-points"]["regnet"] == {"my_own": "regnet_my_own"}
    assert (made.folder / f"{project['tool']['setuptools']['py-modules'][0]}.py").exists()
    assert {path.name for path in made.folder.iterdir()} >= {"README.md", "LICENSE", ".github", ".gitignore"}


def test_new_layer_has_few_lines(tmp_path: Path) -> None:
    made = new_plugin("my_own", "layer", tmp_path)
    tree = ast.parse((made.folder / "regnet_my_own.py").read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body[0].value.value = ""  # docstrings do not count
    code = [line for line in ast.unparse(tree).splitlines() if line.strip() not in ("", "''", '""""""')]
    imports = [line for line in code if line.startswith(("import ", "from "))]
    packaging = [line for line in (made.folder / "pyproject.toml").read_text().splitlines() if line]
    assert len(code) - len(imports) <= 15
    assert len(packaging) <= 15


@pytest.mark.parametrize("name", ["My-Layer", "2nd", "class", "", "a b"])
def test_invalid_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be a component's name"):
        new_plugin(name, "layer", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    new_plugin("my_own", "layer", tmp_path)
    with pytest.raises(ConfigError, match="exists already"):
        new_plugin("my_own", "loss", tmp_path)
