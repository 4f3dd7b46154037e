"""Resolve interpolations that only name another entry, without OmegaConf's slow parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, Node, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from regnet.launcher.copy_config import copy_config

REFERENCE = re.compile(r"\$\{([a-z_]\w*(?:\.[a-z_]\w*)*)\}", re.ASCII)
"""An interpolation with the full name of an entry; not a call of a resolver."""
MEANINGFUL = ("$", "\\")
"""The characters that may have a meaning to OmegaConf in a text."""


def follow_references(part: DictConfig, whole: DictConfig) -> DictConfig:
    """Return a copy of a part of a configuration, in which interpolations of other texts are replaced by these texts.

    Every other interpolation is unchanged, so that the copy always resolves to the same values as the part.
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
    """The text with the named entries inserted; None if it contains other interpolations."""
    if any(sign in REFERENCE.sub("", value) for sign in MEANINGFUL):
        return None
    try:
        named = {name: OmegaConf.select(whole, name, throw_on_missing=True) for name in REFERENCE.findall(value)}
    except OmegaConfBaseException:  # errors are reported where the text is used
        return None
    if not all(isinstance(text, str) and not any(sign in text for sign in MEANINGFUL) for text in named.values()):
        return None
    return REFERENCE.sub(lambda found: named[found[1]], value)
