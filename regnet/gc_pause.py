"""Pausing Python's cyclic garbage collector where many long-lived objects are made, which it would search repeatedly."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Context manager that pauses the search for reference cycles; objects outside cycles are freed as usual."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def making_what_stays() -> Iterator[None]:
    """Context manager that pauses the search for cycles, and at its end excludes all objects from later searches.

    The exclusion holds until `gc.unfreeze()`.
    """
    with uncollected():
        try:
            yield
        finally:
            gc.freeze()
