"""Griffe's extension: docstrings that mkdocstrings shows, with their literal blocks as Markdown has them."""

from __future__ import annotations

from typing import Any

from griffe import Extension, Object

from reference.markdown import prose


class LiteralBlocks(Extension):
    """Changes each docstring once, when it has been read."""

    def on_instance(self, *, obj: Object, **_: Any) -> None:
        if obj.docstring:
            obj.docstring.value = prose(obj.docstring.value)
