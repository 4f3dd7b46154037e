"""What can be wrong with a person's table, told in a line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import regnet

SHOWN = 20
"""Names that an error lists before it says how many more there are."""


class TableError(regnet.RegnetError):
    """A table cannot be read, or not be learned from; the message names the file, what is wrong with it and what to do."""


def listing(names: Iterable[str]) -> str:
    """The names after one another, the first SHOWN of them.

    >>> listing(["height", "weight"])
    'height, weight'
    """
    all_names = list(names)
    more = f" and {len(all_names) - SHOWN} more" if len(all_names) > SHOWN else ""
    return ", ".join(all_names[:SHOWN]) + more


def guess(name: str, names: Iterable[str]) -> str:
    """The closest of the names as a question, or nothing if none is close.

    >>> guess("heigth", ["height", "weight"])
    "did you mean 'height'? "
    """
    folded = {other.lower(): other for other in names}
    close = difflib.get_close_matches(name.lower(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}? " if close else ""
