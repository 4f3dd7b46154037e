"""Text that somebody else has chosen, for places where some characters have a meaning: terminals, Markdown and CSV."""

from __future__ import annotations

import re
from typing import Any, Final

CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters other than tabs and new lines: terminals obey them, or show text in another order."""
TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""The beginnings of cells that spreadsheets compute."""


def visible(text: str) -> str:
    r"""Return the text with control characters written out.

    >>> visible("\x1b[31mred")
    '\\x1b[31mred'
    """
    return CONTROL.sub(lambda match: repr(match[0])[1:-1], text)


def markdown_cell(text: str) -> str:
    """Return the text for Markdown, as a cell of a table or a line below it, in which it is neither markup nor another cell.

    >>> markdown_cell("a|b <script>")
    'a&#124;b &lt;script>'
    """
    text = TAG.sub("&lt;", visible(text).replace("|", "&#124;")).replace("](", "]\\(")
    return " ".join(text.splitlines()) or text


def csv_cell(value: Any) -> Any:
    """Return a value for a cell of a CSV file; a text that a spreadsheet would compute gets an apostrophe in front.

    >>> csv_cell("=1+1"), csv_cell(-1.5), csv_cell("-1.5")
    ("'=1+1", -1.5, '-1.5')
    """
    if not isinstance(value, str) or not value.startswith(FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
