"""Python's search for cycles of garbage, kept from looking again and again through much that stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Within, nothing is searched for cycles; what these hold is kept until later. What nothing refers to is freed as ever."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def making_what_stays() -> Iterator[None]:
    """Within, nothing is searched for cycles, and what is there at its end is not searched later either, until `gc.unfreeze()`."""
    with uncollected():
        try:
            yield
        finally:
            gc.freeze()
