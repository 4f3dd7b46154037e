"""The page of the Python interface: every name in `regnet.__all__`, then the public modules."""

from __future__ import annotations

import inspect
from typing import Any

import regnet
from regnet.contracts import KINDS

SECTIONS = ("Functions", "Contracts", "Classes", "Errors", "Constants and types")
HEAD = """# Python

The names in `regnet`, `regnet.events` and `regnet.testing` are public; all others may change without notice.
"""
MODULES = ("regnet.events", "regnet.testing")
"""The modules that are completely public."""


def python_page() -> str:
    text = HEAD
    for section in SECTIONS:
        names = [name for name in regnet.__all__ if _section(getattr(regnet, name)) == section]
        text += f"\n## {section}\n\n" + "".join(f"::: regnet.{name}\n\n" for name in names)
    return text + "".join(f"\n## `{module}`\n\n::: {module}\n    options:\n      show_root_heading: false\n" for module in MODULES)


def _section(thing: Any) -> str:
    if not inspect.isclass(thing):
        return "Functions" if inspect.isfunction(thing) else "Constants and types"
    if issubclass(thing, Exception):
        return "Errors"
    return "Contracts" if thing in KINDS.values() else "Classes"
