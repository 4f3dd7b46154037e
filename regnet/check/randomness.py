"""Randomness under watch: whether a component draws from global generators, which no seed of regnet's fixes."""

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
    """Gives a list that holds, once the block is left, the global generators that have moved within; they are put back."""
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
        name, keys, *rest = np.random.get_state()  # watching the legacy generator is the point
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
    """Noise that remembers how many numbers it was asked for."""

    drawn = 0

    def rand_like(self, x: Tensor) -> Tensor:
        self.drawn += x.numel()
        return super().rand_like(x)


def looks_random(numbers: Tensor) -> bool:
    """Whether numbers that come out the same for every seed look drawn all the same: many, different, and in no order."""
    flat = numbers.detach().flatten()
    if flat.numel() < 8 or flat.unique().numel() <= flat.numel() // 2:
        return False
    steps = flat.diff()
    return bool((steps > 0).any() and (steps < 0).any())
