"""Detect randomness: whether a component draws from global generators, which regnet's seeds do not control."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from regnet.check.finding import Finding, Property
from regnet.rng import Noise

GENERATORS: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "torch's global generator": (
        lambda: torch.get_rng_state().tolist(),
        lambda state: torch.set_rng_state(torch.tensor(state).byte()),
    ),
    "the global generator of the module random": (random.getstate, random.setstate),
}


@contextmanager
def watched_generators() -> Iterator[list[str]]:
    """Context manager that yields a list and, on exit, adds to it the global generators that have moved and restores them."""
    moved: list[str] = []
    generators = _generators()
    before = {name: state() for name, (state, _) in generators.items()}
    try:
        yield moved
    finally:
        for name, (state, restore) in generators.items():
            if state() != before[name]:
                moved.append(name)
                restore(before[name])


def _generators() -> dict[str, tuple[Callable[[], Any], Callable[[Any], None]]]:
    if "numpy" not in sys.modules:
        return GENERATORS
    import numpy as np

    def state() -> Any:
        name, keys, *rest = np.random.get_state()  # the legacy generator is the one to watch
        return (name, tuple(keys), *rest)

    return GENERATORS | {"numpy's global generator": (state, np.random.set_state)}


def global_draws(concerned: Property, what: str, moved: list[str], instead: str) -> Iterator[Finding]:
    """A finding for each global generator that moved."""
    for name in moved:
        yield Finding(
            concerned,
            f"{what}()",
            f"numbers from {instead} alone",
            f"numbers from {name}",
            f"draws from {name}, so that no seed fixes the result: draw from {instead}",
        )


class CountingNoise(Noise):
    """Noise that counts how many numbers are drawn."""

    drawn = 0

    def rand_like(self, x: Tensor) -> Tensor:
        self.drawn += x.numel()
        return super().rand_like(x)


def looks_random(numbers: Tensor) -> bool:
    """Whether the numbers look drawn at random: at least 8, more than half of them different, and not monotonic."""
    flat = numbers.detach().flatten()
    if flat.numel() < 8 or flat.unique().numel() <= flat.numel() // 2:
        return False
    steps = flat.diff()
    return bool((steps > 0).any() and (steps < 0).any())
