"""Passwords in the addresses of stores, which are neither told nor written down where others read."""

from __future__ import annotations

import re

PASSWORD = re.compile(r"(://[^\s:/@]*):[^\s/@]*@")


def without_password(text: str) -> str:
    """The text with asterisks for each password.

    >>> without_password("postgresql://anna:secret@example.org/runs")
    'postgresql://anna:***@example.org/runs'
    """
    return PASSWORD.sub(r"\1:***@", text)
