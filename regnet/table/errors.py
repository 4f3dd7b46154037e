"""The error for tables that cannot be used, and the parts of its messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from regnet.errors import DataError

SHOWN = 20
"""The largest number of names that an error lists."""


class TableError(DataError):
    """A table cannot be read, or cannot be learned from; the message has the file's name, the problem and a remedy."""


def listing(names: Iterable[str], shown: int = SHOWN) -> str:
    """The names, separated by commas; after the first `shown`, the number of the remaining ones.

    >>> listing(["height", "weight"])
    'height, weight'
    """
    all_names = list(names)
    more = f" and {len(all_names) - shown} more" if len(all_names) > shown else ""
    return ", ".join(all_names[:shown]) + more


def guess(name: str, names: Iterable[str]) -> str:
    """The closest name as a question, or an empty string if none is close.

    >>> guess("heigth", ["height", "weight"])
    "did you mean 'height'? "
    """
    folded = {known.lower(): known for known in names}
    close = difflib.get_close_matches(name.lower(), folded, n=1)
    return f"did you mean {folded[close[0]]!r}? " if close else ""
