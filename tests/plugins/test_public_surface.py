"""The distributions under plugins/ use what any distribution may use: the public modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLIC = ("regnet", "regnet.events", "regnet.launcher", "regnet.testing")
"""The modules that other distributions may import; CONTRIBUTING.md lists them too."""
SOURCES = sorted(path for path in (ROOT / "plugins").glob("*/*/**/*.py") if not {"build", ".venv"} & set(path.parts))


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Each module of regnet's that a file imports from, with the name that it takes; the module alone with an empty name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "regnet")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "regnet":
            yield from ((str(node.module), alias.name) for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "plugins")))
def test_a_plugin_imports_public_names_alone(path: Path) -> None:
    for module, name in imported(path):
        assert module in PUBLIC or f"{module}.{name}" in PUBLIC, f"{module} is private"
        if module in PUBLIC and name:
            assert name in import_module(module).__all__ or f"{module}.{name}" in PUBLIC, f"{module}.{name} is private"


def test_sources_are_found() -> None:
    assert len(SOURCES) > 40
    assert any(list(imported(path)) for path in SOURCES)


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_says_what_it_offers(module: str) -> None:
    found = import_module(module)
    assert found.__all__
    assert all(hasattr(found, name) for name in found.__all__)


def test_the_public_modules_are_listed_for_authors() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(f"`{module}`" in text for module in PUBLIC)
