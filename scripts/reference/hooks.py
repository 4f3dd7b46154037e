"""The page of the hooks, in the order of `regnet/hookspecs.py`."""

from __future__ import annotations

import inspect

from reference.markdown import prose
from regnet import hookspecs

HEAD = """Mark an implementation with [`@regnet.hookimpl`](python.md#regnet.hookimpl). The events are dataclasses in
[`regnet.events`](python.md#regnetevents)."""


def hooks_page() -> str:
    names = [name for name in vars(hookspecs) if name.startswith("regnet_")]
    text = f"# Hooks\n\n{prose(inspect.getdoc(hookspecs) or '')}\n\n{HEAD}\n\n"
    return text + "".join(f"::: regnet.hookspecs.{name}\n    options:\n      heading_level: 2\n\n" for name in names)
