"""Copy configurations as `copy.deepcopy` does, but ten times faster."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any, TypeVar

from omegaconf import Node

Config = TypeVar("Config", bound=Node)


def copy_config(config: Config, parent: Node | None = None, without: str | None = None) -> Config:
    """Return a deep copy of a configuration or of a part of one; leaf values are shared, as with `copy.deepcopy`.

    Args:
        config: the configuration.
        parent: the parent of the copy; by default the parent of `config`.
        without: an entry to leave out, if `config` is a mapping.
    """
    made: Config = config.__class__.__new__(config.__class__)
    fields = made.__dict__
    fields.update(config.__dict__)
    fields["_flags_cache"] = None
    if parent is not None:
        fields["_parent"] = parent
    metadata = fields["_metadata"]
    fields["_metadata"] = copied = metadata.__class__.__new__(metadata.__class__)
    copied.__dict__.update(metadata.__dict__)
    copied.flags = {**metadata.flags} if metadata.flags else {}
    if "_content" not in fields:  # a leaf; isinstance would take longer than the rest, since the classes are abstract
        return made
    copied.resolver_cache = copy.deepcopy(metadata.resolver_cache) if metadata.resolver_cache else defaultdict(dict)
    content: Any = fields["_content"]
    if isinstance(content, dict):
        fields["_content"] = {key: copy_config(child, made) for key, child in content.items() if key != without}
    elif isinstance(content, list):
        fields["_content"] = [copy_config(child, made) for child in content]
    elif isinstance(content, Node):  # a Union node
        fields["_content"] = copy_config(content, made)
    return made


def take_apart(config: Node) -> None:
    """Cut the references from the parts of a configuration to the whole, so that it is freed without a search for cycles.

    The configuration cannot be used after this.
    """
    content: Any = config.__dict__.get("_content")
    for child in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        take_apart(child)
    config.__dict__["_parent"] = None
