"""A Griffe extension that converts the literal blocks of docstrings to Markdown."""

from __future__ import annotations

from typing import Any

from griffe import Extension, Object

from reference.markdown import prose


class LiteralBlocks(Extension):
    """Converts each docstring when it is loaded."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = prose(obj.docstring.value)
