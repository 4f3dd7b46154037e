"""Write configurations as YAML: the same text as OmegaConf's, but most of it, which is the same for every job, is cached."""

from __future__ import annotations

import re
from enum import Enum
from math import isfinite
from typing import Any

import yaml
from omegaconf import Container, Node, OmegaConf
from omegaconf._utils import get_omega_conf_dumper


class YamlWriter:
    """Write the same text as `OmegaConf.to_yaml`, and cache that of each entry: a block is the text of its entries in order."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, str, str], str] = {}

    def text(self, config: Container) -> str:
        """Return a configuration, or a part of one, as YAML with unresolved interpolations."""
        entries = _entries(config)
        if not entries:
            return OmegaConf.to_yaml(config)
        lines: list[str] = []
        self._add_block(entries, 0, lines)
        return "".join(lines)

    def _add_block(self, entries: dict[Any, Node] | list[Node], depth: int, lines: list[str]) -> None:
        """Append the lines of the entries of a mapping or a list at the given depth."""
        if isinstance(entries, list):
            lines.extend(self._entry(None, item, depth) for item in entries)
            return
        for key, child in entries.items():
            inner = _entries(child)
            if inner and _is_word(key):
                lines.append(self._entry(key, EMPTY, depth).removesuffix(" {}\n") + "\n")
                self._add_block(inner, depth + isinstance(inner, dict), lines)
            else:
                lines.append(self._entry(key, child, depth))

    def _entry(self, key: Any, node: Any, depth: int) -> str:
        """The lines of one entry; an item of a list if there is no key."""
        known = (depth, repr(key), repr(node))
        if known not in self._texts:
            value = _value(node)
            if _is_plain(value) and (key is None or (type(key) is str and _is_plain(key) and _is_word(key))):
                return f"{'  ' * depth}{'- ' if key is None else f'{key}: '}{value}\n"
            self._texts[known] = _dump([value] if key is None else {key.name if isinstance(key, Enum) else key: value}, depth)
        return self._texts[known]


EMPTY = OmegaConf.create({})
PLAIN = re.compile(r"[A-Za-z/][\w./=,-]{0,200}", re.ASCII)
MEANINGFUL = {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity"}
"""Words that YAML or OmegaConf would not read as text."""


def _dump(entry: dict[Any, Any] | list[Any], depth: int) -> str:
    """A mapping or a list of one entry as text; a list below its key."""
    above = depth + isinstance(entry, list)
    whole: Any = entry
    for _ in range(above):
        whole = {"_": whole}
    text: str = yaml.dump(whole, default_flow_style=False, allow_unicode=True, sort_keys=False, Dumper=get_omega_conf_dumper())
    return text.split("\n", above)[above]


def _entries(node: Node) -> dict[Any, Node] | list[Node] | None:
    """The entries of a mapping or a list; None for a value, a missing value or an interpolation, which are written alike."""
    content = node.__dict__.get("_content")
    return content if type(content) in (dict, list) else None


def _is_plain(value: object) -> bool:
    """Whether YAML writes a value as Python does: a number without an exponent, or a text without special characters."""
    if type(value) is str:
        return PLAIN.fullmatch(value) is not None and value.lower() not in MEANINGFUL
    return type(value) is int or (type(value) is float and "e" not in repr(value) and isfinite(value))


def _is_word(key: object) -> bool:
    """Whether a key and its colon are written on one line, whatever is below it."""
    return isinstance(key, str) and key.isidentifier() and len(key) < 100


def _value(node: Any) -> Any:
    if isinstance(node, Container):
        missing_or_reference = isinstance(node._value(), str)
        return node._value() if missing_or_reference else OmegaConf.to_container(node, resolve=False, enum_to_str=True)
    value = node._value()
    if isinstance(value, Node):  # a Union node
        value = value._value()
    return value.name if isinstance(value, Enum) else value
