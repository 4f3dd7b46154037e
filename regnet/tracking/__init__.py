"""Tracking: listeners that write down what a study does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pluggy


@contextmanager
def open_tracker(config: Mapping[str, Any], manager: pluggy.PluginManager) -> Iterator[None]:
    yield
