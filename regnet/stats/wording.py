"""Words that messages share: lists of names, and probabilities."""

from __future__ import annotations

from collections.abc import Iterable

SMALLEST = 1e-4
"""A p below it is shown as that it is below."""


def listed(names: Iterable[object], most: int | None = None) -> str:
    """Names in quotes, as in a sentence: ``'a', 'b' and 'c'``; of more than `most` the first ones, and how many more there are."""
    said = [repr(name) for name in names]
    if most is not None and len(said) > most:
        said = [*said[: most - 1], f"{len(said) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(said[:-1]), said[-1]]))


def p_value(p: float, name: str = "") -> str:
    """A p to two digits, after its name if it has one: ``0.032``, ``p = 0.032``, ``p < 0.0001``."""
    if p < SMALLEST:
        return f"{name} < {SMALLEST:.4f}".lstrip()
    return f"{name} = {p:.2g}" if name else f"{p:.2g}"
