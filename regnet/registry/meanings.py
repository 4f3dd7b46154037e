"""What the options of a component mean, in the words of its docstring."""

from __future__ import annotations

import inspect
import re
from typing import Final

ARGUMENT: Final = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
"""One entry of an ``Args:`` section: a name and its meaning, which may continue on indented lines."""


def meanings_of(documented: object) -> dict[str, str]:
    """Return the meaning of each argument that a docstring explains under ``Args:``, each in a line.

    >>> def add(x, y):
    ...     '''Add two numbers.
    ...
    ...     Args:
    ...         x: the first number,
    ...             which may be negative.
    ...         y: the second number.
    ...     '''
    >>> meanings_of(add)
    {'x': 'the first number, which may be negative', 'y': 'the second number'}
    """
    _, _, rest = (inspect.getdoc(documented) or "").partition("Args:\n")
    section, _, _ = rest.partition("\n\n")
    return {name: " ".join(text.split()).removesuffix(".").replace("``", "`") for name, text in ARGUMENT.findall(section)}
