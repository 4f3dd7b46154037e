"""The package uses only regnet's public interface, and its derivatives are hand-written: no autograd, torch.nn or torch.optim."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import regnet_layers

import regnet

SOURCES = sorted(Path(regnet_layers.__file__).parent.glob("*.py"))
FORBIDDEN = {"autograd", "functional", "grad", "requires_grad", "requires_grad_", "ops", "_C"}

every_file = pytest.mark.parametrize("source", [pytest.param(source, id=source.stem) for source in SOURCES])


def all_nodes(source: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))


def nodes_outside_annotations(source: Path) -> Iterator[ast.AST]:
    """All nodes except return annotations, which may contain `torch.nn.Module`, since they are never evaluated."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
    yield from ast.walk(tree)


@every_file
def test_only_public_names_of_regnet(source: Path) -> None:
    for node in all_nodes(source):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "regnet":
            assert node.module == "regnet"
            assert {alias.name for alias in node.names} <= set(regnet.__all__)
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("regnet") for alias in node.names)


@every_file
def test_derivatives_are_written_by_hand(source: Path) -> None:
    for node in nodes_outside_annotations(source):
        if isinstance(node, ast.Attribute):
            assert node.attr not in FORBIDDEN
            assert not node.attr.endswith("_backward")
            assert not (isinstance(node.value, ast.Name) and node.value.id == "torch" and node.attr in ("nn", "optim"))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not any(name.startswith(("torch.nn", "torch.optim", "torch.autograd")) for name in names)
