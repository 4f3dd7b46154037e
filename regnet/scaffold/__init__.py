"""`regnet plugins new`: a complete distribution with one working component, as a starting point for a plugin."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from regnet.errors import ConfigError

USES = {
    "layer": "model.activation={name}",
    "loss": "loss={name}",
    "optimizer": "optimizer={name}",
    "dataset": "dataset={name}",
    "initializer": "model.initializer={name}",
    "metric": "metrics=[{name}]",
}
"""The override that selects a component of each kind on the command line."""

SHARED = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "LICENSE": "LICENSE.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/test.yml": "workflow.yml.txt",
}
"""The files that are the same for every kind, with their templates."""


@dataclass(frozen=True)
class Scaffold:
    """A distribution that was written."""

    folder: Path
    distribution: str
    use: str
    """The override that trains with the component."""


def new_plugin(name: str, kind: str, parent: Path) -> Scaffold:
    """Write a distribution ``regnet-NAME`` into a new folder of that name: packaging, one module, its test, a workflow.

    Raises:
        ConfigError: the name is no valid component name, or the folder exists.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ConfigError(f"plugins new: {name!r} cannot be a component's name: use lower-case letters, digits and underscores")
    distribution, module = f"regnet-{name.replace('_', '-')}", f"regnet_{name}"
    folder = parent / distribution
    if folder.exists():
        raise ConfigError(f"plugins new: {folder} exists already: choose another name, or another folder with --dir")
    values = {
        "name": name,
        "kind": kind,
        "plural": "losses" if kind == "loss" else f"{kind}s",
        "distribution": distribution,
        "module": module,
        "cls": "".join(word.capitalize() for word in name.split("_")),
        "use": USES[kind].format(name=name),
    }
    for target, template in {**SHARED, f"{module}.py": f"{kind}.py.txt", f"test_{module}.py": "test.py.txt"}.items():
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_fill(template, values), encoding="utf-8")
    return Scaffold(folder, distribution, values["use"])


def _fill(template: str, values: dict[str, str]) -> str:
    text = (files("regnet.scaffold") / "templates" / template).read_text(encoding="utf-8")
    return Template(text).substitute(values)
