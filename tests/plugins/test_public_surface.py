"""The distributions in plugins/ use only the public modules of regnet."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLIC = ("regnet", "regnet.events", "regnet.launcher", "regnet.testing")
"""The modules that other distributions may import; `LISTS` name them too."""
LISTS = ("CONTRIBUTING.md", "docs/how-to/write-a-plugin.md")
SOURCES = sorted(path for path in (ROOT / "plugins").glob("*/*/**/*.py") if not {"build", ".venv"} & set(path.parts))


def used(source: str) -> Iterator[tuple[str, str]]:
    """Each module of regnet that a file imports or accesses, with the name from it, or an empty name for the module itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "regnet")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "regnet":
            yield from ((str(node.module), alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "regnet":
            yield "regnet", node.attr


def is_public(module: str, name: str) -> bool:
    if f"{module}.{name}" in PUBLIC:
        return True
    return module in PUBLIC and (name in ("", "__all__") or name in import_module(module).__all__)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "plugins")))
def test_plugins_use_only_public_names(path: Path) -> None:
    assert [names for names in used(path.read_text(encoding="utf-8")) if not is_public(*names)] == []


def test_sources_are_found() -> None:
    assert len(SOURCES) > 40
    assert any(list(used(path.read_text(encoding="utf-8"))) for path in SOURCES)


@pytest.mark.parametrize(
    ("source", "private"),
    [
        ("import regnet", False),
        ("import regnet.events", False),
        ("from regnet import Layer, events", False),
        ("from regnet.launcher import launch_in_lockstep", False),
        ("import regnet\nregnet.run([])\nregnet.testing", False),
        ("import regnetic.cli, other.regnet", False),
        ("import regnet.cli", True),
        ("import numpy, regnet.registry.catalog as found", True),
        ("from regnet import tracking", True),
        ("from regnet.launcher import task", True),
        ("from regnet.launcher.task import train_job", True),
        ("def late():\n    from regnet.events import Mapping", True),
        ("import regnet\nregnet.study.storage.load_result", True),
    ],
)
def test_uses_of_private_names_are_found(source: str, private: bool) -> None:
    assert any(not is_public(*names) for names in used(source)) == private


@pytest.mark.parametrize("module", PUBLIC)
def test_public_modules_define_all(module: str) -> None:
    found = import_module(module)
    assert found.__all__
    assert all(hasattr(found, name) for name in found.__all__)


@pytest.mark.parametrize("name", LISTS)
def test_public_modules_are_documented(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert all(f"`{module}`" in text for module in PUBLIC)
