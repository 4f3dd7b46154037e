"""Hide the passwords in addresses of stores, so that they are neither printed nor saved."""

from __future__ import annotations

import re

PASSWORD = re.compile(r"(://[^\s:/@]*):[^\s/@]*@")


def without_password(text: str) -> str:
    """Return the text with every password replaced by asterisks.

    >>> without_password("postgresql://anna:secret@example.org/runs")
    'postgresql://anna:***@example.org/runs'
    """
    return PASSWORD.sub(r"\1:***@", text)
