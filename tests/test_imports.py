"""Imports point in one direction, only certain packages import Hydra and MLflow, and every public name exists."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import regnet

ROOT = Path(regnet.__file__).parent

ORDER = [
    "encoding",
    "escape",
    "markdown",
    "errors",
    "credentials",
    "files",
    "tensor_file",
    "processes",
    "machine",
    "gc_pause",
    "conf",
    "rng",
    "contracts",
    "network",
    "data",
    "events",
    "hookspecs",
    "registry",
    "table",
    "scaffold",
    "stats",
    "study",
    "engines",
    "config",
    "training",
    "serving",
    "launch_folder",
    "bench",
    "check",
    "testing",
    "tracking",
    "report",
    "launcher",
    "api",
    "cli",
    "__main__",
]
"""The modules and packages of regnet: each imports only from those before it. The built-in components are separate, as a plugin."""

ROOMS_WITHIN = {
    "tracking": ["store", "ui", "read", "write", "records", "tracker", "sync", "load_model"],
    "report": [
        "launch_info",
        "launch_info_mlflow",
        "samples",
        "choosing",
        "over_data",
        "variance",
        "sequential",
        "assessment",
        "tables",
        "figures",
        "ranking",
        "paper",
        "page",
        "build",
    ],
}
"""The same for the subpackages of two packages."""

STORE_MODULES = ("mlflow", "sqlalchemy")
"""Modules that only `tracking/store` may import; other packages use its `Store`."""

PLUGIN_MAY_IMPORT = {"builtin", "contracts", "errors", "network", "hookspecs", "table"}
"""The modules that components may import."""

EDGES = {
    "hydra": {"config", "launcher"},
    "omegaconf": {"config", "launcher", "tracking"},
    "mlflow": {"tracking"},
    "sklearn": {"builtin"},
    "matplotlib": {"report", "cli"},
    "jax": {"bench"},
}
"""The packages that may import heavy or external modules."""


def sources() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "conf" not in path.relative_to(ROOT).parts[:1])


def unit(path: Path) -> str:
    """The module or package directly below regnet that a file belongs to; empty for `regnet/__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


@cache
def imported(path: Path) -> tuple[str, ...]:
    """The full names of all modules that a file imports at run time, also in functions, but not only for types."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in executed_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def executed_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes except those under `if TYPE_CHECKING`."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from executed_nodes(child)


def units_imported(path: Path) -> set[str]:
    """The units of regnet that a file imports, except its own."""
    names = [name.split(".") for name in imported(path)]
    return {parts[1] for parts in names if parts[0] == "regnet" and len(parts) > 1} - {unit(path)}


def test_every_module_is_in_the_order() -> None:
    found = {unit(path) for path in sources()} - {"", "builtin"}
    assert found <= set(ORDER), f"put {sorted(found - set(ORDER))} into ORDER, after what they import"
    assert set(ORDER) - {"conf"} <= found


def test_imports_point_in_one_direction() -> None:
    wrong = {str(path.relative_to(ROOT)): units_imported(path) - allowed(unit(path)) for path in sources()}
    assert not {path: units for path, units in wrong.items() if units}


@pytest.mark.parametrize("package", ROOMS_WITHIN)
def test_imports_within_a_package_point_in_one_direction(package: str) -> None:
    order = ROOMS_WITHIN[package]
    for path in (ROOT / package).rglob("*.py"):
        own = path.relative_to(ROOT / package).with_suffix("").parts[0]
        names = [name.split(".") for name in imported(path)]
        others = {parts[2] for parts in names if parts[:2] == ["regnet", package]} & set(order) - {own}
        if own != "__init__":
            assert others <= set(order[: order.index(own)]), path


def allowed(own: str) -> set[str]:
    """The units that a unit of regnet may import; `regnet/__init__` imports the others lazily."""
    if own == "builtin":
        return PLUGIN_MAY_IMPORT
    return set(ORDER[: ORDER.index(own)] if own in ORDER else ORDER)


def test_heavy_modules_are_imported_only_by_certain_packages() -> None:
    found = [(path, name.split(".")[0]) for path in sources() for name in imported(path)]
    assert not [(path, package) for path, package in found if package in EDGES and unit(path) not in EDGES[package]]


def test_only_config_and_launcher_use_internals_of_hydra() -> None:
    names = [(path, name) for path in sources() for name in imported(path) if name.split(".")[0] in ("hydra", "omegaconf")]
    assert not [(path, name) for path, name in names if "._" in name and unit(path) not in ("config", "launcher")]


@pytest.mark.slow
def test_training_loads_no_unneeded_modules() -> None:
    """In a separate process: training does not import Hydra, MLflow, matplotlib or scikit-learn."""
    program = """
import sys
import regnet
assert not {name for name in sys.modules if name.startswith("regnet.")}, "importing regnet alone imports nothing of it"
from regnet.config.build_study import assemble
from regnet.registry.catalog import load_catalog
from regnet.training.lockstep import run_study
load_catalog()
print(*sorted({"hydra", "omegaconf", "mlflow", "matplotlib", "sklearn"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.slow
def test_comparing_results_does_not_load_torch() -> None:
    program = """
import sys
from regnet.cli import compare, results
from regnet.report import assessment
from regnet.report.tables import comparisons, as_json
from regnet.tracking.read import dataframe, select, deduplicate
print(*sorted({"torch", "hydra", "matplotlib", "sklearn"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", regnet.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(regnet, name) is not None


def test_public_names_are_sorted_and_equal_dir() -> None:
    assert sorted(set(regnet.__all__)) == sorted(regnet.__all__)
    assert dir(regnet) == sorted(regnet.__all__)


def test_unknown_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="module 'regnet' has no attribute 'no_such_thing'"):
        regnet.no_such_thing  # noqa: B018  # the access fails


def test_only_the_store_imports_mlflow_and_its_tables() -> None:
    for path in sources():
        inside = path.relative_to(ROOT).parts[:2] == ("tracking", "store")
        for name in imported(path):
            assert inside or name.split(".")[0] not in STORE_MODULES, f"{path.relative_to(ROOT)} imports {name}"
            assert inside or not name.startswith("regnet.tracking.store.sql_"), f"{path.relative_to(ROOT)} imports {name}"
            assert inside or not name.startswith("regnet.tracking.store.client_"), f"{path.relative_to(ROOT)} imports {name}"
