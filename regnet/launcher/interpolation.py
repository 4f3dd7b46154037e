"""Following a configuration's references quickly: those that only name another entry, which OmegaConf takes a parser for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, Node, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from regnet.launcher.copy_config import copy_config

REFERENCE = re.compile(r"\$\{([a-z_]\w*(?:\.[a-z_]\w*)*)\}", re.ASCII)
"""A reference to an entry by its whole name, and no call of a resolver."""
MEANINGFUL = ("$", "\\")
"""What may mean something to OmegaConf in a text."""


def follow_references(part: DictConfig, whole: DictConfig) -> DictConfig:
    """A copy of a part of a configuration, in which texts that name other texts have them in their place.

    Every other reference stays as it is, so that the copy always resolves to what the part resolves to.
    """
    followed = copy_config(part)
    for node in _values(followed):
        value = node._value()
        if isinstance(value, str) and "$" in value:
            known = _follow(value, whole)
            if known is not None:
                node.__dict__["_val"] = known
    return followed


def _values(node: Node) -> Iterator[Any]:
    content = node.__dict__.get("_content", node)
    if content is node:
        yield node
    elif isinstance(content, (dict, list)):
        for child in content.values() if isinstance(content, dict) else content:
            yield from _values(child)


def _follow(value: str, whole: DictConfig) -> str | None:
    """The text with the entries that it names; None where that is not all there is to it."""
    if any(sign in REFERENCE.sub("", value) for sign in MEANINGFUL):
        return None
    try:
        named = {name: OmegaConf.select(whole, name, throw_on_missing=True) for name in REFERENCE.findall(value)}
    except OmegaConfBaseException:  # what is wrong is said where the text is used
        return None
    if not all(isinstance(text, str) and not any(sign in text for sign in MEANINGFUL) for text in named.values()):
        return None
    return REFERENCE.sub(lambda found: named[found[1]], value)
