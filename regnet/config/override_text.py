"""Values as text in the grammar of Hydra's overrides, written without Hydra."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

PLAIN: Final = re.compile(r"(?!(?:null|true|false|nan|inf)$)[A-Za-z_][\w./:@-]*", re.IGNORECASE)
"""Text that Hydra reads as text without quotes."""


def override_text(value: Any) -> str:
    """Format a value in the grammar of Hydra's overrides."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{override_text(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(override_text, value)) + "]"
    if isinstance(value, str):
        return value if PLAIN.fullmatch(value) else _quoted(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)


def _quoted(text: str) -> str:
    """Return the text in quotes; backslashes are doubled only before a quote."""
    escaped = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text)
    return f"'{escaped}'"
