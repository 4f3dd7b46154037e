"""Wording shared by messages: lists of names, and p values."""

from __future__ import annotations

from collections.abc import Iterable

SMALLEST = 1e-4
"""A smaller p is shown as being below this."""


def listed(names: Iterable[object], most: int | None = None) -> str:
    """List names in quotes: ``'a', 'b' and 'c'``; if there are more than `most`, the first ones and how many more there are."""
    quoted = [repr(name) for name in names]
    if most is not None and len(quoted) > most:
        quoted = [*quoted[: most - 1], f"{len(quoted) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


def p_value(p: float, name: str = "", alpha: float = 0.05) -> str:
    """Format a p to two digits, after its name if given: ``0.032``, ``p = 0.032``, ``p < 0.0001``.

    Near `alpha` it has three digits, or as many as show on which side it is: ``0.0496``.
    """
    if p < SMALLEST:
        return f"{name} < {SMALLEST:.4f}".lstrip()
    digits = 2 if abs(p - alpha) > alpha / 10 else 3
    while float(f"{p:.{digits}g}") in (alpha, 0.0) and p != alpha:
        digits += 1
    return f"{name} = {p:.{digits}g}" if name else f"{p:.{digits}g}"
